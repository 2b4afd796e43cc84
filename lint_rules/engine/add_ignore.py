"""`--add-ignore`: writing the suppression comments that hide what a run found.

Where a comment can stand, a grammar knows: in a string, behind a backslash or between JSX tags the end of a line is no
place for one. So a comment is put in, the file analysed again, and the comment kept only if it hides what it was
written for. Places are tried from the narrowest: the end of the line, the end of the statement, the lines above.
"""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lint_rules.engine.fix import FixedFile
from lint_rules.engine.report import COMMENT, Report
from lint_rules.model import Finding
from lint_rules.source import JAVASCRIPT_SUFFIXES, PYTHON_SUFFIXES, SourceText

_HOUSEKEEPING: Final = "TEN00"
_FARTHEST_ROW: Final = 25
_WITHOUT_COMMENTS: Final = (".json",)
_PRESENT: Final = re.compile(r"(?:#|//|/\*)[ \t]*tenlint:[ \t]*ignore\[([^\[\]#\n]*)\]")

Lint = Callable[[bytes], Report]


@dataclass(frozen=True, slots=True)
class Ignored:
    """A file with its new comments: how many findings they hide, and those that no comment could hide."""

    file: FixedFile
    count: int
    left: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a comment could go: at the end of a row, or on a line of its own above it; rows from 1."""

    row: int
    is_above: bool = False
    in_tags: bool = False


def add_ignores(
    source: SourceText, findings: Iterable[Finding], reason: str, *, lint: Lint, parses: Callable[[bytes], bool]
) -> Ignored:
    """The file with a comment for each finding that a comment can hide; `lint` gives the report on other data."""
    if source.path.endswith(_WITHOUT_COMMENTS):
        return Ignored(FixedFile(source, source.data), 0, tuple(findings))
    wanted: dict[tuple[int, int], set[str]] = defaultdict(set)
    by_rows: dict[tuple[int, int], list[Finding]] = defaultdict(list)
    for finding in findings:
        if not finding.code.startswith(_HOUSEKEEPING):
            rows = (finding.span.row, finding.span.end_row)
            wanted[rows].add(finding.code)
            by_rows[rows].append(finding)
    if not wanted or not parses(source.data):
        return Ignored(FixedFile(source, source.data), 0, tuple(one for many in by_rows.values() for one in many))
    reason = " ".join(reason.replace("*/", "").split())
    lines = source.data.splitlines(keepends=True)
    count = 0
    left: list[Finding] = []
    # From below, so that a line put in moves nothing that is still to be done.
    pending = sorted(wanted, reverse=True)
    at_ends = list(lines)
    for rows in pending:
        _put(at_ends, source.path, _Place(rows[0]), wanted[rows], reason)
    # What follows a value in a file of settings may become a part of it; there a comment needs its own line.
    is_code = source.path.endswith((*PYTHON_SUFFIXES, *JAVASCRIPT_SUFFIXES))
    hidden = _hidden(lint, parses, at_ends) if is_code else set()
    is_good = {rows: all((code, rows[0]) in hidden for code in wanted[rows]) for rows in pending}
    for rows in sorted(pending, reverse=True):
        codes = wanted[rows]
        places: Iterable[_Place] = [_Place(rows[0])] if is_good[rows] else _places(source, rows)
        for place in places:
            trial = list(lines)
            _put(trial, source.path, place, codes, reason)
            shift = int(place.is_above)
            if is_good[rows] or {(code, rows[0] + shift) for code in codes} <= _hidden(lint, parses, trial):
                lines = trial
                count += len(by_rows[rows])
                break
        else:
            left += by_rows[rows]
    data = b"".join(lines)
    if not parses(data):
        return Ignored(FixedFile(source, source.data, problem="the comments would break its syntax"), 0, tuple(left))
    return Ignored(FixedFile(source, data, count), count, tuple(left))


def _hidden(lint: Lint, parses: Callable[[bytes], bool], lines: Sequence[bytes]) -> set[tuple[str, int]]:
    """What comments hide in a text, as (code, row); nothing if it does not parse."""
    data = b"".join(lines)
    if not parses(data):
        return set()
    report = lint(data)
    shown = {(finding.code, finding.span.row) for finding in report.findings}
    return {(one.finding.code, one.finding.span.row) for one in report.hidden if one.by == COMMENT} - shown


def _places(source: SourceText, rows: tuple[int, int]) -> Iterator[_Place]:
    first, last = rows
    if source.path.endswith((*PYTHON_SUFFIXES, *JAVASCRIPT_SUFFIXES)):
        yield _Place(first)
        if last != first:
            yield _Place(last)
    if source.path.endswith(JAVASCRIPT_SUFFIXES) and source.line_text(first).lstrip().startswith("<"):
        yield _Place(first, is_above=True, in_tags=True)
    for row in range(first, max(first - _FARTHEST_ROW, 0), -1):
        if source.line_text(row).strip():
            yield _Place(row, is_above=True)


def _put(lines: list[bytes], path: str, place: _Place, codes: Iterable[str], reason: str) -> None:
    """Put a comment into the lines."""
    line = lines[place.row - 1].decode("utf-8", "replace")
    text = line.rstrip("\r\n")
    ending = line[len(text) :]
    present = None if place.is_above else list(_PRESENT.finditer(text))
    if present:
        names = [name.strip() for name in present[-1].group(1).split(",") if name.strip()]
        merged = ", ".join([*names, *sorted(set(codes) - set(names))])
        start, end = present[-1].span(1)
        lines[place.row - 1] = f"{text[:start]}{merged}{text[end:]}{ending}".encode()
        return
    said = f"tenlint: ignore[{', '.join(sorted(codes))}]{' ' if reason else ''}{reason}"
    marker = "//" if path.endswith(JAVASCRIPT_SUFFIXES) else "#"
    said = f"{{/* {said} */}}" if place.in_tags else f"{marker} {said}"
    if place.is_above:
        indent = text[: len(text) - len(text.lstrip())]
        lines.insert(place.row - 1, f"{indent}{said}{ending or chr(10)}".encode())
    else:
        gap = " " if path.endswith(JAVASCRIPT_SUFFIXES) else "  "
        lines[place.row - 1] = f"{text.rstrip()}{gap}{said}{ending}".encode()
