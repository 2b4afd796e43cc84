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
    return _spliced(data, [(edit.span.start, edit.span.end, edit.content) for edit in in_order(edits)])


def in_order(edits: Iterable[Edit]) -> list[Edit]:
    """The edits by place."""
    return sorted(edits, key=lambda edit: (edit.span.start, edit.span.end))


def changed_lines(source: SourceText, edits: Iterable[Edit]) -> Iterator[tuple[str, int, str]]:
    """What edits change, as (sign, row, line): sign `-`, `+` or ` ` for a line around them; a row of 0 stands for
    lines left out.

    Only the rows around the edits are looked at, so that an import far above costs nothing.
    """
    ordered = in_order(edits)
    if any(edit.span.end > len(source.data) or edit.span.end_row > source.row_count for edit in ordered):
        # The file became shorter since it was analysed.
        return
    shift = 0
    is_first = True
    for cluster in _clusters(ordered):
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
    for line in unified_diff(_lines_for_patch(before), _lines_for_patch(after), name, name):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines_for_patch(data: bytes) -> list[str]:
    lines = data.decode("utf-8", "replace").split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])
