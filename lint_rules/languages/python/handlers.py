"""Which functions of one file a framework calls, and where they run, as far as the file and its imports tell.

What another file registers (`path("x", views.index)` in urls.py) is known to the project only: `Project.handlers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.python.library import handler_table
from lint_rules.languages.python.registrations import (
    called_function,
    decorators,
    handed_on,
    true_keywords,
)
from lint_rules.languages.python.scopes import FUNCTION, LAMBDA, Scope, text
from lint_rules.project.frameworks import LOOP, Handler

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile


class FileHandlers:
    """Answers about the functions of one file."""

    def __init__(self, file: PythonFile) -> None:
        self._file = file
        self.symbols = file.symbols
        self._table = handler_table()
        self._memo: dict[int, Handler | None] = {}
        self._given: dict[int, Handler] | None = None
        self._has_loop_code: bool | None = None
        self._mentions_plain = _mentions(file.data, self._table.plain_packages)
        self._mentions_apart = _mentions(file.data, self._table.apart_packages)

    def of(self, function: Scope) -> Handler | None:
        """What a framework makes of a function or lambda; None if the file does not say that one calls it."""
        key = function.node.id
        if key not in self._memo:
            self._memo[key] = self._by_itself(function) or self._registered.get(key)
        return self._memo[key]

    def on_loop(self, function: Scope) -> bool:
        """Whether the body of a function runs on the event loop."""
        if function.is_async:
            handler = self._by_itself(function) if self._mentions_apart else None
            return handler is None or handler.runs == LOOP
        if not self._may_run_on_loop(function):
            return False
        handler = self.of(function)
        return handler is not None and handler.runs == LOOP and not self._is_offloaded(function)

    @property
    def has_loop_code(self) -> bool:
        """Whether any function of the file runs on the event loop."""
        if self._has_loop_code is None:
            functions = [scope for scope in self._file.scopes.all if scope.kind in (FUNCTION, LAMBDA)]
            self._has_loop_code = any(scope.is_async for scope in functions) or any(map(self.on_loop, functions))
        return self._has_loop_code

    def _may_run_on_loop(self, function: Scope) -> bool:
        """A quick no for most functions of most files."""
        if function.owner_class is not None and self._table.may_be_method(_own_name(function)):
            return True
        return self._mentions_plain

    def _by_itself(self, function: Scope) -> Handler | None:
        if function.kind != FUNCTION:
            return None
        return self._decorated(function) or self._of_class(function) or self._formed(function)

    def _decorated(self, function: Scope) -> Handler | None:
        expressions = list(decorators(function.node))
        if not expressions:
            return None
        functions = [called_function(expression) for expression in expressions]
        symbols = [self._file.names.symbol(function) for function in functions]
        names = [self._file.resolve(symbol) for symbol in symbols if self._table.may_decorate(symbol)]
        threaded = self._is_offloaded(function)
        return self._table.decorated(names, self._file.types, is_async=function.is_async, threaded=threaded)

    def _is_offloaded(self, function: Scope) -> bool:
        file, table = self._file, self._table
        return any(
            table.offloads(file.canonical(called_function(expression)), file.types)
            or any(keyword in table.thread_arguments for keyword in true_keywords(expression))
            for expression in decorators(function.node)
        )

    def _of_class(self, function: Scope) -> Handler | None:
        owner = function.owner_class
        name = _own_name(function)
        if owner is None or not self._table.may_be_method(name):
            return None
        return self._table.method(self._file.ancestors(owner), name, is_async=function.is_async)

    def _formed(self, function: Scope) -> Handler | None:
        name, parent, owner = _own_name(function), function.parent, function.owner_class
        outer: tuple[str, ...] = ()
        if owner is not None and name == "__call__":
            constructor = (one for one in self._file.scopes.functions if one.name == f"{owner.name}.__init__")
            outer = next((parameter_names(one) for one in constructor), ())
        elif owner is None and parent is not None and parent.kind == FUNCTION:
            outer = parameter_names(parent)
        return self._table.formed(name, parameter_names(function), outer, is_async=function.is_async)

    @property
    def _registered(self) -> dict[int, Handler]:
        """Functions and lambdas that calls in this file register, by syntax node."""
        if self._given is None:
            self._given = {}
            for call in reversed(list(self._registering_calls())):  # what is nearest to the function decides
                for node_id, handler in self._registered_by(call):
                    self._given.setdefault(node_id, handler)
        return self._given

    def _registering_calls(self) -> Iterator[Node]:
        names = self._table.registrar_names
        for call in self._file.nodes("call"):
            function = call.child_by_field_name("function")
            if function is not None and function.type == "attribute":
                function = function.child_by_field_name("attribute")
            if (function is not None and text(function) in names) or self._is_renamed(function):
                yield call

    def _is_renamed(self, function: Node | None) -> bool:
        """Whether a bare name is an alias: `from django.urls import path as route`."""
        return function is not None and function.type == "identifier" and (
            self._file.names.symbol(function).rpartition(".")[2] in self._table.registrar_names
        )  # fmt: skip

    def _registered_by(self, call: Node) -> Iterator[tuple[int, Handler]]:
        file = self._file
        function = call.child_by_field_name("function")
        registrations = self._table.registrations(file.canonical(function), file.types) if function else ()
        for registration in registrations:
            keyword = str(registration.framework["thread_argument"])
            threaded = keyword in true_keywords(call)
            for place, value, called in handed_on(call):
                scope = self._function(value) if registration.takes(place) else None
                if scope is not None and called is registration.called:
                    yield scope.node.id, registration.handler(is_async=scope.is_async, threaded=threaded)

    def _function(self, value: Node) -> Scope | None:
        """The function of this file that an expression denotes."""
        if value.type == "lambda":
            return self._file.scopes.of(value)
        symbol = self._file.canonical(value)
        prefix = self._file.module + "."
        if not symbol.startswith(prefix):
            return None
        name = symbol[len(prefix) :]
        return next((scope for scope in self._file.scopes.functions if scope.name == name), None)


def parameter_names(function: Scope) -> tuple[str, ...]:
    """The names of a function's parameters in order, without `self` or `cls`, stars left off."""
    parameters = function.node.child_by_field_name("parameters")
    names = []
    for parameter in parameters.named_children if parameters is not None else ():
        name: Node | None = parameter.child_by_field_name("name") or parameter
        while name is not None and name.type != "identifier":
            name = name.named_child(0) if name.named_child_count else None
        if name is not None:
            names.append(text(name))
    is_method = function.owner_class is not None and not is_static(function)
    return tuple(names[1:] if is_method else names)


def is_static(function: Scope) -> bool:
    """Whether a method is decorated with `@staticmethod`."""
    return any(text(expression) == "staticmethod" for expression in decorators(function.node))


def _own_name(function: Scope) -> str:
    identifier = function.node.child_by_field_name("name")
    return text(identifier) if identifier is not None else ""


def _mentions(data: bytes, packages: frozenset[str]) -> bool:
    return any(package.encode() in data for package in packages)
