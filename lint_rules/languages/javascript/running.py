"""What facts say about when functions run: as handlers, on the event loop, or as callbacks of other functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from tree_sitter import Node

from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, arguments, around, bare, text
from lint_rules.languages.javascript.labels import anonymous_label
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.scopes import CLASS, FUNCTION, Scope
from lint_rules.project.facts import MODULE_BODY, CallFacts, ModuleFacts

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_RUN_LATER = frozenset({"route", "hook", "error", "socket", "task", "plugin", "startup", "timer", "listener"})
_RUN_NOW = frozenset(
    {"forEach", "map", "filter", "reduce", "reduceRight", "some", "every", "find", "findIndex", "findLast", "flatMap",
     "sort", "toSorted", "replace", "replaceAll", "then", "mapValues", "each", "mapLimit", "eachLimit", "groupBy"}
)  # fmt: skip
"""Methods that call the function they are given, whose name is enough to tell."""


def with_handlers(facts: ModuleFacts, file: JavaScriptFile) -> ModuleFacts:
    """The facts with the form of each function, whether it runs on the loop, and calls of the callbacks that it has."""
    handlers = file.handlers
    added: dict[str, list[CallFacts]] = {}
    changes: dict[str, tuple[bool, str]] = {}
    for scope in file.scopes.functions:
        handler = handlers.of(scope)
        name = f"{scope.name}.setter" if scope.accessor == "set" else scope.name
        label = anonymous_label(scope) if scope.is_anonymous else ""
        told = handler if handler is not None and handler.kind != "continuation" else None
        form = handlers.table.encoded(told, label.replace("|", ""))
        on_loop = not file.is_test and handlers.on_loop(scope)
        changes.setdefault(name, (on_loop, form))
        if scope.node.type in FUNCTION_LITERALS and (handler is None or handler.kind not in _RUN_LATER):
            call = _taking(scope.node)
            if call is not None:
                target = f"{file.module}.{scope.name}"
                added.setdefault(_runner(scope), []).append(CallFacts(target, file.span(call)))
    for call in file.nodes("call_expression"):
        for target in _named_callbacks(call, file):
            runner = file.scopes.at(call.start_byte)
            added.setdefault(_name(runner), []).append(CallFacts(target, file.span(call)))
    for access in _accesses(file):
        added.setdefault(_name(file.scopes.at(access.span.start)), []).append(access)
    functions = {}
    for name, function in facts.functions.items():
        on_loop, form = changes.get(name, (function.on_loop, ""))
        calls = (*function.calls, *added.get(name, ()))
        functions[name] = msgspec.structs.replace(function, on_loop=on_loop, form=form, calls=calls)
    return msgspec.structs.replace(facts, functions=functions, is_complete=True)


def _taking(literal: Node) -> Node | None:
    """The call that is given a function literal."""
    place = around(literal)
    call = place.parent if place is not None and place.type == "arguments" else None
    return call if call is not None and call.type in ("call_expression", "new_expression") else None


def _runner(function: Scope) -> str:
    return _name(function.parent) if function.parent is not None else MODULE_BODY


def _name(scope: Scope) -> str:
    while scope.kind == CLASS and scope.parent is not None:
        scope = scope.parent
    return scope.name if scope.kind == FUNCTION else MODULE_BODY


def _named_callbacks(call: Node, file: JavaScriptFile) -> Iterator[str]:
    """The project's functions that a call of an array's method is given by name: `ids.map(load)`."""
    function = call.child_by_field_name("function")
    if function is None or function.type != "member_expression" or last_name(function) not in _RUN_NOW:
        return
    for argument in arguments(call)[:1]:
        if bare(argument).type in ("identifier", "member_expression"):
            symbol = file.names.symbol(argument)
            if symbol and "<parameter>" not in symbol and file.is_own(symbol):
                yield symbol


def _accesses(file: JavaScriptFile) -> Iterator[CallFacts]:
    """Reads and writes of members of the project's objects, which may run a getter or setter."""
    for member in file.nodes("member_expression"):
        owner, last = member.child_by_field_name("object"), member.child_by_field_name("property")
        place = member.parent
        if owner is None or last is None or owner.type not in ("identifier", "this", "member_expression"):
            continue
        if (
            place is None
            or place.type == "new_expression"
            or (place.type == "member_expression" and not _is_own(owner))
        ):
            continue
        if place.type == "call_expression" and place.child_by_field_name("function") == member:
            continue
        symbol = file.names.symbol(owner)
        if not symbol or not file.is_own(symbol) or not (_is_own(owner) or "()" in symbol):
            continue
        is_write = place.type == "assignment_expression" and place.child_by_field_name("left") == member
        yield CallFacts(f"{symbol}.{text(last)}", file.span(member), kind="write" if is_write else "read")


def _is_own(owner: Node) -> bool:
    """Whether a member is one of the object itself, or of what it holds: `this.size`, `this.store.size`."""
    return owner.type == "this" or (owner.type == "member_expression" and text(owner).startswith("this."))
