"""Edits on text: putting them in, and showing what they change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher, unified_diff
from typing import Final

from lint_rules.model import Edit
from lint_rules.source import SourceText

_CONTEXT_ROWS: Final = 1


def apply_edits(data: bytes, edits: Iterable[Edit]) -> bytes:
    """`data` with the edits put in; they do not overlap. Insertions at one place keep their order."""
    parts = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        parts += [data[done : edit.span.start], edit.content.encode()]
        done = edit.span.end
    return b"".join((*parts, data[done:]))


def changed_lines(source: SourceText, edits: Iterable[Edit]) -> Iterator[tuple[str, int, str]]:
    """What edits change, as (sign, row, line): sign `-`, `+` or ` ` for a line around them, `.` between two places.

    Only the rows around the edits are looked at, so that an import far above costs nothing.
    """
    shift = 0
    is_first = True
    for cluster in _clusters(sorted(edits, key=lambda edit: (edit.span.start, edit.span.end))):
        if not is_first:
            yield " ", 0, "..."
        is_first = False
        first = max(1, cluster[0].span.row - _CONTEXT_ROWS)
        last = min(source.row_count, max(edit.span.end_row for edit in cluster) + _CONTEXT_ROWS)
        start = source.line_starts[first - 1]
        end = source.line_starts[last] if last < source.row_count else len(source.data)
        moved = [(edit.span.start - start, edit.span.end - start, edit.content) for edit in cluster]
        before = source.data[start:end]
        old = _lines(before)
        new = _lines(_spliced(before, moved))
        for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "equal":
                yield from ((" ", first + index, old[index]) for index in range(old_from, old_to))
            else:
                yield from (("-", first + index, old[index]) for index in range(old_from, old_to))
                yield from (("+", first + shift + index, new[index]) for index in range(new_from, new_to))
        shift += len(new) - len(old)


def _clusters(edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    """Edits whose surroundings touch, together."""
    cluster: list[Edit] = []
    reach = 0
    for edit in edits:
        if cluster and edit.span.row > reach + 2 * _CONTEXT_ROWS + 1:
            yield cluster
            cluster = []
        cluster.append(edit)
        reach = max(reach, edit.span.end_row)
    if cluster:
        yield cluster


def _spliced(data: bytes, edits: Iterable[tuple[int, int, str]]) -> bytes:
    parts = []
    done = 0
    for start, end, content in edits:
        parts += [data[done:start], content.encode()]
        done = max(end, done)
    return b"".join((*parts, data[done:]))


def _lines(data: bytes) -> list[str]:
    return [line.decode("utf-8", "replace") for line in data.splitlines()]


def diff_of(name: str, before: bytes, after: bytes) -> Iterator[str]:
    """A unified diff between two texts of one file, line by line with line endings; nothing if they are equal.

    Lines end at LF alone, as patch sees it: a CR is part of its line, so that a change of line endings shows.
    """
    if before == after:
        return
    old = [line.decode("utf-8", "replace") for line in before.split(b"\n")]
    new = [line.decode("utf-8", "replace") for line in after.split(b"\n")]
    lines = unified_diff([f"{line}\n" for line in old], [f"{line}\n" for line in new], name, name)
    yield from lines
