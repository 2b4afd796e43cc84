"""Checkstyle's XML, which many CI plugins read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from lint_rules.reporters.places import relative_name
from lint_rules.reporters.xml_text import attribute

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View


def render(report: Report, view: View) -> Iterator[str]:
    """One `file` per file with findings, one `error` per finding; columns count characters from 1."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<checkstyle version="4.3">\n'
    for path, found in groupby(report.findings, key=lambda finding: finding.path):
        yield f"  <file name={attribute(relative_name(path, view.folder))}>\n"
        for finding in found:
            yield (
                f'    <error line="{finding.span.row}" column="{finding.span.column}" '
                f'severity="{finding.severity.value}" message={attribute(finding.message)} '
                f"source={attribute(f'tenlint.{finding.code}')}/>\n"
            )
        yield "  </file>\n"
    yield "</checkstyle>\n"
