"""Recursion over nested data without Python's stack, so that no nesting is too deep."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

Request = TypeVar("Request")
Answer = TypeVar("Answer")


def bounce(step: Callable[[Request], Generator[Request, Any, Answer]], first: Request) -> Answer:
    """Run `step(first)`; a request that a step yields is answered by the result of `step(request)`."""
    waiting = [step(first)]
    answer: Any = None
    while waiting:
        try:
            request = waiting[-1].send(answer)
        except StopIteration as end:
            waiting.pop()
            answer = end.value
        else:
            waiting.append(step(request))
            answer = None
    result: Answer = answer
    return result
