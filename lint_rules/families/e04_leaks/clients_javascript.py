"""Clients and pools that JavaScript makes for each request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e04_leaks.reached import handler_around
from lint_rules.families.e04_leaks.serving import Serving, depends_on_request, outlives, serving
from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, bare, callee, text
from lint_rules.languages.javascript.labels import function_label
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.javascript.made import GIVEN, KEPT
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.scopes import Scope
from lint_rules.languages.javascript.usage import Use, usage_of, usages_of
from lint_rules.languages.tables import TableRow, read_table
from lint_rules.project.calls import CallGraph, Edge
from lint_rules.project.node_names import package_symbol
from lint_rules.project.symbols import Reference

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.project.linked import Project

_PATH = Path(__file__).parent / "clients.toml"
_CLIENTS = js_name_table(_PATH, "javascript")
_ROWS = [TableRow(tuple(row["calls"]), row) for row in read_table(_PATH)["javascript"]]
_NAMED = {name: row for row in _ROWS for name in row.get("named", ())}
_GROUPS = {package_symbol(package): row for row in _ROWS for package in row.get("packages", ())}
_PACKAGES = {pattern.partition("#")[0].removesuffix("()") for row in _ROWS for pattern in row.patterns}
PROJECT_WORDS = tuple(sorted({*(f'"{name}"' for name in _PACKAGES), *(f"'{name}'" for name in _PACKAGES)}))
_WORDS = re.compile(
    rb"[\"'](?:node:)?(?:" + b"|".join(sorted(re.escape(name.encode()) for name in _PACKAGES)) + rb")[\"'/]"
    rb"|[\"']@aws-sdk/client-|\b(?:" + b"|".join(sorted(name.encode() for name in _NAMED)) + rb")\b"
)
_SETTLED = frozenset({KEPT, GIVEN})
_KEEPING = frozenset({"set", "push", "add", "register", "provide"})


def may_make_clients(data: bytes) -> bool:
    """Whether a file speaks of a package whose clients are meant to be shared."""
    return _WORDS.search(data) is not None


def clients_made(file: JavaScriptFile) -> Iterator[tuple[Node, TableRow, str]]:
    """The calls of a file that make a client for each request: the call, its row, what people call the handler."""
    for call in file.index.of_kinds(CALL_KINDS):
        row = _row(call, file)
        place = serving(call, file, jobs=False) if row is not None else None
        if row is None or place is None or file.in_broken_code(call):
            continue
        if _is_for_this_request(call, place, file) or _is_guarded(call, row, place.body) or _is_kept(call, place, file):
            continue
        yield call, row, function_label(place.handler)


def _row(call: Node, file: JavaScriptFile) -> TableRow | None:
    function = callee(call)
    if function is None or function.type not in ("identifier", "member_expression"):
        return None
    last = last_name(function)
    name = file.canonical(function)
    row = _CLIENTS.match(name, file.types)
    if row is not None:
        owner = function.child_by_field_name("object")
        is_instance = name == "mongodb.MongoClient.connect" and owner is not None and not text(owner)[:1].isupper()
        return None if is_instance else row
    if call.type != "new_expression":
        return None
    for beginning, group in _GROUPS.items():
        if name.startswith(beginning):
            package, _, made = name.removeprefix(beginning).partition(".")
            is_client = made.endswith("Client") or made.lower() == package.replace("-", "")
            return group if is_client else None
    return None if name and not file.is_own(name) else _NAMED.get(last)


def _is_for_this_request(call: Node, place: Serving, file: JavaScriptFile) -> bool:
    """Whether it is made of what the request says: a client's own credentials, a tenant's database."""
    return depends_on_request(arguments(call), place, file)


def _is_guarded(call: Node, row: TableRow, body: Scope) -> bool:
    """Whether the handler looks first whether there is one already."""
    written = body.node.text or b""
    before = written[: call.start_byte - body.node.start_byte]
    return any(word.encode() in before for word in row.get("guarded", ()))


def _is_kept(call: Node, place: Serving, file: JavaScriptFile) -> bool:
    """Whether it is stored where later calls find it."""
    for usage in usages_of(call, file):
        if usage.use is Use.AWAITED and usage.place.type == "await_expression" and _is_kept(usage.place, place, file):
            return True
        if usage.use is Use.STORED and _outlives_target(usage.place, place, file):
            return True
        if usage.use is Use.PASSED and _keeps(usage.place, place, file):
            return True
        if usage.use is Use.CHAINED or usage.use is Use.OTHER:
            return True
    at_once = usage_of(call)
    while at_once.use is Use.AWAITED:
        at_once = usage_of(at_once.place)
    return at_once.use is Use.BOUND and _is_assigned_outside(at_once.place, place, file)


def _is_assigned_outside(statement: Node, place: Serving, file: JavaScriptFile) -> bool:
    """`client = new Client()` for a name of the module, or of a function around the handler."""
    target = statement.child_by_field_name("left")
    found = file.scopes.binding(text(target), target.start_byte) if target is not None else None
    return target is not None and (found is None or not place.binds(found[0]))


def _outlives_target(statement: Node, place: Serving, file: JavaScriptFile) -> bool:
    """Whether what is assigned to belongs to something older than the request: no `req.db = ...`."""
    target = statement.child_by_field_name("left")
    while target is not None and target.type in ("member_expression", "subscript_expression"):
        target = target.child_by_field_name("object")
        target = bare(target) if target is not None else None
    if target is None or target.type != "identifier":
        return True
    return file.scopes.binding(text(target), target.start_byte) is None or outlives(target, place, file)


def _keeps(call: Node, place: Serving, file: JavaScriptFile) -> bool:
    """`clients.set(region, client)` on a map of the module."""
    function = callee(call)
    owner = function.child_by_field_name("object") if function is not None else None
    if function is None or owner is None or last_name(function) not in _KEEPING:
        return False
    root = owner
    while root.type in ("member_expression", "subscript_expression"):
        inner = root.child_by_field_name("object")
        if inner is None:
            break
        root = bare(inner)
    return root.type != "identifier" or outlives(root, place, file)


# Made by a function of another file.


class MadeElsewhere(Struct, frozen=True):
    """A client that a function makes which a handler of another file calls, by way of `chain`."""

    chain: tuple[Edge, ...]
    row: TableRow
    handler: Reference


def made_elsewhere(project: Project) -> Iterator[MadeElsewhere]:
    """The clients that handlers make through functions of other files, each once."""
    types = project.symbols.types
    found = project.reaching(lambda name: _CLIENTS.match(name, types) is not None, _CLIENTS.last_names)
    seen: set[tuple[str, int]] = set()
    for name in sorted(found.edges):
        function = found.functions[name]
        handler = handler_around(function, project)
        if handler is None:
            continue
        for edge in found.edges[name]:
            chain = tuple(CallGraph.follow(edge, found.next_edge))
            last = chain[-1]
            row = _CLIENTS.match(last.name, types)
            place = (last.caller.module.module, last.call.span.start)
            is_seen_there = last.caller.module.module == function.module.module
            if row is None or is_seen_there or _SETTLED.intersection(last.call.literals):
                continue  # with the others of a function that keeps its clients, or makes what it is told to
            for end in _made_beside(last, project):
                row, place = _CLIENTS.match(end.name, types), (place[0], end.call.span.start)
                is_instance = end.name == "mongodb.MongoClient.connect" and not end.call.target.endswith(
                    ".MongoClient.connect"
                )
                if row is None or place in seen or is_instance or _SETTLED.intersection(end.call.literals):
                    continue
                seen.add(place)
                yield MadeElsewhere((*chain[:-1], end), row, function)


def _made_beside(edge: Edge, project: Project) -> Iterator[Edge]:
    """A call that makes a client, and the others of its function: the graph has one for each function.

    What is a part of a call whose value is kept, such as `new MongoClient(url).connect()`, is kept with it.
    """
    calls = edge.caller.function.calls
    kept = [call.span for call in calls if _SETTLED.intersection(call.literals)]
    for call in calls:
        if any(span.start <= call.span.start and call.span.end <= span.end for span in kept):
            continue
        yield edge if call is edge.call else Edge(edge.caller, call, project.symbols.canonical(call.target), None)
