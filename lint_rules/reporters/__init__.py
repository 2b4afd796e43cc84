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
    "grouped": "lint_rules.reporters.grouped",
    "json": "lint_rules.reporters.json",
    "jsonl": "lint_rules.reporters.jsonl",
    "sarif": "lint_rules.reporters.sarif",
    "github": "lint_rules.reporters.github",
    "gitlab": "lint_rules.reporters.gitlab",
    "junit": "lint_rules.reporters.junit",
    "checkstyle": "lint_rules.reporters.checkstyle",
    "rdjson": "lint_rules.reporters.rdjson",
    "markdown": "lint_rules.reporters.markdown",
    "html": "lint_rules.reporters.html",
    "part": "lint_rules.reporters.part",
}
# Formats for people, beside which other text does no harm.
TEXT_FORMATS: Final = frozenset({"full", "concise", "grouped"})


class Reporter(Protocol):
    """What a format's module offers."""

    def render(self, report: Report, view: View) -> Iterator[str]: ...


def render(format_name: str, report: Report, view: View) -> Iterator[str]:
    """The report in a format of FORMATS, piece by piece. What its findings call secret is shown in none of them."""
    from lint_rules.reporters.redact import secrets_of, without_secrets

    secrets = secrets_of(report)
    if secrets:
        view.keep_secret(secrets)
        report = without_secrets(report, secrets, view.read)
    return cast(Reporter, import_module(FORMATS[format_name])).render(report, view)
