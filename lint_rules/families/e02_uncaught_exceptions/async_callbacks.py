"""Calls that are given an async function and do not look at its promise."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.lost_handlers import DroppedCallback, lost_handler
from lint_rules.families.e02_uncaught_exceptions.misused_promises import wants_value
from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, arguments, bare, callee, string_value, text
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.javascript.members import object_members
from lint_rules.languages.javascript.promises import never_rejects, own_scope, promised
from lint_rules.languages.javascript.rejection import may_reject
from lint_rules.languages.javascript.scopes import Scope
from lint_rules.languages.javascript.usage import Use, usage_of, usages_of
from lint_rules.languages.tables import TableRow, read_table
from lint_rules.project.node_names import GLOBAL

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_TABLE = Path(__file__).parent / "async_drops.toml"
_DROPS = js_name_table(_TABLE, "drop")
_FINE = js_name_table(_TABLE, "fine")
_ARRAY_USES = frozenset({"filter", "join", "reduce", "forEach", "sort", "some", "every", "find", "includes", "indexOf"})
_DROPS_AND_RETURNS = frozenset({"forgotten", "truthy", "ordered"})
_WHAT = {
    "forgotten": "`{taker}` does not wait for {callback}{ending}",
    "truthy": "`{taker}` takes the promise of {callback} for its answer, and a promise is always true",
    "ordered": "`{taker}` takes the promise of {callback} for the order of two items",
    "chained": "`{taker}` gives {callback} a promise for its accumulator, which is not awaited",
    "collected": "`{taker}` makes an array of the promises of {callback}, for which nothing waits",
    "executor": "an error in {callback} given to `new Promise` neither rejects the promise nor is it seen",
    "replaced": "`{taker}` puts the promise of {callback} where its value is meant",
}


def is_suspect(call: Node, file: JavaScriptFile) -> bool:
    """The screen: whether a call drops the promise of an async callback."""
    return dropped(call, file) is not None


def dropped(call: Node, file: JavaScriptFile) -> DroppedCallback | None:
    """What is wrong with a call that is given an async function, None if nothing is."""
    function = callee(call)
    if function is None or file.is_declaration or not any(_may_be_async(one, file) for one in arguments(call)):
        return None
    function = bare(function)
    last = function.child_by_field_name("property") or function
    if _FINE.match(file.canonical(function), file.types) is not None:
        return None
    row = _row(call, function, file)
    if file.is_for_browsers:
        return None
    for callback in _callbacks(call, row) if row is not None else ():
        if row is not None and _is_lost(callback, call, row, file):
            ending = ", and an error in it ends the process" if row.get("rejections", False) else ""
            what = _WHAT[row["drops"]].format(taker=text(last), callback=_shown(callback), ending=ending)
            return DroppedCallback(last, what, row["instead"])
    return lost_handler(call, last, file) if row is None else None


def _may_be_async(argument: Node, file: JavaScriptFile) -> bool:
    """A quick look: whether an argument may be a function that gives a promise."""
    value = bare(argument)
    if value.type in FUNCTION_LITERALS:
        scope = file.scopes.of(value)
        return scope is not None and (scope.is_async or scope.is_arrow)
    if value.type == "call_expression":  # `this.list.bind(this)`
        function = callee(value)
        last = function.child_by_field_name("property") if function is not None else None
        return last is not None and text(last) == "bind"
    return value.type in ("identifier", "member_expression", "object", "array")


def _row(call: Node, function: Node, file: JavaScriptFile) -> TableRow | None:
    symbol = file.names.symbol(function)
    name = file.resolve(symbol)
    row: TableRow | None = None
    if name and name.partition(".")[0] not in file.symbols.known_modules and "<parameter>" not in name:
        row = _DROPS.match(name, file.types)
        if row is None and function.type == "member_expression":
            owner, _, method = name.rpartition(".")
            receiver = function.child_by_field_name("object")
            is_array = owner.startswith(f"{GLOBAL}.") or (method == "forEach" and owner.endswith("()"))
            is_sent = receiver is not None and file.reads_request(receiver)
            row = _by_method().get(method) if is_array or is_sent else None
    elif function.type == "member_expression" and file.function(function) is None:
        last = function.child_by_field_name("property")
        row = _by_method().get(text(last)) if last is not None else None
    if row is None or not _is_its_event(call, row):
        return None
    is_new = call.type == "new_expression"
    return (
        row
        if is_new == (row["drops"] == "executor") or "members" in row.values or row["drops"] == "forgotten"
        else None
    )


@lru_cache(maxsize=1)
def _by_method() -> dict[str, TableRow]:
    """Rows by the last names that mean the same on receivers of which nothing is known."""
    rows = [TableRow((), row) for row in read_table(_TABLE)["drop"]]
    return {method: row for row in rows for method in row.get("methods", ())}


def _is_its_event(call: Node, row: TableRow) -> bool:
    given = arguments(call)
    event = string_value(given[0]) if given else None
    if event is not None and event.startswith("SIG") and row.get("rejections", False):
        return False  # the process ends anyway
    if "events" in row.values and event not in row["events"]:
        return False
    return not ("but_events" in row.values and event in row["but_events"])


def _callbacks(call: Node, row: TableRow) -> Iterator[Node]:
    """The arguments of a call that are its callbacks, by the row."""
    given = [bare(one) for one in arguments(call)]
    if "members" in row.values:
        for options in given[:1]:
            if options.type == "object":
                for name, value, _ in object_members(options):
                    if name in row["members"]:
                        yield bare(value)
        return
    position = row["argument"]
    if position == "functions":
        yield from given
    elif given and -len(given) <= position < len(given):
        yield given[position]


def _is_lost(callback: Node, call: Node, row: TableRow, file: JavaScriptFile) -> bool:
    """Whether the promise that a callback gives is lost, and matters."""
    scope = file.scopes.of(callback)
    drops = row["drops"]
    if scope is None:
        if callback.type not in ("identifier", "member_expression") or drops == "executor":
            return False
        own = file.function(callback)
        if (
            own is None
            or own.function.is_generator
            or own.function.is_wrapped
            or not (own.function.is_async or own.function.gives_promise)
        ):
            return False
        scope = own_scope(own, file)
        may_fail = bool(own.function.risks) if scope is None else _may_reject(scope, file)
        if drops == "chained" or (not own.function.is_async and drops not in _DROPS_AND_RETURNS):
            return False
    elif not scope.is_async or scope.is_generator:
        if drops == "collected" and not _is_not_collected(call, file):
            return False
        return (drops == "collected" or drops in _DROPS_AND_RETURNS) and _hands_on_promise(scope, row, file)
    else:
        may_fail = _may_reject(scope, file, calls_fail=drops == "executor")
    if drops in ("executor", "forgotten") and not may_fail and (drops == "executor" or row.get("rejections", False)):
        return False
    if drops == "chained":
        return scope is not None and not _awaits_accumulator(scope)
    if drops == "collected":
        return _is_not_collected(call, file)
    return True


def _may_reject(scope: Scope, file: JavaScriptFile, *, calls_fail: bool = True) -> bool:
    return may_reject(scope, file.scopes, calls_fail=calls_fail, is_safe=lambda call: never_rejects(call, file))


def _hands_on_promise(scope: Scope, row: TableRow, file: JavaScriptFile) -> bool:
    """`items.forEach((item) => save(item))` where `save` gives a promise."""
    body = scope.body
    if not scope.is_arrow or body is None or body.type == "statement_block":
        return False
    value = bare(body)
    if value.type not in ("call_expression", "new_expression"):
        return False
    known = promised(value, file)
    if known is None or known.is_settled:
        return False
    return known.is_sure or row["drops"] == "forgotten"


def _awaits_accumulator(scope: Scope) -> bool:
    """Whether a reducer awaits its first parameter, or hangs its work on it."""
    parameters = scope.node.child_by_field_name("parameters")
    first = parameters.named_child(0) if parameters is not None and parameters.named_child_count else None
    body = scope.body
    if first is None or body is None:
        return True
    name, written = text(first.child_by_field_name("pattern") or first), " ".join(text(body).split())
    return f"await {name}" in written or f"{name}.then" in written or f"[{name}," in written


def _is_not_collected(call: Node, file: JavaScriptFile) -> bool:
    """Whether an array of promises goes nowhere: it is dropped, sent as an answer, or filtered like values."""
    for usage in usages_of(call, file) if usage_of(call).use is Use.BOUND else [usage_of(call)]:
        if usage.use in (Use.DROPPED, Use.UNUSED):
            continue
        if usage.use is Use.READ:
            last = usage.place.child_by_field_name("property")
            called = usage.place.parent
            is_array_use = last is not None and text(last) in _ARRAY_USES
            if is_array_use and called is not None and called.type == "call_expression" and not _takes_promises(called):
                continue
            return False
        if usage.use is Use.PASSED and wants_value(usage.place, file):
            continue
        return False
    return True


def _takes_promises(call: Node) -> bool:
    """Whether a method of an array of promises is given a function that awaits them: `.reduce(async ...)`."""
    return b"await" in (call.text or b"") or b".then" in (call.text or b"") or b"Promise" in (call.text or b"")


def _shown(callback: Node) -> str:
    if callback.type in ("identifier", "member_expression"):
        return f"the async `{text(callback)[:60]}`"
    return "the async callback" if text(callback).startswith("async") else "the promise-giving callback"
