"""Functions of a file that hand out what they take, so that their callers have it to give back (JavaScript)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import CALL_KINDS, around, bare, callee, first_named, text
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.scopes import FUNCTION, Scope
from lint_rules.languages.javascript.usage import Use, usages_of
from lint_rules.languages.tables import TableRow

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RowOf = Callable[[Node, "JavaScriptFile"], TableRow | None]

_NOTHING = frozenset({"null", "undefined", "false"})
_HANDED_OUT = frozenset({Use.RETURNED, Use.READ, Use.TESTED, Use.BOUND, Use.AWAITED})
_MAKERS: WeakKeyDictionary[object, tuple[int, dict[int, TableRow], frozenset[str]]] = WeakKeyDictionary()


def made_by(call: Node, file: JavaScriptFile, row_of: RowOf) -> TableRow | None:
    """The row of what a call gives, if a function of the file that it runs takes it for its caller."""
    function = callee(call)
    if function is None or call.type != "call_expression":
        return None
    makers, names = _makers_of(file, row_of)
    if last_name(function) not in names:
        return None
    scope = file.function_scope(file.names.symbol(function))
    return makers.get(scope.node.id) if scope is not None else None


def _makers_of(file: JavaScriptFile, row_of: RowOf) -> tuple[dict[int, TableRow], frozenset[str]]:
    known = _MAKERS.get(file)
    if known is None or known[0] != file.symbols.version:
        found = list(_makers(file, row_of))
        names = frozenset(scope.name.rpartition(".")[2] for scope, _ in found)
        known = _MAKERS[file] = (file.symbols.version, {scope.node.id: row for scope, row in found}, names)
    return known[1], known[2]


def _makers(file: JavaScriptFile, row_of: RowOf) -> Iterator[tuple[Scope, TableRow]]:
    returned: dict[int, tuple[Scope, list[TableRow | None]]] = {}
    for scope, value in _returned(file):
        if scope.kind == FUNCTION and not scope.is_anonymous and not scope.is_generator:
            returned.setdefault(scope.node.id, (scope, []))[1].append(_row(value, scope, file, row_of))
    for scope, rows in returned.values():
        if rows[0] is not None and all(row is rows[0] for row in rows):
            yield scope, rows[0]


def _returned(file: JavaScriptFile) -> Iterator[tuple[Scope, Node]]:
    """The values that functions return, and the functions."""
    for statement in file.nodes("return_statement"):
        value, function = first_named(statement), file.enclosing_function(statement)
        if value is not None and function is not None and bare(value).type not in _NOTHING:
            yield function, bare(value)
    for arrow in file.nodes("arrow_function"):
        body, own = arrow.child_by_field_name("body"), file.scopes.of(arrow)
        if body is not None and own is not None and body.type != "statement_block":
            yield own, bare(body)


def _row(value: Node, scope: Scope, file: JavaScriptFile, row_of: RowOf) -> TableRow | None:
    """What a function hands out that it took for its caller, and keeps nowhere itself."""
    made = _call(value)
    if made is None and value.type == "identifier":
        found = file.scopes.binding(text(value), value.start_byte)
        bound = (
            file.names.only_value(text(value), value.start_byte) if found is not None and found[0] is scope else None
        )
        made = _call(bare(bound)) if bound is not None else None
    row = row_of(made, file) if made is not None else None
    if made is None or row is None:
        return None
    outer = around(made)
    taken = outer if outer is not None and outer.type == "await_expression" else made
    return row if all(usage.use in _HANDED_OUT for usage in usages_of(taken, file)) else None


def _call(value: Node) -> Node | None:
    inner = first_named(value) if value.type == "await_expression" else value
    return bare(inner) if inner is not None and bare(inner).type in CALL_KINDS else None
