"""What the injection rules of Python share: the flows of all files, and how a way from request to sink is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from lint_rules.families.e07_security.circumstances import is_for_show_path
from lint_rules.families.e07_security.knowledge_python import PythonKnowledge
from lint_rules.families.e07_security.weaknesses import FOLDER
from lint_rules.languages.python.flows import flows_of as python_flows
from lint_rules.languages.tables import read_table
from lint_rules.model import Finding, Notes, Related, Rule, Span
from lint_rules.project.flows import FunctionFlow
from lint_rules.project.spread import Arrival, Knowledge, Spread
from lint_rules.project.symbols import Reference
from lint_rules.project.walk import arrivals_of

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.linked import Project

WORDS = (
    b"flask", b"fastapi", b"starlette", b"django.http", b"django.views", b"django.shortcuts", b"rest_framework.views",
    b"rest_framework.decorators", b"rest_framework.generics", b"rest_framework import", b"rest_framework.response",
    b"django.template.response", b"channels.", b"ninja", b"HttpRequest", b"HttpResponse", b"quart", b"sanic",
    b"tornado.web",
    b"tornado.websocket", b"tornado import", b"litestar", b"aiohttp.web", b"aiohttp import web", b"http.server",
    b"start_response", b"import websockets", b"from websockets", b"socketio", b"grpc", b"StreamReader",
    b"aiogram", b"import discord", b"from discord", b"telegram.ext",
)  # fmt: skip
"""A file in which data of a client comes up holds one of these."""

DATA_FLOWS = Notes("data-flows", FunctionFlow, words=WORDS)
"""What the functions of a file do with data; of files that only pass it on it is asked for as the walk comes there."""

_MOST_PLACES = 8


@DATA_FLOWS.of("python")
def _flows_of_python(file: PythonFile) -> Iterator[FunctionFlow]:
    return python_flows(file)


_SPREADS: WeakKeyDictionary[Any, tuple[int, Spread, dict[str, list[Arrival]]]] = WeakKeyDictionary()


def arrivals(project: Project, kind: str) -> list[Arrival]:
    """Where data of clients arrives at sinks of a kind; walked once for each state of the project's facts."""
    symbols = project.symbols
    known = _SPREADS.get(project.handlers)
    if known is None or known[0] != symbols.version:
        project.asked_notes.update(_with_handlers(project))
        knowledge: Knowledge = PythonKnowledge()
        known = (symbols.version, Spread(project, DATA_FLOWS, knowledge), {})
        _SPREADS[project.handlers] = known
    if kind not in known[2]:
        known[2][kind] = arrivals_of(kind, known[1])
    return known[2][kind]


def _with_handlers(project: Project) -> Iterator[str]:
    """Modules of handlers that hold none of the words: they have all of their framework from other files."""
    for module in project.symbols.facts.values():
        if module.is_complete and DATA_FLOWS.name not in module.notes:
            named = (one for one in module.functions.values() if "." in one.name or one.decorators)
            if any(project.handlers.of(Reference(module, one)) is not None for one in named):
                yield module.module


def injections(rule: Rule, project: Project) -> Iterator[Finding]:
    """The findings of one rule, by its row of `[rules]`."""
    row = read_table(FOLDER / "sinks_python.toml")["rules"][rule.code]
    seen: set[tuple[str, Span]] = set()
    for kind in row["kinds"]:
        for arrival in arrivals(project, kind):
            path, span = arrival.module.path, arrival.span
            if (path, span) in seen or is_for_show_path(path, project.root):
                continue
            seen.add((path, span))
            instead = str(getattr(arrival.row, "instead", "") or row["instead"])
            yield rule.finding(
                path,
                span,
                f"{_told(arrival, str(row['says']))}; {instead}",
                f"{instead[0].upper()}{instead[1:]}",
                symbol=arrival.flow.name,
                related=tuple(_related(arrival)),
            )


def _told(arrival: Arrival, says: str) -> str:
    called = arrival.call.written if arrival.call is not None else arrival.flow.name.rpartition(".")[2]
    does = getattr(arrival.row, "does", "") or says
    return f"`{_short(arrival.source)}` {does.format(called=_short(called))}"


def _related(arrival: Arrival) -> Iterator[Related]:
    """The way, from where the client's data comes up; places that stand together are told once."""
    places = arrival.way
    told: list[Related] = []
    for number, place in enumerate(places):
        span = place.span
        if number == 0:
            message = f"`{_short(place.text)}` is what the client sent"
        else:
            message = f"it goes into `{_short(place.text)}`"
        if not told or (told[-1].path, told[-1].span) != (place.path, span):
            told.append(Related(place.path, span, message))
    if len(told) > _MOST_PLACES:
        told = [*told[: _MOST_PLACES - 2], *told[-2:]]
    yield from told


def _short(written: str, most: int = 50) -> str:
    line = re.sub(r"\s+", " ", written).replace("`", "'")
    return line if len(line) <= most else line[: most - 3] + "..."
