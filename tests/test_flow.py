"""The interpreter over the flow form, compared with the enumeration of paths on generated programs."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lint_rules.flow.correlated import Correlated
from lint_rules.flow.form import (
    NOTHING,
    Branch,
    Condition,
    Event,
    Form,
    Handler,
    Jump,
    Labelled,
    Loop,
    Question,
    Sequence,
    Switch,
    Try,
)
from lint_rules.flow.graph import graph_of
from lint_rules.flow.interpret import interpret

STATES = range(4)
MOVES = {"a": (1, 1, 3, 3), "b": (2, 3, 2, 3), "c": (0, 0, 1, 2)}
"""Each kind of event moves a machine of four states."""


@dataclass(frozen=True)
class Machine:
    """The states in which the machine may be."""

    def start(self) -> frozenset[int]:
        return frozenset((0,))

    def join(self, one: frozenset[int], other: frozenset[int]) -> frozenset[int]:
        return one | other

    def transfer(self, event: Event, state: frozenset[int]) -> frozenset[int]:
        return frozenset(MOVES[event.kind][one] for one in state) if event.kind in MOVES else state

    def raised(self, event: Event, state: frozenset[int]) -> frozenset[int]:
        return state

    def assume(self, test: Question, holds: bool, state: frozenset[int]) -> frozenset[int] | None:
        if test.relation != "even":
            return state
        kept = frozenset(one for one in state if (one % 2 == 0) is holds)
        return kept or None


class Paths:
    """All ways through a form, by walking them one after the other. Rounds of loops are limited."""

    def __init__(self) -> None:
        self.seen: dict[int, set[int]] = {}

    def run(self, form: Form, state: int) -> set[tuple[str, object, int]]:
        """The ways out: ("on", None), ("break", label), ("continue", label), ("return", None), ("raise", kinds)."""
        if isinstance(form, Event):
            self.seen.setdefault(id(form), set()).add(state)
            after = {("on", None, MOVES[form.kind][state])}
            return after | ({("raise", (), state)} if form.may_raise else set())
        if isinstance(form, Sequence):
            ways: set[tuple[str, object, int]] = {("on", None, state)}
            for part in form.parts:
                ways = {way for way in ways if way[0] != "on"} | {
                    after for way in ways if way[0] == "on" for after in self.run(part, way[2])
                }
            return ways
        if isinstance(form, Jump):
            if form.kind == "raise":
                return {("raise", form.error_kinds, state)}
            return {(form.kind, form.label if form.kind != "return" else None, state)}
        if isinstance(form, Branch):
            return {
                after
                for answer, reached in self.decide(form.condition, state)
                for after in self.run(form.then if answer else form.otherwise, reached)
            }
        if isinstance(form, Switch):
            return self.switch(form, state)
        if isinstance(form, Loop):
            return self.loop(form, state)
        if isinstance(form, Labelled):
            return {
                ("on", None, way[2]) if way[:2] == ("break", form.label) else way for way in self.run(form.body, state)
            }
        return self.try_(form, state)

    def decide(self, condition: Condition, state: int) -> set[tuple[bool, int]]:
        if condition.kind == "constant":
            answers = {condition.value}
        elif condition.kind == "test":
            assert condition.test is not None
            answers = {state % 2 == 0} if condition.test.relation == "even" else {True, False}
        else:
            first, second = condition.parts
            answers = set()
            for one, _ in self.decide(first, state):
                stops = one is (condition.kind == "or")
                answers |= {one} if stops else {other for other, _ in self.decide(second, state)}
        return {(answer is not condition.negated, state) for answer in answers}

    def switch(self, form: Switch, state: int) -> set[tuple[str, object, int]]:
        ways: set[tuple[str, object, int]] = set() if form.is_exhaustive and form.cases else {("on", None, state)}
        for place in range(len(form.cases)):
            rest = form.cases[place:] if form.falls_through else form.cases[place : place + 1]
            ways |= self.run(Sequence(rest), state)
        if form.takes_break:
            ways = {("on", None, way[2]) if way[:2] == ("break", "") else way for way in ways}
        return ways

    def loop(self, form: Loop, state: int) -> set[tuple[str, object, int]]:
        out: set[tuple[str, object, int]] = set()
        asked: set[int] = set()
        entered: set[int] = set()
        waiting = [(state, form.tests_first)]
        while waiting:
            current, asks = waiting.pop()
            known = asked if asks else entered
            if current in known:
                continue
            known.add(current)
            if asks:
                for answer, reached in self.decide(form.condition, current):
                    if answer:
                        waiting.append((reached, False))
                    else:
                        out |= self.run(form.otherwise, reached)
                continue
            for way in self.run(form.body, current):
                if way[0] == "break" and way[1] in ("", form.label):
                    out.add(("on", None, way[2]))
                elif way[0] == "on" or (way[0] == "continue" and way[1] in ("", form.label)):
                    waiting.append((way[2], True))
                else:
                    out.add(way)
        return out

    def try_(self, form: Try, state: int) -> set[tuple[str, object, int]]:
        ways: set[tuple[str, object, int]] = set()
        for way in self.run(form.body, state):
            if way[0] == "on":
                ways |= self.run(form.otherwise or NOTHING, way[2])
            elif way[0] == "raise" and form.handlers:
                for handler in form.handlers:
                    sure = not handler.catches or any(kind in handler.catches for kind in way[1])  # type: ignore[attr-defined]
                    ways |= self.run(handler.body, way[2])
                    if sure and way[1]:
                        break
                else:
                    if not any(not handler.catches for handler in form.handlers):
                        ways.add(way)
            else:
                ways.add(way)
        if form.finally_ is None:
            return ways
        return {
            (*way[:2], after[2]) if after[0] == "on" else after
            for way in ways
            for after in self.run(form.finally_, way[2])
        }


conditions = st.recursive(
    st.one_of(
        st.builds(lambda: Condition("test", Question("", "even"))),
        st.builds(lambda: Condition("test", Question(""))),
        st.builds(lambda value: Condition("constant", value=value), st.booleans()),
    ),
    lambda inner: st.builds(
        lambda kind, one, other, negated: Condition(kind, parts=(one, other), negated=negated),
        st.sampled_from(("and", "or")), inner, inner, st.booleans(),
    ),
    max_leaves=3,
)  # fmt: skip
events = st.builds(lambda kind, may_raise: Event(kind, "", may_raise=may_raise), st.sampled_from("abc"), st.booleans())
jumps = st.one_of(
    st.builds(Jump, st.sampled_from(("return", "raise", "break", "continue"))),
    st.builds(lambda kind: Jump("raise", error_kinds=(kind,)), st.sampled_from(("Lost", "Late"))),
    st.builds(lambda: Jump("break", "outer")),
)
handlers = st.sampled_from(((), ("Lost",), ("Late",)))


def _grown(inner: st.SearchStrategy[Form]) -> st.SearchStrategy[Form]:
    return st.one_of(
        st.builds(lambda parts: Sequence(tuple(parts)), st.lists(inner, max_size=4)),
        st.builds(Branch, conditions, inner, inner),
        st.builds(
            lambda condition, body, otherwise, first: Loop(condition, body, otherwise, tests_first=first),
            conditions, inner, inner, st.booleans(),
        ),
        st.builds(
            lambda cases, exhaustive, through, taken: Switch(tuple(cases), exhaustive, through, taken),
            st.lists(inner, min_size=1, max_size=3), st.booleans(), st.booleans(), st.booleans(),
        ),
        st.builds(
            lambda body, caught, handler, otherwise, finally_: Try(
                body, tuple(Handler(one, handler) for one in caught), otherwise, finally_
            ),
            inner, st.lists(handlers, max_size=2), inner, inner, st.one_of(st.none(), inner),
        ),
        st.builds(lambda body: Labelled("outer", body), inner),
    )  # fmt: skip


forms = st.recursive(st.one_of(events, jumps), _grown, max_leaves=12)


def _closed(form: Form) -> Form:
    """The program in a loop and a block, so that every jump has somewhere to go."""
    return Labelled("outer", Loop(Condition("test", Question("")), form, NOTHING))


@settings(max_examples=400, deadline=None)
@given(forms)
def test_the_interpreter_finds_what_the_enumeration_of_paths_finds(form: Form) -> None:
    program = _closed(form)
    paths = Paths()
    ends = paths.run(program, 0)
    outcome = interpret(program, Machine())
    before: dict[int, set[int]] = {}
    for event, state in outcome.events():
        if event.kind in MOVES:
            before.setdefault(id(event), set()).update(state)
    assert before == paths.seen
    reached: dict[str, set[int]] = {}
    for exit_, state in outcome.exits():
        reached.setdefault(exit_.kind, set()).update(state)
    expected: dict[str, set[int]] = {}
    for kind, _, state in ends:
        expected.setdefault({"on": "end"}.get(kind, kind), set()).add(state)
    assert reached == expected


@settings(max_examples=150, deadline=None)
@given(forms)
def test_keeping_cases_apart_loses_nothing_where_tests_tell_nothing(form: Form) -> None:
    program = _closed(form)
    plain, apart = interpret(program, Machine()), interpret(program, Correlated(Machine()))
    for one, cases in zip(plain.states, apart.states, strict=True):
        assert (one is None) is (cases is None)
        if one is not None and cases is not None:
            assert one == frozenset().union(*cases.states.values())


def test_the_same_question_has_the_same_answer_until_the_name_is_bound_again() -> None:
    def asks(then: Form) -> Branch:
        return Branch(Condition("test", Question("failed", names=frozenset(("failed",)))), then, NOTHING)

    second = Event("b", "")
    program = Sequence((asks(Event("a", "")), asks(NOTHING), Event("c", ""), asks(second)))
    (state,) = [cases for event, cases in interpret(program, Correlated(Machine())).events() if event is second]
    assert set().union(*state.states.values()) == {0}
    bound = Sequence((asks(Event("a", "")), Event("assign", "failed"), asks(second)))
    (state,) = [cases for event, cases in interpret(bound, Correlated(Machine())).events() if event is second]
    assert set().union(*state.states.values()) == {0, 1}


@pytest.mark.parametrize("depth", [5_000])
def test_nesting_and_length_need_no_stack(depth: int) -> None:
    form: Form = Event("a", "")
    for _ in range(depth):
        form = Branch(Condition("test", Question("")), form, NOTHING)
    outcome = interpret(Sequence((form,) * 1), Machine())
    assert {exit_.kind for exit_, _ in outcome.exits()} == {"end"}
    assert len(graph_of(Sequence(tuple(Event("a", "") for _ in range(depth)))).actions) == depth + 2
