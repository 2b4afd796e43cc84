"""How many rounds a loop with literal bounds makes before the event loop gets its turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.python.constants import integer
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes, suspends

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

BUILTIN_SPEED = 10
"""How many times faster a builtin such as `sum` runs through a range than a loop written in Python."""

_RUN_THROUGH = frozenset(
    {"sum", "list", "tuple", "set", "frozenset", "sorted", "max", "min", "dict", "bytes", "bytearray"}
)
_WRAPPERS = frozenset({"enumerate", "reversed", "tqdm", "list", "iter"})
_EAGER = frozenset({"list_comprehension", "set_comprehension", "dictionary_comprehension"})
_EXITS = ("break_statement", "return_statement", "raise_statement")


def is_range(call: Node, file: PythonFile) -> bool:
    """Whether a call is `range(...)`."""
    function = call.child_by_field_name("function")
    return function is not None and text(function) == "range" and file.canonical(function) == "builtins.range"


class Long(Struct, frozen=True):
    """A loop, or a call that runs through a range; `rounds` counts those of the loops around it too if `nested`."""

    node: Node
    rounds: int
    nested: bool = False


def long_range(call: Node, file: PythonFile, limit: int) -> Long | None:
    """The loop that a `range(...)` feeds, if it makes at least `limit` rounds in itself and the loops around it.

    None where the bounds are no literals, where a loop lets go of the event loop or may be left early, and where a loop
    further out is long enough to be the one to speak of.
    """
    own = _length(call, file)
    fed = _fed(call) if own is not None else None
    if own is None or fed is None:
        return None
    loop, speed = fed
    around = 1
    for outer, source in _loops_around(loop, call):
        if _stops_early(outer):
            break
        around *= (_length(source, file) if source.type == "call" and is_range(source, file) else None) or 1
    if not around < limit <= around * own // speed:
        return None
    whole = loop.parent if loop.type == "generator_expression" else loop
    return Long(whole or loop, around * own, around > 1)


def long_while(loop: Node, file: PythonFile, limit: int) -> Long | None:
    """The same for `while count < 10_000_000: ... count += 1`."""
    condition = loop.child_by_field_name("condition")
    if condition is None or condition.type != "comparison_operator" or condition.named_child_count != 2:
        return None
    counter, bound = condition.named_children[0], integer(condition.named_children[1], file)
    sign = next((child.type for child in condition.children if not child.is_named), "")
    if bound is None or counter.type != "identifier" or sign not in ("<", "<=", "!=") or _stops_early(loop):
        return None
    for node in own_nodes(loop):
        if node.type == "augmented_assignment" and any(child.type == "+=" for child in node.children):
            target, step = node.child_by_field_name("left"), node.child_by_field_name("right")
            size = integer(step, file) if step is not None else None
            if target is not None and text(target) == text(counter) and size and bound // size >= limit:
                return Long(loop, bound // size)
    return None


def _fed(call: Node) -> tuple[Node, int] | None:
    """The loop, comprehension or builtin that runs through a range, and how fast it is."""
    current = call
    while (parent := current.parent) is not None:
        if parent.type == "for_statement" and parent.child_by_field_name("right") == current:
            return None if _stops_early(parent) else (parent, 1)
        if parent.type == "for_in_clause" and parent.child_by_field_name("right") == current:
            comprehension = parent.parent
            return (comprehension, 1) if comprehension is not None and _runs_to_its_end(comprehension) else None
        outer = parent.parent if parent.type == "argument_list" else None
        name = _called(outer) if outer is not None and outer.type == "call" else ""
        if outer is not None and name in _WRAPPERS and outer.parent is not None and _is_iterated(outer):
            current = outer
        else:
            return (outer, BUILTIN_SPEED) if outer is not None and name in _RUN_THROUGH else None
    return None


def _is_iterated(node: Node) -> bool:
    parent = node.parent
    return parent is not None and parent.type in ("for_statement", "for_in_clause", "argument_list") and (
        parent.type == "argument_list" or parent.child_by_field_name("right") == node
    )  # fmt: skip


def _called(call: Node) -> str:
    function = call.child_by_field_name("function")
    return text(function).rpartition(".")[2] if function is not None else ""


def _runs_to_its_end(comprehension: Node) -> bool:
    if suspends(comprehension):
        return False
    if comprehension.type in _EAGER:
        return True
    parent = comprehension.parent  # of a generator expression: the call itself, or its arguments
    call = parent.parent if parent is not None and parent.type == "argument_list" else parent
    return call is not None and call.type == "call" and _called(call) in (*_RUN_THROUGH, "join")


def _stops_early(loop: Node) -> bool:
    """Whether a loop lets go of the event loop, or may end before its time."""
    return suspends(loop) or any(node.type in _EXITS for node in own_nodes(loop))


def _loops_around(loop: Node, call: Node) -> Iterator[tuple[Node, Node]]:
    """Loops around `loop` in the same function, and clauses in front of its own, with what they run over."""
    if loop.type in _EAGER or loop.type == "generator_expression":
        for clause in loop.named_children:
            right = clause.child_by_field_name("right") if clause.type == "for_in_clause" else None
            if right is not None and right.start_byte < call.start_byte and right.end_byte <= call.start_byte:
                yield loop, right
    current = loop.parent
    while current is not None and current.type not in ("function_definition", "lambda", "class_definition"):
        right = current.child_by_field_name("right") if current.type == "for_statement" else None
        if right is not None and not right.start_byte <= call.start_byte < right.end_byte:
            yield current, right
        current = current.parent


def _length(call: Node, file: PythonFile) -> int | None:
    """The number of values of a `range` with literal bounds."""
    arguments = call.child_by_field_name("arguments")
    bounds = [integer(argument, file) for argument in arguments.named_children] if arguments is not None else []
    known = [bound for bound in bounds if bound is not None]
    if not 1 <= len(known) == len(bounds) <= 3 or (len(known) == 3 and known[2] == 0):
        return None
    try:
        return len(range(*known))
    except OverflowError:
        return max(known)
