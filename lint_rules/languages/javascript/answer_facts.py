"""What a function answers on a response that it is given, as facts: for callers in any file of the project.

A fact is (strength, place, kind) or (strength, place, "hands", target, position): "always" on every path to a normal
end or "maybe" on some; on the parameter at `place`, on a member such as `this.res`, or on the response of a function
around it, whose name stands behind `^`. `kind` is that of the answer, "guarded" where it is given only if none was;
"hands" where the project's function `target` is given the response to answer on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from tree_sitter import Node

from lint_rules.flow.correlated import Correlated
from lint_rules.flow.form import Event, Question
from lint_rules.flow.graph import TooLarge
from lint_rules.flow.interpret import interpret
from lint_rules.languages.javascript.answering import ANSWERING, Response, Responses
from lint_rules.languages.javascript.grammar import arguments, bare, callee
from lint_rules.languages.javascript.guarding import is_guard
from lint_rules.languages.javascript.lowering import form_of
from lint_rules.languages.javascript.scopes import FUNCTION, Scope
from lint_rules.project.facts import FunctionFacts, ModuleFacts

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

Fact = tuple[str, ...]

OUTER = "^"
"""In front of the name of a response that belongs to a function around the one that answers on it."""

_HANDED = re.compile(rb"[(,]\s*(?:res|resp|response|reply)\s*[,)]|\bres(?:ponse)?\s*[:?]|Response\b|Reply\b")
_MAX_FUNCTIONS = 300


class _State(Struct, frozen=True):
    """`done`: what answers on every path that leads here; `perhaps`: on some. `asked`: a guard was passed."""

    done: frozenset[Fact]
    is_done: bool
    perhaps: frozenset[Fact]
    asked: bool = False


class _Answering:
    def __init__(self, facts: dict[int, Fact]) -> None:
        self._facts = facts

    def start(self) -> _State:
        return _State(frozenset(), False, frozenset())

    def join(self, one: _State, other: _State) -> _State:
        return _State(
            one.done | other.done, one.is_done and other.is_done, one.perhaps | other.perhaps, one.asked or other.asked
        )

    def transfer(self, event: Event, state: _State) -> _State:
        fact = self._facts.get(event.node.id) if event.kind == "call" and event.node is not None else None
        if fact is None:
            return state
        if state.asked and fact[0] != "hands":
            fact = ("guarded",)
        is_certain = state.is_done and any(one[0] != "hands" for one in state.done)
        done = frozenset((fact,))
        if is_certain:  # a head and an end are a whole answer
            done = frozenset(("whole",) if one == ("head",) and fact == ("end",) else one for one in state.done)
        return _State(done, True, state.perhaps | {fact}, state.asked)

    def raised(self, event: Event, state: _State) -> _State:
        return state

    def assume(self, question: Question, holds: bool, state: _State) -> _State | None:
        if not is_guard(question):
            return state
        if holds:
            return replace(state, is_done=True, done=state.done or frozenset((("guarded",),)), asked=True)
        return replace(state, asked=True)


def with_answers(facts: ModuleFacts, file: JavaScriptFile) -> ModuleFacts:
    """The facts with what each function answers."""
    if not (ANSWERING.search(file.data) or _HANDED.search(file.data)):
        return facts
    found = dict(_answers(facts, file))
    if not found:
        return facts
    functions: dict[str, FunctionFacts] = {
        name: msgspec.structs.replace(function, always=found[name]) if name in found else function
        for name, function in facts.functions.items()
    }
    return msgspec.structs.replace(facts, functions=functions)


def _answers(facts: ModuleFacts, file: JavaScriptFile) -> Iterator[tuple[str, tuple[Fact, ...]]]:
    responses = Responses(file, asks_frameworks=False)
    by_function: dict[int, tuple[Scope, Response, dict[int, Fact]]] = {}
    for call in file.nodes("call_expression"):
        scope = file.scopes.at(call.start_byte).function
        if scope is None or scope.kind != FUNCTION or scope.is_anonymous or scope.name not in facts.functions:
            continue
        for response, fact in _facts_of(call, responses, file):
            is_member = response.owner is None and response.key.startswith("this.")
            if (response.owner is not None or is_member) and (
                scope.node.id in by_function or len(by_function) < _MAX_FUNCTIONS
            ):
                known = by_function.setdefault(scope.node.id, (scope, response, {}))
                if known[1].key == response.key:
                    known[2][call.id] = fact
    for scope, response, calls in by_function.values():
        place = response.key if response.owner is None else str(response.position)
        if response.owner is not None and response.owner is not scope:
            place = f"{OUTER}{response.key}"
        if place != "-1":
            yield scope.name, tuple(_summary(scope, place, calls, file))


def _facts_of(call: Node, responses: Responses, file: JavaScriptFile) -> Iterator[tuple[Response, Fact]]:
    sent = responses.sent(call)
    if sent is not None:
        yield sent.response, (sent.kind,)
        return
    function = callee(call)
    if function is None or bare(function).type not in ("identifier", "member_expression"):
        return
    given = [(position, one) for position, one in enumerate(arguments(call)) if bare(one).type == "identifier"]
    for position, argument in given:
        response = responses.response(argument)
        symbol = file.names.symbol(function) if response is not None else ""
        if response is not None and symbol and "<parameter>" not in symbol and file.is_own(symbol):
            yield response, ("hands", symbol, str(position))
            return


def _summary(scope: Scope, place: str, calls: dict[int, Fact], file: JavaScriptFile) -> Iterator[Fact]:
    domain = _Answering(calls)
    try:
        outcome = interpret(form_of(scope.node, file), Correlated(domain))
    except TooLarge:
        return
    joined: _State | None = None
    for exit_, cases in outcome.exits():
        if exit_.kind != "raise":
            for state in cases.states.values():
                joined = state if joined is None else domain.join(joined, state)
    if joined is None:
        return
    if joined.is_done:
        yield from (("always", place, *fact) for fact in sorted(joined.done))
    else:
        yield from (("maybe", place, *fact) for fact in sorted(joined.perhaps))
