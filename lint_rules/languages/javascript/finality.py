"""Statements by which control leaves a `finally` block, whatever was on its way through it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import first_named, nodes_of_kinds, text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_JUMPS = ("return_statement", "break_statement", "continue_statement", "throw_statement")
_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})


def jumps_out(clause: Node, file: JavaScriptFile) -> Iterator[Node]:
    """The jumps that leave a `finally` clause, in order; those that lie in an inner `finally` are found there."""
    found = [jump for jumps in nodes_of_kinds(clause, file.parsed.grammar, _JUMPS).values() for jump in jumps]
    for jump in sorted(found, key=lambda one: one.start_byte):
        if _leaves(jump, clause, file):
            yield jump


def _leaves(jump: Node, clause: Node, file: JavaScriptFile) -> bool:
    thrown = first_named(jump) if jump.type == "throw_statement" else None
    if thrown is not None and thrown.type == "identifier" and _is_caught(thrown, file):
        return False
    label = first_named(jump) if jump.type in ("break_statement", "continue_statement") else None
    current = jump
    while (outer := current.parent) is not None and outer.id != clause.id:
        if outer.type == "finally_clause" or file.scopes.of(outer) is not None:
            return False
        if _ends_in(jump, label, current, outer):
            return False
        current = outer
    return True


def _is_caught(error: Node, file: JavaScriptFile) -> bool:
    """Whether a name is the error of a `catch` around it: that error goes before the one of the clean-up."""
    for outer in file.enclosing(error):
        parameter = outer.child_by_field_name("parameter") if outer.type == "catch_clause" else None
        if parameter is not None and text(parameter) == text(error):
            return True
    return False


def _ends_in(jump: Node, label: Node | None, current: Node, outer: Node) -> bool:
    """Whether a statement between a jump and the `finally` takes the jump up."""
    if jump.type == "throw_statement":
        body = outer.child_by_field_name("body") if outer.type == "try_statement" else None
        return body is not None and body.id == current.id and outer.child_by_field_name("handler") is not None
    if jump.type == "return_statement":
        return False
    if label is not None:
        own = outer.child_by_field_name("label") if outer.type == "labeled_statement" else None
        return own is not None and text(own) == text(label)
    return outer.type in _LOOPS or (outer.type == "switch_statement" and jump.type == "break_statement")
