"""Whether a `while` loop does nothing but look: no call, assignment or exit in it can end it, only someone else can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e01_blocking_event_loop.tables import BLOCKING, blocks
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes, suspends
from lint_rules.languages.tables import name_table, read_table

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_TABLE = Path(__file__).parent / "busy_loops.toml"
_CALLS = name_table(_TABLE, "python")
_QUESTIONS = read_table(_TABLE)["python_questions"]
_ENDS = frozenset(read_table(_TABLE)["python_ends"]["calls"])

_EXITS = frozenset({"break_statement", "return_statement", "raise_statement"})
_WORK = frozenset(
    {"with_statement", "try_statement", "match_statement", "delete_statement", "assert_statement", "import_statement",
     "import_from_statement", "function_definition", "class_definition", "decorated_definition", "lambda"}
)  # fmt: skip
_TESTED = frozenset({"if_statement", "elif_clause", "while_statement"})
_CONSTANT = frozenset({"true", "integer", "string"})


class Spin(Enum):
    """What such a loop waits for."""

    OTHERS = "others"
    CLOCK = "clock"
    NOTHING = "nothing"


def spin(loop: Node, file: PythonFile) -> Spin | None:
    """What a `while` loop waits for without letting anyone bring it about; None where it works, waits or lets go."""
    if suspends(loop) or _waits_in_a_call(loop, file):
        return None
    inside = list(own_nodes(loop))
    if _works(loop, inside, file):
        return _holds_on(loop, inside, file)
    tests = [
        test for node in (loop, *inside) if node.type in _TESTED and (test := node.child_by_field_name("condition"))
    ]
    if _names(tests) & _moving(inside, file) or not all(_is_conditional(node, loop) for node in _exits(inside)):
        return None
    if any(_meaning(node, file) == "clock" for node in inside if node.type == "call"):
        return Spin.CLOCK
    return Spin.NOTHING if all(test.type in _CONSTANT for test in tests) else Spin.OTHERS


def _holds_on(loop: Node, inside: list[Node], file: PythonFile) -> Spin | None:
    """The same for a loop that does work: one that goes on until a time is reached, or for ever."""
    condition = loop.child_by_field_name("condition")
    if condition is None or any(_exits(inside)):
        return None
    if any(_is_too_early(part, inside, file) for part in _all_of(condition)):
        return Spin.CLOCK
    if condition.type not in _CONSTANT or any(node.type in ("try_statement", "assert_statement") for node in inside):
        return None
    function = file.enclosing_function(loop)
    for outer in file.enclosing(loop):
        if function is None or outer == function.node:
            break
        if outer.type in ("try_statement", "with_statement"):
            return None
    called = {file.text(node).partition("(")[0].rpartition(".")[2] for node in inside if node.type == "call"}
    return None if called & _ENDS else Spin.NOTHING


def _waits_in_a_call(loop: Node, file: PythonFile) -> bool:
    """Whether a call in the loop waits by itself: TEN0101 speaks of that one, and its cure cures the loop."""
    for node in own_nodes(loop):
        function = node.child_by_field_name("function") if node.type == "call" else None
        row = BLOCKING.match(file.canonical(function), file.types) if function is not None else None
        if row is not None and row["kind"] != "file" and blocks(row, node):
            return True
    return False


def _works(loop: Node, inside: Iterable[Node], file: PythonFile) -> bool:
    """Whether something in the loop may bring its end about."""
    for node in inside:
        if node.type == "call":
            if not _meaning(node, file):
                return True
        elif node.type in ("assignment", "augmented_assignment"):
            target = node.child_by_field_name("left")
            if target is None or not all(part.type == "identifier" for part in _parts(target)):
                return True
        elif node.type in _WORK:
            return True
    return False


def _meaning(call: Node, file: PythonFile) -> str:
    """What a call that changes nothing does: it is a "clock", a "question" or a "record"; else ""."""
    function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    if function is None or arguments is None:
        return ""
    row = _CALLS.match(file.canonical(function), file.types)
    if row is not None:
        return str(row["meaning"])
    attribute = function.child_by_field_name("attribute") if function.type == "attribute" else None
    if attribute is None:
        return ""
    name = text(attribute)
    if name == "get" and arguments.named_child_count and arguments.named_children[0].type == "string":
        return "question"  # of a dict; a queue's `get` takes no string
    looks = name in _QUESTIONS["methods"] or name.startswith(tuple(_QUESTIONS["prefixes"]))
    return "question" if looks and not arguments.named_child_count else ""


def _moving(inside: Iterable[Node], file: PythonFile) -> set[str]:
    """Names that the loop itself moves on; not those that only hold what was looked at."""
    moving: set[str] = set()
    assigned: list[tuple[set[str], Node]] = []
    for node in inside:
        if node.type in ("assignment", "named_expression", "for_statement", "for_in_clause"):
            target = node.child_by_field_name("left") or node.child_by_field_name("name")
            value = node.child_by_field_name("right") or node.child_by_field_name("value")
            if target is not None and value is not None:
                assigned.append((_names([target]), value))
        elif node.type == "augmented_assignment" and (target := node.child_by_field_name("left")) is not None:
            moving |= _names([target])
    all_assigned = set().union(*(names for names, _ in assigned))
    for names, value in assigned:
        goes_over = value.parent is not None and value.parent.type in ("for_statement", "for_in_clause")
        looks = goes_over or any(node.type in ("attribute", "call", "subscript") for node in (value, *own_nodes(value)))
        if not looks or _names([value]) & (all_assigned | moving):
            moving |= names
    return moving


def _is_too_early(test: Node, inside: Iterable[Node], file: PythonFile) -> bool:
    """Whether a test is `clock() < limit` (or turned round) and nothing in the loop moves the limit."""
    sides = test.named_children
    if test.type != "comparison_operator" or len(sides) != 2:
        return False
    sign = next((child.type for child in test.children if not child.is_named), "")
    early, limit = (sides[0], sides[1]) if sign in ("<", "<=") else (sides[1], sides[0])
    if sign not in ("<", "<=", ">", ">="):
        return False
    reads_clock = any(node.type == "call" and _meaning(node, file) == "clock" for node in (early, *own_nodes(early)))
    changed = {
        name
        for node in inside
        if node.type in ("assignment", "augmented_assignment", "named_expression")
        for name in _names([node.child_by_field_name("left") or node.child_by_field_name("name") or node])
    }
    return reads_clock and not changed & (_names([early, limit]))


def _all_of(condition: Node) -> Iterator[Node]:
    """The operands of `and`, or the condition itself; parentheses undone."""
    waiting = [condition]
    while waiting:
        current = waiting.pop()
        if current.type == "parenthesized_expression" or (
            current.type == "boolean_operator" and any(child.type == "and" for child in current.children)
        ):
            waiting.extend(current.named_children)
        else:
            yield current


def _exits(inside: Iterable[Node]) -> Iterator[Node]:
    return (node for node in inside if node.type in _EXITS)


def _is_conditional(node: Node, loop: Node) -> bool:
    current = node.parent
    while current is not None and current != loop:
        if current.type == "if_statement":
            return True
        current = current.parent
    return False


def _parts(target: Node) -> list[Node]:
    return target.named_children if target.type in ("pattern_list", "tuple_pattern") else [target]


def _names(nodes: Iterable[Node]) -> set[str]:
    """The names and, of attributes, the first names in some expressions."""
    found: set[str] = set()
    for node in nodes:
        for inner in (node, *own_nodes(node)):
            if inner.type == "identifier" and not _is_attribute_name(inner):
                found.add(text(inner))
    return found


def _is_attribute_name(identifier: Node) -> bool:
    parent = identifier.parent
    return parent is not None and parent.type == "attribute" and parent.child_by_field_name("attribute") == identifier
