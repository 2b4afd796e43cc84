"""What of an error a JavaScript response shows to the client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import Answer
from lint_rules.families.e06_error_handling.node_caught import MESSAGE, TRACE, WHOLE
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import arguments, bare, callee, named, text

_MOST_NODES = 400
_MOST_NAMES = 4
_MEMBERS = {
    "message": MESSAGE, "stack": TRACE, "toString": MESSAGE, "sqlMessage": MESSAGE, "stackTrace": TRACE, "sql": MESSAGE,
    "cause": WHOLE, "originalError": WHOLE, "parent": WHOLE, "stderr": MESSAGE,
}  # fmt: skip
_PASSING = frozenset(
    {"String", "JSON.stringify", "Object.assign", "util.inspect", "inspect", "util.format", "format", "serializeError"}
)


@dataclass(frozen=True, slots=True)
class Leak:
    """A part of a response that shows an error: the expression, and whether it is the message, the trace or all."""

    node: Node
    kind: str


def leaks(answer: Answer, names: Mapping[str, str], file: JavaScriptFile) -> Iterator[Leak]:
    """The outermost expressions of a response that show an error that has one of the names."""
    waiting: list[tuple[Node, int]] = [(node, 0) for node in reversed(answer.body)]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node, hops = waiting.pop()
        node = bare(node)
        kind = _kind(node, names)
        if kind:
            yield Leak(node, kind)
            continue
        waiting.extend((inner, hops) for inner in reversed(_parts(node)))
        if node.type in ("identifier", "shorthand_property_identifier") and hops < _MOST_NAMES:
            found = file.scopes.binding(text(node), node.start_byte)
            binding = found[1][0] if found is not None and len(found[1]) == 1 else None
            if binding is None or binding.kind != "value" or binding.node is None:
                continue
            if not binding.is_constant and file.scopes.assignments(text(node)):
                continue
            if not binding.path:
                waiting.append((binding.node, hops + 1))
            elif text(bare(binding.node)) in names and (member := _MEMBERS.get(binding.path[0])):
                yield Leak(node, member)


def _kind(node: Node, names: Mapping[str, str]) -> str:
    if node.type in ("identifier", "shorthand_property_identifier"):
        return names.get(text(node), "")
    if node.type == "member_expression":
        owner, last = node.child_by_field_name("object"), node.child_by_field_name("property")
        if owner is not None and last is not None and names.get(text(bare(owner))) == WHOLE:
            return _MEMBERS.get(text(last), "")
    if node.type == "call_expression" and (function := callee(node)) is not None:
        owner, last = function.child_by_field_name("object"), function.child_by_field_name("property")
        if owner is not None and last is not None and text(last) == "toString" and text(bare(owner)) in names:
            return MESSAGE
        given = arguments(node)
        if text(function) == "String" and given and text(bare(given[0])) in names:
            return MESSAGE
    if node.type == "template_substitution" or (node.type == "binary_expression" and "+" in map(_type, node.children)):
        shown = [text(bare(child)) for child in named(node)]
        if any(names.get(one) == WHOLE for one in shown):
            return MESSAGE
    return ""


def _type(node: Node) -> str:
    return node.type


def _parts(node: Node) -> list[Node]:
    """The parts of an expression of which its value is made."""
    kind = node.type
    if kind == "call_expression":
        function = callee(node)
        owner = function.child_by_field_name("object") if function is not None else None
        last = function.child_by_field_name("property") if function is not None else None
        if function is not None and text(function) in _PASSING:
            return arguments(node)
        if owner is not None and last is not None and text(last) in ("split", "replace", "trim", "slice", "concat"):
            return [owner]
        return []
    if kind == "ternary_expression":
        sides = (node.child_by_field_name("consequence"), node.child_by_field_name("alternative"))
        return [side for side in sides if side is not None]
    if kind == "binary_expression":
        operator, right = node.child_by_field_name("operator"), node.child_by_field_name("right")
        if operator is not None and operator.type == "&&":
            return [right] if right is not None else []
        return named(node) if operator is not None and operator.type in ("||", "??", "+") else []
    if kind == "pair":
        value = node.child_by_field_name("value")
        return [value] if value is not None else []
    if kind in ("object", "array", "spread_element", "template_string", "template_substitution", "await_expression"):
        return named(node)
    return []
