"""What an expression is called, which variable it reads, and what value a literal has, in JavaScript."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.families.e09_secrets.places import is_lookup, is_wrapper
from lint_rules.languages.javascript.grammar import arguments, bare, callee, has_token, named, string_value, text

_MOST_STEPS = 16
_WRAPPING = (
    "parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "type_assertion",
)  # fmt: skip


def literal_value(node: Node) -> str | None:
    """The value of a literal, of a template without slots, or of such joined by `+`; None if it is not constant."""
    while node.type in _WRAPPING and named(node):
        node = named(node)[0]
    if node.type == "binary_expression" and node.descendant_count < 200:
        if not any(child.type == "+" for child in node.children):
            return None
        operands = (node.child_by_field_name("left"), node.child_by_field_name("right"))
        values = [literal_value(one) if one is not None else None for one in operands]
        return "".join(one for one in values if one is not None) if None not in values else None
    return string_value(node)


def is_sum(node: Node) -> bool:
    return any(child.type == "+" for child in node.children)


_ASKING = ("get", "header", "getHeader", "query", "param")


def compared_name(node: Node) -> str:
    """What is compared: the name of a value, the header that is asked for, or the function that gives it."""
    name = unwrapped_name(node)
    if name or node.type != "call_expression":
        return name
    last = called_name(node).rpartition(".")[2]
    return (first_literal(node) or last) if last in _ASKING else last


def unwrapped_name(node: Node) -> str:
    """The name of `token` or `Buffer.from(token)`."""
    while node.type == "call_expression" and is_wrapper(called_name(node)) and arguments(node):
        node = arguments(node)[0]
    return last_name(node)


_TURNED_DOWN = re.compile(rb"[{\s]*(?:throw\b|(?:\w+\.){1,4}(?:warn|error|fatal)\()", re.IGNORECASE)


def replaces(comparison: Node, name: str) -> bool:
    """Whether the value is a placeholder, which is replaced or turned down: `if (secret === "x") secret = ...`."""
    condition = comparison.parent
    while condition is not None and condition.type == "binary_expression" and has_token(condition, "&&"):
        condition = condition.parent
    branch = condition.parent if condition is not None and condition.type == "parenthesized_expression" else None
    body = branch.child_by_field_name("consequence") if branch is not None and branch.type == "if_statement" else None
    if body is None:
        return False
    is_equal = has_token(comparison, "==") or has_token(comparison, "===")
    assigned = rb"[{\s]*(?:[\w.]+\.)?%s\s*=[^=]" % re.escape(name.encode())
    is_turned_down = is_equal and _TURNED_DOWN.match(body.text or b"") is not None
    return is_turned_down or re.match(assigned, body.text or b"") is not None


def stands_in(assignment: Node, target: Node) -> bool:
    """Whether a name is given a value if the environment has none: `if (!secret) secret = "..."`."""
    branch = assignment.parent
    while branch is not None and branch.type in ("expression_statement", "statement_block"):
        branch = branch.parent
    condition = (
        branch.child_by_field_name("condition") if branch is not None and branch.type == "if_statement" else None
    )
    if condition is None or text(condition).strip("() ").replace("! ", "!") != f"!{text(target)}":
        return False
    if looked_up(target):
        return True
    root = assignment
    while root.parent is not None:
        root = root.parent
    asked = rb"\b%s\s*(?::[^=\n]*)?=\s*process\.env\b" % re.escape(last_name(target).encode())
    return re.search(asked, root.text or b"") is not None


def function_name(node: Node) -> str:
    """The name of the function around a node."""
    current: Node | None = node
    while current is not None:
        if current.type in ("function_declaration", "method_definition", "generator_function_declaration"):
            return last_name(current.child_by_field_name("name"))
        if current.type in ("arrow_function", "function_expression"):
            owner = current.parent
            if owner is None:
                return ""
            return last_name(owner.child_by_field_name("name") or owner.child_by_field_name("key"))
        current = current.parent
    return ""


def last_name(node: Node | None) -> str:
    """`password` for `password`, `this.password`, `config["password"]` and `"password"`; "" for anything else."""
    if node is None:
        return ""
    if node.type in _WRAPPING and named(node):
        return last_name(named(node)[0])
    if node.type in (
        "identifier", "property_identifier", "private_property_identifier", "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
    ):  # fmt: skip
        return text(node).lstrip("#")
    if node.type == "member_expression":
        return last_name(node.child_by_field_name("property"))
    if node.type == "subscript_expression":
        return string_value(node.child_by_field_name("index")) or ""
    if node.type == "computed_property_name" and named(node):
        return string_value(named(node)[0]) or ""
    return string_value(node) or ""


def called_name(call: Node) -> str:
    """The name a call is written with: `jwt.sign`, `new Pool`."""
    function = callee(call)
    if function is None or function.type not in ("identifier", "member_expression"):
        return ""
    if function.descendant_count > 40:
        return text(function.child_by_field_name("property") or function)[-60:]
    return text(function)


def first_literal(call: Node) -> str:
    """The value of the first argument if it is a literal."""
    given = arguments(call)
    return (string_value(given[0]) or "") if given else ""


def is_environment(node: Node) -> bool:
    """Whether an expression is the environment as a whole."""
    return text(node) in ("process.env", "import.meta.env", "Bun.env", "env")


def looked_up(node: Node) -> str:
    """The environment variable that an expression reads, "" if it reads none; of several in a chain the first."""
    node = bare(node)
    if node.type == "binary_expression" and (has_token(node, "||") or has_token(node, "??")):
        return next(filter(None, map(looked_up, named(node))), "")
    if node.type in ("member_expression", "subscript_expression"):
        owner = node.child_by_field_name("object")
        return last_name(node) if owner is not None and is_environment(owner) else ""
    if node.type == "call_expression":
        if is_lookup(called_name(node)):
            return first_literal(node)
        function = callee(node)
        inner = function.child_by_field_name("object") if function is not None else None
        return (
            looked_up(inner)
            if inner is not None and inner.type in ("member_expression", "subscript_expression")
            else ""
        )
    return ""


def looked_up_in_chain(call: Node) -> str:
    """The variable that the first call of a chain looks up: `env.get("X").default("...")`."""
    current: Node | None = call
    for _ in range(_MOST_STEPS):
        function = callee(current) if current is not None and current.type == "call_expression" else None
        current = function.child_by_field_name("object") if function is not None else None
        if current is None:
            return ""
        if current.type == "call_expression" and is_lookup(called_name(current)):
            return first_literal(current)
    return ""
