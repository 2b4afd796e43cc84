"""The tables of Python's libraries and frameworks, read once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from lint_rules.languages.tables import read_table
from lint_rules.project.frameworks import HandlerTable
from lint_rules.project.types import Types

_HERE = Path(__file__).parent


def types_with(additions: Mapping[str, Iterable[str]]) -> Types:
    """The same with the names that the user adds to knowledge tables, by table."""
    return replace(types(), additions={table: frozenset(names) for table, names in additions.items()})


@lru_cache(maxsize=1)
def types() -> Types:
    """What calls return and attributes hold, for the libraries in types.toml."""
    table = read_table(_HERE / "types.toml")
    return Types(
        table.get("returns", {}),
        table.get("attributes", {}),
        table.get("aliases", {}),
        table.get("bases", {}),
        table.get("enters", {}),
    )


@lru_cache(maxsize=1)
def frameworks() -> dict[str, Any]:
    """The rows of frameworks.toml: handlers, request data, and where code runs."""
    return read_table(_HERE / "frameworks.toml")


@lru_cache(maxsize=1)
def handler_table() -> HandlerTable:
    """The same rows by the decorators, base classes and calls that make a function a handler."""
    return HandlerTable(frameworks())


LOOP_WORDS = (b"async def", b"async  def", *sorted(package.encode() for package in handler_table().plain_packages))
"""A file without any of these has no code on the event loop, unless a class of another file tells otherwise."""

_PLAIN_METHOD = re.compile(
    rb"def (?:on_\w*|" + "|".join(sorted(map(re.escape, handler_table().plain_methods))).encode() + rb")\("
)
_DERIVED = re.compile(rb"class \w+\s*\(\s*\w")


def may_run_on_loop(data: bytes) -> bool:
    """Whether a file of these bytes may have code on the event loop; a class may inherit from another file's view."""
    return any(word in data for word in LOOP_WORDS) or (
        _PLAIN_METHOD.search(data) is not None and _DERIVED.search(data) is not None
    )


ENTRY_WORDS = tuple(sorted(f"{name}(".encode() for name in handler_table().entry_names))
"""A file without any of these does not start a server."""

HOOK_WORDS = (
    b"excepthook", b"unraisablehook", b"exception_handler", b"errorhandler", b"error_handler", b"ErrorHandler",
    b".exception(", b"all_exceptions", b"write_error", b"iddleware",
)  # fmt: skip
"""A file without any of these registers nothing that sees the errors of others."""
