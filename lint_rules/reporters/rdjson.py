"""Reviewdog's diagnostic format (rdjson), which it turns into review comments with suggested changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from lint_rules.model import Applicability, Finding, Severity, Span
from lint_rules.reporters.escape import visible
from lint_rules.reporters.places import relative_name

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View

_SEVERITY: Final = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.INFO: "INFO"}


def render(report: Report, view: View) -> Iterator[str]:
    """One JSON object, a diagnostic a line. Columns count UTF-8 bytes from 1, which is what reviewdog counts."""
    yield '{"source": {"name": "tenlint"}, "diagnostics": ['
    separator = "\n"
    for finding in report.findings:
        yield separator + json.dumps(_diagnostic(finding, view))
        separator = ",\n"
    yield "]}\n" if separator == "\n" else "\n]}\n"


def _diagnostic(finding: Finding, view: View) -> dict[str, Any]:
    diagnostic: dict[str, Any] = {
        "message": visible(finding.message),
        "location": _location(view, finding.path, finding.span),
        "severity": _SEVERITY[finding.severity],
        "code": {"value": finding.code},
    }
    if finding.related:
        diagnostic["related_locations"] = [
            {"message": visible(related.message), "location": _location(view, related.path, related.span)}
            for related in finding.related
        ]
    if finding.fix is not None and finding.fix.applicability is not Applicability.DISPLAY:
        diagnostic["suggestions"] = [
            {"range": _range(view, finding.path, edit.span), "text": edit.content} for edit in finding.fix.edits
        ]
    return diagnostic


def _location(view: View, path: str, span: Span) -> dict[str, Any]:
    return {"path": visible(relative_name(path, view.folder)), "range": _range(view, path, span)}


def _range(view: View, path: str, span: Span) -> dict[str, Any]:
    source = view.source(path)

    def position(row: int, column: int, offset: int) -> dict[str, int]:
        if source is not None and row <= source.row_count and offset <= len(source.data):
            column = offset - source.line_starts[row - 1] + 1
        return {"line": row, "column": column}

    return {
        "start": position(span.row, span.column, span.start),
        "end": position(span.end_row, span.end_column, span.end),
    }
