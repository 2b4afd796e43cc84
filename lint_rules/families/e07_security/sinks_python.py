"""The calls that data of a client must not reach: the rows of a sinks table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from lint_rules.languages.tables import read_table
from lint_rules.project.flows import FlowCall
from lint_rules.project.types import Types

_LIBRARIES = tuple(
    f"{name}."
    for name in (
        "builtins",
        "os",
        "re",
        "json",
        "pathlib",
        "redis",
        "logging",
        "collections",
        "pymongo",
        "requests",
        "httpx",
        "django.core.cache",
        "jinja2.sandbox",
    )
)
"""Libraries whose classes are known well enough: a method of theirs that is in no row is harmless."""


class SinkRow(Struct, frozen=True, eq=False):
    """One row, see the head of the table."""

    kind: str
    does: str
    places: frozenset[str]
    when: tuple[str, ...] = ()
    unless: re.Pattern[str] | None = None
    owners: re.Pattern[str] | None = None
    instead: str = ""
    only_text: bool = False

    def takes(self, place: str, call: FlowCall, cleaned: tuple[str, ...]) -> bool:
        """Whether the row is about this argument of this call; `cleaned` is what the data is safe from there."""
        if self.only_text and "nosql" not in cleaned:
            return False
        if place not in self.places and "any" not in self.places:
            return False
        if self.when and not any(literal in self.when for literal in call.literals):
            return False
        return self.unless is None or not any(self.unless.match(literal) for literal in call.literals)


class SinkTable:
    """Rows by kind and by canonical name; those of methods whose owner is not known by the method."""

    def __init__(self, path: Path) -> None:
        self._named: dict[tuple[str, str], list[SinkRow]] = {}
        self._methods: dict[tuple[str, str], list[SinkRow]] = {}
        for row, kind in _rows(path):
            sink = SinkRow(
                kind,
                row.get("does", ""),
                frozenset(row["places"]),
                tuple(row.get("when", ())),
                re.compile(row["unless"]) if "unless" in row else None,
                re.compile(row["owners"], re.DOTALL) if "owners" in row else None,
                row.get("instead", ""),
                row.get("only_text", False),
            )
            for name in row.get("calls", ()):
                self._named.setdefault((sink.kind, name), []).append(sink)
            for name in row.get("methods", ()):
                self._methods.setdefault((sink.kind, name), []).append(sink)
        self.names = frozenset(name.rpartition(".")[2] for _, name in (*self._named, *self._methods))

    def rows(self, kind: str, name: str, call: FlowCall, types: Types) -> Iterator[SinkRow]:
        """The rows of a kind that are about a call; `name` is its canonical name, "" if unknown."""
        found = False
        for candidate in types.lineage(name) if name else ():
            for row in self._named.get((kind, candidate), ()):
                found = True
                yield row
        if found or not _is_unknown(name):
            return
        owner, _, method = call.written.rpartition(".")
        for row in self._methods.get((kind, method), ()):
            if row.owners is not None and row.owners.search(owner):
                yield row


def _rows(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Each row with each of its kinds."""
    for row in read_table(path)["sink"]:
        for kind in [row["kind"]] if isinstance(row["kind"], str) else row["kind"]:
            yield row, kind


_CLIENTS = ("tornado.httpclient.", "aiohttp.Client", "httpx.", "requests.", "urllib3.")


def _is_unknown(name: str) -> bool:
    """Whether a canonical name leaves open what is called."""
    if name.startswith(_CLIENTS):
        return False
    return not name or "<" in name or "()" in name or not name.startswith(_LIBRARIES)
