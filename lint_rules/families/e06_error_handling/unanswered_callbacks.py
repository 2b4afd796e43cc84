"""Node-style callbacks in handlers whose check of the error ends the work without an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e06_error_handling.callbacks import Callback, node_callback
from lint_rules.families.e06_error_handling.ignoring import asks_for_error, changes_something
from lint_rules.families.e06_error_handling.unanswered_javascript import Answering, answering
from lint_rules.languages.javascript.bodies import holder, own_nodes
from lint_rules.languages.javascript.grammar import bare, named, text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile


def unanswered_check(statement: Node, file: JavaScriptFile) -> Answering | None:
    """Who would have to answer where `if (err) { log(err); return; }` of a callback does not."""
    condition, then = statement.child_by_field_name("condition"), statement.child_by_field_name("consequence")
    function = holder(statement)
    if condition is None or then is None or function is None or statement.parent is None:
        return None
    callback = node_callback(function, file)
    if callback is None or statement not in callback.body:
        return None
    if _asks_for_none(bare(condition), callback):
        return _unanswered_otherwise(statement, then, callback, file)
    if not asks_for_error(bare(condition), callback):
        return None
    who = answering(statement, file)
    if who is None or who.by_value or who.scope is callback.scope:
        return None
    otherwise = statement.child_by_field_name("alternative")
    rest = [otherwise] if otherwise is not None else callback.body[callback.body.index(statement) + 1 :]
    leaves = otherwise is not None or any(one.type == "return_statement" for one in (then, *own_nodes(then)))
    if not leaves or not who.in_any(rest):
        return None
    if otherwise is not None and who.follows(statement):
        return None
    statements = named(then) if then.type == "statement_block" else [then]
    if who.always(statements) or changes_something(then):
        return None
    return None if who.follows(file.statement(callback.call)) else who


def _asks_for_none(condition: Node, callback: Callback) -> bool:
    """`!err`: whether all went well."""
    inner = condition.child_by_field_name("argument") if condition.type == "unary_expression" else None
    return inner is not None and text(condition).startswith("!") and text(inner) == callback.error


def _unanswered_otherwise(statement: Node, then: Node, callback: Callback, file: JavaScriptFile) -> Answering | None:
    """The same for `if (!err) { answer(); }` without `else`."""
    who = answering(statement, file)
    if who is None or who.by_value or who.scope is callback.scope or not who.in_any([then]):
        return None
    if statement.child_by_field_name("alternative") is not None or who.follows(statement):
        return None
    return None if who.follows(file.statement(callback.call)) else who
