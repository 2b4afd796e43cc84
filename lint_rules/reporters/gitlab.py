"""GitLab's code quality report: a JSON list that merge requests show as a widget and beside the changed lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from lint_rules.engine.fingerprint import fingerprints
from lint_rules.model import Severity
from lint_rules.reporters.escape import visible
from lint_rules.reporters.places import relative_name, repository_folder

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View

_SEVERITY: Final = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(report: Report, view: View) -> Iterator[str]:
    """The findings as one JSON list; file names are relative to the checkout, fingerprints unique."""
    top = repository_folder(view)
    prints = fingerprints(report.findings, view.root, view.source)
    separator = "[\n"
    for finding, fingerprint in zip(report.findings, prints, strict=True):
        span = finding.span
        issue = {
            "type": "issue",
            "description": visible(f"{finding.code} {finding.message}"),
            "check_name": finding.code,
            "categories": ["Bug Risk"],
            "severity": _SEVERITY[finding.severity],
            "fingerprint": fingerprint,
            "location": {
                "path": visible(relative_name(finding.path, top)),
                "lines": {"begin": span.row, "end": max(span.row, span.end_row)},
            },
        }
        yield separator + json.dumps(issue)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"
