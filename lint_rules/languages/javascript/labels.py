"""What people are told a function is called, those without a name included."""

from __future__ import annotations

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import arguments, around, bare, callee, string_value, text
from lint_rules.languages.javascript.naming import ANONYMOUS
from lint_rules.languages.javascript.scopes import Scope

_MAX_LENGTH = 60
CALLBACK = "<callback>"


def function_label(function: Scope) -> str:
    """`list`, `Orders.list`, `router.get('/orders')` for what is written there; callbacks go by what holds them."""
    scope: Scope | None = function
    while scope is not None and scope.kind == "function":
        own = scope.name.rpartition("<locals>.")[2]
        if ANONYMOUS not in own:
            return own.removeprefix("exports.") or CALLBACK
        if ANONYMOUS not in (member := own.rpartition(".")[2]) or (member := anonymous_label(scope)):
            return member
        scope = scope.parent.function if scope.parent is not None else None
    return CALLBACK


def anonymous_label(function: Scope) -> str:
    """What people are told a function literal is called, by the call that takes it; "" for a callback in a function."""
    written = registering_label(function.node)
    is_outermost = function.parent is None or function.parent.function is None
    return written or (_taking_label(function.node) if is_outermost else "")


def _taking_label(literal: Node) -> str:
    """`setInterval(...)` for a function literal that such a call is given."""
    place = around(literal)
    call = place.parent if place is not None and place.type == "arguments" else None
    function = callee(call) if call is not None else None
    written = text(function) if function is not None else ""
    return f"{written}(...)" if written and "\n" not in written and len(written) < _MAX_LENGTH else ""


def registering_label(literal: Node) -> str:
    """`router.get('/orders')` for a function literal that is written in such a call; "" elsewhere."""
    current = literal
    for _ in range(6):
        place = around(current)
        if place is None or place.type not in ("arguments", "array", "pair", "object"):
            return ""
        current = place
        call = place.parent if place.type == "arguments" else None
        if call is None or call.type not in ("call_expression", "new_expression"):
            continue
        function = callee(call)
        given = arguments(call)
        first = string_value(bare(given[0])) if given else None
        if function is not None and first is not None and "\n" not in (written := text(function)) + first:
            label = f"{written}('{first}')"
            return label if len(label) <= _MAX_LENGTH else f"{label[: _MAX_LENGTH - 3]}..."
        current = call
    return ""
