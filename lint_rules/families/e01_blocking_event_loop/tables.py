"""The tables of family 01, and what their rows say about a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.scopes import text
from lint_rules.languages.tables import TableRow, name_table
from lint_rules.model import ERROR, WARNING, Severity

if TYPE_CHECKING:
    from lint_rules.project.calls import Edge
    from lint_rules.project.linked import Project

_HERE = Path(__file__).parent

BLOCKING = name_table(
    _HERE / "blocking.toml",
    "python",
    user_table="blocking",
    user_row={"kind": "configured", "instead": "its awaitable twin"},
)
CPU_HEAVY = name_table(_HERE / "cpu_heavy.toml", "python")
THREAD_WAITS = name_table(_HERE / "thread_waits.toml", "python")
WAITING_CONTEXTS = name_table(_HERE / "thread_waits.toml", "python_with", "contexts")
NESTED_LOOPS = name_table(_HERE / "nested_loops.toml", "python")


def severity_of(row: TableRow) -> Severity:
    """Files are local and mostly fast: a warning. All else is an error."""
    return WARNING if row["kind"] == "file" else ERROR


def blocking_row(edge: Edge, project: Project) -> TableRow | None:
    """The row for a call of the project's call graph that surely blocks; arguments are not known there."""
    row = None if edge.call.awaited or edge.call.kind != "call" else BLOCKING.match(edge.name, project.symbols.types)
    if row is None or row.get("unless"):
        return None
    return row if row["kind"] != "file" or project.option("blocking-call", "file-io", True) else None


def blocks(row: TableRow, call: Node) -> bool:
    """Whether a call with these arguments blocks: rows name arguments, by keyword or position, that prevent it."""
    harmless = _harmless_arguments(row)
    return not any(_matches(value, harmless[key]) for key, value in arguments_of(call) if key in harmless)


def arguments_of(call: Node) -> Iterator[tuple[str, Node]]:
    """The arguments of a call, by keyword or by position as text."""
    arguments = call.child_by_field_name("arguments")
    position = 0
    for argument in arguments.named_children if arguments is not None else ():
        name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
        if argument.type == "keyword_argument" and name is not None and value is not None:
            yield text(name), value
        elif argument.type != "comment":
            yield str(position), argument
            position += 1


def _harmless_arguments(row: TableRow) -> Mapping[str, object]:
    """`unless = { timeout = 0 }` and `nonblocking = ["timeout=0"]` say the same; "*" is any value."""
    unless: Mapping[str, object] = row.get("unless", {})
    pairs = (argument.partition("=") for argument in row.get("nonblocking", ()))
    return {**unless, **{key: value for key, _, value in pairs}}


def _matches(value: Node, wanted: object) -> bool:
    """Whether the source of an argument is this value, or this text."""
    source = text(value)
    return wanted == "*" or source in (str(wanted), f"{wanted}.0")
