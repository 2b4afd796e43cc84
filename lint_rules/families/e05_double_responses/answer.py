"""A call that answers a request."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Answer(Struct, frozen=True):
    """`once` is what can be done only once `on` a thing; `by` is the object that does it; `call` is the syntax node.

    `only_after`: no answer itself, but an error after one. `again_by_same`: the object may do it again. `returns` are
    classes and functions whose value, returned afterwards, is a second answer. `maybe`: a function gives it on some of
    its paths only, and what it returns is not looked at.
    """

    call: Any
    once: str
    on: str
    by: str = ""
    only_after: bool = False
    again_by_same: bool = False
    wrong: str = ""
    returns: tuple[str, ...] = ()
    maybe: bool = False

    @property
    def slot(self) -> tuple[str, str]:
        """What two answers must have in common to be in each other's way."""
        return (self.once, self.on)
