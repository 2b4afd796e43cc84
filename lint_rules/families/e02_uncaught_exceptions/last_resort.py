"""What a handler of the errors that nothing caught does about them (JavaScript)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.binding import Target, parameter_nodes, targets
from lint_rules.languages.javascript.bodies import all_nodes
from lint_rules.languages.javascript.grammar import (
    CALL_KINDS,
    FUNCTION_LITERALS,
    arguments,
    bare,
    callee,
    string_value,
    text,
)
from lint_rules.languages.javascript.library import js_name_table

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

EXITS = js_name_table(Path(__file__).parent / "exits_javascript.toml", "javascript")
UNCAUGHT, UNHANDLED = "uncaughtException", "unhandledRejection"
_LISTENING = frozenset({"on", "once", "addListener", "prependListener", "prependOnceListener"})
_CAPTURE = "setUncaughtExceptionCaptureCallback"

_ENDING = re.compile(
    r"(?i)exit|shut_?down|terminat|graceful|(?:^|_)(?:die|kill|abort|crash|panic|bail|stop|close|quit|destroy|fatal|halt"
    r"|restart|end|teardown|cleanup)(?=$|_|[A-Z])"
)
"""Names of functions that are taken to end the process where their body is not known."""
_LOGS = re.compile(
    r"^(?:console|log|logger|winston|pino|bunyan|debug|\w*[Ll]ogger|\w*Log)\.\w+$|^(?:log\w*|debug|print\w*)$"
)
_LOGGED = re.compile(r"(?i)(?:log|logger|console|winston|pino|bunyan|debug)$")
_LEVELS = frozenset({"fatal", "panic", "end", "close"})
"""Methods of loggers that sound as if they ended more than the log."""
_MAX_FUNCTIONS = 12


def handled_event(call: Node, file: JavaScriptFile) -> tuple[str, Node] | None:
    """The event and the function of `process.on("uncaughtException", function)`; None for other calls."""
    function = callee(call)
    if function is None or function.type != "member_expression":
        return None
    last = text(function.child_by_field_name("property") or function)
    given = arguments(call)
    owner = function.child_by_field_name("object")
    if owner is None or last not in (*_LISTENING, _CAPTURE) or file.canonical(owner) != "globalThis.process":
        return None
    if last == _CAPTURE:
        return (UNCAUGHT, bare(given[0])) if given else None
    event = string_value(bare(given[0])) if len(given) > 1 else None
    return (event, bare(given[1])) if event in (UNCAUGHT, UNHANDLED) else None


def keeps_running(handler: Node, file: JavaScriptFile) -> bool:
    """Whether a handler is known to neither end the process nor throw, nor to call what may do so."""
    body = _function(handler, file)
    if body is None:
        return _is_log_function(handler)
    waiting, seen = [body], {body.id}
    for _ in range(_MAX_FUNCTIONS):
        if not waiting:
            return True
        current = waiting.pop()
        for one in all_nodes(current):
            if one.type == "throw_statement":
                return False
            if one.type == "assignment_expression" and "exitCode" in text(one.child_by_field_name("left") or one):
                return False
            called = callee(one) if one.type in CALL_KINDS else None
            if called is None:
                continue
            if _may_end(called, one, file):
                return False
            inner = _function(called, file)
            if inner is not None and inner.id not in seen:
                seen.add(inner.id)
                waiting.append(inner)
        if waiting and len(seen) > _MAX_FUNCTIONS:
            return False
    return not waiting


def _may_end(called: Node, call: Node, file: JavaScriptFile) -> bool:
    canonical = file.canonical(called)
    if EXITS.match(canonical, file.types) is not None or canonical == "globalThis.process.emit":
        return True
    inner = _function(called, file)
    last = text(called.child_by_field_name("property") or called)
    owner = called.child_by_field_name("object")
    logs = owner is not None and last in _LEVELS and _LOGGED.search(text(owner)) is not None
    if inner is None and _ENDING.search(last) and not logs:
        return True
    for argument in arguments(call):  # shutdown is given to another: server.close(shutdown)
        value = bare(argument)
        if value.type in ("identifier", "member_expression") and (
            EXITS.match(file.canonical(value), file.types) is not None or _ENDING.search(text(value).rpartition(".")[2])
        ):
            return True
    reference = file.function(called) if inner is None else None
    if reference is None:
        return last in ("next", "callback", "cb", "done", "reject")
    names = (file.symbols.canonical(one.target) for one in reference.function.calls)
    return any(EXITS.match(name, file.types) is not None for name in names)


def ignores(handler: Node, file: JavaScriptFile) -> bool:
    """Whether a handler neither looks at what it is given nor does anything but write a fixed text."""
    function = _function(handler, file)
    if function is None:
        return text(handler).endswith(("noop", "Function.prototype"))
    body = function.child_by_field_name("body")
    if body is None:
        return False
    given = {text(one.name) for parameter in parameter_nodes(function) for one in _names(parameter)}
    for one in (body, *all_nodes(body)):
        if one.type in ("throw_statement", "assignment_expression", "update_expression"):
            return False
        if one.type in ("identifier", "shorthand_property_identifier") and text(one) in (*given, "arguments"):
            return False
        called = callee(one) if one.type in CALL_KINDS else None
        if called is not None and not _LOGS.match(text(called)):
            return False
    return True


def _names(parameter: Node) -> Iterator[Target]:
    yield from targets(parameter.child_by_field_name("pattern") or parameter)


def _function(value: Node, file: JavaScriptFile) -> Node | None:
    """The function of this file that an expression is, bound or not."""
    value = bare(value)
    if value.type in FUNCTION_LITERALS:
        return value
    if value.type == "call_expression":
        inner = callee(value)
        owner = inner.child_by_field_name("object") if inner is not None else None
        if owner is None or inner is None or text(inner.child_by_field_name("property") or inner) != "bind":
            return None
        value = owner
    if value.type not in ("identifier", "member_expression"):
        return None
    scope = file.function_scope(file.names.symbol(value))
    return scope.node if scope is not None else None


def _is_log_function(handler: Node) -> bool:
    """`console.error`, `logger.error.bind(logger)`"""
    return _LOGS.match(text(handler).partition(".bind(")[0]) is not None
