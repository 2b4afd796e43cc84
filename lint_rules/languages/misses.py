"""Conclusions that are kept although they rest on modules that are not known yet."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Protocol, TypeVar

from lint_rules.project.symbols import Symbols

Answer = TypeVar("Answer")


class Concluding(Protocol):
    """What keeps its conclusions: `is_unsure` says that some of them rest on modules that are not known."""

    symbols: Symbols
    is_unsure: bool


def keeping_misses(question: Callable[..., Answer]) -> Callable[..., Answer]:
    """Count a miss (`Symbols.misses`) whenever conclusions are asked for that once met an unknown module.

    Whoever asks first meets the unknown module; who asks later is given what was kept, and must learn it all the same,
    since by its misses a check is known that has to look again.
    """

    @wraps(question)
    def asked(self: Concluding, *given: object) -> Answer:
        misses = self.symbols.misses
        answer = question(self, *given)
        if self.symbols.misses != misses:
            self.is_unsure = True
        elif self.is_unsure:
            self.symbols.misses += 1
        return answer

    return asked


__all__ = ["Concluding", "keeping_misses"]
