"""What of an error a Python response shows to the client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import Answer
from lint_rules.families.e06_error_handling.python_bodies import bare
from lint_rules.families.e06_error_handling.python_caught import Caught
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text

MESSAGE, TRACE = "message", "trace"
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
_SHOWN = frozenset(
    {"args", "message", "msg", "orig", "__str__", "__repr__", "original_exception", "__cause__", "stderr"}
)


@dataclass(frozen=True, slots=True)
class Leak:
    """A part of a response that says what went wrong inside: the expression, and whether it is a whole trace."""

    node: Node
    kind: str


def leaks(answer: Answer, caught: Caught | None, file: PythonFile) -> Iterator[Leak]:
    """The outermost expressions of a response that show an error, through local names."""
    waiting: list[tuple[Node, int]] = [(node, 0) for node in reversed(answer.body)]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node, hops = waiting.pop()
        found = _leak(node, caught, file)
        if found is not None:
            yield found
            continue
        waiting.extend((inner, hops) for inner in reversed(_parts(node, file)))
        if node.type == "identifier" and hops < _MOST_NAMES:
            waiting.extend((value, hops + 1) for value in _assigned(node, file))


def _leak(node: Node, caught: Caught | None, file: PythonFile) -> Leak | None:
    name = caught.name if caught is not None else ""
    if node.type == "identifier" and name and text(node) == name:
        return Leak(node, MESSAGE)
    if node.type == "attribute":
        owner, attribute = node.child_by_field_name("object"), node.child_by_field_name("attribute")
        if owner is not None and attribute is not None and text(owner) == name and text(attribute) in _SHOWN:
            return Leak(node, MESSAGE)
        return None
    if node.type != "call":
        return None
    function = node.child_by_field_name("function")
    if function is None:
        return None
    if text(function).rpartition(".")[2] in ("format_exc", "format_exception", "format_tb", "exc_info", "format_stack"):
        return Leak(node, TRACE) if file.types.external(file.names.symbol(function)) in _TRACES else None
    given = list(arguments(node))
    shows = text(function) in ("str", "repr", "unicode", "format") and given
    if shows and name and text(bare(given[0][1])) == name:
        return Leak(node, MESSAGE)
    return None


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


def _assigned(name: Node, file: PythonFile) -> list[Node]:
    """The nearest value that a local name was given before, in the same function."""
    scope = file.scope(name)
    file.names.bind()
    bindings = scope.bindings.get(text(name), [])
    before = [one for one in bindings if one.at < name.start_byte and one.kind == "value" and one.node is not None]
    return [before[-1].node] if before and before[-1].node is not None else []
