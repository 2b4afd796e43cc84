"""JavaScript loops that go round without letting anything else run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e01_blocking_event_loop.spinning import Spin
from lint_rules.languages.javascript.grammar import (
    CALL_KINDS,
    CLASS_KINDS,
    FUNCTION_KINDS,
    arguments,
    bare,
    callee,
    named,
    text,
)
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.tables import read_table

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_TABLE = Path(__file__).parent / "busy_loops.toml"
_CALLS = js_name_table(_TABLE, "javascript")
_QUESTIONS = read_table(_TABLE)["javascript_questions"]

_CLOSED = frozenset({*FUNCTION_KINDS, *CLASS_KINDS})
_LETS_GO = frozenset({"await_expression", "yield_expression"})
_EXITS = frozenset({"break_statement", "return_statement", "throw_statement"})
_CONSTANT = frozenset({"true", "number"})
_ASSIGNMENTS = frozenset({"assignment_expression", "augmented_assignment_expression", "update_expression"})
_MAX_NODES = 4_000
_ENDING = frozenset({"exit", "abort", "kill", "reallyExit"})


def own_nodes(root: Node) -> Iterator[Node]:
    """The named nodes below one, those of functions and classes in it left out."""
    waiting = list(reversed(named(root)))
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        current = waiting.pop()
        yield current
        if current.type not in _CLOSED:
            waiting.extend(reversed(named(current)))


def lets_go(loop: Node) -> bool:
    """Whether something in a loop awaits, or yields to who drives the generator."""
    inside = list(own_nodes(loop))
    if any(node.type in _LETS_GO for node in inside):
        return True
    return any(
        node.type == "for_in_statement" and any(child.type == "await" for child in node.children) for node in inside
    )


def spin(loop: Node, file: JavaScriptFile) -> Spin | None:
    """What a `while`, `do` or `for (;;)` waits for without letting anyone bring it about; None where it works."""
    condition = _condition(loop)
    inside = list(own_nodes(loop))
    if lets_go(loop):
        return None
    if condition is None or condition.type in _CONSTANT:
        if condition is not None and condition.type == "number" and text(condition) == "0":
            return None
        is_left = any(node.type in _EXITS or _ends_process(node) for node in inside)
        return None if is_left or any(node.type == "try_statement" for node in inside) else Spin.NOTHING
    calls = [node for node in inside if node.type in CALL_KINDS]
    if any(not _meaning(call, file) for call in calls):
        return None
    changed = _changed(inside)
    tests = [condition, *(test for node in inside if node.type == "if_statement" and (test := _condition(node)))]
    if _reads_clock(condition, file):
        return None if _names([_limit(condition, file)]) & changed else Spin.CLOCK
    if not _waits_for_others(condition, inside) or _names(tests) & changed:
        return None
    if any(node.type in _EXITS for node in inside):
        return None
    return Spin.OTHERS


def _condition(statement: Node) -> Node | None:
    condition = statement.child_by_field_name("condition")
    if condition is None or condition.type == "empty_statement":
        return None
    if condition.type == "expression_statement":
        condition = condition.named_children[0] if condition.named_child_count else condition
    return bare(condition)


def _waits_for_others(condition: Node, inside: list[Node]) -> bool:
    """Whether a condition asks for a state: `!ready`, `this.state !== 'open'`, `!queue.isEmpty()`; no counting."""
    if any(node.type in _ASSIGNMENTS for node in (condition, *own_nodes(condition))):
        return False
    return not any(node.type == "for_in_statement" for node in inside)


def _meaning(call: Node, file: JavaScriptFile) -> str:
    """What a call that changes nothing does: it is a "clock", a "question" or a "record"; else ""."""
    function = callee(call)
    if function is None:
        return ""
    row = _CALLS.match(file.canonical(function), file.types)
    if row is not None:
        return str(row["meaning"])
    if call.type == "new_expression" or function.type != "member_expression":
        return ""
    name = last_name(function)
    asks = name in _QUESTIONS["methods"] or any(
        name.startswith(prefix) and name[len(prefix) :][:1].isupper() for prefix in _QUESTIONS["prefixes"]
    )
    return "question" if asks else "clock" if name == "getTime" else ""


def _reads_clock(condition: Node, file: JavaScriptFile) -> bool:
    """Whether a condition compares the time with a limit, and asks nothing else."""
    if condition.type != "binary_expression":
        return False
    operator = condition.child_by_field_name("operator")
    if operator is None or operator.type not in ("<", "<=", ">", ">="):
        return False
    nodes = (condition, *own_nodes(condition))
    is_called = any(node.type in CALL_KINDS and _meaning(node, file) == "clock" for node in nodes)
    return is_called or any(node.type == "new_expression" and text(node).startswith("new Date") for node in nodes)


def _limit(condition: Node, file: JavaScriptFile) -> Node:
    """The side of a comparison that does not read the clock, or the whole."""
    left, right = condition.child_by_field_name("left"), condition.child_by_field_name("right")
    for side in (left, right):
        if side is not None and not any(node.type in CALL_KINDS for node in (side, *own_nodes(side))):
            return side
    return condition


def _changed(inside: Iterable[Node]) -> set[str]:
    """Names and members that the loop itself moves on."""
    changed: set[str] = set()
    for node in inside:
        if node.type in _ASSIGNMENTS:
            target = node.child_by_field_name("left") or node.child_by_field_name("argument")
            if target is not None:
                changed |= _names([target])
        elif node.type == "variable_declarator" and (name := node.child_by_field_name("name")) is not None:
            changed |= _names([name])
        elif node.type == "unary_expression" and text(node).startswith("delete"):
            changed |= _names([node])
    return changed


def _names(nodes: Iterable[Node]) -> set[str]:
    return {
        text(inner)
        for node in nodes
        for inner in (node, *own_nodes(node))
        if inner.type in ("identifier", "property_identifier", "shorthand_property_identifier_pattern")
    }


def _ends_process(node: Node) -> bool:
    function = callee(node) if node.type == "call_expression" else None
    return function is not None and last_name(function) in _ENDING


def rounds_of(loop: Node, file: JavaScriptFile) -> int | None:
    """How many rounds `for (let i = 0; i < 10_000_000; i++)` makes; None where the bounds are no literals."""
    condition, step = _condition(loop), loop.child_by_field_name("increment")
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
        left, right = value.child_by_field_name("left"), value.child_by_field_name("right")
        operator = value.child_by_field_name("operator")
        if left is None or right is None or operator is None or left.type != "number" or right.type != "number":
            return None
        one, two = _number(text(left)), _number(text(right))
        if one is None or two is None or two > 100_000_000:
            return None
        if operator.type == "*":
            return one * two
        return one**two if operator.type == "**" and two < 100 else None
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


def stops_early(loop: Node) -> bool:
    """Whether a loop lets go of the event loop, or may end before its time."""
    return lets_go(loop) or any(node.type in _EXITS for node in own_nodes(loop))


def starving(call: Node, file: JavaScriptFile) -> str:
    """How a function calls itself again before anything else can run: `process.nextTick(poll)`; "" if it does not.

    Only where it does so whatever happens, or where all that it does is to look.
    """
    function = callee(call)
    name = file.canonical(function) if function is not None else ""
    given = arguments(call)
    if not given or name not in (
        "globalThis.process.nextTick",
        "globalThis.queueMicrotask",
        "globalThis.Promise.resolve().then",
    ):
        return ""
    holder = file.enclosing_function(call)
    if holder is None or holder.body is None or holder.is_async:
        return ""
    handed = bare(given[0])
    own = f"{file.module}.{holder.name}"
    calls_itself = handed.type in ("identifier", "member_expression") and file.names.symbol(handed) == own
    if handed.type == "arrow_function" and (body := handed.child_by_field_name("body")) is not None:
        inner = [body, *own_nodes(body)]
        calls = [node for node in inner if node.type == "call_expression"]
        first = callee(calls[0]) if len(calls) == 1 else None
        calls_itself = first is not None and file.names.symbol(first) == own
    if not calls_itself:
        return ""
    inside = [node for node in own_nodes(holder.body) if not call.start_byte <= node.start_byte < call.end_byte]
    if _is_unconditional(call, holder.body) and not any(node.type in _EXITS for node in inside):
        return text(function) if function is not None else ""
    works = any(
        node.type in CALL_KINDS and not _meaning(node, file)
        for node in inside
        if not _is_before_exit(node, holder.body)
    )
    changes = any(node.type in _ASSIGNMENTS for node in inside)
    return text(function) if function is not None and not works and not changes else ""


def _is_unconditional(call: Node, body: Node) -> bool:
    statement = call.parent
    return statement is not None and statement.type == "expression_statement" and statement.parent == body


def _is_before_exit(node: Node, body: Node) -> bool:
    """Whether a call is a part of leaving: `if (ready) return start()`."""
    current: Node | None = node
    while current is not None and current != body:
        if current.type in ("return_statement", "throw_statement"):
            return True
        current = current.parent
    return False
