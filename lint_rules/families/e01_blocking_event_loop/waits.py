"""What decides whether a call or a `with` really waits for a thread: what came before it, and what it was made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e01_blocking_event_loop.tables import arguments_of
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.suspension import own_nodes, suspends

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.tables import TableRow

_FINISHES = frozenset({"done", "is_alive", "wrap_future", "cancelled"})
_HANDS_OVER = frozenset({"submit", "map"})


def is_finished(call: Node, file: PythonFile) -> bool:
    """Whether the function asked, or awaited, in front of the call if what the call waits for is over.

    A thread that the function has started, and after which it has awaited something, has mostly told that it is done.
    """
    waited_for = receiver_of(call)
    function = file.enclosing_function(call)
    if waited_for is None or function is None:
        return False
    was_started = False
    for node in own_nodes(function.node):
        if node.start_byte >= call.start_byte:
            return False
        if node.type == "await" and was_started:
            return True
        called = node.child_by_field_name("function") if node.type == "call" else None
        name = text(called).rpartition(".")[2] if called is not None else ""
        if name not in _FINISHES and name != "start":
            continue
        asked = receiver_of(node)
        is_same = asked is not None and text(asked) == text(waited_for)
        if name == "start":
            was_started = was_started or is_same
        elif is_same or any(text(value) == text(waited_for) for _, value in arguments_of(node)):
            return True
    return False


def is_new(row: TableRow, call: Node, file: PythonFile) -> bool:
    """Whether a lock that a row calls `brief` was made in the same function, so that nobody can hold it."""
    receiver = receiver_of(call)
    if not row.get("brief") or receiver is None or receiver.type != "identifier":
        return False
    made = file.names.only_value(text(receiver), receiver.start_byte)
    return made is not None and made.type == "call" and file.enclosing_function(made) is file.enclosing_function(call)


def is_bounded(row: TableRow, call: Node, file: PythonFile) -> bool:
    """Whether a queue that a row calls `bounded` was made with a size; True for all other rows."""
    names = row.get("bounded")
    receiver = receiver_of(call)
    if not names or receiver is None:
        return True
    made = file.names.only_value(text(receiver), receiver.start_byte) if receiver.type == "identifier" else None
    if made is None:
        wanted = text(receiver)
        values = (
            assignment.child_by_field_name("right")
            for assignment in file.nodes("assignment")
            if (target := assignment.child_by_field_name("left")) is not None and text(target) == wanted
        )
        made = next((value for value in values if value is not None), None)
    sizes = [value for key, value in arguments_of(made) if key in names] if made is not None else []
    return any(text(size) != "0" and not _has_room_for_all(size, call, file) for size in sizes)


def _has_room_for_all(size: Node, call: Node, file: PythonFile) -> bool:
    """`jobs = Queue(len(orders))`, and a call in `for order in orders`."""
    loop = next((outer for outer in file.enclosing(call) if outer.type == "for_statement"), None)
    items = loop.child_by_field_name("right") if loop is not None else None
    same = file.enclosing_function(size) is file.enclosing_function(call)
    return items is not None and same and text(size) == f"len({text(items)})"


def made_by(context: Node, file: PythonFile) -> Node:
    """The expression that made the object of a `with`, or the context itself where that is not known."""
    made = file.names.only_value(text(context), context.start_byte) if context.type == "identifier" else None
    return made or context


def leaves_jobs_behind(item: Node | None, body: Node, file: PythonFile) -> bool:
    """Whether jobs that a `with` body hands to its pool may still run at its end: they were submitted, not awaited."""
    if not suspends(body):
        return True
    alias = item.child_by_field_name("alias") if item is not None else None
    name = text(alias) if alias is not None else ""
    for node in own_nodes(body):
        called = node.child_by_field_name("function") if node.type == "call" else None
        if called is None or called.type != "attribute":
            continue
        owner, method = called.child_by_field_name("object"), called.child_by_field_name("attribute")
        if owner is not None and method is not None and text(owner) == name and text(method) in _HANDS_OVER:
            return b"wrap_future" not in (body.text or b"")
    return False


def receiver_of(call: Node) -> Node | None:
    """`job` of `job.result()`."""
    function = call.child_by_field_name("function")
    return function.child_by_field_name("object") if function is not None and function.type == "attribute" else None
