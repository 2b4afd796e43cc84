"""What of a file is a request, a response, or data that a client sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.binding import Binding, parameter_nodes, targets
from lint_rules.languages.javascript.grammar import bare, callee, first_named, named, string_value, text
from lint_rules.languages.javascript.scopes import FUNCTION, Scope
from lint_rules.project.frameworks import Framework, Handler

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_MAX_STEPS = 30
_MAX_NODES = 2_000
_UNTYPED = ".<parameter>"
_DATA_METHODS = frozenset(
    {"toString", "trim", "trimStart", "trimEnd", "toLowerCase", "toUpperCase", "slice", "substring", "substr", "split",
     "replace", "replaceAll", "concat", "join", "map", "filter", "find", "flat", "pop", "shift", "at", "get", "getAll",
     "values", "keys", "entries", "normalize", "padStart", "padEnd", "valueOf", "reverse", "sort"}
)  # fmt: skip
"""Methods of strings, arrays and maps that give (parts of) what they are called on."""


class RequestData:
    """Answers about the expressions of one file."""

    def __init__(self, file: JavaScriptFile) -> None:
        self._file = file
        self._table = file.handlers.table

    # Roles.

    def role(self, expression: Node) -> str:
        """What a name denotes in a handler: request, response, next, context, error, data, ...; "" for anything else.

        Also in functions within the handler, and for another name that is bound to it.
        """
        found = self._parameter(expression)
        if found is None:
            return ""
        function, position, path = found
        return "" if path else self.role_at(function, position)

    def role_at(self, function: Scope, position: int) -> str:
        """The role of the parameter at a position (from 0) of a handler, "" for other functions."""
        handler = self._file.handlers.of(function)
        return handler.roles[position] if handler is not None and 0 <= position < len(handler.roles) else ""

    def parameter(self, function: Scope, role: str) -> Node | None:
        """The parameter (a name or a pattern) that a handler has in a role; None if it does not take it."""
        handler = self._file.handlers.of(function)
        if handler is None:
            return None
        for position, parameter in enumerate(parameter_nodes(function.node)):
            if position < len(handler.roles) and handler.roles[position] == role:
                return _pattern(parameter)
        return None

    def response_of(self, function: Scope) -> str:
        """The name of the parameter on which a handler answers: its response, or its context; "" without one."""
        for role in ("response", "context"):
            parameter = self.parameter(function, role)
            if parameter is not None and parameter.type == "identifier":
                return text(parameter)
        return ""

    def handler_around(self, node: Node) -> tuple[Scope, Handler] | None:
        """The innermost handler (of requests or messages) that holds a node, functions within it being passed over."""
        scope = self._file.enclosing_function(node)
        while scope is not None:
            handler = self._file.handlers.of(scope)
            if handler is not None and handler.kind in ("route", "hook", "error", "socket", "task"):
                return scope, handler
            scope = scope.parent.function if scope.parent is not None else None
        return None

    # Data.

    def is_data(self, expression: Node) -> bool:
        """Whether an expression is data that a client sent, as it came."""
        return bool(self.source(expression))

    def is_document(self, expression: Node) -> bool:
        """Whether it is (part of) a parsed document, in which the client chooses the types of the values too."""
        source = self.source(expression)
        return source == "data" or any(source in framework["request_json"] for framework in self._table.frameworks)

    def is_request(self, expression: Node) -> bool:
        """Whether an expression is a request as a whole (or a context that holds one)."""
        name = self.canonical(expression)
        return any(candidate in self._table.request_types for candidate in _classes(name, self._file))

    def source(self, expression: Node) -> str:
        """What of the request an expression reads: `express.Request.body`, "data" for a parameter; "" for nothing."""
        value = bare(expression)
        for _ in range(_MAX_STEPS):
            row = self._row(value)
            if row is not None:
                return row[0]
            inner = self._inner(value)
            if inner is None:
                break
            value = inner
        found = self._parameter(value)
        return "data" if found is not None and self.role_at(found[0], found[1]) == "data" else ""

    def _row(self, value: Node) -> tuple[str, Framework] | None:
        return self._table.request_row(self.canonical(value), self._file.types)

    def canonical(self, expression: Node) -> str:
        """The canonical name of an expression; that of what a handler is given also where only its role tells it.

        Names know a parameter by its type, its name and the names beside it; `(request) => ...` of a route of Hapi and
        `async (event) => ...` of a function of Lambda are known by where the function is registered or exported.
        """
        known = self._file.canonical(expression)
        if known and _UNTYPED not in known:
            return known
        return self._by_role(expression) or known

    def _by_role(self, expression: Node) -> str:
        tail: list[str] = []
        called = ""
        current: Node | None = bare(expression)
        for _ in range(_MAX_STEPS):
            if current is None:
                return ""
            kind = current.type
            if kind in ("member_expression", "subscript_expression"):
                last = current.child_by_field_name("property")
                tail.append((text(last) if last is not None else _key(current)) + called)
                called = ""
                current = current.child_by_field_name("object")
            elif kind == "call_expression":
                called += "()"
                current = callee(current)
            elif kind == "await_expression":
                current = first_named(current)
            elif kind in ("identifier", "shorthand_property_identifier"):
                found = self._file.scopes.binding(text(current), current.start_byte)
                if found is None or (called and not found[1][0].path):
                    return ""
                binding = found[1][0]
                tail.extend(reversed(binding.path))
                if called and tail:
                    tail[-1] += called
                    called = ""
                if binding.kind == "parameter" and found[0].kind == FUNCTION:
                    base = self._role_type(found[0], binding.position)
                    return ".".join((base, *reversed(tail))) if base else ""
                is_one_value = binding.kind == "value" and len(found[1]) == 1
                current = binding.node if is_one_value and not self._is_reassigned(binding, current) else None
            else:
                return ""
            current = bare(current) if current is not None else None
        return ""

    def _is_reassigned(self, binding: Binding, name: Node) -> bool:
        return not binding.is_constant and bool(self._file.scopes.assignments(text(name)))

    def _role_type(self, function: Scope, position: int) -> str:
        handler = self._file.handlers.of(function)
        if handler is None or not 0 <= position < len(handler.roles):
            return ""
        return self._table.role_type(handler.framework, handler.roles[position])

    def _inner(self, value: Node) -> Node | None:
        """What an expression is a part of: `body` of `body.items[0]`, of `await body`, of `body.name.trim()`."""
        kind = value.type
        if kind in ("member_expression", "subscript_expression"):
            inner = value.child_by_field_name("object")
        elif kind == "await_expression":
            inner = first_named(value)
        elif kind == "call_expression":
            function = callee(value)
            last = function.child_by_field_name("property") if function is not None else None
            is_passed_through = function is not None and last is not None and text(last) in _DATA_METHODS
            inner = function.child_by_field_name("object") if is_passed_through and function is not None else None
        elif kind == "binary_expression":
            operator = value.child_by_field_name("operator")
            is_choice = operator is not None and operator.type in ("||", "??")
            inner = value.child_by_field_name("left") if is_choice else None
        elif kind == "identifier":
            inner = self._bound_value(value)
        else:
            return None
        return bare(inner) if inner is not None else None

    def _bound_value(self, name: Node) -> Node | None:
        """The value of which a local name is the whole or, by a pattern, a part."""
        found = self._file.scopes.binding(text(name), name.start_byte)
        if found is None or len(found[1]) != 1 or found[1][0].kind != "value":
            return None
        binding = found[1][0]
        if not binding.is_constant and self._file.scopes.assignments(text(name)):
            return None
        return binding.node

    def within(self, node: Node) -> Iterator[Node]:
        """The outermost expressions in a node that are data of a client: in a template, a concatenation, an object."""
        waiting = [node]
        for _ in range(_MAX_NODES):
            if not waiting:
                return
            current = waiting.pop()
            if current.type in _EXPRESSIONS and self.is_data(current):
                yield current
            elif current.type not in _CLOSED:
                waiting.extend(reversed(named(current)))

    # Parameters.

    def _parameter(self, expression: Node) -> tuple[Scope, int, tuple[str, ...]] | None:
        """The function, position and path of the parameter that an expression is a part of, through local names."""
        value: Node | None = bare(expression)
        path: tuple[str, ...] = ()
        for _ in range(_MAX_STEPS):
            if value is None:
                return None
            if value.type in ("identifier", "shorthand_property_identifier"):
                found = self._file.scopes.binding(text(value), value.start_byte)
                if found is None:
                    return None
                scope, bindings = found
                binding: Binding = bindings[0]
                path = (*binding.path, *path)
                if binding.kind == "parameter" and scope.kind == FUNCTION:
                    return scope, binding.position, path
                value = binding.node if binding.kind == "value" and len(bindings) == 1 else None
            else:
                inner = self._inner(value)
                if inner is not None and value.type in ("member_expression", "subscript_expression", "call_expression"):
                    path = ("<member>", *path)
                value = inner
            value = bare(value) if value is not None else None
        return None


_EXPRESSIONS = frozenset(
    {"identifier", "shorthand_property_identifier", "member_expression", "subscript_expression", "call_expression",
     "await_expression"}
)  # fmt: skip
_CLOSED = frozenset({"arrow_function", "function_expression", "function_declaration", "class"})


def _key(subscript: Node) -> str:
    """`id` of `params["id"]`; any other subscript is an item."""
    key = string_value(subscript.child_by_field_name("index"))
    return key if key and key.isidentifier() else "<item>"


def _classes(name: str, file: JavaScriptFile) -> Iterator[str]:
    """A class and its bases, by canonical name."""
    yield name
    yield from (candidate.removesuffix(".x") for candidate in file.types.lineage(f"{name}.x"))


def _pattern(parameter: Node) -> Node | None:
    """The name or pattern of a parameter, without its annotation and default."""
    pattern = parameter.child_by_field_name("pattern") or parameter
    if pattern.type == "assignment_pattern":
        pattern = pattern.child_by_field_name("left") or pattern
    found = list(targets(pattern))
    return found[0].name if len(found) == 1 and not found[0].path else pattern
