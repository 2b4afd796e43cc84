"""Handlers of JavaScript over all files of a project: what frameworks make of functions that any file registers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from lint_rules.project.facts import CallFacts, ModuleFacts
from lint_rules.project.frameworks import Handler
from lint_rules.project.node_frameworks import FORMED, ON_LOOP_KINDS, MajorOf, NodeHandlerTable
from lint_rules.project.symbols import Reference, Symbols

_VERSIONS = MajorOf({})


class NodeProjectHandlers:
    """What frameworks make of the functions whose facts are known; asked like `project.handlers.ProjectHandlers`."""

    def __init__(self, symbols: Symbols, table: NodeHandlerTable) -> None:
        self._symbols = symbols
        self.table = table
        self._given: dict[str, Handler] = {}
        self._given_by: dict[str, dict[str, Handler]] = {}
        self._version = -1

    def of(self, reference: Reference) -> Handler | None:
        """What a framework makes of a function; None if nothing known says that one calls it."""
        own = self._by_itself(reference)
        if own is not None and own.via != FORMED:
            return own
        given = self.registered.get(reference.name)
        if given is None or own is None:
            return given or own
        return replace(given, rejections=own.rejections, throws=own.throws)

    def on_loop(self, reference: Reference) -> bool:
        """Whether the body of a function runs while the process serves.

        What its own file says counts more than registrations elsewhere.
        """
        if reference.function.on_loop:
            return True
        own = self._by_itself(reference)
        if own is not None and own.via != FORMED:
            return False
        given = self.registered.get(reference.name)
        return given is not None and given.kind in ON_LOOP_KINDS

    def is_foreign(self, reference: Reference) -> bool:
        """Whether only a call in another file says that a function runs on the event loop."""
        if reference.function.on_loop or not self.on_loop(reference):
            return False
        return reference.name not in self._given_by.get(reference.module.module, {})

    def subclass_words(self) -> set[str]:
        """Texts of files that could make handlers of methods by inheritance; in JavaScript there are none."""
        return set()

    def _by_itself(self, reference: Reference) -> Handler | None:
        return self.table.decoded(reference.function.form)

    @property
    def registered(self) -> Mapping[str, Handler]:
        """Functions that calls anywhere in the known modules register, by `module.function`."""
        symbols = self._symbols
        if self._version != symbols.version:
            self._version = symbols.version
            self._given = {}
            for name in sorted(symbols.facts):
                given = self._given_by.get(name)
                if given is None:
                    misses = symbols.misses
                    given = self._registered_in(symbols.facts[name])
                    if symbols.misses == misses:
                        self._given_by[name] = given
                for function, handler in given.items():
                    self._given.setdefault(function, handler)
        return self._given

    def _registered_in(self, module: ModuleFacts) -> dict[str, Handler]:
        given: dict[str, Handler] = {}
        for function in module.functions.values():
            for call in reversed(function.calls):  # of nested calls, the one nearest to the function decides
                if call.handed and call.target.rpartition(".")[2] in self.table.registrar_names:
                    for name, handler in self._registered_by(call):
                        given.setdefault(name, handler)
        return given

    def _registered_by(self, call: CallFacts) -> Iterator[tuple[str, Handler]]:
        symbols = self._symbols
        literals = dict(literal.partition("=")[::2] for literal in call.literals)
        event, count = literals.get("0"), int(literals.get("count", "0"))
        rows = self.table.node_registrations(symbols.canonical(call.target), symbols.types)
        registrations = [row for row in rows if row.concerns(event)]
        for handed in call.handed if registrations else ():
            place, _, symbol = handed.partition("=")
            reference = None if symbol.endswith("()") else symbols.function(symbol)
            if reference is None:
                continue
            for registration in registrations:
                kind = registration.kind_at(place, count, len(reference.function.parameters))
                if kind:
                    handler = self.table.registered(registration, kind, _VERSIONS)
                    yield reference.name, replace(handler, rejections="")
                    break
