"""Which calls of JavaScript data must not reach, by the table beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from lint_rules.families.e07_security.flows_javascript import FlowNote, Passed, Taint
from lint_rules.families.e07_security.weaknesses import FOLDER
from lint_rules.languages.tables import read_table
from lint_rules.project.node_names import js_name
from lint_rules.project.types import Types

_MONGO = re.compile(r"collection\(|[cC]ollection\w*$|\.models?\.\w+$|(?:^|\.)db\.\w+$|^[A-Z]\w*$|Model$")
_PRISMA = re.compile(r"(?:^|\.)(?:prisma\w*|db|tx)\.\w+$")
_SQL_MAPPERS = ("sequelize", "typeorm", "@prisma/", "objection", "knex", "bookshelf", "@mikro-orm/")
_OF_SQL_MAPPERS = frozenset({"where", "attributes", "include", "order", "relations", "select"})
"""Members of what Sequelize, TypeORM and Prisma are given: values there are values."""
_SHELLS = frozenset({"sh", "bash", "zsh", "cmd", "cmd.exe", "powershell", "powershell.exe", "dash", "ksh"})
_ARGUMENTS = re.compile(r"\(.*", re.DOTALL)


class Sinks:
    """The rows by canonical name and by last name."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[Mapping[str, Any]]] = {}
        self._by_method: dict[str, list[Mapping[str, Any]]] = {}
        for row in read_table(FOLDER / "sinks_javascript.toml")["sink"]:
            for name in map(js_name, row.get("calls", ())):
                self._by_name.setdefault(name, []).append(row)
            for method in row.get("methods", ()):
                self._by_method.setdefault(method, []).append(row)
        self.last_names = frozenset(
            (
                *(name.rpartition(".")[2] for name in self._by_name),
                *self._by_method,
                *(n.rpartition("/")[2] for n in self._by_name),
            )
        )

    def rows(self, canonical: str, note: FlowNote, types: Types) -> Iterator[Mapping[str, Any]]:
        """The rows that concern a call: by what is called, else by the name of the method."""
        found = False
        if canonical.startswith("globalThis.Function") and note.kind == "call" and note.last != "Function":
            return  # what was compiled is called, with data
        for candidate in types.lineage(canonical.removesuffix("()")) if canonical else ():
            for row in self._by_name.get(candidate, ()):
                found = True
                yield row
            if found:
                return
        if _is_known_library(canonical, types):
            return
        for row in self._by_method.get(note.last, ()):
            if _is_meant(row, note, canonical):
                yield row


@lru_cache(maxsize=1)
def sinks() -> Sinks:
    """The table, read once."""
    return Sinks()


def may_sink(name: str) -> bool:
    """Whether a call with that last name may be a row's; names of packages that are functions can be anything."""
    return True if not name else name in sinks().last_names or name[:1].isupper() or not _COMMON.match(name)


_COMMON = re.compile(
    r"^(?:log|info|warn|error|debug|trace|then|catch|finally|map|filter|forEach|reduce|push|slice|trim|split|join|toString"
    r"|json|status|sendStatus|isArray|keys|values|entries|includes|indexOf|startsWith|endsWith|setHeader_|replace|test)$"
)


def _is_known_library(canonical: str, types: Types) -> bool:
    """Whether the method belongs to something that the tables know, which is therefore none of the unknown objects."""
    owner = canonical.rpartition(".")[0]
    return owner.startswith(
        (
            "globalThis.",
            "lodash",
            "fs",
            "path",
            "redis",
            "ioredis",
            "axios",
            "express.Response",
            "express.App",
            "koa.Context",
        )
    )


def _is_meant(row: Mapping[str, Any], note: FlowNote, canonical: str) -> bool:
    if row.get("shape") == "mongo":
        is_sql = any(passed.taint.inside in _OF_SQL_MAPPERS for passed in note.passed)
        return not is_sql and not canonical.startswith(_SQL_MAPPERS) and _MONGO.search(note.owner) is not None
    if row.get("shape") == "prisma":
        return _PRISMA.search(note.owner) is not None
    if "receiver" in row:
        last = _ARGUMENTS.sub("(", note.owner).rpartition(".")[2]
        return re.search(row["receiver"], last) is not None
    return True


def concerns(row: Mapping[str, Any], passed: Passed, note: FlowNote, count: int) -> bool:
    """Whether a taint stands where a row's call must not be given it, in the way that makes it dangerous."""
    taint = passed.taint
    if row["rule"] in taint.clean:
        return False
    places = row.get("arguments", [0])
    if passed.position not in places and not (-1 in places and passed.position == count - 1):
        return False
    if not _lies_at(row, taint):
        return False
    options = note.options
    if "if_option" in row and row["if_option"] not in options:
        return False
    if "unless_option" in row and row["unless_option"] in options:
        return False
    if "if_program" in row and not any(f"program={shell}" in options for shell in _SHELLS):
        return False
    if row.get("document") and not taint.is_document and taint.inside != "$where":
        return False
    if row.get("whole") and not taint.is_whole:
        return False
    if row.get("text") == "start" and not taint.at_start:
        return False
    if row.get("text") == "sql" and not passed.is_sql:
        return False
    if row.get("target") and not _is_entity(note):
        return False
    if "below" in row and not any(f"major={number}" in options for number in range(*row["below"].values())):
        return False
    if row["rule"] == "TEN0706" and passed.position and 0 in places and not taint.inside:
        return False
    if "header" in row and not _is_header(row, note):
        return False
    if row["rule"] == "TEN0707":
        return _is_page(row, passed, note)
    return not (
        row["rule"] == "TEN0704" and note.last in ("setTimeout", "setInterval", "setImmediate") and passed.position
    )


def _lies_at(row: Mapping[str, Any], taint: Taint) -> bool:
    if not taint.inside:
        return True
    members = row.get("members", ())
    return "*" in members or taint.inside in members or ("header" in row and taint.inside.lower() == row["header"])


def _is_page(row: Mapping[str, Any], passed: Passed, note: FlowNote) -> bool:
    """Whether browsers show the answer as a page."""
    if "not-html" in note.options or passed.taint.inside:
        return False
    if row.get("text") == "html":
        return passed.is_html or "html" in note.options
    return not (passed.taint.is_whole and passed.taint.is_document)


def _is_entity(note: FlowNote) -> bool:
    return "target=fresh" not in note.options


def _is_header(row: Mapping[str, Any], note: FlowNote) -> bool:
    return f"program={row['header']}" in [one.lower() for one in note.options] or row["header"] in [
        one.lower() for one in note.options
    ]
