"""What makes a function a handler, and where it runs: the rows of a table, matched by canonical names.

Nothing here knows a grammar: who asks has found the decorators, base classes, parameters and calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from lint_rules.project.facts import ModuleFacts
from lint_rules.project.types import Types

LOOP, THREAD, SYNC = "loop", "thread", "sync"
"""Where a handler runs: on the event loop, in a thread of a pool, in a server without an event loop."""

_DECORATOR_KINDS = {
    "decorators": "route",
    "socket_decorators": "socket",
    "hook_decorators": "hook",
    "error_decorators": "error",
    "startup_decorators": "startup",
}
_METHOD_KINDS = {"view_methods": "route", "view_sockets": "socket", "view_hooks": "hook"}
_PER_REQUEST = frozenset({"route", "socket", "hook", "error", "dependency", "background"})


class Framework(Struct, frozen=True, eq=False):
    """One row of the table, see the head of frameworks.toml."""

    row: Mapping[str, Any]

    @property
    def name(self) -> str:
        """`FastAPI`"""
        return str(self.row["name"])

    @property
    def runs_plain_on_loop(self) -> bool:
        """Whether a plain `def` may be a handler that runs on the event loop; elsewhere it would be an error."""
        return self.row["sync_handlers"] == LOOP and any(
            key in self.row for key in ("decorators", "socket_decorators", "view_classes")
        )

    def __repr__(self) -> str:
        return f"<Framework {self.name}>"

    def __getitem__(self, key: str) -> Any:
        return self.row.get(key, ())


class Handler(Struct, frozen=True):
    """What a framework makes of a function.

    `kind` is route, socket, hook, error, dependency, startup, background, task, main or callback (of the event loop);
    `via` is the canonical name of the decorator or call that registers it, or the name of the view's method; `runs` is
    loop, thread, sync, private (an event loop of its own) or never. Of JavaScript, `roles` are those of the parameters
    in order, and `throws` and `rejections` what becomes of errors (see its frameworks.toml); "" where that is unknown.
    """

    framework: Framework
    kind: str
    via: str
    runs: str
    roles: tuple[str, ...] = ()
    throws: str = ""
    rejections: str = ""

    @property
    def is_per_request(self) -> bool:
        """Whether it runs for each request, message or job, not when the process starts or ends."""
        return self.kind in _PER_REQUEST

    def holds_for(self, of: Sequence[str]) -> bool:
        """Whether a row's `of` (kinds, decorators, calls, methods) means this handler; without it, route and socket."""
        return self.kind in of or self.via in of if of else self.kind in ("route", "socket")


class Registration(Struct, frozen=True):
    """A call that takes a function: at position `argument` (from 0) or as `keyword`; None or "" where there is none.

    `unless` is a keyword that must not be `True`.
    """

    framework: Framework
    call: str
    argument: int | None
    keyword: str
    kind: str
    sync: str
    called: bool
    unless: str = ""

    def takes(self, place: str) -> bool:
        """Whether the argument at `place` (a position or a keyword) is the function."""
        return place == self.keyword if not place.isdigit() else self.argument == int(place)

    def handler(self, *, is_async: bool, threaded: bool = False) -> Handler:
        """What a function becomes that is given to the call."""
        return _handler(self.framework, self.kind, self.call, is_async, THREAD if threaded else self.sync)


def _handler(framework: Framework, kind: str, via: str, is_async: bool, sync: str = "") -> Handler:
    if is_async:
        return Handler(framework, kind, via, str(framework.row["async_handlers"]))
    if kind == "startup" and not sync:
        return Handler(framework, kind, via, SYNC)
    if not sync and framework.row["sync_handlers"] == LOOP and not framework.runs_plain_on_loop:
        return Handler(framework, kind, via, "never")
    return Handler(framework, kind, via, sync or str(framework.row["sync_handlers"]))


class HandlerTable:
    """The rows of frameworks.toml by decorator, base class and registering call."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.frameworks = tuple(Framework(row) for row in table.get("framework", ()))
        self._decorators: dict[str, tuple[Framework, str]] = {}
        self._views: dict[str, list[Framework]] = {}
        self._registrations: dict[str, list[Registration]] = {}
        self._offload: set[str] = set(table.get("offload", {}).get("general", ()))
        for framework in self.frameworks:
            self._offload.update(framework["offload"])
            for key, kind in _DECORATOR_KINDS.items():
                for name in framework[key]:
                    self._decorators.setdefault(name, (framework, kind))
            for name in framework["view_classes"]:
                self._views.setdefault(name, []).append(framework)
            for row in framework["registrations"]:
                self._register(framework, row, row.get("kind", "route"), row.get("sync", ""))
        loop = Framework({"name": "the event loop", "sync_handlers": LOOP, "async_handlers": "never"})
        for row in table.get("loop_callbacks", {}).get("calls", ()):
            self._register(loop, row, "callback", LOOP)
        self._signatures = {
            tuple(framework["signature"]): framework for framework in self.frameworks if framework["signature"]
        }
        self._factories = {
            tuple(framework["factory_signature"]): framework
            for framework in self.frameworks
            if framework["factory_signature"]
        }
        self._endings = [
            (ending, framework) for framework in self.frameworks for ending in framework["view_class_endings"]
        ]
        self.thread_arguments = frozenset(
            framework.row["thread_argument"] for framework in self.frameworks if framework["thread_argument"]
        )
        self.decorator_names = frozenset(name.rpartition(".")[2] for name in self._decorators)
        self.registrar_names = frozenset(name.rpartition(".")[2] for name in self._registrations)
        self._method_kinds = {framework: _method_kinds(framework) for framework in self.frameworks}
        self.method_names = frozenset(name for kinds in self._method_kinds.values() for name in kinds)
        self.plain_methods = frozenset(
            name for framework, kinds in self._method_kinds.items() if framework.runs_plain_on_loop for name in kinds
        )
        self._entries = {
            row["call"]: (framework, row) for framework in self.frameworks for row in framework["server_entries"]
        }
        self.entry_names = frozenset(name.rpartition(".")[2] for name in self._entries)
        self.kept_names = self.entry_names.union(name.rpartition(".")[2] for name in self._offload)
        hooks = table.get("error_hooks", {})
        self.error_hooks = frozenset((*hooks.get("assigned", ()), *(row["call"] for row in hooks.get("calls", ()))))
        self.plain_packages = frozenset(
            package
            for framework in self.frameworks
            if framework.runs_plain_on_loop
            for package in framework["packages"]
        )
        self.plain_views = frozenset(
            name for framework in self.frameworks if framework.runs_plain_on_loop for name in framework["view_classes"]
        )
        self.apart_packages = frozenset(
            package
            for framework in self.frameworks
            if framework["async_handlers"] != LOOP
            for package in framework["packages"]
        )

    def _register(self, framework: Framework, row: Mapping[str, Any], kind: str, sync: str) -> None:
        self._registrations.setdefault(row["call"], []).append(
            Registration(
                framework, row["call"], row.get("argument"), row.get("keyword", ""), kind, sync,
                row.get("called", False), row.get("unless", ""),
            )
        )  # fmt: skip

    def decorated(
        self, decorators: Iterable[str], types: Types, packages: frozenset[str], *, is_async: bool, threaded: bool
    ) -> Handler | None:
        """The handler that canonical names of decorators make of a function; `threaded` if one says so itself.

        `packages` are those that the file imports: they tell what the `app` of `def register(app):` is.
        """
        for decorator in (name.removesuffix("()") for name in decorators):
            found = _along_bases(self._decorators, decorator, types) or self._of_parameter(decorator, packages)
            if found is not None:
                name, (framework, kind) = found
                sync = THREAD if threaded or name in framework["threaded"] else ""
                return _handler(framework, kind, name, is_async, sync)
        return None

    def _of_parameter(self, decorator: str, packages: frozenset[str]) -> tuple[str, tuple[Framework, str]] | None:
        owner, _, last = decorator.rpartition(".")
        if not owner.rpartition(".")[2].startswith("<parameter>"):
            return None
        imported = (one for one in self.frameworks if packages.intersection(one["packages"]))
        names = (f"{app}.{last}" for one in imported for app in (*one["apps"], *one["routers"]))
        return next(((name, self._decorators[name]) for name in names if name in self._decorators), None)

    def method(self, ancestors: Sequence[str], method: str, *, is_async: bool) -> Handler | None:
        """The handler that a method is, of a class whose canonical bases (itself first) are `ancestors`."""
        for ancestor in ancestors:
            owner, _, last = ancestor.rpartition(".")
            named = [framework for ending, framework in self._endings if last.endswith(ending)]
            for framework in (*self._views.get(ancestor, ()), *self._views.get(f"{owner}.*", ()), *named):
                kind = self._method_kind(framework, method)
                if kind:
                    sync = THREAD if ancestor in framework["threaded"] else ""
                    return _handler(framework, kind, method, is_async, sync)
        return None

    def _method_kind(self, framework: Framework, method: str) -> str:
        kinds = self._method_kinds[framework]
        if method in kinds:
            return kinds[method]
        for pattern, kind in kinds.items():
            if pattern.endswith("*") and method.startswith(pattern[:-1]) and not method.startswith("_"):
                return kind
        return ""

    def may_decorate(self, decorator: str) -> bool:
        """Whether the symbol of a decorator (without its call) may be one that makes handlers."""
        return decorator.rpartition(".")[2] in self.decorator_names

    def mentions_apart(self, module: ModuleFacts) -> bool:
        """Whether a module imports a framework that does not run async functions on the server's event loop."""
        return any(target.split(".", 1)[0] in self.apart_packages for target in module.aliases.values())

    def may_be_method(self, method: str) -> bool:
        """Whether any framework calls methods of that name."""
        return method in self.method_names or method.startswith(("on_", "do_"))

    def may_have_views(self, bases: Iterable[str]) -> bool:
        """Whether bases of these names are views by the end of their names, whatever their methods are called."""
        return any(base.endswith(ending) for ending, _ in self._endings for base in bases)

    def may_be_plain_method(self, method: str) -> bool:
        """Whether a framework calls methods of that name on the event loop although they are no coroutines."""
        return method in self.plain_methods or method.startswith("on_")

    def formed(self, name: str, parameters: Sequence[str], outer: Sequence[str], *, is_async: bool) -> Handler | None:
        """The handler that a function is by its parameters (without self), or by those of its factory, `outer`."""
        framework = self._signatures.get(tuple(parameters))
        if framework is not None:
            return _handler(framework, "route", name, is_async)
        framework = self._factories.get(tuple(outer))
        return _handler(framework, "hook", name, is_async) if framework is not None else None

    def registrations(self, name: str, types: Types) -> Sequence[Registration]:
        """What a call of that canonical name registers."""
        found = _along_bases(self._registrations, name, types)
        return found[1] if found is not None else ()

    def server_entry(self, name: str, types: Types) -> tuple[Framework, Mapping[str, Any]] | None:
        """The framework and the row of server_entries for a call of that canonical name, if it starts serving."""
        found = _along_bases(self._entries, name, types)
        return found[1] if found is not None else None

    def offloads(self, name: str, types: Types) -> bool:
        """Whether what the callable of that name is given runs in a thread or process."""
        return any(candidate in self._offload for candidate in types.lineage(name.removesuffix("()")))


def _method_kinds(framework: Framework) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for key, kind in _METHOD_KINDS.items():
        for name in framework[key]:
            kinds.setdefault(name, kind)
    return kinds


def _along_bases(rows: Mapping[str, Any], name: str, types: Types) -> tuple[str, Any] | None:
    """The row of a name or of the same member of a base class, and the name it stands under."""
    for candidate in types.lineage(name):
        row = rows.get(candidate)
        if row is not None:
            return candidate, row
    return None
