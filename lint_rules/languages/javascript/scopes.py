"""Scopes of a module and what binds the names in them, taken from the syntax tree on demand.

A scope is a module, a class or a function. Blocks are no scopes of their own: a binding says from where to where its
name is visible. The names of a scope are bound when they are first asked for, so that a file of which one function
matters costs one function.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import attrgetter

from msgspec import Struct, field
from tree_sitter import Node

from lint_rules.languages.javascript.binding import Binding, bind_scope
from lint_rules.languages.javascript.grammar import (
    CLASS_KINDS,
    FUNCTION_KINDS,
    SyntaxIndex,
    has_token,
    text,
)
from lint_rules.languages.javascript.naming import ANONYMOUS, own_name

MODULE, CLASS, FUNCTION = "module", "class", "function"

_START = attrgetter("start_byte")


class Scope(Struct, eq=False):
    """A module, class or function, of which `start:end` are the bytes where its names are visible.

    A function's bytes begin at its parameters, those of a class at its body.
    """

    kind: str
    node: Node
    start: int
    end: int
    parent: Scope | None
    children: list[Scope] = field(default_factory=list)
    _name: str | None = None
    _is_async: bool | None = None
    _bindings: dict[str, list[Binding]] | None = None

    @property
    def name(self) -> str:
        """The dotted name within the module, "" for the module itself.

        `load`, `Client.load`, `outer.<locals>.inner`, `routes.list` for a function in an object, `exports.load` for one
        assigned there, `<anonymous>@12:5` (row and column) for one that has no name.
        """
        if self._name is None:
            self._name = self._made_name()
        return self._name

    def _made_name(self) -> str:
        parent = self.parent
        if parent is None:
            return ""
        own = own_name(self.node)
        if not parent.name:
            return own
        return f"{parent.name}{'.' if parent.kind == CLASS else '.<locals>.'}{own}"

    @property
    def is_anonymous(self) -> bool:
        """Whether neither the function nor what it is bound to gives it a name."""
        return self.kind == FUNCTION and ANONYMOUS in self.name.rpartition(".<locals>.")[2]

    @property
    def is_async(self) -> bool:
        """Whether it is an async function."""
        if self._is_async is None:
            self._is_async = self.kind == FUNCTION and any(
                child.type == "async" for child in _tokens_before_parameters(self.node)
            )
        return self._is_async

    @property
    def is_generator(self) -> bool:
        """Whether it is a generator function."""
        return self.kind == FUNCTION and (
            self.node.type.startswith("generator")
            or (self.node.type == "method_definition" and has_token(self.node, "*"))
        )

    @property
    def is_arrow(self) -> bool:
        """Whether it is an arrow function, whose `this` is that of the code around it."""
        return self.node.type == "arrow_function"

    @property
    def is_static(self) -> bool:
        """Whether it is a static method."""
        return self.node.type == "method_definition" and has_token(self.node, "static")

    @property
    def accessor(self) -> str:
        """`get` or `set` for an accessor, "" for any other function."""
        if self.node.type == "method_definition":
            for child in _tokens_before_parameters(self.node):
                if child.type in ("get", "set"):
                    return child.type
        return ""

    @property
    def bindings(self) -> dict[str, list[Binding]]:
        """What binds the names of this scope, by name, in the order of the text."""
        assert self._bindings is not None, "bound by Scopes.bound"
        return self._bindings

    @property
    def function(self) -> Scope | None:
        """The nearest function that is, or encloses, this scope."""
        scope: Scope | None = self
        while scope is not None and scope.kind == CLASS:
            scope = scope.parent
        return scope if scope is not None and scope.kind != MODULE else None

    @property
    def owner_class(self) -> Scope | None:
        """The class whose method this function is (a function in a field counts as one)."""
        return self.parent if self.parent is not None and self.parent.kind == CLASS else None

    @property
    def body(self) -> Node | None:
        """The body: a block, or the expression of a short arrow function."""
        return self.node if self.kind == MODULE else self.node.child_by_field_name("body")

    def enclosing(self) -> Iterator[Scope]:
        """This scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


def _tokens_before_parameters(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.type in ("formal_parameters", "identifier", "=>"):
            return
        yield child


class Scopes:
    """All scopes of one module, and the scope at any byte."""

    def __init__(self, index: SyntaxIndex) -> None:
        root = index.root
        self._index = index
        self.module = Scope(MODULE, root, 0, root.end_byte + 1, None)
        self.all: list[Scope] = [self.module]
        self._place(index)
        self._starts = [scope.start for scope in self.all]
        self._by_node = {scope.node.id: scope for scope in self.all}
        self._assigned: dict[str, list[Node]] | None = None

    def _place(self, index: SyntaxIndex) -> None:
        placed = []
        for kinds, scope_kind in ((FUNCTION_KINDS, FUNCTION), (CLASS_KINDS, CLASS)):
            for kind in kinds:
                for node in index.nodes(kind):
                    body = node.child_by_field_name("body")
                    if body is None:
                        continue  # an overload
                    start = body.start_byte
                    if scope_kind is FUNCTION:
                        parameters = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
                        start = parameters.start_byte if parameters is not None else start
                    placed.append((start, -node.end_byte, scope_kind, node))
        placed.sort(key=lambda one: one[:2])
        current = self.module
        for start, negative_end, kind, node in placed:
            while current.end <= start and current.parent is not None:
                current = current.parent
            scope = Scope(kind, node, start, -negative_end, current)
            current.children.append(scope)
            self.all.append(scope)
            current = scope

    def at(self, byte: int) -> Scope:
        """The innermost scope that holds this byte."""
        scope = self.all[bisect_right(self._starts, byte) - 1]
        while scope.end <= byte and scope.parent is not None:
            scope = scope.parent
        return scope

    def of(self, node: Node) -> Scope | None:
        """The scope that a function or class node opens."""
        return self._by_node.get(node.id)

    @property
    def functions(self) -> Iterator[Scope]:
        """All functions and methods, in the order of the text."""
        return (scope for scope in self.all if scope.kind == FUNCTION)

    def bound(self, scope: Scope) -> dict[str, list[Binding]]:
        """What binds the names of a scope, collected on the first question."""
        if scope._bindings is None:
            scope._bindings = bind_scope(self, scope)
        return scope._bindings

    def directly_in(self, scope: Scope, kind: str | tuple[str, ...]) -> Iterator[Node]:
        """The nodes of a kind (or of several) that lie in a scope and in no scope within it, in order."""
        nodes = self._index.nodes(kind) if isinstance(kind, str) else self._index.of_kinds(kind)
        if not nodes:
            return
        start = scope.start
        for child in (*scope.children, None):
            end = child.start if child is not None else scope.end
            first = bisect_left(nodes, start, key=_START)
            last = bisect_left(nodes, end, first, key=_START)
            yield from nodes[first:last]
            if child is not None:
                start = child.end

    def binding(self, name: str, byte: int) -> tuple[Scope, list[Binding]] | None:
        """What binds a name used at `byte`: the scope, and its bindings of the name that are visible there.

        Of several blocks around the place the innermost counts. None if nothing in the file binds it.
        """
        for scope in self.at(byte).enclosing():
            if scope.kind == CLASS and scope.node.type != "class":
                continue
            found = self.bound(scope).get(name)
            if found is None:
                continue
            if len(found) == 1:
                if found[0].start <= byte < found[0].end:
                    return scope, found
                continue
            visible = [binding for binding in found if binding.start <= byte < binding.end]
            if visible:
                narrowest = min(binding.end - binding.start for binding in visible)
                return scope, [binding for binding in visible if binding.end - binding.start == narrowest]
        return None

    def assignments(self, name: str) -> list[Node]:
        """All assignments `name = value` of the file, in order, whichever variable of that name they mean."""
        if self._assigned is None:
            self._assigned = {}
            for assignment in self._index.assignments:
                left = assignment.child_by_field_name("left")
                if left is not None and left.type == "identifier":
                    self._assigned.setdefault(text(left), []).append(assignment)
        return self._assigned.get(name, [])
