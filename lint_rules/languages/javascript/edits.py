"""Building edits of JavaScript files: bytes in, bytes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.model import UNSAFE, Edit, Fix

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile


def insert(file: JavaScriptFile, at: int, content: str) -> Edit:
    """The edit that puts `content` in front of the byte `at`."""
    return Edit(file.source.span(at, at), content)


def replace(file: JavaScriptFile, start: int, end: int, content: str) -> Edit:
    """The edit that puts `content` in the place of the bytes `start:end`."""
    return Edit(file.source.span(start, end), content)


def awaited(file: JavaScriptFile, call: Node) -> Fix | None:
    """`await` in front of a call, where the function around it is async; with parentheses where they are needed."""
    function = file.enclosing_function(call)
    if function is None or not function.is_async or function.body is None:
        return None
    if not function.body.start_byte <= call.start_byte < function.body.end_byte:
        return None  # a default of a parameter
    parent = call.parent
    binds_tighter = parent is not None and parent.type in (
        "member_expression", "subscript_expression", "call_expression", "non_null_expression",
    )  # fmt: skip
    if not binds_tighter:
        return Fix("Await the call", (insert(file, call.start_byte, "await "),), UNSAFE)
    edits = (insert(file, call.start_byte, "(await "), insert(file, call.end_byte, ")"))
    return Fix("Await the call", edits, UNSAFE)
