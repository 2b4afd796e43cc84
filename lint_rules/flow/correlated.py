"""States kept apart by what earlier tests and assignments have told: `done = True` ... `if not done:`.

Without this, paths that no run takes (the branch that set a flag, then the branch for the flag not set) would be joined
and reported. A state is a set of cases; each case knows some answers to tests, and holds a state of the inner domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from msgspec import Struct

from lint_rules.flow.form import Event, Question
from lint_rules.flow.interpret import Domain

State = TypeVar("State")

MAX_CASES = 24

Key = tuple[str, str, str]
Answers = frozenset[tuple[Key, bool]]

_CONSTANTS = {
    "True": (("truthy", "", True), ("is", "None", False)),
    "False": (("truthy", "", False), ("is", "None", False)),
    "None": (("truthy", "", False), ("is", "None", True)),
    "object": (("truthy", "", True), ("is", "None", False)),
}


class Cases(Struct, Generic[State], frozen=True):
    """States by the answers known on their paths; `is_merged`: there were too many, and all are one for good."""

    states: Mapping[Answers, State]
    is_merged: bool = False


class Correlated(Generic[State]):
    """The inner domain's states, kept apart by the answers known."""

    def __init__(self, inner: Domain[State]) -> None:
        self._inner = inner
        self._names: dict[Key, frozenset[str]] = {}

    def start(self) -> Cases[State]:
        return Cases({frozenset(): self._inner.start()})

    def join(self, one: Cases[State], other: Cases[State]) -> Cases[State]:
        joined = dict(one.states)
        for answers, state in other.states.items():
            known = joined.get(answers)
            joined[answers] = state if known is None else self._inner.join(known, state)
        if one.is_merged or other.is_merged or len(joined) > MAX_CASES:
            return self._merge(joined)
        return Cases(joined)

    def _merge(self, states: Mapping[Answers, State]) -> Cases[State]:
        answers = frozenset.intersection(*states)
        merged: State | None = None
        for state in states.values():
            merged = state if merged is None else self._inner.join(merged, state)
        assert merged is not None
        return Cases({answers: merged}, True)

    def transfer(self, event: Event, state: Cases[State]) -> Cases[State]:
        return self._mapped(event, state, raised=False)

    def raised(self, event: Event, state: Cases[State]) -> Cases[State]:
        return self._mapped(event, state, raised=True)

    def _mapped(self, event: Event, cases: Cases[State], *, raised: bool) -> Cases[State]:
        found: dict[Answers, State] = {}
        for answers, state in cases.states.items():
            after = self._inner.raised(event, state) if raised else self._inner.transfer(event, state)
            told = answers if raised else self._told(event, answers)
            known = found.get(told)
            found[told] = after if known is None else self._inner.join(known, after)
        return Cases(found, cases.is_merged)

    def _told(self, event: Event, answers: Answers) -> Answers:
        if event.kind == "assign":
            name = event.subject
            kept = frozenset(one for one in answers if name not in self._names.get(one[0], ()) and one[0][0] != name)
            told = _CONSTANTS.get(event.value, ())
            return kept.union(((name, relation, value), holds) for relation, value, holds in told)
        if event.kind == "round":  # another round may find attributes and elements changed
            return frozenset(one for one in answers if one[0][0].isidentifier())
        return answers

    def assume(self, test: Question, holds: bool, cases: Cases[State]) -> Cases[State] | None:
        found: dict[Answers, State] = {}
        told: dict[Key, bool] = {}
        if test.subject:
            self._names[test.key] = test.names
            told = dict(_implied(test, holds))
        for answers, state in cases.states.items():
            if any((key, not answer) in answers for key, answer in told.items()):
                continue
            if holds and test.relation == "==" and _equals_another(test, answers):
                continue
            inner = self._inner.assume(test, holds, state)
            if inner is None:
                continue
            extended = answers.union(told.items())
            known = found.get(extended)
            found[extended] = inner if known is None else self._inner.join(known, inner)
        return Cases(found, cases.is_merged) if found else None


def _equals_another(test: Question, answers: Answers) -> bool:
    """Whether what is compared is known to equal a literal that differs from the test's."""
    literal = _literal(test.value)
    return literal != "" and any(
        holds and subject == test.subject and relation == "==" and _literal(value) not in ("", literal)
        for (subject, relation, value), holds in answers
    )


def _literal(value: str) -> str:
    """A string or number as it is compared, "" for anything else."""
    if value[:1] in "'\"" and value[:1] == value[-1:] and len(value) > 1 and value[:1] not in value[1:-1]:
        return f"'{value[1:-1]}"
    return value if value.isdigit() else ""


def _implied(test: Question, holds: bool) -> list[tuple[Key, bool]]:
    """The answer, and the others that follow: what is true is not None, and None is not true.

    `null` and `undefined` are both None; what is not None is neither.
    """
    told = [(test.key, holds)]
    is_nothing = test.relation == "is" and test.value in ("None", "null", "undefined")
    if test.relation == "truthy" and holds:
        told.append(((test.subject, "is", "None"), False))
    elif is_nothing and holds:
        told.append(((test.subject, "truthy", ""), False))
        if test.value != "None":
            told.append(((test.subject, "is", "None"), True))
    elif is_nothing and test.value == "None":
        told.extend(((test.subject, "is", value), False) for value in ("null", "undefined"))
    return told
