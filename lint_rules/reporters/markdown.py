"""A summary in Markdown, for the page of a CI job or a comment on a change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from lint_rules.engine.selection import FAMILY_NAMES
from lint_rules.model import Finding, Severity
from lint_rules.reporters.escape import visible
from lint_rules.reporters.places import relative_name, repository_folder
from lint_rules.reporters.summary import summary

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View

# A summary page holds 1 MiB; nobody reads more in one anyway.
_MOST_FINDINGS: Final = 200
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#|~&$@:])")
_CODE: Final = re.compile(r"`([^`]+)`")


def render(report: Report, view: View) -> Iterator[str]:
    """The summary line, a table of the rules, and the first findings."""
    yield f"## tenlint\n\n{plain(summary(report, view))}\n"
    if not report.findings:
        return
    yield "\n| findings | family | rule | severity |\n|---:|---|---|---|\n"
    counts = Counter((finding.code, finding.name, finding.severity) for finding in report.findings)
    for (code, name, severity), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        family = FAMILY_NAMES.get(code[3:5], code[3:5])
        yield f"| {count} | {family} | {code} {name} | {severity.value} |\n"
    top = repository_folder(view)
    shown = sorted(report.findings, key=lambda finding: -finding.severity.rank)[:_MOST_FINDINGS]
    yield "\n| place | finding |\n|---|---|\n"
    for finding in shown:
        yield _row(finding, top)
    if len(shown) < len(report.findings):
        yield f"\nand {len(report.findings) - len(shown)} more, which are not listed here.\n"


def _row(finding: Finding, top: str) -> str:
    mark = {Severity.ERROR: "**error**", Severity.WARNING: "warning", Severity.INFO: "info"}[finding.severity]
    place = code(f"{relative_name(finding.path, top)}:{finding.span.row}")
    return f"| {place} | {mark} {finding.code} {text(finding.message)} |\n"


def plain(words: str) -> str:
    """Text in which nothing is markup: no link, mention, tag or table cell comes of it."""
    return _SPECIAL.sub(r"\\\1", visible(words))


def code(words: str) -> str:
    """Text in the type of code, within a table."""
    words = visible(words).replace("|", "\\|")
    runs = max((len(run) for run in re.findall("`+", words)), default=0)
    fence = "`" * (runs + 1)
    return f"{fence}{' ' if runs else ''}{words}{' ' if runs else ''}{fence}"


def text(message: str) -> str:
    """A message, with what it has in backticks in the type of code."""
    parts = _CODE.split(message)
    return "".join(code(part) if index % 2 else plain(part) for index, part in enumerate(parts))
