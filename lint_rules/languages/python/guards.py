"""Statements that keep errors of every kind from leaving the function they stand in."""

from __future__ import annotations

from tree_sitter import Node

from lint_rules.languages.python.grammar import nodes_of_kinds
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes

GUARD_KINDS = ("try_statement", "with_statement")
_BROAD = frozenset({"Exception", "BaseException"})


def keeps_errors(statement: Node) -> bool:
    """Whether a `try` catches everything and does not raise again, or a `with` suppresses everything."""
    if statement.type == "with_statement":
        header = statement.named_child(0)
        return header is not None and "suppress(" in text(header) and _is_broad(header)
    return any(
        clause.type == "except_clause" and _catches_all_errors(clause) and not _raises(clause)
        for clause in statement.named_children
    )


def _catches_all_errors(clause: Node) -> bool:
    value = clause.child_by_field_name("value")
    return value is None or _is_broad(value)


def _is_broad(expression: Node) -> bool:
    return any(text(name) in _BROAD for name in nodes_of_kinds(expression, ("identifier",))["identifier"])


def _raises(clause: Node) -> bool:
    return any(node.type == "raise_statement" for node in own_nodes(clause))
