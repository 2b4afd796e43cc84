"""The tables of JavaScript's libraries, read once; names in them are spelled `specifier#member.path`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from lint_rules.languages.tables import NameTable, TableRow, read_table
from lint_rules.project.node_frameworks import NodeHandlerTable
from lint_rules.project.node_names import js_name
from lint_rules.project.types import Types

_HERE = Path(__file__).parent

__all__ = ["handler_table", "js_name", "js_name_table", "types", "types_with"]


def types_with(additions: Mapping[str, Iterable[str]]) -> Types:
    """The same with the names that the user adds to knowledge tables, by table; those with a `#` are JavaScript's."""
    return replace(
        types(), additions={table: frozenset(js_name(name) for name in names) for table, names in additions.items()}
    )


@lru_cache(maxsize=1)
def types() -> Types:
    """What calls return and attributes hold, for the libraries in types.toml."""
    path = _HERE / "types.toml"
    table = read_table(path)
    bases = {js_name(name): [js_name(base) for base in bases] for name, bases in table.get("bases", {}).items()}
    return Types(
        _translated(table.get("returns", {})), _translated(table.get("attributes", {})),
        _translated(table.get("aliases", {})), bases,
    )  # fmt: skip


@lru_cache(maxsize=1)
def handler_table() -> NodeHandlerTable:
    """What frameworks call, from frameworks.toml."""
    return NodeHandlerTable(read_table(_HERE / "frameworks.toml"))


@lru_cache(maxsize=1)
def callbacks() -> dict[str, tuple[TableRow, ...]]:
    """What calls pass to the functions that they are given, by the canonical name of what is called."""
    found: dict[str, tuple[TableRow, ...]] = {}
    for row in read_table(_HERE / "types.toml").get("callbacks", ()):
        name = js_name(row["call"])
        found[name] = (*found.get(name, ()), TableRow((name,), {**row, "type": js_name(row["type"])}))
    return found


def passed_to(call: str, event: str | None, argument: int, count: int, parameter: int, types: Types) -> str:
    """The class of a parameter of a function that is argument number `argument` of `count` of a call; "" if unknown."""
    for name in types.lineage(call):
        for row in callbacks().get(name, ()):
            place = row.get("argument", -1)
            is_there = argument == (place if place >= 0 else count + place)
            if is_there and row["parameter"] == parameter and row.get("event") in (None, event):
                return str(row["type"])
    return ""


def _translated(rows: Mapping[str, str]) -> dict[str, str]:
    return {js_name(name): value if value.startswith("<") else js_name(value) for name, value in rows.items()}


def js_name_table(
    path: Path, section: str, key: str = "calls", *, user_table: str = "", user_row: Mapping[str, Any] | None = None
) -> NameTable[TableRow]:
    """The rows `[[section]]` of a table file whose names are JavaScript's, indexed by the patterns under `key`."""
    rows = [TableRow(tuple(map(js_name, row[key])), row) for row in read_table(path).get(section, ())]
    return NameTable(
        ((pattern, row) for row in rows for pattern in row.patterns),
        (js_name(name) for row in rows for name in row.get("but", ())),
        user_table=user_table,
        user_row=TableRow((), user_row) if user_row is not None else None,
    )
