"""How a call runs a function that it is given, and who has what the call gives (JavaScript)."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import arguments, callee, string_value, text
from lint_rules.languages.javascript.usage import CHAINS

_LISTENING = frozenset(
    {
        "on",
        "once",
        "addListener",
        "prependListener",
        "addEventListener",
        "off",
        "subscribe",
        "use",
        "finished",
        "onFinished",
        "eos",
        "onHeaders",
        "finally",
    }
)
_ON_EVENT = re.compile(r"on[A-Za-z]{3,}")
"""`connection.ondata(...)`, `socket.onClose(...)`"""
_BODY_EVENTS = frozenset({"data", "end", "readable"})
_TIMERS = frozenset({"setTimeout", "setInterval", "setImmediate"})
_ASSIGNED = re.compile(r"([A-Za-z_$][\w$]*)\s*(?:=(?![=>])|\+\+|--|[-+|&*/?]{1,2}=)|(?:\+\+|--)([A-Za-z_$][\w$]*)")
_MAX_LINKS = 40


def assigned_in(code: str) -> frozenset[str]:
    """The names that a piece of code assigns to, as far as its text tells."""
    return frozenset(name for pair in _ASSIGNED.findall(code) for name in pair if name)


def is_run(call: Node) -> bool:
    """Whether the call runs what it is given in the course of the request, as far as its name tells."""
    function = callee(call)
    if function is None:
        return False
    last = function.child_by_field_name("property")
    name = text(last) if last is not None else text(function)
    if name in _LISTENING or _ON_EVENT.fullmatch(name):
        given = arguments(call)
        return string_value(given[0]) in _BODY_EVENTS if given else False
    if name in _TIMERS:
        if last is not None:
            return False  # `res.setTimeout(...)`: what is done when nothing else is
        return call.parent is not None and call.parent.type == "expression_statement"
    return name not in ("useCallback", "useEffect")


def chain_of(call: Node) -> tuple[int, str]:
    """Where the chain of promises begins that a call is a link of, and which link it is."""
    function = callee(call)
    last = function.child_by_field_name("property") if function is not None else None
    name = text(last) if last is not None else ""
    return (call.start_byte, name) if name in CHAINS else (call.start_byte, "")


def bound_to(call: Node) -> Node | None:
    """What the value of a call, or of the chain that it begins, is bound to: `const user = await load().catch(...)`."""
    current = call
    for _ in range(_MAX_LINKS):
        parent = current.parent
        if parent is None:
            return None
        if parent.type in ("variable_declarator", "assignment_expression"):
            return parent.child_by_field_name("name") or parent.child_by_field_name("left")
        if parent.type not in ("await_expression", "parenthesized_expression", "member_expression", "call_expression"):
            return None
        if parent.type == "call_expression" and _link_of(parent) not in CHAINS:
            return None
        current = parent
    return None


def _link_of(call: Node) -> str:
    function = callee(call)
    last = function.child_by_field_name("property") if function is not None else None
    return text(last) if last is not None else ""


def is_used(call: Node) -> bool:
    """Whether something looks at what the call, or the chain that it begins, gives: that may tell of the answer."""
    current = call
    for _ in range(_MAX_LINKS):
        parent = current.parent
        if parent is None or parent.type == "expression_statement":
            return False
        if parent.type in ("await_expression", "parenthesized_expression", "unary_expression", "non_null_expression"):
            current = parent
            continue
        if parent.type == "arguments" and parent.parent is not None and _gathers(parent.parent):
            current = parent.parent
            continue
        if parent.type == "member_expression" and parent.parent is not None:
            last = parent.child_by_field_name("property")
            if last is not None and text(last) in CHAINS:
                current = parent.parent
                continue
        return True
    return True


def _gathers(call: Node) -> bool:
    """`Promise.all(...)`, which gives what it is given."""
    function = callee(call) if call.type == "call_expression" else None
    return function is not None and text(function) in ("Promise.all", "Promise.allSettled", "Promise.any")
