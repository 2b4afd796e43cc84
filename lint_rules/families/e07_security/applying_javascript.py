"""What functions that lie in the function at hand make of values: closures, and what `map` and `reduce` are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.parts_javascript import taken
from lint_rules.families.e07_security.values_javascript import (
    NOTHING_KNOWN,
    State,
    Value,
    joined,
    member_of,
    placed_in,
)
from lint_rules.languages.javascript.binding import parameter_nodes, targets
from lint_rules.languages.javascript.grammar import bare, first_named, text
from lint_rules.languages.javascript.scopes import Scope

if TYPE_CHECKING:
    from lint_rules.families.e07_security.evaluating_javascript import Evaluator
    from lint_rules.languages.javascript.file import JavaScriptFile


def closure_of(function: Node | None, file: JavaScriptFile) -> Scope | None:
    """The function that a name denotes, if it is one within the function that calls it."""
    if function is None or function.type != "identifier":
        return None
    scope = file.function_scope(file.names.symbol(function))
    around = file.enclosing_function(function)
    if scope is None or around is None or scope.parent is None:
        return None
    outer = scope.parent.function
    return scope if outer is not None and outer.start <= function.start_byte < outer.end else None


def called_here(closure: Scope, given: list[Node], state: State, depth: int, evaluator: Evaluator) -> Value:
    """What a function gives back that sees the names of the one around it."""
    names = dict(state.names)
    for position, parameter in enumerate(parameter_nodes(closure.node)):
        held = evaluator.value(given[position], state, depth + 1) if position < len(given) else NOTHING_KNOWN
        for target in targets(parameter.child_by_field_name("pattern") or parameter):
            names[text(target.name)] = taken(held, target.path)
    inner = State(names, state.clean)
    body = closure.node.child_by_field_name("body")
    if body is not None and body.type != "statement_block":
        return evaluator.value(body, inner, depth + 4)
    found = []
    for returned in evaluator.file.scopes.directly_in(closure, "return_statement"):
        value = first_named(returned)
        if value is not None:
            found.append(evaluator.value(value, inner, depth + 4))
    return joined(found)


def mapped(base: Value, function: Node, state: State, depth: int, evaluator: Evaluator) -> Value:
    """What `map` makes of items, by a function that is one expression."""
    function = bare(function)
    if function.type != "arrow_function":
        return NOTHING_KNOWN if function.type in ("identifier", "member_expression") else base
    body = function.child_by_field_name("body")
    if body is None or body.type == "statement_block":
        return base
    inner = state
    parameters = parameter_nodes(function)
    for target in targets(parameters[0].child_by_field_name("pattern") or parameters[0]) if parameters else ():
        item = member_of(base, "<item>")
        for one in target.path:
            item = member_of(item, one)
        inner = State({**inner.names, text(target.name): item}, inner.clean)
    for parameter in parameters[1:]:
        inner = State({**inner.names, text(parameter): NOTHING_KNOWN}, inner.clean)
    return placed_in(evaluator.value(body, inner, depth + 1), "<item>")


def reduced(base: Value, given: list[Node], state: State, depth: int, evaluator: Evaluator) -> Value:
    """What `reduce` makes of items and a first value, by a function that is one expression."""
    first = evaluator.value(given[1], state, depth + 1)
    function = bare(given[0])
    body = function.child_by_field_name("body") if function.type == "arrow_function" else None
    parameters = parameter_nodes(function) if body is not None and body.type != "statement_block" else []
    if body is None or len(parameters) < 2:
        return joined((first, base))
    names = {**state.names, text(parameters[0]): first}
    for target in targets(parameters[1].child_by_field_name("pattern") or parameters[1]):
        names[text(target.name)] = taken(member_of(base, "<item>"), target.path)
    return joined((first, evaluator.value(body, State(names, state.clean), depth + 1)))
