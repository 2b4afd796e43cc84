"""Reading and decoding files, and the positions in them."""

from __future__ import annotations

import io
import os
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lint_rules.source import SourceText, Unreadable, declared_encoding, read_source, source_from_bytes


def source_of(data: bytes, path: str = "app.py") -> SourceText:
    source = source_from_bytes(path, data)
    assert isinstance(source, SourceText), source
    return source


def reason_of(data: bytes, path: str = "app.py") -> str:
    source = source_from_bytes(path, data)
    assert isinstance(source, Unreadable)
    return source.reason


@pytest.mark.parametrize(
    ("data", "starts"),
    [
        (b"", [0]),
        (b"x", [0]),
        (b"\n", [0, 1]),
        (b"a\nb", [0, 2]),
        (b"a\r\nb\rc\nd\n", [0, 3, 5, 7, 9]),
        (b"a\x0cb\x0bc\x1cd\n", [0, 8]),
        ("a\u2028b\x85c\n".encode(), [0, 9]),
    ],
)
def test_lines_end_where_cpython_ends_them(data: bytes, starts: list[int]) -> None:
    assert list(SourceText("app.py", data).line_starts) == starts


def test_columns_count_characters() -> None:
    source = source_of("x = 'é日𝄞' + y\n".encode())
    start = source.data.index(b"y")
    span = source.span(start, start + 1)
    assert (span.row, span.column, span.end_row, span.end_column) == (1, 13, 1, 14)
    assert source.text(span.start, span.end) == "y"


def test_spans_over_lines() -> None:
    source = source_of(b"a(\r\n  b)\r\nc")
    span = source.span(0, 8)
    assert (span.row, span.column, span.end_row, span.end_column) == (1, 1, 2, 5)
    assert [source.line_text(row) for row in (0, 1, 2, 3, 4)] == ["", "a(", "  b)", "c", ""]
    assert source.row_count == 3


@given(st.text(alphabet=st.sampled_from("ab é日𝄞\t\r\n\x0c"), max_size=40), st.data())
def test_position_and_offset_are_inverse(text: str, data: st.DataObject) -> None:
    source = SourceText("app.py", text.encode())
    index = data.draw(st.integers(0, len(text)))
    offset = len(text[:index].encode())
    row, column = source.position(offset)
    assert source.offset_at(row, column) == offset
    assert source.row_at(offset) == row
    assert source.line_starts[row - 1] <= offset


def test_places_past_the_end_are_clipped() -> None:
    source = source_of("é\nxy".encode())
    assert source.offset_at(1, 99) == 3
    assert source.offset_at(9, 1) == 5


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        ("é".encode(), "utf-8", "é"),
        (b"# coding: latin-1\n'\xe9'", "iso-8859-1", "# coding: latin-1\n'é'"),
        (b"#!/bin/python\n# -*- coding: cp1252 -*-\n'\x80'", "cp1252", "#!/bin/python\n# -*- coding: cp1252 -*-\n'€'"),
        (b"# coding: utf-8-unix\n'\xc3\xa9'", "utf-8", "# coding: utf-8-unix\n'é'"),
        (b"# vim: set fileencoding=utf-7 :\nx = 1 # +AOk-", "utf-7", "# vim: set fileencoding=utf-7 :\nx = 1 # é"),
        (b"x = 1\n# coding: latin-1\n'\xc3\xa9'", "utf-8", "x = 1\n# coding: latin-1\n'é'"),
    ],
)
def test_encoding_by_cookie(data: bytes, encoding: str, text: str) -> None:
    source = source_of(data)
    assert (source.encoding, source.data.decode()) == (encoding, text)
    assert source.original_bytes() == data


def test_byte_order_mark_is_no_part_of_the_text() -> None:
    data = b"\xef\xbb\xbf# coding: utf-8\nx = 1\n"
    source = source_of(data)
    assert source.bom
    assert source.data.startswith(b"# coding")
    assert source.original_bytes() == data


def test_cookies_count_in_python_only() -> None:
    assert source_of("// # coding: latin-1\n'é'".encode(), "app.js").encoding == "utf-8"


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"x\0y", "NUL"),
        ("x = 1".encode("utf-16"), "UTF-16"),
        ("x = 1".encode("utf-16-le"), "NUL"),
        ("x = 1".encode("utf-32"), "UTF-32"),
        (b"x = 1\n'\xff'", "byte 0xff in line 2 is not UTF-8"),
        (b"'\xe9'", "declare its encoding"),
        (b"# coding: nonsense\n", "unknown encoding"),
        (b"# coding: rot13\n", "unknown encoding"),
        (b"# coding: hex\n", "unknown encoding"),
        (b"# coding: punycode\n", "cannot have"),
        (b"# coding: utf-16\n", "cannot have"),
        (b"# coding: ascii\n'\xe9'", "byte 0xe9"),
        (b"# coding: unicode_escape\n'\\ud800'", "not valid"),
        (b"# coding: utf-7\nx = '+AAA-'", "NUL"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "another encoding"),
    ],
)
def test_what_cannot_be_decoded_says_why(data: bytes, part: str) -> None:
    assert part in reason_of(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_text_or_a_reason(data: bytes) -> None:
    source = source_from_bytes("app.py", data)
    if isinstance(source, SourceText) and source.encoding in ("utf-8", "iso-8859-1"):
        assert source.original_bytes() == data


@given(
    st.lists(
        st.sampled_from(["", "# coding: latin-1", "#!x", "x = 1 # coding: utf-8", "\x0c# -*- coding:cp1252 -*-", " "]),
        max_size=4,
    )
)
def test_cookie_is_where_tokenize_finds_it(lines: list[str]) -> None:
    data = "\n".join(lines).encode()
    theirs, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    ours = source_of(data).encoding
    assert ours == theirs


def test_declared_encoding_of_nothing() -> None:
    assert declared_encoding(b"") is None


def test_only_regular_files_of_bounded_size_are_read(tmp_path: Path) -> None:
    big = tmp_path / "big.py"
    big.write_bytes(b"#" * 11)
    assert read_source(str(big), 10) == Unreadable(
        str(big), "is larger than 10 bytes; raise `max-file-size` to analyse it", b"#" * 11
    )
    assert isinstance(read_source(str(big), 11), SourceText)
    os.mkfifo(tmp_path / "pipe.py")
    for path, part in (
        (tmp_path / "pipe.py", "not a regular file"),
        (tmp_path, "not a regular file"),
        (tmp_path / "gone.py", "no such file"),
        (Path("/dev/null"), "not a regular file"),
    ):
        source = read_source(str(path), 10)
        assert isinstance(source, Unreadable)
        assert part in source.reason
    assert read_source("a\0b", 10) == Unreadable("a\0b", "has a NUL byte in its name")
