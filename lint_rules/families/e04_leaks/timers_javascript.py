"""Timers of JavaScript that are started for each request or connection and never stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e04_leaks.serving import PlaceOf, Serving, event_of_taker, outlives
from lint_rules.languages.javascript.bodies import all_nodes
from lint_rules.languages.javascript.grammar import CALL_KINDS, FUNCTION_LITERALS, arguments, bare, callee, text
from lint_rules.languages.javascript.labels import function_label
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.scopes import Scope
from lint_rules.languages.javascript.usage import Use, usage_of, usages_of
from lint_rules.languages.tables import TableRow

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_TIMERS = js_name_table(Path(__file__).parent / "timers.toml", "javascript")
_WORDS = re.compile(rb"\bset(?:Interval|Timeout)\b|[\"'](?:node-cron|node-schedule|cron|croner)[\"']")
_ONCE = "globalThis.setTimeout"
_ENDS = frozenset(
    {"close", "disconnect", "disconnecting", "end", "finish", "error", "aborted", "abort", "timeout", "exit", "closed"}
)
_CHOICES = frozenset(
    {"if_statement", "ternary_expression", "switch_case", "while_statement", "for_statement", "catch_clause",
     "do_statement", "for_in_statement"}
)  # fmt: skip
_LEAVING = frozenset({"return_statement", "throw_statement"})
_MAX_LINKS = 6


class Started(Struct, frozen=True):
    """A timer that goes on: the call, its row, the handler as people call it.

    `rearms` names the function that starts itself again, `event` what the connection has to send for it to stop.
    """

    call: Node
    row: TableRow | None
    handler: str
    function: str
    rearms: str = ""
    event: str = ""


def may_start_timers(data: bytes) -> bool:
    """Whether a file speaks of timers or schedulers."""
    return _WORDS.search(data) is not None


def timers_started(file: JavaScriptFile, place_of: PlaceOf) -> Iterator[Started]:
    """The timers of a file that nothing stops when the request or connection ends.

    `place_of` says by what a call is run for each request.
    """
    if file.is_for_browsers or file.is_tooling:
        return
    for call in file.index.of_kinds(CALL_KINDS):
        function = callee(call)
        if function is None or function.type not in ("identifier", "member_expression"):
            continue
        name = file.canonical(function)
        row = _TIMERS.match(name, file.types)
        if row is None and name != _ONCE:
            continue
        place = place_of(call, file)
        if place is None or file.in_broken_code(call) or _is_started_once(call, place, file):
            continue
        if row is None:
            rearmed = _rearmed(call, file)
            if rearmed is not None and _is_unconditional(call, rearmed):
                yield Started(call, None, function_label(place.handler), place.handler.name, function_label(rearmed))
            continue
        stops = _stops(call, row, file)
        if stops is None:
            continue
        weak = [_event_that_stops(stop, call, place, file) for stop in stops]
        if all(weak):
            event = weak[0] if weak else ""
            yield Started(call, row, function_label(place.handler), place.handler.name, event=event)


def _stops(call: Node, row: TableRow, file: JavaScriptFile) -> list[Node] | None:
    """The places that stop a timer; None where somebody else may."""
    found: list[Node] = []
    waiting = [call]
    for _ in range(_MAX_LINKS):
        if not waiting:
            break
        for usage in usages_of(waiting.pop(), file):
            place = usage.place
            if usage.use is Use.READ:
                outer = place.parent
                if outer is None or outer.type != "call_expression":
                    if place.type == "subscript_expression" and "dispose" in text(place):
                        found.append(place)
                    continue
                if last_name(place) in row["methods"] or _clears_each(outer, row):
                    found.append(place)
                else:
                    waiting.append(outer)  # setInterval(...).unref()
            elif usage.use is Use.PASSED:
                stopped = _given_away(place, row, file)
                if stopped is None:
                    return None
                found.extend(stopped)
            elif usage.use is Use.STORED:
                stopped = _cleared_member(place, row, file)
                if stopped is None:
                    return None
                found.extend(stopped)
            elif usage.use is Use.RETURNED and _is_callback(place):
                continue
            elif usage.use not in (Use.DROPPED, Use.UNUSED, Use.VOIDED, Use.TESTED, Use.OPERAND):
                return None
    callback = next((bare(one) for one in arguments(call) if bare(one).type in FUNCTION_LITERALS), None)
    if callback is not None:
        found.extend(one for one in _clearing(row, file) if _clears_this(one) and _lies_in(one, callback))
    return found


def _clears_each(call: Node, row: TableRow) -> bool:
    """`timers.forEach(clearInterval)`"""
    given = [text(bare(one)) for one in arguments(call)]
    return any(re.search(rf"\b{name}\b", one) for one in given for name in row["clear"])


def _is_callback(place: Node) -> bool:
    """`() => setInterval(...)` in a call that nobody asks for the value: a listener or a timer."""
    outer = place.parent
    call = outer.parent if outer is not None and outer.type == "arguments" else None
    called = callee(call) if call is not None else None
    return called is not None and last_name(called) in ("on", "once", "addListener", "setTimeout", "get", "post", "use")


def _given_away(call: Node, row: TableRow, file: JavaScriptFile) -> list[Node] | None:
    function = callee(call)
    last = last_name(function) if function is not None else ""
    if last in row["clear"]:
        return [call]
    if last in ("log", "debug", "info"):
        return []
    if last in ("push", "set", "add"):
        return list(_clearing(row, file))
    return None


def _cleared_member(place: Node, row: TableRow, file: JavaScriptFile) -> list[Node] | None:
    """`socket.timer = setInterval(...)`: the calls of the file that clear something of that name."""
    left = place.child_by_field_name("left") or place.child_by_field_name("name")
    if left is None or left.type not in ("member_expression", "subscript_expression"):
        return None
    name = last_name(left) if left.type == "member_expression" else ""
    found = []
    for one in _clearing(row, file):
        written = text(one)
        if not name or re.search(rf"\b{re.escape(name)}\b", written):
            found.append(one)
    if not found and name and len(re.findall(rf"\b{re.escape(name)}\b", file.data.decode(errors="replace"))) > 1:
        return None  # read somewhere, under another name perhaps
    return found


def _clearing(row: TableRow, file: JavaScriptFile) -> list[Node]:
    """The calls of a file that stop some timer of the kind."""
    return file.calls_of(*(row["clear"] or row["methods"]))


def _clears_this(call: Node) -> bool:
    given = arguments(call)
    return len(given) == 1 and given[0].type == "this"


def _lies_in(node: Node, outer: Node) -> bool:
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


def _event_that_stops(stop: Node, call: Node, place: Serving, file: JavaScriptFile) -> str:
    """What the client has to send so that a timer is stopped; "" if it stops at the end too, or by itself."""
    if not file.handler(place.handler) or place.body is not place.handler or not _is_of_connection(place, file):
        return ""
    function: Scope | None = file.enclosing_function(stop)
    while function is not None and function is not place.handler:
        event = event_of_taker(function)
        if event is not None:
            return "" if event in _ENDS or _lies_in(call, function.node) else event
        function = function.parent.function if function.parent is not None else None
    return ""


def _is_of_connection(place: Serving, file: JavaScriptFile) -> bool:
    handler = file.handler(place.handler)
    return handler is not None and handler.kind == "socket"


def _is_started_once(call: Node, place: Serving, file: JavaScriptFile) -> bool:
    """Whether a condition on something older than the request keeps it from being started twice."""
    tested: set[str] = set()
    body = place.body.node
    for node in all_nodes(body):
        if node.type == "if_statement" and node.start_byte < call.start_byte:
            condition = node.child_by_field_name("condition")
            for name in all_nodes(condition) if condition is not None else ():
                if name.type == "identifier" and outlives(name, place, file, assigned=True):
                    tested.add(text(name))
                if name.type == "member_expression":
                    tested.add(text(name))
    if not tested:
        return False
    for node in all_nodes(body):
        left = node.child_by_field_name("left") if node.type == "assignment_expression" else None
        if left is not None and text(left) in tested:
            return True
        function = callee(node) if node.type == "call_expression" else None
        owner = function.child_by_field_name("object") if function is not None else None
        if owner is not None and last_name(function or owner) in ("set", "add") and text(owner) in tested:
            return True  # if (!timers.has(key)) timers.set(key, setInterval(...))
    return False


def _rearmed(call: Node, file: JavaScriptFile) -> Scope | None:
    """The function that a `setTimeout` in it runs again, and whose handle nobody has."""
    usage = usage_of(call)
    if usage.use not in (Use.DROPPED, Use.RETURNED):
        return None
    given = arguments(call)
    callback = bare(given[0]) if given else None
    if callback is None:
        return None
    runs = [callback] if callback.type in ("identifier", "member_expression") else []
    if callback.type in FUNCTION_LITERALS:
        runs = [one for node in all_nodes(callback) if node.type == "call_expression" and (one := callee(node))]
    scope = file.enclosing_function(call)
    for _ in range(_MAX_LINKS):
        if scope is None:
            return None
        if any(_denotes(one, scope, file) for one in runs):
            return scope
        scope = scope.parent.function if scope.parent is not None else None
    return None


def _denotes(expression: Node, function: Scope, file: JavaScriptFile) -> bool:
    """Whether a name or member is a function, also where it stands in the function itself."""
    if expression.type == "identifier":
        found = file.scopes.binding(text(expression), expression.start_byte)
        return found is not None and any(one.node is not None and bare(one.node) == function.node for one in found[1])
    return file.names.symbol(expression) == f"{file.module}.{function.name}"


def _is_unconditional(call: Node, function: Scope) -> bool:
    """Whether nothing in a function decides whether it starts itself again."""
    current = call
    while current.parent is not None and current.id != function.node.id:
        outer = current.parent
        if outer.type in _CHOICES or (outer.type == "binary_expression" and "&&" in text(outer)):
            return False
        current = outer
    for node in all_nodes(function.node):
        if node.start_byte >= call.start_byte:
            break
        if node.type in _LEAVING and _is_conditional(node, function.node):
            return False
    return True


def _is_conditional(node: Node, function: Node) -> bool:
    current = node.parent
    while current is not None and current.id != function.id:
        if current.type in _CHOICES:
            return True
        current = current.parent
    return False
