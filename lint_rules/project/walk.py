"""Data over all files of a project: from what clients send, through calls and results, to where it must not go.

One walk for each kind of misuse, over facts `(function, entry, origin)`: data that entered a function by its parameter
`entry` ("": that came up within it) has reached `origin`. Keeping the entry apart is what brings a result back to the
callers that passed such data, and to no others. The walk is breadth first, so the way to a finding is a shortest one.
"""

from __future__ import annotations

from collections import deque

from lint_rules.model import Span
from lint_rules.project.flows import DataEdge, FlowCall, FlowParameter, FunctionFlow, Hop
from lint_rules.project.spread import Arrival, Known, Place, Sink, Spread, last_segment

Fact = tuple[str, str, str]

_MAX_FACTS = 400_000
_MOST_FUNCTIONS = 7
_MOST_FOR_PATHS = 4
"""Over more functions than these, what is passed on is rarely still what the client sent; of files least of all, whose
names are put together of what a service knows of them."""
_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__"})
_FIRST_NAMES = frozenset({"self", "cls"})


def arrivals_of(kind: str, spread: Spread) -> list[Arrival]:
    """Where data of clients arrives at sinks of a kind of misuse, each sink once, in a fixed order."""
    return _Walk(spread, kind).run()


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
        known = self._spread.known
        for name, origin, kinds in self._spread.seeds:
            if self._kind not in kinds or origin.startswith("r:"):  # edges of a read say themselves what is cleaned
                self._reach((name, "", origin), None, (self._source(known[name], origin),))
                if "segment" in kinds:
                    self._segments.add((name, "", origin))
        while self._waiting and len(self._parents) < _MAX_FACTS:
            self._follow(self._waiting.popleft())
        return [self._found[key] for key in sorted(self._found, key=lambda key: key)]

    @staticmethod
    def _source(known: Known, origin: str) -> Place:
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
        known = self._spread.known[name]
        for part in (origin, *known.parts.get(origin, ())):
            if part != origin and self._is_harmless(known, part):
                continue
            for edge in known.edges.get(part, ()):
                if self._kind not in edge.cleaned and not self._is_checked(known, edge) and not self._stays(edge):
                    self._cross(fact, known, edge)

    def _is_checked(self, known: Known, edge: DataEdge) -> bool:
        """Whether a function of the project has checked what goes this way."""
        return any(
            self._spread.checks(known.flow.calls[int(kind[3:])]) for kind in edge.cleaned if kind.startswith("by:")
        )

    def _stays(self, edge: DataEdge) -> bool:
        """Whether it is a path that was resolved, and then seen to begin with a folder."""
        return self._kind == "path" and "inside" in edge.cleaned and "resolved" in edge.cleaned

    def _is_harmless(self, known: Known, part: str) -> bool:
        parameter, _, attribute = part[2:].partition(".")
        annotation = next((one.annotation for one in known.flow.parameters if one.name == parameter), "")
        return bool(annotation) and self._spread.knowledge.is_harmless(annotation, attribute, self._spread.project)

    def _cross(self, fact: Fact, known: Known, edge: DataEdge) -> None:
        kind, _, rest = edge.target.partition(":")
        if kind == "c":
            number, _, place = rest.partition(":")
            self._call(fact, known, edge, int(number), place)
        elif kind == "return":
            self._return(fact, known, edge)
        elif kind == "v":
            for name, origin in self._spread.readers.get(f"v:{known.module.module}.{rest}", ()):
                self._reach((name, "", origin), fact, _hops(known, edge))
        elif kind == "a":
            owner = rest.rpartition(".")[0]
            lasts = self._lasts(fact, known)
            called = frozenset() if lasts else self._called_with(fact, known)
            for name, origin in self._spread.readers.get(f"a:{last_segment(rest)}", ()):
                is_meant = lasts or last_segment(name) in called
                if is_meant and self._spread.related(origin[2:].rpartition(".")[0], owner):
                    self._reach((name, "", origin), fact, _hops(known, edge))
        elif kind == "x":
            sink = known.flow.sinks[int(rest)]
            is_page = sink.kind == "answer" and self._kind == "html" and self._is_page(fact, known, edge)
            is_page = is_page or (sink.kind == "answer" and self._kind == "redirect" and known.flow.is_redirect)
            if sink.kind == self._kind or is_page:
                call = None if is_page else FlowCall("", sink.text, sink.span)
                self._arrive(fact, known, edge, call, None, "0", sink.span)

    def _lasts(self, fact: Fact, known: Known) -> bool:
        """Whether what a method stores on its object is what other methods of that object read for the same client.

        So it is if the object is made of it, if the method itself reads the request, and of views, of which each
        request has its own. Other objects mostly outlive the request, and hold what many have sent.
        """
        method = last_segment(known.flow.name)
        if method in _CONSTRUCTORS or fact[2].startswith("r:"):
            return True
        return self._spread.is_view(known)

    def _called_with(self, fact: Fact, known: Known) -> frozenset[str]:
        """The names of what is called by the method that stores, and by the function that called it."""
        callers = [known]
        parent = self._parents[fact][0]
        if parent is not None:
            callers.append(self._spread.known[parent[0]])
        found = [one.module.functions.get(one.flow.name) for one in callers]
        return frozenset(last_segment(call.target) for one in found if one is not None for call in one.calls)

    def _is_page(self, fact: Fact, known: Known, edge: DataEdge) -> bool:
        """Whether what a function returns is text, and a framework makes HTML of it."""
        if "nosql" not in edge.cleaned and (fact[0], edge.origin) not in self._textual:
            return False
        return self._spread.knowledge.answers(known.flow, known.module, self._spread.project)

    def _call(self, fact: Fact, known: Known, edge: DataEdge, number: int, place: str) -> None:
        spread = self._spread
        call = known.flow.calls[number]
        name, reference, is_class = spread.resolve(call.symbol)
        if reference is None and not call.symbol.endswith("()"):  # an instance is called
            for row in spread.knowledge.sinks(self._kind, name, call, spread.project):
                if row.takes(place, call, edge.cleaned):
                    self._arrive(fact, known, edge, call, row, place, call.span)
                    break
        hop = Place(known.module.path, call.span, call.written)
        result = (fact[0], fact[1], f"c:{number}")
        way = (*_hops(known, edge), hop)
        callee = spread.flow_of(reference)
        if callee is None and spread.knowledge.escapes(self._kind, call):
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
            effect = spread.knowledge.effect(name)
            passes, kinds = effect if effect is not None else (place == ".", frozenset())
            if passes and self._kind not in kinds:
                self._reach(result, fact, way)

    def _return(self, fact: Fact, known: Known, edge: DataEdge) -> None:
        name, entry, _ = fact
        if known.flow.cleans:
            return
        is_text = "nosql" in edge.cleaned or (name, edge.origin) in self._textual
        if entry:
            self._returned.add((name, entry))
            for caller, number, given in self._incoming.get((name, entry), ()):
                if is_text:
                    self._textual.add((caller[0], f"c:{number}"))
                there = self._spread.known[caller[0]]
                hop = Place(there.module.path, there.flow.calls[number].span, there.flow.calls[number].written)
                self._reach((caller[0], caller[1], f"c:{number}"), caller, (*_hops(there, given), hop))
            return
        for caller_name, number in self._spread.calls.get(last_segment(known.flow.name), ()):
            there = self._spread.known[caller_name]
            _, reference, _ = self._spread.resolve(there.flow.calls[number].symbol)
            if reference is not None and reference.name == name:
                if is_text:
                    self._textual.add((caller_name, f"c:{number}"))
                call = there.flow.calls[number]
                way = (*_hops(known, edge), Place(there.module.path, call.span, call.written))
                self._reach((caller_name, "", f"c:{number}"), fact, way)
        for receiver, parameter in self._spread.provided.get(last_segment(known.flow.name), ()):
            _, reference, _ = self._spread.resolve(parameter.provider)
            if reference is not None and reference.name == name:
                self._reach((receiver, "", f"p:{parameter.name}"), fact, _hops(known, edge))

    def _arrive(
        self,
        fact: Fact,
        known: Known,
        edge: DataEdge,
        call: FlowCall | None,
        row: Sink | None,
        place: str,
        span: Span,
    ) -> None:
        key = (known.module.path, span)
        if key in self._found or (self._kind == "redirect" and known.flow.checks):
            return  # a function that says by its name that it redirects safely, and asks something of the address
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


def _hops(known: Known, edge: DataEdge) -> tuple[Place, ...]:
    return tuple(_place(known, hop) for hop in edge.hops)


def _place(known: Known, hop: Hop) -> Place:
    return Place(known.module.path, hop.span, hop.text)
