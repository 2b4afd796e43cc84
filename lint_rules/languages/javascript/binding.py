"""What binds a name: declarations, parameters, imports, loops, catch clauses; patterns that take values apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.grammar import CLASS_KINDS, first_token, named, string_value, text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.scopes import Scope, Scopes

_MAX_PATTERN = 400
_DECLARING = (
    "variable_declarator", "catch_clause", "for_in_statement", "import_statement", "interface_declaration",
    "type_alias_declaration", "enum_declaration", "internal_module",
)  # fmt: skip
"""What binds names besides functions, classes and parameters."""


class Binding(Struct, eq=False):
    """One thing that binds a name, visible in the bytes `start:end`; `at` is where the name stands.

    `kind` is import, value, parameter, definition (function, class), type (interface, alias, enum, namespace) or
    unknown (loops, catch). `declared` is the keyword: var, let, const, using, function, class, import, parameter,
    catch, or that of the type.

    `node` is the value (of imports: the statement), `path` the members that a pattern takes of it: `("rows", "<item>")`
    for `{ rows: [first] }`, and `fallback` the pattern's default; `element` is the place in the pattern of an array.
    `source` and `member` are an import's module as written and the imported name: `*` for the namespace. `position` is
    that of a parameter.
    """

    kind: str
    declared: str
    at: int
    start: int
    end: int
    node: Node | None = None
    annotation: Node | None = None
    path: tuple[str, ...] = ()
    fallback: Node | None = None
    source: str = ""
    member: str = ""
    position: int = -1
    is_rest: bool = False
    element: int = -1

    @property
    def is_constant(self) -> bool:
        """Whether nothing can assign to the name later."""
        return self.declared in ("const", "using", "import", "class", "enum", "interface", "type")


class Target(Struct, frozen=True):
    """One name in a pattern: its node, the members that lead to it, the default."""

    name: Node
    path: tuple[str, ...]
    fallback: Node | None = None
    is_rest: bool = False
    element: int = -1


def targets(pattern: Node | None) -> Iterator[Target]:
    """The names in a pattern, `x` or `{ a, b: { c = 1 }, ...rest }`, in order."""
    waiting: list[Target] = [] if pattern is None else [Target(pattern, ())]
    for _ in range(_MAX_PATTERN):
        if not waiting:
            return
        one = waiting.pop()
        node = one.name
        if node.type in ("identifier", "shorthand_property_identifier_pattern"):
            path = (*one.path, text(node)) if node.type != "identifier" else one.path
            yield Target(node, path, one.fallback, one.is_rest, one.element)
        else:
            waiting.extend(reversed(list(_inside(one))))


def _inside(one: Target) -> Iterator[Target]:
    node, path = one.name, one.path
    if node.type == "object_pattern":
        yield from (Target(child, path, None, False, one.element) for child in named(node))
    elif node.type == "array_pattern":
        position = 0
        for child in node.children:
            if child.type == ",":
                position += 1
            elif child.is_named and child.type != "comment":
                yield Target(child, (*path, "<item>"), None, False, one.element if path else position)
    elif node.type == "pair_pattern":
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        if value is not None:
            yield Target(value, (*path, _key(key)), None, False, one.element)
    elif node.type in ("object_assignment_pattern", "assignment_pattern"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None:
            yield Target(left, path, right, False, one.element)
    elif node.type == "rest_pattern":
        is_array = path[-1:] == ("<item>",)
        yield from (Target(child, path[:-1] if is_array else path, None, True) for child in named(node)[:1])


def _key(key: Node | None) -> str:
    if key is None or key.type == "computed_property_name":
        return "<item>"
    return (string_value(key) if key.type == "string" else text(key)) or "<item>"


def bind_scope(scopes: Scopes, scope: Scope) -> dict[str, list[Binding]]:
    """All bindings of one scope by name, in the order of the text."""
    found: dict[str, list[Binding]] = {}
    if scope.kind == "function":
        for binding, name in _parameters(scope):
            found.setdefault(name, []).append(binding)
    own = scope.node.child_by_field_name("name")
    if own is not None and scope.node.type in ("class", "function_expression", "generator_function"):
        declared = "class" if scope.kind == "class" else "function"
        binding = Binding("definition", declared, own.start_byte, scope.start, scope.end, scope.node)
        found.setdefault(text(own), []).append(binding)
    for binding, name in _declared(scopes, scope):
        found.setdefault(name, []).append(binding)
    for bindings in found.values():
        if len(bindings) > 1:
            bindings.sort(key=lambda binding: binding.at)
    return found


def parameter_nodes(function: Node) -> list[Node]:
    """The parameters of a function, in order; TypeScript's `this` is none."""
    single = function.child_by_field_name("parameter")
    if single is not None:
        return [single]
    return [
        parameter
        for parameter in named(function.child_by_field_name("parameters"))
        if (pattern := parameter.child_by_field_name("pattern")) is None or pattern.type != "this"
    ]


def _parameters(scope: Scope) -> Iterator[tuple[Binding, str]]:
    for position, parameter in enumerate(parameter_nodes(scope.node)):
        pattern = parameter.child_by_field_name("pattern") or parameter
        annotation = _annotation(parameter)
        value = parameter.child_by_field_name("value")
        for target in targets(pattern):
            yield Binding(
                "parameter", "parameter", target.name.start_byte, scope.start, scope.end, None, annotation,
                target.path, target.fallback or value, position=position, is_rest=target.is_rest,
            ), text(target.name)  # fmt: skip


def _annotation(node: Node) -> Node | None:
    return node.child_by_field_name("type")


def _declared(scopes: Scopes, scope: Scope) -> Iterator[tuple[Binding, str]]:
    for child in scope.children:
        kind = child.node.type
        if not kind.endswith("declaration"):
            continue
        name = child.node.child_by_field_name("name")
        if name is not None:
            is_class = kind in CLASS_KINDS
            start, end = _extent(child.node, scope) if is_class else (scope.start, scope.end)
            declared = "class" if is_class else "function"
            yield Binding("definition", declared, name.start_byte, start, end, child.node), text(name)
    for declaration in scopes.directly_in(scope, _DECLARING):
        kind = declaration.type
        if kind == "variable_declarator":
            yield from _variable(declaration, scope)
        elif kind == "catch_clause":
            for target in targets(declaration.child_by_field_name("parameter")):
                start, end = declaration.start_byte, declaration.end_byte
                yield Binding("unknown", "catch", target.name.start_byte, start, end), text(target.name)
        elif kind == "for_in_statement":
            yield from _loop(declaration, scope)
        elif kind == "import_statement":
            yield from imported(declaration)
        else:
            yield from _type(declaration, scope)


def _type(declaration: Node, scope: Scope) -> Iterator[tuple[Binding, str]]:
    name = declaration.child_by_field_name("name")
    if name is not None:
        start, end = _extent(declaration, scope)
        declared = declaration.type.partition("_")[0]
        yield Binding("type", declared, name.start_byte, start, end, declaration), text(name)


def _variable(declarator: Node, scope: Scope) -> Iterator[tuple[Binding, str]]:
    declaration = declarator.parent
    declared = "let" if declaration is None else first_token(declaration)
    if declared == "await":
        declared = "using"
    start, end = (scope.start, scope.end)
    if declaration is not None and declared != "var":
        start, end = _extent(declaration, scope)
    value = declarator.child_by_field_name("value")
    annotation = _annotation(declarator)
    for target in targets(declarator.child_by_field_name("name")):
        yield Binding(
            "value", declared, target.name.start_byte, start, end, value, annotation, target.path, target.fallback,
            is_rest=target.is_rest, element=target.element,
        ), text(target.name)  # fmt: skip


def _loop(loop: Node, scope: Scope) -> Iterator[tuple[Binding, str]]:
    kind = loop.child_by_field_name("kind")
    if kind is None:
        return
    declared = text(kind)
    start, end = (scope.start, scope.end) if declared == "var" else (loop.start_byte, loop.end_byte)
    operator = loop.child_by_field_name("operator")
    iterated = loop.child_by_field_name("right") if operator is not None and text(operator) == "of" else None
    for target in targets(loop.child_by_field_name("left")):
        path = ("<item>", *target.path)
        yield Binding(
            "value" if iterated is not None else "unknown", declared, target.name.start_byte, start, end, iterated,
            None, path, target.fallback,
        ), text(target.name)  # fmt: skip


_OUTSIDE_BLOCKS = (
    "export_statement", "ambient_declaration", "expression_statement", "labeled_statement", "switch_case",
    "switch_default",
)  # fmt: skip


def _extent(declaration: Node, scope: Scope) -> tuple[int, int]:
    """The bytes in which what a block declares is visible."""
    block = declaration.parent
    while block is not None and block.type in _OUTSIDE_BLOCKS:
        block = block.parent
    if block is None or block.type == "program" or block.end_byte >= scope.end:
        return scope.start, scope.end
    return block.start_byte, block.end_byte


def imported(statement: Node) -> Iterator[tuple[Binding, str]]:
    """What `import d, { a as b } from "m"`, `import * as ns from "m"` or `import x = require("m")` binds."""
    source = string_value(statement.child_by_field_name("source"))
    end = statement.parent.end_byte + 1 if statement.parent is not None else statement.end_byte

    def bound(name: Node, member: str) -> tuple[Binding, str]:
        where = source or ""
        return Binding("import", "import", name.start_byte, 0, end, statement, source=where, member=member), text(name)

    for clause in named(statement):
        if clause.type == "import_require_clause":
            source = string_value(clause.child_by_field_name("source"))
            yield from (bound(name, "*") for name in named(clause)[:1] if name.type == "identifier")
        elif clause.type == "import_clause":
            for part in named(clause):
                if part.type == "identifier":
                    yield bound(part, "default")
                elif part.type == "namespace_import":
                    yield from (bound(name, "*") for name in named(part))
                elif part.type == "named_imports":
                    yield from (bound(local, member) for local, member in specifiers(part))


def specifiers(clause: Node) -> Iterator[tuple[Node, str]]:
    """The names in `{ a, b as c, default as d }`: the node of the local (or exported) name, and the member's name."""
    for specifier in named(clause):
        if specifier.type not in ("import_specifier", "export_specifier"):
            continue
        parts = [child for child in specifier.children if child.type in ("identifier", "string", "default")]
        if parts:
            yield parts[-1], string_value(parts[0]) or text(parts[0])
