"""Listeners that JavaScript registers for each request or connection on an object that outlives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e04_leaks.serving import PlaceOf, Serving, given_functions_of, outlives
from lint_rules.languages.javascript.grammar import (
    FUNCTION_LITERALS,
    arguments,
    bare,
    callee,
    string_value,
    text,
)
from lint_rules.languages.javascript.labels import function_label
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.scopes import FUNCTION
from lint_rules.languages.javascript.usage import Use, usages_of
from lint_rules.languages.tables import read_table

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_TABLE = read_table(Path(__file__).parent / "listeners.toml")["javascript"]
_ADDING = frozenset(_TABLE["adds"])
_ONCE = frozenset(_TABLE["once"])
_REMOVING = frozenset(_TABLE["removes"])
_REMOVING_ALL = frozenset(_TABLE["removes_all"])
_SHARED = frozenset(_TABLE["shared_members"])
_GETTERS = frozenset(_TABLE["shared_calls"])
_WORDS = re.compile(rb"\.(?:" + b"|".join(sorted(name.encode() for name in _ADDING | _ONCE)) + rb")\s*\(")
_OF_STREAMS = frozenset({"data", "end", "error", "close", "finish", "readable", "drain", "exit"})
_MAX_LINKS = 12
_MAX_NAMES = 3


class Added(Struct, frozen=True):
    """A registration that stays: the call, its handler as people call it, and how it was (not) taken back."""

    call: Node
    handler: str
    function: str
    receiver: str
    event: str
    wrongly_removed: bool = False
    is_pair: bool = False


def may_listen(data: bytes) -> bool:
    """Whether a file registers listeners of any kind."""
    return _WORDS.search(data) is not None


def listeners_added(file: JavaScriptFile, place_of: PlaceOf) -> Iterator[Added]:
    """The registrations of a file on what outlives the request that are never taken back.

    `place_of` says by what a call is run for each request.
    """
    if file.is_for_browsers or file.is_tooling:
        return
    for call in file.nodes("call_expression"):
        function = callee(call)
        if function is None or function.type != "member_expression" or last_name(function) not in _ADDING | _ONCE:
            continue
        owner = function.child_by_field_name("object")
        if owner is None or not _takes_listener(call):
            continue
        receiver = _receiver(owner)
        if receiver is None:
            continue
        place = place_of(call, file)
        if place is None or not _is_shared(receiver, place, file) or file.in_broken_code(call):
            continue
        is_once = last_name(function) in _ONCE or _has_option(call, "once")
        if _has_option(call, "signal") or _is_handed_on(call, file):
            continue
        is_pair = is_once and _is_of_pair(call, receiver, file)
        if is_once and not is_pair and text(receiver) != "process":
            continue
        event = _event(call)
        if event in _OF_STREAMS and _is_parameter(receiver, file):
            continue
        removal = _removed(call, event, file)
        if removal is not True:
            yield Added(
                call, function_label(place.handler), place.handler.name, text(receiver), event, removal is None, is_pair
            )


def _takes_listener(call: Node) -> bool:
    """Whether the last arguments are an event and a function, or the only one is a function literal."""
    given = arguments(call)
    functions = given_functions_of(call)
    if not given or not functions:
        return False
    if len(given) == 1:
        return bare(given[0]).type in FUNCTION_LITERALS
    return bare(given[1]) in functions or bare(given[-1]) in functions


def _receiver(owner: Node) -> Node | None:
    """What a listener is registered on: `bus` of `bus.on("a", f).on("b", g)`."""
    current = bare(owner)
    for _ in range(_MAX_LINKS):
        if current.type != "call_expression":
            return current
        function = callee(current)
        inner = function.child_by_field_name("object") if function is not None else None
        if function is None or inner is None or last_name(function) not in _ADDING | _ONCE:
            return current
        current = bare(inner)
    return None


def _is_parameter(receiver: Node, file: JavaScriptFile) -> bool:
    """Whether a function around the handler is given the object, which may be made for it."""
    root, _ = _root(receiver)
    found = file.scopes.binding(text(root), root.start_byte) if root is not None else None
    return found is not None and found[1][0].kind == "parameter"


def _is_shared(receiver: Node, place: Serving, file: JavaScriptFile, names: int = 0) -> bool:
    """Whether an object was there before the request, and stays."""
    root, links = _root(receiver)
    if root is None:
        return False
    if root.type == "this":
        owner = place.handler.owner_class if not place.is_assumed else None
        return bool(links) and owner is not None and place.body.owner_class is owner
    if root.type != "identifier":
        return False
    found = file.scopes.binding(text(root), root.start_byte)
    if found is None:
        return text(root) == "process" and not links
    if outlives(root, place, file) or not _SHARED.isdisjoint(links):
        return True
    bindings = found[1]
    value = bindings[0].node if len(bindings) == 1 and bindings[0].kind == "value" and names < _MAX_NAMES else None
    if value is None or not bindings[0].is_constant:
        return False
    return not _SHARED.isdisjoint(bindings[0].path) or _is_shared(value, place, file, names + 1)


def _root(expression: Node) -> tuple[Node | None, list[str]]:
    """The name that an expression begins with, and the members behind it; None where it may make something new."""
    current = bare(expression)
    links: list[str] = []
    for _ in range(_MAX_LINKS):
        if current.type == "member_expression":
            links.append(last_name(current))
            inner = current.child_by_field_name("object")
        elif current.type == "call_expression" and (function := callee(current)) is not None:
            if not _gives_what_is_there(current, last_name(function)):
                return None, links
            inner = function if function.type == "identifier" else function.child_by_field_name("object")
        elif current.type == "await_expression":
            inner = current.named_child(0)
        else:
            return current, links
        if inner is None:
            return None, links
        current = bare(inner)
    return None, links


def _gives_what_is_there(call: Node, name: str) -> bool:
    given = arguments(call)
    return name in _GETTERS or (name == "get" and len(given) == 1 and string_value(bare(given[0])) is not None)


def _has_option(call: Node, name: str) -> bool:
    """`{ once: true }`, `{ signal }`"""
    for argument in arguments(call)[1:]:
        value = bare(argument)
        if value.type == "object" and re.search(rf"\b{name}\b(?!\s*:\s*false)", text(value)):
            return True
    return False


def _is_handed_on(call: Node, file: JavaScriptFile) -> bool:
    """Whether somebody keeps what the registration gives: a subscription, or the function that ends it."""
    for usage in usages_of(call, file):
        if usage.use is Use.READ:
            outer = usage.place.parent
            is_call = outer is not None and outer.type == "call_expression"
            if is_call and last_name(usage.place) not in _REMOVING and last_name(usage.place) != "unsubscribe":
                continue  # the next link of a chain
            return True
        if usage.use is Use.AWAITED and usage.place.type == "await_expression":
            if _is_handed_on(usage.place, file):
                return True
        elif usage.use not in (Use.DROPPED, Use.UNUSED, Use.VOIDED, Use.CHAINED):
            return not _is_answer(usage.use, usage.place)
    return False


def _is_answer(use: Use, place: Node) -> bool:
    """`(req) => bus.on(...)`: nobody asks a callback for the emitter."""
    return use is Use.RETURNED and place.type == "arrow_function"


def _event(call: Node) -> str:
    given = arguments(call)
    if len(given) < 2:
        return ""
    value = bare(given[0])
    return string_value(value) or text(value)


def _listener(call: Node) -> Node | None:
    functions = given_functions_of(call)
    return functions[-1] if functions else None


def _is_of_pair(call: Node, receiver: Node, file: JavaScriptFile) -> bool:
    """Whether the same function waits for another event of the object too, of which only one will come."""
    scope = file.enclosing_function(call)
    events = set()
    for other in file.calls_of(*_ONCE):
        function = callee(other)
        if function is None or function.type != "member_expression":
            continue
        owner = function.child_by_field_name("object")
        found = _receiver(owner) if owner is not None else None
        if found is not None and text(found) == text(receiver) and file.enclosing_function(other) is scope:
            events.add(_event(other))
    return len(events) > 1


def _removed(call: Node, event: str, file: JavaScriptFile) -> bool | None:
    """Whether the file takes a listener back; None if it tries to, with another function than was added."""
    added = _listener(call)
    tried = False
    for other in file.calls_of(*(_REMOVING | _REMOVING_ALL)):
        function = callee(other)
        name = last_name(function) if function is not None else ""
        if name in _REMOVING_ALL and _removes_all(other, call, event):
            return True
        if name not in _REMOVING or function is None or function.type != "member_expression":
            continue
        if event and _event_of_removal(other) not in (event, "", None):
            continue
        removed = _listener(other) if len(arguments(other)) > 1 else None
        if removed is None or added is None or _may_be_same(added, removed, file):
            return True
        tried = True
    return None if tried else False


def _removes_all(removal: Node, call: Node, event: str) -> bool:
    """`bus.removeAllListeners("change")`; without an event, of the same object."""
    if arguments(removal):
        return not event or _event_of_removal(removal) in (event, "")
    owners = [(callee(one) or one).child_by_field_name("object") for one in (removal, call)]
    receivers = [_receiver(owner) for owner in owners if owner is not None]
    return len({last_name(receiver) for receiver in receivers if receiver is not None}) == 1


def _event_of_removal(call: Node) -> str:
    given = arguments(call)
    if not given or bare(given[0]).type in FUNCTION_LITERALS:
        return ""
    value = bare(given[0])
    written = string_value(value)
    if written is not None:
        return written
    return text(value) if value.type in ("identifier", "member_expression", "template_string") else ""


def _is_one_name(added: Node, removed: Node, file: JavaScriptFile) -> bool:
    """Whether two names may be one function: not where each is defined in a function of its own.

    A parameter, or what a loop or a pattern takes out of a collection, may be any function that was put into it.
    """
    one, other = (file.scopes.binding(text(name), name.start_byte) for name in (added, removed))
    if one is None or other is None or one[0] is other[0]:
        return True
    return any(
        scope.kind != FUNCTION or bindings[0].kind in ("parameter", "unknown") or bindings[0].path
        for scope, bindings in (one, other)
    )


def _may_be_same(added: Node, removed: Node, file: JavaScriptFile) -> bool:
    """Whether a function that is taken back may be the one that was added: never another literal or bound function."""
    if removed.type in FUNCTION_LITERALS or removed.type == "call_expression":
        return False
    if added.type in FUNCTION_LITERALS:
        # named from within: emitter.on("a", function onA() { emitter.off("a", onA) })
        own = added.child_by_field_name("name")
        return removed.type != "identifier" or (own is not None and text(own) == text(removed))
    if added.type == "call_expression":
        return removed.type != "identifier" and "bind" not in text(removed)
    if added.type == removed.type == "identifier" and not _is_one_name(added, removed, file):
        return False
    return text(added) == text(removed) or (added.type == "identifier") != (removed.type == "identifier")
