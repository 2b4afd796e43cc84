"""What a file imports, by its bytes alone: enough to tell that most files import nothing that a rule would speak about.

The list is a superset of what the syntax tree gives (a docstring may mention an import). Where the bytes do not tell it
for sure, there is none, and the file is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from msgspec import Struct

_IMPORT: Final = re.compile(
    rb"^[ \t\f]*(?:from([. \t]*(?:\w[\w.]*[ \t]*)?)\bimport\b[ \t]*(\((?:[^)#]|#[^\n]*)*\)?|[^\n#;]*)"
    rb"|import[ \t]+([^\n#;]*))",
    re.MULTILINE,
)
# Imports behind something else on their line, and those that go on behind a backslash.
_HIDDEN: Final = re.compile(
    rb"[:;][ \t]*(?:from|import)\b|^[ \t\f]*(?:from|import)\b[^\n]*\\[ \t\r]*$|\bimport\\", re.MULTILINE
)
_UNUSUAL: Final = re.compile(rb"^[ \t\f]*(?:from|import)\b[^\n]*[^\x00-\x7f]", re.MULTILINE)
_COMMENT: Final = re.compile(rb"#[^\n]*")
_NAME: Final = re.compile(rb"(\*|\w+)(?:[ \t\r\n]+as[ \t\r\n]+\w+)?")


class Mention(Struct, frozen=True):
    """An import as it is written: the dotted module, the dots in front of it, and what `from` takes of it."""

    module: str
    level: int = 0
    names: tuple[str, ...] = ()
    is_from: bool = False

    @property
    def top(self) -> str:
        """The first segment of an absolute import."""
        return "" if self.level else self.module.partition(".")[0]


@lru_cache(maxsize=4)
def mentions(data: bytes) -> tuple[Mention, ...] | None:
    """All imports that may be in a file, None if the bytes do not tell."""
    if b"import" not in data:
        return ()
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None
    # Most lines can be told to hold nothing of the kind, several times faster than the expression tells it.
    if _HIDDEN.search(b"\n".join(line for line in data.split(b"\n") if b"import" in line or b"from" in line)):
        return None
    if not data.isascii() and _UNUSUAL.search(data):
        return None
    return tuple(_mentions(data))


def _mentions(data: bytes) -> Iterator[Mention]:
    for source, names, plain in _IMPORT.findall(data):
        if plain:
            for part in plain.split(b","):
                words = part.partition(b" as ")[0].split()
                if words:
                    yield Mention(b"".join(words).decode())
            continue
        written = b"".join(source.split())
        module = written.lstrip(b".")
        taken = _NAME.findall(_COMMENT.sub(b"", names))
        if module != b"__future__":
            yield Mention(module.decode(), len(written) - len(module), tuple(name.decode() for name in taken), True)


__all__ = ["Mention", "mentions"]
