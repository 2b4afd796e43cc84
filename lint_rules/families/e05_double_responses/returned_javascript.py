"""Values that a JavaScript handler returns after it has answered, where its framework sends what handlers return."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e05_double_responses.javascript import Earlier, Given
from lint_rules.families.e05_double_responses.steps_javascript import Step, Steps
from lint_rules.flow.correlated import Correlated
from lint_rules.flow.graph import Exit, TooLarge
from lint_rules.flow.interpret import interpret
from lint_rules.languages.javascript.answering import responses_of
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.grammar import bare, callee, first_named, text
from lint_rules.languages.javascript.lowering import form_of
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.scopes import FUNCTION, Scope

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_MENTIONED = re.compile(rb"\breply\b|\brep\b|FastifyReply|fastify|passthrough")
_VALUES = frozenset({"object", "array", "string", "template_string", "number", "true", "false"})
_READS = re.compile(r"(?i)^(?:find|get|load|fetch|list|query|read|json|select|create|one|all|first|save)")


def returned_after_answer(file: JavaScriptFile) -> Iterator[tuple[Step, Node]]:
    """The answers after which a handler returns a value that is sent as well, and the value."""
    if _MENTIONED.search(file.data) is None:
        return
    steps = Steps(file)
    for scope in file.scopes.functions:
        if scope.kind != FUNCTION or scope.node.has_error or not _sends_what_it_returns(scope, file):
            continue
        try:
            outcome = interpret(form_of(scope.node, file), Correlated(Earlier(steps)))
        except TooLarge:
            continue
        for exit_, cases in outcome.exits():
            value = _returned(exit_)
            if value is None or not _is_value(value, file):
                continue
            given: Given = frozenset().union(*cases.states.values())
            answers = [one for one in given if one.finishes and not one.maybe and not _holds(value, one.node)]
            if answers:
                yield min(answers, key=lambda one: int(one.node.start_byte)), value


def _sends_what_it_returns(scope: Scope, file: JavaScriptFile) -> bool:
    """Whether a function is an asynchronous route of Fastify, or a method of Nest with a response beside its own."""
    handler = file.handler(scope)
    if handler is None or handler.kind != "route":
        return False
    if handler.framework.name == "Fastify":
        return scope.is_async
    written = [text(one) for one in parameter_nodes(scope.node)]
    return any("passthrough" in one and "Res" in one for one in written)


def _returned(exit_: Exit) -> Node | None:
    node = exit_.jump.node if exit_.kind == "return" and exit_.jump is not None else None
    return first_named(node) if node is not None and node.type == "return_statement" else None


def _is_value(expression: Node, file: JavaScriptFile) -> bool:
    """Whether an expression is something to send: no `undefined`, not the reply itself, no call for its effect."""
    value = bare(expression)
    if value.type == "await_expression":
        inner = first_named(value)
        value = bare(inner) if inner is not None else value
    if responses_of(file).response(value) is not None:
        return False
    if value.type in _VALUES:
        return True
    if value.type == "identifier":
        bound = file.names.only_value(text(value), value.start_byte)
        return bound is not None and _is_made(bare(bound))
    function = callee(value) if value.type == "call_expression" else None
    return function is not None and _READS.search(last_name(function)) is not None


def _is_made(value: Node) -> bool:
    return value.type in _VALUES or value.type in ("await_expression", "new_expression", "call_expression")


def _holds(outer: Node, inner: Node) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte
