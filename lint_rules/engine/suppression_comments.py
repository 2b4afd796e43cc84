"""Reading suppression comments: from the comments of a file to plain values that know the rows they hold for.

    call()  # tenlint: ignore[TEN0101] reason        findings that begin or end on this line
    # tenlint: ignore[blocking-call] reason          the next statement, all its lines
    # tenlint: ignore-file[TEN0101] reason           the whole file
    # tenlint: ignore-start[TEN0101] reason          until the matching `tenlint: ignore-end`

This runs in workers, where the source is at hand; what it makes can be kept and serialised.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final

import msgspec

from lint_rules.model import Span
from lint_rules.source import Comment, SourceText

# A reason may hold "#12"; only what other tools read begins a new comment within the comment.
_OTHER_TOOL = r"(?:noqa|nosec|pragma|type:|mypy:|pyright:|pylint:|ruff:|fmt:|isort:|eslint)"
_DIRECTIVE = re.compile(r"(?:#|//|/\*)[ \t]*tenlint:[ \t]*([A-Za-z-]*)[ \t]*(\[[^\[\]#\n]*\])?")
_OTHER_DIRECTIVE = re.compile(rf"(?<=[ \t])(?:#|//)[ \t]*{_OTHER_TOOL}")
_NAME = re.compile(r"[^\s,\[\]]+")
_LAST_ROW: Final = 2**31
_LONGEST_REASON: Final = 500
LINE, STATEMENT, FILE, START, END = "line", "statement", "ignore-file", "ignore-start", "ignore-end"


class Name(msgspec.Struct, frozen=True, array_like=True):
    """One code or name in the brackets of a suppression, with its place."""

    text: str
    span: Span


class Suppression(msgspec.Struct, frozen=True, array_like=True):
    """One suppression: the rows it holds for (first and last included), and what to cut out to remove it.

    `reason` is what it says behind the brackets. `problem` is set instead of `names` where the comment cannot be
    understood.
    """

    kind: str
    span: Span
    first_row: int
    last_row: int
    names: tuple[Name, ...]
    brackets: Span
    removal: Span
    reason: str = ""
    problem: str = ""

    @property
    def has_reason(self) -> bool:
        """Whether it says why."""
        return bool(self.reason)


def parse_suppressions(
    source: SourceText, comments: Iterable[Comment], statement_rows: Callable[[int], tuple[int, int]]
) -> tuple[Suppression, ...]:
    """The suppressions among the real comments of a file, in the order they stand in.

    `statement_rows(row)` tells the first and last row of the statement that begins on a row, (row, row) if none does.
    """
    found = [part for comment in comments if "tenlint:" in comment.text for part in _parts(source, comment)]
    next_code_row = _code_rows(source)
    placed = []
    for suppression in found:
        if suppression.kind == STATEMENT:
            row = next_code_row(suppression.span.end_row)
            last_row = max(statement_rows(row)[1], row)
            suppression = _with(suppression, first_row=row, last_row=last_row)  # noqa: PLW2901
        placed.append(suppression)
    return tuple(_with_blocks(placed))


def _parts(source: SourceText, comment: Comment) -> Iterator[Suppression]:
    """The directives of one comment, which may also hold those of other tools."""
    text = comment.text
    before = source.text(source.line_starts[comment.span.row - 1], comment.span.start)
    is_alone = not before.strip()
    if before.strip() == "{" and text.startswith("/*"):
        # Between JSX tags a comment stands in braces.
        is_alone = source.line_text(comment.span.end_row)[comment.span.end_column - 1 :].strip() == "}"
    place = _placer(source, comment)
    directives = list(_DIRECTIVE.finditer(text))
    # A directive ends where the next one, or that of another tool, begins.
    ends = sorted({found.start() for found in (*directives, *_OTHER_DIRECTIVE.finditer(text))} | {len(text)})
    for found in directives:
        end = ends[bisect_left(ends, found.end())]
        while end < len(text) and text[end - 1] in " \t":
            end -= 1
        brackets = found.group(2) or ""
        names = tuple(
            Name(name.group(), place(found.start(2) + name.start(), found.start(2) + name.end()))
            for name in _NAME.finditer(brackets)
        )
        directive = found.group(1)
        kind = (STATEMENT if is_alone else LINE) if directive == "ignore" else directive
        span = place(found.start(), end)
        is_whole = found.start() == 0 and end == len(text)
        yield Suppression(
            kind=kind,
            span=span,
            first_row=1 if kind == FILE else span.row,
            last_row=_LAST_ROW if kind == FILE else span.end_row,
            names=names,
            brackets=place(*found.span(2)) if brackets else place(found.end(1), found.end(1)),
            removal=_removal(source, span, is_alone=is_alone and is_whole),
            reason=text[found.end() : end].removesuffix("*/").strip(" \t-:")[:_LONGEST_REASON],
            problem=_problem_of(kind, names),
        )


def _placer(source: SourceText, comment: Comment) -> Callable[[int, int], Span]:
    """The span of a stretch of the comment's text. Constant time, since a comment may be long and hold many names."""
    text, span = comment.text, comment.span
    offsets = range(len(text) + 1) if text.isascii() else list(accumulate((len(c.encode()) for c in text), initial=0))

    def place(start: int, end: int) -> Span:
        first, last = span.start + offsets[start], span.start + offsets[end]
        if span.row == span.end_row:
            return Span(first, last, span.row, span.column + start, span.row, span.column + end)
        return source.span(first, last)

    return place


def _problem_of(kind: str, names: Sequence[Name]) -> str:
    if kind not in (LINE, STATEMENT, FILE, START, END):
        return "not a suppression; write `tenlint: ignore[CODE] reason`, `ignore-file`, `ignore-start` or `ignore-end`"
    if not names and kind != END:
        return "suppression without rules; name their codes in brackets, as in `tenlint: ignore[TEN0101] reason`"
    return ""


def _removal(source: SourceText, span: Span, *, is_alone: bool) -> Span:
    """What goes when a suppression goes: its whole line if nothing else is on it, else also the blanks before it."""
    if is_alone:
        starts = source.line_starts
        end = starts[span.end_row] if span.end_row < len(starts) else len(source.data)
        return source.span(starts[span.row - 1], end)
    start = span.start
    while source.data[start - 1 : start] in (b" ", b"\t"):
        start -= 1
    return source.span(start, span.end)


def _code_rows(source: SourceText) -> Callable[[int], int]:
    """A question: the first row after the given one that is neither blank nor a comment."""
    known: dict[int, int] = {}

    def after(row: int) -> int:
        passed = []
        row += 1
        while row <= source.row_count and row not in known:
            text = source.line_text(row).lstrip()
            is_comment = text.startswith(("#", "//")) or (
                text.startswith(("/*", "{/*")) and text.rstrip().endswith(("*/", "*/}"))
            )
            if text and not is_comment:
                break
            passed.append(row)
            row += 1
        row = known.get(row, row)
        known.update(dict.fromkeys(passed, row))
        return row

    return after


def _with_blocks(suppressions: list[Suppression]) -> list[Suppression]:
    """The suppressions with each `ignore-start` reaching to its `ignore-end`; ends that end something are dropped."""
    result: list[Suppression | None] = list(suppressions)
    still_open: list[int] = []
    for index, suppression in enumerate(suppressions):
        if suppression.problem:
            continue
        if suppression.kind == START:
            still_open.append(index)
        elif suppression.kind == END:
            if not still_open:
                result[index] = _with(suppression, problem="`ignore-end` without `ignore-start`; remove it")
                continue
            begun = still_open.pop()
            result[begun] = _with(suppressions[begun], last_row=suppression.span.row)
            result[index] = None
    for begun in still_open:
        message = "`ignore-start` without `ignore-end`; close it where the suppression ends"
        result[begun] = _with(suppressions[begun], problem=message)
    return [suppression for suppression in result if suppression is not None]


def _with(suppression: Suppression, **changes: object) -> Suppression:
    return msgspec.structs.replace(suppression, **changes)
