"""What of an error a JavaScript response shows to the client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import Answer
from lint_rules.families.e06_error_handling.node_caught import MESSAGE, TRACE, WHOLE, Caught, caught_at
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import FUNCTION_KINDS, arguments, bare, callee, named, text

_MOST_NODES = 400
_MOST_NAMES = 4
_MEMBERS = {
    "message": MESSAGE, "stack": TRACE, "toString": MESSAGE, "sqlMessage": MESSAGE, "stackTrace": TRACE, "sql": MESSAGE,
    "cause": WHOLE, "originalError": WHOLE, "parent": WHOLE, "stderr": MESSAGE,
}  # fmt: skip
_PASSING = frozenset(
    {"String", "JSON.stringify", "Object.assign", "util.inspect", "inspect", "util.format", "format", "serializeError"}
)


class Leak(Struct, frozen=True):
    """A part of a response that shows an error: the expression, whether it is the message, the trace or all, and of
    which error."""

    node: Node
    kind: str
    caught: Caught


def leaks(answer: Answer, caught: Caught, file: JavaScriptFile) -> Iterator[Leak]:
    """The outermost expressions of a response that show an error, through local names.

    A name may also have got its value in a `catch` that the response stands behind.
    """
    waiting: list[tuple[Node, int, Caught]] = [(node, 0, caught) for node in reversed(answer.body)]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node, hops, error = waiting.pop()
        node = bare(node)
        kind = _kind(node, error.names)
        if kind:
            yield Leak(node, kind, error)
            continue
        waiting.extend((inner, hops, error) for inner in reversed(_parts(node)))
        if node.type not in ("identifier", "shorthand_property_identifier") or hops >= _MOST_NAMES:
            continue
        for value, path in _given(node, file):
            held = _error_at(value, error, file)
            if not path:
                waiting.append((value, hops + 1, held))
            elif text(bare(value)) in held.names and (member := _MEMBERS.get(path[0])):
                yield Leak(node, member, held)


def _given(name: Node, file: JavaScriptFile) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """What a name holds, and what is put into it: values, and the members that a pattern takes of them."""
    found = file.scopes.binding(text(name), name.start_byte)
    binding = found[1][0] if found is not None and len(found[1]) == 1 else None
    if binding is None or binding.kind != "value":
        return
    everywhere = [] if binding.is_constant else file.scopes.assignments(text(name))
    assigned = [one for one in everywhere if binding.start <= one.start_byte < binding.end]
    if not assigned and binding.node is not None:
        yield binding.node, binding.path
        yield from ((value, ()) for value in _put_into(name, binding.start, file))
    before = [one for one in assigned if one.start_byte < name.start_byte]
    if before and len(before) == len(assigned) and all(_is_in_catch(one) for one in assigned):
        value = before[-1].child_by_field_name("right")
        if value is not None:
            yield value, ()


def _put_into(name: Node, since: int, file: JavaScriptFile) -> Iterator[Node]:
    """`body.reason = ...` between the value that a name was given and its use."""
    own = (name.text or b"") + b"."
    if file.data.find(own, since, name.start_byte) < 0:
        return
    for assignment in file.nodes("assignment_expression"):
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if since < assignment.start_byte < name.start_byte and left is not None and right is not None:
            owner = left.child_by_field_name("object") if left.type == "member_expression" else None
            if owner is not None and owner.text == name.text:
                yield right


def _is_in_catch(assignment: Node) -> bool:
    current: Node | None = assignment
    while current is not None and current.type not in FUNCTION_KINDS:
        if current.type == "catch_clause":
            return True
        current = current.parent
    return False


def _error_at(value: Node, error: Caught, file: JavaScriptFile) -> Caught:
    """The error that is at hand where a name gets its value."""
    if error.names and error.place.start_byte <= value.start_byte < error.place.end_byte:
        return error
    return next((one for one in caught_at(value, file) if one.how in ("catch", "promise")), error)


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
