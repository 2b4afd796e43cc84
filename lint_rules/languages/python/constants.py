"""The value of constant integer expressions: `10_000_000`, `10 ** 7`, `int(1e7)`, `ROUNDS` bound once to such."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.scopes import text

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_MAX_NODES = 30
_MAX_POWER = 100
_OPERATIONS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.LShift: operator.lshift,
    ast.Pow: operator.pow,
}


def integer(node: Node, file: PythonFile) -> int | None:
    """The value of a constant integer expression, None where it is none. Names are followed one step."""
    if node.type == "identifier":
        bound = file.names.only_value(text(node), node.start_byte)
        if bound is None or bound.type == "identifier":
            return None
        node = bound
    if node.descendant_count > _MAX_NODES:
        return None
    try:
        return _value(ast.parse(text(node).strip(), mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError):
        return None


def _value(expression: ast.expr) -> int | None:
    """Recurses into the few nodes that `integer` lets through."""
    if isinstance(expression, ast.Constant):
        return expression.value if type(expression.value) is int else None
    if isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.USub):
        negated = _value(expression.operand)
        return None if negated is None else -negated
    if isinstance(expression, ast.Call) and len(expression.args) == 1 and not expression.keywords:
        argument = expression.args[0]
        if isinstance(expression.func, ast.Name) and expression.func.id == "int" and isinstance(argument, ast.Constant):
            return int(argument.value) if isinstance(argument.value, (int, float)) else None
    if isinstance(expression, ast.BinOp):
        left, right = _value(expression.left), _value(expression.right)
        operation = _OPERATIONS.get(type(expression.op))
        if left is None or right is None or operation is None:
            return None
        if isinstance(expression.op, (ast.Pow, ast.LShift)) and not 0 <= right <= _MAX_POWER:
            return None
        return operation(left, right)
    return None
