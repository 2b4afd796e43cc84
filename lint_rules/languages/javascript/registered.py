"""Functions that calls of a file register as handlers, and what wrappers around them do about rejections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace
from tree_sitter import Node

from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, callee, text
from lint_rules.languages.javascript.registrations import (
    Given,
    event_of,
    given_functions,
    last_name,
    route_members,
    wrapping_calls,
)
from lint_rules.project.frameworks import LOOP, Handler
from lint_rules.project.node_frameworks import MajorOf, NodeHandlerTable, NodeRegistration, roles_of

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_LISTENING = frozenset({"on", "addListener", "prependListener", "addEventListener"})
_ONCE_IN_A_LIFE = frozenset({"listening", "ready", "open", "online", "exit", "connected"})


class Registered:
    """Answers about the calls of one file."""

    def __init__(
        self, file: JavaScriptFile, table: NodeHandlerTable, packages: MajorOf, frameworks: Sequence[str]
    ) -> None:
        self._file = file
        self._table = table
        self._packages = packages
        self._frameworks = frameworks
        self._given: dict[int, Handler] | None = None

    @property
    def registered(self) -> dict[int, Handler]:
        """Functions that calls in this file register, by syntax node."""
        if self._given is None:
            self._given = {}
            file = self._file
            for call in reversed(file.index.of_kinds(CALL_KINDS)):  # of nested calls, the inner one decides
                if not arguments(call):
                    continue
                for function, handler in self._registered_by(call):
                    self._given.setdefault(function, handler)
            for node, handler in self._in_route_objects():
                self._given.setdefault(node, handler)
        return self._given

    def _registered_by(self, call: Node) -> Iterator[tuple[int, Handler]]:
        function = callee(call)
        if function is None or not self._may_register(last_name(function)):
            return
        registrations = self.registrations(call)
        if not registrations:
            yield from self._listeners(call, function)
            return
        for given in given_functions(call, self._file):
            handler = self._handler_for(registrations, call, given)
            if handler is not None:
                yield given.scope.node.id, handler

    def _may_register(self, last: str) -> bool:
        return last in self._table.registrar_names or last in self._renamed

    @cached_property
    def _renamed(self) -> frozenset[str]:
        """Local names of imports: `import { schedule as every }`, `import compose from 'koa-compose'`."""
        bound = self._file.scopes.bound(self._file.scopes.module)
        return frozenset(
            name for name, bindings in bound.items() if bindings[0].kind == "import" or _is_required(bindings[0].node)
        )

    def registrations(self, call: Node) -> list[NodeRegistration]:
        """The rows that say what a call registers, its event considered."""
        file = self._file
        function = callee(call)
        name = file.canonical(function) if function is not None else ""
        if not name:
            return []
        event = event_of(call)
        return [row for row in self._table.node_registrations(name, file.types) if row.concerns(event)]

    def _handler_for(self, registrations: list[NodeRegistration], call: Node, given: Given) -> Handler | None:
        arity = len(parameter_nodes(given.scope.node))
        for registration in registrations:
            kind = registration.kind_at(given.place, len(arguments(call)), arity)
            if kind:
                handler = self._table.registered(registration, kind, self._packages)
                if handler.kind == "listener":
                    handler = _listener(handler, call)
                return self.wrapped(handler, given, self._routed_by(call), call)
        return None

    def _routed_by(self, call: Node) -> str:
        function = callee(call)
        owner = self._file.canonical(function).rpartition(".")[0] if function is not None else ""
        return owner

    def wrapped(self, handler: Handler, given: Given, router: str, registering: Node | None = None) -> Handler:
        """The handler with what wrappers around it, or its router, do about rejections.

        The call that registers it is none of them, though its value may be bound: `const server = createServer(...)`.
        """
        if router in self._table.wrapping_routers:
            return replace(handler, rejections="handled")
        for call in (*given.wrappers, *wrapping_calls(given.scope.node)):
            function = callee(call)
            if function is None or (registering is not None and call.id == registering.id):
                continue
            wrapper = self._table.wrapper(self._file.canonical(function), last_name(function))
            if wrapper is None:
                handler = replace(handler, rejections="" if handler.rejections == "lost" else handler.rejections)
            elif wrapper.rejections:
                handler = replace(handler, rejections=wrapper.rejections)
        return handler

    def _listeners(self, call: Node, function: Node) -> Iterator[tuple[int, Handler]]:
        """Listeners and continuations by the name of the method alone, where the object is not known."""
        last = last_name(function)
        given = arguments(call)
        if last in _LISTENING and len(given) > 1 and event_of(call) is not None:
            kind = "listener"
        elif last in ("then", "catch", "finally"):
            kind = "continuation"
        else:
            return
        for one in given_functions(call, self._file):
            handler = Handler(self._table.event_loop, kind, last, LOOP, (), "crash", "lost")
            yield one.scope.node.id, _listener(handler, call) if kind == "listener" else handler

    def _in_route_objects(self) -> Iterator[tuple[int, Handler]]:
        """Members of `{ method: 'GET', path: '/', handler }`, wherever that object goes."""
        wanted = [name for name in ("Fastify", "Hapi") if name in self._frameworks]
        if not wanted or b"handler" not in self._file.data:
            return
        framework = self._table.by_name[wanted[0]]
        for literal in self._file.nodes("object"):
            for member, scope in route_members(literal, self._file):
                kind = framework.row["route_members"].get(member)
                if kind and scope is not None:
                    roles = roles_of(framework, kind)
                    yield scope.node.id, self._table.made(framework, kind, member, roles, self._packages)


def _listener(handler: Handler, call: Node) -> Handler:
    """A listener with its event: `events.EventEmitter.on("error")`; what belongs to a start or end is of that kind."""
    event = event_of(call)
    kind = "startup" if _is_of_process(callee(call)) or event in _ONCE_IN_A_LIFE else "listener"
    return replace(handler, kind=kind, via=f'{handler.via}("{event}")' if event else handler.via)


def _is_of_process(function: Node | None) -> bool:
    """Whether a listener is one of the process itself, at its end or for its signals, or of its standard input."""
    owner = function.child_by_field_name("object") if function is not None else None
    return owner is not None and text(owner) in ("process", "process.stdin", "process.stdout")


def _is_required(value: Node | None) -> bool:
    return value is not None and value.type == "call_expression" and (value.text or b"").startswith(b"require(")
