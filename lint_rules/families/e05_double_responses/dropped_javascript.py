"""Statements of JavaScript that make a response or an error and do nothing with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.answering import responses_of
from lint_rules.languages.javascript.grammar import bare, callee, first_named, named, text
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.javascript.scopes import CLASS, MODULE
from lint_rules.languages.tables import read_table

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_PATH = Path(__file__).parent / "dropped.toml"
_MAKERS = js_name_table(_PATH, "javascript")
_ENDINGS = tuple(read_table(_PATH)["errors"]["endings"])
_CHANGES = frozenset(read_table(_PATH)["errors"]["changes"])
_TOOLKIT = frozenset({"response", "redirect", "view", "file"})
_TOOLKITS = frozenset({"h", "toolkit", "tk", "responseToolkit"})
_NAMED_ONLY = frozenset({"send", "json", "end", "sendStatus", "redirect"})
_MAX_LINKS = 20

MAKES = re.compile(
    rb"(?:^|[\n;{})\]])[ \t]*(?:else[ \t]+)?(?:await[ \t]+)?(?:"
    rb"new[ \t]+[\w.$]*(?:Error|Exception|Response)\b|[\w.$]*(?:Error|Exception)[ \t]*\(|[\w$]*[eE]rrors?\.\w+\("
    rb"|(?:Next)?Response\.\w+\(|[bB]oom\.\w+\(|(?:h|tk|\w*[tT]oolkit)\.(?:response|redirect|view|file)\("
    rb"|next[ \t]*[;\n}]|(?:res|reply|response)\.(?:send|json|end|sendStatus|redirect)[ \t]*[;\n}])"
)
"""A statement that begins as one of those does."""


class Dropped(Struct, frozen=True):
    """A statement that makes something: `made` is its name, `verb` what has to be done ("return", "throw", "call")."""

    statement: Node
    made: Node
    verb: str


def dropped(file: JavaScriptFile) -> Iterator[Dropped]:
    """The statements of a file that make a response or an error which nobody gets."""
    for statement in file.nodes("expression_statement"):
        value = first_named(statement)
        while value is not None and value.type in ("await_expression", "parenthesized_expression"):
            value = first_named(value)
        if value is None or file.in_broken_code(statement) or file.scope(statement).function is None:
            continue
        found = _named_only(value, file) or _made(value, file)
        if found is not None and not _is_expected_to_throw(statement):
            yield Dropped(statement, *found)


def _named_only(value: Node, file: JavaScriptFile) -> tuple[Node, str] | None:
    """`next;` and `res.end;`"""
    if value.type == "identifier" and text(value) == "next":
        found = file.scopes.binding("next", value.start_byte)
        return (value, "call") if found is not None and found[1][0].kind == "parameter" else None
    last, owner = value.child_by_field_name("property"), value.child_by_field_name("object")
    if value.type == "member_expression" and last is not None and owner is not None and text(last) in _NAMED_ONLY:
        return (value, "call") if responses_of(file).response(owner) is not None else None
    return None


def _made(value: Node, file: JavaScriptFile) -> tuple[Node, str] | None:
    current: Node = value
    for _ in range(_MAX_LINKS):
        if current.type not in ("call_expression", "new_expression"):
            return None
        function = callee(current)
        function = bare(function) if function is not None else None
        if function is None or function.type not in ("identifier", "member_expression"):
            return None
        verb = _verb(current, function, file)
        if verb:
            return function, verb
        owner = function.child_by_field_name("object")
        if current.type == "new_expression" or owner is None:
            return None
        current = bare(owner)
    return None


def _verb(call: Node, function: Node, file: JavaScriptFile) -> str:
    last = text(function).rpartition(".")[2]
    if last.endswith(_ENDINGS) and last[:1].isupper() and not last.isupper():
        return "throw" if _is_error(call, function, file) else ""
    if "." not in text(function) and call.type != "new_expression" and not last[:1].islower():
        return ""
    if last in _CHANGES:
        return ""
    row = _MAKERS.match(file.canonical(function), file.types)
    if row is not None:
        return str(row["verb"])
    return "return" if _is_toolkit(function, file) else ""


def _is_toolkit(function: Node, file: JavaScriptFile) -> bool:
    """`h.response(...)` of a handler `(request, h)`."""
    owner, last = function.child_by_field_name("object"), function.child_by_field_name("property")
    if owner is None or last is None or text(owner) not in _TOOLKITS or text(last) not in _TOOLKIT:
        return False
    found = file.scopes.binding(text(owner), owner.start_byte)
    return found is not None and found[1][0].kind == "parameter" and found[1][0].position == 1


def _is_error(call: Node, function: Node, file: JavaScriptFile) -> bool:
    """Whether a name with the ending of an error's denotes a class of errors, as far as the project tells."""
    if call.type == "call_expression" and function.type == "member_expression":
        return False  # a method of that name
    symbol = file.names.symbol(function)
    own = file.symbols.class_(symbol) if symbol else None
    if own is not None:
        bases = file.symbols.ancestors(symbol)[1:]
        return any(base.rpartition(".")[2].endswith(_ENDINGS) for base in bases)
    if call.type == "call_expression":
        return text(function) in _BUILT_IN and file.scopes.binding(text(function), function.start_byte) is None
    return "<parameter>" not in symbol


_BUILT_IN = frozenset({"Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "AggregateError"})


def _is_expected_to_throw(statement: Node) -> bool:
    """Whether making it is what is tried: the only statement of a `try`, or of a function given to `assert.throws`."""
    block = statement.parent
    outer = block.parent if block is not None else None
    if block is None or outer is None or block.type != "statement_block" or len(named(block)) != 1:
        return False
    if outer.type == "try_statement":
        return True
    place = outer.parent
    call = place.parent if place is not None and place.type == "arguments" else None
    is_literal = outer.type in ("arrow_function", "function_expression")
    return is_literal and call is not None and "hrow" in text(callee(call) or call)


def is_constructor(file: JavaScriptFile, statement: Node) -> bool:
    """Whether a statement stands in a constructor, where `return` gives another object."""
    function = file.enclosing_function(statement)
    name = function.node.child_by_field_name("name") if function is not None else None
    return function is None or function.kind in (CLASS, MODULE) or (name is not None and text(name) == "constructor")
