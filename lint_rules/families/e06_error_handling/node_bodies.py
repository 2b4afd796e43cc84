"""What a JavaScript expression makes of a response: its body's shape, and the number of its status."""

from __future__ import annotations

import re
from http import HTTPStatus

from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import MAY_BE_500
from lint_rules.families.e06_error_handling.answer import NOT_TOLD as STATUS_NOT_TOLD
from lint_rules.families.e06_error_handling.shapes import NOT_TOLD, OPEN, TEXT, UNKNOWN, Shape, made
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import arguments, bare, callee, string_value, text
from lint_rules.languages.javascript.members import object_members

_MOST_PAIRS = 200
_MOST_LEVELS = 3
_MOST_STEPS = 6
_TEXTS = frozenset({"string", "template_string"})
_VALUES = frozenset({*_TEXTS, "number", "true", "false", "null", "unary_expression"})
_LISTS = frozenset({"array"})
_SHOWING = frozenset({"String", "Number", "Boolean"})
_NUMBER = re.compile(r"[1-5]\d\d")


def status_of(node: Node, file: JavaScriptFile) -> int:
    """The number of a status: `400`, `HttpStatus.BAD_REQUEST`, `StatusCodes.NOT_FOUND`, a constant of either."""
    node = value_of(node, file)
    written = text(node)
    if node.type == "number" and _NUMBER.fullmatch(written):
        return int(written)
    if node.type in ("member_expression", "identifier"):
        name = written.rpartition(".")[2].upper()
        name = {"SERVER_ERROR": "INTERNAL_SERVER_ERROR", "INTERNAL_ERROR": "INTERNAL_SERVER_ERROR"}.get(name, name)
        if name in HTTPStatus.__members__:
            return HTTPStatus[name].value
        if found := re.search(r"(?:HTTP_?|_)([1-5]\d\d)(?:_|$)", written.upper()):
            return int(found[1])
    return MAY_BE_500 if any(status_of(one, file) >= 500 for one in _choices(node)) else STATUS_NOT_TOLD


def _choices(node: Node) -> list[Node]:
    """What an expression may be in the end: the fallback of `a || b`, both sides of `c ? a : b`."""
    if node.type == "ternary_expression":
        sides = (node.child_by_field_name("consequence"), node.child_by_field_name("alternative"))
        return [bare(side) for side in sides if side is not None]
    operator = node.child_by_field_name("operator") if node.type == "binary_expression" else None
    right = node.child_by_field_name("right") if operator is not None and operator.type in ("||", "??") else None
    return [bare(right)] if right is not None else []


def value_of(node: Node, file: JavaScriptFile) -> Node:
    """What a name is bound to, where that is one expression; any other expression itself."""
    node = bare(node)
    for _ in range(_MOST_STEPS):
        if node.type not in ("identifier", "shorthand_property_identifier"):
            return node
        bound = file.names.only_value(text(node), node.start_byte)
        if bound is None:
            return node
        node = bare(bound)
    return node


def kind_of(node: Node) -> str:
    """Whether an expression is an object, a list, a value or something that is not told."""
    node = bare(node)
    if node.type == "object":
        return "object"
    if node.type in _LISTS:
        return "list"
    if node.type in _VALUES or _is_concatenation(node):
        return "value"
    if node.type == "member_expression":
        last = node.child_by_field_name("property")
        return "value" if last is not None and text(last) in ("message", "stack", "name") else NOT_TOLD
    if node.type == "call_expression" and (function := callee(node)) is not None:
        return "value" if text(function) in _SHOWING or text(function).endswith((".toString", ".join")) else NOT_TOLD
    if node.type == "binary_expression":  # `error.message || "unknown"`
        sides = {kind_of_side(side) for side in node.named_children}
        return "value" if sides == {"value"} else NOT_TOLD
    return NOT_TOLD


def kind_of_side(node: Node) -> str:
    """The same for one side of an `||`, one level deep."""
    node = bare(node)
    if node.type in _VALUES:
        return "value"
    last = node.child_by_field_name("property") if node.type == "member_expression" else None
    return "value" if last is not None and text(last) in ("message", "stack", "name") else NOT_TOLD


def _is_concatenation(node: Node) -> bool:
    operator = node.child_by_field_name("operator") if node.type == "binary_expression" else None
    return operator is not None and operator.type == "+" and any(b in (node.text or b"") for b in (b"'", b'"', b"`"))


def body_shape(node: Node, file: JavaScriptFile) -> Shape:
    """The shape of a body that is an object, a list or a text; UNKNOWN for what is not written out."""
    node = value_of(node, file)
    function = callee(node) if node.type == "call_expression" else None
    if function is not None and text(function) == "JSON.stringify" and (given := arguments(node)):
        inner = value_of(given[0], file)
        return object_shape(inner, file) if inner.type == "object" else UNKNOWN
    kind = kind_of(node)
    if kind == "object":
        return object_shape(node, file)
    if kind == "list":
        return made([("", "list")])
    return TEXT if kind == "value" and node.type not in ("number", "null", "true", "false") else UNKNOWN


def object_shape(literal: Node, file: JavaScriptFile) -> Shape:
    """The shape of an object literal."""
    found: list[tuple[str, str]] = []
    waiting = [("", literal)]
    while waiting and len(found) < _MOST_PAIRS:
        prefix, current = waiting.pop()
        for name, value, is_method in object_members(current):
            if name == "..." or "." in name or is_method:
                found.append((f"{prefix}{OPEN}", NOT_TOLD))
                continue
            inner = value_of(value, file)
            kind = "value" if string_value(inner) is not None else kind_of(inner)
            path = f"{prefix}{name}"
            found.append((path, kind))
            if kind == "object" and path.count(".") < _MOST_LEVELS - 1:
                waiting.append((f"{path}.", inner))
    return made(found)
