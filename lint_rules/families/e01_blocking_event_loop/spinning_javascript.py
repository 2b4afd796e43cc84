"""JavaScript loops that go round without letting anything else run."""

from __future__ import annotations

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
ASSIGNMENTS = frozenset({"assignment_expression", "augmented_assignment_expression", "update_expression"})
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
    condition = condition_of(loop)
    inside = list(own_nodes(loop))
    if lets_go(loop):
        return None
    if condition is None or condition.type in _CONSTANT:
        if condition is not None and condition.type == "number" and text(condition) == "0":
            return None
        if any(node.type == "try_statement" or _ends_process(node) for node in inside):
            return None
        return _left_by_tests(inside, file) if any(node.type in _EXITS for node in inside) else Spin.NOTHING
    calls = [node for node in inside if node.type in CALL_KINDS]
    if any(not _meaning(call, file) for call in calls):
        return None
    changed = changed_in(inside)
    tests = [condition, *(test for node in inside if node.type == "if_statement" and (test := condition_of(node)))]
    if _reads_clock(condition, file):
        return None if _names([_limit(condition, file)]) & changed else Spin.CLOCK
    if _follows_clock(condition, inside, file):
        return Spin.CLOCK
    if not _waits_for_others(condition, inside) or _names(tests) & changed:
        return None
    if any(node.type in _EXITS for node in inside):
        return None
    return Spin.OTHERS


def _left_by_tests(inside: list[Node], file: JavaScriptFile) -> Spin | None:
    """What `for (;;) { if (ready) break }` waits for: every way out hangs on a test that the loop does not change."""
    tests: list[Node] = []
    for node in inside:
        if node.type in CALL_KINDS and not _meaning(node, file):
            return None
        if node.type in _EXITS:
            test = condition_of(node.parent) if node.parent is not None and node.parent.type == "if_statement" else None
            block = node.parent if node.parent is not None and node.parent.type == "statement_block" else None
            around = block.parent if block is not None else None
            if test is None and around is not None and around.type == "if_statement":
                test = condition_of(around)
            if test is None:
                return None
            tests.append(test)
        elif node.type in ASSIGNMENTS or node.type in ("for_in_statement", "switch_statement"):
            return None
    return Spin.CLOCK if any(_reads_clock(test, file) for test in tests) else Spin.OTHERS


def _follows_clock(condition: Node, inside: list[Node], file: JavaScriptFile) -> bool:
    """`while (now < end) now = Date.now();`: all that the loop does is to look at the clock."""
    operator = condition.child_by_field_name("operator") if condition.type == "binary_expression" else None
    if operator is None or operator.type not in ("<", "<=", ">", ">="):
        return False
    changes = [node for node in inside if node.type in ASSIGNMENTS or node.type == "variable_declarator"]
    values = [node.child_by_field_name("right") or node.child_by_field_name("value") for node in changes]
    looks = [value for value in values if value is not None and _is_clock(value, file)]
    return bool(changes) and len(looks) == len(changes) and bool(_names([condition]) & changed_in(changes))


def _is_clock(value: Node, file: JavaScriptFile) -> bool:
    nodes = (value, *own_nodes(value))
    return any(node.type in CALL_KINDS and _meaning(node, file) == "clock" for node in nodes)


def condition_of(statement: Node) -> Node | None:
    condition = statement.child_by_field_name("condition")
    if condition is None or condition.type == "empty_statement":
        return None
    if condition.type == "expression_statement":
        condition = condition.named_children[0] if condition.named_child_count else condition
    return bare(condition)


def _waits_for_others(condition: Node, inside: list[Node]) -> bool:
    """Whether a condition asks for a state: `!ready`, `this.state !== 'open'`, `!queue.isEmpty()`; no counting."""
    if any(node.type in ASSIGNMENTS for node in (condition, *own_nodes(condition))):
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


def changed_in(inside: Iterable[Node]) -> set[str]:
    """Names and members that the loop itself moves on."""
    changed: set[str] = set()
    for node in inside:
        if node.type in ASSIGNMENTS:
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
    changes = any(node.type in ASSIGNMENTS for node in inside)
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
