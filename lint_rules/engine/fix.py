"""Fixing a file: the edits of its findings put in until nothing is left to fix, checked, and written in one step.

A file is either as it was or fixed. If the result would not parse, if the fixes do not come to rest, or if the file was
changed meanwhile, it stays as it was and the reason is handed back.
"""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from lint_rules.engine.edits import apply_edits
from lint_rules.model import Applicability, Edit, Finding, Fix
from lint_rules.source import SourceText

MOST_PASSES: Final = 10

Lint = Callable[[bytes], Iterable[Finding]]


class FixedFile(Struct, frozen=True):
    """What fixing made of one file. `after` equals `before.data` if `problem` says why nothing was changed."""

    before: SourceText
    after: bytes
    applied: int = 0
    problem: str = ""

    @property
    def path(self) -> str:
        """The file's absolute path."""
        return self.before.path

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to write."""
        return self.after != self.before.data

    def fixed_bytes(self) -> bytes:
        """What to write. Raises UnicodeEncodeError if the file's encoding cannot write the fixed text."""
        return SourceText(self.path, self.after, self.before.encoding, self.before.bom).original_bytes()


def is_applicable(fix: Fix | None, *, unsafe: bool) -> bool:
    """Whether `--fix` (or with `unsafe`: `--unsafe-fixes`) applies a fix."""
    if fix is None:
        return False
    return fix.applicability is Applicability.SAFE or (unsafe and fix.applicability is Applicability.UNSAFE)


def fix_file(
    source: SourceText, findings: Iterable[Finding], *, unsafe: bool, lint: Lint, parses: Callable[[bytes], bool]
) -> FixedFile:
    """The file with its findings fixed, in memory.

    `findings` are those of `source`; `lint` gives the findings of a later state of its data, `parses` says whether data
    is free of syntax errors.
    """
    if not parses(source.data):
        return FixedFile(source, source.data, problem="does not parse; fix its syntax first")
    findings = list(findings)
    now = source
    applied = 0
    for _ in range(MOST_PASSES):
        chosen = compatible(finding.fix for finding in findings if is_applicable(finding.fix, unsafe=unsafe))
        if not chosen:
            return FixedFile(source, now.data, applied)
        edits = {edit for fix in chosen for edit in fix.edits}
        data = apply_edits(now.data, [_with_line_ending_of(now, edit) for edit in edits])
        if not parses(data):
            codes = ", ".join(sorted({finding.code for finding in findings if finding.fix in chosen}))
            return FixedFile(source, source.data, problem=f"the fixes of {codes} would break its syntax")
        now = SourceText(source.path, data, source.encoding, source.bom)
        applied += len(chosen)
        findings = list(lint(data))
    left = sorted({finding.code for finding in findings if is_applicable(finding.fix, unsafe=unsafe)})
    if left:
        return FixedFile(source, source.data, problem=f"the fixes of {', '.join(left)} do not come to rest")
    return FixedFile(source, now.data, applied)


def compatible(fixes: Iterable[Fix | None]) -> list[Fix]:
    """The fixes that can be put in together, from the top of the file; of two that overlap the first wins.

    A fix goes in as a whole or not at all. Fixes may share an edit, such as the insertion of the same import.
    """
    chosen: list[Fix] = []
    taken: list[Edit] = []
    candidates = (fix for fix in fixes if fix is not None and fix.edits)
    for fix in sorted(candidates, key=lambda fix: min(edit.span for edit in fix.edits)):
        if all(_is_free(edit, taken) for edit in fix.edits):
            for edit in fix.edits:
                place = bisect_left(taken, _place(edit), key=_place)
                if taken[place : place + 1] != [edit]:
                    taken.insert(place, edit)
            chosen.append(fix)
    return chosen


def _place(edit: Edit) -> tuple[int, int]:
    return edit.span.start, edit.span.end


def _is_free(edit: Edit, taken: Sequence[Edit]) -> bool:
    """Whether an edit overlaps none of those taken, which are sorted and do not overlap each other."""
    start, end = _place(edit)
    place = bisect_left(taken, (start, end), key=_place)
    for other in taken[max(place - 1, 0) : place + 2]:
        other_start, other_end = _place(other)
        is_apart = end < other_start or other_end < start
        # Two replacements may touch; an insertion at the edge of another edit leaves open which comes first.
        touches = (end == other_start or other_end == start) and start < end and other_start < other_end
        if not (is_apart or touches or other == edit):
            return False
    return True


def _with_line_ending_of(source: SourceText, edit: Edit) -> Edit:
    """The edit with the line ending that its line, or else the line before, has."""
    if "\n" not in edit.content:
        return edit
    ending = "\n"
    for row in (edit.span.row, edit.span.row - 1):
        if 1 <= row < source.row_count:
            line = source.data[source.line_starts[row - 1] : source.line_starts[row]]
            ending = "\r\n" if line.endswith(b"\r\n") else line[-1:].decode()
            break
    return replace(edit, content=edit.content.replace("\r\n", "\n").replace("\n", ending))


def write_fixed(fixed: FixedFile) -> str:
    """Write a fixed file in place of the one it was read from; '' if that went well, else why it did not.

    The new content goes to a file beside it, which then takes its name: a reader sees the old file or the new one.
    Mode, encoding and byte order mark stay; of a symbolic link the target is written.
    """
    target = os.path.realpath(fixed.path)
    try:
        before = fixed.before.original_bytes()
        after = fixed.fixed_bytes()
    except UnicodeEncodeError:
        return f"the fixed text cannot be written in {fixed.before.encoding}"
    try:
        with open(target, "rb") as file:
            is_unchanged = file.read(len(before) + 1) == before
        if not is_unchanged:
            return "it was changed since it was read, or its encoding cannot be restored exactly"
        status = os.stat(target)
        if not stat.S_ISREG(status.st_mode):
            return "it is not a regular file"
        if not os.access(target, os.W_OK):
            return "it is read-only"
        _replace(target, after, status)
    except OSError as error:
        return f"it cannot be written: {(error.strerror or '').lower()}"
    return ""


def _replace(target: str, content: bytes, status: os.stat_result) -> None:
    # A short name of its own: the target's may already be as long as names can be.
    temporary = os.path.join(os.path.dirname(target), f".tenlint-{os.getpid()}-{os.urandom(6).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if hasattr(os, "chown"):
            # Another owner's file that the group may write: keep what can be kept.
            with suppress(OSError):
                os.chown(temporary, status.st_uid, status.st_gid)
        os.chmod(temporary, stat.S_IMODE(status.st_mode))
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
