"""Continuations of JavaScript functions: node-style callbacks, acknowledgements, `resolve` and `reject`.

A function that is given one has to call it once. Which functions do is told by the flow of each function that calls it,
the one that is given it and those within.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tree_sitter import Node

from lint_rules.families.e05_double_responses.javascript_callbacks import assigned_in, is_run
from lint_rules.flow.correlated import Correlated
from lint_rules.flow.form import Event, Question
from lint_rules.flow.graph import Exit, TooLarge
from lint_rules.flow.interpret import Outcome, interpret
from lint_rules.languages.javascript.answering import parameter_of
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
from lint_rules.languages.javascript.guarding import is_guard, mentions_guard
from lint_rules.languages.javascript.lowering import form_of
from lint_rules.languages.javascript.scopes import FUNCTION, Scope

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

NAMES = re.compile(
    r"_?(?:callback|cb|done|next|ack|acknowledge|fn)\d?_?|\w+(?:Callback|Cb)|_?on(?:Done|Complete|Finished)"
)
MENTIONED = re.compile(
    rb"\b_?(?:callback|cb|done|next|ack|fn)\d?(?:\?\.)?(?:\.call|\.apply)?\s*\(|(?:Callback|Cb)\(|new Promise\("
)
_ERROR = re.compile(
    r"(?i)null|undefined|\w*err(?:or)?\d?|e|ex|exception|reason|new [\w.]*(?:Error|Exception)\b.*", re.DOTALL
)
_BESIDE_NEXT = frozenset({"res", "resp", "response", "reply", "ctx", "context", "rep"})
_MAX_CALLS = 4_000


@dataclass(frozen=True, slots=True)
class Continuation:
    """A parameter that has to be called once; `slot` is shared by `resolve` and `reject` of one promise."""

    name: str
    owner: Scope
    slot: tuple[int, str]
    is_promise: bool = False
    is_ack: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """A call of a continuation."""

    call: Node
    continuation: Continuation

    @property
    def slot(self) -> tuple[int, str]:
        """What two calls must have in common to be one too many."""
        return self.continuation.slot


class Continuations:
    """The continuations of one file and the calls of them, by the function in which they stand."""

    def __init__(self, file: JavaScriptFile) -> None:
        self.file = file
        self._known: dict[tuple[int, int], Continuation | None] = {}
        self.calls: dict[int, Called] = {}
        self.by_function: dict[int, tuple[Scope, list[Called]]] = {}
        for call in file.nodes("call_expression"):
            called = self._called(call)
            if called is None or len(self.calls) >= _MAX_CALLS:
                continue
            function = file.scopes.at(call.start_byte).function
            if function is not None and function.kind == FUNCTION and not function.node.has_error:
                self.calls[call.id] = called
                self.by_function.setdefault(function.node.id, (function, []))[1].append(called)
        self._drop_others()

    def _called(self, call: Node) -> Called | None:
        function = callee(call)
        name = bare(function) if function is not None else None
        if name is not None and name.type == "member_expression":
            last = name.child_by_field_name("property")
            name = name.child_by_field_name("object") if last is not None and text(last) in ("call", "apply") else None
        if name is None or name.type != "identifier":
            return None
        continuation = self.continuation(name)
        return Called(call, continuation) if continuation is not None else None

    def continuation(self, name: Node) -> Continuation | None:
        """The continuation that a name is; None for any other."""
        found = parameter_of(name, self.file)
        if found is None:
            return None
        scope, position = found
        key = (scope.node.id, position)
        if key not in self._known:
            self._known[key] = self._made(scope, position, text(name))
        return self._known[key]

    def _made(self, scope: Scope, position: int, name: str) -> Continuation | None:
        if position < 2 and _is_executor(scope.node):
            return Continuation(name, scope, (scope.node.id, "promise"), is_promise=True)
        if NAMES.fullmatch(name) is None:
            return None
        names = [one.strip("_$").lower() for one in parameter_names(scope.node)]
        if position != len(names) - 1 or not _BESIDE_NEXT.isdisjoint(names):
            return None  # of handlers, see TEN0503 and TEN0505
        is_ack = _is_listener(scope.node)
        return None if name == "fn" and not is_ack else Continuation(name, scope, (scope.node.id, name), is_ack=is_ack)

    def _drop_others(self) -> None:
        """Keep those that are called as a node-style callback is: with an error or null first, or with nothing."""
        shown: set[tuple[int, str]] = set()
        for called in self.calls.values():
            continuation = called.continuation
            if continuation.is_promise or continuation.is_ack or _is_error_first(called.call):
                shown.add(called.slot)
        for key, (scope, calls) in list(self.by_function.items()):
            kept = [called for called in calls if called.slot in shown]
            if kept:
                self.by_function[key] = (scope, kept)
            else:
                del self.by_function[key]
        self.calls = {key: called for key, called in self.calls.items() if called.slot in shown}


def _is_executor(function: Node) -> bool:
    place = around(function)
    made = place.parent if place is not None and place.type == "arguments" else None
    constructor = callee(made) if made is not None and made.type == "new_expression" else None
    return constructor is not None and text(constructor).rpartition(".")[2] in ("Promise", "Bluebird")


def _is_listener(function: Node) -> bool:
    """Whether a function is given to `socket.on("event", ...)`, whose last parameter acknowledges the event."""
    place = around(function)
    call = place.parent if place is not None and place.type == "arguments" else None
    called = callee(call) if call is not None and call.type == "call_expression" else None
    owner = called.child_by_field_name("object") if called is not None else None
    last = called.child_by_field_name("property") if called is not None else None
    if owner is None or last is None or text(last) not in ("on", "once"):
        return False
    return re.search(r"(?i)socket|client|conn", text(owner)) is not None


def _is_error_first(call: Node) -> bool:
    given = arguments(call)
    function = callee(call)
    last = function.child_by_field_name("property") if function is not None else None
    if last is not None and text(last) == "call":
        given = given[1:]
    return not given or _ERROR.fullmatch(text(bare(given[0]))) is not None


def has_arguments(call: Node) -> bool:
    """Whether a call says something: an error, or null and a value."""
    return bool(arguments(call))


Given = frozenset[Called]


class _Earlier:
    """The continuations that may have been called before, on some path, by functions that calls were given as well."""

    def __init__(self, calls: dict[int, Called], deferred: dict[int, list[Deferred]]) -> None:
        self._calls = calls
        self._deferred = deferred
        self.assigned = {one.called: one.assigned for given in deferred.values() for one in given}

    def start(self) -> Given:
        return frozenset()

    def join(self, one: Given, other: Given) -> Given:
        return one | other

    def transfer(self, event: Event, state: Given) -> Given:
        if event.kind == "assign" and state:
            state = frozenset(one for one in state if one.continuation.name != event.subject)
        if event.kind != "call" or event.node is None:
            return state
        called = self._calls.get(event.node.id)
        if called is not None:
            state = state | {called}
        return state.union(one.called for one in self._deferred.get(event.node.id, ()) if one.is_sure)

    def raised(self, event: Event, state: Given) -> Given:
        return state

    def assume(self, question: Question, holds: bool, state: Given) -> Given | None:
        if not state or is_guard(question):
            return frozenset()
        return frozenset(one for one in state if not self.assigned.get(one, frozenset()) & question.names)


@dataclass(frozen=True, slots=True)
class Deferred:
    """A call of a continuation in a function that a call is given. `is_sure`: one after that call is too many."""

    called: Called
    assigned: frozenset[str]
    is_sure: bool


def _deferred(scope: Scope, slots: set[tuple[int, str]], continuations: Continuations) -> dict[int, list[Deferred]]:
    """The calls of continuations within functions that calls of a function are given, by those calls."""
    found: dict[int, list[Deferred]] = {}
    for called in continuations.calls.values():
        if called.slot not in slots or not scope.node.start_byte <= called.call.start_byte < scope.node.end_byte:
            continue
        current = called.call.parent
        literal: Node | None = None
        while current is not None and current != scope.node:
            if current.type in FUNCTION_LITERALS:
                literal = current
            current = current.parent
        place = around(literal) if literal is not None else None
        call = place.parent if place is not None and place.type == "arguments" else None
        if literal is None or call is None or call.type != "call_expression":
            continue
        written = text(literal)
        if not is_run(call) or _method_of(call) in _MANY or mentions_guard(written):
            continue
        is_sure = not called.continuation.is_promise and call.parent is not None
        is_sure = is_sure and call.parent is not None and call.parent.type == "expression_statement"
        found.setdefault(call.id, []).append(Deferred(called, assigned_in(written), is_sure))
    return found


def called_twice(file: JavaScriptFile, continuations: Continuations) -> Iterator[tuple[Called, Called]]:
    """Pairs of calls of one continuation on one path; the same call twice where a loop comes back to it."""
    told: dict[int, tuple[Called, Called]] = {}
    for scope, calls in continuations.by_function.values():
        deferred = _deferred(scope, {called.slot for called in calls}, continuations)
        body = file.data[scope.start : scope.end]
        if len(calls) < 2 and not deferred and b"for" not in body and b"while" not in body:
            continue
        outcome = _run(scope, _Earlier(continuations.calls, deferred), file)
        own = {called.call.id for called in calls}
        for event, cases in outcome.events() if outcome is not None else ():
            if event.kind != "call" or event.node is None:
                continue
            given: Given = frozenset().union(*cases.states.values())
            seconds = [one.called for one in deferred.get(event.node.id, ())]
            if event.node.id in own:
                seconds.append(continuations.calls[event.node.id])
            for second in seconds:
                is_own = second.call.id in own
                rivals = [
                    one
                    for one in given
                    if one.slot == second.slot and (is_own or one.call.id in own) and not _may_repeat(one, second)
                ]
                if rivals:
                    first = min(rivals, key=lambda one: (one == second, one.call.start_byte))
                    told.setdefault(second.call.id, (first, second))
    yield from sorted(told.values(), key=lambda pair: pair[1].call.start_byte)


def _may_repeat(first: Called, second: Called) -> bool:
    """Whether a call in a loop is none too many: the first `resolve` counts, and `callback(item)` may be meant so."""
    if first != second:
        return False
    return first.continuation.is_promise or not _is_error_first(first.call) or not arguments(first.call)


_COUNTS = re.compile(r"--|\+\+|\b(?:pending|remaining|left|todo|outstanding|count(?:er)?)\b")


class _Pending:
    """Whether a continuation has been neither called nor passed on, on some path: True where that may be."""

    def __init__(self, name: str, settling: frozenset[int]) -> None:
        self._name = name
        self._settling = settling

    def start(self) -> bool:
        return True

    def join(self, one: bool, other: bool) -> bool:
        return one or other

    def transfer(self, event: Event, state: bool) -> bool:
        if event.kind == "assign" and event.subject == self._name:
            return False
        if event.kind == "round" or event.node is None:
            return state
        return state and event.node.id not in self._settling

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
            outcome = _run(scope, _Pending(continuation.name, settling), file) if settling is not None else None
            for exit_, cases in outcome.exits() if outcome is not None else ():
                if any(cases.states.values()) and _is_silent(exit_):
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
        if not is_plain_end and not any(arguments(one.call) and _is_error_first(one.call) for one in every):
            return False
    if scope is continuation.owner:
        return True
    own = [one for one in continuations.by_function[scope.node.id][1] if one.slot == continuation.slot]
    return any(not _tells_error(one) for one in own)


def _tells_error(called: Called) -> bool:
    """Whether a call can only mean that something went wrong."""
    given = arguments(called.call)
    if called.continuation.is_promise:
        names = list(parameter_names(called.continuation.owner.node))
        return called.continuation.name == (names[1] if len(names) > 1 else "")
    return len(given) == 1 and text(bare(given[0])) not in ("null", "undefined") and _is_error_first(called.call)


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
        if outer.type in _LOOPS or (outer.type == "call_expression" and _method_of(outer) in _MANY):
            return False
        outer = outer.parent
    place = around(function)
    call = place.parent if place is not None and place.type == "arguments" else None
    called = callee(call) if call is not None and call.type == "call_expression" else None
    if called is None or function.type not in FUNCTION_LITERALS:
        return False
    assert call is not None
    method = _method_of(call)
    if method in _MANY:
        return False
    names = list(parameter_names(function))
    return method in ("then", "catch") or (bool(names) and re.fullmatch(r"(?i)_?\w*err(?:or)?|e", names[0]) is not None)


_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_MANY = frozenset(
    {
        "on", "once", "addListener", "addEventListener", "forEach", "map", "each", "eachSeries", "eachLimit", "some",
        "every", "filter", "reduce", "setInterval", "forever", "whilst", "until", "times", "retry", "subscribe",
    }
)  # fmt: skip
"""Methods that call what they are given more than once, or perhaps never."""


def _method_of(call: Node) -> str:
    function = callee(call)
    last = function.child_by_field_name("property") if function is not None else None
    return text(last) if last is not None else text(function) if function is not None else ""


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
    found: set[int] = set()
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


def _run(scope: Scope, domain: _Earlier | _Pending, file: JavaScriptFile) -> Outcome[Any] | None:
    try:
        return interpret(form_of(scope.node, file), Correlated(domain))
    except TooLarge:
        return None
