"""What of an error a Python response shows to the client."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import Answer
from lint_rules.families.e06_error_handling.python_bodies import bare, string_key
from lint_rules.families.e06_error_handling.python_caught import Caught, caught_at
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text

MESSAGE, TRACE, INNER = "message", "trace", "inner"
_MOST_NODES = 400
_MOST_NAMES = 4
_TRACES = frozenset(
    {"traceback.format_exc", "traceback.format_exception", "traceback.format_tb", "traceback.format_exception_only",
     "traceback.format_stack", "sys.exc_info"}
)  # fmt: skip
_PASSING = frozenset(
    {"str", "repr", "format", "dict", "list", "dumps", "jsonify", "join", "getattr", "strip", "replace", "encode",
     "splitlines", "split", "make_response", "escape", "unicode", "jsonable_encoder", "copy", "rstrip", "Markup"}
)  # fmt: skip
_SHOWN = frozenset({"args", "message", "msg", "__str__", "__repr__", "stderr"})
_INNER = frozenset({"orig", "original_exception", "__cause__", "__context__", "pgerror", "diag", "__traceback__"})
"""Members that hold what a driver or another error said."""
_ADDING = frozenset({"append", "extend", "update", "setdefault", "insert"})


class Leak(Struct, frozen=True):
    """A part of a response that says what went wrong inside: the expression, and of which error it is.

    `kind` is message, trace, or inner for what surely is no text for clients.
    """

    node: Node
    kind: str
    caught: Caught


def leaks(answer: Answer, caught: Caught | None, file: PythonFile) -> Iterator[Leak]:
    """The outermost expressions of a response that show an error, through local names.

    A name may have got its value in an `except` clause that the response stands behind: `caught` is None there.
    """
    waiting: list[tuple[Node, int, Caught | None]] = [(node, 0, caught) for node in reversed(answer.body)]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node, hops, error = waiting.pop()
        found = _leak(node, error, file)
        if found is not None:
            yield found
            continue
        waiting.extend((inner, hops, error) for inner in reversed(_parts(node, file)))
        if node.type == "identifier" and hops < _MOST_NAMES:
            waiting.extend((value, hops + 1, _error_at(value, error, file)) for value in _given(node, file))


def _error_at(value: Node, error: Caught | None, file: PythonFile) -> Caught | None:
    """The error that is at hand where a name gets its value."""
    if error is not None and error.place.start_byte <= value.start_byte < error.place.end_byte:
        return error
    return caught_at(value, file)


def _leak(node: Node, caught: Caught | None, file: PythonFile) -> Leak | None:
    if caught is None:
        return None
    kind = _kind(node, caught, file)
    return Leak(node, kind, caught) if kind else None


def _kind(node: Node, caught: Caught, file: PythonFile) -> str:
    """What an expression shows of an error; "" for nothing."""
    name = caught.name
    if node.type == "identifier":
        return MESSAGE if name and text(node) == name else ""
    if node.type == "attribute":
        owner, attribute = node.child_by_field_name("object"), node.child_by_field_name("attribute")
        if owner is None or attribute is None:
            return ""
        if text(owner) == name and text(attribute) in _INNER:
            return INNER
        if text(owner).startswith(f"{name}.diag"):
            return INNER
        return MESSAGE if text(owner) == name and text(attribute) in _SHOWN else ""
    if node.type == "subscript":
        return MESSAGE if _is_exc_info(node) else ""
    function = node.child_by_field_name("function") if node.type == "call" else None
    if function is None:
        return ""
    if text(function).rpartition(".")[2] in ("format_exc", "format_exception", "format_tb", "exc_info", "format_stack"):
        return TRACE if file.types.external(file.names.symbol(function)) in _TRACES else ""
    given = list(arguments(node))
    shows = text(function) in ("str", "repr", "unicode", "format") and given
    return MESSAGE if shows and name and text(bare(given[0][1])) == name else ""


def _is_exc_info(node: Node) -> bool:
    """`kwargs["exc_info"]`, which Tornado gives to `write_error`."""
    key = node.child_by_field_name("subscript")
    return key is not None and string_key(key) == "exc_info"


def _parts(node: Node, file: PythonFile) -> list[Node]:
    """The parts of an expression of which its value is made."""
    kind = node.type
    if kind in ("attribute", "lambda", "comparison_operator", "not_operator"):
        return []
    if kind == "call":
        function = node.child_by_field_name("function")
        if function is None or text(function).rpartition(".")[2] not in _PASSING:
            return []
        inner = [value for _, value in arguments(node)]
        if text(function) == "getattr" and len(inner) > 1 and string_key(inner[1]) not in _SHOWN:
            inner = inner[2:]  # `getattr(error, "status_code", 500)`
        owner = function.child_by_field_name("object")
        return [owner, *inner] if owner is not None else inner
    if kind == "conditional_expression":
        return [child for place, child in enumerate(node.named_children) if place != 1]
    if kind == "subscript":
        value = node.child_by_field_name("value")
        return [value] if value is not None else []
    if kind == "pair":
        value = node.child_by_field_name("value")
        return [value] if value is not None else []
    if kind == "keyword_argument":
        value = node.child_by_field_name("value")
        return [value] if value is not None else []
    if kind in ("identifier", "integer", "float", "comment"):
        return []
    return node.named_children


def _given(name: Node, file: PythonFile) -> list[Node]:
    """The nearest value that a local name was given before, in the same function, and what was put into it."""
    scope = file.scope(name)
    file.names.bind()
    bindings = scope.bindings.get(text(name), [])
    before = [one for one in bindings if one.at < name.start_byte]
    nearest = before[-1] if before else None
    if nearest is None or nearest.kind not in ("value", "unknown"):
        return []
    value = nearest.node if nearest.kind == "value" else nearest.element_of
    given = [value] if value is not None and (nearest.kind == "value" or nearest.part is not None) else []
    return [*given, *_put_into(name, nearest.at, file)]


def _put_into(name: Node, since: int, file: PythonFile) -> Iterator[Node]:
    """`body["reason"] = ...`, `results.append(...)` between the value that a name was given and its use."""
    own = name.text or b""
    if file.data.find(own + b"[", since, name.start_byte) >= 0:
        for assignment in file.nodes("assignment"):
            left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
            if since < assignment.start_byte < name.start_byte and left is not None and right is not None:
                held = left.child_by_field_name("value") if left.type == "subscript" else None
                if held is not None and held.text == own:
                    yield right
    if file.data.find(own + b".", since, name.start_byte) >= 0:
        for call in file.nodes("call"):
            function = call.child_by_field_name("function") if since < call.start_byte < name.start_byte else None
            owner, _, method = text(function).rpartition(".") if function is not None else ("", "", "")
            if method in _ADDING and owner == text(name):
                yield from (value for _, value in arguments(call))
