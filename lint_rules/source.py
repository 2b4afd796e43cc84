"""A file's text as every parser sees it: read once, decoded as its language says, with positions in rows and columns.

Rows and columns count from 1 and columns count characters. Lines end where CPython ends them: at LF, CR LF and CR, and
nowhere else (no form feed, no U+2028). What cannot be read is a value, not an exception, since one bad file is no
reason to stop.
"""

from __future__ import annotations

import os
import re
import stat
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from msgspec import Struct

from lint_rules.model import Span

PYTHON_SUFFIXES = (".py", ".pyi")
JAVASCRIPT_SUFFIXES = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")
CONFIG_SUFFIXES = (".env", ".yml", ".yaml", ".json", ".toml", ".ini", ".cfg", ".conf", ".properties", ".dockerfile")
CONFIG_NAMES = (".env", "Dockerfile", "Containerfile", ".npmrc", ".pypirc", ".netrc")
"""Names of configuration files; more may follow behind a dot or hyphen (`.env.local`, `Dockerfile.prod`)."""
DEFAULT_MAX_BYTES = 1_000_000
_HEAD_OF_LARGE = 65_536

_ALWAYS_UTF8_SUFFIXES = (*JAVASCRIPT_SUFFIXES, ".toml", ".json")
_UTF8_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
# PEP 263; a cookie on the second line counts only below a blank line or a comment.
_COOKIE = re.compile(rb"[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)")
_NO_CODE = re.compile(rb"[ \t\f]*(?:#|$)")
_HEAD_BYTES = 4096
# Decoders that are quadratic, that read no source text, or that decode ASCII to something else.
_REFUSED_CODECS = ("idna", "punycode", "undefined", "utf-16", "utf-32", "utf_16", "utf_32", "mbcs", "oem")


# Locks, generated lists and the tools' own settings: long, and written by machines.
# ISO 639-1: `de.json` and `pt-BR.yml` hold translations, `db.yml` and `dev.json` settings.
_LANGUAGES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz "
    "ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik "
    "is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn "
    "mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se "
    "sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn tr ts tt tw ty ug uk ur uz ve vi vo wa "
    "wo xh yi yo za zh zu"
)
_NO_SETTINGS = re.compile(
    r"(?:^|[._-])lock(?:file)?[.]|[.-]lock$|^(?:package-lock|npm-shrinkwrap|composer[.]lock|tsconfig[^/]*|jsconfig"
    r"|manifest|strings|icons|openapi[^/]*|swagger[^/]*|[^/]*[.]schema|schema|[^/]*[.]min|[^/]*[.]map|components"
    r"|[.]tenlint-baseline|mkdocs|biome|renovate|lerna|nx|turbo|asset-manifest|codecov|[.]pre-commit-config|[.]eslintrc|[.]prettierrc"
    rf"|(?:{'|'.join(_LANGUAGES.split())})(?:[_-][A-Za-z]{{2,4}})?)[.](?:json|ya?ml|toml)$"
)
_NO_SETTINGS_FOLDERS = re.compile(
    r"(?:^|/)(?:translations?|locales?|i18n|lang|langs|languages|l10n|__snapshots__|cassettes|snapshots|schemas?"
    r"|testdata|test_data|vendor|node_modules)/"
)


def is_config_name(path: str) -> bool:
    """Whether a file holds settings that a service or its deployment reads, by its name and the folders it lies in."""
    folder, _, name = path.replace(os.sep, "/").rpartition("/")
    if name.endswith(CONFIG_SUFFIXES):
        return not (_NO_SETTINGS.search(name) or _NO_SETTINGS_FOLDERS.search(folder + "/"))
    head = name.replace("-", ".").split(".")
    return name in CONFIG_NAMES or (name.startswith((".env.", ".env-", "Dockerfile.", "Dockerfile-")) and len(head) < 5)


class Unreadable(Struct, frozen=True):
    """A file that cannot be analysed, and why in a few words, such as "contains a NUL byte".

    `head` are the first bytes of one that is too large, which tell what wrote it.
    """

    path: str
    reason: str
    head: bytes = b""


class Comment(Struct, frozen=True):
    """A real comment of a file (never a string that looks like one), with its marker, without its line ending."""

    span: Span
    text: str


class SourceText:
    """The text of one file. Immutable; the line table is made on first use.

    `data` is the text re-encoded as UTF-8 without a byte order mark, and all offsets count in it. `encoding` is the
    codec the file was written in, `bom` says whether it began with a UTF-8 byte order mark.
    """

    __slots__ = ("_all_ascii", "_line_starts", "bom", "data", "encoding", "path")

    def __init__(self, path: str, data: bytes, encoding: str = "utf-8", bom: bool = False) -> None:
        self.path = path
        self.data = data
        self.encoding = encoding
        self.bom = bom
        self._all_ascii = data.isascii()
        self._line_starts: Sequence[int] | None = None

    def __repr__(self) -> str:
        return f"<SourceText {self.path!r} {len(self.data)} bytes {self.encoding}>"

    @property
    def line_starts(self) -> Sequence[int]:
        """The offset of each line's first byte; after a final line ending one empty line more."""
        starts = self._line_starts
        if starts is None:
            # bytes.splitlines knows LF, CR LF and CR only, which is CPython's idea of a line.
            starts = list(accumulate(map(len, self.data.splitlines(keepends=True)), initial=0))
            if len(starts) > 1 and self.data[-1:] not in (b"\n", b"\r"):
                starts.pop()
            self._line_starts = starts
        return starts

    @property
    def row_count(self) -> int:
        """How many rows there are, the empty one after a final line ending included."""
        return len(self.line_starts)

    def row_at(self, offset: int) -> int:
        """The row of a byte offset."""
        return bisect_right(self.line_starts, offset)

    def position(self, offset: int) -> tuple[int, int]:
        """The row and column of a byte offset."""
        row = bisect_right(self.line_starts, offset)
        line_start = self.line_starts[row - 1]
        if self._all_ascii:
            return row, offset - line_start + 1
        before = self.data[line_start:offset]
        if before.isascii():
            return row, len(before) + 1
        return row, len(before.decode("utf-8", "replace")) + 1

    def offset_at(self, row: int, column: int) -> int:
        """The byte offset of a row and column; a place past the line's or the file's end is clipped to it."""
        starts = self.line_starts
        if row > len(starts):
            return len(self.data)
        line_start = starts[row - 1]
        line_end = starts[row] if row < len(starts) else len(self.data)
        if self._all_ascii:
            return min(line_start + column - 1, line_end)
        line = self.data[line_start:line_end].decode("utf-8", "replace")
        return line_start + len(line[: column - 1].encode())

    def span(self, start: int, end: int) -> Span:
        """The span of the bytes `start:end` of `data`."""
        row, column = self.position(start)
        end_row, end_column = self.position(end)
        return Span(start, end, row, column, end_row, end_column)

    def text(self, start: int, end: int) -> str:
        """The text of the bytes `start:end`."""
        return self.data[start:end].decode("utf-8", "replace")

    def line_text(self, row: int) -> str:
        """The text of a row without its line ending; '' for a row that does not exist."""
        starts = self.line_starts
        if not 1 <= row <= len(starts):
            return ""
        end = starts[row] if row < len(starts) else len(self.data)
        return self.text(starts[row - 1], end).rstrip("\r\n")

    def original_bytes(self) -> bytes:
        """The bytes of the file as it was read, encoding and byte order mark restored.

        Raises UnicodeEncodeError if `data` holds a character the file's encoding cannot write.
        """
        body = self.data if self.encoding == "utf-8" else self.data.decode().encode(self.encoding)
        return _UTF8_BOM + body if self.bom else body


def read_source(path: str, max_bytes: int = DEFAULT_MAX_BYTES) -> SourceText | Unreadable:
    """Read and decode one regular file of at most `max_bytes` bytes."""
    # O_NONBLOCK, so that opening a FIFO that nobody writes to returns at once and fstat can refuse it.
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        return Unreadable(path, _reason_of(error))
    except ValueError:
        return Unreadable(path, "has a NUL byte in its name")
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return Unreadable(path, "is not a regular file")
        if status.st_size > max_bytes:
            return Unreadable(path, _too_large(max_bytes), os.read(descriptor, _HEAD_OF_LARGE))
        with open(descriptor, "rb", closefd=False) as file:
            # One byte more than allowed, so that a file that grew meanwhile is noticed.
            content = file.read(max_bytes + 1)
    except OSError as error:
        return Unreadable(path, _reason_of(error))
    finally:
        os.close(descriptor)
    if len(content) > max_bytes:
        return Unreadable(path, _too_large(max_bytes))
    return source_from_bytes(path, content)


def source_from_bytes(path: str, data: bytes) -> SourceText | Unreadable:
    """Decode bytes by byte order mark and, in Python files, by coding cookie; UTF-8 otherwise."""
    for mark, name in _WIDE_BOMS:
        if data.startswith(mark):
            return Unreadable(path, f"is {name} text; save it as UTF-8")
    if b"\0" in data:
        return Unreadable(path, "contains a NUL byte; it is a binary file or UTF-16 text")
    bom = data.startswith(_UTF8_BOM)
    body = data[len(_UTF8_BOM) :] if bom else data
    declared = None if path.endswith(_ALWAYS_UTF8_SUFFIXES) else declared_encoding(body)
    encoding = "utf-8" if declared is None else _normal_name(declared)
    if bom and encoding != "utf-8":
        return Unreadable(path, "begins with a UTF-8 byte order mark but declares another encoding")
    if encoding == "utf-8":
        if not body.isascii():
            try:
                body.decode("utf-8")
            except UnicodeDecodeError as error:
                return Unreadable(path, _undecodable(body, error, "UTF-8"))
        return SourceText(path, body, encoding, bom)
    if encoding.startswith(_REFUSED_CODECS):
        return Unreadable(path, "declares an encoding that source files cannot have")
    return _decode_declared(path, body, encoding)


def declared_encoding(body: bytes) -> str | None:
    """The encoding that a PEP 263 cookie in the first two lines names, as it is written there."""
    first_line, *more = body[:_HEAD_BYTES].splitlines()[:2] or [b""]
    found = _COOKIE.match(first_line)
    if found is None and more and _NO_CODE.match(first_line):
        found = _COOKIE.match(more[0])
    return found.group(1).decode("ascii") if found else None


def _decode_declared(path: str, body: bytes, encoding: str) -> SourceText | Unreadable:
    try:
        text = body.decode(encoding)
        data = text.encode("utf-8")
    except LookupError:
        return Unreadable(path, "declares an unknown encoding")
    except UnicodeDecodeError as error:
        return Unreadable(path, _undecodable(body, error, encoding))
    except UnicodeError:
        return Unreadable(path, f"is not valid {encoding} text")
    if b"\0" in data:
        return Unreadable(path, "contains a NUL character")
    return SourceText(path, data, encoding)


def _normal_name(name: str) -> str:
    """The codec for a cookie; the spellings that CPython's tokenizer treats alike (`utf-8-unix`) are one name."""
    head = name[:12].lower().replace("_", "-")
    if head in ("utf-8", "utf8", "u8") or head.startswith("utf-8-"):
        return "utf-8"
    if head in ("ascii", "us-ascii"):
        return "ascii"
    latin = ("latin-1", "iso-8859-1", "iso-latin-1")
    if head in latin or head.startswith(tuple(spelling + "-" for spelling in latin)):
        return "iso-8859-1"
    return name.lower()


def _undecodable(body: bytes, error: UnicodeDecodeError, encoding: str) -> str:
    row = SourceText("", body[: error.start]).row_at(error.start)
    return f"byte 0x{body[error.start]:02x} in line {row} is not {encoding}; save it as UTF-8 or declare its encoding"


def _too_large(max_bytes: int) -> str:
    return f"is larger than {max_bytes:,} bytes; raise `max-file-size` to analyse it"


def _reason_of(error: OSError) -> str:
    return f"cannot be read: {(error.strerror or type(error).__name__).lower()}"
