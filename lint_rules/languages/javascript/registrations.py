"""How a file hands functions over: what a call is given, through arrays, options, wrappers and names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.grammar import (
    CALL_KINDS,
    FUNCTION_LITERALS,
    arguments,
    around,
    bare,
    callee,
    named,
    string_value,
    text,
)
from lint_rules.languages.javascript.members import object_members

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.javascript.scopes import Scope

_MAX_GIVEN = 400
_MAX_WRAPPERS = 5


class Given(Struct, frozen=True):
    """A function that a call is given: its place (a position, or the member's name), the calls wrapped around it."""

    scope: Scope
    place: str
    wrappers: tuple[Node, ...]


def event_of(call: Node) -> str | None:
    """The first argument of a call, if it is a string."""
    given = arguments(call)
    return string_value(bare(given[0])) if given else None


def last_name(function: Node) -> str:
    """`get` of `router.get`, `compose` of `compose`."""
    return text(bare(function).child_by_field_name("property") or function)


def given_functions(call: Node, file: JavaScriptFile) -> Iterator[Given]:
    """The functions of this file that a call is given, nested in arrays, objects, wrappers and constants."""
    waiting: list[tuple[str, Node, tuple[Node, ...]]] = [
        (str(position), argument, ()) for position, argument in enumerate(arguments(call))
    ]
    for _ in range(_MAX_GIVEN):
        if not waiting:
            return
        place, value, wrappers = waiting.pop(0)
        value = bare(value)
        if value.type in FUNCTION_LITERALS or value.type == "method_definition":
            scope = file.scopes.of(value)
            if scope is not None:
                yield Given(scope, place, wrappers)
        elif value.type in ("identifier", "member_expression", "shorthand_property_identifier"):
            scope = file.function_scope(file.names.symbol(value))
            if scope is not None:
                yield Given(scope, place, wrappers)
            elif value.type == "identifier":
                bound = file.names.only_value(text(value), value.start_byte)
                inner = bare(bound) if bound is not None else None
                if inner is not None and (inner.type in ("array", "object") or _is_wrapping(inner)):
                    waiting.append((place, inner, wrappers))
        elif value.type in ("array", "spread_element"):
            waiting.extend((place, item, wrappers) for item in named(value))
        elif value.type == "object":
            for name, member, _ in object_members(value):
                if name != "...":
                    waiting.append((name, member, wrappers))
        elif value.type == "call_expression":
            waiting.extend(_through_call(value, place, wrappers))
        elif value.type == "ternary_expression":
            sides = (value.child_by_field_name("consequence"), value.child_by_field_name("alternative"))
            waiting.extend((place, side, wrappers) for side in sides if side is not None)


def _through_call(call: Node, place: str, wrappers: tuple[Node, ...]) -> Iterator[tuple[str, Node, tuple[Node, ...]]]:
    """What a wrapper is given, `f.bind(this)`, and the elements of `[a, b].concat(c)`."""
    function = callee(call)
    if function is None or len(wrappers) >= _MAX_WRAPPERS:
        return
    last = last_name(function)
    owner = function.child_by_field_name("object")
    if last == "bind" and owner is not None:
        yield place, owner, wrappers
        return
    if last == "concat" and owner is not None:
        yield place, owner, wrappers
        yield from ((place, argument, wrappers) for argument in arguments(call))
        return
    yield from ((place, argument, (*wrappers, call)) for argument in arguments(call) if _may_be_function(argument))


def _may_be_function(argument: Node) -> bool:
    return bare(argument).type in FUNCTION_LITERALS or bare(argument).type in (
        "identifier", "member_expression", "call_expression", "array",
    )  # fmt: skip


def _is_wrapping(value: Node) -> bool:
    return value.type == "call_expression" and any(map(_may_be_function, arguments(value)))


def wrapping_calls(function: Node) -> Iterator[Node]:
    """The calls that are given a function where it is written and whose value is bound: `const list = wrap(async ...)`.

    Innermost first. None for a function that is given to a call whose value nobody has.
    """
    found: list[Node] = []
    current = function
    while len(found) < _MAX_WRAPPERS:
        place = around(current)
        call = place.parent if place is not None and place.type == "arguments" else None
        if call is None or call.type not in CALL_KINDS:
            if place is not None and place.type in _BINDING:
                yield from found
            return
        found.append(call)
        current = call


_BINDING = frozenset(
    {"variable_declarator", "assignment_expression", "pair", "field_definition", "public_field_definition",
     "export_statement"}
)  # fmt: skip


def route_members(literal: Node, file: JavaScriptFile) -> Iterator[tuple[str, Scope | None]]:
    """The members of an object with a handler, a method and a path, and the functions that they are."""
    members = {name: value for name, value, _ in object_members(literal)}
    if "handler" not in members or "method" not in members or not ("path" in members or "url" in members):
        return
    for name, value in members.items():
        inner = bare(value)
        if inner.type in FUNCTION_LITERALS or inner.type == "method_definition":
            yield name, file.scopes.of(inner)
        elif inner.type in ("identifier", "member_expression", "shorthand_property_identifier"):
            yield name, file.function_scope(file.names.symbol(inner))
