"""Whether a node-style callback looks at its error before it uses its data, and leaves once it has seen one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e06_error_handling.data_reads import (
    call_around,
    holds,
    is_condition,
    is_guard,
    is_part_taken_apart,
    is_printed,
    is_taken_apart,
    made_of,
    member_of,
)
from lint_rules.languages.javascript.bodies import own_nodes
from lint_rules.languages.javascript.grammar import around, bare, callee, first_named, text

if TYPE_CHECKING:
    from lint_rules.families.e06_error_handling.callbacks import Callback

_LEAVES = frozenset({"return_statement", "throw_statement", "break_statement", "continue_statement"})
_ENDS = re.compile(r"(?i)exit|abort|fail|die|bail|throw|crash|panic|assert|ifError")
_LOGS = re.compile(r"(?i)^(?:console|this\.log(?:ger)?|\w*log(?:ger)?|winston|debug|log|warn|print\w*)\b")
_REASON = re.compile(rb"\w \w|ignore|optional|expected|fatal", re.IGNORECASE)
_SETTLES = re.compile(r"(?i)^(?:reject|rej)$")


class Ignored(Struct, frozen=True):
    """Where an error is passed over, and in words what happens instead of looking at it, with the name of the data in
    place of `{name}`; whether it was asked for."""

    place: Node
    what: str
    name: str = ""
    is_seen: bool = False


def ignored(callback: Callback) -> Ignored | None:
    """How a callback passes over its error; None if it does not."""
    if callback.takes_everything or not callback.body or _only_printed(callback) or _only_taken_along(callback):
        return None
    if not callback.error_reads:
        return _never_read(callback)
    return _read_late(callback) or _only_logged(callback) or _not_left(callback)


def _never_read(callback: Callback) -> Ignored | None:
    reads = callback.data_reads
    if reads and all(_is_tried(read, callback) for read in reads):
        return None
    if not reads:
        if callback.is_deliberate or not callback.is_of_node or callback.asks:
            return None
        return Ignored(callback.error_node, "is never looked at; handle it or pass it on")
    first = next((read for read in reads if not is_guard(read)), None)
    is_checked = any(is_guard(read) for read in reads)
    if is_checked and (callback.is_deliberate or callback.asks):
        return None
    if callback.is_deliberate and (first is None or not is_taken_apart(first)):
        return None
    name = text(first if first is not None else reads[0])
    return Ignored(callback.error_node, "is not looked at before {name} is used; handle it first and return", name)


def _is_tried(read: Node, callback: Callback) -> bool:
    """Whether what fails for want of the data is caught, and the work ends there."""
    current: Node | None = read
    while current is not None and current.id != callback.function.id:
        parent = current.parent
        if parent is not None and parent.type == "try_statement" and parent.child_by_field_name("body") == current:
            handler = parent.child_by_field_name("handler")
            return is_taken_apart(read) and handler is not None and _leaves(handler)
        current = parent
    return False


def _only_printed(callback: Callback) -> bool:
    """Whether the data is only shown to people, in a text that then says `undefined`, or nothing."""
    reads = callback.data_reads
    if callback.gives_objects:
        return bool(reads) and all(is_printed(member_of(read)) for read in reads)
    return bool(reads) and all(is_printed(made_of(read) if callback.always_gives else read) for read in reads)


def _only_taken_along(callback: Callback) -> bool:
    """Whether data is an addition, stored where it is there: `if (found.length) user.roles = found`."""
    reads = callback.data_reads
    if not reads or callback.error_reads or holds(callback.body[-1], reads[-1]):
        return False  # where nothing follows, it is what was asked for
    return all(_is_taken_along(read, callback) for read in reads)


def _is_taken_along(read: Node, callback: Callback) -> bool:
    choice = _top(callback, read)
    if choice is None or choice.type != "if_statement" or choice.child_by_field_name("alternative") is not None:
        return False
    condition, taken = choice.child_by_field_name("condition"), choice.child_by_field_name("consequence")
    if condition is None or taken is None or _leaves(taken) or _calls(taken) or not changes_something(taken):
        return False
    asked = [one for one in callback.data_reads if holds(condition, one)]
    return any(is_guard(one) for one in asked) and (is_guard(read) or holds(taken, read))


def _read_late(callback: Callback) -> Ignored | None:
    """The data is taken apart, or sent, in front of the first look at the error."""
    seen = callback.error_reads[0].start_byte
    if callback.always_gives:
        return None
    for read in callback.data_reads:
        if read.start_byte > seen or is_guard(read):
            return None
        statement = _statement(read, callback)
        if statement is None or _holds_any(statement, callback.error_reads) or not _is_direct(read, callback):
            return None
        if callback.gives_partly and not is_part_taken_apart(read):
            if is_condition(read):
                return None
            continue
        if is_taken_apart(read):
            return Ignored(read, "is looked at after {name} is used; check it first and return", text(read))
    return None


def _only_logged(callback: Callback) -> Ignored | None:
    if callback.is_deliberate or callback.always_gives:
        return None
    if not all(_is_logged(read, callback) for read in callback.error_reads):
        return None
    used = next((read for read in callback.data_reads if not is_guard(read) and not _is_logged(read, callback)), None)
    if used is None or any(is_guard(read) for read in callback.data_reads):
        return None
    logging = (_top(callback, read) for read in callback.error_reads)
    if any(statement is not None and holds(statement, used) for statement in logging):
        return None
    return Ignored(callback.error_node, "is only logged before {name} is used; check it and return", text(used))


def _is_logged(read: Node, callback: Callback) -> bool:
    """Whether all that a read does is to stand in a log message that is written in any case."""
    call = call_around(read)
    if call is None or _statement(read, callback) is None:
        return False
    function = callee(call)
    place = around(call)
    is_statement = place is not None and place.type == "expression_statement" and place.parent == callback.scope.body
    return function is not None and is_statement and _LOGS.match(text(function)) is not None


def _not_left(callback: Callback) -> Ignored | None:
    """A check of the error that goes on to the code for success."""
    for position, statement in enumerate(callback.body):
        consequence = _consequence(statement, callback)
        if consequence is None:
            continue
        if _leaves(consequence) or changes_something(consequence) or _is_explained(consequence):
            return None
        rejects = any(_SETTLES.match(text(callee(one) or one)) for one in _calls(consequence))
        return _used_after(callback, statement, callback.body[position + 1 :], taken_apart=rejects)
    return None


def _consequence(statement: Node, callback: Callback) -> Node | None:
    """What runs when there is an error: the block of `if (err)` without `else`, the call of `err && log(err)`."""
    if statement.type == "if_statement":
        condition = statement.child_by_field_name("condition")
        if statement.child_by_field_name("alternative") is not None or condition is None:
            return None
        return statement.child_by_field_name("consequence") if asks_for_error(bare(condition), callback) else None
    inner = first_named(statement) if statement.type == "expression_statement" else None
    inner = bare(inner) if inner is not None else None
    if inner is None or inner.type != "binary_expression":
        return None
    left, operator = inner.child_by_field_name("left"), inner.child_by_field_name("operator")
    if left is None or operator is None or operator.type != "&&" or not asks_for_error(bare(left), callback):
        return None
    return inner.child_by_field_name("right")


def asks_for_error(condition: Node, callback: Callback) -> bool:
    """`err`, `!!err`, `err != null`, `err instanceof Error`: whether there is one at all."""
    if condition.type == "unary_expression":
        inner = condition.child_by_field_name("argument")
        inner = bare(inner) if inner is not None else None
        if inner is None or inner.type != "unary_expression" or not text(condition).startswith("!!"):
            return False
        condition = bare(inner.child_by_field_name("argument") or inner)
    if condition.type == "binary_expression":
        left, right = condition.child_by_field_name("left"), condition.child_by_field_name("right")
        operator = condition.child_by_field_name("operator")
        if left is None or right is None or operator is None:
            return False
        is_test = operator.type in ("!=", "!==") and text(right) in ("null", "undefined")
        if not is_test and operator.type != "instanceof":
            return False
        condition = bare(left)
    return condition.type == "identifier" and text(condition) == callback.error


def _leaves(consequence: Node) -> bool:
    """Whether control leaves somewhere in it, or may: it returns, throws, ends the process, fails a test."""
    nodes = (consequence, *own_nodes(consequence))
    if any(node.type in _LEAVES for node in nodes):
        return True
    return any(_ENDS.search(text(callee(call) or call)) for call in _calls(consequence))


def _is_explained(consequence: Node) -> bool:
    """Whether a comment says why the work goes on: `// the cache is not needed`."""
    opening = consequence.start_point.row
    return any(
        child.type == "comment" and child.start_point.row > opening and _REASON.search(child.text or b"") is not None
        for child in consequence.children
    )


def changes_something(consequence: Node) -> bool:
    """Whether it assigns to something, which later code may ask for."""
    kinds = ("assignment_expression", "augmented_assignment_expression", "update_expression")
    return any(node.type in kinds for node in (consequence, *own_nodes(consequence)))


def _used_after(callback: Callback, check: Node, rest: list[Node], *, taken_apart: bool) -> Ignored | None:
    for read in callback.data_reads:
        statement = next((one for one in rest if holds(one, read)), None)
        if statement is None:
            continue
        if is_guard(read) or _holds_any(statement, callback.error_reads):
            return None
        if is_taken_apart(read) or not taken_apart:
            condition = check.child_by_field_name("condition") or check
            return Ignored(
                condition, "is checked, but {name} is used all the same; return after handling it", text(read), True
            )
    return None


def _calls(node: Node) -> list[Node]:
    return [one for one in (node, *own_nodes(node)) if one.type == "call_expression"]


# Where a read stands.


def _holds_any(outer: Node, inner: list[Node]) -> bool:
    return any(holds(outer, one) for one in inner)


def _statement(read: Node, callback: Callback) -> Node | None:
    """The innermost statement of the callback itself around a read."""
    current: Node | None = read
    while current is not None and current.id != callback.function.id:
        if current.type.endswith(("statement", "declaration")):
            return current
        current = current.parent
    body = callback.scope.body
    return body if body is not None and holds(body, read) else None


def _top(callback: Callback, read: Node) -> Node | None:
    return next((one for one in callback.body if holds(one, read)), None)


def _is_direct(read: Node, callback: Callback) -> bool:
    """Whether a read runs with the callback, and not in a function within it."""
    return callback.file.enclosing_function(read) is callback.scope


__all__ = ["Ignored", "asks_for_error", "changes_something", "ignored"]
