"""Ways out of JavaScript functions on which a continuation is forgotten that others of their paths call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e05_double_responses.continuations_javascript import (
    NAMES,
    Called,
    Continuation,
    Continuations,
    is_error_first,
    is_for_many,
    method_of,
    run,
)
from lint_rules.families.e05_double_responses.unsettled import Unsettled
from lint_rules.flow.form import Event, Question
from lint_rules.flow.graph import Exit
from lint_rules.languages.javascript.extract import parameter_names
from lint_rules.languages.javascript.grammar import (
    FUNCTION_LITERALS,
    arguments,
    around,
    bare,
    callee,
    first_named,
    text,
)
from lint_rules.languages.javascript.guarding import is_guard
from lint_rules.languages.javascript.scopes import Scope

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_LOGS = re.compile(r"(?i)log|console|debug|print|warn|trace|inspect|stringify|capture|report|\bsuper\b|Error$|message")
_CONNECTION = re.compile(r"(?i)(?:this\.)?(?:\w*socket|client|connection|conn|ws)\.")
_ERROR = re.compile(r"(?i)_?(?:\w*err(?:or)?|e|ex)")
_COUNTS = re.compile(r"--|\+\+|\b(?:pending|remaining|left|todo|outstanding|count(?:er)?)\b|_?[rR]eady\b")


class _Pending(Unsettled):
    """Whether a continuation has been neither called nor passed on, on some path: True where that may be."""

    TELLS_NOTHING = frozenset({"round"})

    def __init__(self, name: str, settling: frozenset[int]) -> None:
        super().__init__(settling)
        self._name = name

    def transfer(self, event: Event, state: bool) -> bool:
        return super().transfer(event, state) and not (event.kind == "assign" and event.subject == self._name)

    def raised(self, event: Event, state: bool) -> bool:
        return self.transfer(event, state)

    def assume(self, question: Question, holds: bool, state: bool) -> bool | None:
        if question.node is not None and _COUNTS.search(text(question.node)):
            return False  # the last of several is to call it
        return state and self._name not in question.names and not is_guard(question)


def never_called(file: JavaScriptFile, continuations: Continuations) -> Iterator[tuple[Continuation, Scope, Exit]]:
    """The ways out of functions on which a continuation is forgotten that others of their paths call."""
    for scope, slots in _concerned(continuations):
        for continuation in slots.values():
            if scope is not continuation.owner and not _is_called_back(scope.node, continuation.owner.node):
                continue
            if scope.is_generator or not _is_due(continuation, scope, continuations):
                continue
            settling = _settling(continuation, scope, continuations, file)
            outcome = run(scope, _Pending(continuation.name, settling), file) if settling is not None else None
            for exit_, cases in outcome.exits() if outcome is not None else ():
                if any(cases.states.values()) and _is_silent(exit_):
                    yield continuation, scope, exit_
    for continuation in continuations.handed_on:
        scope = continuation.owner
        if scope.is_generator or scope.is_async:
            continue
        settling = _settling(continuation, scope, continuations, file)
        outcome = run(scope, _Pending(continuation.name, settling), file) if settling is not None else None
        for exit_, cases in outcome.exits() if outcome is not None else ():
            if exit_.kind == "return" and any(cases.states.values()) and _is_silent(exit_):
                yield continuation, scope, exit_


def _concerned(continuations: Continuations) -> list[tuple[Scope, dict[tuple[int, str], Continuation]]]:
    """The functions that call continuations, and those that are given them."""
    found: dict[int, tuple[Scope, dict[tuple[int, str], Continuation]]] = {}
    for scope, calls in continuations.by_function.values():
        for called in calls:
            for one in (scope, called.continuation.owner):
                found.setdefault(one.node.id, (one, {}))[1].setdefault(called.slot, called.continuation)
    return sorted(found.values(), key=lambda pair: pair[0].start)


def _is_due(continuation: Continuation, scope: Scope, continuations: Continuations) -> bool:
    """Whether a continuation has to be called by this function, and not by another for the good outcome.

    A callback that calls it with an error only leaves the rest to other code. One that nobody ever gives an error or
    null may be told of events, and not of an end.
    """
    every = [one for one in continuations.calls.values() if one.slot == continuation.slot]
    if not continuation.is_promise and not continuation.is_ack:
        is_plain_end = re.fullmatch(r"_?(?:done|next)\d?", continuation.name) is not None
        if not is_plain_end and not any(arguments(one.call) and is_error_first(one.call) for one in every):
            return False
    if continuation.is_ack and all(_refuses(one) for one in every):
        return False  # the client is told of problems only
    if scope is continuation.owner:
        return True
    if any(_is_in_listener(one, scope) for one in every):
        return False  # which is told of the good outcome
    own = [one for one in continuations.by_function[scope.node.id][1] if one.slot == continuation.slot]
    return any(not _tells_error(one) for one in own)


def _refuses(called: Called) -> bool:
    """Whether an acknowledgement is given a problem: a text or an error as the first of several arguments."""
    given = arguments(called.call)
    if len(given) < 2:
        return False
    first = bare(given[0])
    return first.type in ("string", "template_string") or _ERROR.fullmatch(text(first)) is not None


_LISTENING = frozenset({"on", "once", "addListener", "addEventListener", "subscribe"})


def _is_in_listener(called: Called, scope: Scope) -> bool:
    """Whether a continuation is called by a listener that another function than this one has set up."""
    if scope.start <= called.call.start_byte < scope.end or _tells_error(called):
        return False
    current = called.call.parent
    while current is not None and current != called.continuation.owner.node:
        place = around(current) if current.type in FUNCTION_LITERALS else None
        call = place.parent if place is not None and place.type == "arguments" else None
        if (
            call is not None
            and call.type == "call_expression"
            and (method_of(call) in _LISTENING or re.fullmatch(r"on[A-Za-z]{3,}", method_of(call)))
        ):
            return True
        current = current.parent
    return False


def _tells_error(called: Called) -> bool:
    """Whether a call can only mean that something went wrong."""
    given = arguments(called.call)
    if called.continuation.is_promise:
        names = parameter_names(called.continuation.owner.node)
        return called.continuation.name == (names[1] if len(names) > 1 else "")
    return len(given) == 1 and text(bare(given[0])) not in ("null", "undefined") and is_error_first(called.call)


def _is_silent(exit_: Exit) -> bool:
    """Whether a function ends there without a value."""
    if exit_.kind == "end":
        return True
    if exit_.kind != "return" or exit_.jump is None or exit_.jump.node is None:
        return False
    node: Node = exit_.jump.node
    return node.type == "return_statement" and first_named(node) is None


def _is_called_back(function: Node, owner: Node) -> bool:
    """Whether a function within `owner` is a callback that runs once: it is given an error first, or a link of a chain.

    In a loop, or in a function that is called for each element, it is one of many, of which the last may call.
    """
    outer = function.parent
    while outer is not None and outer != owner:
        if outer.type in _LOOPS or (outer.type == "call_expression" and is_for_many(outer)):
            return False
        outer = outer.parent
    place = around(function)
    call = place.parent if place is not None and place.type == "arguments" else None
    called = callee(call) if call is not None and call.type == "call_expression" else None
    if called is None or function.type not in FUNCTION_LITERALS:
        return False
    assert call is not None
    method = method_of(call)
    if is_for_many(call):
        return False
    names = parameter_names(function)
    return method in ("then", "catch") or (bool(names) and re.fullmatch(r"(?i)_?\w*err(?:or)?|e", names[0]) is not None)


def _settling(
    continuation: Continuation, scope: Scope, continuations: Continuations, file: JavaScriptFile
) -> frozenset[int] | None:
    """The calls and assignments of a function after which its continuation is not its care any more.

    Those that call it, are given it, or make a function that mentions it; and calls of local functions, which may do
    so. None where a function declared within mentions it, which may be called from anywhere.
    """
    names = {continuation.name}
    for one in continuations.calls.values():
        if one.slot == continuation.slot:
            names.add(one.continuation.name)
    if continuation.is_promise:
        names.update(name for name in parameter_names(continuation.owner.node) if name)
    local = _local_functions(scope, file)
    found = _told_elsewhere(scope, file)
    if continuation.is_ack:
        found |= _hung_up(scope, file)
    for name in _identifiers(scope.node, file):
        written = text(name)
        if written not in names and written not in local and NAMES.fullmatch(written) is None:
            continue
        place: Node | None = name
        holder: Node | None = None
        while place is not None and place != scope.node:
            if place.type in ("function_declaration", "generator_function_declaration"):
                return None
            if place.type in (
                "call_expression", "new_expression", "assignment_expression", "variable_declarator", "await_expression",
            ):  # fmt: skip
                holder = place
                found.add(place.id)
            place = place.parent
        if holder is None:
            continue
    return frozenset(found)


def _hung_up(scope: Scope, file: JavaScriptFile) -> set[int]:
    """The calls that end the connection, on which nobody waits for an acknowledgement any more."""
    return {
        call.id
        for call in file.nodes_in("call_expression", scope.node)
        if method_of(call) in ("disconnect", "destroy", "terminate", "close")
        and _CONNECTION.match(text(callee(call) or call)) is not None
    }


def _told_elsewhere(scope: Scope, file: JavaScriptFile) -> set[int]:
    """The calls that hand the error to something else than a log, which is believed to answer for it."""
    return {
        call.id
        for call in file.nodes_in("call_expression", scope.node)
        if any(_ERROR.fullmatch(text(bare(one))) for one in arguments(call))
        and _LOGS.search(text(callee(call) or call)) is None
    }


def _identifiers(node: Node, file: JavaScriptFile) -> Iterator[Node]:
    for kind in ("identifier", "shorthand_property_identifier"):
        yield from file.nodes_in(kind, node)


def _local_functions(scope: Scope, file: JavaScriptFile) -> frozenset[str]:
    """Names of functions that are defined in a function around this one, which may call the continuation."""
    found: set[str] = set()
    current: Scope | None = scope
    while current is not None and current.kind != "module":
        for name, bindings in file.scopes.bound(current).items():
            binding = bindings[0]
            value = bare(binding.node) if binding.node is not None else None
            if binding.declared == "function" or (value is not None and value.type in FUNCTION_LITERALS):
                found.add(name)
        current = current.parent
    return frozenset(found)
