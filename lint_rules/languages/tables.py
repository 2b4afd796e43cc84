"""Tables: names of libraries' functions as TOML rows, read once and matched by canonical name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import tomli
from msgspec import Struct

from lint_rules.project.types import Types

Row = TypeVar("Row")


@lru_cache(maxsize=64)
def read_table(path: Path) -> dict[str, Any]:
    """The content of a table that ships with the rules."""
    return tomli.loads(path.read_text(encoding="utf-8"))


class TableRow(Struct, frozen=True):
    """One row: the patterns it covers and everything else it says."""

    patterns: tuple[str, ...]
    values: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def get(self, key: str, default: Any = None) -> Any:
        """The value under `key`, or `default`."""
        return self.values.get(key, default)

    def __hash__(self) -> int:
        return id(self)


class NameTable(Generic[Row]):
    """Patterns to rows. The last segment of a pattern may be `*`: any one segment, but those that `but` names.

    `user_table` names the table of the configuration whose names are matched too, and `user_row` is what they give.
    """

    def __init__(
        self,
        rows: Iterable[tuple[str, Row]],
        but: Iterable[str] = (),
        *,
        user_table: str = "",
        user_row: Row | None = None,
    ) -> None:
        self._user_table = user_table
        self._user_row = user_row
        self._but = frozenset(but)
        self._exact: dict[str, Row] = {}
        self._any: dict[str, Row] = {}
        for pattern, row in rows:
            if pattern.endswith(".*"):
                self._any.setdefault(pattern[:-2], row)
            else:
                self._exact.setdefault(pattern, row)
        self.last_names = frozenset(pattern.rpartition(".")[2] for pattern in self._exact)

    def __iter__(self) -> Iterator[str]:
        yield from self._exact
        yield from (f"{owner}.*" for owner in self._any)

    def match(self, name: str, types: Types) -> Row | None:
        """The row for a canonical name, looked up along the base classes of its owner."""
        if not name:
            return None
        added = types.additions.get(self._user_table)
        if added is not None and not added.isdisjoint(types.lineage(name)):
            return self._user_row
        for candidate in types.lineage(name):
            row = self._exact.get(candidate)
            if row is None and candidate in self._but:
                return None
            if row is None and self._any:
                row = self._any.get(candidate.rpartition(".")[0])
            if row is not None:
                return row
        return None


def name_table(
    path: Path, section: str, key: str = "calls", *, user_table: str = "", user_row: Mapping[str, Any] | None = None
) -> NameTable[TableRow]:
    """The rows `[[section]]` of a table file, indexed by the patterns under `key`."""
    rows = [TableRow(tuple(row[key]), row) for row in read_table(path).get(section, ())]
    but = (name for row in rows for name in row.get("but", ()))
    return NameTable(
        ((pattern, row) for row in rows for pattern in row.patterns),
        but,
        user_table=user_table,
        user_row=TableRow((), user_row) if user_row is not None else None,
    )
