"""Timers of Python that start themselves again for good, or are started for each request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.python.usage import Use, usages_of
from lint_rules.languages.searching import whole_words
from lint_rules.languages.tables import TableRow, name_table, read_table

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_PATH = Path(__file__).parent / "timers.toml"
_STARTED = name_table(_PATH, "python")
_REARMING = read_table(_PATH)["rearming"]
_TIMER = "threading.Timer"
_NAMES = sorted({*_REARMING["methods"], *_STARTED.last_names, "Timer"})
STARTING = re.compile(whole_words(_NAMES))
"""What starts timers."""
_KINDS = frozenset({"route", "hook", "dependency", "socket", "background"})
_CHOICES = frozenset(
    {"if_statement", "elif_clause", "while_statement", "for_statement", "except_clause", "conditional_expression",
     "match_statement", "case_clause", "boolean_operator"}
)  # fmt: skip
_LEAVING = ("return_statement", "raise_statement")


class Started(Struct, frozen=True):
    """A timer that goes on: `row` for one that a handler starts, else `function` starts itself again."""

    call: Node
    function: str
    row: TableRow | None = None


def timers_started(file: PythonFile) -> Iterator[Started]:
    """The timers of a file that nothing stops."""
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        if function is None or function.type not in ("identifier", "attribute"):
            continue
        last = text(function).rpartition(".")[2]
        canonical = file.canonical(function) if last not in _REARMING["methods"] else ""
        scope = file.enclosing_function(call)
        if scope is None or scope.kind != FUNCTION or file.in_broken_code(call):
            continue
        if last in _REARMING["methods"] or canonical == _TIMER:
            if _rearms(call, scope, file) and not _can_be_stopped(call, scope, file):
                yield Started(call, scope.name.rpartition("<locals>.")[2])
            continue
        row = _STARTED.match(canonical, file.types)
        handler = file.handler(scope) if row is not None else None
        if row is not None and handler is not None and handler.kind in _KINDS and _goes_on(call, row, file):
            yield Started(call, scope.name.rpartition("<locals>.")[2], row)


def _goes_on(call: Node, row: TableRow, file: PythonFile) -> bool:
    arguments = call.child_by_field_name("arguments")
    written = text(arguments) if arguments is not None else ""
    if any(re.search(rf"\b{name}\s*=", written) for name in row.get("unless", ())):
        return False
    periodic = row.get("periodic", ())
    if periodic and not any(word in written for word in periodic):
        return False
    names = {usage.name for usage in usages_of(call, file) if usage.name}
    names.update(_stored_names(call, file))
    methods = "|".join(row["methods"])
    data = file.data.decode(errors="replace")
    return not any(re.search(rf"\b{re.escape(name)}\.(?:{methods})\b", data) for name in names)


def _rearms(call: Node, scope: Scope, file: PythonFile) -> bool:
    """Whether what is called later is the function around the call, or a function of the file that calls that one."""
    callback = _callback(call)
    if callback is None:
        return False
    own = f"{file.module}.{scope.name}"
    if callback.type == "lambda":
        body = callback.child_by_field_name("body")
        runs = body.child_by_field_name("function") if body is not None and body.type == "call" else None
        return runs is not None and file.canonical(runs) == own and _is_unconditional(call, scope, file)
    name = file.canonical(callback)
    if not name or not _is_unconditional(call, scope, file):
        return False
    if name == own:
        return True
    for between in file.scopes.functions:
        if f"{file.module}.{between.name}" == name and between.kind == FUNCTION:
            return any(
                file.canonical(called) == own and _is_unconditional(one, between, file)
                for one in file.nodes("call")
                if between.start <= one.start_byte < between.end
                and (called := one.child_by_field_name("function")) is not None
                and text(called).rpartition(".")[2] == scope.name.rpartition(".")[2]
            )
    return False


def _callback(call: Node) -> Node | None:
    """The function that is called later: the second argument, `functools.partial` being looked through."""
    arguments = call.child_by_field_name("arguments")
    given = [one for one in arguments.named_children if one.type != "comment"] if arguments is not None else []
    named = {
        text(name): value
        for one in given
        if one.type == "keyword_argument"
        and (name := one.child_by_field_name("name")) is not None
        and (value := one.child_by_field_name("value")) is not None
    }
    plain = [one for one in given if one.type != "keyword_argument"]
    callback = plain[1] if len(plain) > 1 else named.get("function", named.get("callback"))
    if callback is not None and callback.type == "call":
        function = callback.child_by_field_name("function")
        inner = callback.child_by_field_name("arguments")
        if function is not None and text(function).rpartition(".")[2] == "partial" and inner is not None:
            return inner.named_child(0)
        return None
    return callback


def _is_unconditional(call: Node, scope: Scope, file: PythonFile) -> bool:
    """Whether nothing in a function decides whether it comes to a call."""
    current: Node | None = call.parent
    while current is not None and current.start_byte >= scope.start:
        if current.type in _CHOICES:
            return False
        current = current.parent
    for kind in _LEAVING:
        for leaving in file.nodes(kind):
            if scope.start <= leaving.start_byte < call.start_byte and file.enclosing_function(leaving) is scope:
                return False
    return True


def _can_be_stopped(call: Node, scope: Scope, file: PythonFile) -> bool:
    """Whether somebody keeps the timer and cancels it, or it ends with the process anyway."""
    body = file.data[scope.start : scope.end]
    if b"daemon" in body.lower():
        return True
    usages = usages_of(call, file)
    if any(usage.use in (Use.RETURNED, Use.PASSED, Use.YIELDED) for usage in usages):
        return True
    is_kept = any(usage.use is Use.STORED for usage in usages) or bool(scope.globals)
    data = (file.data if is_kept else body).decode(errors="replace")
    return any(re.search(rf"\b{re.escape(name)}\b[^\n]*\.cancel\(", data) for name in _stored_names(call, file))


def _stored_names(call: Node, file: PythonFile) -> set[str]:
    """The names and attributes that the value of a call is bound to."""
    found = {usage.name for usage in usages_of(call, file) if usage.name}
    parent = call.parent
    while parent is not None and parent.type in ("attribute", "call", "await", "parenthesized_expression"):
        parent = parent.parent
    left = parent.child_by_field_name("left") if parent is not None and parent.type == "assignment" else None
    if left is not None:
        found.add(text(left).rpartition(".")[2])
    return found
