"""Errors of a request that end in an `except` clause without an answer (Python)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e06_error_handling.unanswered_javascript import SILENT
from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.python.expressions import called, last_name
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.reporting import is_log, records_itself
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.wording import first_word, words

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.frameworks import Handler

_LOOPS = frozenset({"for_statement", "while_statement"})
_JUMPS = frozenset({"continue_statement", "break_statement"})


def unanswered_clause(clause: ExceptClause) -> str:
    """In words, what the client gets where an `except` clause of a handler does not answer; "" if it does, or may."""
    file = clause.file
    function = file.enclosing_function(clause.clause)
    handler = file.handler(function)
    if function is None or handler is None or handler.kind != "route":
        return ""
    answers = handler.framework["answers"]
    if answers not in ("any", "sent") or function.node.type != "function_definition":
        return ""
    by_value = answers == "any"
    if _is_taken_care_of(clause, by_value=by_value) or _answered_finally(clause, by_value=by_value):
        return ""
    answers_inside = _answers_in([*clause.attempts, *_else_of(clause)], by_value=by_value)
    answered_later = _answered_later(clause, by_value=by_value)
    leaves = bool(clause.statements) and clause.statements[-1].type == "return_statement"
    is_unanswered = answers_inside or answered_later if leaves else answers_inside and not answered_later
    return _outcome(handler) if is_unanswered else ""


def _outcome(handler: Handler) -> str:
    if handler.framework["answers"] == "any":
        return "the client gets `null` with status 200"
    if "tornado" in handler.framework["packages"]:
        return "the client gets an empty answer with status 200"
    return "the client gets no answer"


def _else_of(clause: ExceptClause) -> list[Node]:
    found = next((one for one in clause.try_statement.named_children if one.type == "else_clause"), None)
    return list(own_nodes(found)) if found is not None else []


def _answers_in(nodes: list[Node], *, by_value: bool) -> bool:
    return any(_answers(node, by_value=by_value) for node in nodes)


def _answers(node: Node, *, by_value: bool) -> bool:
    if by_value:
        value = first_named(node) if node.type == "return_statement" else None
        return (value is not None and value.type != "none") or node.type == "yield"
    if node.type == "call":
        function = called(node)
        name = last_name(function)
        if name in SILENT["answers"]:
            return True
        arguments = node.child_by_field_name("arguments")
        return arguments is not None and any(text(one) in ("send", "self") for one in arguments.named_children)
    return node.type == "return_statement" and first_named(node) is not None


def _is_taken_care_of(clause: ExceptClause, *, by_value: bool) -> bool:
    """Whether a clause answers, raises, tries again, remembers the error, or calls something that may do so."""
    for node in clause.own:
        if node.type == "raise_statement" or node.type in _JUMPS or _answers(node, by_value=by_value):
            return True
        if node.type in ("assignment", "augmented_assignment", "yield", "assert_statement", "delete_statement"):
            return True
        if node.type == "call" and not _is_silent(node, clause.file):
            return True
    explicit = [node for node in clause.own if node.type == "return_statement"]
    return by_value and bool(explicit) and not clause.is_broad  # that there is nothing is the answer


def _is_silent(call: Node, file: PythonFile) -> bool:
    if is_log(call, file) or records_itself(call, file):
        return True
    function = called(call)
    name = last_name(function)
    if name in SILENT["functions"] or first_word(name) in SILENT["cleanup"] or name[:1].isupper():
        return True
    receiver = function.child_by_field_name("object")
    return receiver is not None and not words(last_name(receiver)).isdisjoint(SILENT["receivers"])


def _answered_later(clause: ExceptClause, *, by_value: bool) -> bool:
    for statement in clause.follows:
        if statement.type in _LOOPS and statement.start_byte < clause.clause.start_byte:
            return True  # it is tried again
        nodes = (statement, *own_nodes(statement))
        if any(node.type == "raise_statement" or _answers(node, by_value=by_value) for node in nodes):
            return True
    return False


def _answered_finally(clause: ExceptClause, *, by_value: bool) -> bool:
    finally_ = next((one for one in clause.try_statement.named_children if one.type == "finally_clause"), None)
    return finally_ is not None and _answers_in(list(own_nodes(finally_)), by_value=by_value)
