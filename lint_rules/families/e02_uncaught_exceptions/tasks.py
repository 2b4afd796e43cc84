"""Work that is started in the background: which calls start it, and whether anybody keeps what they return."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.failing import may_fail
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.usage import Usage, Use, usage_of, usages_of
from lint_rules.languages.tables import NameTable, TableRow, name_table, read_table

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

TABLE = Path(__file__).parent / "tasks.toml"

STARTED = name_table(TABLE, "started")
_LOOPS = read_table(TABLE)["loops"]


class Dropped(Struct, frozen=True):
    """A call that starts work which nobody looks after: its row, and the use (dropped or unused) of its value."""

    row: TableRow
    usage: Usage


def dropped(call: Node, file: PythonFile) -> Dropped | None:
    """What is wrong with a call that starts work, None if all is well or it is another call."""
    usage = usage_of(call, file)
    if usage.use not in (Use.DROPPED, Use.BOUND) and not is_callback(usage):
        return None
    row = started(call, file)
    if row is None or (row["kind"] in ("job", "foreign") and _cannot_fail(call, row, file)):
        return None
    if usage.use is Use.BOUND:
        usages = usages_of(call, file)
        return Dropped(row, usages[0]) if all(usage.use is Use.UNUSED for usage in usages) else None
    if usage.use is Use.RETURNED and not result_is_ignored(usage.place, file):
        return None
    return Dropped(row, usage)


def started(call: Node, file: PythonFile) -> TableRow | None:
    """The row of a call that starts work, by itself or by a function that does no more than that."""
    return row_of(call, STARTED, file) or _started_by_helper(call, file)


STARTS_BY_NAME = re.compile(r"schedule|spawn|background|forget|launch|detach")
"""In the name of a function of the project that may give the task which it starts."""


def _started_by_helper(call: Node, file: PythonFile) -> TableRow | None:
    """The row of the call whose value is all that a function of the project gives: `def spawn(c): return ...`."""
    function = call.child_by_field_name("function")
    if function is None or not STARTS_BY_NAME.search(text(function).rpartition(".")[2]):
        return None
    reference = file.function(function)
    made = reference.function.makes if reference is not None and not reference.function.is_async else ""
    row = STARTED.match(file.symbols.canonical(made), file.types) if made else None
    return row if row is not None and row["kind"] == "task" else None


def row_of(call: Node, table: NameTable[TableRow], file: PythonFile) -> TableRow | None:
    """The row of a table for a call; a receiver that is only called like an event loop is taken for one."""
    function = call.child_by_field_name("function")
    if function is None or not may_be_in(table, function, file):
        return None
    row = table.match(file.canonical(function), file.types)
    if row is not None or function.type != "attribute":
        return row
    receiver, method = function.child_by_field_name("object"), function.child_by_field_name("attribute")
    if receiver is None or method is None or text(method) not in table.last_names:
        return None
    if text(receiver).rpartition(".")[2] not in _LOOPS["names"] or file.function(function) is not None:
        return None
    return table.match(f"{_LOOPS['type']}.{text(method)}", file.types)


def may_be_in(table: NameTable[TableRow], function: Node, file: PythonFile) -> bool:
    """A quick look: whether the last name of a function stands in a table, by itself or behind an alias."""
    attribute = function.child_by_field_name("attribute")
    if attribute is not None and text(attribute) in table.last_names:
        return True
    return file.names.symbol(function).rpartition(".")[2].removesuffix("()") in table.last_names


def is_callback(usage: Usage) -> bool:
    return usage.use is Use.RETURNED and usage.place.type == "lambda"


def result_is_ignored(callback: Node, file: PythonFile) -> bool:
    """Whether the event loop calls a lambda and drops its result: `loop.call_later(1, lambda: ...)`."""
    scope = file.scopes.of(callback)
    handler = file.handler(scope)
    return handler is not None and handler.kind == "callback"


def _cannot_fail(call: Node, row: TableRow, file: PythonFile) -> bool:
    """Whether the work that a call starts handles its own errors, or is none: TEN0205 speaks of coroutines there."""
    work = argument_of(call, row)
    if work is not None and work.type == "call":
        work = work.child_by_field_name("function")
    function = file.function(work) if work is not None else None
    if function is not None and function.function.is_async and row["kind"] == "job":
        return True
    return function is not None and not may_fail(function, file)


def argument_of(call: Node, row: TableRow) -> Node | None:
    """The coroutine or function that a call starts."""
    arguments = call.child_by_field_name("arguments")
    if arguments is None or arguments.type != "argument_list":
        return None
    positional = [one for one in arguments.named_children if one.type not in ("comment", "keyword_argument")]
    return positional[row["argument"]] if len(positional) > row["argument"] else None


def work_of(call: Node, row: TableRow) -> str:
    """What a call starts, in the user's words: `self.refresh` of `create_task(self.refresh())`, "" if it is unnamed."""
    work = argument_of(call, row)
    if work is not None and work.type == "call":
        work = work.child_by_field_name("function")
    return text(work) if work is not None and work.type in ("identifier", "attribute") else ""
