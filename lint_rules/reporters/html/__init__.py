"""One self-contained page to read a run in a browser: no network, no other file.

The findings travel as JSON within the page; page.js draws from them only what is in view, and only as text, so that
nothing of the scanned code can become markup.
"""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from lint_rules import __version__
from lint_rules.engine.edits import changed_lines
from lint_rules.engine.selection import FAMILY_NAMES
from lint_rules.model import Finding, Span
from lint_rules.reporters.escape import visible
from lint_rules.reporters.places import relative_name
from lint_rules.reporters.summary import summary
from lint_rules.source import SourceText

if TYPE_CHECKING:
    from lint_rules.engine.report import Report
    from lint_rules.reporters.view import View

_FOLDER: Final = Path(__file__).parent
_AROUND: Final = 2
_MOST_ROWS: Final = 12
_WIDEST: Final = 300
_BEFORE_SPAN: Final = 60
_MOST_RELATED: Final = 30
_MOST_CHANGED: Final = 60
_ELLIPSIS: Final = "\u2026"


def render(report: Report, view: View) -> Iterator[str]:
    """The page."""
    page = (_FOLDER / "page.html").read_text(encoding="utf-8")
    parts = {
        "{{title}}": escape(f"tenlint: {visible(Path(view.root).name)}"),
        "{{style}}": (_FOLDER / "page.css").read_text(encoding="utf-8"),
        "{{script}}": (_FOLDER / "page.js").read_text(encoding="utf-8"),
    }
    for mark, text in parts.items():
        page = page.replace(mark, text)
    head, _, tail = page.partition("{{data}}")
    yield head
    yield from _data(report, view)
    yield tail


def _data(report: Report, view: View) -> Iterator[str]:
    """The findings as JSON that ends no script element, a finding a line."""
    codes = {finding.code: finding.name for finding in report.findings}
    families = {digits: name for digits, name in FAMILY_NAMES.items() if digits != "00"}
    if any(code.startswith("TEN00") for code in codes):
        families["00"] = FAMILY_NAMES["00"]
    head = {
        "version": __version__,
        "summary": summary(report, view),
        "complete": report.complete and not report.internal_errors,
        "families": families,
        "rules": codes,
    }
    yield _json(head)[:-1] + ', "findings": ['
    for index, finding in enumerate(report.findings):
        yield (",\n" if index else "\n") + _json(_finding(finding, view))
    yield "\n]}"


def _json(value: Any) -> str:
    # ASCII: neither U+2028 nor a lone surrogate can disturb the page.
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _finding(finding: Finding, view: View) -> dict[str, Any]:
    source = view.source(finding.path)
    if source is not None and finding.span.end > len(source.data):
        source = None
    shown: dict[str, Any] = {
        "code": finding.code,
        "severity": finding.severity.value,
        "path": visible(relative_name(finding.path, view.root)),
        "row": finding.span.row,
        "column": finding.span.column,
        "symbol": visible(finding.symbol),
        "message": visible(finding.message),
        "suggestion": visible(finding.suggestion),
        "lines": list(_excerpt(source, finding.span)) if source is not None else [],
        "related": [
            {
                "path": visible(relative_name(related.path, view.root)),
                "row": related.span.row,
                "message": visible(related.message),
                "lines": list(_excerpt(view.source(related.path), related.span, around=0)),
            }
            for related in finding.related[:_MOST_RELATED]
        ],
    }
    if finding.fix is not None and source is not None:
        rows = list(changed_lines(source, finding.fix.edits))
        shown["fix"] = {
            "applicability": finding.fix.applicability.value,
            "message": visible(finding.fix.message),
            "diff": [[sign, row, _text(text[:_WIDEST])] for sign, row, text in rows[:_MOST_CHANGED]],
            "more": max(len(rows) - _MOST_CHANGED, 0),
        }
    return shown


def _excerpt(source: SourceText | None, span: Span, around: int = _AROUND) -> Iterator[list[int | str]]:
    """The rows of a span and some around it, as [row, text before, text of the span, text after]."""
    if source is None or span.end > len(source.data):
        return
    last = min(span.end_row, span.row + _MOST_ROWS - 1)
    for row in range(max(span.row - around, 1), min(last + around, source.row_count) + 1):
        line = source.line_text(row)
        start = end = len(line)
        if span.row <= row <= span.end_row:
            start = span.column - 1 if row == span.row else len(line) - len(line.lstrip())
            end = span.end_column - 1 if row == span.end_row else len(line)
        cut = 0
        if len(line) > _WIDEST:
            cut = max(min(start - _BEFORE_SPAN, len(line) - _WIDEST), 0)
        clipped = line[cut : cut + _WIDEST]
        start, end = max(start - cut, 0), max(end - cut, 0)
        yield [
            row,
            _ELLIPSIS * (cut > 0) + _text(clipped[:start]),
            _text(clipped[start:end]),
            _text(clipped[end:]) + _ELLIPSIS * (cut + _WIDEST < len(line)),
        ]


def _text(text: str) -> str:
    """Source text with tabs as blanks."""
    return visible(text.replace("\t", "    "))
