"""Data over all files of a project: from what clients send, through calls and results, to where it must not go.

One walk for each kind of misuse, over facts `(function, entry, origin)`: data that entered a function by its parameter
`entry` ("": that came up within it) has reached `origin`. Keeping the entry apart is what brings a result back to the
callers that passed such data, and to no others. The walk is breadth first, so the way to a finding is a shortest one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from lint_rules.model import Notes, Span
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.flows import DataEdge, FlowCall, FlowParameter, FunctionFlow, Hop
from lint_rules.project.linked import Project
from lint_rules.project.symbols import Reference

Fact = tuple[str, str, str]

_MAX_FACTS = 400_000
_MOST_FUNCTIONS = 7
_MOST_FOR_PATHS = 4
"""Over more functions than these, what is passed on is rarely still what the client sent; of files least of all, whose
names are put together of what a service knows of them."""
_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__"})
_FIRST_NAMES = frozenset({"self", "cls"})


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


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the way, and what happens there."""

    path: str
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Arrival:
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


@dataclass(slots=True)
class _Known:
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
    """The walks over one state of a project's facts."""

    def __init__(self, project: Project, notes: Notes[FunctionFlow], knowledge: Knowledge) -> None:
        self._project = project
        self._notes = notes
        self._knowledge = knowledge
        self._known = {
            f"{module.module}.{flow.name}": _Known(flow, module)
            for module, found in project.notes(notes)
            for flow in found
        }
        self._calls: dict[str, list[tuple[str, int]]] = {}
        self._readers: dict[str, list[tuple[str, str]]] = {}
        for name, known in self._known.items():
            for number, call in enumerate(known.flow.calls):
                self._calls.setdefault(_last(call.symbol), []).append((name, number))
            for origin in known.edges:
                if origin.startswith("v:"):
                    self._readers.setdefault(f"v:{known.module.module}.{origin[2:]}", []).append((name, origin))
                elif origin.startswith("a:"):
                    self._readers.setdefault(f"a:{_last(origin)}", []).append((name, origin))
        self._provided: dict[str, list[tuple[str, FlowParameter]]] = {}
        """Parameters whose values a function gives that a framework calls, by the last name of that function."""
        for name, known in self._known.items():
            for parameter in known.flow.parameters:
                if parameter.provider:
                    self._provided.setdefault(_last(parameter.provider), []).append((name, parameter))
        self._resolved: dict[str, tuple[str, Reference | None, bool]] = {}
        self._views: dict[str, bool] = {}
        self._seeds: list[tuple[str, str, frozenset[str]]] | None = None

    def arrivals(self, kind: str) -> list[Arrival]:
        """Where data of clients arrives at sinks of a kind of misuse, each sink once, in a fixed order."""
        return _Walk(self, kind).run()

    @property
    def seeds(self) -> list[tuple[str, str, frozenset[str]]]:
        """Functions and the origins in them that clients control, with what each cannot be misused for."""
        if self._seeds is None:
            self._seeds = []
            for name in sorted(self._known):
                known = self._known[name]
                flow = known.flow
                self._seeds.extend(
                    (name, f"r:{number}", frozenset(source.cleaned)) for number, source in enumerate(flow.sources)
                )
                sent = list(self._knowledge.sent(flow, known.module, self._project))
                self._seeds.extend((name, f"p:{parameter}", kinds) for parameter, kinds in sent)
                self._seeds.extend(self._of_models(flow, dict(sent)))
        return self._seeds

    def _of_models(
        self, flow: FunctionFlow, sent: dict[str, frozenset[str]]
    ) -> Iterator[tuple[str, str, frozenset[str]]]:
        """What methods of the models that a handler is given read of themselves: the framework fills them."""
        for parameter in flow.parameters:
            kinds = sent.get(parameter.name, frozenset())
            found = self._project.symbols.class_(parameter.annotation) if "field" in kinds else None
            if found is None:
                continue
            owner = f"{found[0].module}.{found[1].name}"
            for attribute in found[1].attributes:
                if not self._knowledge.is_harmless(owner, attribute, self._project):
                    yield from ((name, origin, kinds) for name, origin in self._reading(owner, attribute))

    def _reading(self, owner: str, attribute: str) -> Iterator[tuple[str, str]]:
        """The functions that read an attribute of their own, of a class or one related to it, and its origin there."""
        for name, origin in self._readers.get(f"a:{attribute}", ()):
            if self.related(origin[2:].rpartition(".")[0], owner):
                yield name, origin

    def resolve(self, symbol: str) -> tuple[str, Reference | None, bool]:
        """The canonical name of what is called, its function in the project, and whether it is a class of it."""
        known = self._resolved.get(symbol)
        if known is None:
            symbols = self._project.symbols
            name = symbols.canonical(symbol)
            reference = symbols.function(symbol) if name else None
            is_class = bool(name) and symbols.class_(symbol) is not None and not (
                reference is not None and reference.name == name
            )  # fmt: skip
            known = self._resolved[symbol] = (name, reference, is_class)
        return known

    def flow_of(self, reference: Reference | None) -> _Known | None:
        """What a function of the project does with data; asked for where it is not known yet."""
        if reference is None:
            return None
        if self._notes.name not in reference.module.notes:
            self._project.asked_notes.add(reference.module.module)
        return self._known.get(reference.name)

    def checks(self, call: FlowCall) -> bool:
        """Whether a call that says so by its name checks what it is given: its function does, or is not known."""
        callee = self.flow_of(self.resolve(call.symbol)[1])
        return callee is None or callee.flow.checks

    def is_view(self, known: _Known) -> bool:
        """Whether the class of a method handles requests."""
        owner = known.flow.name.rpartition(".")[0]
        key = f"{known.module.module}.{owner}"
        found = self._views.get(key)
        if found is None:
            handlers = self._project.handlers
            found = self._views[key] = bool(owner) and any(
                handlers.of(Reference(known.module, function)) is not None
                for name, function in known.module.functions.items()
                if name.rpartition(".")[0] == owner
            )
        return found

    def filled(self, owner: str, place: str) -> Iterator[tuple[str, str]]:
        """The readers of the attribute that an argument of a class without constructor becomes: of a dataclass."""
        found = self._project.symbols.class_(owner)
        attributes = list(found[1].attributes) if found is not None else []
        if place.isdigit():
            place = attributes[int(place)] if int(place) < len(attributes) else ""
        if place in attributes:
            yield from self._reading(owner, place)

    def related(self, one: str, other: str) -> bool:
        """Whether two classes are the same, or one derives from the other."""
        symbols = self._project.symbols
        return one == other or one in symbols.ancestors(other) or other in symbols.ancestors(one)


class _Walk:
    """One walk for one kind of misuse."""

    def __init__(self, spread: Spread, kind: str) -> None:
        self._spread = spread
        self._kind = kind
        self._parents: dict[Fact, tuple[Fact | None, tuple[Place, ...]]] = {}
        self._waiting: deque[Fact] = deque()
        self._incoming: dict[tuple[str, str], list[tuple[Fact, int, DataEdge]]] = {}
        self._returned: set[tuple[str, str]] = set()
        self._textual: set[tuple[str, str]] = set()
        """Functions and origins (results of calls) that are surely text."""
        self._segments: set[Fact] = set()
        """Parts of paths without a slash, which leave a folder on some systems only."""
        self._found: dict[tuple[str, Span], Arrival] = {}

    def run(self) -> list[Arrival]:
        known = self._spread._known
        for name, origin, kinds in self._spread.seeds:
            if self._kind not in kinds or origin.startswith("r:"):  # edges of a read say themselves what is cleaned
                self._reach((name, "", origin), None, (self._source(known[name], origin),))
                if "segment" in kinds:
                    self._segments.add((name, "", origin))
        while self._waiting and len(self._parents) < _MAX_FACTS:
            self._follow(self._waiting.popleft())
        return [self._found[key] for key in sorted(self._found, key=lambda key: key)]

    @staticmethod
    def _source(known: _Known, origin: str) -> Place:
        if origin.startswith("r:"):
            source = known.flow.sources[int(origin[2:])]
            return Place(known.module.path, source.span, source.text)
        return Place(known.module.path, known.flow.span, ".".join(origin[2:].split(".")[-2:]))

    def _reach(self, fact: Fact, parent: Fact | None, way: tuple[Place, ...]) -> None:
        if fact not in self._parents:
            self._parents[fact] = (parent, way)
            self._waiting.append(fact)

    def _follow(self, fact: Fact) -> None:
        name, _, origin = fact
        known = self._spread._known[name]
        for part in (origin, *known.parts.get(origin, ())):
            if part != origin and self._is_harmless(known, part):
                continue
            for edge in known.edges.get(part, ()):
                if self._kind not in edge.cleaned and not self._is_checked(known, edge) and not self._stays(edge):
                    self._cross(fact, known, edge)

    def _is_checked(self, known: _Known, edge: DataEdge) -> bool:
        """Whether a function of the project has checked what goes this way."""
        return any(
            self._spread.checks(known.flow.calls[int(kind[3:])]) for kind in edge.cleaned if kind.startswith("by:")
        )

    def _stays(self, edge: DataEdge) -> bool:
        """Whether it is a path that was resolved, and then seen to begin with a folder."""
        return self._kind == "path" and "inside" in edge.cleaned and "resolved" in edge.cleaned

    def _is_harmless(self, known: _Known, part: str) -> bool:
        parameter, _, attribute = part[2:].partition(".")
        annotation = next((one.annotation for one in known.flow.parameters if one.name == parameter), "")
        return bool(annotation) and self._spread._knowledge.is_harmless(annotation, attribute, self._spread._project)

    def _cross(self, fact: Fact, known: _Known, edge: DataEdge) -> None:
        kind, _, rest = edge.target.partition(":")
        if kind == "c":
            number, _, place = rest.partition(":")
            self._call(fact, known, edge, int(number), place)
        elif kind == "return":
            self._return(fact, known, edge)
        elif kind == "v":
            for name, origin in self._spread._readers.get(f"v:{known.module.module}.{rest}", ()):
                self._reach((name, "", origin), fact, _hops(known, edge))
        elif kind == "a":
            owner = rest.rpartition(".")[0]
            lasts = self._lasts(fact, known)
            called = frozenset() if lasts else self._called_with(fact, known)
            for name, origin in self._spread._readers.get(f"a:{_last(rest)}", ()):
                is_meant = lasts or _last(name) in called
                if is_meant and self._spread.related(origin[2:].rpartition(".")[0], owner):
                    self._reach((name, "", origin), fact, _hops(known, edge))
        elif kind == "x":
            sink = known.flow.sinks[int(rest)]
            is_page = sink.kind == "answer" and self._kind == "html" and self._is_page(fact, known, edge)
            if sink.kind == self._kind or is_page:
                call = None if is_page else FlowCall("", sink.text, sink.span)
                self._arrive(fact, known, edge, call, None, "0", sink.span)

    def _lasts(self, fact: Fact, known: _Known) -> bool:
        """Whether what a method stores on its object is what other methods of that object read for the same client.

        So it is if the object is made of it, if the method itself reads the request, and of views, of which each
        request has its own. Other objects mostly outlive the request, and hold what many have sent.
        """
        method = _last(known.flow.name)
        if method in _CONSTRUCTORS or fact[2].startswith("r:"):
            return True
        return self._spread.is_view(known)

    def _called_with(self, fact: Fact, known: _Known) -> frozenset[str]:
        """The names of what is called by the method that stores, and by the function that called it."""
        callers = [known]
        parent = self._parents[fact][0]
        if parent is not None:
            callers.append(self._spread._known[parent[0]])
        found = [one.module.functions.get(one.flow.name) for one in callers]
        return frozenset(_last(call.target) for one in found if one is not None for call in one.calls)

    def _is_page(self, fact: Fact, known: _Known, edge: DataEdge) -> bool:
        """Whether what a function returns is text, and a framework makes HTML of it."""
        if "nosql" not in edge.cleaned and (fact[0], edge.origin) not in self._textual:
            return False
        return self._spread._knowledge.answers(known.flow, known.module, self._spread._project)

    def _call(self, fact: Fact, known: _Known, edge: DataEdge, number: int, place: str) -> None:
        spread = self._spread
        call = known.flow.calls[number]
        name, reference, is_class = spread.resolve(call.symbol)
        if reference is None and not call.symbol.endswith("()"):  # an instance is called
            for row in spread._knowledge.sinks(self._kind, name, call, spread._project):
                if row.takes(place, call, edge.cleaned):
                    self._arrive(fact, known, edge, call, row, place, call.span)
                    break
        hop = Place(known.module.path, call.span, call.written)
        result = (fact[0], fact[1], f"c:{number}")
        way = (*_hops(known, edge), hop)
        callee = spread.flow_of(reference)
        if callee is None and spread._knowledge.escapes(self._kind, call):
            return
        if callee is not None and place != ".":
            for parameter in _parameters(callee.flow, place):
                entry = (callee.name, parameter.name)
                self._incoming.setdefault(entry, []).append((fact, number, edge))
                self._reach((callee.name, parameter.name, f"p:{parameter.name}"), fact, way)
                if entry in self._returned:
                    self._reach(result, fact, way)
            return
        if is_class and reference is None:
            self._reach(result, fact, way)
            for reader, origin in spread.filled(name, place):
                self._reach((reader, "", origin), fact, way)
        elif reference is None:
            effect = spread._knowledge.effect(name)
            passes, kinds = effect if effect is not None else (place == ".", frozenset())
            if passes and self._kind not in kinds:
                self._reach(result, fact, way)

    def _return(self, fact: Fact, known: _Known, edge: DataEdge) -> None:
        name, entry, _ = fact
        if known.flow.cleans:
            return
        is_text = "nosql" in edge.cleaned or (name, edge.origin) in self._textual
        if entry:
            self._returned.add((name, entry))
            for caller, number, given in self._incoming.get((name, entry), ()):
                if is_text:
                    self._textual.add((caller[0], f"c:{number}"))
                there = self._spread._known[caller[0]]
                hop = Place(there.module.path, there.flow.calls[number].span, there.flow.calls[number].written)
                self._reach((caller[0], caller[1], f"c:{number}"), caller, (*_hops(there, given), hop))
            return
        for caller_name, number in self._spread._calls.get(_last(known.flow.name), ()):
            there = self._spread._known[caller_name]
            _, reference, _ = self._spread.resolve(there.flow.calls[number].symbol)
            if reference is not None and reference.name == name:
                if is_text:
                    self._textual.add((caller_name, f"c:{number}"))
                call = there.flow.calls[number]
                way = (*_hops(known, edge), Place(there.module.path, call.span, call.written))
                self._reach((caller_name, "", f"c:{number}"), fact, way)
        for receiver, parameter in self._spread._provided.get(_last(known.flow.name), ()):
            _, reference, _ = self._spread.resolve(parameter.provider)
            if reference is not None and reference.name == name:
                self._reach((receiver, "", f"p:{parameter.name}"), fact, _hops(known, edge))

    def _arrive(
        self,
        fact: Fact,
        known: _Known,
        edge: DataEdge,
        call: FlowCall | None,
        row: Sink | None,
        place: str,
        span: Span,
    ) -> None:
        key = (known.module.path, span)
        if key in self._found:
            return
        ways = [_hops(known, edge)]
        current: Fact | None = fact
        functions = set()
        is_segment = False
        while current is not None:
            functions.add(current[0])
            is_segment = current in self._segments
            current, way = self._parents[current]
            ways.append(way)
        most = _MOST_FUNCTIONS if self._kind != "path" else 1 if is_segment else _MOST_FOR_PATHS
        if len(functions) > most:
            return
        places = [one for way in reversed(ways) for one in way]
        self._found[key] = Arrival(
            self._kind, known.flow, known.module, call, row, place, span, places[0].text, tuple(places)
        )


def _parameters(flow: FunctionFlow, place: str) -> list[FlowParameter]:
    """The parameters that an argument at a place may become."""
    parameters = list(flow.parameters)
    if parameters and parameters[0].name in _FIRST_NAMES:
        parameters = parameters[1:]
    if place == "*":
        return [one for one in parameters if one.star != "**"]
    if place == "**":
        return parameters
    if place.isdigit():
        plain = [one for one in parameters if not one.star]
        if int(place) < len(plain):
            return [plain[int(place)]]
        return [one for one in parameters if one.star == "*"]
    named = [one for one in parameters if one.name == place]
    return named or [one for one in parameters if one.star == "**"]


def _hops(known: _Known, edge: DataEdge) -> tuple[Place, ...]:
    return tuple(_place(known, hop) for hop in edge.hops)


def _place(known: _Known, hop: Hop) -> Place:
    return Place(known.module.path, hop.span, hop.text)


def _last(name: str) -> str:
    return name.rpartition(".")[2]
