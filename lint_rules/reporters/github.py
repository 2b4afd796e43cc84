"""Workflow commands of GitHub Actions, which it shows as annotations on the changed files."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from lint_rules.model import Finding, Severity
from lint_rules.reporters.escape import visible

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View

_COMMAND: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report, view: View) -> Iterator[str]:
    """One command per finding. File names are relative to the checkout, which is where GitHub looks for them."""
    workspace = os.environ.get("GITHUB_WORKSPACE", "")
    for finding in report.findings:
        yield _command(finding, view, workspace) + "\n"


def _command(finding: Finding, view: View, workspace: str) -> str:
    span = finding.span
    checkout = os.path.join(workspace or view.folder, "")
    properties = {
        "title": f"tenlint ({finding.code})",
        "file": finding.path.removeprefix(checkout),
        "line": str(span.row),
        "endLine": str(span.end_row),
    }
    if span.row == span.end_row:
        # GitHub refuses columns for a span of several lines.
        properties |= {"col": str(span.column), "endColumn": str(span.end_column)}
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    place = f"{view.relative(finding.path)}:{span.row}:{span.column}"
    return f"::{_COMMAND[finding.severity]} {written}::{_data(f'{place}: {finding.code} {finding.message}')}"


def _data(text: str) -> str:
    return visible(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
