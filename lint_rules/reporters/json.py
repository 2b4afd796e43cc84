"""JSON: a list of objects in ruff's shape, one per line, ASCII only, so that any name and message survives exactly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lint_rules.engine.fingerprint import fingerprints
from lint_rules.engine.selection import FAMILY_NAMES
from lint_rules.model import Finding, Span

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View


def render(report: Report, view: View) -> Iterator[str]:
    """The findings as one JSON list."""
    yield "["
    separator = "\n"
    for finding, fingerprint in zip(
        report.findings, fingerprints(report.findings, view.root, view.source), strict=True
    ):
        yield separator + json.dumps(as_object(finding, fingerprint))
        separator = ",\n"
    yield "]\n" if separator == "\n" else "\n]\n"


def as_object(finding: Finding, fingerprint: str) -> dict[str, Any]:
    """One finding as JSON values; rows and columns from 1, columns in characters, file names absolute."""
    return {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "family": FAMILY_NAMES.get(finding.code[3:5], finding.code[3:5]),
        "filename": finding.path,
        "location": _start(finding.span),
        "end_location": _end(finding.span),
        "related": [
            {"filename": related.path, "location": _start(related.span), "message": related.message}
            for related in finding.related
        ],
        "suggestion": finding.suggestion,
        "fix": None
        if finding.fix is None
        else {
            "applicability": finding.fix.applicability.value,
            "message": finding.fix.message,
            "edits": [
                {"content": edit.content, "location": _start(edit.span), "end_location": _end(edit.span)}
                for edit in finding.fix.edits
            ],
        },
        "url": None,
        "fingerprint": fingerprint,
    }


def _start(span: Span) -> dict[str, int]:
    return {"row": span.row, "column": span.column}


def _end(span: Span) -> dict[str, int]:
    return {"row": span.end_row, "column": span.end_column}
