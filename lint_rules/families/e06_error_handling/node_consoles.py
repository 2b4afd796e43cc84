"""Errors of JavaScript that are the answer: of a query or a command that the client wrote, of a connection that it
wants to be tried."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.families.e06_error_handling.node_caught import Caught
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import arguments, around, bare, callee, text
from lint_rules.languages.javascript.members import object_members

_RUNNING = re.compile(r"exec|query|eval|call$|run|command", re.IGNORECASE)
_STATEMENT = re.compile(
    r"(?:^|_|(?<=[a-z]))(?:[sS]ql|SQL|[qQ]uery|[cC]md|[cC]ommand|[sS]tatement|[sS]tmt|[sS]cript)(?:Text|String|Name|_text)?$"
)
_TRYING = re.compile(
    r"(?:test|try|check|probe|diagnose)_?\w*(?:[cC]onn|[sS]mtp|[mM]ail|[cC]redential|[lL]ogin|[sS]erver|[dD]atabase|[hH]ook)"
)
_CONNECTING = re.compile(r"(?:create|new|make|open)\w*(?:Client|Connection)$")
_BODIES = (".body", ".payload")
"""What holds all settings of a connection: one that is chosen by a parameter of the path is the service's own."""
_MOST_STEPS = 7


def answers_client(caught: Caught, file: JavaScriptFile) -> bool:
    """Whether what failed is what the client asked to be run or tried, so that the error is what it wants to know."""
    for call in _attempted(caught, file):
        function = callee(call)
        last = text(function.child_by_field_name("property") or function) if function is not None else ""
        if _RUNNING.search(last) and any(_is_statement(bare(one), file) for one in arguments(call)):
            return True
        if _TRYING.match(last) and any(_is_clients(bare(one), file) for one in arguments(call)):
            return True
        if _CONNECTING.match(last) and any(_is_clients(bare(one), file, of=_BODIES) for one in arguments(call)):
            return True
    return False


def _attempted(caught: Caught, file: JavaScriptFile) -> Iterator[Node]:
    """The calls that may have failed: those of the `try`, the one with the callback, those around a pushed callback."""
    place: Node | None = caught.place
    if caught.how == "catch" and place is not None and place.parent is not None:
        body = place.parent.child_by_field_name("body")
        yield from file.nodes_in("call_expression", body) if body is not None else ()
        return
    given = around(place) if place is not None else None
    call = given.parent if given is not None and given.type == "arguments" else None
    if call is None:
        return
    yield call
    yield from file.nodes_in("call_expression", callee(call) or call)
    for value in arguments(call):
        held = _bound(bare(value), file)
        yield from [held] if held is not None and held.type == "call_expression" else []
    owner = file.enclosing_function(call)
    if owner is not None and _is_registered(call):
        yield from file.nodes_in("call_expression", owner.node)


def _is_registered(call: Node) -> bool:
    """Whether a call only keeps the callback: `args.push(done)`, `client.on("error", failed)`."""
    function = callee(call)
    last = function.child_by_field_name("property") if function is not None else None
    return last is not None and text(last) in ("push", "on", "once")


def _is_statement(value: Node, file: JavaScriptFile) -> bool:
    """Whether it is a query or a command of the client's: by its name, and by where it comes from."""
    if value.type == "object":
        return any(
            _STATEMENT.search(name) and _is_clients(held, file)
            for name, held, _ in object_members(value)
            if not _is_whole(held, file)
        )
    name = value.child_by_field_name("property") if value.type == "member_expression" else value
    if name is not None and _STATEMENT.search(text(name)):
        return not _is_whole(value, file) and _is_clients(value, file)
    held = _bound(value, file)
    return held is not None and held.type == "object" and _is_statement(held, file)


def _is_whole(value: Node, file: JavaScriptFile) -> bool:
    """Whether it is all that the client sent, such as `req.query`, which is no query of a database."""
    source = file.request.source(value)
    return bool(source) and file.request.canonical(value) == source


def _is_clients(value: Node, file: JavaScriptFile, steps: int = _MOST_STEPS, of: tuple[str, ...] = ("",)) -> bool:
    """Whether a value is (made of) what the client sent, or stored and names here; `of` are the ends of its source."""
    source = file.request.source(value)
    if source:
        return source.endswith(of)
    if steps == 0:
        return False
    if value.type in ("member_expression", "subscript_expression", "await_expression"):
        inner = value.child_by_field_name("object") or value.named_child(0)
        return inner is not None and _is_clients(bare(inner), file, steps - 1, of)
    if value.type == "call_expression":
        function = callee(value)
        owner = function.child_by_field_name("object") if function is not None else None
        parts = [*arguments(value), *([owner] if owner is not None else [])]
        return any(_is_clients(bare(one), file, steps - 1, of) for one in parts)
    if value.type != "identifier":
        return False
    given = [
        one.child_by_field_name("right") for one in file.scopes.assignments(text(value)) if _is_here(one, value, file)
    ]
    return any(_is_clients(bare(one), file, steps - 1, of) for one in (_bound(value, file), *given) if one is not None)


def _is_here(assignment: Node, name: Node, file: JavaScriptFile) -> bool:
    return file.enclosing_function(assignment) == file.enclosing_function(name)


def _bound(name: Node, file: JavaScriptFile) -> Node | None:
    """The value of a local name that holds one only."""
    if name.type not in ("identifier", "shorthand_property_identifier"):
        return None
    found = file.scopes.binding(text(name), name.start_byte)
    binding = found[1][0] if found is not None and len(found[1]) == 1 else None
    return bare(binding.node) if binding is not None and binding.kind == "value" and binding.node is not None else None


__all__ = ["answers_client"]
