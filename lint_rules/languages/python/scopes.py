"""Scopes of a module and what binds the names in them, taken from the syntax tree on demand.

Everything here is found by one query over the tree (in C) and placed by bisection; no tree is walked in Python.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator

from msgspec import Struct, field
from tree_sitter import Node

from lint_rules.languages.python.grammar import SyntaxIndex, first_named, first_token

MODULE, CLASS, FUNCTION, LAMBDA = "module", "class", "function", "lambda"
UNNAMED = "<lambda>"
"""The name of a lambda that is not assigned to one."""

_SCOPE_KINDS = ("function_definition", "class_definition", "lambda")


class Binding(Struct, eq=False):
    """One thing that binds a name at byte `at`.

    `kind` is import, value, enter, parameter, definition or unknown; `node` is the value or annotation expression, and
    `target` the dotted name an import binds. `element_of` is what a loop goes through to bind the name, `part` the
    position of the name where the loop or assignment takes its values apart.
    """

    at: int
    kind: str
    node: Node | None = None
    annotation: Node | None = None
    target: str = ""
    function: Node | None = None
    element_of: Node | None = None
    part: int | None = None


class Scope(Struct, eq=False):
    """A module, class, function or lambda; `name` is dotted within the module, "" for the module itself."""

    kind: str
    name: str
    node: Node
    start: int
    end: int
    parent: Scope | None
    is_async: bool = False
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)

    @property
    def function(self) -> Scope | None:
        """The nearest function or lambda that is, or encloses, this scope; classes end the search."""
        scope: Scope | None = self
        while scope is not None and scope.kind == CLASS:
            scope = scope.parent
        return scope if scope is not None and scope.kind != MODULE else None

    @property
    def owner_class(self) -> Scope | None:
        """The class whose method this function is."""
        return self.parent if self.parent is not None and self.parent.kind == CLASS else None

    def enclosing(self) -> Iterator[Scope]:
        """This scope and those around it, as Python looks names up: classes count only when they are the first."""
        yield self
        scope = self.parent
        while scope is not None:
            if scope.kind != CLASS:
                yield scope
            scope = scope.parent


def text(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode()


def _lambda_name(node: Node) -> str:
    """`fetch` for `fetch = lambda: ...`, which is as good as a `def`."""
    place = node.parent
    target = place.child_by_field_name("left") if place is not None and place.type == "assignment" else None
    return text(target) if target is not None and target.type == "identifier" else UNNAMED


class Scopes:
    """All scopes of one module, and the scope at any byte."""

    def __init__(self, index: SyntaxIndex) -> None:
        root = index.root
        self.module = Scope(MODULE, "", root, 0, root.end_byte + 1, None)
        self.all: list[Scope] = [self.module]
        self._place(index)
        self._starts = [scope.start for scope in self.all]
        self._by_node = {scope.node.id: scope for scope in self.all}

    def _place(self, index: SyntaxIndex) -> None:
        placed = sorted(
            (body.start_byte, -node.end_byte, kind, node)
            for kind in _SCOPE_KINDS
            for node in index.nodes(kind)
            if (body := node.child_by_field_name("body")) is not None
        )
        current = self.module
        for start, negative_end, kind, node in placed:
            while current.end <= start and current.parent is not None:
                current = current.parent
            current = self._scope(kind, node, start, -negative_end, current)
            self.all.append(current)

    @staticmethod
    def _scope(kind: str, node: Node, start: int, end: int, parent: Scope) -> Scope:
        identifier = node.child_by_field_name("name")
        own = _lambda_name(node) if identifier is None else text(identifier)
        prefix = parent.name + (".<locals>." if parent.kind in (FUNCTION, LAMBDA) else ".") if parent.name else ""
        if kind == "function_definition":
            return Scope(FUNCTION, prefix + own, node, start, end, parent, first_token(node) == "async")
        return Scope(CLASS if kind == "class_definition" else LAMBDA, prefix + own, node, start, end, parent)

    def at(self, byte: int) -> Scope:
        """The innermost scope whose body holds this byte."""
        scope = self.all[bisect_right(self._starts, byte) - 1]
        while scope.end <= byte and scope.parent is not None:
            scope = scope.parent
        return scope

    def of(self, node: Node) -> Scope | None:
        """The scope that a function, class or lambda node opens."""
        return self._by_node.get(node.id)

    @property
    def functions(self) -> Iterator[Scope]:
        """All functions and methods, lambdas left out."""
        return (scope for scope in self.all if scope.kind == FUNCTION)


class Binder:
    """Fills the bindings of all scopes, once, from one query."""

    def __init__(self, scopes: Scopes, index: SyntaxIndex, package: str, locate: Callable[[str], str]) -> None:
        self._scopes = scopes
        self._locate = locate
        self._package = package
        self.stars: list[str] = []
        for statement in index.nodes("global_statement"):
            scope = scopes.at(statement.start_byte)
            scope.globals.update(text(name) for name in statement.named_children)
        for scope in scopes.all:
            if scope.kind != MODULE:
                self._definition(scope)
        for assignment in index.nodes("assignment"):
            self._assignment(assignment)
        for named in index.nodes("named_expression"):
            self._bind(named.child_by_field_name("name"), "value", named.child_by_field_name("value"))
        for pattern in index.nodes("as_pattern"):
            self._as_pattern(pattern)
        for kind in ("for_statement", "for_in_clause"):
            for loop in index.nodes(kind):
                self._loop(loop.child_by_field_name("left"), loop.child_by_field_name("right"))
        for statement in index.nodes("import_statement"):
            self._import(statement)
        for statement in index.nodes("import_from_statement"):
            self._import_from(statement)
        for scope in scopes.all:
            for bindings in scope.bindings.values():
                if len(bindings) > 1:
                    bindings.sort(key=lambda binding: binding.at)

    def _add(self, name: str, binding: Binding) -> None:
        scope = self._scopes.at(binding.at)
        if name in scope.globals:
            scope = self._scopes.module
        scope.bindings.setdefault(name, []).append(binding)

    def _bind(self, target: Node | None, kind: str, value: Node | None, annotation: Node | None = None) -> None:
        """Bind a target, taking tuples apart: `a, b = x, y` pairs up, `a, b = f()` binds unknowns."""
        waiting = [(target, kind, value)]
        while waiting:
            target, kind, value = waiting.pop()
            if target is None:
                continue
            if target.type == "identifier":
                self._add(text(target), Binding(target.start_byte, kind, value, annotation))
            elif target.type in ("pattern_list", "tuple_pattern", "list_pattern", "expression_list", "tuple"):
                names = target.named_children
                values = (
                    value.named_children if value is not None and value.type in ("expression_list", "tuple") else ()
                )
                for position, name in enumerate(names):
                    paired = values[position] if len(values) == len(names) and kind == "value" else None
                    if paired is None and kind == "value" and name.type == "identifier":
                        self._add(text(name), Binding(name.start_byte, "unknown", element_of=value, part=position))
                    else:
                        waiting.append((name, "value" if paired else "unknown", paired))
            elif target.type in ("list_splat_pattern", "parenthesized_expression", "as_pattern_target"):
                waiting.extend((child, kind, value) for child in target.named_children)

    def _assignment(self, node: Node) -> None:
        right = node.child_by_field_name("right")
        annotation = node.child_by_field_name("type")
        while right is not None and right.type == "assignment":  # a = b = value: the inner ones bind by themselves
            right = right.child_by_field_name("right")
        if right is None and annotation is None:
            return
        self._bind(node.child_by_field_name("left"), "value", right, annotation)

    def _loop(self, target: Node | None, values: Node | None) -> None:
        """Bind what a loop binds: its name, or the names that it takes the elements apart into."""
        if target is None or target.type not in ("identifier", "pattern_list", "tuple_pattern"):
            self._bind(target, "unknown", None)
            return
        names = [target] if target.type == "identifier" else target.named_children
        for position, name in enumerate(names):
            if name.type == "identifier":
                part = None if target.type == "identifier" else position
                self._add(text(name), Binding(name.start_byte, "unknown", element_of=values, part=part))
            else:
                self._bind(name, "unknown", None)

    def _as_pattern(self, node: Node) -> None:
        alias = node.child_by_field_name("alias")
        parent = node.parent
        is_with = parent is not None and parent.type == "with_item"
        self._bind(alias, "enter" if is_with else "unknown", first_named(node) if is_with else None)

    def _definition(self, scope: Scope) -> None:
        identifier = scope.node.child_by_field_name("name")
        parent = scope.parent
        if identifier is not None and parent is not None:
            name = text(identifier)
            home = self._scopes.module if name in parent.globals else parent
            home.bindings.setdefault(name, []).append(
                Binding(scope.node.start_byte, "definition", target=scope.name, function=scope.node)
            )
        parameters = scope.node.child_by_field_name("parameters")
        if scope.kind in (FUNCTION, LAMBDA) and parameters is not None:
            for parameter in parameters.named_children:
                self._parameter(scope, parameter)

    @staticmethod
    def _parameter(scope: Scope, parameter: Node) -> None:
        name: Node | None = parameter
        if parameter.type in ("default_parameter", "typed_default_parameter"):
            name = parameter.child_by_field_name("name")
        elif parameter.type in ("typed_parameter", "list_splat_pattern", "dictionary_splat_pattern"):
            name = first_named(parameter)
        starred = "splat" in parameter.type or (name is not None and "splat" in name.type)
        while name is not None and name.type != "identifier":
            name = first_named(name)
        if name is not None:
            annotation = None if starred else parameter.child_by_field_name("type")
            binding = Binding(scope.start, "parameter", parameter.child_by_field_name("value"), annotation)
            scope.bindings.setdefault(text(name), []).append(binding)

    def _import(self, node: Node) -> None:
        for item in node.named_children:
            if item.type == "aliased_import":
                name, alias = item.child_by_field_name("name"), item.child_by_field_name("alias")
                if name is not None and alias is not None:
                    self._add(text(alias), Binding(node.start_byte, "import", target=self._locate(text(name))))
            elif item.type == "dotted_name":
                top = text(item).split(".", 1)[0]
                self._add(top, Binding(node.start_byte, "import", target=self._locate(top)))

    def _import_from(self, node: Node) -> None:
        source = node.child_by_field_name("module_name")
        if source is None:
            return
        module = self._absolute(source)
        for item in node.named_children[1:]:
            if item.type == "aliased_import":
                name, alias = item.child_by_field_name("name"), item.child_by_field_name("alias")
                if name is not None and alias is not None:
                    self._add(text(alias), Binding(node.start_byte, "import", target=f"{module}.{text(name)}"))
            elif item.type == "dotted_name":
                self._add(text(item), Binding(node.start_byte, "import", target=f"{module}.{text(item)}"))
            elif item.type == "wildcard_import" and self._scopes.at(node.start_byte) is self._scopes.module:
                self.stars.append(module)

    def _absolute(self, source: Node) -> str:
        written = text(source).replace(" ", "")
        module = written.lstrip(".")
        dots = len(written) - len(module)
        if not dots:
            return self._locate(module)
        parents = self._package.split(".") if self._package else []
        base = parents[: len(parents) - (dots - 1)] if dots > 1 else parents
        return ".".join([*base, module] if module else base)
