"""Errors that a framework answers with a status of their own, and the calls that raise one."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.expressions import called, last_name
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.library import handler_table
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.tables import NameTable

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_RAISING_CALLS = frozenset(
    {"abort", "abort_with_status", "get_object_or_404", "get_list_or_404", "aget_object_or_404", "aget_list_or_404"}
)
_BY_NAME = frozenset({"get_or_404", "first_or_404", "one_or_404", "get_object_or_404"})
"""Methods that raise a 404 wherever they are found: Flask-SQLAlchemy, Django Ninja, tortoise."""

_STATUS_NAMES = ("status_code", "code", "status")


@lru_cache(maxsize=1)
def _classes() -> NameTable[bool]:
    rows = (
        name
        for framework in handler_table().frameworks
        for name in (*framework["error_responses"], *framework["guards"])
        if name.rpartition(".")[2] not in _RAISING_CALLS
    )
    return NameTable((name, True) for name in rows)


@lru_cache(maxsize=1)
def _calls() -> NameTable[bool]:
    names = (name for framework in handler_table().frameworks for name in framework["error_responses"])
    return NameTable((name, True) for name in names if name.rpartition(".")[2] in _RAISING_CALLS)


def is_http_error(name: str, file: PythonFile) -> bool:
    """Whether a class, by its canonical name, is an error that a framework answers, itself or by a base."""
    name = name.removesuffix("()")
    if not name:
        return False
    if _classes().match(name, file.types) is not None:
        return True
    if file.symbols.class_(name) is None:
        return False
    return any(_classes().match(base, file.types) is not None for base in file.symbols.ancestors(name))


def raises_http_error(node: Node, file: PythonFile) -> bool:
    """Whether a `raise` statement or a call raises an error that a framework answers."""
    if node.type == "raise_statement":
        value = first_named(node)
        return value is not None and value != node.child_by_field_name("cause") and _is_error_value(value, file)
    if node.type != "call":
        return False
    function = called(node)
    name = last_name(function)
    if name in _BY_NAME and function.type == "attribute":
        return True
    if name in _RAISING_CALLS or file.names.symbol(function).rpartition(".")[2] in _RAISING_CALLS:
        return _calls().match(file.canonical(function), file.types) is not None
    return name == "is_valid" and any(
        text(argument).replace(" ", "") == "raise_exception=True" for argument in _arguments(node)
    )


def _is_error_value(value: Node, file: PythonFile) -> bool:
    target = called(value) if value.type == "call" else value
    return target.type in ("identifier", "attribute") and is_http_error(file.canonical(target), file)


def status_of(node: Node) -> int | None:
    """The status that a `raise` or a call names as a literal: its first argument, or `status_code=`."""
    call = first_named(node) if node.type == "raise_statement" else node
    if call is None or call.type != "call":
        return None
    given = _arguments(call)
    for argument in given:
        name = argument.child_by_field_name("name")
        if name is not None and text(name) in _STATUS_NAMES:
            return _status(argument.child_by_field_name("value"))
    return _status(given[0]) if given else None


def _status(value: Node | None) -> int | None:
    written = text(value) if value is not None else ""
    if value is not None and value.type == "integer" and written.isdigit():
        return int(written)
    name = written.removesuffix(".value").rpartition(".")[2]
    if "." in written and name in HTTPStatus.__members__:
        return HTTPStatus[name].value
    for part in name.split("_"):
        if len(part) == 3 and part.isdigit():
            return int(part)  # status.HTTP_404_NOT_FOUND
    return None


def http_errors_in(block: Node, file: PythonFile) -> list[Node]:
    """What in a block raises such an error by itself: `raise` statements and calls, functions within it left out."""
    kinds = ("raise_statement", "call")
    return [node for node in own_nodes(block) if node.type in kinds and raises_http_error(node, file)]


def _arguments(call: Node) -> list[Node]:
    arguments = call.child_by_field_name("arguments")
    return [one for one in arguments.named_children if one.type != "comment"] if arguments is not None else []
