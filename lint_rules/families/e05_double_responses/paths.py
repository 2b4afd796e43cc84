"""What answers can have come before a call on some path, and which have come on every path."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lint_rules.families.e05_double_responses.answer import Answer
from lint_rules.flow.correlated import Cases, Correlated
from lint_rules.flow.form import Event, Form, Question
from lint_rules.flow.graph import TooLarge
from lint_rules.flow.interpret import Outcome, interpret
from lint_rules.languages.tables import read_table

AnswersAt = Callable[[Event], tuple[Answer, ...]]
Given = frozenset[Answer]

_WORDS = read_table(Path(__file__).parent / "responses.toml")["guards"]["words"]
_GUARD = re.compile(r"(?:^|[\W_])(?:" + "|".join(word.lstrip("_") for word in _WORDS) + r")\b")


class Earlier:
    """The answers that may have been given before, on some path."""

    def __init__(self, answers: AnswersAt) -> None:
        self._answers = answers

    def start(self) -> Given:
        return frozenset()

    def join(self, one: Given, other: Given) -> Given:
        return one | other

    def transfer(self, event: Event, state: Given) -> Given:
        if event.kind == "assign" and state:  # another object has the name now
            state = frozenset(one for one in state if not _is_part_of(event.subject, one))
        found = [one for one in self._answers(event) if not one.only_after]
        return state.union(found) if found else state

    def raised(self, event: Event, state: Given) -> Given:
        return state

    def assume(self, question: Question, holds: bool, state: Given) -> Given | None:
        if not state or question.node is None:
            return state
        if _GUARD.search(_text(question.node)):
            return frozenset()
        return frozenset(one for one in state if not _asks_about(question.node, one.on))


class Always:
    """The slots that have been answered on every path."""

    def __init__(self, answers: AnswersAt) -> None:
        self._answers = answers

    def start(self) -> Given:
        return frozenset()

    def join(self, one: Given, other: Given) -> Given:
        slots = {answer.slot for answer in one} & {answer.slot for answer in other}
        return frozenset(answer for answer in one | other if answer.slot in slots)

    def transfer(self, event: Event, state: Given) -> Given:
        return state.union(one for one in self._answers(event) if not one.only_after)

    def raised(self, event: Event, state: Given) -> Given:
        return state

    def assume(self, question: Question, holds: bool, state: Given) -> Given | None:
        return state


def earlier_answers(form: Form, answers: AnswersAt) -> Outcome[Cases[Given]] | None:
    """The answers before each event of a function; None if it is too large."""
    try:
        return interpret(form, Correlated(Earlier(answers)))
    except TooLarge:
        return None


def answers_on_some_path(form: Form, answers: AnswersAt) -> tuple[Answer, ...]:
    """The answers that may have been given where a function comes to a normal end; one of each slot."""
    outcome = earlier_answers(form, answers)
    found: set[Answer] = set()
    for exit_, cases in outcome.exits() if outcome is not None else ():
        if exit_.kind != "raise":
            found.update(*cases.states.values())
    by_slot = {answer.slot: answer for answer in sorted(found, key=lambda one: -one.call.start_byte)}
    return tuple(by_slot.values())


def answers_on_every_path(form: Form, answers: AnswersAt) -> tuple[Answer, ...]:
    """The answers without which no path comes to a normal end; one of each slot."""
    domain = Always(answers)
    found: Given | None = None
    try:
        outcome = interpret(form, domain)
    except TooLarge:
        return ()
    for exit_, state in outcome.exits():
        if exit_.kind != "raise":
            found = state if found is None else domain.join(found, state)
    by_slot = {answer.slot: answer for answer in sorted(found or (), key=lambda one: -one.call.start_byte)}
    return tuple(by_slot.values())


_PREDICATE = re.compile(
    r"(?:^|_)(?:is|has|was|can|may|still|not)_|open|clos|connect|sent|start|alive|done", re.IGNORECASE
)


def _asks_about(test: Any, name: str) -> bool:
    """Whether a condition asks a function about the state of what was answered on: `if is_open(websocket)`."""
    function = test.child_by_field_name("function") if test.type == "call" else None
    given = test.child_by_field_name("arguments") if function is not None else None
    if function is None or given is None or not _PREDICATE.search(_text(function).rpartition(".")[2]):
        return False
    return any(_text(one) == name for one in given.named_children)


def _is_part_of(name: str, answer: Answer) -> bool:
    return any(owner == name or owner.startswith(f"{name}.") for owner in (answer.on, answer.by))


def _text(node: Any) -> str:
    return (node.text or b"").decode()
