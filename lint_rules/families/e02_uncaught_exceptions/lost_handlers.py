"""Async handlers of frameworks that look at no promise: Express 4, listeners of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.grammar import arguments, bare, callee, text
from lint_rules.languages.javascript.promises import never_rejects, promised, shown_call
from lint_rules.languages.javascript.registrations import given_functions
from lint_rules.languages.javascript.rejection import may_reject
from lint_rules.languages.javascript.scopes import Scope
from lint_rules.project.facts import FunctionFacts
from lint_rules.project.frameworks import Handler

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_KINDS = frozenset({"route", "hook", "error", "socket", "listener", "task"})
_ANSWERING = frozenset({"route", "hook", "error"})


class DroppedCallback(Struct, frozen=True):
    """Where a callback's promise is dropped, what is wrong with that, and what to use."""

    place: Node
    what: str
    instead: str


def lost_handler(call: Node, place: Node, file: JavaScriptFile) -> DroppedCallback | None:
    """The async handler that a call registers with a framework which does not see its rejections."""
    if text(place) not in file.handlers.table.registrar_names and text(place) not in ("on", "once", "addListener"):
        return None
    registered = file.handlers.registered
    for given in given_functions(call, file):
        scope = given.scope
        handler = registered.get(scope.node.id)
        if scope.is_generator or handler is None or not _loses(handler):
            continue
        if not scope.is_async:
            handed_on = _handed_on(scope, file)
            if handed_on:
                return _found(handler, place, f"{handed_on} that the callback returns")
        elif may_reject(scope, file.scopes, calls_fail=False, is_safe=lambda one: never_rejects(one, file)):
            shown = "callback" if scope.is_anonymous else "handler"
            name = scope.name.rpartition(".")[2]
            return _found(handler, place, f"`{name}`" if not scope.is_anonymous else shown)
    return _from_another_file(call, place, file)


def _handed_on(scope: Scope, file: JavaScriptFile) -> str:
    """What a plain arrow function calls for its value, if that is a promise that may reject: `() => this.list()`."""
    body = scope.body
    if body is None or not scope.is_arrow or body.type == "statement_block":
        return ""
    value = bare(body)
    known = promised(value, file) if value.type == "call_expression" else None
    if known is None or known.function is None or not known.is_sure or known.is_settled:
        return ""
    return shown_call(value, file)


def _from_another_file(call: Node, place: Node, file: JavaScriptFile) -> DroppedCallback | None:
    handlers = file.handlers
    registrations = handlers.registrations(call)
    function = callee(call)
    if not registrations or function is None:
        return None
    if file.canonical(function).rpartition(".")[0] in handlers.table.wrapping_routers:
        return None
    given = arguments(call)
    for position, argument in enumerate(given):
        for value in map(bare, argument.named_children if argument.type == "array" else [argument]):
            if value.type not in ("identifier", "member_expression"):
                continue
            own = file.function(value)
            if own is None or own.module.module == file.module or not _may_reject(own.function):
                continue
            for registration in registrations:
                kind = registration.kind_at(str(position), len(given), len(own.function.parameters))
                if kind and not own.function.is_generator:
                    handler = handlers.table.registered(registration, kind, handlers.packages)
                    if _loses(handler):
                        return _found(handler, place, f"`{text(value)}`")
    return None


def _may_reject(function: FunctionFacts) -> bool:
    return function.is_async and not function.is_wrapped and bool(function.risks)


def _loses(handler: Handler) -> bool:
    return handler.rejections == "lost" and handler.kind in _KINDS


def _found(handler: Handler, place: Node, shown: str) -> DroppedCallback:
    if handler.kind in _ANSWERING:
        return DroppedCallback(
            place,
            f"{handler.framework.name} does not look at the promise of the async {shown}, and when it rejects the "
            "request hangs",
            "a wrapper that hands errors to next, a try/catch around every await, or a version that sees rejections",
        )
    return DroppedCallback(
        place,
        f"`{text(place)}` does not wait for the async {shown}, and an error in it ends the process",
        "a try/catch around the body, or .catch",
    )
