"""How a file hands functions over: decorators, and the arguments of calls that register what they are given."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.scopes import text

_MAX_HANDED = 40
_CONTAINERS = frozenset({"list", "tuple", "set", "expression_list", "parenthesized_expression", "list_splat"})


def decorators(definition: Node) -> Iterator[Node]:
    """The expressions behind the `@`s of a function or class, outermost first."""
    parent = definition.parent
    if parent is None or parent.type != "decorated_definition":
        return
    for decorator in parent.named_children:
        expression = first_named(decorator) if decorator.type == "decorator" else None
        if expression is not None:
            yield expression


def called_function(expression: Node) -> Node:
    """`app.get` of `app.get("/")`; any other expression is itself."""
    function = expression.child_by_field_name("function") if expression.type == "call" else None
    return expression if function is None else function


def arguments(call: Node) -> Iterator[tuple[str, Node]]:
    """The arguments of a call by place: the position from 0, or the keyword."""
    given = call.child_by_field_name("arguments")
    if given is not None and given.type == "generator_expression":  # `", ".join(name for name in names)`
        yield "0", given
    if given is None or given.type != "argument_list":
        return
    position = 0
    for argument in given.named_children:
        if argument.type == "keyword_argument":
            name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
            if name is not None and value is not None:
                yield text(name), value
        elif argument.type != "comment":
            yield str(position), argument
            position += 1


def true_keywords(call: Node) -> Iterator[str]:
    """The keywords of a call whose argument is `True`."""
    return (place for place, value in arguments(call) if value.type == "true")


def handed_on(call: Node) -> Iterator[tuple[str, Node, bool]]:
    """What a call is given that may be a function: its place, the expression, and whether it is called on the spot.

    Lists, tuples and values of dicts are taken apart, and a call gives its function (called) and its arguments, since
    it may be a wrapper: `path("x", login_required(views.index))`.
    """
    for place, argument in arguments(call):
        waiting = [argument]
        for _ in range(_MAX_HANDED):
            if not waiting:
                break
            value = waiting.pop(0)
            if value.type in ("identifier", "attribute", "lambda"):
                yield place, value, False
            elif value.type in _CONTAINERS:
                waiting.extend(value.named_children)
            elif value.type == "dictionary":
                pairs = (pair.child_by_field_name("value") for pair in value.named_children)
                waiting.extend(item for item in pairs if item is not None)
            elif value.type == "call":
                yield place, called_function(value), True
                waiting.extend(inner for _, inner in arguments(value))
