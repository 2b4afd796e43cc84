"""What happens to the value of an expression: is it dropped, awaited, returned, stored, passed on, read?

`usage_of` looks at the place where the expression stands; `usages_of` follows a value through local names as well:

    const saved = save(order);      usages_of(save(order)) -> UNUSED, if nothing reads `saved`
    const user = load(key);
    return user.name;               usages_of(load(key)) -> READ at `user.name`

Parentheses, casts, `a ? b : c`, the right side of `&&`, `||` and `??`, and literal arrays and objects hand a value
through. `Usage.whole` is False when it went into an array or object on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace
from tree_sitter import Node

from lint_rules.languages.javascript.grammar import has_token, text
from lint_rules.languages.javascript.scopes import Scope

if TYPE_CHECKING:
    from lint_rules.languages.javascript.binding import Binding
    from lint_rules.languages.javascript.file import JavaScriptFile


class Use(str, Enum):
    """The ways in which a value is used."""

    DROPPED = "dropped"
    """An expression statement: nothing has the value afterwards."""
    UNUSED = "unused"
    """Bound to a local name that nothing reads."""
    BOUND = "bound"
    """Bound to a name (`usage_of` only)."""
    STORED = "stored"
    """Bound to a member, a field or an exported name; code elsewhere may read it."""
    AWAITED = "awaited"
    VOIDED = "voided"
    """The operand of `void`: dropped on purpose."""
    RETURNED = "returned"
    """By `return`, or as the body of an arrow function; `place` is which."""
    YIELDED = "yielded"
    PASSED = "passed"
    """An argument; `place` is the call."""
    CHAINED = "chained"
    """Its `then`, `catch` or `finally` is called; `place` is that call."""
    TESTED = "tested"
    """A condition, the operand of `!`, the left side of `&&`, `||` and `??`."""
    OPERAND = "operand"
    """Compared, calculated with, `place` being the operation."""
    FORMATTED = "formatted"
    """Put into a template string."""
    SPREAD = "spread"
    UNPACKED = "unpacked"
    """Taken apart by a pattern."""
    ITERATED = "iterated"
    READ = "read"
    """A member of it is read; `place` is the member expression or subscript."""
    CALLED = "called"
    OTHER = "other"


class Usage(Struct, frozen=True):
    """One use of a value.

    `place` is the syntax node that takes it, `name` the local it is (or was) bound to, and `read` where that is read.
    """

    use: Use
    place: Node
    name: str = ""
    whole: bool = True
    read: Node | None = None


CHAINS = frozenset({"then", "catch", "finally"})
_THROUGH = frozenset(
    {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "type_assertion"}
)
_COLLECTIONS = frozenset({"array", "object", "pair"})
_LOGICAL = frozenset({"&&", "||", "??"})
_SIMPLE = {
    "expression_statement": Use.DROPPED,
    "await_expression": Use.AWAITED,
    "return_statement": Use.RETURNED,
    "yield_expression": Use.YIELDED,
    "template_substitution": Use.FORMATTED,
    "field_definition": Use.STORED,
    "public_field_definition": Use.STORED,
    "export_statement": Use.STORED,
    "if_statement": Use.TESTED,
    "while_statement": Use.TESTED,
    "do_statement": Use.TESTED,
    "switch_statement": Use.OPERAND,
    "switch_case": Use.OPERAND,
}
_UNARY = {"void": Use.VOIDED, "!": Use.TESTED, "-": Use.OPERAND, "+": Use.OPERAND, "~": Use.OPERAND}
_MAX_LEVELS = 60
_MAX_NAMES = 4


def usage_of(node: Node) -> Usage:
    """What is done with the value of an expression at the place where it stands."""
    current = node
    whole = True
    for _ in range(_MAX_LEVELS):
        parent = current.parent
        if parent is None:
            break
        kind = parent.type
        if kind in _COLLECTIONS:
            whole = False
        elif kind not in _THROUGH:
            found = _place(current, parent)
            if found is not None:
                return found if found.whole is whole else replace(found, whole=whole)
        current = parent
    return Usage(Use.OTHER, current, whole=whole)


def _place(value: Node, parent: Node) -> Usage | None:
    """The use that a node makes of one of its children; None if it hands the value on to its own place."""
    kind = parent.type
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return Usage(simple, parent)
    if kind == "ternary_expression":
        return Usage(Use.TESTED, parent) if _is_field(parent, "condition", value) else None
    if kind == "binary_expression":
        return _operand(value, parent)
    if kind == "sequence_expression":
        return None if parent.named_children[-1].id == value.id else Usage(Use.DROPPED, parent)
    if kind == "unary_expression":
        operator = parent.child_by_field_name("operator")
        return Usage(_UNARY.get(operator.type if operator is not None else "", Use.OTHER), parent)
    if kind == "arrow_function":
        return Usage(Use.RETURNED if _is_field(parent, "body", value) else Use.OTHER, parent)
    if kind == "arguments" and parent.parent is not None:
        return Usage(Use.PASSED, parent.parent)
    if kind == "spread_element":
        return Usage(Use.SPREAD, parent)
    if kind == "member_expression":
        return _member(parent)
    if kind == "subscript_expression":
        return Usage(Use.READ if _is_field(parent, "object", value) else Use.OTHER, parent)
    if kind in ("call_expression", "new_expression"):
        return Usage(Use.CALLED, parent)
    if kind == "variable_declarator":
        return _bound(parent, parent.child_by_field_name("name"))
    if kind == "assignment_expression":
        return _bound(parent, parent.child_by_field_name("left"))
    if kind == "augmented_assignment_expression":
        operator = parent.child_by_field_name("operator")
        is_logical = operator is not None and operator.type in ("&&=", "||=", "??=")
        return Usage(Use.STORED if is_logical else Use.OPERAND, parent)
    if kind == "for_in_statement":
        return Usage(Use.AWAITED if has_token(parent, "await") else Use.ITERATED, parent)
    if kind == "for_statement":
        return Usage(Use.TESTED if _is_field(parent, "condition", value) else Use.DROPPED, parent)
    return Usage(Use.OTHER, parent)


def _operand(value: Node, operation: Node) -> Usage | None:
    operator = operation.child_by_field_name("operator")
    sign = operator.type if operator is not None else ""
    if sign in _LOGICAL:
        is_left = _is_field(operation, "left", value)
        if not is_left:
            return None
        return Usage(Use.TESTED, operation)
    return Usage(Use.OTHER if sign in ("instanceof", "in") else Use.OPERAND, operation)


def _member(member: Node) -> Usage:
    last = member.child_by_field_name("property")
    call = member.parent
    if last is not None and text(last) in CHAINS and call is not None and call.type == "call_expression":
        return Usage(Use.CHAINED, call)
    return Usage(Use.READ, member)


def _bound(statement: Node, target: Node | None) -> Usage:
    if target is None or target.type in ("object_pattern", "array_pattern"):
        return Usage(Use.UNPACKED, statement)
    if target.type == "identifier":
        return Usage(Use.BOUND, statement, name=text(target))
    return Usage(Use.STORED, statement)


def _is_field(parent: Node, name: str, value: Node) -> bool:
    child = parent.child_by_field_name(name)
    return child is not None and child.id == value.id


def usages_of(node: Node, file: JavaScriptFile) -> list[Usage]:
    """All uses of the value of an expression, names that it is bound to being followed within the file."""
    found: list[Usage] = []
    waiting = [usage_of(node)]
    followed: set[int] = set()
    while waiting:
        usage = waiting.pop()
        if usage.use is not Use.BOUND:
            found.append(usage)
            continue
        binding = _binding(usage, file)
        if binding is None or len(followed) >= _MAX_NAMES or _is_exported(usage.place):
            found.append(replace(usage, use=Use.STORED))
            continue
        if id(binding[1]) in followed:
            continue
        followed.add(id(binding[1]))
        reads = list(reads_of(usage.name, *binding, file))
        if not reads:
            found.append(replace(usage, use=Use.UNUSED))
        for read in reads:
            place = usage_of(read)
            waiting.append(replace(place, name=place.name or usage.name, read=read, whole=place.whole and usage.whole))
    return found


def _binding(usage: Usage, file: JavaScriptFile) -> tuple[Scope, Binding] | None:
    """What binds the name that a value is bound to."""
    target = usage.place.child_by_field_name("name") or usage.place.child_by_field_name("left")
    seen = file.scopes.binding(usage.name, target.start_byte) if target is not None else None
    return (seen[0], seen[1][0]) if seen is not None else None


def _is_exported(statement: Node) -> bool:
    declaration = statement.parent
    return declaration is not None and declaration.parent is not None and declaration.parent.type == "export_statement"


def reads_of(name: str, scope: Scope, binding: Binding, file: JavaScriptFile) -> Iterator[Node]:
    """The places where a name is read, in the whole stretch where its binding is seen."""
    for identifier in file.index.named(name, scope.node):
        if _is_target(identifier):
            continue
        seen = file.scopes.binding(name, identifier.start_byte)
        if seen is not None and binding in seen[1]:
            yield identifier


def _is_target(identifier: Node) -> bool:
    """Whether a name is bound or assigned to, not read."""
    parent = identifier.parent
    if parent is None:
        return False
    kind = parent.type
    if kind in ("variable_declarator", "function_declaration", "class_declaration"):
        return _is_field(parent, "name", identifier)
    if kind == "assignment_expression":
        return _is_field(parent, "left", identifier)
    return kind in (
        "formal_parameters", "required_parameter", "optional_parameter", "array_pattern", "pair_pattern",
        "rest_pattern", "catch_clause", "import_specifier", "import_clause", "namespace_import",
    )  # fmt: skip
