"""The call graph of a project, explored from the functions that matter, and chains through it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct

from lint_rules.project.facts import CallFacts, FunctionFacts, ModuleFacts
from lint_rules.project.implementing import IMPLEMENTED, Implementations
from lint_rules.project.indirect import ITEM, handed_on, members
from lint_rules.project.node_names import EXPORTS
from lint_rules.project.symbols import Reference, Symbols
from lint_rules.project.wrappers import is_run_elsewhere, wrappers

_CONSTRUCTOR_PARAMETER = re.compile(r"\.(?:__init__|constructor)\.<parameter>")
_ELSEWHERE = ("async", "dispatch", "executor", "sync_compatible", "thread")
"""Parts of the names of decorators that run a function elsewhere, or something else in its place."""
_CACHES = frozenset({"cache", "cached", "cached_property", "lru_cache", "ttl_cache"})


def is_synchronous(function: FunctionFacts) -> bool:
    """Whether calling the function runs its body on the spot.

    What a decorator of the project such as `async_dispatch` or `run_in_thread` does is told by its name alone.
    """
    return not (function.is_async or function.is_offloaded or runs_elsewhere(function))


def runs_elsewhere(function: FunctionFacts) -> bool:
    """Whether a decorator says by its name that it runs the function elsewhere, or something else in its place."""
    return any(word in decorator.rpartition(".")[2] for decorator in function.decorators for word in _ELSEWHERE)


def is_cached(function: FunctionFacts) -> bool:
    """Whether a decorator keeps the function's result, so that its body runs once, or once for each argument."""
    return any(decorator.removesuffix("()").rpartition(".")[2] in _CACHES for decorator in function.decorators)


class Edge(Struct, frozen=True):
    """One call in a project function: `name` is the canonical callee; `callee` is there if the project defines it.

    `is_elsewhere` says that what stands in the callee's place has a thread or somebody else run it.
    """

    caller: Reference
    call: CallFacts
    name: str
    callee: Reference | None
    is_elsewhere: bool = False

    @property
    def runs_body(self) -> bool:
        """Whether the call runs the body of a project function on the spot, in the same thread."""
        if self.callee is None or self.call.awaited or self.is_elsewhere:
            return False
        function = self.callee.function
        return is_synchronous(function) and (
            not function.is_generator or self.call.iterated or self.call.kind != "call"
        )  # fmt: skip


class CallGraph:
    """Calls of the explored functions. `explore` walks only as far as facts reach; `symbols.asked` says what lacks."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self.edges: dict[str, list[Edge]] = {}
        self.implementations = Implementations(symbols)
        self._complete: dict[str, list[Edge]] = {}
        self._constructed: set[str] = set()

    def explore(self, roots: Iterable[Reference], *, follows: Callable[[FunctionFacts], bool]) -> None:
        """Walk from `roots` along calls of project functions for which `follows` holds, from the start."""
        self.edges = {}
        waiting = list(roots)
        while waiting:
            caller = waiting.pop()
            if caller.name in self.edges:
                continue
            outgoing = self.edges[caller.name] = [*self._outgoing(caller), *self._implemented(caller)]
            waiting.extend(
                edge.callee for edge in outgoing if edge.callee is not None and follows(edge.callee.function)
            )

    def _outgoing(self, caller: Reference) -> list[Edge]:
        """The calls of a function; kept once none of them leads to a module whose facts are not known."""
        known = self._complete.get(caller.name)
        if known is None:
            misses = self.symbols.misses
            edges = (edge for call in caller.function.calls for edge in self._edges(caller, call))
            known = [*self._wrapped(caller), *edges]
            if self.symbols.misses == misses:
                self._complete[caller.name] = known
        return known

    def _implemented(self, declared: Reference) -> Iterator[Edge]:
        """What a method that is only declared does: one of what those of the derived classes do."""
        for one in self.implementations.of(declared):
            yield Edge(declared, CallFacts(one.name, declared.function.span, kind=IMPLEMENTED), one.name, one)

    def _wrapped(self, caller: Reference) -> Iterator[Edge]:
        """A function of the project runs within those that its decorators put in its place."""
        if caller.function.decorators and not runs_elsewhere(caller.function):
            for wrapper in wrappers(caller, self.symbols):
                yield Edge(caller, CallFacts(wrapper.name, caller.function.span, kind="wrapped"), wrapper.name, wrapper)

    def _edges(self, caller: Reference, call: CallFacts) -> Iterator[Edge]:
        """One call with what it calls: each function of a table, and the functions that a helper calls for it."""
        if call.kind == "call" and call.target.endswith(ITEM):
            for member in members(call.target, self.symbols):
                yield self.edge(caller, msgspec.structs.replace(call, target=member))
            return
        edge = self.edge(caller, call)
        yield edge
        if edge.callee is not None and call.literals and not edge.is_elsewhere:
            for symbol in handed_on(call, edge.callee):
                yield self.edge(caller, CallFacts(symbol, call.span))

    def edge(self, caller: Reference, call: CallFacts) -> Edge:
        """One call with what it calls."""
        symbols = self.symbols
        if call.kind == "call":
            called = self._called(call.target)
            is_elsewhere = called is not None and bool(called.function.decorators) and is_run_elsewhere(called, symbols)
            return Edge(caller, call, symbols.canonical(call.target), called, is_elsewhere)
        if call.kind == "special":
            callee = symbols.property(call.target)
            return Edge(caller, call, callee.name if callee is not None else call.target, callee)
        symbol = call.target + ".setter" if call.kind == "write" else call.target
        callee = symbols.property(symbol)
        if callee is not None and call.kind == "read" and not callee.function.is_property:
            callee = None
        return Edge(caller, call, callee.name if callee is not None else symbol, callee)

    def _called(self, symbol: str) -> Reference | None:
        """The project function that a call runs: of an instance, its class's `__call__`."""
        symbols = self.symbols
        found = symbols.function(symbol) if not symbol.endswith("()") else None
        is_class = found is None or found.function.name.endswith(".__init__")
        if is_class and symbols.class_(symbol) is not None and symbols.is_instance(symbol):
            return symbols.method_of(symbol, "__call__")
        return found if found is not None else symbols.function(symbol)

    def chains(self, begins: Callable[[Edge], bool], *, through: Callable[[Edge], bool]) -> dict[str, Edge]:
        """For every function from which an edge with `begins` can be reached, the next edge on a shortest way there.

        Ways lead only along edges for which `through` holds. Ties go to the first call in the text.
        """
        callers: dict[str, list[Edge]] = {}
        next_edge: dict[str, Edge] = {}
        level: list[str] = []
        for name in sorted(self.edges):
            for edge in self.edges[name]:
                if edge.callee is not None:
                    callers.setdefault(edge.callee.name, []).append(edge)
                if name not in next_edge and begins(edge):
                    next_edge[name] = edge
                    level.append(name)
        while level:
            found: dict[str, Edge] = {}
            for name in level:
                for edge in callers.get(name, ()):
                    caller = edge.caller.name
                    if caller in next_edge or not through(edge):
                        continue
                    if edge.call.kind == IMPLEMENTED and not self._mostly(caller, next_edge):
                        continue
                    best = found.get(caller)
                    if best is None or edge.call.span < best.call.span:
                        found[caller] = edge
            next_edge.update(found)
            level = sorted(found)
        return next_edge

    def _mostly(self, declared: str, next_edge: Mapping[str, Edge]) -> bool:
        """Whether most of what a declared method may be leads where the others do."""
        choices = [edge.name for edge in self.edges[declared] if edge.call.kind == IMPLEMENTED]
        return 2 * sum(name in next_edge for name in choices) > len(choices)

    @staticmethod
    def follow(edge: Edge, next_edge: Mapping[str, Edge]) -> Iterator[Edge]:
        """The edges of a chain, beginning with `edge`, up to the one that ends it."""
        seen: set[str] = set()
        current: Edge | None = edge
        while current is not None:
            yield current
            callee = current.callee
            if callee is None or callee.name in seen:
                return
            seen.add(callee.name)
            current = next_edge.get(callee.name)

    def wanted_constructors(self) -> set[str]:
        """Classes whose constructor arguments would tell what an attribute holds."""
        wanted = {
            edge.name[: found.start()]
            for edges in self.edges.values()
            for edge in edges
            if "<parameter>" in edge.name and (found := _CONSTRUCTOR_PARAMETER.search(edge.name)) is not None
        }
        return wanted - self._constructed

    def bind_constructor_arguments(self, modules: Iterable[ModuleFacts], classes: set[str]) -> None:
        """Note what callers pass to the constructors of `classes`, where all callers agree."""
        passed: dict[str, set[str]] = {}
        last_names = {name.rpartition(".")[2] for name in classes}
        for module in modules:
            for function in module.functions.values():
                for call in function.calls:
                    if call.arguments and (call.target.rpartition(".")[2] in last_names or EXPORTS in call.target):
                        self._note_arguments(call, classes, passed)
        self._constructed |= classes
        self.symbols.bind_parameters({key: min(found) for key, found in passed.items() if len(found) == 1})
        self._complete = {
            name: edges
            for name, edges in self._complete.items()
            if not any(".<parameter>" in edge.name for edge in edges)
        }

    def _note_arguments(self, call: CallFacts, classes: set[str], passed: dict[str, set[str]]) -> None:
        name = self.symbols.canonical(call.target)
        constructor = self.symbols.function(call.target)
        if name not in classes or constructor is None:
            return
        parameters = constructor.function.parameters
        if constructor.function.name.endswith("__init__"):
            parameters = parameters[1:]
        for position, argument in enumerate(call.arguments):
            keyword, equals, value = argument.partition("=")
            if not equals and position < len(parameters):
                keyword, value = parameters[position], argument
            if value:
                key = f"{constructor.name}.<parameter>{keyword}"
                passed.setdefault(key, set()).add(self.symbols.canonical(value))
