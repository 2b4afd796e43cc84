"""Whether something that must be done is still to be done, on some path through a function."""

from __future__ import annotations

from typing import ClassVar

from lint_rules.flow.form import Event, Question


class Unsettled:
    """The domain: True where one of the nodes that settle it may not have been met. Others say what questions tell."""

    TELLS_NOTHING: ClassVar[frozenset[str]] = frozenset({"round", "next"})
    """Kinds of events that stand for no step of the source."""

    def __init__(self, settling: frozenset[int]) -> None:
        self._settling = settling

    def start(self) -> bool:
        return True

    def join(self, one: bool, other: bool) -> bool:
        return one or other

    def transfer(self, event: Event, state: bool) -> bool:
        if event.kind in self.TELLS_NOTHING or event.node is None:
            return state
        return state and event.node.id not in self._settling

    def raised(self, event: Event, state: bool) -> bool:
        return state

    def assume(self, question: Question, holds: bool, state: bool) -> bool | None:
        return state


__all__ = ["Unsettled"]
