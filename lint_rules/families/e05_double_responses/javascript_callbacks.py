"""Answers in functions that a call is given, and what comes before or after that call (JavaScript)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e05_double_responses.callback_calls import assigned_in, bound_to, chain_of, is_run, is_used
from lint_rules.families.e05_double_responses.javascript import Given, clash
from lint_rules.families.e05_double_responses.steps_javascript import Step, Steps
from lint_rules.flow.correlated import Correlated
from lint_rules.flow.form import Event, Question
from lint_rules.flow.graph import TooLarge
from lint_rules.flow.interpret import interpret
from lint_rules.languages.javascript.extract import parameter_names
from lint_rules.languages.javascript.grammar import (
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

_LISTENING = ("on", "once", "addListener")
_EACH = frozenset({"forEach", "map", "each", "eachSeries", "eachLimit", "flatMap"})
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_COUNTS = re.compile(r"--|\+\+|\b(?:pending|remaining|left|todo|outstanding|count(?:er)?|index|i)\b\s*[=!]==?")
_ERROR = re.compile(r"_?(?:err|error|e)\d?")
_MAX_CALLBACK = 20_000


class Callback(Struct, frozen=True):
    """A function that `call` is given and runs now or later, with the steps in it that answer for the one around."""

    call: Node
    literal: Node
    steps: tuple[Step, ...]
    assigned: frozenset[str]
    chain: int
    """Where the chain of promises begins that the call is a link of; the call's own place if it is none."""
    link: str
    is_used: bool


class Overlap(Struct, frozen=True):
    """`second` can come after `first`, one of them or both in functions that calls were given.

    `in_chain`: both in links of one chain of promises; `in_each`: it is one step, done for each element.
    """

    first: Step
    second: Step
    callback: Node
    in_chain: bool = False
    in_each: bool = False


def overlaps_of(file: JavaScriptFile) -> list[Overlap]:
    """All overlaps of a file, in the order of the text."""
    steps = Steps(file)
    callbacks: dict[int, dict[int, list[Callback]]] = {}
    scopes: dict[int, Scope] = {}
    for literal, place in (*_literals(file), *_given_by_name(steps, file)):
        found = _callback(literal, place, steps, file)
        outer = file.scopes.at(found.call.start_byte).function if found is not None else None
        if found is not None and outer is not None and outer.kind == FUNCTION and not outer.node.has_error:
            scopes[outer.node.id] = outer
            callbacks.setdefault(outer.node.id, {}).setdefault(found.call.id, []).append(found)
    overlaps: list[Overlap] = []
    for key, by_call in callbacks.items():
        overlaps.extend(_overlaps_in(scopes[key], by_call, steps))
    by_place: dict[int, Overlap] = {}
    for one in sorted(overlaps, key=lambda one: one.first.node.start_byte):
        by_place.setdefault(one.second.node.start_byte, one)
    return [by_place[place] for place in sorted(by_place)]


def _literals(file: JavaScriptFile) -> Iterator[tuple[Node, Node]]:
    """The functions that are written where they are given, and the arguments that they are."""
    for kind in ("arrow_function", "function_expression"):
        for literal in file.nodes(kind):
            place = around(literal)
            if (
                place is not None
                and place.type == "arguments"
                and literal.end_byte - literal.start_byte < _MAX_CALLBACK
            ):
                yield literal, literal


def _given_by_name(steps: Steps, file: JavaScriptFile) -> Iterator[tuple[Node, Node]]:
    """Functions of a handler that it gives by their names: `database.find(id, reply)`."""
    named: dict[bytes, set[int]] = {}
    for scope in file.scopes.functions:
        is_inner = scope.parent is not None and scope.parent.kind == FUNCTION and not scope.is_anonymous
        if is_inner and len(scope.node.text or b"") < _MAX_CALLBACK and any(_steps_in(scope.node, steps, file)):
            named.setdefault(scope.name.rpartition("<locals>.")[2].encode(), set()).add(scope.node.id)
    for name in file.nodes("identifier") if named else ():
        known = named.get(name.text or b"")
        place = around(name) if known else None
        if not known or place is None or place.type != "arguments":
            continue
        given = file.function_scope(file.names.symbol(name))
        if given is not None and given.node.id in known and not _holds(given.node, name):
            yield given.node, name


def _callback(literal: Node, argument: Node, steps: Steps, file: JavaScriptFile) -> Callback | None:
    """A function as what the call runs that it is given to; None if it answers nothing of the one around it."""
    place = around(argument)
    call = place.parent if place is not None else None
    if call is None or call.type != "call_expression" or steps.of_call(call) is not None:
        return None
    if not is_run(call) or mentions_guard(file.text(literal)):
        return None
    inner = tuple(_steps_in(literal, steps, file))
    if not inner:
        return None
    chain, link = chain_of(call)
    second_place = link == "then" and len(arguments(call)) > 1 and bare(arguments(call)[1]) == argument
    assigned = assigned_in(file.text(literal))
    target = bound_to(call)
    if target is not None:
        assigned |= frozenset(_NAME.findall(text(target)))
    looked_at = target is None and is_used(call)
    return Callback(call, literal, inner, assigned, chain, "catch" if second_place else link, looked_at)


def _steps_in(literal: Node, steps: Steps, file: JavaScriptFile) -> Iterator[Step]:
    """The answers in a function, and in those within it, on responses that it was not given itself."""
    for call in file.nodes_in("call_expression", literal):
        step = steps.of_call(call)
        if step is None or step.kind not in ("whole", "end", "next") or step.maybe or step.asks:
            continue
        if step.kind == "next":
            function = callee(call)
            found = file.scopes.binding(text(function), call.start_byte) if function is not None else None
            if found is None or _holds(literal, found[0].node):
                continue
        elif step.owner is not None and _holds(literal, step.owner.node):
            continue
        yield step


def _holds(outer: Node, inner: Node) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


class _Deferring:
    """The steps that may have been done before, those of functions that earlier calls were given among them."""

    def __init__(self, steps: Steps, callbacks: dict[int, list[Callback]]) -> None:
        self._steps = steps
        self._callbacks = callbacks
        self.assigned = {
            step: callback.assigned for given in callbacks.values() for callback in given for step in callback.steps
        }

    def start(self) -> Given:
        return frozenset()

    def join(self, one: Given, other: Given) -> Given:
        return one | other

    def transfer(self, event: Event, state: Given) -> Given:
        if event.kind == "assign" and state:
            state = frozenset(one for one in state if one.on != event.subject)
        step = self._steps.of(event)
        if step is not None and step.kind != "header":
            state = state | {step}
        if event.kind == "call" and event.node is not None:
            for callback in self._callbacks.get(event.node.id, ()):
                if not callback.is_used:
                    state = state.union(callback.steps)
        return state

    def raised(self, event: Event, state: Given) -> Given:
        if event.kind == "await":  # what is waited for has failed, and its callbacks with it
            return frozenset(one for one in state if one not in self.assigned)
        return state

    def assume(self, question: Question, holds: bool, state: Given) -> Given | None:
        if self._steps.responses.cannot_be(question, holds):
            return None
        if not state:
            return state
        if is_guard(question):
            return frozenset()
        return frozenset(one for one in state if not self.assigned.get(one, frozenset()) & question.names)


def _overlaps_in(scope: Scope, by_call: dict[int, list[Callback]], steps: Steps) -> Iterator[Overlap]:
    domain = _Deferring(steps, by_call)
    try:
        outcome = interpret(form_of(scope.node, steps.file), Correlated(domain))
    except TooLarge:
        return
    of_step = {step: callback for given in by_call.values() for callback in given for step in callback.steps}
    for event, cases in outcome.events():
        if event.node is None:
            continue
        given: Given = frozenset().union(*cases.states.values())
        second = steps.of(event)
        if second is not None:
            for first in given:
                callback = of_step.get(first)
                if callback is not None and _clash_after(first, second) and not _ends_stream(callback.call, event.node):
                    yield Overlap(first, second, callback.literal)
        if event.kind == "call":
            for callback in by_call.get(event.node.id, ()):
                yield from _in_callback(callback, given, of_step)


def _ends_stream(registration: Node, piping: Node) -> bool:
    """Whether a listener of a stream answers when the stream that is piped into the response has failed, or ended."""
    owners = []
    for call, names in ((registration, _LISTENING), (piping, ("pipe",))):
        function = callee(call) if call.type == "call_expression" else None
        last = function.child_by_field_name("property") if function is not None else None
        owner = function.child_by_field_name("object") if function is not None else None
        if last is None or owner is None or text(last) not in names:
            return False
        owners.append(text(owner))
    return owners[0] == owners[1]


def _clash_after(first: Step, second: Step) -> bool:
    """Whether a step is in the way of one in a callback before it; an end that says nothing as well, it comes first."""
    is_early_end = second.is_plain and first.on == second.on and first.finishes
    return second.kind != "header" and (is_early_end or clash(first, second))


def _in_callback(callback: Callback, given: Given, of_step: dict[Step, Callback]) -> Iterator[Overlap]:
    function = callee(callback.call)
    last = function.child_by_field_name("property") if function is not None else None
    if last is not None and text(last) in _EACH and bare(arguments(callback.call)[0]) == callback.literal:
        for step in callback.steps if not _is_error_first(callback.literal) else ():
            if step.is_plain or step.kind == "next" or _is_counted(step.node, callback.literal):
                continue
            if not _is_left(step.node, callback.literal):
                yield Overlap(step, step, callback.literal, in_each=True)
                break
    for first in given:
        earlier = of_step.get(first)
        if earlier is not None and earlier.chain == callback.chain:
            if earlier.link == "then" and callback.link == "then" and _goes_on(first, earlier.literal):
                second = _certain(callback)
                if second is not None and clash(first, second):
                    yield Overlap(first, second, callback.literal, in_chain=True)
            continue
        if earlier is not None and (callback.link in ("catch", "finally") or earlier.literal == callback.literal):
            continue
        for second in callback.steps:
            if second.kind != "next" and clash(first, second):
                yield Overlap(first, second, callback.literal)
                break


def _is_error_first(literal: Node) -> bool:
    """Whether a function is given an error, so that it is called once, not for each element."""
    names = parameter_names(literal)
    return len(names) > 1 and _ERROR.fullmatch(names[0]) is not None


def _is_counted(step: Node, literal: Node) -> bool:
    """Whether the last of several is to answer: `if (--pending === 0) respond(res)`."""
    current = step.parent
    while current is not None and current != literal:
        condition = current.child_by_field_name("condition") if current.type == "if_statement" else None
        if condition is not None and _COUNTS.search(text(condition)):
            return True
        current = current.parent
    return False


def _is_left(step: Node, literal: Node) -> bool:
    """Whether an error leaves the loop behind an answer."""
    block = step.parent
    while block is not None and block != literal and block.type != "statement_block":
        block = block.parent
    return block is not None and any(child.type == "throw_statement" for child in block.named_children)


def _goes_on(first: Step, literal: Node) -> bool:
    """Whether the chain goes on to its next `then` behind an answer: the function neither throws nor rejects there."""
    block = first.node.parent
    while block is not None and block != literal and block.type != "statement_block":
        block = block.parent
    if block is None:
        return True
    rest = [child for child in block.named_children if child.end_byte > first.node.start_byte]
    return not any(child.type == "throw_statement" or "Promise.reject" in text(child) for child in rest)


def _certain(callback: Callback) -> Step | None:
    """The step of a callback that no test stands in front of."""
    body = callback.literal.child_by_field_name("body")
    for step in callback.steps:
        if step.node == body:
            return step
        statement: Node | None = step.node
        while statement is not None and statement.parent is not None and statement.parent != body:
            if statement.type in ("if_statement", "arrow_function", "function_expression", "ternary_expression"):
                statement = None
                break
            statement = statement.parent
        if statement is None:
            continue
        if body is not None and body.type == "statement_block":
            before = [one for one in body.named_children if one.start_byte < statement.start_byte]
            if any(one.type in ("if_statement", "switch_statement") for one in before):
                continue
        return step
    return None
