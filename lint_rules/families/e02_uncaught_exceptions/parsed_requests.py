"""Where a handler parses what a client sent, and whether anything catches the error (JavaScript)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.bodies import holder
from lint_rules.languages.javascript.grammar import arguments, around, bare, callee, text
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.javascript.rejection import is_unguarded
from lint_rules.languages.tables import TableRow

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.project.frameworks import Handler

PARSERS = js_name_table(Path(__file__).parent / "parsers_javascript.toml", "javascript")
_LAST_NAMES = PARSERS.last_names | {"json", "formData"}
CALLED = re.compile(rb"\b(?:" + b"|".join(re.escape(name.encode()) for name in sorted(_LAST_NAMES)) + rb")\s*\(")
"""A file without a match calls nothing by the name of a parser."""
_READ = TableRow((), {"raises": ["SyntaxError"], "unchecked": True})
_TURNED = re.compile(
    rb"instanceof\s+(?:SyntaxError|URIError|JsonWebTokenError|TypeError|BSONError)|entity\.parse\.failed"
)
"""An error handler of the file that tells these errors from others."""
_TESTS = (
    r"(?:\.test|\.match|[iI]s[A-Z]\w*|[vV]alid\w*|canParse|safeParse|check\w*|assert\w*|verify\w*|ensure\w*|exec)\("
)
_MAX_LEVELS = 30


class ParsedRequest(Struct, frozen=True):
    """What is read, the row of what parses it, and the handler around."""

    read: Node
    row: TableRow
    handler: Handler


def parsed_request(call: Node, file: JavaScriptFile) -> ParsedRequest | None:
    """What a call parses of what a client sent, where nothing catches the error; None for any other call."""
    function = callee(call)
    if function is None:
        return None
    last = text(bare(function).child_by_field_name("property") or function)
    canonical = file.canonical(function) if last in _LAST_NAMES or function.type == "identifier" else ""
    if not canonical:
        return None
    row = PARSERS.match(canonical, file.types)
    read = _argument(call, row, file) if row is not None else call
    if row is None:
        names = file.types.lineage(canonical)
        unguarded = {name for one in file.handlers.table.frameworks for name in one["unguarded_reads"]}
        if unguarded.isdisjoint(names):
            return None
        row = _READ
    if read is None:
        return None
    around_it = file.request.handler_around(call)
    if around_it is None or _is_guarded(call, file) or _TURNED.search(file.data) is not None:
        return None
    if not row.get("unchecked") and _is_tested(read, call, file):
        return None
    return ParsedRequest(read, row, around_it[1])


def _argument(call: Node, row: TableRow, file: JavaScriptFile) -> Node | None:
    """What a parser is given, if it is data that a client sent."""
    given = arguments(call)
    place = int(row.get("argument", 0))
    if place >= len(given) or (row.get("constructor") and call.type != "new_expression"):
        return None
    if row.get("unless") and len(given) > 2:
        return None  # the callback gets the error
    value = bare(given[place])
    if not file.reads_request(value):
        return None
    table = file.handlers.table
    source = file.request.source(value)
    is_url = any(source in framework["request_urls"] for framework in table.frameworks)
    return None if is_url and len(given) > 1 else value


def _is_guarded(call: Node, file: JavaScriptFile) -> bool:
    """Whether a `try`, or a `catch` behind the promise, sees the error before the framework does."""
    current: Node | None = call
    function = holder(call)
    for _ in range(_MAX_LEVELS):
        if current is None or function is None:
            return False
        scope = file.scopes.of(function)
        if scope is None or not is_unguarded(current, scope) or _is_caught(current):
            return True
        if file.handlers.of(scope) is not None and file.handlers.of(scope) != _continuation(file, function):
            return False
        if _is_in_chain(function):
            return True
        current, function = function, holder(function)
    return False


def _continuation(file: JavaScriptFile, function: Node) -> Handler | None:
    """The handler that a callback of `then` is, which is none of a request."""
    scope = file.scopes.of(function)
    handler = file.handlers.of(scope) if scope is not None else None
    return handler if handler is not None and handler.kind == "continuation" else None


def _is_caught(node: Node) -> bool:
    """`request.json().catch(() => null)`"""
    member = around(node)
    name = member.child_by_field_name("property") if member is not None and member.type == "member_expression" else None
    return name is not None and text(name) in ("catch", "then", "safeParse")


def _is_in_chain(function: Node) -> bool:
    """Whether a function is given to `then` of a promise that has a `catch`."""
    place = around(function)
    call = place.parent if place is not None and place.type == "arguments" else None
    for _ in range(_MAX_LEVELS):
        called = callee(call) if call is not None and call.type == "call_expression" else None
        name = called.child_by_field_name("property") if called is not None else None
        if call is None or name is None or text(name) not in ("then", "catch", "finally"):
            return False
        if text(name) == "catch" or (text(name) == "then" and len(arguments(call)) > 1):
            return True
        member = around(call)
        call = member.parent if member is not None and member.type == "member_expression" else None
    return False


def _is_tested(read: Node, call: Node, file: JavaScriptFile) -> bool:
    """Whether the handler tests the value in front of the call: a pattern, a validator, an allow-list."""
    function = holder(call)
    if function is None:
        return False
    before = file.source.text(function.start_byte, call.start_byte)
    for value in {text(read), text(bare(arguments(call)[0]))}:
        name = rf"(?<![\w.$]){re.escape(value)}(?![\w$])"
        if re.search(rf"{_TESTS}[^;\n]*{name}|{name}\.(?:match|test)\(|(?:includes|has)\({name}", before):
            return True
    return False
