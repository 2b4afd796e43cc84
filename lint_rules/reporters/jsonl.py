"""JSON lines: the objects of `json`, one a line, for programs that read as they go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.engine.fingerprint import fingerprints
from lint_rules.reporters.json import as_object

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View


def render(report: Report, view: View) -> Iterator[str]:
    """One object per finding."""
    prints = fingerprints(report.findings, view.root, view.source)
    for finding, fingerprint in zip(report.findings, prints, strict=True):
        yield json.dumps(as_object(finding, fingerprint)) + "\n"
