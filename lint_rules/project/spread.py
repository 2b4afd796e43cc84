"""What data of clients spreads through: the flows of all functions of a project, and what reads and provides values.

The walk from what clients send to where it must not go is in `project/walk.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from msgspec import Struct, field

from lint_rules.model import Notes, Span
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.flows import DataEdge, FlowCall, FlowParameter, FunctionFlow
from lint_rules.project.linked import Project
from lint_rules.project.symbols import Reference


class Sink(Protocol):
    """A row that says what must not reach a call."""

    def takes(self, place: str, call: FlowCall, cleaned: tuple[str, ...]) -> bool:
        """Whether it is about this argument of this call; `cleaned` is what the data is safe from there."""
        ...


SinkRow = TypeVar("SinkRow", bound=Sink)


class Knowledge(Protocol):
    """What a language and the family's tables know of library functions."""

    def effect(self, name: str) -> tuple[bool, frozenset[str]] | None:
        """Whether the result of a library function holds its arguments, and what they are safe from then."""
        ...

    def escapes(self, kind: str, call: FlowCall) -> bool:
        """Whether a call of a function that nobody can look into gives nothing on that a misuse of a kind could use."""
        ...

    def sinks(self, kind: str, name: str, call: FlowCall, project: Project) -> Iterable[Sink]:
        """The rows of a kind of misuse that are about a call; `name` is canonical, "" if unknown."""
        ...

    def sent(self, flow: FunctionFlow, module: ModuleFacts, project: Project) -> Iterator[tuple[str, frozenset[str]]]:
        """The parameters of a function that hold what a client sent, and what it cannot be misused for."""
        ...

    def is_harmless(self, annotation: str, attribute: str, project: Project) -> bool:
        """Whether an attribute of an object of that class holds no free text, by its declaration."""
        ...

    def answers(self, flow: FunctionFlow, module: ModuleFacts, project: Project) -> bool:
        """Whether a text that the function returns is sent as HTML."""
        ...


class Place(Struct, frozen=True):
    """A place on the way, and what happens there."""

    path: str
    span: Span
    text: str


class Arrival(Struct, frozen=True):
    """Data of a client where it must not go: the sink's row (None for a returned text) and the way there."""

    kind: str
    flow: FunctionFlow
    module: ModuleFacts
    call: FlowCall | None
    row: Sink | None
    place: str
    span: Span
    source: str
    way: tuple[Place, ...]


class Known(Struct):
    """One function's flow with its edges by origin, and the module it is in."""

    flow: FunctionFlow
    module: ModuleFacts
    edges: dict[str, list[DataEdge]] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)
    """Origins that are attributes of a parameter, by the parameter's origin."""

    def __post_init__(self) -> None:
        for edge in self.flow.edges:
            self.edges.setdefault(edge.origin, []).append(edge)
        for origin in self.edges:
            whole, dot, _ = origin.partition(".")
            if dot and whole.startswith("p:"):
                self.parts.setdefault(whole, []).append(origin)

    @property
    def name(self) -> str:
        return f"{self.module.module}.{self.flow.name}"


class Spread:
    """The flows of one state of a project's facts, as the walks ask for them.

    `known` are the functions by name; `calls` those that call something of a last name, with the call's number;
    `readers` those that read a variable of a module or an attribute, with its origin in them.
    """

    def __init__(self, project: Project, notes: Notes[FunctionFlow], knowledge: Knowledge) -> None:
        self.project = project
        self._notes = notes
        self.knowledge = knowledge
        self.known = {
            f"{module.module}.{flow.name}": Known(flow, module)
            for module, found in project.notes(notes)
            for flow in found
        }
        self.calls: dict[str, list[tuple[str, int]]] = {}
        self.readers: dict[str, list[tuple[str, str]]] = {}
        for name, known in self.known.items():
            for number, call in enumerate(known.flow.calls):
                self.calls.setdefault(last_segment(call.symbol), []).append((name, number))
            for origin in known.edges:
                if origin.startswith("v:"):
                    self.readers.setdefault(f"v:{known.module.module}.{origin[2:]}", []).append((name, origin))
                elif origin.startswith("a:"):
                    self.readers.setdefault(f"a:{last_segment(origin)}", []).append((name, origin))
        self.provided: dict[str, list[tuple[str, FlowParameter]]] = {}
        """Parameters whose values a function gives that a framework calls, by the last name of that function."""
        for name, known in self.known.items():
            for parameter in known.flow.parameters:
                if parameter.provider:
                    self.provided.setdefault(last_segment(parameter.provider), []).append((name, parameter))
        self._resolved: dict[str, tuple[str, Reference | None, bool]] = {}
        self._views: dict[str, bool] = {}
        self._seeds: list[tuple[str, str, frozenset[str]]] | None = None

    @property
    def seeds(self) -> list[tuple[str, str, frozenset[str]]]:
        """Functions and the origins in them that clients control, with what each cannot be misused for."""
        if self._seeds is None:
            self._seeds = []
            for name in sorted(self.known):
                known = self.known[name]
                flow = known.flow
                self._seeds.extend(
                    (name, f"r:{number}", frozenset(source.cleaned)) for number, source in enumerate(flow.sources)
                )
                sent = list(self.knowledge.sent(flow, known.module, self.project))
                self._seeds.extend((name, f"p:{parameter}", kinds) for parameter, kinds in sent)
                self._seeds.extend(self._of_models(flow, dict(sent)))
        return self._seeds

    def _of_models(
        self, flow: FunctionFlow, sent: dict[str, frozenset[str]]
    ) -> Iterator[tuple[str, str, frozenset[str]]]:
        """What methods of the models that a handler is given read of themselves: the framework fills them."""
        for parameter in flow.parameters:
            kinds = sent.get(parameter.name, frozenset())
            found = self.project.symbols.class_(parameter.annotation) if "field" in kinds else None
            if found is None:
                continue
            owner = f"{found[0].module}.{found[1].name}"
            for attribute in found[1].attributes:
                if not self.knowledge.is_harmless(owner, attribute, self.project):
                    yield from ((name, origin, kinds) for name, origin in self._reading(owner, attribute))

    def _reading(self, owner: str, attribute: str) -> Iterator[tuple[str, str]]:
        """The functions that read an attribute of their own, of a class or one related to it, and its origin there."""
        for name, origin in self.readers.get(f"a:{attribute}", ()):
            if self.related(origin[2:].rpartition(".")[0], owner):
                yield name, origin

    def resolve(self, symbol: str) -> tuple[str, Reference | None, bool]:
        """The canonical name of what is called, its function in the project, and whether it is a class of it."""
        known = self._resolved.get(symbol)
        if known is None:
            symbols = self.project.symbols
            name = symbols.canonical(symbol)
            reference = symbols.function(symbol) if name else None
            is_class = bool(name) and symbols.class_(symbol) is not None and not (
                reference is not None and reference.name == name
            )  # fmt: skip
            known = self._resolved[symbol] = (name, reference, is_class)
        return known

    def flow_of(self, reference: Reference | None) -> Known | None:
        """What a function of the project does with data; asked for where it is not known yet."""
        if reference is None:
            return None
        if self._notes.name not in reference.module.notes:
            self.project.asked_notes.add(reference.module.module)
        return self.known.get(reference.name)

    def checks(self, call: FlowCall) -> bool:
        """Whether a call that says so by its name checks what it is given: its function does, or is not known."""
        callee = self.flow_of(self.resolve(call.symbol)[1])
        return callee is None or callee.flow.checks

    def is_view(self, known: Known) -> bool:
        """Whether the class of a method handles requests."""
        owner = known.flow.name.rpartition(".")[0]
        key = f"{known.module.module}.{owner}"
        found = self._views.get(key)
        if found is None:
            handlers = self.project.handlers
            found = self._views[key] = bool(owner) and any(
                handlers.of(Reference(known.module, function)) is not None
                for name, function in known.module.functions.items()
                if name.rpartition(".")[0] == owner
            )
        return found

    def filled(self, owner: str, place: str) -> Iterator[tuple[str, str]]:
        """The readers of the attribute that an argument of a class without constructor becomes: of a dataclass."""
        found = self.project.symbols.class_(owner)
        attributes = list(found[1].attributes) if found is not None else []
        if place.isdigit():
            place = attributes[int(place)] if int(place) < len(attributes) else ""
        if place in attributes:
            yield from self._reading(owner, place)

    def related(self, one: str, other: str) -> bool:
        """Whether two classes are the same, or one derives from the other."""
        symbols = self.project.symbols
        return one == other or one in symbols.ancestors(other) or other in symbols.ancestors(one)


def last_segment(name: str) -> str:
    """`find` for `orders.find`"""
    return name.rpartition(".")[2]
