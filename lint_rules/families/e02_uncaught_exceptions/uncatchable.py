"""Places from which an error goes straight to the event loop: callbacks, listeners and timers (JavaScript)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.binding import parameter_nodes, targets
from lint_rules.languages.javascript.bodies import all_nodes, holder
from lint_rules.languages.javascript.grammar import (
    CALL_KINDS,
    FUNCTION_LITERALS,
    arguments,
    around,
    bare,
    callee,
    first_named,
    string_value,
    text,
)
from lint_rules.languages.javascript.rejection import is_unguarded

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_TIMERS = {
    "setTimeout": "setTimeout", "setInterval": "setInterval", "setImmediate": "setImmediate",
    "process.nextTick": "nextTick", "queueMicrotask": "queueMicrotask",
}  # fmt: skip
_LISTENING = frozenset({"on", "once", "addListener", "prependListener", "prependOnceListener"})
_DELIBERATE = frozenset(
    {"error", "uncaughtException", "unhandledRejection", "clientError", "preReady", "ready", "listening", "start"}
)
"""Events whose listeners end the process on purpose, or before it serves."""
_STARTS = frozenset(
    {
        "listen",
        "connect",
        "open",
        "authenticate",
        "start",
        "init",
        "bind",
        "sync",
        "initialize",
        "register",
        "ready",
        "after",
    }
)
_ITERATORS = frozenset({"forEach", "map", "filter", "reduce", "some", "every", "find", "findIndex", "flatMap", "sort"})
_ERRORS = frozenset({"err", "error", "er", "_err", "_error", "erro"})
_ENDS = ("reject", "next", "callback", "cb", "done", "fn")
_ANSWERED = frozenset({"route", "hook", "error", "plugin"})
_GIVEN_ERRORS = frozenset({"then", "catch", "finally", "done", "fail", "asCallback", "nodeify", "error", "wrap"})
"""Methods whose callbacks are there for errors, and may throw them on: `octokit.hook.error("request", ...)`."""
_MAX_LEVELS = 30
_MAX_HOPS = 8
_STARTING = re.compile(r"(?:start|launch|boot)(?:[A-Z]|\Z)")


class Uncatchable(Struct, frozen=True):
    """`what` it is in words, `instead` what to do with an error there, `given` the names of the parameters.

    `of_own_file` says that it is called with what stands in a file that comes with the program itself.
    """

    what: str
    instead: str
    given: frozenset[str]
    event: str = ""
    of_own_file: bool = False


def uncatchable(place: Node, file: JavaScriptFile) -> Uncatchable | None:
    """What a place is whose errors nothing can catch; None for any other place."""
    function = holder(place)
    current = place
    for _ in range(_MAX_LEVELS):
        if function is None:
            return None
        scope = file.scopes.of(function)
        if scope is None or not is_unguarded(current, scope) or scope.is_async or scope.is_generator:
            return None
        call = _taking(function, file)
        if call is None:
            return None
        if not _runs_on_the_spot(function, call):
            return _callback(place, function, call, file)
        current, function = call, holder(call)
    return None


def _taking(function: Node, file: JavaScriptFile) -> Node | None:
    """The call that a function is given to: in place, or by its name where that is the one use of it."""
    if function.type in FUNCTION_LITERALS:
        outer = around(function)
        if outer is not None and outer.type == "call_expression" and bare(callee(outer) or outer) == function:
            return outer
        call = outer.parent if outer is not None and outer.type == "arguments" else None
        return call if call is not None and call.type == "call_expression" else None
    if function.type != "function_declaration":
        return None
    name = function.child_by_field_name("name")
    scope = file.scopes.of(function)
    if name is None or scope is None or not _takes_error(function):
        return None
    for call in file.nodes("call_expression"):
        if any(one.type == "identifier" and text(one) == text(name) for one in arguments(call)):
            given = next(one for one in arguments(call) if one.type == "identifier" and text(one) == text(name))
            if file.function_scope(file.names.symbol(given)) is scope:
                return call
    return None


def _runs_on_the_spot(function: Node, call: Node) -> bool:
    called = callee(call)
    if called is None:
        return False
    if bare(called) == function:
        return True
    last = called.child_by_field_name("property")
    return last is not None and text(last) in _ITERATORS


def _callback(place: Node, function: Node, call: Node, file: JavaScriptFile) -> Uncatchable | None:
    called = callee(call)
    if called is None:
        return None
    last = text(called.child_by_field_name("property") or called)
    scope = file.scopes.of(function)
    handler = file.handlers.by_statement(scope) if scope is not None else None
    if handler is not None and (handler.kind in _ANSWERED or handler.throws == "handled"):
        return None
    shown = " ".join(text(called).split())
    shown = shown if len(shown) <= _LONGEST else f"...{shown[-_LONGEST:]}"
    given = arguments(call)
    event = (string_value(bare(given[0])) or "") if given else ""
    if called.type == "member_expression" and last in _LISTENING and event and len(given) > 1:
        owner = called.child_by_field_name("object")
        if event in _DELIBERATE or (owner is not None and file.canonical(owner) == "globalThis.process"):
            return None
        instead = "handle the error in the listener"
        return Uncatchable(f"the listener of '{event}'", _passing(place, function, instead), _given(function), event)
    if text(called) in _TIMERS:
        return Uncatchable(
            f"the callback of `{shown}`", _passing(place, function, "handle the error there"), _given(function)
        )
    outer = around(call)
    if outer is not None and outer.type == "await_expression":
        return None  # a promise, which is told of the error
    if outer is not None and outer.type == "arguments" and len(parameter_nodes(function)) == 1:
        return None  # `pipe(read, getOrElse((error) => { throw error }))`: its value is a function, or an outcome
    if not _takes_error(function) or last in _GIVEN_ERRORS:
        return None
    if last in _STARTS and _rethrows(place, function) and _is_at_start(function, file):
        return None
    if place.type == "throw_statement" and (_STARTING.match(last) or _is_about_to_listen(function)):
        return None
    return Uncatchable(
        f"the callback of `{shown}`",
        _passing(place, function, "handle the error there"),
        _given(function),
        of_own_file=any(_names_own_file(one, file) for one in given[:1]),
    )


def _is_about_to_listen(function: Node) -> bool:
    """Whether a function is there for the server's `listen`: a service that cannot start is to end."""
    outer: Node | None = function
    for _ in range(_MAX_LEVELS):
        outer = holder(outer) if outer is not None else None
        if outer is None:
            return False
        name = outer.child_by_field_name("name")
        place = around(outer)
        call = place.parent if place is not None and place.type == "arguments" else None
        called = callee(call) if call is not None and call.type == "call_expression" else None
        last = called.child_by_field_name("property") if called is not None else None
        if "listen" in (text(name) if name is not None else "", text(last) if last is not None else ""):
            return True
    return False


def _names_own_file(path: Node, file: JavaScriptFile) -> bool:
    """`path.join(__dirname, "templates.json")`: what comes with the program is what its authors wrote.

    Nothing else may have a say in which file it is.
    """
    waiting, names_folder = [path], False
    for _ in range(_MAX_HOPS):
        if not waiting:
            break
        current = waiting.pop()
        written = text(current)
        names_folder = names_folder or "__dirname" in written or "import.meta" in written
        for one in (current, *all_nodes(current)):
            if one.type != "identifier" or text(one) in ("__dirname", "path", "join", "resolve", "require", "URL"):
                continue
            bound = file.names.only_value(text(one), one.start_byte)
            if bound is None:
                return False
            waiting.append(bound)
    return names_folder and not waiting


_LONGEST = 40


def _takes_error(function: Node) -> bool:
    names = list(_names(function))
    return bool(names) and (names[0] in _ERRORS or names[0].lower().endswith(("err", "error")))


def _names(function: Node) -> Iterator[str]:
    for parameter in parameter_nodes(function):
        pattern = parameter.child_by_field_name("pattern") or parameter
        yield text(pattern) if pattern.type == "identifier" else ""


def _given(function: Node) -> frozenset[str]:
    found: set[str] = set()
    for parameter in parameter_nodes(function):
        pattern = parameter.child_by_field_name("pattern") or parameter
        found.update(text(one.name) for one in targets(pattern))
    return frozenset(found)


def _passing(place: Node, function: Node, otherwise: str) -> str:
    """What to do with the error: give it to a callback that one of the functions around is given."""
    error = next(iter(_names(function)), "") if _takes_error(function) else "error"
    outer: Node | None = function
    for _ in range(_MAX_LEVELS):
        if outer is None:
            return otherwise
        names = [name for name in _names(outer) if name.lower() in _ENDS or name.lower().endswith(("callback", "cb"))]
        if names:
            return f"call `{names[-1]}({error})`"
        outer = holder(outer)
    return otherwise


def _rethrows(place: Node, function: Node) -> bool:
    thrown = first_named(place) if place.type == "throw_statement" else None
    return thrown is not None and text(thrown) == next(iter(_names(function)), "")


def _is_at_start(function: Node, file: JavaScriptFile) -> bool:
    """Whether a callback is given at module level, or in a function that runs when the process starts."""
    outer = holder(function)
    while outer is not None:
        place = around(outer)
        is_called = place is not None and place.type in CALL_KINDS
        scope = file.scopes.of(outer)
        if not is_called and (scope is None or not file.handlers.startup.holds(scope)):
            return False
        outer = holder(outer)
    return True
