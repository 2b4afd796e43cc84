"""How the rules of this family speak of two steps on one path of a JavaScript function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e05_double_responses.javascript import Conflict
from lint_rules.families.e05_double_responses.steps_javascript import Step
from lint_rules.languages.javascript.grammar import callee, named, text
from lint_rules.model import UNSAFE, Edit, Finding, Fix, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_LONG = 50


def shown(step: Step) -> str:
    """A step in a few words: `res.status().json` for `res.status(404).json(body)`."""
    node = step.node if step.node.type != "assignment_expression" else step.node.child_by_field_name("left")
    called = (callee(node) if node is not None and node.type == "call_expression" else node) or step.node
    parts: list[str] = []
    current: Node | None = called
    while current is not None:
        if current.type == "member_expression":
            last = current.child_by_field_name("property")
            parts.append("." + (text(last) if last is not None else ""))
            current = current.child_by_field_name("object")
        elif current.type == "call_expression":
            parts.append("()")
            current = callee(current)
        else:
            parts.append(" ".join(text(current).split())[:_LONG])
            break
    written = "".join(reversed(parts))
    return f"`{written if len(written) <= _LONG else '...' + written[-_LONG:]}`"


def finding(
    rule: Rule, conflict: Conflict, message: str, why: str, file: JavaScriptFile, fix: Fix | None = None
) -> Finding:
    """A finding at the second step. `{first}`, `{second}` and `{where}` in the message are filled in."""
    first, second = conflict.first, conflict.second
    place = file.span(first.node)
    written = message.format(first=shown(first), second=shown(second), where=f" in line {place.row}")
    return rule.at(
        file,
        second.node,
        written,
        f"write `return` in front of {shown(first)} in line {place.row}, or make the second its `else`; {why}",
        related=(Related(file.path, place, "the first of the two"),),
        fix=fix,
    )


def returning(conflict: Conflict, file: JavaScriptFile) -> Fix | None:
    """`return` in front of the first step, where that ends a branch which the second is not in."""
    first = conflict.first
    statement: Node | None = first.node
    while statement is not None and statement.type != "expression_statement":
        if statement.type not in ("call_expression", "await_expression", "member_expression"):
            return None
        statement = statement.parent
    block = statement.parent if statement is not None else None
    if statement is None or block is None:
        return None
    second = conflict.second.node
    if block.type == "statement_block":
        if named(block)[-1] != statement or block.start_byte <= second.start_byte < block.end_byte:
            return None
    elif block.type not in ("if_statement", "else_clause"):
        return None
    outer: Node | None = block
    while outer is not None and outer != conflict.scope.node:
        if outer.type in ("finally_clause", "for_statement", "for_in_statement", "while_statement", "do_statement"):
            return None
        outer = outer.parent
    start = statement.start_byte
    edits = (Edit(file.source.span(start, start), "return "),)
    return Fix("return after the first answer", edits, UNSAFE)
