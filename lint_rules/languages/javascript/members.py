"""What the classes and objects of a file hold."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.languages.javascript.annotations import annotated
from lint_rules.languages.javascript.binding import parameter_nodes, targets
from lint_rules.languages.javascript.grammar import (
    SyntaxIndex,
    arguments,
    callee,
    first_named,
    named,
    plain,
    text,
)
from lint_rules.languages.javascript.names import Names
from lint_rules.languages.javascript.naming import key_name
from lint_rules.languages.javascript.scopes import CLASS, Scope
from lint_rules.project.facts import ClassFacts
from lint_rules.project.node_names import EXPORTS

_MAX_OBJECTS = 2_000


class Members:
    """Collects the attributes and bases of the classes, constructor functions and objects of one module."""

    def __init__(self, index: SyntaxIndex, names: Names) -> None:
        self._index = index
        self._names = names
        self._scopes = names.scopes
        self._own = names.module + "."
        self.attributes: dict[str, dict[str, str]] = {}
        self.bases: dict[str, list[str]] = {}
        self._implements: dict[str, tuple[str, ...]] = {}
        self._decorators: dict[str, tuple[str, ...]] = {}
        self._classes()
        self._objects()

    def facts(self) -> dict[str, ClassFacts]:
        """Classes, constructor functions and objects by their names."""
        names = {*self.attributes, *self.bases}
        return {
            name: ClassFacts(
                name,
                tuple(self.bases.get(name, ())),
                self.attributes.get(name, {}),
                self._decorators.get(name, ()),
                self._implements.get(name, ()),
            )
            for name in sorted(names)
        }

    def hold(self, owner: str, name: str, symbol: str) -> None:
        """Note what an attribute holds; the first known value counts."""
        held = self.attributes.setdefault(owner, {})
        if not held.get(name) and symbol != f"{self._own}{owner}.{name}":
            held[name] = symbol

    # Classes.

    def _classes(self) -> None:
        for scope in self._scopes.all:
            if scope.kind != CLASS:
                continue
            self.attributes.setdefault(scope.name, {})
            self.bases[scope.name] = [symbol for base in heritage(scope.node) if (symbol := self._names.symbol(base))]
            self._implements[scope.name] = tuple(
                symbol for one in implemented(scope.node) if (symbol := annotated(self._names, one, 1))
            )
            self._decorators[scope.name] = tuple(
                symbol for one in decorators(scope.node) if (symbol := self._names.symbol(one))
            )
            for member in named(scope.body):
                if member.type in ("field_definition", "public_field_definition"):
                    self._field(scope, member)
                elif (
                    member.type == "method_definition" and key_name(member.child_by_field_name("name")) == "constructor"
                ):
                    self._parameter_properties(scope, member)
        for kind in ("interface_declaration",):
            for declaration in self._index.nodes(kind):
                self._interface(declaration)

    def _field(self, scope: Scope, field: Node) -> None:
        name = key_name(field.child_by_field_name("property") or field.child_by_field_name("name"))
        if name:
            self.hold(scope.name, name, self._typed(field) or self._value(field.child_by_field_name("value")))

    def _typed(self, node: Node) -> str:
        annotation = node.child_by_field_name("type")
        return annotated(self._names, annotation, 1) if annotation is not None else ""

    def _value(self, value: Node | None) -> str:
        return self._names.symbol(value) if value is not None else ""

    def _parameter_properties(self, scope: Scope, constructor: Node) -> None:
        """`constructor(private readonly repo: Repo)` declares a field."""
        own = self._scopes.of(constructor)
        for parameter in parameter_nodes(constructor):
            if not any(
                child.type in ("accessibility_modifier", "readonly", "override_modifier")
                for child in parameter.children
            ):
                continue
            for target in targets(parameter.child_by_field_name("pattern")):
                name = text(target.name)
                passed = f"{self._own}{own.name}.<parameter>{name}" if own is not None else ""
                self.hold(scope.name, name, self._typed(parameter) or passed)

    def _interface(self, declaration: Node) -> None:
        name = declaration.child_by_field_name("name")
        if name is None or self._scopes.at(declaration.start_byte) is not self._scopes.module:
            return
        own = text(name)
        self.attributes.setdefault(own, {})
        for member in named(declaration.child_by_field_name("body")):
            if member.type == "property_signature":
                self.hold(own, key_name(member.child_by_field_name("name")), self._typed(member))
        for clause in named(declaration):
            if clause.type == "extends_type_clause":
                self.bases[own] = [symbol for base in named(clause) if (symbol := annotated(self._names, base, 1))]

    # Objects.

    def _objects(self) -> None:
        module = self._scopes.module
        for declarator in self._scopes.directly_in(module, "variable_declarator"):
            self.note_object(declarator.child_by_field_name("value"))
        for statement in self._index.nodes("return_statement"):
            self.note_object(first_named(statement))
        for scope in self._scopes.functions:
            if scope.is_arrow and (body := scope.body) is not None and body.type == "parenthesized_expression":
                self.note_object(body)

    def note_object(self, value: Node | None) -> None:
        """Note the members of an object literal, under the name of what it is bound to."""
        if value is None:
            return
        literal = plain(value)
        if literal.type == "object":
            symbol = self._names.symbol(literal)
            if symbol.startswith(self._own) and not symbol.startswith(f"{self._own}{EXPORTS}"):
                self.note_members(symbol[len(self._own) :], literal)

    def note_members(self, owner: str, literal: Node) -> None:
        """Note the members of an object literal and of the objects in it."""
        waiting = [(owner, literal)]
        for _ in range(_MAX_OBJECTS):
            if not waiting:
                return
            owner, literal = waiting.pop()
            self.attributes.setdefault(owner, {})
            for name, value, is_method in object_members(literal):
                if is_method:
                    continue
                if name == "...":
                    base = self._names.symbol(value)
                    if base:
                        self.bases.setdefault(owner, []).append(base)
                    continue
                inner = plain(value)
                if inner.type == "object":
                    waiting.append((f"{owner}.{name}", inner))
                    self.hold(owner, name, f"{self._own}{owner}.{name}")
                else:
                    self.hold(owner, name, self._names.symbol(value))

    def created_from(self, value: Node) -> str:
        """`Base` of `Object.create(Base.prototype)`, `new Base()` and `Base.prototype`."""
        value = plain(value)
        given = arguments(value) if value.type == "call_expression" else []
        source = given[0] if given else callee(value) if value.type == "new_expression" else value
        if source is None:
            return ""
        if source.type == "member_expression":
            source = source.child_by_field_name("object") or source
        return self._names.symbol(source)

    def inherits(self, child: str, base: str) -> None:
        """Note by their symbols that one class derives from another."""
        if child.startswith(self._own) and base:
            self.bases.setdefault(child[len(self._own) :], []).append(base)


def heritage(definition: Node) -> Iterator[Node]:
    """What a class extends."""
    for child in definition.children:
        if child.type != "class_heritage":
            continue
        for part in named(child):
            if part.type == "extends_clause":
                value = part.child_by_field_name("value")
                if value is not None:
                    yield value
            elif part.type != "implements_clause":
                yield part


def implemented(definition: Node) -> Iterator[Node]:
    """The interfaces that a class says it implements."""
    for heritage_clause in definition.children:
        if heritage_clause.type == "class_heritage":
            for part in named(heritage_clause):
                yield from named(part) if part.type == "implements_clause" else ()


def object_members(literal: Node) -> Iterator[tuple[str, Node, bool]]:
    """The members of an object literal: name (`...` for a spread), value, and whether it is a method."""
    for member in named(literal):
        if member.type == "shorthand_property_identifier":
            yield text(member), member, False
        elif member.type == "pair":
            name, value = key_name(member.child_by_field_name("key")), member.child_by_field_name("value")
            if name and value is not None:
                yield name, value, False
        elif member.type == "method_definition":
            if name := key_name(member.child_by_field_name("name")):
                yield name, member, True
        elif member.type == "spread_element" and (value := first_named(member)) is not None:
            yield "...", value, False


def decorators(definition: Node) -> Iterator[Node]:
    """The expressions behind the `@`s of a class or method, outermost first."""
    holders = [definition]
    if definition.parent is not None and definition.parent.type == "export_statement":
        holders.insert(0, definition.parent)
    for holder in holders:
        for child in holder.children:
            if child.type == "decorator" and (expression := first_named(child)) is not None:
                yield expression
    before: list[Node] = []
    is_method = definition.type == "method_definition"  # in TypeScript's grammar decorators stand in front of it
    sibling = definition.prev_named_sibling if is_method else None
    while sibling is not None and sibling.type in ("decorator", "comment"):
        if sibling.type == "decorator":
            before.append(sibling)
        sibling = sibling.prev_named_sibling
    for decorator in reversed(before):
        if (expression := first_named(decorator)) is not None:
            yield expression
