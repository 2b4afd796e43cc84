"""What a CommonJS module does while it is loaded: what it requires, and what it exports, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tree_sitter import Node

from lint_rules.languages.javascript.exports import is_module_exports
from lint_rules.languages.javascript.grammar import (
    BRANCH_KINDS,
    FUNCTION_KINDS,
    SyntaxIndex,
    has_token,
    named,
    parse,
    string_value,
    text,
)
from lint_rules.languages.javascript.members import object_members
from lint_rules.languages.javascript.requires import required
from lint_rules.languages.javascript.scopes import MODULE, Scopes
from lint_rules.project.require_simulation import ADD, REPLACE, REQUIRE, TAKE, RequireStep


def require_steps(data: bytes, path: str, resolve: Callable[[str], str]) -> list[RequireStep] | None:
    """The steps of loading a module; None for one that is no CommonJS module, or whose exports cannot be told.

    `resolve` gives the file that a specifier means, "" for what is not the project's.
    """
    parsed = parse(data, path)
    index = SyntaxIndex(parsed)
    root = parsed.tree.root_node
    if root.has_error or index.nodes("import_statement") or index.nodes("export_statement"):
        return None
    scopes = Scopes(index)
    steps: list[tuple[int, int, RequireStep]] = []
    bound: dict[str, str] = {}
    for call in index.nodes("call_expression"):
        written = required(call, scopes)
        place = _place(call)
        target = resolve(written) if written and place is not None else ""
        if not target or place is None or call.child_by_field_name("function").type == "import":  # type: ignore[union-attr]
            continue
        at = (call.start_byte, call.end_byte)
        steps.append((call.end_byte, 0, RequireStep(REQUIRE, at, target, is_sure=place)))
        steps.extend((call.end_byte, 1, step) for step in _taken(call, target, place))
        if (name := _bound_name(call)) is not None:
            bound[text(name)] = target
    steps.extend(_read(bound, index, scopes))
    for assignment in index.assignments:
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        place = _place(assignment)
        if left is None or right is None or left.type != "member_expression":
            continue
        if place is None:
            if is_module_exports(left):
                return None
            continue
        step = _export(left, right, (left.start_byte, left.end_byte))
        if step is not None:
            steps.append((assignment.end_byte, 2, step))
    steps.sort(key=lambda one: one[:2])
    return [step for _, _, step in steps]


def _place(node: Node) -> bool | None:
    """Whether a place is surely reached when the module is loaded; None if a function must be called first."""
    is_sure = True
    outer = node.parent
    while outer is not None:
        if outer.type in FUNCTION_KINDS or outer.type == "class_body":
            return None
        is_sure = is_sure and outer.type not in BRANCH_KINDS
        outer = outer.parent
    return is_sure


def _taken(call: Node, target: str, is_sure: bool) -> list[RequireStep]:
    """The members that are taken of what `require` gives: by a pattern or on the spot; or all of it, as a name."""
    parent = call.parent
    at = (call.start_byte, call.end_byte)
    if parent is None:
        return []
    if parent.type == "member_expression" and parent.child_by_field_name("object") == call:
        name = parent.child_by_field_name("property")
        return [RequireStep(TAKE, at, target, text(name), is_sure)] if name is not None else []
    if parent.type != "variable_declarator":
        return []
    bound = parent.child_by_field_name("name")
    if bound is None or bound.type == "identifier":
        return [RequireStep(TAKE, at, target, "", is_sure)]
    found: list[RequireStep] = []
    for part in named(bound) if bound.type == "object_pattern" else ():
        if part.type == "shorthand_property_identifier_pattern":
            found.append(RequireStep(TAKE, (part.start_byte, part.end_byte), target, text(part), is_sure))
        elif part.type == "pair_pattern" and (key := part.child_by_field_name("key")) is not None:
            name_of_key = string_value(key) or text(key)
            found.append(RequireStep(TAKE, (part.start_byte, part.end_byte), target, name_of_key, is_sure))
    return found


def _bound_name(call: Node) -> Node | None:
    """The name of `const name = require(...)` at the top of a module."""
    parent = call.parent
    name = parent.child_by_field_name("name") if parent is not None and parent.type == "variable_declarator" else None
    return name if name is not None and name.type == "identifier" else None


def _read(bound: dict[str, str], index: SyntaxIndex, scopes: Scopes) -> Iterator[tuple[int, int, RequireStep]]:
    """The members that are read of modules which a name is bound to."""
    for access in index.nodes("member_expression") if bound else ():
        owner, name, parent = (
            access.child_by_field_name("object"),
            access.child_by_field_name("property"),
            access.parent,
        )
        if owner is None or name is None or parent is None or owner.type != "identifier" or text(owner) not in bound:
            continue
        place = _place(access)
        found = scopes.binding(text(owner), owner.start_byte)
        is_asked = parent.type in ("binary_expression", "unary_expression") or has_token(access, "?.")
        is_written = parent.type == "assignment_expression" and parent.child_by_field_name("left") == access
        if place is None or is_asked or is_written or found is None or found[0].kind != MODULE or len(found[1]) > 1:
            continue
        at = (access.start_byte, access.end_byte)
        yield access.end_byte, 1, RequireStep(TAKE, at, bound[text(owner)], text(name), place)


def _export(left: Node, right: Node, at: tuple[int, int]) -> RequireStep | None:
    """`module.exports = {...}` replaces all, `exports.a = ` and `module.exports.a = ` add a name."""
    if is_module_exports(left):
        while right.type == "assignment_expression":
            inner = right.child_by_field_name("right")
            if inner is None:
                break
            right = inner
        if right.type == "object":
            names = [name for name, _, _ in object_members(right)]
            return RequireStep(REPLACE, at, names=None if "..." in names else tuple(names))
        return RequireStep(REPLACE, at, names=None)
    owner, name = left.child_by_field_name("object"), left.child_by_field_name("property")
    if owner is None or name is None or (text(owner) != "exports" and not is_module_exports(owner)):
        return None
    return RequireStep(ADD, at, names=(text(name),))
