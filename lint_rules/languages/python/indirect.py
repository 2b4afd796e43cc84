"""Functions that are called without being named: out of tables, and by the helper that is given them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.grammar import nodes_of_kinds
from lint_rules.languages.python.scopes import Binding, Scope, text
from lint_rules.project.indirect import GIVES, ITEM, MOST_MEMBERS, SEPARATOR

if TYPE_CHECKING:
    from lint_rules.languages.python.names import Names

_TABLES = frozenset({"dictionary", "list", "tuple"})
_NAMES = frozenset({"identifier", "attribute"})
_TAKING = (".get", ".values", ".items")
_MOST_STEPS = 3


def called_symbols(function: Node, names: Names) -> list[str]:
    """The symbols of what a call may call: one for a name, several for an element of a table that is written here."""
    symbol = _called(function, names) if function.type in _NAMES else ""
    if symbol and not symbol.endswith(".get()"):
        return [symbol]
    table = _table(function, names)
    if table is None:
        return [symbol] if symbol else []
    if table.type in _TABLES:
        return members(table, names)
    held = names.symbol(table)
    return [held + ITEM] if held else []


def _called(function: Node, names: Names) -> str:
    """The symbol of what a name calls: an instance, where a parameter has a class of the project behind it."""
    symbol = names.symbol(function)
    if function.type != "identifier" or "<parameter>" in symbol:
        return symbol
    scope, binding = _binding(function, names)
    annotation = binding.annotation if binding is not None and binding.kind == "parameter" else None
    if scope is None or annotation is None:
        return symbol
    if "Callable" in text(annotation):
        return f"{names.module}.{scope.name}.<parameter>{text(function)}"
    is_instance = names.is_own(symbol) and "ype[" not in text(annotation) and not symbol.endswith("()")
    return f"{symbol}()" if is_instance else symbol


def members(table: Node, names: Names) -> list[str]:
    """The symbols of the functions that a literal holds."""
    values = [value for value in _values(table) if value.type in _NAMES][:MOST_MEMBERS]
    return [symbol for value in values if (symbol := names.symbol(value)) and not symbol.endswith(")")]


def held_members(table: Node | None, names: Names) -> str:
    """The same as facts keep it, "" for what is no table of functions."""
    return SEPARATOR.join(members(table, names)) if table is not None and table.type in _TABLES else ""


def handed_functions(call: Node, names: Names) -> Iterator[str]:
    """`gives:0=app.load` for the functions that a call is given, by themselves, in a `partial` or in a lambda."""
    arguments = call.child_by_field_name("arguments")
    position = 0
    for argument in arguments.named_children if arguments is not None else ():
        place, value = str(position), argument
        keyword = argument.child_by_field_name("name") if argument.type == "keyword_argument" else None
        if keyword is not None:
            place, value = text(keyword), argument.child_by_field_name("value") or argument
        position += keyword is None and argument.type != "comment"
        for function in _functions_of(value):
            symbol = names.symbol(function)
            if symbol and not symbol.endswith((")", ">")) and "<parameter>" not in symbol:
                yield f"{GIVES}{place}={symbol}"


def is_shared(function: Node, names: Names) -> bool:
    """Whether a function does more with a parameter than to call it: a queue or a thread may be given it too."""
    scope, _ = _binding(function, names)
    body = scope.node.child_by_field_name("body") if scope is not None else None
    name = re.escape(function.text or b"")
    return body is None or re.search(rb"(?<![\w.])%b\b(?!\s*(?:\(|\.__|is\b))" % name, body.text or b"") is not None


def _functions_of(value: Node) -> Iterator[Node]:
    if value.type in _NAMES:
        yield value
    elif value.type == "lambda":
        for call in nodes_of_kinds(value, ("call",))["call"]:
            function = call.child_by_field_name("function")
            if function is not None and function.type in _NAMES:
                yield function
    elif value.type == "call":
        function, arguments = value.child_by_field_name("function"), value.child_by_field_name("arguments")
        if function is not None and text(function).rpartition(".")[2] == "partial" and arguments is not None:
            yield from (one for one in arguments.named_children[:1] if one.type in _NAMES)


def _values(table: Node) -> Iterator[Node]:
    for one in table.named_children:
        value = one.child_by_field_name("value") if one.type == "pair" else one
        if value is not None:
            yield value


def _table(function: Node, names: Names, steps: int = 0) -> Node | None:
    """The table that an expression takes a function out of: `HANDLERS[kind]`, `HANDLERS.get(kind)`, a name for one."""
    if steps > _MOST_STEPS:
        return None
    if function.type == "subscript":
        return function.child_by_field_name("value")
    if function.type == "call":
        taken = function.child_by_field_name("function")
        is_taken = taken is not None and taken.type == "attribute" and text(taken).endswith(_TAKING)
        return taken.child_by_field_name("object") if taken is not None and is_taken else None
    if function.type != "identifier":
        return None
    _, binding = _binding(function, names)
    if binding is None:
        return None
    if binding.kind == "value" and binding.node is not None and binding.part is None and binding.element_of is None:
        return _table(binding.node, names, steps + 1) if binding.node.type in ("subscript", "call") else None
    looped = binding.element_of
    if looped is None:
        return None
    if looped.type == "call":
        return _table(looped, names, steps + 1)
    return looped if looped.type in _NAMES | _TABLES and binding.part is None else None


def _binding(name: Node, names: Names) -> tuple[Scope | None, Binding | None]:
    """What binds a name, where one thing does, and the scope in which."""
    for scope in names.scopes.at(name.start_byte).enclosing():
        if bindings := scope.bindings.get(text(name)):
            return (scope, bindings[0]) if len(bindings) == 1 else (None, None)
    return None, None
