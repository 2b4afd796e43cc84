"""What makes the bodies of error responses in JavaScript: functions that return them, classes of bodies and errors."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.families.e06_error_handling.node_bodies import body_shape, kind_of, value_of
from lint_rules.families.e06_error_handling.notes import MAKERS, Maker
from lint_rules.families.e06_error_handling.shapes import (
    NOT_TOLD,
    TEXT,
    UNKNOWN,
    Shape,
    made,
    may_make_bodies,
    tells_of_error,
)
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import CLASS_KINDS, arguments, bare, callee, first_named, text

_MOST_STEPS = 4
_HOLDS = re.compile(rb"this\.\w+\s*=|(?:public|readonly)\s+\w+|super\s*\(\s*\{")


def maker_of(body: Node, file: JavaScriptFile) -> str:
    """The symbol of what makes a body: `src/errors.problem`, `src/errors.Problem().toJSON`; "" for none."""
    node = value_of(body, file)
    for _ in range(_MOST_STEPS):
        function = callee(node) if node.type in ("call_expression", "new_expression") else None
        if function is None:
            return ""
        given = arguments(node)
        if text(function) not in ("JSON.stringify", "JSON.parse", "instanceToPlain") or not given:
            return file.names.symbol(function)
        node = value_of(given[0], file)
    return ""


@MAKERS.of("javascript")
def take_makers(file: JavaScriptFile) -> Iterator[Maker]:
    if file.is_test or file.is_tooling or not may_make_bodies(file.data):
        return
    yield from _functions(file)
    for definition in file.index.of_kinds(CLASS_KINDS):
        scope = file.scopes.of(definition)
        if scope is not None and _HOLDS.search(definition.text or b""):
            shape = _held(definition, file)
            if tells_of_error(shape):
                yield Maker(scope.name, shape)


def _functions(file: JavaScriptFile) -> Iterator[Maker]:
    """Functions that return a body of one shape, or what one other maker gives."""
    returned: dict[str, set[tuple[Shape, str]]] = {}
    for statement in file.nodes("return_statement"):
        value, scope = first_named(statement), file.enclosing_function(statement)
        if value is not None and scope is not None:
            returned.setdefault(scope.name, set()).add(_body(value, file))
    for function in file.nodes("arrow_function"):
        value, scope = function.child_by_field_name("body"), file.scopes.of(function)
        if value is not None and value.type != "statement_block" and scope is not None:
            returned.setdefault(scope.name, set()).add(_body(value, file))
    for name, bodies in returned.items():
        shape, symbol = next(iter(bodies))
        if len(bodies) == 1 and shape != TEXT and (symbol or tells_of_error(shape)):
            yield Maker(name, shape, symbol)


def _body(value: Node, file: JavaScriptFile) -> tuple[Shape, str]:
    shape = body_shape(bare(value), file)
    return shape, maker_of(value, file) if shape == UNKNOWN else ""


def _held(definition: Node, file: JavaScriptFile) -> Shape:
    """What objects of a class hold; for an error of NestJS, the body that its constructor gives to `super`."""
    heritage = next((child for child in definition.named_children if child.type == "class_heritage"), None)
    constructor = None
    for method in file.nodes_in("method_definition", definition):
        name = method.child_by_field_name("name")
        scope = file.scopes.of(method)
        owner = scope.owner_class.node if scope is not None and scope.owner_class is not None else None
        if name is not None and text(name) == "constructor" and owner == definition:
            constructor = method
    if constructor is None:
        return UNKNOWN
    if heritage is not None:
        for call in file.nodes_in("call_expression", constructor):
            function, given = callee(call), arguments(call)
            if function is not None and text(function) == "super" and given:
                body = value_of(given[0], file)
                return body_shape(body, file) if kind_of(body) == "object" else UNKNOWN
        return UNKNOWN
    found = [
        (name.removeprefix("public").removeprefix(" ").removeprefix("readonly").partition(":")[0].strip(" ?"), NOT_TOLD)
        for name in map(text, parameter_nodes(constructor))
        if name.startswith(("public ", "readonly "))
    ]
    for assignment in file.nodes_in("assignment_expression", constructor):
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if left is None or right is None or left.type != "member_expression":
            continue
        held, key = left.child_by_field_name("object"), left.child_by_field_name("property")
        if held is None or key is None or held.type != "this":
            continue
        inner = value_of(right, file)
        found.append((text(key), kind_of(inner)))
        if kind_of(inner) == "object":
            found.extend((f"{text(key)}.{path}", kind) for path, kind in body_shape(inner, file))
    return made(found)
