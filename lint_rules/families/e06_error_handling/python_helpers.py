"""Errors that responses of Python hand to helpers of the project, and what those show of them."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import NOT_TOLD, Answer
from lint_rules.families.e06_error_handling.notes import GIVEN, SHOWN, Given, Shown
from lint_rules.families.e06_error_handling.python_answers import answers
from lint_rules.families.e06_error_handling.python_caught import (
    ERROR_NAME,
    Caught,
    caught_at,
    is_for_developers,
    is_told_apart,
    reads_input,
)
from lint_rules.families.e06_error_handling.python_handed import returned_calls
from lint_rules.families.e06_error_handling.python_leaks import leaks
from lint_rules.families.e06_error_handling.python_wiring import may_matter
from lint_rules.families.e06_error_handling.shapes import may_make_bodies
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.handlers import parameter_names
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import FUNCTION, Scope, text

_MOST_NODES = 200


@SHOWN.of("python")
def take_shown(file: PythonFile) -> Iterator[Shown]:
    if file.is_test or not may_make_bodies(file.data):
        return
    for statement in file.nodes("return_statement"):
        value, scope = first_named(statement), file.scope(statement).function
        if value is None or scope is None or scope.kind != FUNCTION:
            continue
        for position, name in enumerate(_parameters(scope)):
            caught = Caught(name, True, "helper", "", scope.node)
            answer = Answer(value, (value,), NOT_TOLD)
            found = next(leaks(answer, caught, file), None) if ERROR_NAME.match(name) else None
            if found is None or is_told_apart(found.node, caught) or is_for_developers(found.node, scope.node):
                continue
            yield Shown(scope.name, position, found.kind, False, _is_fallback(found.node, scope.node))


def _is_fallback(leak: Node, function: Node) -> bool:
    """Whether something else is shown where there is something else: `message or str(error)`."""
    current = leak.parent
    while current is not None and current != function:
        if current.type in ("boolean_operator", "conditional_expression", "if_statement"):
            return True
        current = current.parent
    return False


def _parameters(scope: Scope) -> list[str]:
    names = parameter_names(scope)
    return list(names[1:] if scope.owner_class is not None and names[:1] in (("self",), ("cls",), ["self"]) else names)


@GIVEN.of("python")
def take_given(file: PythonFile) -> Iterator[Given]:
    if file.is_test or b"except" not in file.data or not may_matter(file.data):
        return
    for answer in (*answers(file), *returned_calls(file)):
        caught = caught_at(answer.node, file)
        if caught is None or not caught.name or not caught.is_unexpected or 0 < answer.status < caught.least:
            continue
        if is_told_apart(answer.node, caught) or is_for_developers(answer.node, caught.place):
            continue
        if 400 <= answer.status < 500 and reads_input(caught):
            continue
        scope = file.scope(answer.node).function
        for call, position in _given(answer, caught):
            function = call.child_by_field_name("function")
            symbol = file.names.symbol(function) if function is not None else ""
            if symbol and symbol.partition(".")[0] in file.modules.by_name:
                name = scope.name if scope is not None else ""
                is_followed = position + 1 < len(list(arguments(call)))
                yield Given(symbol, position, file.span(call), name, caught.what, False, is_followed)


def _given(answer: Answer, caught: Caught) -> Iterator[tuple[Node, int]]:
    """The calls in a body that take the error itself, and its position among their arguments."""
    waiting = list(answer.body)
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node = waiting.pop()
        for position, (place, value) in enumerate(arguments(node) if node.type == "call" else ()):
            if place.isdigit() and value.type == "identifier" and text(value) == caught.name:
                yield node, position
        waiting.extend(node.named_children)


__all__ = ["GIVEN", "SHOWN", "take_given", "take_shown"]
