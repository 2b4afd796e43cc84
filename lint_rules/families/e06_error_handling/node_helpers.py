"""Errors that responses of JavaScript hand to helpers of the project, and what those show of them."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import MAY_BE_500, NOT_SET, Answer
from lint_rules.families.e06_error_handling.node_answers import answers
from lint_rules.families.e06_error_handling.node_caught import (
    ERROR_NAME,
    TRACE,
    WHOLE,
    Caught,
    caught_at,
    is_for_developers,
    is_told_apart,
)
from lint_rules.families.e06_error_handling.node_consoles import answers_client
from lint_rules.families.e06_error_handling.node_handed import handed
from lint_rules.families.e06_error_handling.node_leaks import Leak, leaks
from lint_rules.families.e06_error_handling.notes import GIVEN, SHOWN, Given, Shown
from lint_rules.families.e06_error_handling.shapes import may_make_bodies
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import arguments, bare, callee, first_named, named, text
from lint_rules.languages.javascript.scopes import Scope

_MOST_NODES = 200


@SHOWN.of("javascript")
def take_shown(file: JavaScriptFile) -> Iterator[Shown]:
    if file.is_test or file.is_tooling or not may_make_bodies(file.data):
        return
    for scope, answer, is_own in (*_returned(file), *_answered(file)):
        for position, parameter in enumerate(parameter_nodes(scope.node)):
            name = text(parameter.child_by_field_name("pattern") or parameter)
            if not ERROR_NAME.match(name):
                continue
            caught = Caught({name: WHOLE}, "helper", scope.node)
            found = next((leak for leak in leaks(answer, caught, file) if _is_shown(leak, answer, is_own=is_own)), None)
            if found is not None:
                yield Shown(scope.name, position, found.kind, is_own, _is_fallback(found.node, scope.node))


def _is_shown(leak: Leak, answer: Answer, *, is_own: bool) -> bool:
    if is_for_developers(leak.node, leak.caught.place) or is_for_developers(answer.node, leak.caught.place):
        return False
    if leak.kind == TRACE:
        return True
    if is_told_apart(leak.node, leak.caught) or is_told_apart(answer.node, leak.caught):
        return False
    if not is_own:
        return leak.node not in answer.body  # what only gives the error back shows nothing by itself
    return answer.status >= 500 or answer.status in (NOT_SET, MAY_BE_500)


def _is_fallback(leak: Node, function: Node) -> bool:
    """Whether something else is shown where there is something else: `message || error.message`."""
    current = leak.parent
    while current is not None and current != function:
        operator = current.child_by_field_name("operator") if current.type == "binary_expression" else None
        if current.type in ("ternary_expression", "if_statement"):
            return True
        if operator is not None and operator.type in ("||", "??"):
            return True
        current = current.parent
    return False


def _returned(file: JavaScriptFile) -> Iterator[tuple[Scope, Answer, bool]]:
    for statement in file.nodes("return_statement"):
        value, scope = first_named(statement), file.enclosing_function(statement)
        if value is not None and scope is not None:
            yield scope, Answer(value, (bare(value),), NOT_SET), False
    for function in file.nodes("arrow_function"):
        value, scope = function.child_by_field_name("body"), file.scopes.of(function)
        if value is not None and value.type != "statement_block" and scope is not None:
            yield scope, Answer(value, (bare(value),), NOT_SET), False


def _answered(file: JavaScriptFile) -> Iterator[tuple[Scope, Answer, bool]]:
    for answer in answers(file):
        scope = file.enclosing_function(answer.node)
        if scope is not None and not answer.is_plain and not answer.raised:
            yield scope, answer, True


@GIVEN.of("javascript")
def take_given(file: JavaScriptFile) -> Iterator[Given]:
    if file.is_test or file.is_tooling or b"catch" not in file.data:
        return
    for answer in answers(file):
        if not answer.is_plain and (answer.status >= 500 or answer.status in (NOT_SET, MAY_BE_500)):
            yield from _of_answer(answer, list(answer.body), file, is_answer=False)
    for answer in handed(file):
        yield from _of_answer(answer, [answer.node], file, is_answer=True)


def _of_answer(answer: Answer, waiting: list[Node], file: JavaScriptFile, *, is_answer: bool) -> Iterator[Given]:
    """The calls of helpers that take the error itself; those that answer by themselves stand alone."""
    caught = next((one for one in caught_at(answer.node, file) if one.how in ("catch", "promise")), None)
    if caught is None or is_told_apart(answer.node, caught) or is_for_developers(answer.node, caught.place):
        return
    scope = file.enclosing_function(answer.node)
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node = waiting.pop()
        function = callee(node) if node.type == "call_expression" else None
        symbol = file.names.symbol(function) if function is not None else ""
        values = arguments(node) if symbol and file.is_own(symbol) else []
        for position, value in enumerate(values):
            if bare(value).type == "identifier" and caught.names.get(text(bare(value))) == WHOLE:
                if answers_client(caught, file):
                    return
                name = scope.name if scope is not None else ""
                is_followed = position + 1 < len(values)
                yield Given(symbol, position, file.span(node), name, text(bare(value)), is_answer, is_followed)
        if not is_answer:
            waiting.extend(named(node))


__all__ = ["GIVEN", "SHOWN", "take_given", "take_shown"]
