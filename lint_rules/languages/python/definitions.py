"""What one file defines, for other files to find: imported names, variables, and classes with what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from tree_sitter import Node

from lint_rules.languages.python.grammar import SyntaxIndex
from lint_rules.languages.python.indirect import held_members
from lint_rules.languages.python.names import Names
from lint_rules.languages.python.scopes import CLASS, Binding, Scope, text
from lint_rules.project.facts import ClassFacts
from lint_rules.project.indirect import ITEM


class Definitions:
    """The names of a module and of its classes, with the symbols of what they are bound to."""

    def __init__(self, index: SyntaxIndex, names: Names) -> None:
        self._index = index
        self._names = names
        self._scopes = names.scopes

    def aliases_and_variables(self) -> tuple[dict[str, str], dict[str, str]]:
        """The names that imports bind, with what they stand for; and all others but functions and classes."""
        names = self._names
        aliases: dict[str, str] = {}
        variables: dict[str, str] = {}
        names.bind()
        for name, bindings in self._scopes.module.bindings.items():
            imports = [binding for binding in bindings if binding.kind == "import"]
            if imports:
                if imports[0].target != f"{names.module}.{name}":
                    aliases[name] = imports[0].target
                continue
            if any(binding.kind == "definition" for binding in bindings):
                continue
            variables[name] = self._value(bindings, self._scopes.module, name)
            if held := self._table(bindings):
                variables[name + ITEM] = held
        return aliases, variables

    def _table(self, bindings: Sequence[Binding]) -> str:
        """The functions of a table that a name is bound to, once."""
        return held_members(bindings[0].node, self._names) if len(bindings) == 1 else ""

    def _value(self, bindings: Sequence[Binding], scope: Scope, name: str) -> str:
        for binding in bindings:
            symbol = self._names.binding_symbol(binding, scope, name, 1)
            if symbol:
                return symbol
        return ""

    def classes(self) -> dict[str, ClassFacts]:
        """The classes, with their bases and what their bodies and methods store."""
        found: dict[str, ClassFacts] = {}
        attributes = self.attributes
        for scope in self._scopes.all:
            if scope.kind != CLASS:
                continue
            superclasses = scope.node.child_by_field_name("superclasses")
            bases = tuple(
                self._base(base)
                for base in (superclasses.named_children if superclasses is not None else ())
                if base.type not in ("keyword_argument", "comment")
            )
            own = {
                name: value
                for name, bindings in scope.bindings.items()
                if not any(binding.kind == "definition" for binding in bindings)
                and (value := self._value(bindings, scope, name)) is not None
            }
            own |= {name + ITEM: held for name, bindings in scope.bindings.items() if (held := self._table(bindings))}
            for name, value in attributes.get(scope.name, {}).items():
                if not own.get(name):
                    own[name] = value
            found.setdefault(scope.name, ClassFacts(scope.name, bases, own))
        return found

    def _base(self, base: Node) -> str:
        if base.type == "subscript":  # Generic[T], Repository[User]
            value = base.child_by_field_name("value")
            return self._names.symbol(value) if value is not None else ""
        return self._names.symbol(base)

    @cached_property
    def attributes(self) -> dict[str, dict[str, str]]:
        """What methods store on `self`: class name -> attribute -> symbol, the first known value winning."""
        stored: dict[str, dict[str, str]] = {}
        for assignment in self._index.nodes("assignment"):
            left = assignment.child_by_field_name("left")
            if left is None or left.type != "attribute":
                continue
            base, attribute = left.child_by_field_name("object"), left.child_by_field_name("attribute")
            if base is None or base.type != "identifier" or attribute is None or text(base) not in ("self", "cls"):
                continue
            scope: Scope | None = self._scopes.at(assignment.start_byte)
            while scope is not None and scope.kind != CLASS:
                scope = scope.parent
            if scope is None:
                continue
            values = stored.setdefault(scope.name, {})
            name = text(attribute)
            if not values.get(name):
                values[name] = self._assigned(assignment)
            if held := held_members(assignment.child_by_field_name("right"), self._names):
                values[name + ITEM] = held
        return stored

    def _assigned(self, assignment: Node) -> str:
        annotation = assignment.child_by_field_name("type")
        if annotation is not None and (symbol := self._names.annotation(annotation)):
            return symbol
        right = assignment.child_by_field_name("right")
        while right is not None and right.type == "assignment":
            right = right.child_by_field_name("right")
        return self._names.symbol(right) if right is not None else ""
