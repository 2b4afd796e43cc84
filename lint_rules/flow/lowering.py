"""What the lowerings of all languages share: how they ask for the parts of a node, and put them together."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

from msgspec import Struct

from lint_rules.flow.form import NOTHING, Form, Sequence

Steps = Generator["Task", Any, Any]
"""A node being lowered: it yields what it needs lowered first (see `flow/trampoline.py`)."""


class Task(Struct, frozen=True):
    """Lower a node as a statement or expression, or as a condition; `label` is that of a loop."""

    node: Any
    as_condition: bool = False
    label: str = ""


def constant(form: Form) -> Steps:
    """A form that needs nothing lowered."""
    return form
    yield


def joined(parts: Iterable[Form]) -> Form:
    """One thing after the other, those left out where nothing happens."""
    kept = tuple(part for part in parts if part is not NOTHING)
    if not kept:
        return NOTHING
    return kept[0] if len(kept) == 1 else Sequence(kept)


__all__ = ["Steps", "Task", "constant", "joined"]
