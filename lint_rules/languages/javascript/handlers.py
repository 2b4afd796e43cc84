"""Which functions of one file a framework or the event loop calls, and with what.

From strongest to weakest: a call in the file registers the function, a decorator or the place of an export does, a
member of a route's options is it, or its parameters are those of a handler. What another file registers is known to
the project: `Project.handlers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace
from tree_sitter import Node

from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.extract import parameter_names
from lint_rules.languages.javascript.forms import HANDLER_TYPES, app_type, form_of, frameworks_of, helper_role
from lint_rules.languages.javascript.grammar import CALL_KINDS, FUNCTION_LITERALS, arguments, around, bare, callee, text
from lint_rules.languages.javascript.library import handler_table
from lint_rules.languages.javascript.placed import Placed
from lint_rules.languages.javascript.registered import Registered
from lint_rules.languages.javascript.registrations import Given, event_of
from lint_rules.languages.javascript.scopes import FUNCTION, Scope
from lint_rules.languages.javascript.startup import Startup
from lint_rules.languages.misses import keeping_misses
from lint_rules.project.frameworks import LOOP, Handler
from lint_rules.project.node_frameworks import FORMED, ON_LOOP_KINDS, MajorOf, NodeRegistration, rejections_of, roles_of

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_OUTSIDE_LOOP = ("parentPort", "workerData")


class FileHandlers:
    """Answers about the functions of one file."""

    def __init__(self, file: JavaScriptFile) -> None:
        self._file = file
        self.table = handler_table()
        self.packages = _packages_of(file, tuple(self.table.wrapping_packages))
        self.frameworks = frameworks_of(self.packages) or _plain(file)
        self.symbols = file.symbols
        self._never_on_loop: bool | None = None
        self.renew()

    def renew(self) -> None:
        """Forget what was concluded while some modules were unknown."""
        self.is_unsure = False
        self._memo: dict[int, Handler | None] = {}
        self._on_loop: dict[int, bool] = {}
        self._calls = Registered(self._file, self.table, self.packages, self.frameworks)
        self._placed = Placed(self._file, self.table, self.packages)
        self._startup: Startup | None = None

    @keeping_misses
    def of(self, function: Scope) -> Handler | None:
        """What a framework or the event loop makes of a function; None if the file does not say that one calls it."""
        key = function.node.id
        if key not in self._memo:
            found = self.by_statement(function)
            self._memo[key] = found if found is not None else self._formed(function)
        return self._memo[key]

    @keeping_misses
    def by_statement(self, function: Scope) -> Handler | None:
        """The same without what the parameters' names say."""
        if function.kind != FUNCTION:
            return None
        return (
            self.registered.get(function.node.id)
            or self._placed.decorated(function)
            or self._placed.method(function)
            or self._placed.exported.get(function.node.id)
        )

    def all(self) -> Iterator[tuple[Scope, Handler]]:
        """All handlers of the file, in the order of the text."""
        for function in self._file.scopes.functions:
            handler = self.of(function)
            if handler is not None:
                yield function, handler

    # On the event loop.

    @keeping_misses
    def on_loop(self, function: Scope) -> bool:
        """Whether the body of a function runs while the process serves, as far as the file tells."""
        key = function.node.id
        if key not in self._on_loop:
            self._on_loop[key] = False  # of functions that lie in each other
            self._on_loop[key] = self._runs_on_loop(function)
        return self._on_loop[key]

    def _runs_on_loop(self, function: Scope) -> bool:
        if self.never_on_loop:
            return False
        handler = self.of(function)
        if handler is not None and handler.kind != "continuation":
            return handler.kind in ON_LOOP_KINDS
        outer = function.parent.function if function.parent is not None else None
        is_callback = function.node.type in FUNCTION_LITERALS and _is_argument_or_called(function.node)
        if is_callback or handler is not None:
            if outer is None or self.on_loop(outer) or not function.is_async:
                return outer is not None and self.on_loop(outer)
            return self._may_run_while_serving(outer)
        return function.is_async and not self.startup.holds(function)

    def _may_run_while_serving(self, function: Scope) -> bool:
        """Whether a plain function that has async callbacks is none of those that run once."""
        handler = self.of(function)
        return (handler is None or handler.kind in ON_LOOP_KINDS) and not self.startup.holds(function)

    @property
    def never_on_loop(self) -> bool:
        """Whether nothing in the file runs in a process that serves: scripts, command lines, workers."""
        if self._never_on_loop is None:
            file = self._file
            is_worker = b"worker_threads" in file.data and any(word.encode() in file.data for word in _OUTSIDE_LOOP)
            is_worker = is_worker and b"new Worker" not in file.data
            is_command = _is_command(file)
            is_program = (is_command or file.data.startswith(b"#!")) and b".listen(" in file.data
            is_tool = (file.is_tooling or is_command) and not is_program
            self._never_on_loop = is_tool or file.is_declaration or is_worker
        return self._never_on_loop

    @property
    @keeping_misses
    def startup(self) -> Startup:
        """What of the file runs once, when the process starts."""
        if self._startup is None:
            self._startup = Startup(self._file, self.table)
        return self._startup

    # Registered by a call of this file.

    @property
    @keeping_misses
    def registered(self) -> Mapping[int, Handler]:
        """Functions that calls in this file register, by syntax node."""
        return self._calls.registered

    def registrations(self, call: Node) -> list[NodeRegistration]:
        """The rows that say what a call registers, its event considered."""
        return self._calls.registrations(call)

    # By the parameters.

    def _formed(self, function: Scope) -> Handler | None:
        if function.kind != FUNCTION or function.accessor:
            return None
        found = _typed_form(function.node)
        if found is None and "graphql" in self.packages and _is_resolver(function.node):
            found = ("GraphQL resolvers", "route")
        if found is None and self.frameworks:
            found = form_of(parameter_names(function.node), self.frameworks)
        if found is None or self._is_called_here(function):
            return None
        framework = self.table.by_name[found[0]]
        kind = found[1]
        is_argument = function.node.type in FUNCTION_LITERALS and _is_argument_or_called(function.node)
        if is_argument and found[0] == "Koa" and len(parameter_nodes(function.node)) == 1:
            return None  # contexts.map(ctx => ...)
        roles = roles_of(framework, kind)
        if found[0] == "Node http" and any(name in _SENT for name in parameter_names(function.node)[2:3]):
            roles = (*roles, "data")
        handler = Handler(framework, kind, FORMED, LOOP, roles)
        throws, rejections = str(framework.row["throws"]), rejections_of(framework, self.packages)
        handler = replace(handler, throws=throws, rejections=rejections)
        return self._calls.wrapped(handler, Given(function, "", ()), "")

    def _is_called_here(self, function: Scope) -> bool:
        """Whether code of the file calls the function itself: a helper that is given the request."""
        name = function.name.rpartition(".")[2].rpartition(">")[2]
        if function.is_anonymous or f"{name}(".encode() not in self._file.data:
            return False
        own = f"{self._file.module}.{function.name}"
        for call in self._file.calls_of(name):
            called = callee(call)
            if called is not None and self._file.scopes.of(called) is None and self._file.names.symbol(called) == own:
                return True
        return False

    # What parameters are.

    def parameter_type(self, function: Scope, position: int) -> str:
        """The class of a parameter by its name and the names beside it; "" where they say nothing."""
        found = _typed_form(function.node)
        names = parameter_names(function.node)
        if position >= len(names):
            return ""
        if found is None and not self.frameworks:
            role = helper_role(names[position]) if {"req", "res"} <= set(names) else ""
            return self.table.role_type(self.table.by_name["Node http"], role) if role else ""
        found = found or form_of(names, self.frameworks)
        if found is not None:
            framework = self.table.by_name[found[0]]
            roles = roles_of(framework, found[1])
            return self.table.role_type(framework, roles[position]) if position < len(roles) else ""
        name = names[position]
        is_argument = function.node.type in FUNCTION_LITERALS and _is_argument_or_called(function.node)
        role = "" if is_argument else helper_role(name)
        if role:
            wanted = "Fastify" if name == "reply" and "Fastify" in self.frameworks else self.frameworks[0]
            wanted = "Node http" if wanted in ("Koa", "Hapi") else wanted
            return self.table.role_type(self.table.by_name[wanted], role)
        if name == "server" and "Fastify" in self.frameworks and _LISTENS_TO_SERVER.search(text(function.node)):
            return ""
        return app_type(name, self.frameworks, self.packages)

    def passed_type(self, call_name: str, call: Node, function: Node, position: int) -> str:
        """The class of a parameter of a function literal that a call registers, by the call's canonical name."""
        event = event_of(call)
        for registration in self.table.node_registrations(call_name, self._file.types):
            if not registration.concerns(event):
                continue
            for place, argument in enumerate(arguments(call)):
                if bare(argument) == function:
                    kind = registration.kind_at(str(place), len(arguments(call)), len(parameter_nodes(function)))
                    roles = registration.roles_of(kind) if kind else ()
                    if position < len(roles):
                        return self.table.role_type(registration.framework, roles[position])
        return ""


_ROOTS = frozenset({"Query", "Mutation", "Subscription"})


def _is_resolver(function: Node) -> bool:
    """Whether a function is a field of a type that clients ask for: `{ Query: { order: (_, args) => ... } }`."""
    member = function if function.type == "method_definition" else around(function)
    while member is not None and member.type in ("arguments", "call_expression"):
        member = around(member)
    fields = member.parent if member is not None and member.type in ("pair", "method_definition") else None
    outer = around(fields) if fields is not None and fields.type == "object" else None
    key = outer.child_by_field_name("key") or outer.child_by_field_name("name") if outer is not None else None
    return outer is not None and outer.type in ("pair", "variable_declarator") and text(key or outer) in _ROOTS


_LISTENS_TO_SERVER = re.compile(r"(?<![\w.])server\.(?:on|once|removeListener|address)\b")
"""What is done with a server of Node's own, and not with an instance of Fastify."""


def _typed_form(function: Node) -> tuple[str, str] | None:
    """The framework and kind by the type of what a function is bound to: `const list: RequestHandler = ...`."""
    place = around(function) if function.type in FUNCTION_LITERALS else None
    annotation = place.child_by_field_name("type") if place is not None else None
    if annotation is None:
        return None
    name = text(annotation).lstrip(": ").partition("<")[0].rpartition(".")[2]
    return HANDLER_TYPES.get(name)


def _is_argument_or_called(function: Node) -> bool:
    """Whether a function literal is given to a call, or called on the spot."""
    place = around(function)
    if place is None:
        return False
    return place.type == "arguments" or place.type in CALL_KINDS


def _is_command(file: JavaScriptFile) -> bool:
    """Whether the file is what a `bin` of its package starts."""
    package = file.package
    if package is None or not package.bin or not file.path.startswith(package.folder):
        return False
    own = file.path[len(package.folder) :].lstrip("/")
    return any(target.removeprefix("./") == own for target in package.bin.values())


_ANSWERS_PLAINLY = re.compile(rb"\bres(?:ponse)?\s*\.\s*(?:(?:writeHead|setHeader)\(|statusCode\s*=)")
_SENT = frozenset({"params", "query", "searchParams", "body", "payload"})
"""What a router of the project's own calls the part of the request that it hands on."""


def _plain(file: JavaScriptFile) -> tuple[str, ...]:
    """The framework of a package without any: functions that answer as Node's own responses do are its handlers."""
    return ("Node http",) if file.package is not None and _ANSWERS_PLAINLY.search(file.data) else ()


def _packages_of(file: JavaScriptFile, wrapping: tuple[str, ...]) -> MajorOf:
    """The packages that the file may use, with their major versions: the package's, and those it imports."""
    majors: dict[str, int | None] = {}
    package = file.package
    if package is not None:
        for declared in (package.dependencies, package.optional_dependencies, package.peer_dependencies):
            majors.update((name, package.major_of(name)) for name in declared)
        majors.update((name, package.major_of(name)) for name in package.dev_dependencies if name not in majors)
    for name in _IMPORTED:
        if name not in majors and (f"'{name}'".encode() in file.data or f'"{name}"'.encode() in file.data):
            majors[name] = None
    return MajorOf(majors, wrapping)


_IMPORTED = (
    "express", "router", "express-promise-router", "express-async-errors", "fastify", "fastify-plugin", "koa",
    "@koa/router", "koa-router", "@hapi/hapi", "hapi", "@nestjs/core", "@nestjs/common", "socket.io", "next",
)  # fmt: skip
