"""Errors that have been told, or have become something else, before a handler sees them."""

from __future__ import annotations

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.conversions import converts
from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.python.expressions import called, calls_in, last_name
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.wording import first_word

_WAITS = frozenset({"sleep", "wait"})


def was_told(handler: ExceptClause) -> bool:
    """Whether all that is tried is one function of this file, which logs such an error itself and raises it again."""
    file = handler.file
    calls = [call for call in calls_in(handler.attempts) if not converts(call, file)]
    reference = file.function(called(calls[0])) if len(calls) == 1 else None
    if reference is None or reference.module.module != file.module:
        return False
    scope = next((scope for scope in file.scopes.functions if scope.name == reference.function.name), None)
    body = scope.node.child_by_field_name("body") if scope is not None else None
    if body is None:
        return False
    clauses = [ExceptClause(node, file) for node in own_nodes(body) if node.type == "except_clause"]
    telling = [one for one in clauses if one.reraises and (one.records or one.logs)]
    told = {last_name(node) for one in telling for node in one.classes}
    caught = {last_name(node) for node in handler.classes}
    return bool(telling) and (any(one.is_broad for one in telling) or (bool(caught) and caught <= told))


def falls_back_next(handler: ExceptClause) -> bool:
    """Whether the statement after the `try` asks whether there is no value, and gets it in another way.

    `if rate is None: rate = self.ask_other_bank()`
    """
    following = handler.try_statement.next_named_sibling
    condition = following.child_by_field_name("condition") if following is not None else None
    chosen = following.child_by_field_name("consequence") if following is not None else None
    if following is None or following.type != "if_statement" or condition is None or chosen is None:
        return False
    if not all(_is_empty_value(node) for node in handler.own if _bound(node) is not None) or handler.calls:
        return False
    wanted = {_bound(node) for node in (*handler.attempts, *handler.own)} - {None}
    asked = [node for node in (condition, *own_nodes(condition)) if node.type in ("identifier", "attribute")]
    says_no = condition.type == "not_operator" or text(condition).endswith("is None")
    if not says_no or not any(node.text in wanted for node in asked):
        return False
    return any(_bound(node) in wanted and _has_call(node) for node in own_nodes(chosen))


def _is_empty_value(assignment: Node) -> bool:
    value = assignment.child_by_field_name("right")
    return value is not None and (value.type in ("none", "false") or text(value) in ('""', "''", "[]", "{}", "()"))


def _has_call(assignment: Node) -> bool:
    value = assignment.child_by_field_name("right")
    return value is not None and any(node.type == "call" for node in (value, *own_nodes(value)))


def waits_for_it(handler: ExceptClause) -> bool:
    """Whether a loop goes on until this works: `while self.writer is None`, which is bound after the `try`.

    That it does not work yet is what the loop waits for, with a pause in each round.
    """
    loop = next((one for one in handler.file.enclosing(handler.try_statement) if one.type == "while_statement"), None)
    condition = loop.child_by_field_name("condition") if loop is not None else None
    if loop is None or condition is None or not _only_waits(handler):
        return False
    if not any(node.type == "call" and last_name(node) in _WAITS for node in own_nodes(loop)):
        return False
    asked = {node.text for node in (condition, *own_nodes(condition)) if node.type in ("identifier", "attribute")}
    ways = [*handler.attempts]
    following = handler.try_statement.next_named_sibling
    while following is not None:
        ways.extend((following, *own_nodes(following)))
        following = following.next_named_sibling
    return any(_bound(node) in asked for node in ways)


def ends_a_wait(handler: ExceptClause) -> bool:
    """Whether a function that waits, by its name, asks again and again until it fails: `_wait_for_close`."""
    function = handler.file.enclosing_function(handler.clause)
    if function is None or first_word(function.name.rpartition(".")[2]) != "wait" or not handler.does_nothing:
        return False
    loops = [node for node in handler.attempts if node.type == "while_statement"]
    return any(node.type == "call" and last_name(node) in _WAITS for loop in loops for node in own_nodes(loop))


def _only_waits(handler: ExceptClause) -> bool:
    """Whether a handler passes, goes to the next round, or makes a pause."""
    if any(node.type in ("return_statement", "break_statement") for node in handler.statements):
        return False
    return handler.does_nothing or (
        bool(handler.calls) and all(last_name(call) in _WAITS for call in handler.calls) and not _binds(handler)
    )


def _binds(handler: ExceptClause) -> bool:
    return any(_bound(node) is not None for node in handler.own)


def _bound(node: Node) -> bytes | None:
    target = node.child_by_field_name("left") if node.type == "assignment" else None
    return target.text if target is not None else None
