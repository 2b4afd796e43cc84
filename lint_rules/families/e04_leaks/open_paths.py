"""On which ways out of a function a resource is still open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lint_rules.flow.correlated import Correlated
from lint_rules.flow.form import Event, Form, Question
from lint_rules.flow.graph import Exit, TooLarge
from lint_rules.flow.interpret import interpret


class Resource(Protocol):
    """What the analysis asks about the events of a function."""

    def is_taken_by(self, event: Event) -> bool: ...

    def is_given_back_by(self, event: Event) -> bool: ...

    def is_missing_where(self, question: Question, holds: bool) -> bool: ...


Open = frozenset[tuple[bool, Event | None]]
"""Whether it may be open, and the event whose error led here while it was; (False, None): it may be closed."""

_CLOSED: Open = frozenset(((False, None),))


class Openness:
    """The domain: open or not, and since which error."""

    def __init__(self, resource: Resource, *, starts_open: bool = False) -> None:
        self._resource = resource
        self._start: Open = frozenset(((True, None),)) if starts_open else _CLOSED

    def start(self) -> Open:
        return self._start

    def join(self, one: Open, other: Open) -> Open:
        return one | other

    def transfer(self, event: Event, state: Open) -> Open:
        if self._resource.is_taken_by(event):
            return frozenset(((True, None),))
        return _CLOSED if self._resource.is_given_back_by(event) else state

    def raised(self, event: Event, state: Open) -> Open:
        if self._resource.is_given_back_by(event):
            return _CLOSED
        # An error on the way of another one, as in a `finally`: nobody plans for two.
        return frozenset((True, event) if is_open and cause is None else (False, None) for is_open, cause in state)

    def assume(self, question: Question, holds: bool, state: Open) -> Open | None:
        if self._resource.is_missing_where(question, holds):
            return _CLOSED
        return state


def open_at_exits(
    form: Form, resource: Resource, hands_out: Callable[[Exit], bool], *, starts_open: bool = False
) -> list[tuple[Exit, Event | None]]:
    """The ways out on which the resource may be open, and the event whose error led there, if one did.

    `starts_open` says that the function is given it.
    """
    try:
        outcome = interpret(form, Correlated(Openness(resource, starts_open=starts_open)))
    except TooLarge:
        return []
    found: list[tuple[Exit, Event | None]] = []
    for exit_, cases in outcome.exits():
        if hands_out(exit_):
            continue
        causes = {cause for state in cases.states.values() for is_open, cause in state if is_open}
        found.extend((exit_, cause) for cause in causes)
    return found
