"""What a function or class is called: by itself, or by what it is bound to."""

from __future__ import annotations

import re

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import arguments, around, bare, has_token, is_freezing, string_value, text

ANONYMOUS = ">@"

_MAX_KEYS = 12


def own_name(node: Node) -> str:
    """`load` of `function load`, of `const load = async () =>` and of `load: () =>`; objects around it come first."""
    identifier = node.child_by_field_name("name")
    if node.type == "method_definition":
        own = key_name(identifier) or _anonymous(node)
        outer = node.parent
        return _in_object(outer, own) if outer is not None and outer.type == "object" else own
    bound = bound_name(node)
    if bound and (identifier is None or bound not in ("exports", "default")):
        return bound
    if identifier is not None:
        return text(identifier)
    return bound or _anonymous(node)


def _anonymous(node: Node) -> str:
    row, column = node.start_point
    return f"<anonymous{ANONYMOUS}{row + 1}:{column + 1}"


def key_name(key: Node | None) -> str:
    """The text of a property's name, "" if it is computed; dots in it are kept out of symbols."""
    if key is None:
        return ""
    if key.type == "computed_property_name":
        inner = key.named_child(0) if key.named_child_count else None
        written = string_value(inner)
    elif key.type == "string":
        written = string_value(key)
    else:
        written = text(key)
    return (written or "").replace(".", "\u2024")


def bound_name(value: Node) -> str:
    """What an expression is bound to: a variable, a property, a key of objects, `exports.x`, `default`; or ""."""
    place = around(value)
    for _ in range(_MAX_KEYS):  # const list = asyncHandler(async (req, res) => ...)
        wrapper = place.parent if place is not None and place.type == "arguments" else None
        if wrapper is None or not (is_freezing(wrapper) or wrapped_function(wrapper) is not None):
            break
        place = around(wrapper)
    if place is None:
        return ""
    if place.type == "variable_declarator":
        name = place.child_by_field_name("name")
        return text(name) if name is not None and name.type == "identifier" else ""
    if place.type == "assignment_expression":
        return target_name(place.child_by_field_name("left"))
    if place.type in ("field_definition", "public_field_definition"):
        return key_name(place.child_by_field_name("property") or place.child_by_field_name("name"))
    if place.type == "pair":
        own = key_name(place.child_by_field_name("key"))
        return _in_object(place.parent, own) if own and place.parent is not None else ""
    if place.type == "export_statement":
        return "default" if has_token(place, "default") else "exports"
    return ""


_WRAPPER = re.compile(r"(?i)wrap|handler|async|await|catch|middleware|promisify|throttle|debounce|memoi|(?:^|\.)once$")


def wrapped_function(call: Node) -> Node | None:
    """The function literal that a call such as `asyncHandler(async (req, res) => ...)` wraps; None for other calls."""
    if call.type != "call_expression":
        return None
    function = call.child_by_field_name("function")
    if function is None or function.type not in ("identifier", "member_expression"):
        return None
    last = function.child_by_field_name("property") or function
    if not _WRAPPER.search(text(last)):
        return None
    given = [bare(argument) for argument in arguments(call)]
    literals = [one for one in given if one.type in ("arrow_function", "function_expression")]
    if len(literals) == 1:
        return literals[0]
    nested = given[0] if len(given) == 1 else None
    return nested if nested is not None and nested.type == "call_expression" and _is_wrapper(nested) else None


def _is_wrapper(call: Node) -> bool:
    function = call.child_by_field_name("function")
    last = function.child_by_field_name("property") or function if function is not None else None
    return last is not None and _WRAPPER.search(text(last)) is not None


def target_name(left: Node | None) -> str:
    """The name of what is assigned to: `x`, `Store.load` for `Store.prototype.load` too, `exports.load`; or ""."""
    if left is None:
        return ""
    parts: list[str] = []
    current: Node | None = left
    while current is not None and current.type == "member_expression" and len(parts) < _MAX_KEYS:
        last = current.child_by_field_name("property")
        parts.append(text(last) if last is not None else "")
        current = current.child_by_field_name("object")
    if current is None or current.type not in ("identifier", "this"):
        return ""
    parts.append(text(current))
    parts.reverse()
    if parts[:2] == ["module", "exports"]:
        parts[:2] = ["exports"]
    elif parts[0] == "this":
        parts = parts[1:]
    if parts[:2] == ["exports", "default"]:
        parts = parts[1:]
    return ".".join(part for part in parts if part != "prototype")


def _in_object(literal: Node, own: str) -> str:
    """The name of a member of an object literal: `routes.list`, `exports.load`; by its place if it has no name."""
    parts = [own]
    current = literal
    for _ in range(_MAX_KEYS):
        place = around(current)
        while (
            place is not None and place.type == "arguments" and place.parent is not None and is_freezing(place.parent)
        ):
            place = around(place.parent)
        if place is None or place.type != "pair":
            break
        key = key_name(place.child_by_field_name("key"))
        if not key or place.parent is None:
            break
        parts.append(key)
        current = place.parent
    parts.append(object_name(current))
    return ".".join(reversed(parts))


def object_name(literal: Node) -> str:
    """What an object literal is bound to, or `<object>` and its place."""
    place = around(literal)
    while place is not None and place.type == "arguments" and place.parent is not None and is_freezing(place.parent):
        literal, place = place.parent, around(place.parent)
    if place is not None and place.type not in ("arguments", "pair") and (bound := bound_name(literal)):
        return bound
    row, column = literal.start_point
    return f"<object{ANONYMOUS}{row + 1}:{column + 1}"
