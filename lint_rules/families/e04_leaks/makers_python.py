"""Functions of a file that hand out what they take, so that their callers have it to give back (Python)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from tree_sitter import Node

from lint_rules.languages.python.registrations import called_function, decorators
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.python.usage import Use, usages_of
from lint_rules.languages.tables import TableRow

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_PLAIN = frozenset({"staticmethod", "classmethod"})
_HANDED_OUT = frozenset({Use.RETURNED, Use.READ, Use.TESTED, Use.BOUND})
_MAKERS: WeakKeyDictionary[object, tuple[int, dict[str, TableRow]]] = WeakKeyDictionary()


def makers_of(file: PythonFile, row_of: Callable[[Node, PythonFile], TableRow | None]) -> dict[str, TableRow]:
    """The functions by their canonical names, with the row of what they give; found anew when more is known."""
    known = _MAKERS.get(file)
    if known is None or known[0] != file.symbols.version:
        found = dict(_makers(file, row_of))
        known = _MAKERS[file] = (file.symbols.version, found)
    return known[1]


def _makers(file: PythonFile, row_of: Callable[[Node, PythonFile], TableRow | None]) -> Iterator[tuple[str, TableRow]]:
    returned: dict[int, tuple[Scope, list[TableRow | None]]] = {}
    for statement in file.nodes("return_statement"):
        scope = file.scopes.at(statement.start_byte).function
        value = statement.named_child(0) if statement.named_child_count else None
        if scope is None or scope.kind != FUNCTION or value is None or value.type == "none":
            continue
        returned.setdefault(scope.node.id, (scope, []))[1].append(_row(value, file, row_of))
    for scope, rows in returned.values():
        row = rows[0]
        if row is None or any(one is not row for one in rows) or "element" in row.values or not _is_plain(scope):
            continue
        yield f"{file.module}.{scope.name}", row


def _row(value: Node, file: PythonFile, row_of: Callable[[Node, PythonFile], TableRow | None]) -> TableRow | None:
    """What a function hands out that it took for the caller, and keeps nowhere itself."""
    made = _call(value)
    if made is None and value.type == "identifier":
        bound = file.names.only_value(text(value), value.start_byte)
        made = _call(bound) if bound is not None and _is_own(bound, value, file) else None
    row = row_of(made, file) if made is not None else None
    if made is None or row is None:
        return None
    outer = made.parent
    taken = outer if outer is not None and outer.type == "await" else made
    return row if all(usage.use in _HANDED_OUT for usage in usages_of(taken, file)) else None


def _call(value: Node) -> Node | None:
    inner = value.named_child(0) if value.type == "await" and value.named_child_count else value
    return inner if inner is not None and inner.type == "call" else None


def _is_own(bound: Node, value: Node, file: PythonFile) -> bool:
    """Whether a name is bound in the function that returns it, not around it."""
    return file.scopes.at(bound.start_byte).function is file.scopes.at(value.start_byte).function


def _is_plain(scope: Scope) -> bool:
    """Whether each call runs the function, and no decorator makes something else of it."""
    return all(text(called_function(one)) in _PLAIN for one in decorators(scope.node)) and b"yield" not in (
        scope.node.text or b""
    )
