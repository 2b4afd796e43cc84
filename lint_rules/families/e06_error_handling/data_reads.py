"""How a callback uses a value that it is given: whether it asks for it, takes it apart, prints it."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.languages.javascript.bodies import all_nodes
from lint_rules.languages.javascript.grammar import arguments, around, bare, callee, text

_PRINTS = re.compile(r"^console\.|(?i:\b(?:log\w*\.)?(?:print\w*|log|info|warn|debug|trace|error)$)")
_MOST_CALLS = 3
_CONDITIONS = frozenset({"if_statement", "ternary_expression", "while_statement", "switch_statement"})
_TELLING = frozenset({"Array.isArray", "Boolean", "isNaN", "_.isEmpty", "_.isUndefined"})


def is_guard(read: Node) -> bool:
    """Whether a read asks whether there is data: `if (!row)`, `row?.id`, `rows || []`."""
    current = read
    parent = around(current)
    if parent is not None and parent.type == "member_expression" and parent.child_by_field_name("object") == current:
        return parent.child_by_field_name("optional_chain") is not None or _stands_in_condition(read)
    while parent is not None:
        if parent.type == "unary_expression":
            return True
        if parent.type == "binary_expression":
            operator = parent.child_by_field_name("operator")
            sign = operator.type if operator is not None else ""
            is_left = holds(parent.child_by_field_name("left") or parent, read)
            if (sign in ("||", "??", "&&") and is_left) or sign in ("==", "===", "!=", "!==", "instanceof", "in"):
                return True
        if parent.type in _CONDITIONS:
            condition = parent.child_by_field_name("condition") or parent.child_by_field_name("value")
            return condition is not None and holds(condition, read)
        if parent.type == "arguments":
            call = parent.parent
            function = callee(call) if call is not None else None
            return function is not None and text(function) in _TELLING
        if parent.type not in ("binary_expression", "parenthesized_expression"):
            return False
        current, parent = parent, around(parent)
    return False


def _stands_in_condition(read: Node) -> bool:
    """Whether the condition that takes data apart has asked for it first: `if (row && row.id)`."""
    current: Node | None = read
    while current is not None and not current.type.endswith("statement"):
        parent = current.parent
        if parent is not None and parent.type == "binary_expression":
            left = parent.child_by_field_name("left")
            if left is not None and left != current:
                names = [one for one in (left, *all_nodes(left)) if one.type == "identifier" and one.text == read.text]
                if any(is_guard(one) for one in names if around(one) is not None):
                    return True
        if parent is not None and parent.type == "ternary_expression":
            condition = parent.child_by_field_name("condition")
            if condition is not None and condition != current and (read.text or b"") in (condition.text or b""):
                return True
        current = parent
    return False


def is_taken_apart(read: Node) -> bool:
    """Whether a use fails, or gives nonsense, where there is no data: a member, a loop, a value that is handed on."""
    parent = around(read)
    if parent is None:
        return False
    if parent.type in ("member_expression", "subscript_expression"):
        return (parent.child_by_field_name("object") or parent) == read
    if parent.type in ("for_in_statement", "spread_element"):
        return True
    if parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
        return name is not None and name.type in ("object_pattern", "array_pattern")
    call = parent.parent if parent.type == "arguments" else None
    if call is not None and call.type == "call_expression" and bare(arguments(call)[0]) == read:
        last = text(callee(call) or call)
        return last == "JSON.parse" or last.endswith((".json", ".send", ".end", ".write", ".render"))
    return parent.type == "call_expression"


def is_condition(read: Node) -> bool:
    """Whether what is asked is whether one of the results is there: `if (results.rows)`."""
    member = around(read)
    place = around(member) if member is not None else None
    return place is not None and place.type in _CONDITIONS


def is_part_taken_apart(read: Node) -> bool:
    """Whether it is one of the results that is used: `results.rows.map(...)`, `const rows = results.rows`."""
    member = around(read)
    place = around(member) if member is not None and member.type.endswith("_expression") else None
    return place is not None and place.type in (
        "member_expression", "subscript_expression", "arguments", "variable_declarator",
    )  # fmt: skip


def is_printed(shown: Node) -> bool:
    """Whether a value is an argument of a call that prints, perhaps within others: `print(red("by " + name))`."""
    for _ in range(_MOST_CALLS):
        call = call_around(shown)
        if call is None:
            return False
        if _PRINTS.search(text(callee(call) or call)):
            return True
        shown = call
    return False


def made_of(read: Node) -> Node:
    """What a method makes of a text: `stdout.trim()`."""
    member = around(read)
    call = around(member) if member is not None and member.type == "member_expression" else None
    return call if call is not None and call.type == "call_expression" else read


def member_of(read: Node) -> Node:
    """The member that is asked of a value: `fields.report`; the value, where none is."""
    member = around(read)
    is_asked = (
        member is not None and member.type == "member_expression" and member.child_by_field_name("object") == read
    )
    return member if member is not None and is_asked else read


def call_around(read: Node) -> Node | None:
    """The call of which a value is an argument, on its own or in a text."""
    current = around(read)
    while current is not None and current.type in ("template_substitution", "template_string", "binary_expression"):
        current = around(current)
    return current.parent if current is not None and current.type == "arguments" else None


def holds(outer: Node, inner: Node) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte
