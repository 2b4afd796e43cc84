"""Continuations of JavaScript functions: node-style callbacks, acknowledgements, `resolve` and `reject`.

A function that is given one has to call it once. Which functions do is told by the flow of each function that calls it,
the one that is given it and those within.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e05_double_responses.callback_calls import assigned_in, is_run
from lint_rules.flow.correlated import Cases, Correlated
from lint_rules.flow.form import Event, Question
from lint_rules.flow.graph import TooLarge
from lint_rules.flow.interpret import Domain, Outcome, interpret
from lint_rules.languages.javascript.answering import parameter_of
from lint_rules.languages.javascript.extract import parameter_names
from lint_rules.languages.javascript.grammar import (
    FUNCTION_LITERALS,
    arguments,
    around,
    bare,
    callee,
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
    rb"\b_?(?:callback|cb|done|next|ack|acknowledge|respond|reply|answer|confirm|fn)\d?(?:\?\.)?(?:\.call|\.apply)?\s*\("
    rb"|(?:Callback|Cb)\(|new Promise\("
)
_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_OF_CALLERS = re.compile(r"_?(?:callback|cb|done)\d?_?|\w+(?:Callback|Cb)")
"""Names of those for which a caller waits; `next` may lead to steps that are left out on purpose."""
HANDED_ON = re.compile(MENTIONED.pattern + rb"|[,(]\s*_?(?:callback|cb|done)\d?\s*\)|(?:Callback|Cb)\s*\)")
_ERROR = re.compile(
    r"(?i)null|undefined|\w*err(?:or)?\d?|e|ex|exception|reason|new [\w.]*(?:Error|Exception)\b.*", re.DOTALL
)
State = TypeVar("State")

_ACKNOWLEDGING = frozenset({"respond", "reply", "answer", "confirm", "acknowledgement"})
_BESIDE_NEXT = frozenset({"res", "resp", "response", "reply", "ctx", "context", "rep"})
_REPEATS_OR_HANDS_ON = re.compile(
    rb"for|while|[(,]\s*_?(?:callback|cb|done|next|fn|on(?:Done|Complete|Finished)|\w+(?:Callback|Cb))\d?_?\s*\)"
)
_KEEPING = frozenset(
    {"push", "unshift", "add", "set", "delete", "indexOf", "includes", "splice", "bind", "removeListener",
     "removeEventListener", "clearTimeout", "isFunction", "assert", "log", "debug", "apply", "call"}
)  # fmt: skip
"""Methods that only look at what they are given, or keep it for later."""
_MAX_CALLS = 4_000
_MAX_RESULTS = 3
"""Arguments of a node-style callback; what is given more is told of items: `write(null, "graphite", name, value)`."""


class Continuation(Struct, frozen=True):
    """A parameter that has to be called once; `slot` is shared by `resolve` and `reject` of one promise."""

    name: str
    owner: Scope
    slot: tuple[int, str]
    is_promise: bool = False
    is_ack: bool = False


class Called(Struct, frozen=True):
    """A call of a continuation, or one that is given it last and will call it: `store.save(order, callback)`."""

    call: Node
    continuation: Continuation
    is_handed_on: bool = False

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
        self.handed_on = self._handed_on()

    def _handed_on(self) -> list[Continuation]:
        """The continuations that their functions call nowhere, and give to another call as its last argument."""
        found: dict[tuple[int, str], Continuation] = {}
        shown = {called.slot for called in self.calls.values()}
        for call in self.file.nodes("call_expression"):
            last = next((bare(one) for one in arguments(call)[-1:]), None)
            if last is None or last.type != "identifier" or _OF_CALLERS.fullmatch(text(last)) is None:
                continue
            one = self.continuation(last)
            if one is None or one.is_promise or one.is_ack or one.slot in shown:
                continue
            if self.file.enclosing_function(call) is one.owner and not one.owner.node.has_error:
                found.setdefault(one.slot, one)
        return [one for one in found.values() if self._is_only_handed_on(one)]

    def _is_only_handed_on(self, continuation: Continuation) -> bool:
        """Whether a function does nothing else with a continuation: it neither keeps it nor asks if it is there."""
        function = continuation.owner.node
        parameters = function.child_by_field_name("parameters")
        for name in self.file.nodes_in("identifier", function):
            if text(name) != continuation.name or (parameters is not None and name.start_byte < parameters.end_byte):
                continue
            outer = name.parent
            if outer is None or outer.type != "arguments" or outer.parent is None or is_for_many(outer.parent):
                return False
            if any(one.type in _LOOPS for one in self.file.enclosing(outer) if one.start_byte > function.start_byte):
                return False
        return True

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

    def taken_by(self, call: Node) -> Called | None:
        """A call that is given a callback last, by its name, and runs it once; None for any other."""
        given = arguments(call)
        last = bare(given[-1]) if given else None
        if last is None or last.type != "identifier" or NAMES.fullmatch(text(last)) is None:
            return None
        if not is_run(call) or is_for_many(call) or method_of(call) in _KEEPING:
            return None
        continuation = self.continuation(last)
        if continuation is None or continuation.is_promise or continuation.is_ack:
            return None
        return Called(call, continuation, is_handed_on=True)

    def _made(self, scope: Scope, position: int, name: str) -> Continuation | None:
        if position < 2 and _is_executor(scope.node):
            return Continuation(name, scope, (scope.node.id, "promise"), is_promise=True)
        if NAMES.fullmatch(name) is None and not (name in _ACKNOWLEDGING and _is_listener(scope.node)):
            return None
        names = [one.strip("_$").lower() for one in parameter_names(scope.node)]
        is_of_lambda = position == 2 and names[0].startswith(("event", "evt"))
        if position != len(names) - 1 or (not is_of_lambda and not _BESIDE_NEXT.isdisjoint(names)):
            return None  # of handlers, see TEN0503 and TEN0505
        is_ack = _is_listener(scope.node)
        return None if name == "fn" and not is_ack else Continuation(name, scope, (scope.node.id, name), is_ack=is_ack)

    def _drop_others(self) -> None:
        """Keep those that are called as a node-style callback is: with an error or null first, or with nothing."""
        shown: set[tuple[int, str]] = set()
        for called in self.calls.values():
            continuation = called.continuation
            is_of_nodes_style = is_error_first(called.call) and len(arguments(called.call)) <= _MAX_RESULTS
            if continuation.is_promise or continuation.is_ack or is_of_nodes_style:
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


def is_error_first(call: Node) -> bool:
    given = arguments(call)
    function = callee(call)
    last = function.child_by_field_name("property") if function is not None else None
    if last is not None and text(last) == "call":
        given = given[1:]
    return not given or _ERROR.fullmatch(text(bare(given[0]))) is not None


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


MANY = frozenset(
    {
        "on", "once", "addListener", "addEventListener", "forEach", "map", "each", "eachSeries", "eachLimit", "some",
        "every", "filter", "reduce", "setInterval", "forever", "whilst", "until", "times", "retry", "subscribe",
    }
)  # fmt: skip
"""Methods that call what they are given more than once, or perhaps never."""


def is_for_many(call: Node) -> bool:
    """Whether a call is one of a method that calls what it is given more than once, or perhaps never."""
    method = method_of(call)
    return method in MANY or re.fullmatch(r"on[A-Za-z]{3,}", method) is not None


def method_of(call: Node) -> str:
    function = callee(call)
    last = function.child_by_field_name("property") if function is not None else None
    return text(last) if last is not None else text(function) if function is not None else ""


class Deferred(Struct, frozen=True):
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
        if not is_run(call) or is_for_many(call) or mentions_guard(written):
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
        if len(calls) < 2 and not deferred and not _REPEATS_OR_HANDS_ON.search(body):
            continue
        outcome = run(scope, _Earlier(continuations.calls, deferred), file)
        own = {called.call.id for called in calls}
        for event, cases in outcome.events() if outcome is not None else ():
            if event.kind != "call" or event.node is None:
                continue
            given: Given = frozenset().union(*cases.states.values())
            seconds = [one.called for one in deferred.get(event.node.id, ())]
            if event.node.id in own:
                seconds.append(continuations.calls[event.node.id])
            elif any(map(_told_of_error, given)) and (handed := continuations.taken_by(event.node)) is not None:
                seconds.append(handed)
            for second in seconds:
                is_own = second.call.id in own or second.is_handed_on
                rivals = [
                    one
                    for one in given
                    if one.slot == second.slot
                    and (is_own or one.call.id in own)
                    and not _may_repeat(one, second)
                    and (not second.is_handed_on or (_told_of_error(one) and one.call.id in own))
                ]
                if rivals:
                    first = min(rivals, key=lambda one: (one == second, one.call.start_byte))
                    told.setdefault(second.call.id, (first, second))
    yield from sorted(told.values(), key=lambda pair: pair[1].call.start_byte)


def _told_of_error(called: Called) -> bool:
    """Whether a call of a continuation gives it an error, so that nothing is to come after it."""
    given = arguments(called.call)
    return bool(given) and text(bare(given[0])) not in ("null", "undefined") and is_error_first(called.call)


def _may_repeat(first: Called, second: Called) -> bool:
    """Whether a call in a loop is none too many: the first `resolve` counts, and `callback(item)` may be meant so."""
    if first != second:
        return False
    return first.continuation.is_promise or not is_error_first(first.call) or not arguments(first.call)


def run(scope: Scope, domain: Domain[State], file: JavaScriptFile) -> Outcome[Cases[State]] | None:
    try:
        return interpret(form_of(scope.node, file), Correlated(domain))
    except TooLarge:
        return None
