"""The format for people: each finding with its source lines, related places, what to do, and the fix as a diff."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.engine.edits import changed_lines
from lint_rules.model import Finding, Fix
from lint_rules.reporters.concise import fix_mark
from lint_rules.reporters.escape import visible
from lint_rules.reporters.excerpt import excerpt, shown_line
from lint_rules.reporters.summary import summary
from lint_rules.source import SourceText

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View


def render(report: Report, view: View) -> Iterator[str]:
    """Every finding as a block of lines, then the summary."""
    for finding in report.findings:
        yield "\n".join(_block(finding, view)) + "\n\n"
    if view.show_summary:
        yield summary(report, view) + "\n"


def _block(finding: Finding, view: View) -> Iterator[str]:
    label = view.paint_severity(f"{finding.severity.value}[{finding.code}]", finding.severity)
    mark = view.paint(fix_mark(finding, view), "cyan")
    yield f"{label} {finding.name}{mark}: {view.paint(visible(finding.message), 'bold')}"
    span = finding.span
    source = view.source(finding.path)
    if source is not None and span.end > len(source.data):
        # The file became shorter while it was analysed.
        source = None
    rows = [span.end_row + 1, *(related.span.end_row + 1 for related in finding.related)]
    gutter = len(str(max(rows)))
    arrow = view.paint("-->", "blue")
    yield f"{' ' * gutter}{arrow} {_place(view, finding.path, span.row, span.column)}"
    if source is not None:
        yield from excerpt(view, source, span, finding.severity, gutter)
    for related in finding.related:
        colons = view.paint(":::", "blue")
        place = _place(view, related.path, related.span.row, related.span.column)
        yield f"{' ' * gutter}{colons} {place}: {visible(related.message)}"
        related_source = view.source(related.path)
        if related_source is not None and 1 <= related.span.row <= related_source.row_count:
            number = view.paint(f"{related.span.row:>{gutter}} |", "blue")
            yield f"{number} {shown_line(related_source.line_text(related.span.row), related.span.column).text}"
    if finding.suggestion:
        yield f"{' ' * gutter} {view.paint('= help:', 'bold')} {visible(finding.suggestion)}"
    if finding.fix is not None and source is not None:
        yield from _fix_lines(view, source, finding.fix, gutter)


def _place(view: View, path: str, row: int, column: int) -> str:
    return view.link(f"{view.relative(path)}:{row}:{column}", path)


def _fix_lines(view: View, source: SourceText, fix: Fix, gutter: int) -> Iterator[str]:
    yield f"{' ' * gutter} {view.paint('= fix', 'bold')} ({fix.applicability.value}): {visible(fix.message)}"
    for sign, row, text in changed_lines(source, fix.edits):
        if not row:
            yield f"{' ' * gutter} {view.paint('...', 'blue')}"
            continue
        colour = {"-": "red", "+": "green"}.get(sign, "faint")
        yield f"{row:>{gutter}} {view.paint(f'{sign} {shown_line(text).text}'.rstrip(), colour)}".rstrip()
