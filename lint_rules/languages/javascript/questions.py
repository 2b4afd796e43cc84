"""What a condition of JavaScript asks, so that two conditions can be compared."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.flow.form import Question
from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, bare, string_value, text

_NAME = re.compile(r"[^\W\d][\w$]*")
_NULLS = frozenset({"null", "undefined"})
_EQUAL = {"===": False, "==": False, "!==": True, "!=": True}
_TELLING_CALLS = frozenset(
    {"Array.isArray", "Boolean", "isNaN", "Buffer.isBuffer", "Number.isInteger", "Number.isNaN", "Number.isFinite"}
)
_TELLING_METHODS = frozenset({"startsWith", "endsWith", "includes", "hasOwnProperty"})
_CHANGING = frozenset(
    {
        "await_expression", "yield_expression", "assignment_expression", "augmented_assignment_expression",
        "update_expression", "new_expression", "arrow_function", "function_expression", "template_string",
    }
)  # fmt: skip
_MAX_NODES = 60


def constant_of(value: Node | None) -> str:
    """True, False or None for what is as good as it, "object" for what is surely something, "" for anything else."""
    if value is None:
        return ""
    value = bare(value)
    kind = value.type
    if kind in ("true", "false"):
        return kind.capitalize()
    if kind in _NULLS:
        return "None"
    if kind == "number":
        return "False" if text(value).strip("0._n") == "" else "True"
    if kind in ("string", "template_string"):
        written = string_value(value)
        return "" if written is None else "True" if written else "False"
    if kind in FUNCTION_LITERALS or kind in ("object", "array", "new_expression", "regex", "class"):
        return "object"
    return ""


def question_of(node: Node, relation: str = "truthy", value: str = "") -> tuple[Question, bool]:
    """The question that an expression is, and whether it asks for the opposite.

    With a `relation` the question is that one about the expression.
    """
    node = bare(node)
    if node.type == "assignment_expression" and relation == "truthy":
        left = node.child_by_field_name("left")
        subject = text(left) if left is not None and left.type == "identifier" else ""
        return Question(subject, names=frozenset((subject,)), node=node), False
    if not _is_comparable(node):
        return Question("", relation, value, node=node), False
    if relation != "truthy":
        return Question(text(node), relation, value, frozenset(_NAME.findall(text(node))), node), False
    if node.type == "binary_expression":
        found = _comparison(node)
        if found is not None:
            return found
    if node.type == "call_expression" and text(node).startswith("Boolean("):
        given = node.child_by_field_name("arguments")
        if given is not None and given.named_child_count == 1:
            return question_of(given.named_children[0])
    written = _without_optional(text(node))
    return Question(written, names=frozenset(_NAME.findall(written)), node=node), False


def _comparison(node: Node) -> tuple[Question, bool] | None:
    sign = node.child_by_field_name("operator")
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if sign is None or left is None or right is None or sign.type not in _EQUAL:
        return None
    left, right = bare(left), bare(right)
    if left.type in ("string", "number", "true", "false", *_NULLS):
        left, right = right, left
    names = frozenset(_NAME.findall(text(left) + " " + text(right)))
    flipped = _EQUAL[sign.type]
    subject = _without_optional(text(left))
    if right.type in _NULLS:
        is_loose = len(sign.type) == 2
        return Question(subject, "is", "None" if is_loose else right.type, names, node), flipped
    if right.type in ("true", "false"):
        return Question(subject, "is", right.type, names, node), flipped
    written = string_value(right)
    return Question(subject, "==", text(right) if written is None else f"'{written}'", names, node), flipped


def _without_optional(written: str) -> str:
    return written.replace("?.", ".")


def _is_comparable(node: Node) -> bool:
    """Whether asking again gives the same answer as long as no name is bound anew, as far as one can tell."""
    waiting, seen = [node], 0
    while waiting:
        one = waiting.pop()
        seen += 1
        if one.type in _CHANGING or seen > _MAX_NODES:
            return False
        if one.type == "call_expression" and not _only_tells(one):
            return False
        waiting.extend(one.named_children)
    return True


def _only_tells(call: Node) -> bool:
    function = call.child_by_field_name("function")
    if function is None:
        return False
    last = function.child_by_field_name("property") if function.type == "member_expression" else None
    return text(function) in _TELLING_CALLS or (last is not None and text(last) in _TELLING_METHODS)
