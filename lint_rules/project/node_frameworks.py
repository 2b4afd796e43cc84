"""What makes a JavaScript function a handler: the rows of languages/javascript/frameworks.toml by canonical names.

The counterpart of `project.frameworks` for Node. Nothing here knows the grammar: who asks has found the calls, what
they are given, and the parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lint_rules.project.frameworks import LOOP, Framework, Handler, HandlerTable
from lint_rules.project.node_names import js_name
from lint_rules.project.types import Types

FORMED = "by its parameters"
"""The `via` of a handler that nothing known registers: its parameters are those of one."""

ON_LOOP_KINDS = frozenset({"route", "hook", "error", "socket", "task", "timer", "listener"})
"""Kinds of functions that run while the process serves; `startup` and `plugin` run before it does."""

_NAME_LISTS = (
    "apps", "routers", "mounts", "prefixed", "decorators", "socket_decorators", "task_decorators", "class_decorators",
    "catchers", "providers", "request_types", "request_data", "request_json", "request_urls", "unguarded_reads",
    "responses", "commits", "headers", "assigned", "sent_checks", "made", "statuses", "error_responses", "error_calls",
    "server_entries",
)  # fmt: skip
_NAME_MAPS = ("parameter_decorators", "view_methods")
_DECORATED = {"decorators": "route", "socket_decorators": "socket", "task_decorators": "task"}


class NodeRegistration(Struct, frozen=True):
    """A call that takes functions, see `registrations` at the head of frameworks.toml.

    `handlers` is a position (-1: the last) or None for every argument from `first` on.
    """

    framework: Framework
    call: str
    kind: str
    handlers: int | None
    first: int
    members: Mapping[str, str]
    events: frozenset[str]
    other_events: frozenset[str]
    error_arity: int
    roles: tuple[str, ...] | None

    def concerns(self, event: str | None) -> bool:
        """Whether the call registers these with that first argument, None if it is no literal."""
        if self.events:
            return event in self.events
        return not self.other_events or event not in self.other_events

    def kind_at(self, place: str, count: int, arity: int) -> str:
        """The kind of a function with `arity` parameters at a place (a position or a member's name); "" for none."""
        if not place.isdigit():
            return self.members.get(place, "")
        position = int(place)
        if self.handlers is None:
            is_there = position >= self.first
        else:
            is_there = position == (self.handlers if self.handlers >= 0 else count + self.handlers)
        if not is_there:
            return ""
        return "error" if self.error_arity and arity == self.error_arity else self.kind

    def roles_of(self, kind: str) -> tuple[str, ...]:
        """What the parameters of a function of a kind are."""
        if self.roles is not None and kind == self.kind:
            return self.roles
        return roles_of(self.framework, kind)


class Wrapper(Struct, frozen=True):
    """A row of [[wrapper]]; `rejections` is "" for one that changes nothing."""

    rejections: str
    framework: str


class ExportRow(Struct, frozen=True):
    """A row of `exports`: functions that a file exports as handlers."""

    framework: Framework
    row: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """`route`"""
        return str(self.row["kind"])

    @property
    def roles(self) -> tuple[str, ...]:
        """What the parameters are."""
        return tuple(self.row.get("parameters", roles_of(self.framework, self.kind)))


def roles_of(framework: Framework, kind: str) -> tuple[str, ...]:
    """The roles of the parameters of a framework's handlers of a kind."""
    parameters: Mapping[str, Sequence[str]] = framework.row.get("parameters", {})
    return tuple(parameters.get(kind, ()))


class NodeHandlerTable(HandlerTable):
    """The rows of the table by registering call, decorator and exported name."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        super().__init__({})
        self.frameworks = tuple(Framework(_translated(row)) for row in table.get("framework", ()))
        self.by_name = {framework.name: framework for framework in self.frameworks}
        self.event_loop = Framework({"name": "the event loop", "throws": "crash", "rejections": "lost"})
        self._calls: dict[str, list[NodeRegistration]] = {}
        self._decorated: dict[str, tuple[Framework, str]] = {}
        self.parameter_roles: dict[str, str] = {}
        self._methods: dict[str, tuple[Framework, Mapping[str, str]]] = {}
        self.exports: list[ExportRow] = []
        for framework in self.frameworks:
            for row in framework["registrations"]:
                self._note(framework, row)
            for key, kind in _DECORATED.items():
                for name in framework[key]:
                    self._decorated.setdefault(name, (framework, kind))
            self.parameter_roles.update(framework.row.get("parameter_decorators", {}))
            for name, kinds in framework.row.get("view_methods", {}).items():
                self._methods[name] = (framework, kinds)
            self.exports.extend(ExportRow(framework, row) for row in framework["exports"])
        for row in table.get("event_loop", {}).get("calls", ()):
            self._note(self.event_loop, row)
        self._wrappers(table)
        self.offloading = frozenset(map(js_name, table.get("offload", {}).get("calls", ())))
        self._request_data = {
            name: framework
            for framework in self.frameworks
            for key in ("request_data", "request_urls")
            for name in framework[key]
        }
        self.around_request_data = frozenset(name.rpartition(".")[0] for name in self._request_data)
        """What holds request data: `socket.io.Socket.handshake`."""
        self.request_types = frozenset(name for framework in self.frameworks for name in framework["request_types"])
        self.registrar_names = frozenset(name.rpartition(".")[2] for name in self._calls)
        self.decorator_names = frozenset(name.rpartition(".")[2] for name in self._decorated)
        self.method_names = frozenset(name for _, kinds in self._methods.values() for name in kinds)
        self._entries = {
            name: (framework, {"call": name}) for framework in self.frameworks for name in framework["server_entries"]
        }
        self.entry_names = self.kept_names = frozenset(name.rpartition(".")[2] for name in self._entries)

    def _note(self, framework: Framework, row: Mapping[str, Any]) -> None:
        members = row.get("members", {})
        handlers, roles = row["handlers"], row.get("parameters")
        registration = NodeRegistration(
            framework, js_name(row["call"]), row.get("kind", "route"),
            None if handlers == "functions" else handlers, row.get("from", 0),
            framework.row.get("route_members", {}) if members is True else members,
            frozenset(row.get("events", ())), frozenset(row.get("other_events", ())), row.get("error_arity", 0),
            None if roles is None else tuple(roles),
        )  # fmt: skip
        self._calls.setdefault(registration.call, []).append(registration)

    def _wrappers(self, table: Mapping[str, Any]) -> None:
        self._wrapping: dict[str, Wrapper] = {}
        self._wrapping_names: dict[str, Wrapper] = {}
        self.wrapping_packages: dict[str, str] = {}
        self.wrapping_routers: set[str] = set()
        for row in table.get("wrapper", ()):
            wrapper = Wrapper(row.get("rejections", ""), row.get("framework", ""))
            self._wrapping.update((js_name(name), wrapper) for name in row.get("calls", ()))
            self._wrapping_names.update((name, wrapper) for name in row.get("names", ()))
            self.wrapping_packages.update((name, wrapper.framework) for name in row.get("imports", ()))
            self.wrapping_routers.update(map(js_name, row.get("routers", ())))

    def wrapper(self, name: str, last: str) -> Wrapper | None:
        """What a call with a canonical name, or of a project function called `last`, does to the function it wraps."""
        return self._wrapping.get(name.removesuffix("()")) or self._wrapping_names.get(last)

    def node_registrations(self, name: str, types: Types) -> Sequence[NodeRegistration]:
        """What a call of that canonical name registers."""
        for candidate in types.lineage(name):
            found = self._calls.get(candidate)
            if found is not None:
                return found
        return ()

    def decorated_kind(self, decorators: Iterable[str]) -> tuple[Framework, str, str] | None:
        """The framework, kind and name of the first decorator (canonical) that makes a handler."""
        for decorator in decorators:
            name = decorator.removesuffix("()")
            found = self._decorated.get(name)
            if found is not None:
                return found[0], found[1], name
        return None

    def method_kind(self, ancestors: Iterable[str], method: str) -> tuple[Framework, str] | None:
        """The framework and kind of a method of a class with these bases and interfaces, by canonical names."""
        for ancestor in ancestors:
            found = self._methods.get(ancestor)
            if found is not None and method in found[1]:
                return found[0], found[1][method]
        return None

    def role_type(self, framework: Framework, role: str) -> str:
        """The class of what a parameter in a role is given; "" if it has no class of its own."""
        found: str = framework.row.get("types", {}).get(role, "")
        return found

    def request_row(self, name: str, types: Types) -> tuple[str, Framework] | None:
        """What of a request a canonical name reads (`express.Request.body` for `express.Request.body.items`)."""
        prefix = ""
        for segment in name.split("."):
            prefix = f"{prefix}.{segment}" if prefix else segment
            for candidate in types.lineage(prefix.removesuffix("()")):
                framework = self._request_data.get(candidate)
                if framework is not None:
                    return candidate, framework
        return None

    def encoded(self, handler: Handler | None, label: str = "") -> str:
        """A handler as text, for facts; `label` is what people are told it is called, if it has no name."""
        if handler is None:
            return f"|{label}" if label else ""
        fields = (
            handler.framework.name, handler.kind, handler.via, ",".join(handler.roles), handler.throws,
            handler.rejections, label.replace("|", ""),
        )  # fmt: skip
        return "|".join(fields)

    def decoded(self, text: str) -> Handler | None:
        """The handler that `encoded` wrote; None where there was none."""
        if not text or text.startswith("|"):
            return None
        name, kind, via, roles, throws, rejections, _ = text.split("|")
        framework = self.by_name.get(name, self.event_loop)
        return Handler(framework, kind, via, LOOP, tuple(filter(None, roles.split(","))), throws, rejections)

    def made(self, framework: Framework, kind: str, via: str, roles: tuple[str, ...], major: MajorOf) -> Handler:
        """A handler of a framework; `major` tells the version of a package, which decides about rejections."""
        return Handler(
            framework, kind, via, LOOP, roles, str(framework.row.get("throws", "")), rejections_of(framework, major)
        )

    def registered(self, registration: NodeRegistration, kind: str, major: MajorOf) -> Handler:
        """What a function becomes that a call registers as a `kind`."""
        owner = registration.call
        handler = self.made(registration.framework, kind, owner, registration.roles_of(kind), major)
        return replace(handler, rejections="handled") if major(PROMISING) else handler


PROMISING = "<promising>"
"""Asked of `MajorOf`: is there a package that makes the framework see rejections? Answered by a number above 0."""


class MajorOf:
    """The major versions of packages, as a package.json declares them."""

    def __init__(self, majors: Mapping[str, int | None], wrapping: Iterable[str] = ()) -> None:
        self._majors = dict(majors)
        self._wraps = any(package in self._majors for package in wrapping)

    def __call__(self, package: str) -> int | None:
        return int(self._wraps) if package == PROMISING else self._majors.get(package)

    def __contains__(self, package: str) -> bool:
        return package in self._majors


def rejections_of(framework: Framework, major: MajorOf) -> str:
    """What becomes of a rejection of an async handler: "handled" or "lost"."""
    since: Mapping[str, str] = framework.row.get("handled_since", {})
    for package, version in since.items():
        found = major(package)
        if found is not None and found >= int(version):
            return "handled"
    return str(framework.row.get("rejections", ""))


def _translated(row: Mapping[str, Any]) -> dict[str, Any]:
    translated = dict(row)
    for key in _NAME_LISTS:
        if key in row:
            translated[key] = [js_name(name) for name in row[key]]
    for key in _NAME_MAPS:
        if key in row:
            translated[key] = {js_name(name): value for name, value in row[key].items()}
    if "types" in row:
        translated["types"] = {role: js_name(name) for role, name in row["types"].items()}
    return translated


_GLOB_PARTS = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


def glob_pattern(globs: Iterable[str]) -> re.Pattern[str]:
    """A pattern for paths relative to the package that match one of the globs."""
    found = []
    for glob in globs:
        parts = re.split(r"(\*\*/?|\*|\?)", glob)
        found.append("".join("(?:.*/)?" if part == "**/" else _GLOB_PARTS.get(part, re.escape(part)) for part in parts))
    return re.compile(f"(?:{'|'.join(found)})\\Z")
