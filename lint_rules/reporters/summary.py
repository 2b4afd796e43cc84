"""The last line of a report for people, and the table of `--statistics`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.engine.report import BASELINE, OLDER
from lint_rules.model import Applicability, Severity

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View


def summary(report: Report, view: View) -> str:
    """`Found 7 problems (5 errors, 2 warnings) in 312 files; 3 fixable with --fix`."""
    files = _counted(report.files, "file")
    known = Counter(hidden.by for hidden in report.hidden)
    aside = [f"{known[by]} {words}" for by, words in _ASIDE.items() if known[by]]
    if not report.findings:
        return "; ".join((f"Found no problems in {files}", *aside))
    severities = Counter(finding.severity for finding in report.findings)
    parts = ", ".join(_counted(severities[severity], _WORDS[severity]) for severity in Severity if severities[severity])
    line = f"Found {_counted(len(report.findings), 'problem')} ({parts}) in {files}"
    fixes = Counter(finding.fix.applicability for finding in report.findings if finding.fix is not None)
    safe, unsafe = fixes[Applicability.SAFE], fixes[Applicability.UNSAFE]
    if view.unsafe_fixes:
        safe, unsafe = safe + unsafe, 0
    ways = []
    if safe:
        ways.append(f"{safe} fixable with --fix")
    if unsafe:
        ways.append(f"{unsafe} {'more ' if safe else 'fixable '}with --unsafe-fixes")
    return "; ".join((line, *([", ".join(ways)] if ways else []), *aside))


_ASIDE = {BASELINE: "in the baseline", OLDER: "not new"}
_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def statistics(report: Report, view: View, *, as_json: bool) -> Iterator[str]:
    """How often each rule was broken, most often first; `[*]` marks rules with safe fixes among the findings."""
    counts = Counter((finding.code, finding.name) for finding in report.findings)
    fixable = Counter(
        finding.code
        for finding in report.findings
        if finding.fix is not None and finding.fix.applicability is Applicability.SAFE
    )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if as_json:
        rows = [
            {"code": code, "name": name, "count": count, "fixable": fixable[code]} for (code, name), count in ordered
        ]
        yield json.dumps(rows, indent=2) + "\n"
        return
    width = len(str(ordered[0][1])) if ordered else 0
    for (code, name), count in ordered:
        mark = "[*]" if fixable[code] else "[ ]"
        yield f"{count:>{width}}  {view.paint(code, 'bold')}  {mark} {name}\n"
    if view.show_summary:
        yield summary(report, view) + "\n"
