"""`require`, `import()`, `then`, `Promise.all`, and what compilers and `Object.freeze` wrap around values."""

from __future__ import annotations

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import (
    arguments,
    bare,
    callee,
    first_named,
    is_freezing,
    named,
    string_value,
    text,
)
from lint_rules.languages.javascript.scopes import Scopes

_INTEROP = frozenset(
    {"_interopRequireDefault", "_interopRequireWildcard", "_interop_require_default", "_interop_require_wildcard",
     "__importDefault", "__importStar", "__toESM", "_interopNamespace", "_interopDefault", "interopDefault"}
)  # fmt: skip
"""Helpers that compilers wrap around `require`, so that `.default` is there whatever the module is."""


def required(call: Node, scopes: Scopes) -> str | None:
    """What `require("m")` or `import("m")` names, "" if that is no literal; None for other calls."""
    function = call.child_by_field_name("function")
    if function is None or function.type not in ("identifier", "import"):
        return None
    if function.type == "identifier" and not is_require(function, scopes):
        return None
    given = arguments(call)
    return (string_value(given[0]) if given else None) or ""


def is_require(function: Node, scopes: Scopes) -> bool:
    """Whether a name is the `require` of the module, or made by `createRequire(import.meta.url)`."""
    if text(function) not in ("require", "__require"):
        return False
    found = scopes.binding(text(function), function.start_byte)
    if found is None:
        return True
    value = found[1][0].node
    return value is not None and value.type == "call_expression" and b"createRequire" in (value.text or b"")


def given_back(call: Node) -> Node | None:
    """The argument that a call gives back: of `Object.freeze(x)` and of compilers' helpers; None for other calls."""
    function = callee(call)
    if function is None:
        return None
    last = function.child_by_field_name("property") or function
    if not is_freezing(call) and text(last) not in _INTEROP:
        return None
    return next(iter(arguments(call)), None)


def awaited_by(call: Node, function: Node) -> Node | None:
    """The promise of `promise.then(function)`, whose value the function is called with."""
    called = callee(call)
    last = called.child_by_field_name("property") if called is not None else None
    given = arguments(call)
    if called is None or last is None or text(last) != "then" or not given or bare(given[0]) != function:
        return None
    return called.child_by_field_name("object")


def array_element(value: Node, position: int) -> Node | None:
    """An element of an array literal, or of one that `await Promise.all(...)` waits for; None for other values."""
    value = bare(value)
    if value.type == "await_expression":
        waited = first_named(value)
        given = arguments(waited) if waited is not None and waited.type == "call_expression" else []
        called = callee(waited) if given and waited is not None else None
        if called is None or text(called) != "Promise.all":
            return None
        value = bare(given[0])
    elements = named(value) if value.type == "array" else []
    if position >= len(elements) or any(one.type == "spread_element" for one in elements[: position + 1]):
        return None
    return elements[position]
