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
from typing import Final

from msgspec import Struct

from lint_rules.engine.fix import FixedFile
from lint_rules.engine.report import COMMENT, Report
from lint_rules.model import Finding
from lint_rules.source import JAVASCRIPT_SUFFIXES, PYTHON_SUFFIXES, SourceText

_HOUSEKEEPING: Final = "TEN00"
_FARTHEST_ROW: Final = 25
_WITHOUT_COMMENTS: Final = (".json",)
_PRESENT: Final = re.compile(r"(?:#|//|/\*)[ \t]*tenlint:[ \t]*ignore\[([^\[\]#\n]*)\]")

Lint = Callable[[bytes], Report]


class Ignored(Struct, frozen=True):
    """A file with its new comments: how many findings they hide, and those that no comment could hide."""

    file: FixedFile
    count: int
    left: tuple[Finding, ...] = ()


class _Place(Struct, frozen=True):
    """Where a comment could go: at the end of a row, or on a line of its own above it; rows from 1."""

    row: int
    is_above: bool = False
    in_tags: bool = False


Rows = tuple[int, int]


def _by_rows(source: SourceText, findings: Iterable[Finding]) -> dict[Rows, list[Finding]]:
    """The findings that a comment may hide, by first and last row, from below: so that a line put in moves nothing
    that is still to be done."""
    found: dict[Rows, list[Finding]] = defaultdict(list)
    for finding in findings:
        if not finding.code.startswith(_HOUSEKEEPING):
            found[finding.span.row, finding.span.end_row].append(finding)
    return dict(sorted(found.items(), reverse=True))


def _codes(findings: Iterable[Finding]) -> set[str]:
    return {finding.code for finding in findings}


def with_ends(source: SourceText, findings: Iterable[Finding], reason: str) -> bytes | None:
    """The file with all comments at the ends of lines, which is where most can stay; None where none can stand."""
    # What follows a value in a file of settings may become a part of it; there a comment needs its own line.
    if not source.path.endswith((*PYTHON_SUFFIXES, *JAVASCRIPT_SUFFIXES)):
        return None
    lines = source.data.splitlines(keepends=True)
    for rows, found in _by_rows(source, findings).items():
        _put(lines, source.path, _Place(rows[0]), _codes(found), reason)
    return b"".join(lines)


def add_ignores(
    source: SourceText,
    findings: Sequence[Finding],
    reason: str,
    *,
    tried: Report | None,
    lint: Lint,
    parses: Callable[[bytes], bool],
) -> Ignored:
    """The file with a comment for each finding that a comment can hide.

    `tried` is the report on the text of `with_ends`, None if there is none; `lint` gives the report on other texts.
    """
    by_rows = _by_rows(source, findings)
    if source.path.endswith(_WITHOUT_COMMENTS) or not by_rows or not parses(source.data):
        return Ignored(FixedFile(source, source.data), 0, tuple(one for many in by_rows.values() for one in many))
    lines = source.data.splitlines(keepends=True)
    count = 0
    left: list[Finding] = []
    hidden = _hidden_in(tried, source.path) if tried is not None else set()
    for rows, found in by_rows.items():
        codes = _codes(found)
        is_good = all((code, rows[0]) in hidden for code in codes)
        places: Iterable[_Place] = [_Place(rows[0])] if is_good else _places(source, rows)
        for place in places:
            trial = list(lines)
            _put(trial, source.path, place, codes, reason)
            shift = int(place.is_above)
            if is_good or {(code, rows[0] + shift) for code in codes} <= _hidden(source.path, lint, parses, trial):
                lines = trial
                count += len(found)
                break
        else:
            left += found
    data = b"".join(lines)
    if not parses(data):
        return Ignored(FixedFile(source, source.data, problem="the comments would break its syntax"), 0, tuple(left))
    return Ignored(FixedFile(source, data, count), count, tuple(left))


def _hidden(path: str, lint: Lint, parses: Callable[[bytes], bool], lines: Sequence[bytes]) -> set[tuple[str, int]]:
    """What comments hide in a text, as (code, row); nothing if it does not parse."""
    data = b"".join(lines)
    return _hidden_in(lint(data), path) if parses(data) else set()


def _hidden_in(report: Report, path: str) -> set[tuple[str, int]]:
    """What comments hide in a file, as (code, row)."""
    shown = {(finding.code, finding.span.row) for finding in report.findings if finding.path == path}
    by_comments = (one.finding for one in report.hidden if one.by == COMMENT and one.finding.path == path)
    return {(finding.code, finding.span.row) for finding in by_comments} - shown


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
    reason = " ".join(reason.replace("*/", "").split())
    said = f"tenlint: ignore[{', '.join(sorted(codes))}]{' ' if reason else ''}{reason}"
    marker = "//" if path.endswith(JAVASCRIPT_SUFFIXES) else "#"
    said = f"{{/* {said} */}}" if place.in_tags else f"{marker} {said}"
    if place.is_above:
        indent = text[: len(text) - len(text.lstrip())]
        lines.insert(place.row - 1, f"{indent}{said}{ending or chr(10)}".encode())
    else:
        gap = " " if path.endswith(JAVASCRIPT_SUFFIXES) else "  "
        lines[place.row - 1] = f"{text.rstrip()}{gap}{said}{ending}".encode()
