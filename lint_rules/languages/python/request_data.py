"""What a client controls in one file: which expressions read what it sent, through local names and loops."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.handlers import parameter_names
from lint_rules.languages.python.library import handler_table
from lint_rules.languages.python.registrations import arguments, decorators
from lint_rules.languages.python.scopes import FUNCTION, Binding, Scope, text
from lint_rules.project.frameworks import Framework, Handler

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_MAX_STEPS = 12
_TEXT_TYPES = frozenset({"builtins.str", "builtins.bytes"})
_COMPREHENSIONS = frozenset(
    {"list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"}
)
_LOOPS = frozenset({"for_statement", "for_in_clause"})
_PATH_PARAMETER = re.compile(r"<(?:(?P<before>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)(?::(?P<after>[^>]*))?>")
_TEXT_CONVERTERS = frozenset({"", "string", "str", "path", "slug"})
_SANIC_CONVERTERS = frozenset({"str", "strorempty", "int", "float", "alpha", "slug", "path", "ymd", "uuid", "ext"})


class RequestRead(Struct, frozen=True):
    """Where an expression gets what a client sent.

    `name` is canonical (`flask.Request.args`), or that of a parameter; `place` is the expression that reads it.
    """

    name: str
    place: Node

    @property
    def key(self) -> str:
        """The literal key it is read under, as in `request.args["page"]`; "" if there is none."""
        found = re.search(r"""[\[(]\s*["']([\w-]+)["']""", text(self.place))
        return found.group(1) if found is not None else ""


class RequestTables:
    """The request columns of frameworks.toml, by name."""

    def __init__(self, frameworks: tuple[Framework, ...]) -> None:
        self.data = {name: framework for framework in reversed(frameworks) for name in framework["request_data"]}
        self.types = frozenset(name for framework in frameworks for name in framework["request_types"])
        self.injected = frozenset(name for framework in frameworks for name in framework["injected"])
        self.unguarded = frozenset(name for framework in frameworks for name in framework["unguarded_reads"])
        self.attributes: dict[str, str] = {}
        self.globals: dict[str, str] = {}
        for framework in frameworks:
            self.attributes.update(framework["request_attributes"])
            self.globals.update(framework["request_globals"])
        self.global_names = frozenset(name.rpartition(".")[2] for name in self.globals)
        owners = (name.rpartition(".")[0] for name in (*self.data, *self.attributes))
        self.owners = self.types.union(owners)
        self.members = frozenset(name.rpartition(".")[2] for name in (*self.data, *self.attributes))


@lru_cache(maxsize=1)
def request_tables() -> RequestTables:
    """The request columns, read once."""
    return RequestTables(handler_table().frameworks)


class RequestData:
    """Answers about the expressions of one file."""

    def __init__(self, file: PythonFile) -> None:
        self._file = file
        self._tables = request_tables()
        self._classes: dict[str, tuple[str, ...]] = {}
        self.symbols = file.symbols

    def read(self, expression: Node) -> RequestRead | None:
        """What the client sent that an expression gives, or takes a part or a form of; None if nothing known."""
        waiting = [expression]
        for _ in range(_MAX_STEPS):
            if not waiting:
                return None
            current = _unwrapped(waiting.pop(0))
            name = self.data_name(current) or self.iterated_name(current)
            if name:
                return RequestRead(name, current)
            base = base_name(current)
            if base.type != "identifier":
                continue
            if self._is_data_parameter(base):
                return RequestRead(text(base), current)
            waiting.extend(self._values(base))
        return None

    def data_name(self, expression: Node, *, whole: bool = False) -> str:
        """The row of request_data that an expression reads: `flask.Request.args`; "" if it reads none.

        `whole`: the expression gives all that the row reads, not a part or a form of it.
        """
        symbol = self._file.names.symbol(expression)
        segments = symbol.split(".")
        for size in range(len(segments) - 1 if whole else 1, len(segments)):
            member = segments[size].removesuffix("()")
            if member in self._tables.members:
                for owner in self._classes_of(".".join(segments[:size])):
                    if f"{owner}.{member}" in self._tables.data:
                        return f"{owner}.{member}"
        return ""

    def iterated_name(self, expression: Node) -> str:
        """The row for what a loop over an expression gives: `sanic.Websocket.__aiter__`."""
        parent = expression.parent
        if parent is None or parent.type not in _LOOPS or parent.child_by_field_name("right") != expression:
            return ""
        owners = self._classes_of(self._file.names.symbol(expression))
        names = (f"{owner}.{member}" for owner in owners for member in ("__aiter__", "__iter__"))
        return next((name for name in names if name in self._tables.data), "")

    def _classes_of(self, symbol: str) -> tuple[str, ...]:
        """The request or view class (and its bases) that a symbol is an instance of; empty if it is none."""
        known = self._classes.get(symbol)
        if known is None:
            misses = self.symbols.misses
            known = tuple(self._find_classes(symbol))
            if self.symbols.misses == misses:  # else the answer may be another one when more modules are known
                self._classes[symbol] = known
        return known

    def _find_classes(self, symbol: str) -> list[str]:
        file, tables = self._file, self._tables
        owner, _, last = symbol.rpartition(".")
        if last.startswith("<parameter>"):
            own = owner.removeprefix(file.module + ".")
            scope = next((one for one in file.scopes.functions if one.name == own), None)
            return self._lineage(self.request_type(scope, last.removeprefix("<parameter>"))) if scope else []
        name = tables.globals.get(symbol)
        for view in self._classes_of(owner) if name is None and owner else ():
            name = name or tables.attributes.get(f"{view}.{last}")
        if name is None and last[:1].isupper():
            name = symbol
        elif name is None and last in tables.global_names:
            name = tables.globals.get(file.resolve(symbol))
        return self._lineage(name) if name else []

    def _lineage(self, name: str) -> list[str]:
        if not name:
            return []
        self._file.resolve(name)
        ancestors = self._file.symbols.ancestors(name)
        return ancestors if any(one in self._tables.owners for one in ancestors) else []

    # Parameters.

    def holds_request(self, function: Scope, parameter: str) -> bool:
        """Whether a parameter is the request, by annotation, position or name."""
        bindings = function.bindings.get(parameter, ())
        annotation = bindings[0].annotation if bindings else None
        if annotation is not None:
            annotated = self._lineage(self._file.names.annotation(annotation))
            return any(name in self._tables.types for name in annotated)
        return bool(self.request_type(function, parameter))

    def request_type(self, function: Scope, parameter: str) -> str:
        """The request class of a parameter without annotation, "" if it holds no request."""
        handler = self._file.handler(function)
        names = parameter_names(function)
        index = names.index(parameter) if parameter in names else -1
        frameworks = [handler.framework] if handler is not None else self._imported
        for framework in frameworks:
            for row in framework["request_parameters"]:
                if row.get("name") == parameter:
                    return str(row["type"])
                if handler is not None and row.get("index") == index and handler.holds_for(row.get("of", ())):
                    return str(row["type"])
        return ""

    @cached_property
    def _imported(self) -> list[Framework]:
        """The frameworks that the file imports, in the order of the table."""
        packages = self._file.handlers.imported_packages
        return [one for one in handler_table().frameworks if packages.intersection(one["packages"])]

    def _is_data_parameter(self, name: Node) -> bool:
        found = self._binding_scope(name)
        if found is None or found[0].kind != FUNCTION:
            return False
        scope, bindings = found
        if any(binding.kind != "parameter" for binding in bindings):
            return False
        handler = self._file.handler(scope)
        return handler is not None and text(name) in self.data_parameters(scope, handler)

    def data_parameters(self, function: Scope, handler: Handler) -> set[str]:
        """Parameters of a handler that hold text which the client chose."""
        framework, names = handler.framework, parameter_names(function)
        indexes = [row["index"] for row in framework["data_parameters"] if handler.holds_for(row.get("of", ()))]
        found = {names[index] for index in indexes if index < len(names)}
        if framework["typed_parameters"] and handler.kind in ("route", "socket", "dependency"):
            found.update(self._typed_as_text(function, framework))
        if framework["path_parameters"] and handler.kind in ("route", "socket"):
            found.update(text_parts_of_path(function) & set(names))
        return found

    def _typed_as_text(self, function: Scope, framework: Framework) -> Iterator[str]:
        injected = {name.rpartition(".")[2] for name in framework["injected"]}
        for name, bindings in function.bindings.items():
            binding = bindings[0]
            if len(bindings) != 1 or binding.kind != "parameter" or binding.annotation is None:
                continue
            written = text(binding.annotation) + (text(binding.node) if binding.node is not None else "")
            words = set(re.findall(r"\w+", written))
            is_checked = words & injected or words & {"pattern", "regex", "Literal"}
            if not is_checked and self._file.names.annotation(binding.annotation) in _TEXT_TYPES:
                yield name

    # Names.

    def _binding_scope(self, name: Node) -> tuple[Scope, list[Binding]] | None:
        self._file.names.bind()
        for scope in self._file.scopes.at(name.start_byte).enclosing():
            bindings = scope.bindings.get(text(name))
            if bindings is not None:
                return scope, bindings
        return None

    def _values(self, name: Node) -> Iterator[Node]:
        """What a local name may hold where it is used: the last binding, and earlier ones that it may not replace."""
        loop = _loop_over(name)
        if loop is not None:
            yield loop
            return
        found = self._binding_scope(name)
        if found is None or found[0].kind != FUNCTION:
            return
        for binding in reversed(found[1]):
            if binding.at >= name.start_byte or binding.kind not in ("value", "enter") or binding.node is None:
                continue
            if binding.node.start_byte <= name.start_byte < binding.node.end_byte:
                continue
            yield binding.node
            if _surely_runs(binding.node, name):
                return


def _unwrapped(node: Node) -> Node:
    while node.type in ("await", "parenthesized_expression", "boolean_operator", "conditional_expression"):
        inner = first_named(node)
        if inner is None:
            break
        node = inner
    return node


def base_name(node: Node) -> Node:
    """`request` of `request.args["page"].strip()`."""
    node = _unwrapped(node)
    while True:
        field = {"attribute": "object", "subscript": "value", "call": "function"}.get(node.type)
        inner = node.child_by_field_name(field) if field else None
        if inner is None:
            return node
        node = _unwrapped(inner)


def _loop_over(name: Node) -> Node | None:
    """What is iterated over by the innermost loop or comprehension that binds a name where it is used."""
    own = text(name)
    outer = name.parent
    while outer is not None and outer.type != "function_definition":
        clauses = [outer] if outer.type == "for_statement" else []
        if outer.type in _COMPREHENSIONS:
            clauses = [child for child in outer.named_children if child.type == "for_in_clause"]
        for clause in clauses:
            left, right = clause.child_by_field_name("left"), clause.child_by_field_name("right")
            inside = right is not None and right.start_byte <= name.start_byte < right.end_byte
            if left is not None and not inside and own in re.findall(r"\w+", text(left)):
                return right
        outer = outer.parent
    return None


def _surely_runs(node: Node, place: Node) -> bool:
    """Whether what stands before `place` has run when `place` does: its block holds `place` too."""
    block = node.parent
    while block is not None and block.type not in ("block", "module"):
        block = block.parent
    return block is None or block.start_byte <= place.start_byte < block.end_byte


def text_parts_of_path(function: Scope, converters: frozenset[str] = _TEXT_CONVERTERS) -> set[str]:
    """`name` for `@app.get("/users/<name>")`: parts that no converter has checked, or have one of these."""
    found = set()
    for decorator in decorators(function.node):
        given: Mapping[str, Node] = dict(arguments(decorator)) if decorator.type == "call" else {}
        for value in given.values():
            for part in _PATH_PARAMETER.finditer(text(value)) if value.type == "string" else ():
                name, converter = part["name"], part["before"] or part["after"] or ""
                if name in _SANIC_CONVERTERS and part["before"]:  # `<name:str>`, not `<str:name>`
                    name, converter = part["before"], name
                if converter in converters:
                    found.add(name)
    return found
