"""Reports: findings in, text out. One module per format, imported when it is asked for.

A format's module has `render(report, view)`, which yields pieces of text that are written one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View

FORMATS: Final[Mapping[str, str]] = {
    "full": "lint_rules.reporters.full",
    "concise": "lint_rules.reporters.concise",
    "json": "lint_rules.reporters.json",
    "github": "lint_rules.reporters.github",
}
# Formats for people, beside which other text does no harm.
TEXT_FORMATS: Final = frozenset({"full", "concise"})


class Reporter(Protocol):
    """What a format's module offers."""

    def render(self, report: Report, view: View) -> Iterator[str]: ...


def render(format_name: str, report: Report, view: View) -> Iterator[str]:
    """The report in a format of FORMATS, piece by piece."""
    return cast(Reporter, import_module(FORMATS[format_name])).render(report, view)
