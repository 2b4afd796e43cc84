"""Expressions and conditions of Python in the flow form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.flow.form import NOTHING, Branch, Condition, Event, Jump, Question, Sequence
from lint_rules.flow.lowering import Steps, Task, joined
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_NAME = re.compile(r"[^\W\d]\w*")
COMPREHENSIONS = frozenset(
    {"list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"}
)
_LEAVES = frozenset({"break_statement", "continue_statement", "raise_statement", "return_statement", "yield"})
_TELLING_CALLS = frozenset({"isinstance", "issubclass", "hasattr", "callable", "len", "bool"})
_NEVER_RETURN = frozenset(
    {
        "sys.exit", "os._exit", "os.abort", "builtins.exit", "builtins.quit", "flask.abort", "quart.abort",
        "werkzeug.exceptions.abort", "bottle.abort", "sanic.exceptions.abort", "flask_restful.abort",
        "flask_smorest.abort", "flask_restx.abort",
    }
)  # fmt: skip
_SURE_TO_WORK = frozenset(
    {
        "debug", "info", "warning", "error", "exception", "critical", "len", "isinstance", "print", "str", "repr",
        "end_headers", "send_header", "flush_headers", "monotonic", "perf_counter", "append", "add", "bool", "id",
        "type", "super", "hasattr", "basename", "dirname", "splitext", "join", "exists", "isfile", "isdir", "lower",
        "upper", "strip", "items", "format", "startswith", "endswith", "setsockopt", "settimeout", "setblocking",
        "getsockname", "time", "now",
    }
)  # fmt: skip
"""Last names of calls that are not expected to raise."""


class Expressions:
    """Lowers what is evaluated: calls, what waits, choices within expressions, and conditions."""

    def __init__(self, file: PythonFile) -> None:
        self._file = file

    def _children(self, children: Iterable[Node]) -> Steps:
        parts = []
        for child in children:
            if child.named_child_count or child.type in _LEAVES:
                parts.append((yield Task(child)))
        return joined(parts)

    def _call(self, call: Node) -> Steps:
        before = yield from self._children(call.named_children)
        function = call.child_by_field_name("function")
        called = text(function) if function is not None else ""
        event = Event("call", called, call, may_raise=called.rpartition(".")[2] not in _SURE_TO_WORK)
        if function is not None and self._never_returns(function, called):
            return Sequence((before, event, Jump("raise", node=call)))
        return event if before is NOTHING else Sequence((before, event))

    def _never_returns(self, function: Node, called: str) -> bool:
        if called.rpartition(".")[2] in ("exit", "_exit", "abort", "quit"):
            return self._file.canonical(function) in _NEVER_RETURN
        return False

    def _await(self, node: Node) -> Steps:
        before = yield from self._children(node.named_children)
        awaited = first_named(node)
        is_call = awaited is not None and awaited.type == "call"  # whose error comes out of the call, for all we care
        return Sequence((before, Event("await", "", node, may_raise=not is_call)))

    def _yield(self, node: Node) -> Steps:
        before = yield from self._children(node.named_children)
        return Sequence((before, Event("yield", "", node, may_raise=True)))

    def _named(self, node: Node) -> Steps:
        value, name = node.child_by_field_name("value"), node.child_by_field_name("name")
        before = (yield Task(value)) if value is not None else NOTHING
        return Sequence((before, Event("assign", text(name) if name is not None else "", node)))

    def _boolean(self, node: Node) -> Steps:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return NOTHING
        condition = yield Task(left, True)
        after = yield Task(right)
        is_and = any(child.type == "and" for child in node.children)
        return Branch(condition, after if is_and else NOTHING, NOTHING if is_and else after)

    def _choice(self, node: Node) -> Steps:
        then, test, otherwise = node.named_children[:3]
        condition = yield Task(test, True)
        first = yield Task(then)
        second = yield Task(otherwise)
        return Branch(condition, first, second)

    # Conditions.

    def _condition(self, node: Node) -> Steps:
        negated = False
        while node.type in ("parenthesized_expression", "not_operator") and node.named_child_count:
            negated = negated is not (node.type == "not_operator")
            inner = node.child_by_field_name("argument") or first_named(node)
            assert inner is not None
            node = inner
        if node.type == "boolean_operator":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None:
                one = yield Task(left, True)
                other = yield Task(right, True)
                is_and = any(child.type == "and" for child in node.children)
                return Condition("and" if is_and else "or", parts=(one, other), negated=negated)
        if node.type in ("true", "false") or (node.type == "integer" and text(node).isdigit()):
            return Condition("constant", value=text(node) not in ("False", "0"), negated=negated)
        before = yield Task(node)
        test, flipped = test_of(node)
        return Condition("test", test, None if before is NOTHING else before, negated=negated is not flipped)


def test_of(node: Node) -> tuple[Question, bool]:
    """The test that an expression is, and whether it asks for the opposite."""
    if node.type == "named_expression":
        name = node.child_by_field_name("name")
        subject = text(name) if name is not None else ""
        return Question(subject, names=frozenset((subject,)), node=node), False
    if not _is_comparable(node):
        return Question("", node=node), False
    names = frozenset(_NAME.findall(text(node)))
    if node.type == "comparison_operator" and node.named_child_count == 2:
        left, right = node.named_children
        operator = text(node)[left.end_byte - node.start_byte : right.start_byte - node.start_byte]
        operator = " ".join(operator.replace("(", " ").replace(")", " ").split())
        if not text(node).isascii():
            operator = ""
        value = text(right)
        if operator in ("==", "!=") and value in ("None", "True", "False"):
            operator = "is" if operator == "==" else "is not"
        if operator in ("is", "==", "in"):
            return Question(text(left), operator, value, names, node), False
        opposite = {"is not": "is", "!=": "==", "not in": "in"}.get(operator)
        if opposite is not None:
            return Question(text(left), opposite, value, names, node), True
    return Question(text(node), names=names, node=node), False


def _is_comparable(node: Node) -> bool:
    """Whether asking again gives the same answer as long as no name is bound anew, as far as one can tell."""
    for inner in (node, *own_nodes(node)):
        if inner.type in ("await", "yield", "named_expression", *COMPREHENSIONS):
            return False
        if inner.type == "call":
            function = inner.child_by_field_name("function")
            if function is None or text(function) not in _TELLING_CALLS:
                return False
    return True


__all__ = ["COMPREHENSIONS", "Expressions", "test_of"]
