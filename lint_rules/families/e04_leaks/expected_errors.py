"""Whether an error between taking a resource and giving it back is one to plan for (Python)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e04_leaks.taking import is_in_memory
from lint_rules.flow.form import Event
from lint_rules.languages.python.scopes import Scope, text
from lint_rules.languages.tables import TableRow

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_OF_SYSTEM = re.compile(r"OSError|IOError|socket\.error|EnvironmentError|Exception|except\s*$")


def matters(cause: Event, name: str, row: TableRow) -> bool:
    """Whether an error is one to plan for: not in cleaning up, and of what can be collected not its own method's."""
    outer: Node | None = cause.node
    while outer is not None and outer.type not in ("function_definition", "finally_clause", "except_clause"):
        outer = outer.parent
    if outer is not None and outer.type != "function_definition":
        return False
    is_own = cause.kind == "call" and cause.subject.startswith(f"{name}.")
    if is_own:
        return bool(row.get("own_errors")) and not _is_closed_on(cause.node, name, row)
    return not cause.subject.endswith((".get", ".fileno"))  # of a dict, mostly


def _is_closed_on(call: Node, name: str, row: TableRow) -> bool:
    """Whether the errors that a method of a connection raises are caught around it, and it is closed there."""
    current: Node | None = call
    while current is not None and current.type != "function_definition":
        for clause in current.named_children if current.type == "try_statement" else ():
            caught = text(clause).partition(":")[0] if clause.type == "except_clause" else ""
            if caught and _OF_SYSTEM.search(caught) and any(f"{name}.{one}(" in text(clause) for one in row["release"]):
                return True
        current = current.parent
    return False


def what_raises(event: Event) -> str:
    if event.kind == "yield":
        return "the `yield`"
    return f"`{' '.join(event.subject.split())[:40]}`" if event.kind == "call" else "the code"


def is_archive_in_memory(call: Node, row: TableRow, file: PythonFile) -> bool:
    """Whether there is nothing to give back of an archive after an error: it was to be written to memory."""
    return bool(row.get("in_memory")) and is_in_memory(call.child_by_field_name("arguments"), file)


def is_ended_otherwise(name: str, row: TableRow, function: Scope) -> bool:
    """Whether the function notes down by what it can be ended later: `process.pid`."""
    read = row.get("unless_read")
    return bool(read) and f"{name}.{read}".encode() in (function.node.text or b"")
