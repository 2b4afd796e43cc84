"""How many rounds JavaScript loops with literal bounds make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e01_blocking_event_loop.spinning_javascript import (
    ASSIGNMENTS,
    changed_in,
    condition_of,
    own_nodes,
)
from lint_rules.languages.javascript.grammar import bare, text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_MOST_FACTORS = 8
_LARGEST_FACTOR = 100_000_000


def rounds_of(loop: Node, file: JavaScriptFile) -> int | None:
    """How many rounds `for (let i = 0; i < 10_000_000; i++)` makes; None where the bounds are no literals."""
    condition, step = condition_of(loop), loop.child_by_field_name("increment")
    start = loop.child_by_field_name("initializer")
    if condition is None or condition.type != "binary_expression" or step is None or start is None:
        return None
    operator, left, right = (condition.child_by_field_name(name) for name in ("operator", "left", "right"))
    declarators = [
        node for node in (start, *own_nodes(start)) if node.type in ("variable_declarator", "assignment_expression")
    ]
    if operator is None or left is None or right is None or not declarators or left.type != "identifier":
        return None
    first = declarators[0].child_by_field_name("value") or declarators[0].child_by_field_name("right")
    width = _step(step, text(left))
    begin, end = (integer(first, file) if first is not None else None), integer(right, file)
    if begin is None or end is None or not width:
        return None
    distance = end - begin if operator.type in ("<", "<=", "!==", "!=") else begin - end
    is_forward = (width > 0) is (operator.type in ("<", "<=", "!==", "!="))
    return max(distance // abs(width), 0) if is_forward else None


def while_rounds_of(loop: Node, file: JavaScriptFile) -> int | None:
    """How many rounds `while (n < 10_000_000) n++` makes; None where the bounds are no literals."""
    condition = condition_of(loop)
    if condition is None or condition.type != "binary_expression":
        return None
    operator, left, right = (condition.child_by_field_name(name) for name in ("operator", "left", "right"))
    if operator is None or left is None or right is None or left.type != "identifier" or operator.type[:1] != "<":
        return None
    steps = [node for node in own_nodes(loop) if node.type in ASSIGNMENTS and text(left) in changed_in([node])]
    width = _step(steps[0], text(left)) if len(steps) == 1 else None
    end, found = integer(right, file), file.scopes.binding(text(left), left.start_byte)
    first = found[1][0].node if found is not None else None
    begin = integer(first, file) if first is not None and first.type == "number" else None
    if begin is None or end is None or width is None or width <= 0:
        return None
    return max((end - begin) // width, 0)


def _step(step: Node, counter: str) -> int | None:
    written = text(step).replace(" ", "")
    if written in (f"{counter}++", f"++{counter}"):
        return 1
    if written in (f"{counter}--", f"--{counter}"):
        return -1
    found = re.fullmatch(rf"{re.escape(counter)}([+-])=(\d+)", written)
    return int(f"{found.group(1)}{found.group(2)}") if found is not None else None


def integer(node: Node, file: JavaScriptFile) -> int | None:
    """The value of `10_000_000`, `1e7`, `10 ** 7`, `10 * 1000` and of a constant bound to such; None for others."""
    value = bare(node)
    if value.type == "identifier":
        bound = file.names.only_value(text(value), value.start_byte)
        if bound is None:
            return None
        value = bare(bound)
    if value.type == "number":
        return _number(text(value))
    if value.type == "binary_expression":
        return _product(value)
    return None


def _product(value: Node) -> int | None:
    """The value of `24 * 60 * 60` and `2 ** 24`."""
    product = 1
    for _ in range(_MOST_FACTORS):
        left, right = value.child_by_field_name("left"), value.child_by_field_name("right")
        operator = value.child_by_field_name("operator")
        factor = _number(text(right)) if right is not None and right.type == "number" else None
        if left is None or operator is None or factor is None or factor > _LARGEST_FACTOR:
            return None
        first = _number(text(left)) if left.type == "number" else None
        if operator.type == "**":
            return first**factor if first is not None and factor < 100 and product == 1 else None
        if operator.type != "*":
            return None
        product *= factor
        if first is not None:
            return first * product
        value = bare(left)
        if value.type != "binary_expression":
            return None
    return None


def _number(written: str) -> int | None:
    plain = written.replace("_", "").lower().removesuffix("n")
    try:
        if plain.startswith(("0x", "0o", "0b")):
            return int(plain, 0)
        value = float(plain)
    except ValueError:
        return None
    return int(value) if value < 1e18 else None
