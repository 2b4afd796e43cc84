"""Reading calls, options and assignments of JavaScript for the rules of this family."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import CALL_KINDS, FUNCTION_KINDS, bare, callee, named, string_value, text
from lint_rules.languages.tables import NameTable, TableRow

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_STEPS = 6


def calls(file: JavaScriptFile) -> Iterator[Node]:
    """All calls and constructions that parse."""
    return (call for call in file.index.of_kinds(CALL_KINDS) if not file.in_broken_code(call))


def calls_of(file: JavaScriptFile, table: NameTable[TableRow]) -> Iterator[tuple[Node, TableRow]]:
    """The calls and constructions of what a table names, under whatever name, with their rows."""
    for call in calls(file):
        function = callee(call)
        row = table.match(file.canonical(function), file.types) if function is not None else None
        if row is not None:
            yield call, row


def called_name(call: Node) -> str:
    """The last name that a call is written with: `cookie` of `res.cookie(...)`."""
    function = callee(call)
    if function is None:
        return ""
    last = function.child_by_field_name("property") or function
    return text(last) if last.type in ("identifier", "property_identifier") else ""


def resolved(node: Node | None, file: JavaScriptFile) -> Node | None:
    """The value of a constant name; any other expression is itself, without parentheses and casts."""
    for _ in range(_STEPS):
        if node is None:
            return None
        node = bare(node)
        if node.type not in ("identifier", "shorthand_property_identifier"):
            return node
        found = file.scopes.binding(text(node), node.start_byte)
        if found is None or len(found[1]) != 1 or found[1][0].kind != "value" or found[1][0].path:
            return node
        value = found[1][0].node
        if value is None or (not found[1][0].is_constant and file.scopes.assignments(text(node))):
            return node
        node = value
    return node


def is_always_new(name: Node, file: JavaScriptFile) -> bool:
    """Whether a variable of a function holds objects only that are written out there: `let params = {}`."""
    found = file.scopes.binding(text(name), name.start_byte) if name.type == "identifier" else None
    if found is None or found[0].function is None or len(found[1]) != 1 or found[1][0].kind != "value":
        return False
    given = [one.child_by_field_name("right") for one in file.scopes.assignments(text(name))]
    return all(one is not None and bare(one).type == "object" for one in (found[1][0].node, *given))


def options(node: Node | None, file: JavaScriptFile) -> dict[str, Node] | None:
    """The members of an object literal, or of a constant that is one; None where it cannot be seen whole."""
    node = resolved(node, file)
    if node is None or node.type != "object":
        return None
    found: dict[str, Node] = {}
    for member in named(node):
        if member.type == "pair":
            key, value = member.child_by_field_name("key"), member.child_by_field_name("value")
            if key is None or value is None:
                continue
            found[key_name(key)] = value
        elif member.type in ("shorthand_property_identifier", "method_definition"):
            name = member.child_by_field_name("name") or member
            found[text(name)] = member
        elif member.type == "spread_element":
            found["..."] = member
    return found


def key_name(key: Node) -> str:
    """`httpOnly` of `httpOnly`, `"httpOnly"` and `["httpOnly"]`."""
    if key.type == "computed_property_name":
        inner = named(key)
        return (string_value(inner[0]) or "") if inner else ""
    return string_value(key) or text(key)


def constant(node: Node | None, file: JavaScriptFile) -> str:
    """A constant as text: `false`, `null`, `undefined`, a number, the value of a string; "" for anything else."""
    node = resolved(node, file)
    if node is None:
        return ""
    if node.type in ("true", "false", "null", "undefined", "number"):
        return text(node)
    if node.type == "unary_expression" and text(node) in ("!1", "!0"):
        return "false" if text(node) == "!1" else "true"
    return string_value(node) or ""


def assignments(file: JavaScriptFile) -> Iterator[tuple[str, Node, Node]]:
    """Every assignment to a member: the member's name, the target, the value."""
    for assignment in file.nodes("assignment_expression"):
        target, value = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if target is None or value is None or file.in_broken_code(assignment):
            continue
        name = member_name(target)
        if name:
            yield name, target, value


def member_name(node: Node) -> str:
    """`body` of `ctx.body` and `ctx["body"]`; "" for anything that is no member."""
    if node.type == "member_expression":
        last = node.child_by_field_name("property")
        return text(last) if last is not None else ""
    if node.type == "subscript_expression":
        return string_value(node.child_by_field_name("index")) or ""
    return ""


def function_around(node: Node) -> Node | None:
    """The innermost function that holds a node."""
    current = node.parent
    while current is not None and current.type not in FUNCTION_KINDS:
        current = current.parent
    return current


def words_around(node: Node) -> str:
    """The names that say what a value is for: what it is bound to or passed as, and the named function around it."""
    found: list[str] = []
    current = node.parent
    while current is not None:
        for field in ("name", "key", "left"):
            name = current.child_by_field_name(field)
            if name is not None and current.type in (
                "variable_declarator", "pair", "assignment_expression", "function_declaration", "method_definition",
                "function_expression", "public_field_definition", "field_definition",
            ):  # fmt: skip
                found.append(text(name))
        if current.type in ("function_declaration", "method_definition", "class_body"):
            break
        current = current.parent
    return " ".join(found)
