"""The project as link sees it: the facts of all files that were needed, and questions about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from msgspec import Struct, field

from lint_rules.model import Note, Notes
from lint_rules.project.calls import CallGraph, is_synchronous
from lint_rules.project.facts import FunctionFacts, ModuleFacts
from lint_rules.project.frameworks import HandlerTable
from lint_rules.project.handlers import ProjectHandlers
from lint_rules.project.index import Entries, Index, Item, call_sites
from lint_rules.project.node_frameworks import NodeHandlerTable
from lint_rules.project.node_handlers import NodeProjectHandlers
from lint_rules.project.reach import Reaching, reaching
from lint_rules.project.symbols import Reference, Symbols

Made = TypeVar("Made")


class Project(Struct):
    """What project checks are given.

    `root` is the project's folder; `files` are all analysed files and the deployment files beside them, relative to
    it, with `/`; `language` is the one whose facts these are; `options` are the user's settings by rule name. A check
    that needs the facts of every file whose text holds a word puts it into `asked_words`, and is run again when they
    have come. The same goes for the notes about modules in `asked_notes` (see `model.Notes`).
    """

    root: str
    symbols: Symbols
    files: tuple[str, ...] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    handler_table: HandlerTable | None = None
    language: str = "python"
    asked_words: set[str] = field(default_factory=set)
    asked_notes: set[str] = field(default_factory=set)
    _graph: CallGraph | None = None
    _graph_version: int = -1
    _handlers: ProjectHandlers | NodeProjectHandlers | None = None
    _shared: dict[Callable[[Project], Any], tuple[int, Any]] = field(default_factory=dict)
    _indexes: dict[Entries[Any], tuple[int, Index[Any]]] = field(default_factory=dict)
    _read: dict[tuple[str, str], tuple[bytes, tuple[Any, ...]]] = field(default_factory=dict)

    @property
    def facts(self) -> Mapping[str, ModuleFacts]:
        """Facts by module name."""
        return self.symbols.facts

    def functions(self) -> Iterator[Reference]:
        """All functions of all known modules, in a fixed order, module bodies included."""
        for module in sorted(self.symbols.facts):
            facts = self.symbols.facts[module]
            for function in facts.functions.values():
                yield Reference(facts, function)

    @property
    def graph(self) -> CallGraph:
        """The calls of functions on the event loop and of everything synchronous they reach."""
        if self._graph is None or self._graph_version != self.symbols.version:
            return self.explore()
        return self._graph

    def explore(self) -> CallGraph:
        """Walk the call graph again with what is known now."""
        graph = self._graph = self._graph or CallGraph(self.symbols)
        self._graph_version = self.symbols.version
        self.asked_words.update(self.handlers.subclass_words())
        graph.explore((one for one in self.functions() if self.on_loop(one)), follows=is_synchronous)
        self.asked_words.update(graph.implementations.words)
        return graph

    @property
    def handlers(self) -> ProjectHandlers | NodeProjectHandlers:
        """What frameworks make of the known functions."""
        if self._handlers is None and isinstance(self.handler_table, NodeHandlerTable):
            self._handlers = NodeProjectHandlers(self.symbols, self.handler_table)
        if self._handlers is None:
            self._handlers = ProjectHandlers(self.symbols, self.handler_table or HandlerTable({}))
        return self._handlers

    def shared(self, make: Callable[[Project], Made]) -> Made:
        """What `make` makes of the project, for all checks that ask; made again when more of the project is known."""
        version, made = self._shared.get(make, (-1, None))
        if version != self.symbols.version:
            made = make(self)
            self._shared[make] = self.symbols.version, made
        known: Made = made
        return known

    def index(self, entries: Entries[Item]) -> Index[Item]:
        """What all known modules say, by key."""
        version, index = self._indexes.get(entries) or (-1, Index(entries))
        if version != self.symbols.version:
            index.update(self.symbols.facts)
            self._indexes[entries] = self.symbols.version, index
        return index

    def notes(self, kind: Notes[Note]) -> Iterator[tuple[ModuleFacts, tuple[Note, ...]]]:
        """What a family wrote down about each known module that it had something to say about, in a fixed order."""
        for name in sorted(self.symbols.facts):
            module = self.symbols.facts[name]
            encoded = module.notes.get(kind.name)
            if not encoded:
                continue
            read = self._read.get((kind.name, name))
            if read is None or read[0] is not encoded:
                read = self._read[kind.name, name] = encoded, kind.read(encoded)
            yield module, read[1]

    def on_loop(self, reference: Reference) -> bool:
        """Whether a function's body runs on the event loop, by its own form or by what its framework does with it."""
        return self.handlers.on_loop(reference)

    def reaching(self, ends: Callable[[str], bool], end_names: frozenset[str]) -> Reaching:
        """The functions that reach a call whose canonical name `ends`, with callers and registrations asked for."""
        found = reaching(self.index(call_sites), self.symbols, ends, end_names, self.handlers.table.may_be_method)
        self.asked_words.update(found.words)
        return found

    def option(self, rule: str, name: str, default: Any) -> Any:
        """The user's value for an option of a rule."""
        return self.options.get(rule, {}).get(name, default)


def runs_on_loop(function: FunctionFacts) -> bool:
    """Whether a function's body runs on the event loop by its own form."""
    return function.on_loop
