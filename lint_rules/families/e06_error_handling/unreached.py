"""One central error handler that no error comes to."""

from __future__ import annotations

from dataclasses import dataclass

from lint_rules.model import Span
from lint_rules.project.facts import ModuleFacts


@dataclass(frozen=True, slots=True)
class Unreached:
    """Where it is registered, why no error comes to it, what to do in short and in full."""

    module: ModuleFacts
    span: Span
    function: str
    problem: str
    remedy: str
    advice: str
