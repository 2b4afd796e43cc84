"""Resources that are lent (Python): to functions of the file that neither close nor keep them, and by a `yield`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.handlers import parameter_names
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.python.usage import Use, reads_of, usage_of
from lint_rules.languages.tables import TableRow

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_LOOKED_AT = frozenset({Use.ITERATED, Use.TESTED, Use.OPERAND})
_GENERATES = (b"yield",)


def only_lends(call: Node, name: str, row: TableRow, file: PythonFile) -> bool:
    """Whether a call hands what a name holds to a function of the file that leaves it open."""
    function = call.child_by_field_name("function")
    if function is None or function.type not in ("identifier", "attribute"):
        return False
    scope = _own_function(function, file)
    parameter = _parameter(call, name, scope) if scope is not None else ""
    if scope is None or not parameter or len(scope.bindings.get(parameter, ())) != 1:
        return False
    reads = list(reads_of(parameter, scope, file))
    return bool(reads) and all(_leaves_open(read, scope, row, file) for read in reads)


def is_lent_by_yield(name: str, function: Scope) -> bool:
    """Whether a generator hands out what a name holds once, to what `with` or a framework runs in between.

    So does a function for `Depends` or under `contextmanager`: it goes on when the other code is through.
    """
    yields = [node for node in own_nodes(function.node) if node.type == "yield"]
    if len(yields) != 1 or [text(one) for one in yields[0].named_children] != [name]:
        return False
    outer = yields[0].parent
    while outer is not None and outer != function.node:
        if outer.type in ("for_statement", "while_statement"):
            return False
        outer = outer.parent
    decorated = function.node.parent
    return decorated is None or decorated.type != "decorated_definition" or "fixture" not in _decorators(decorated)


def _decorators(decorated: Node) -> str:
    return " ".join(text(one) for one in decorated.named_children if one.type == "decorator")


def _own_function(function: Node, file: PythonFile) -> Scope | None:
    """The function of the file that a call runs, if it runs to its end before the call is over."""
    last = text(function).rpartition(".")[2].encode()
    if b"def " + last not in file.data:
        return None
    canonical = file.canonical(function)
    for scope in file.scopes.functions:
        if scope.kind == FUNCTION and f"{file.module}.{scope.name}" == canonical:
            is_plain = not any(word in file.data[scope.start : scope.end] for word in _GENERATES)
            return scope if is_plain else None
    return None


def _parameter(call: Node, name: str, scope: Scope) -> str:
    """The parameter that is given the name, and nothing else of it."""
    names = parameter_names(scope)
    arguments = call.child_by_field_name("arguments")
    for position, argument in enumerate(arguments.named_children if arguments is not None else ()):
        if argument.type == "identifier" and text(argument) == name:
            return names[position] if position < len(names) else ""
        value, keyword = argument.child_by_field_name("value"), argument.child_by_field_name("name")
        if argument.type == "keyword_argument" and value is not None and keyword is not None and text(value) == name:
            return text(keyword)
    return ""


def _leaves_open(read: Node, scope: Scope, row: TableRow, file: PythonFile) -> bool:
    """Whether a function only looks at its parameter there."""
    if file.scopes.at(read.start_byte).function is not scope:
        return False
    usage = usage_of(read, file)
    if usage.use in _LOOKED_AT:
        return True
    method = usage.place.child_by_field_name("attribute") if usage.use is Use.READ else None
    is_called = method is not None and usage.place.parent is not None and usage.place.parent.type == "call"
    return is_called and method is not None and text(method) not in (*row["release"], *row.get("used_up", ()))
