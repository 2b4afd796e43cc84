"""The findings below the files they are in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from lint_rules.reporters.concise import fix_mark
from lint_rules.reporters.escape import visible
from lint_rules.reporters.summary import summary

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View


def render(report: Report, view: View) -> Iterator[str]:
    """A block per file, then the summary."""
    for path, found in groupby(report.findings, key=lambda finding: finding.path):
        yield f"{view.link(view.paint(view.relative(path), 'bold'), path)}:\n"
        findings = list(found)
        row_width = max(len(str(finding.span.row)) for finding in findings)
        column_width = max(len(str(finding.span.column)) for finding in findings)
        for finding in findings:
            place = f"{finding.span.row:>{row_width}}:{finding.span.column:<{column_width}}"
            code = view.paint_severity(finding.code, finding.severity)
            yield f"  {place} {code}{view.paint(fix_mark(finding, view), 'cyan')} {visible(finding.message)}\n"
        yield "\n"
    if view.show_summary:
        yield summary(report, view) + "\n"
