"""JUnit's XML, which CI services show as test results: a suite per file, a failed case per finding."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from lint_rules.engine.housekeeping import NOTICE_CODES, SYNTAX_ERROR
from lint_rules.model import Finding
from lint_rules.reporters.places import relative_name, repository_folder
from lint_rules.reporters.xml_text import attribute, content

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View


def render(report: Report, view: View) -> Iterator[str]:
    """The report; without findings it holds one case that passes, since an empty one counts as broken."""
    top = repository_folder(view)
    findings = report.findings
    errors = sum(map(_is_error, findings))
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield (
        f'<testsuites name="tenlint" tests="{max(len(findings), 1)}" '
        f'failures="{len(findings) - errors}" errors="{errors}">\n'
    )
    if not findings:
        yield '  <testsuite name="tenlint" tests="1" failures="0" errors="0" skipped="0" time="0">\n'
        yield '    <testcase name="no problems" classname="tenlint" time="0"/>\n  </testsuite>\n'
    for path, found in groupby(findings, key=lambda finding: finding.path):
        cases = list(found)
        errors = sum(map(_is_error, cases))
        name = relative_name(path, top)
        yield (
            f'  <testsuite name={attribute(name)} tests="{len(cases)}" failures="{len(cases) - errors}" '
            f'errors="{errors}" skipped="0" time="0">\n'
        )
        for finding in cases:
            yield from _case(finding, name)
        yield "  </testsuite>\n"
    yield "</testsuites>\n"


def _is_error(finding: Finding) -> bool:
    """Whether it says that something was not looked at, which is no verdict on the code."""
    return finding.code in NOTICE_CODES and finding.code != SYNTAX_ERROR.code


def _case(finding: Finding, name: str) -> Iterator[str]:
    place = f"{name}:{finding.span.row}:{finding.span.column}"
    kind = "error" if _is_error(finding) else "failure"
    title = f"{finding.code} {finding.name} ({finding.span.row}:{finding.span.column})"
    yield (
        f"    <testcase name={attribute(title)} classname={attribute(name)} file={attribute(name)} "
        f'line="{finding.span.row}" time="0">\n'
    )
    lines = [f"{place}: {finding.message}", *(f"help: {text}" for text in [finding.suggestion] if text)]
    lines += [
        f"{related.path}:{related.span.row}:{related.span.column}: {related.message}" for related in finding.related
    ]
    yield f"      <{kind} message={attribute(finding.message)} type={attribute(finding.severity.value)}>"
    yield content("\n".join(line.replace("\n", "\\n") for line in lines)) + f"</{kind}>\n    </testcase>\n"
