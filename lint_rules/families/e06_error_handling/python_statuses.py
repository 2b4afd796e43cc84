"""The status of a Python response that is not given to the call that makes it: in a tuple with it, or set before."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import NOT_SET, NOT_TOLD
from lint_rules.families.e06_error_handling.python_bodies import status_of
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text

_SETS_STATUS = re.compile(rb"\.status(?:_code)?\s*=[^=]|set_status\(")


def status_outside(call: Node, file: PythonFile, *, is_sent: bool) -> int:
    """The status that is not given to the call itself: in a tuple with it, set before, or set on what it made."""
    current, parent = call, call.parent
    while parent is not None and parent.type in ("await", "parenthesized_expression"):
        current, parent = parent, parent.parent
    if parent is None:
        return NOT_TOLD
    if is_sent:
        return _set_before(call, file)
    if parent.type in ("expression_list", "tuple"):
        others = [child for child in parent.named_children if child != current and child.type != "comment"]
        is_returned = parent.parent is not None and parent.parent.type in (
            "return_statement",
            "parenthesized_expression",
        )
        found = [status_of(child, file) for child in others]
        told = next((one for one in found if one > 0), NOT_TOLD)
        return told if is_returned else NOT_TOLD
    if parent.type == "return_statement":
        return NOT_TOLD if _sets_status_before(call, file) else NOT_SET
    return NOT_TOLD


def _set_before(node: Node, file: PythonFile) -> int:
    """The last status that a `set_status` in the same function sets before a place."""
    scope = file.scope(node).function
    start = scope.start if scope is not None else 0
    status = NOT_SET
    for call in file.nodes("call"):
        function = call.child_by_field_name("function") if start <= call.start_byte < node.start_byte else None
        if function is not None and text(function).endswith(".set_status") and _encloses(call, node):
            given = dict(arguments(call))
            status = status_of(given["0"], file) if "0" in given else NOT_TOLD
    return status


def _encloses(statement: Node, node: Node) -> bool:
    """Whether the block that a statement stands in holds a node too."""
    block: Node | None = statement.parent
    while block is not None and block.type not in ("block", "module"):
        block = block.parent
    return block is None or block.start_byte <= node.start_byte < block.end_byte


def _sets_status_before(node: Node, file: PythonFile) -> bool:
    scope = file.scope(node).function
    start = scope.start if scope is not None else 0
    return _SETS_STATUS.search(file.data, start, node.start_byte) is not None


def status_before(statement: Node, file: PythonFile) -> int:
    """The status that a statement right before a `return` sets: `response.status_code = 404`."""
    if not _sets_status_before(statement, file):
        return NOT_SET
    current = statement.prev_named_sibling
    while current is not None:
        assignment = first_named(current) if current.type == "expression_statement" else None
        left = assignment.child_by_field_name("left") if assignment is not None else None
        right = assignment.child_by_field_name("right") if assignment is not None else None
        if left is not None and right is not None and text(left).endswith((".status_code", ".status")):
            return status_of(right, file)
        current = current.prev_named_sibling
    return NOT_TOLD
