"""Connections, files and sessions that JavaScript takes and does not give back on every path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e04_leaks.open_paths import open_at_exits
from lint_rules.families.e04_leaks.serving import serving
from lint_rules.families.e04_leaks.taking_javascript import (
    Taken,
    helpers_of,
    is_released_in,
    keeps,
    mentions,
    releases,
    resource_of,
)
from lint_rules.flow.form import Event
from lint_rules.flow.graph import Exit
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.bodies import own_nodes
from lint_rules.languages.javascript.grammar import CALL_KINDS, FUNCTION_LITERALS, arguments, around, bare, callee, text
from lint_rules.languages.javascript.labels import function_label
from lint_rules.languages.javascript.lowering import form_of
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.scopes import Scope
from lint_rules.languages.javascript.usage import Use, usage_of
from lint_rules.languages.tables import TableRow

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_MAX_LEVELS = 6
_ERROR_NAMES = frozenset({"err", "error", "e", "er", "ex", "_err", "_error"})


class Left(Struct, frozen=True):
    """A resource that stays open: the call that takes it, what is wrong, and the place where it shows."""

    call: Node
    row: TableRow
    wrong: str
    place: Node | None = None
    hint: str = ""


def left_open(file: JavaScriptFile) -> Iterator[Left]:
    """The resources of a file that are not given back on every path."""
    for call in file.index.of_kinds(CALL_KINDS):
        row = resource_of(call, file)
        function = file.enclosing_function(call) if row is not None else None
        if row is None or file.in_broken_code(call):
            continue
        if not _is_looked_at(call, row, file) and not _is_short_lived(call, row, function, file):
            continue
        found = _judged(call, row, function, file)
        if found is not None:
            yield found


def _is_looked_at(call: Node, row: TableRow, file: JavaScriptFile) -> bool:
    """What lives long is looked at where it is made again and again, and in scripts, which it keeps from ending."""
    if row.get("lives") != "long":
        return not file.is_tooling or row.get("release") == ["close"]
    if file.is_tooling:
        return b".listen(" not in file.data and b"process.exit" not in file.data
    return serving(call, file) is not None


def _is_short_lived(call: Node, row: TableRow, function: Scope | None, file: JavaScriptFile) -> bool:
    """Whether what could live long is given back by the function that takes it: then it should be on every path."""
    awaited = around(call)
    usage = usage_of(awaited if awaited is not None and awaited.type == "await_expression" else call)
    if file.is_tooling or function is None or usage.use is not Use.BOUND:
        return False
    return any(one.type == "call_expression" and _is_release(one, usage.name, row) for one in own_nodes(function.node))


def _is_release(call: Node, name: str, row: TableRow) -> bool:
    function = callee(call)
    owner = function.child_by_field_name("object") if function is not None else None
    return function is not None and owner is not None and text(owner) == name and last_name(function) in row["release"]


def _judged(call: Node, row: TableRow, function: Scope | None, file: JavaScriptFile) -> Left | None:
    callback = _callback(call, row, file)
    if callback is not None:
        return _in_callback(call, row, callback, file)
    awaited = around(call)
    is_awaited = awaited is not None and awaited.type == "await_expression"
    if not is_awaited and not row.get("sync") and usage_of(call).use is not Use.CHAINED:
        usage = usage_of(call)
        is_lost = usage.use is Use.DROPPED and row.get("dropped") and not arguments(call)
        return _never(call, row, "") if is_lost else None
    value = awaited if is_awaited and awaited is not None else call
    usage = usage_of(value)
    if usage.use is Use.BOUND and usage.whole and function is not None:
        if _is_a_choice(value, usage.place) or _is_using(usage.place):
            return None
        if _is_of_another(usage.name, usage.place, function, file):
            return None
        needed = row.get("only_with")
        if needed and f"{usage.name}.{needed}(".encode() not in (function.node.text or b""):
            return None
        if row.get("iterated") and _is_iterated(usage.name, function, file):
            return None
        taken = _taken(call, row, usage.name, function, file)
        return _flow(call, taken, file)
    if usage.use is Use.CHAINED:
        return _in_chain(call, row, usage.place, file)
    if usage.use is Use.READ and is_awaited:
        method = last_name(usage.place)
        is_call = usage.place.parent is not None and usage.place.parent.type == "call_expression"
        kept = (*row["release"], *row.get("used_up", ()))
        return _never(call, row, "") if is_call and method not in kept and row.get("lives") != "long" else None
    if usage.use is Use.DROPPED and row.get("dropped"):
        return _never(call, row, "")
    return None


def _is_iterated(name: str, function: Scope, file: JavaScriptFile) -> bool:
    """`for await (const chunk of stream)`, which closes it at the end."""
    loops = file.nodes_in("for_in_statement", function.node)
    return any(text(one.child_by_field_name("right") or one) == name for one in loops)


def _never(call: Node, row: TableRow, name: str) -> Left:
    given = f"the {row['what']} `{name}` is" if name else f"the {row['what']} that `{_shown(call)}` gives is"
    return Left(call, row, f"{given} never given back")


def _shown(call: Node) -> str:
    return " ".join(text(callee(call) or call).split())[:40]


def _is_a_choice(value: Node, place: Node) -> bool:
    """`const client = given ?? (await pool.connect())`: it may be another's."""
    outer = around(value)
    return outer is None or outer.id != place.id


def _is_using(declarator: Node) -> bool:
    """`await using client = await pool.connect()`"""
    outer = declarator.parent
    return outer is not None and (
        outer.type == "using_declaration" or text(outer).startswith(("using ", "await using "))
    )


def _is_of_another(name: str, place: Node, function: Scope, file: JavaScriptFile) -> bool:
    """Whether the name belongs to a function or module around, or is a parameter that was not given."""
    found = file.scopes.binding(name, place.start_byte)
    return found is None or found[0] is not function or found[1][0].kind == "parameter"


def _taken(call: Node, row: TableRow, name: str, function: Scope, file: JavaScriptFile) -> Taken:
    helpers = helpers_of(function, name, row, file)
    released = is_released_in(function.node, name, row)
    return Taken(row, name, function, file, released, helpers, call)


# Functions that are given the resource.


def _callback(call: Node, row: TableRow, file: JavaScriptFile) -> Scope | None:
    """The function that a call hands the resource to: `pool.getConnection((error, connection) => ...)`."""
    given = arguments(call)
    if not row.get("callback") or not given:
        return None
    last = bare(given[-1])
    if last.type in FUNCTION_LITERALS:
        return file.scopes.of(last)
    if last.type in ("identifier", "member_expression"):
        return file.function_scope(file.names.symbol(last))
    return None


def _in_callback(call: Node, row: TableRow, callback: Scope, file: JavaScriptFile) -> Left | None:
    names = [_parameter(one) for one in parameter_nodes(callback.node)]
    if len(names) < 2 or not names[1]:
        return None
    done = names[2] if len(names) > 2 else ""
    return _given_to(call, row, callback, names[1], names[0], done, file)


def _in_chain(call: Node, row: TableRow, then: Node, file: JavaScriptFile) -> Left | None:
    """`pool.connect().then((client) => ...)`"""
    function, given = callee(then), arguments(then)
    if function is None or last_name(function) != "then" or not given or bare(given[0]).type not in FUNCTION_LITERALS:
        return None
    callback = file.scopes.of(bare(given[0]))
    names = [_parameter(one) for one in parameter_nodes(callback.node)] if callback is not None else []
    if callback is None or (not names and not row.get("dropped")):
        return None
    if not names:
        return _never(call, row, "") if callback.node.type == "arrow_function" else None
    if not names[0]:
        return None
    return _given_to(call, row, callback, names[0], "", "", file) or _lost_in_chain(call, row, callback, names[0], file)


def _lost_in_chain(call: Node, row: TableRow, callback: Scope, name: str, file: JavaScriptFile) -> Left | None:
    """`client.query(...).then(() => client.release())` without a `catch` or `finally` that releases it too."""
    for node in own_nodes(callback.node):
        own = callee(node) if node.type == "call_expression" else None
        owner = own.child_by_field_name("object") if own is not None else None
        if owner is None or text(owner) != name:
            continue
        found: dict[str, bool] = {}
        current: Node | None = node
        while current is not None and usage_of(current).use is Use.CHAINED:
            current = usage_of(current).place
            given = [bare(one) for one in arguments(current)]
            last = last_name(callee(current) or current)
            method = "catch" if last == "then" and len(given) > 1 else last
            releasing = any(is_released_in(one, name, row) for one in given)
            found[method] = found.get(method, False) or releasing
        if found.get("then") and not found.get("catch") and not found.get("finally"):
            what = f"the {row['what']} `{name}`"
            wrong = f"{what} is not given back when `{text(own or node)}` in line {file.span(node).row} rejects"
            return Left(call, row, wrong, node, "an error here leaves it open")
    return None


def _given_to(
    call: Node, row: TableRow, callback: Scope, name: str, error: str, done: str, file: JavaScriptFile
) -> Left | None:
    """Follow a resource through the function that is given it, and the callbacks of its own methods."""
    waiting = [(callback, error)]
    for _ in range(_MAX_LEVELS):
        if not waiting:
            break
        function, missing = waiting.pop(0)
        helpers = helpers_of(function, name, row, file)
        released = is_released_in(function.node, name, row, done)
        taken = Taken(row, name, function, file, released, helpers, None, missing, done)
        found = _flow(call, taken, file)
        if found is not None:
            return found
        for node in own_nodes(function.node):
            own = callee(node) if node.type == "call_expression" else None
            given = arguments(node) if own is not None else []
            if own is None or not given or not _works_on(own, given[0], name, row):
                continue
            inner = file.scopes.of(bare(given[-1])) if bare(given[-1]).type in FUNCTION_LITERALS else None
            if inner is not None and releases(inner.node, taken):
                waiting.append((inner, ""))
    return None


def _works_on(function: Node, first: Node, name: str, row: TableRow) -> bool:
    """Whether a call is a method of what a name holds, or one that borrows it: `fs.fstat(descriptor, callback)`."""
    owner = function.child_by_field_name("object")
    if owner is not None and text(owner) == name:
        return last_name(function) not in ("on", "once")
    return last_name(function) in row.get("borrowers", ()) and text(bare(first)) == name


def _parameter(parameter: Node) -> str:
    pattern = parameter.child_by_field_name("pattern") or parameter
    return text(pattern) if pattern.type == "identifier" else ""


# Paths.


def _flow(call: Node, taken: Taken, file: JavaScriptFile) -> Left | None:
    """What is wrong with a resource in one function."""

    def hands_out(exit_: Exit) -> bool:
        node = exit_.jump.node if exit_.jump is not None and exit_.kind == "return" else None
        if node is None or taken.is_lent_by(node):
            return False
        return keeps(node, taken.name, functions=True) or any(mentions(node, helper) for helper in taken.helpers)

    is_given = taken.call is None
    left = open_at_exits(form_of(taken.function.node, file), taken, hands_out, starts_open=is_given)
    normal = [exit_ for exit_, cause in left if cause is None]
    caused = [cause for _, cause in left if cause is not None and _matters(cause, taken)]
    what = f"the {taken.row['what']} `{taken.name}`"
    if normal:
        if not taken.is_released_here:
            is_used = not is_given or mentions(taken.function.body or taken.function.node, taken.name)
            return _never(call, taken.row, taken.name) if is_used else None
        ends = [exit_.jump.node for exit_ in normal if exit_.kind == "return" and exit_.jump is not None]
        ends = [node for node in ends if node is not None] or list(_throws(taken, call))
        if not ends or any(exit_.kind == "end" for exit_ in normal):
            return Left(call, taken.row, f"{what} is not given back on every path")
        end = min(ends, key=lambda node: int(node.start_byte))
        verb = "throws" if end.type == "throw_statement" else "returns"
        own = function_label(taken.function)
        wrong = f"{what} is not given back when `{own}` {verb} in line {file.span(end).row}"
        return Left(call, taken.row, wrong, end, "still open here")
    if file.is_tooling and taken.row.get("lives") == "long":
        return None  # an error ends the script
    if caused and taken.is_released_here:
        first = min(caused, key=lambda event: (int(event.node.start_byte), int(event.node.end_byte)))
        raises = f"`{' '.join(first.subject.split())[:40]}`" if first.subject else "the code"
        verb = "rejects" if _is_awaited(first.node) else "throws"
        wrong = f"{what} is not given back when {raises} in line {file.span(first.node).row} {verb}"
        return Left(call, taken.row, wrong, first.node, "an error here leaves it open")
    return None


def _throws(taken: Taken, call: Node) -> Iterator[Node]:
    """The `throw` statements of a function behind the place where it takes a resource."""
    for node in own_nodes(taken.function.node):
        if node.type == "throw_statement" and (taken.call is None or node.start_byte > call.start_byte):
            yield node


def _is_awaited(node: Node) -> bool:
    outer = around(node)
    return outer is not None and outer.type == "await_expression"


def _matters(cause: Event, taken: Taken) -> bool:
    """Whether an error is one to plan for: of something awaited, and not in cleaning up."""
    node = cause.node
    if not (_is_awaited(node) or node.type in ("await_expression", "for_in_statement")):
        return False
    if cause.subject.replace("?.", ".") == f"{taken.name}.connect":
        return False
    current: Node | None = node
    while current is not None and current.id != taken.function.node.id:
        if current.type in ("catch_clause", "finally_clause"):
            return False
        current = current.parent
    return True
