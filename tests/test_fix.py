"""Fixing files: which edits go in together, when a file stays as it was, and that writing is all or nothing."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lint_rules.engine.edits import apply_edits, changed_lines, diff_of
from lint_rules.engine.fix import FixedFile, compatible, fix_file, write_fixed
from lint_rules.model import DISPLAY, ERROR, SAFE, UNSAFE, Applicability, Edit, Finding, Fix, Rule
from lint_rules.source import SourceText, read_source, source_from_bytes

RULE = Rule("TEN0101", "blocking-call", severity=ERROR, summary="s")


def source_of(data: bytes, path: str = "app.py") -> SourceText:
    source = source_from_bytes(path, data)
    assert isinstance(source, SourceText)
    return source


def edit(source: SourceText, start: int, end: int, content: str) -> Edit:
    return Edit(source.span(start, end), content)


def replacing(source: SourceText, old: str, new: str, applicability: Applicability = SAFE) -> list[Finding]:
    """A finding for every `old` in the source, with a fix that makes it `new`."""
    found, start = [], source.data.find(old.encode())
    while start >= 0:
        span = source.span(start, start + len(old.encode()))
        fix = Fix(f"Make it {new}", (Edit(span, new),), applicability)
        found.append(RULE.finding(source.path, span, "m", "s", fix=fix))
        start = source.data.find(old.encode(), span.end)
    return found


def fixed(data: bytes, old: str, new: str, *, unsafe: bool = False, applicability: Applicability = SAFE) -> FixedFile:
    source = source_of(data)
    return fix_file(
        source,
        replacing(source, old, new, applicability),
        unsafe=unsafe,
        lint=lambda later: replacing(SourceText("app.py", later), old, new, applicability),
        parses=lambda later: b"SYNTAX" not in later,
    )


def test_all_findings_are_fixed_in_one_go() -> None:
    result = fixed(b"old()\n" * 101, "old", "new")
    assert (result.after, result.applied, result.problem) == (b"new()\n" * 101, 101, "")


def test_a_fix_that_reveals_another_is_followed() -> None:
    assert fixed(b"((((x))))", "((", "(").after == b"(x))))"


def test_unsafe_fixes_only_when_asked_for_and_display_never() -> None:
    assert not fixed(b"old", "old", "new", applicability=UNSAFE).is_changed
    assert fixed(b"old", "old", "new", applicability=UNSAFE, unsafe=True).after == b"new"
    assert not fixed(b"old", "old", "new", applicability=DISPLAY, unsafe=True).is_changed


def test_a_fix_that_breaks_the_syntax_leaves_the_file_and_says_so() -> None:
    result = fixed(b"old", "old", "SYNTAX")
    assert (result.after, result.problem) == (b"old", "the fixes of TEN0101 would break its syntax")


def test_a_file_that_does_not_parse_is_left_alone() -> None:
    result = fixed(b"old SYNTAX", "old", "new")
    assert (result.after, result.problem) == (b"old SYNTAX", "does not parse; fix its syntax first")


def test_fixes_that_do_not_come_to_rest_leave_the_file() -> None:
    result = fixed(b"a", "a", "aa")
    assert (result.after, result.problem) == (b"a", "the fixes of TEN0101 do not come to rest")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_inserted_lines_end_as_their_line_does(ending: str) -> None:
    result = fixed(f"x{ending}old{ending}y".encode(), "old", "1\n2")
    assert result.after == f"x{ending}1{ending}2{ending}y".encode()
    assert fixed(f"x{ending}old".encode(), "old", "1\n2").after == f"x{ending}1{ending}2".encode()


def test_mixed_line_endings_stay() -> None:
    assert fixed(b"a\r\nold\nb\rc\r\n", "old", "1\n2").after == b"a\r\n1\n2\nb\rc\r\n"


def fixes(source: SourceText, *edits: tuple[int, int, str] | tuple[tuple[int, int, str], ...]) -> list[Fix]:
    def as_edits(part: object) -> tuple[Edit, ...]:
        assert isinstance(part, tuple)
        return (edit(source, *part),) if isinstance(part[0], int) else tuple(edit(source, *one) for one in part)

    return [Fix(f"{number}", as_edits(part), SAFE) for number, part in enumerate(edits)]


@pytest.mark.parametrize(
    ("edits", "chosen"),
    [
        ([(0, 3, "x"), (2, 4, "y")], ["0"]),
        ([(2, 4, "y"), (0, 3, "x")], ["1"]),
        ([(0, 3, "x"), (3, 4, "y")], ["0", "1"]),
        ([(0, 3, "x"), (3, 3, "y")], ["0"]),
        ([(1, 1, "x"), (1, 1, "y")], ["0"]),
        ([((0, 0, "import a\n"), (5, 6, "x")), ((0, 0, "import a\n"), (7, 8, "y"))], ["0", "1"]),
        ([((0, 0, "import a\n"), (5, 6, "x")), ((0, 0, "import b\n"), (7, 8, "y"))], ["0"]),
        ([((0, 1, "x"), (8, 9, "x")), (2, 8, "y"), (3, 9, "z")], ["0", "1"]),
        ([(0, 9, "x"), (4, 4, "y")], ["0"]),
    ],
)
def test_of_overlapping_fixes_the_first_wins(edits: list[tuple[int, int, str]], chosen: list[str]) -> None:
    source = source_of(b"0123456789")
    assert [fix.message for fix in compatible(fixes(source, *edits))] == chosen


spans = st.tuples(st.integers(0, 12), st.integers(0, 4), st.sampled_from(["", "a", "bc"]))


@given(st.lists(st.lists(spans, min_size=1, max_size=3), max_size=8))
def test_chosen_edits_never_overlap(proposals: list[list[tuple[int, int, str]]]) -> None:
    source = source_of(b"0123456789abcdefgh")
    candidates = []
    for number, proposal in enumerate(proposals):
        edits = tuple(edit(source, start, start + length, content) for start, length, content in proposal)
        ordered = sorted(edits, key=lambda item: (item.span.start, item.span.end))
        if all(before.span.end < after.span.start for before, after in pairwise(ordered)):
            candidates.append(Fix(str(number), edits, SAFE))
    taken = sorted({item for fix in compatible(candidates) for item in fix.edits}, key=lambda item: item.span)
    for before, after in pairwise(taken):
        assert before.span.end <= after.span.start
        assert before.span.start != after.span.start
    # The bytes that no edit covers are all still there, in order.
    covered = {offset for item in taken for offset in range(item.span.start, item.span.end)}
    blanked = apply_edits(source.data, [Edit(item.span, "") for item in taken])
    assert blanked == bytes(byte for offset, byte in enumerate(source.data) if offset not in covered)


def written(path: Path, after: bytes) -> str:
    source = read_source(str(path))
    assert isinstance(source, SourceText)
    return write_fixed(FixedFile(source, after, 1))


def leftovers(folder: Path) -> Iterable[str]:
    return [name for name in os.listdir(folder) if name.startswith(".tenlint")]


def test_mode_encoding_and_byte_order_mark_stay(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_bytes(b"# coding: latin-1\r\n'\xe9'\r\n")
    path.chmod(0o750)
    assert written(path, "# coding: latin-1\r\n'éé'\r\n".encode()) == ""
    assert path.read_bytes() == b"# coding: latin-1\r\n'\xe9\xe9'\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    path.write_bytes(b"\xef\xbb\xbfx")
    assert written(path, b"y") == ""
    assert path.read_bytes() == b"\xef\xbb\xbfy"
    assert not leftovers(tmp_path)


def test_a_character_the_encoding_lacks(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_bytes(b"# coding: latin-1\nx")
    assert written(path, "# coding: latin-1\n日".encode()) == "the fixed text cannot be written in iso-8859-1"
    assert path.read_bytes() == b"# coding: latin-1\nx"


def test_a_file_that_changed_meanwhile_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_bytes(b"x")
    source = read_source(str(path))
    assert isinstance(source, SourceText)
    path.write_bytes(b"x and more")
    assert "was changed" in write_fixed(FixedFile(source, b"y", 1))
    assert path.read_bytes() == b"x and more"
    path.unlink()
    assert "no such file" in write_fixed(FixedFile(source, b"y", 1))


def test_an_encoding_that_cannot_be_restored_exactly(tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    # In UTF-7 an "a" can be written in two ways.
    path.write_bytes(b"# coding: utf-7\n# +AGE-\nx")
    assert "restored exactly" in written(path, b"# coding: utf-7\n# a\ny")


def test_the_target_of_a_link_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path = tmp_path / "real" / "app.py"
    path.write_bytes(b"x")
    link = tmp_path / "link.py"
    link.symlink_to("real/app.py")
    assert written(link, b"y") == ""
    assert link.is_symlink()
    assert path.read_bytes() == b"y"


def test_read_only_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "app.py"
    path.write_bytes(b"x")
    # Root may write every file, so the mode alone would prove nothing there.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert written(path, b"y") == "it is read-only"


def test_a_failure_while_writing_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "app.py"
    path.write_bytes(b"x")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert written(path, b"y") == "it cannot be written: no space left on device"
    assert path.read_bytes() == b"x"
    assert not leftovers(tmp_path)

    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        written(path, b"y")
    assert path.read_bytes() == b"x"
    assert not leftovers(tmp_path)


def test_names_of_255_bytes(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 252 + ".py")
    path.write_bytes(b"x")
    assert written(path, b"y") == ""
    assert path.read_bytes() == b"y"


def test_diff_is_a_patch() -> None:
    text = "".join(diff_of("app.py", b"a\nb\r\nc", b"a\nB\r\nc\n"))
    assert text == ("--- app.py\n+++ app.py\n@@ -1,3 +1,3 @@\n a\n-b\r\n-c\n\\ No newline at end of file\n+B\r\n+c\n")
    assert list(diff_of("app.py", b"a", b"a")) == []


def test_changed_lines_show_only_what_is_near() -> None:
    source = source_of(b"import b\n" + b"x\n" * 50 + b"old()\ny\n")
    start = source.data.index(b"old")
    edits = (edit(source, 0, 0, "import a\n"), edit(source, start, start + 3, "new"))
    assert list(changed_lines(source, edits)) == [
        ("+", 1, "import a"),
        (" ", 1, "import b"),
        (" ", 2, "x"),
        (" ", 0, "..."),
        (" ", 51, "x"),
        ("-", 52, "old()"),
        ("+", 53, "new()"),
        (" ", 53, "y"),
    ]
