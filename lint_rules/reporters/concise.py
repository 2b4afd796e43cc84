"""One line per finding: `path:row:column: CODE message`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.model import Applicability, Finding
from lint_rules.reporters.escape import visible
from lint_rules.reporters.summary import summary

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View


def render(report: Report, view: View) -> Iterator[str]:
    """The findings, then the summary."""
    for finding in report.findings:
        place = view.link(view.paint(view.relative(finding.path), "bold"), finding.path)
        code = view.paint_severity(finding.code, finding.severity)
        mark = view.paint(fix_mark(finding, view), "cyan")
        yield f"{place}:{finding.span.row}:{finding.span.column}: {code}{mark} {visible(finding.message)}\n"
    if view.show_summary:
        yield summary(report, view) + "\n"


def fix_mark(finding: Finding, view: View) -> str:
    """` [*]` behind the code of a finding that `--fix` would fix now."""
    if finding.fix is None:
        return ""
    applicability = finding.fix.applicability
    is_fixable = applicability is Applicability.SAFE or (view.unsafe_fixes and applicability is Applicability.UNSAFE)
    return " [*]" if is_fixable else ""
