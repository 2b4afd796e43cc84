"""What library calls do with the data they are given: the rows of dataflow.toml."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from lint_rules.languages.tables import NameTable, read_table
from lint_rules.project.types import Types

TEXT = frozenset({"nosql", "mass", "where"})
"""What text cannot be misused for: it is no document, and names no fields."""
UPLOAD = TEXT | {"upload", "path", "url", "redirect", "html", "command", "program", "sql", "template", "field"}
"""What an uploaded file cannot be misused for as long as nobody asks for its name."""


class Effect(Struct, frozen=True):
    """What a call does with its arguments: `passes` says that its result holds them, safe from `kinds`."""

    passes: bool
    kinds: frozenset[str] = frozenset()


class Effects:
    """The effects of calls by canonical name, and of methods of what holds data by their name alone."""

    def __init__(self, path: Path) -> None:
        table = read_table(path)
        rows: list[tuple[str, Effect]] = []
        kinds_of: dict[str, frozenset[str]] = {}
        for row in table["cleans"]:
            kinds = frozenset(row["kinds"])
            kinds = (kinds - {"text"}) | TEXT if "text" in kinds else kinds
            for name in row["calls"]:
                kinds_of[name] = kinds_of.get(name, frozenset()) | kinds
        rows.extend((name, Effect(True, kinds)) for name, kinds in kinds_of.items())
        rows.extend((name, Effect(True)) for row in table["passes"] for name in row["calls"] if name not in kinds_of)
        rows.extend((name, Effect(False)) for row in table["ends"] for name in row["calls"])
        self._table: NameTable[Effect] = NameTable(rows)
        methods = table["methods"]
        self.passing = frozenset(methods["passes"])
        self.taking = frozenset(methods["takes"])
        self.putting = frozenset(methods["puts"])
        self.ending = frozenset(methods["ends"])

    def of(self, name: str, types: Types) -> Effect | None:
        """What a library function does, by its canonical name; None if nothing is known."""
        return self._table.match(name, types)


@lru_cache(maxsize=1)
def effects() -> Effects:
    """The table, read once."""
    return Effects(Path(__file__).parent / "dataflow.toml")


def safe_slot(before: Iterable[str | None]) -> frozenset[str]:
    """What data in the middle of a text is safe from, by what stands in front of it (None: a part that is not known).

    Where something other than a scheme stands there, it chooses no host.
    """
    written = "".join("\0" if part is None else part for part in before)
    if not written:
        return frozenset()
    scheme, colon, rest = written.partition("//")
    if (
        colon
        and not scheme.strip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+:")
        and not any(sign in rest for sign in "/?#\0")
    ):
        return frozenset()
    return _LOCATED


_LOCATED = frozenset({"url", "redirect"})
