"""What a Python expression makes of a response: its body's shape, and the number of its status."""

from __future__ import annotations

import re
from http import HTTPStatus

from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import NOT_TOLD as STATUS_NOT_TOLD
from lint_rules.families.e06_error_handling.shapes import NOT_TOLD, OPEN, TEXT, UNKNOWN, Shape, made
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text

_MOST_PAIRS = 200
_MOST_LEVELS = 3
_MOST_STEPS = 6
_NUMBERED = re.compile(r"(?:HTTP_|\b)([1-5]\d\d)(?:_|\b)")
_TEXTS = frozenset({"string", "concatenated_string"})
_VALUES = frozenset({*_TEXTS, "integer", "float", "true", "false", "none", "binary_operator", "comparison_operator"})
_LISTS = frozenset({"list", "list_comprehension", "tuple", "set"})


def bare(node: Node) -> Node:
    """An expression without parentheses and `await`."""
    while node.type in ("parenthesized_expression", "await") and (inner := first_named(node)) is not None:
        node = inner
    return node


def is_text(node: Node) -> bool:
    """Whether an expression is a text as it is written."""
    return node.type in _TEXTS


def status_of(node: Node, file: PythonFile) -> int:
    """The number of a status: `400`, `status.HTTP_400_BAD_REQUEST`, `HTTPStatus.NOT_FOUND`, `"404 Not Found"`."""
    node = bare(node)
    if node.type == "identifier":
        node = value_of(node, file)
    written = text(node)
    if node.type in ("integer", "string") and (found := re.match(r"[bf]?[\"']?([1-5]\d\d)\b", written)):
        return int(found[1])
    if node.type == "attribute":
        if found := _NUMBERED.search(written):
            return int(found[1])
        name = written.removesuffix(".value").rpartition(".")[2]
        if name in HTTPStatus.__members__:
            return HTTPStatus[name].value
    return STATUS_NOT_TOLD


def string_key(node: Node) -> str | None:
    """The text of a key that is a string literal without slots."""
    if node.type != "string" or any(part.type == "interpolation" for part in node.named_children):
        return None
    return "".join(text(part) for part in node.named_children if part.type == "string_content")


def value_of(node: Node, file: PythonFile) -> Node:
    """What a name is bound to, where that is one expression; any other expression itself."""
    node = bare(node)
    for _ in range(_MOST_STEPS):
        if node.type != "identifier":
            return node
        bound = file.names.only_value(text(node), node.start_byte)
        if bound is None:
            return node
        node = bare(bound)
    return node


def kind_of(node: Node) -> str:
    """Whether an expression is an object, a list, a value or something that is not told."""
    node = bare(node)
    if node.type in ("dictionary", "dictionary_comprehension"):
        return "object"
    if node.type in _LISTS:
        return "list"
    if node.type in _VALUES:
        return "value"
    if node.type == "call":
        function = node.child_by_field_name("function")
        name = text(function) if function is not None else ""
        if name == "dict":
            return "object"
        if name in ("str", "repr", "int", "len") or name.endswith((".format", ".join", "format_exc")):
            return "value"
    return NOT_TOLD


def body_shape(node: Node, file: PythonFile) -> Shape:
    """The shape of a body that is an object, a list or a text; UNKNOWN for what is not written out."""
    added = _added(node, file) if node.type == "identifier" else []
    node = value_of(node, file)
    if node.type == "call" and not added:
        return dumped_shape(node, file)
    if is_text(node):
        return TEXT
    if kind_of(node) == "list":
        return made([("", "list")])
    return object_shape([*pairs_of(node), *added], file) if kind_of(node) == "object" else UNKNOWN


def _added(name: Node, file: PythonFile) -> list[tuple[str | None, Node]]:
    """The keys that the same function adds to a body that has a name: `body["error"] = message`."""
    scope = file.scope(name).function
    if scope is None or name.text is None or name.text + b"[" not in (scope.node.text or b""):
        return []
    found: list[tuple[str | None, Node]] = []
    for assignment in file.nodes("assignment"):
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if not scope.start <= assignment.start_byte < scope.end or left is None or right is None:
            continue
        key = left.child_by_field_name("subscript") if left.type == "subscript" else None
        held = left.child_by_field_name("value") if left.type == "subscript" else None
        if key is not None and held is not None and held.text == name.text:
            found.append((string_key(key), right))
    return found


def dumped_shape(call: Node, file: PythonFile) -> Shape:
    """The shape of `dict(error=...)`, `json.dumps({...})`, `str(error)`."""
    function = call.child_by_field_name("function")
    name = text(function) if function is not None else ""
    given = dict(arguments(call))
    if name == "dict":
        return object_shape(pairs_of(call), file)
    if name.endswith(("dumps", "jsonable_encoder", ".dump")) and "0" in given:
        inner = value_of(given["0"], file)
        return object_shape(pairs_of(inner), file) if kind_of(inner) == "object" else UNKNOWN
    return TEXT if kind_of(call) == "value" else UNKNOWN


def pairs_of(node: Node) -> list[tuple[str | None, Node]]:
    """The keys and values of a dict literal or a call with keywords; the key is None where it is not written out."""
    pairs: list[tuple[str | None, Node]] = []
    if node.type == "call":
        for place, value in arguments(node):
            pairs.append((None if place.isdigit() else place, value))
        return pairs
    for pair in node.named_children[:_MOST_PAIRS] if node.type == "dictionary" else ():
        key, inner = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if pair.type == "pair" and key is not None and inner is not None:
            pairs.append((string_key(key), inner))
        elif pair.type != "comment":
            pairs.append((None, pair))
    return pairs if node.type == "dictionary" else [(None, node)]


def object_shape(pairs: list[tuple[str | None, Node]], file: PythonFile) -> Shape:
    """The shape of an object with these keys and values."""
    found: list[tuple[str, str]] = []
    waiting = [("", key, value) for key, value in pairs]
    while waiting and len(found) < _MOST_PAIRS:
        prefix, key, value = waiting.pop()
        if key is None or "." in key:
            found.append((f"{prefix}{OPEN}", NOT_TOLD))
            continue
        value = value_of(value, file)
        kind = kind_of(value)
        path = f"{prefix}{key}"
        found.append((path, kind))
        if kind == "object" and path.count(".") < _MOST_LEVELS - 1:
            waiting.extend((f"{path}.", inner_key, inner) for inner_key, inner in pairs_of(value))
    return made(found)
