"""Errors that carry the status with which they are answered, and the calls that throw one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.bodies import own_nodes
from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, bare, callee, first_named, named, text
from lint_rules.languages.javascript.library import handler_table
from lint_rules.languages.tables import NameTable

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_SAYS_IT = re.compile(
    r"(?:Http|HTTP|NotFound|Forbidden|Unauthori[sz]ed|BadRequest|Conflict|Unprocessable|TooManyRequests|Gone|"
    r"PaymentRequired|NotAcceptable)\w*$"
)
_IS_ERROR = re.compile(r"(?:Error|Exception)$")
_STATUS = re.compile(r"(?:status|statusCode|status_code|httpStatus|httpCode)$")


@lru_cache(maxsize=1)
def _errors() -> NameTable[bool]:
    frameworks = handler_table().frameworks
    calls = {name for framework in frameworks for name in framework["error_calls"]}
    names = (name for framework in frameworks for name in framework["error_responses"])
    return NameTable((name, True) for name in names if name not in calls)


@lru_cache(maxsize=1)
def _calls() -> NameTable[bool]:
    names = (name for framework in handler_table().frameworks for name in framework["error_calls"])
    return NameTable((name, True) for name in names)


def throws_http_error(node: Node, file: JavaScriptFile) -> bool:
    """Whether a `throw` statement or a call throws an error with a status of its own."""
    if node.type == "throw_statement":
        value = first_named(node)
        return value is not None and _is_error(bare(value), file)
    function = callee(node) if node.type == "call_expression" else None
    return function is not None and _calls().match(file.canonical(function), file.types) is not None


def _is_error(value: Node, file: JavaScriptFile) -> bool:
    if value.type == "identifier":
        return _is_given_status(value, file)
    if value.type not in CALL_KINDS:
        return False
    function = callee(value)
    if function is None:
        return False
    if text(function) == "Object.assign":
        return any(one.type == "object" and _names_status(one) for one in arguments(value)[1:])
    name = file.canonical(function).removesuffix("()")
    if _errors().match(name, file.types) is not None or _errors().match(f"{name}()", file.types) is not None:
        return True
    if name and _is_own_error(name, file):
        return True
    last = text(function.child_by_field_name("property") or function)
    if value.type != "new_expression":
        return False
    if _SAYS_IT.match(last):
        return True
    return _IS_ERROR.search(last) is not None and any(_is_status(one) for one in arguments(value)[:3])


def _is_own_error(name: str, file: JavaScriptFile) -> bool:
    """Whether a class of the project is an error with a status: a known one by its bases, or by its own attribute."""
    ancestors = [name, *file.symbols.ancestors(name)]
    if any(_errors().match(base, file.types) is not None for base in ancestors):
        return True
    if not any(_IS_ERROR.search(base) for base in ancestors[1:]):
        return False
    found = (file.symbols.class_(base) for base in ancestors)
    return any(_STATUS.match(attribute) for one in found if one is not None for attribute in one[1].attributes)


def _is_given_status(name: Node, file: JavaScriptFile) -> bool:
    """Whether a name is an error to which the code has given a status: `err.status = 404`."""
    function = file.enclosing_function(name)
    for assignment in file.index.assignments:
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if left is None or right is None or left.type != "member_expression" or left.end_byte > name.start_byte:
            continue
        owner, last = left.child_by_field_name("object"), left.child_by_field_name("property")
        if owner is None or last is None or owner.text != name.text or _STATUS.match(text(last)) is None:
            continue
        if _is_status(right) and file.enclosing_function(assignment) is function:
            return True
    return False


def _names_status(literal: Node) -> bool:
    for pair in named(literal):
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and value is not None and _STATUS.match(text(key)) and _is_status(value):
            return True
    return False


def _is_status(value: Node) -> bool:
    value = bare(value)
    if value.type == "number":
        return text(value).isdigit() and 400 <= int(text(value)) <= 599
    return value.type == "member_expression" and re.search(r"(?i)status|http", text(value)) is not None


def status_of(node: Node) -> str:
    """The status that a `throw` or a call names: "404", or "NOT_FOUND" for `HttpStatus.NOT_FOUND`; "" for none."""
    value = first_named(node) if node.type == "throw_statement" else node
    value = bare(value) if value is not None else None
    for argument in arguments(value) if value is not None and value.type in CALL_KINDS else ():
        if _is_status(argument):
            return text(argument).rpartition(".")[2]
    return ""


def is_server_error(status: str) -> bool:
    """Whether a status as `status_of` gives it says that the fault is the server's."""
    return status.startswith("5") or status.upper().startswith(("INTERNAL", "SERVICE_UNAVAILABLE", "BAD_GATEWAY"))


def http_errors_in(block: Node, file: JavaScriptFile) -> list[Node]:
    """What in a block throws such an error by itself: `throw` statements and calls, functions within it left out."""
    kinds = ("throw_statement", "call_expression")
    return [node for node in own_nodes(block) if node.type in kinds and throws_http_error(node, file)]
