"""Source lines for a terminal: numbered, escaped, clipped, with the span underlined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from unicodedata import combining, east_asian_width

from msgspec import Struct

from lint_rules.model import Severity, Span
from lint_rules.reporters.escape import visible
from lint_rules.reporters.view import View
from lint_rules.source import SourceText

_TAB: Final = "    "
_WIDEST_LINE: Final = 160
_BEFORE_SPAN: Final = 40
_MOST_ROWS: Final = 8
_ELLIPSIS: Final = "..."


class ShownLine(Struct, frozen=True):
    """A line as it appears, and how many cells stand before each of its characters (one more entry at the end)."""

    text: str
    cells: Sequence[int]

    def cell(self, column: int) -> int:
        """The cells before a column (from 1)."""
        return self.cells[min(max(column - 1, 0), len(self.cells) - 1)]


def shown_line(line: str, first_column: int = 1) -> ShownLine:
    """The line for a terminal, clipped around `first_column` if it is very long."""
    if len(line) <= _WIDEST_LINE and line.isascii() and line.isprintable():
        return ShownLine(line, range(len(line) + 1))
    start = 0
    if len(line) > _WIDEST_LINE:
        start = max(0, min(first_column - 1 - _BEFORE_SPAN, len(line) - _WIDEST_LINE))
    clipped = line[start : start + _WIDEST_LINE]
    parts = [_ELLIPSIS] if start else []
    width = len(_ELLIPSIS) if start else 0
    cells = [width] * start
    for character in clipped:
        part = _TAB if character == "\t" else visible(character)
        cells.append(width)
        parts.append(part)
        width += _width(part) if len(part) == 1 else len(part)
    cells.append(width)
    if start + len(clipped) < len(line):
        parts.append(_ELLIPSIS)
    return ShownLine("".join(parts), cells)


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in ("W", "F") else 1


def excerpt(view: View, source: SourceText, span: Span, severity: Severity, gutter: int) -> Iterator[str]:
    """The lines of a span with one line around them, behind a gutter for row numbers of `gutter` characters."""
    bar = view.paint(f"{' ' * gutter} |", "blue")

    def numbered(row: int, mark: str = "", first_column: int = 1) -> str:
        text = shown_line(source.line_text(row), first_column).text
        number = view.paint(f"{row:>{gutter}} |", "blue")
        return f"{number} {view.paint_severity(mark, severity)}{text}".rstrip()

    yield bar
    indent = "" if span.row == span.end_row else "  "
    if span.row > 1 and source.line_text(span.row - 1).strip():
        yield numbered(span.row - 1, indent)
    if span.row == span.end_row:
        yield numbered(span.row, first_column=span.column)
        line = shown_line(source.line_text(span.row), span.column)
        start, end = line.cell(span.column), line.cell(span.end_column)
        yield f"{bar} {' ' * start}{view.paint_severity('^' * max(end - start, 1), severity)}"
    else:
        rows = range(span.row, span.end_row + 1)
        for row in rows:
            if len(rows) <= _MOST_ROWS or row < span.row + _MOST_ROWS - 2 or row == span.end_row:
                yield numbered(row, "/ " if row == span.row else "| ")
            elif row == span.end_row - 1:
                yield f"{' ' * gutter} {view.paint(_ELLIPSIS, 'blue')}"
        reach = shown_line(source.line_text(span.end_row)).cell(max(span.end_column - 1, 1))
        yield f"{bar} {view.paint_severity('|' + '_' * (reach + 1) + '^', severity)}"
    if span.end_row < source.row_count and source.line_text(span.end_row + 1).strip():
        yield numbered(span.end_row + 1, indent)
    yield bar
