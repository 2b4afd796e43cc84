"""Which functions of one file a framework calls, and where they run, as far as the file and its imports tell.

What another file registers (`path("x", views.index)` in urls.py) is known to the project only: `Project.handlers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.misses import keeping_misses
from lint_rules.languages.python.library import handler_table
from lint_rules.languages.python.registrations import (
    called_function,
    decorators,
    handed_on,
    true_keywords,
)
from lint_rules.languages.python.running import runs_on_the_spot
from lint_rules.languages.python.scopes import CLASS, FUNCTION, LAMBDA, Scope, text
from lint_rules.project.frameworks import LOOP, Handler

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile


_ENDS_ARGUMENT = re.compile(rb"\s*[,(\])}]")
_WORD = re.compile(rb"\w")


class FileHandlers:
    """Answers about the functions of one file."""

    def __init__(self, file: PythonFile) -> None:
        self._file = file
        self.symbols = file.symbols
        self.is_unsure = False
        self._table = handler_table()
        self._memo: dict[int, Handler | None] = {}
        self._given: dict[int, Handler] | None = None
        self._has_loop_code: bool | None = None
        self._mentions_plain = _mentions(file.data, self._table.plain_packages)
        self._mentions_apart = _mentions(file.data, self._table.apart_packages)

    @keeping_misses
    def of(self, function: Scope) -> Handler | None:
        """What a framework makes of a function or lambda; None if the file does not say that one calls it."""
        key = function.node.id
        if key not in self._memo:
            given = self._registered.get(key) if self._may_be_handed(function) else None
            self._memo[key] = self._by_itself(function) or given
        return self._memo[key]

    def _may_be_handed(self, function: Scope) -> bool:
        """Whether the name of a function stands where an argument or an element ends; lambdas are arguments."""
        name = _own_name(function)
        return not name or _is_handed(name.encode(), self._file.data)

    @keeping_misses
    def on_loop(self, function: Scope) -> bool:
        """Whether the body of a function runs on the event loop."""
        if function.is_async:
            handler = self._by_itself(function) if self._mentions_apart else None
            return handler is None or handler.runs == LOOP
        if runs_on_the_spot(function.node):
            around = function.parent.function if function.parent is not None else None
            return around is not None and self.on_loop(around)
        if not self._may_run_on_loop(function):
            return False
        handler = self.of(function)
        return handler is not None and handler.runs == LOOP and not self._is_offloaded(function)

    @property
    @keeping_misses
    def has_loop_code(self) -> bool:
        """Whether any function of the file runs on the event loop."""
        if self._has_loop_code is None:
            functions = [scope for scope in self._file.scopes.all if scope.kind in (FUNCTION, LAMBDA)]
            self._has_loop_code = any(scope.is_async for scope in functions) or any(map(self.on_loop, functions))
        return self._has_loop_code

    def _may_run_on_loop(self, function: Scope) -> bool:
        """A quick no for most functions of most files."""
        if self._mentions_plain:
            return True
        return function.owner_class is not None and self._table.may_be_plain_method(_own_name(function))

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
        packages, is_async = self.imported_packages, function.is_async
        return self._table.decorated(names, self._file.types, packages, is_async=is_async, threaded=threaded)

    @cached_property
    def imported_packages(self) -> frozenset[str]:
        """The top names of what the module imports."""
        self._file.names.bind()
        return frozenset(
            binding.target.split(".", 1)[0]
            for bindings in self._file.scopes.module.bindings.values()
            for binding in bindings
            if binding.kind == "import"
        )

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
        if owner is None:
            return None
        if not self._table.may_be_method(name) and not self._table.may_have_views(map(text, _bases(owner))):
            return None
        return self._table.method(self.ancestors(owner), name, is_async=function.is_async)

    def ancestors(self, owner: Scope) -> list[str]:
        """Canonical names of a class of this file and all its bases, nearest first.

        Classes of this file are looked up in its scopes: to ask the project would cost all definitions of the file.
        """
        file = self._file
        classes = {scope.name: scope for scope in file.scopes.all if scope.kind == CLASS}
        found: list[str] = []
        waiting = [f"{file.module}.{owner.name}"]
        while waiting:
            symbol = waiting.pop(0)
            own = classes.get(symbol.removeprefix(file.module + "."))
            if own is None:
                file.resolve(symbol)
                found.extend(name for name in file.symbols.ancestors(symbol) if name not in found)
            elif symbol not in found:
                found.append(symbol)
                waiting.extend(filter(None, map(file.names.symbol, _bases(own))))
        return found

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
        """Calls by a name that registers, which are given something that has the name of a function of this file."""
        names = self._table.registrar_names | self._renamed
        own = {_own_name(function) for function in self._file.scopes.functions}
        for call in self._file.nodes("call"):
            function = call.child_by_field_name("function")
            if function is not None and function.type == "attribute":
                function = function.child_by_field_name("attribute")
            if function is None or text(function) not in names:
                continue
            if any(value.type == "lambda" or _last_name(value) in own for _, value, _ in handed_on(call)):
                yield call

    @property
    def _renamed(self) -> set[str]:
        """Names under which registering functions are imported: `from django.urls import path as route`."""
        self._file.names.bind()
        return {
            name
            for name, bindings in self._file.scopes.module.bindings.items()
            if bindings[0].kind == "import" and bindings[0].target.rpartition(".")[2] in self._table.registrar_names
        }

    def _registered_by(self, call: Node) -> Iterator[tuple[int, Handler]]:
        file = self._file
        function = call.child_by_field_name("function")
        registrations = self._table.registrations(file.canonical(function), file.types) if function else ()
        for registration in registrations:
            keyword = str(registration.framework["thread_argument"])
            threaded = keyword in true_keywords(call)
            if registration.unless in true_keywords(call):
                continue
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


def _bases(owner: Scope) -> Iterator[Node]:
    superclasses = owner.node.child_by_field_name("superclasses")
    for base in superclasses.named_children if superclasses is not None else ():
        if base.type not in ("keyword_argument", "comment"):
            yield (base.child_by_field_name("value") or base) if base.type == "subscript" else base


def _last_name(expression: Node) -> str:
    return text(expression.child_by_field_name("attribute") or expression)


def _is_handed(name: bytes, data: bytes) -> bool:
    """Whether a name stands where an argument or an element ends, or is called, but for where it is defined."""
    at = data.find(name)
    while at >= 0:
        end = at + len(name)
        begins = _WORD.match(data, at - 1) is None if at else True
        if begins and data[at - 4 : at] != b"def " and _ENDS_ARGUMENT.match(data, end) is not None:
            return True
        at = data.find(name, end)
    return False


def _own_name(function: Scope) -> str:
    identifier = function.node.child_by_field_name("name")
    return text(identifier) if identifier is not None else ""


def _mentions(data: bytes, packages: frozenset[str]) -> bool:
    return any(package.encode() in data for package in packages)
