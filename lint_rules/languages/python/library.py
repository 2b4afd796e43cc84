"""The tables of Python's libraries and frameworks, read once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from lint_rules.languages.tables import read_table
from lint_rules.project.types import Types

_HERE = Path(__file__).parent


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
def registrar_names() -> frozenset[str]:
    """Last names of the calls that take a function and run it later; their arguments are kept in the facts."""
    table = frameworks()
    calls = [row["call"] for row in table.get("loop_callbacks", {}).get("calls", ())]
    calls += table.get("offload", {}).get("general", ())
    for framework in table.get("framework", ()):
        calls += [row["call"] for row in framework.get("registrations", ())]
        calls += framework.get("offload", ())
    return frozenset(call.rpartition(".")[2] for call in calls)
