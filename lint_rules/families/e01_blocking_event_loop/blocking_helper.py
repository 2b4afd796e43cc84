"""Blocking call on the event loop, behind helper functions.

What it finds: code on the event loop that calls a synchronous function or method of the project (or reads or writes a
property) which, itself or through any number of further calls and files, ends in a call known to block, or through a
few calls in one that reads files or computes for long (a password hash). The message shows the chain, and every hop is
a related place. A function that blocks from more than five places is reported once, where it blocks.

Why it matters: the blocking call stands in a file that nobody opens when the service stalls. The handler looks clean:
`load(user_id)` has no `await`, and nothing says that three modules away it waits for a socket.

Bad (python):

    import requests

    def fetch_profile(user_id: int) -> dict:
        return requests.get(f"https://profiles.example/{user_id}", timeout=3).json()

    def display_name(user_id: int) -> str:
        return fetch_profile(user_id)["name"]

    async def greet(user_id: int) -> str:
        return "Hello " + display_name(user_id)

Good (python):

    import asyncio
    import requests

    def fetch_profile(user_id: int) -> dict:
        return requests.get(f"https://profiles.example/{user_id}", timeout=3).json()

    def display_name(user_id: int) -> str:
        return fetch_profile(user_id)["name"]

    async def greet(user_id: int) -> str:
        return "Hello " + await asyncio.to_thread(display_name, user_id)

How to fix it: hand the first synchronous function to a thread, or make the functions of the chain async down to the
call that waits.

Not seen: calls through containers, callbacks, operators and untyped parameters other than those of constructors. Left
alone on purpose: cached functions that read a file, or that take no argument, since they do it once; functions that ask
whether they run on the loop (`threading.get_ident`, `asyncio.get_running_loop` in a `try`) or that a decorator such as
`async_dispatch` runs in another way; files more than two helpers away, computations more than four; files read when the
process starts, and in commands (`cli`, `scripts`, `management`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lint_rules.families.e01_blocking_event_loop.tables import (
    blocking_row,
    heavy_row,
    matters_in,
    minds_the_loop,
    severity_of,
)
from lint_rules.languages.python.library import LOOP_WORDS
from lint_rules.languages.tables import TableRow
from lint_rules.model import ERROR, Finding, Related, Rule, Span
from lint_rules.project.calls import CallGraph, is_cached

if TYPE_CHECKING:
    from lint_rules.project.calls import Edge
    from lint_rules.project.linked import Project

MOST_PLACES = 5
"""From how many calls on the event loop a function may block before it is reported itself, once, and not they."""

MOST_WAYS = 8
"""How many of the calls that lead to such a function are listed beside it."""

FAR_FOR_FILES, FAR_FOR_COMPUTATIONS = 2, 4
"""How many helpers may lie in front of a file or a computation; farther away, it is mostly on a path rarely taken."""

RULE = Rule(
    "TEN0102",
    "blocking-helper",
    severity=ERROR,
    summary="A helper called on the event loop blocks, however many calls away",
    in_tests=False,
)


@RULE.project(words=LOOP_WORDS)
def check_project(project: Project) -> Iterator[Finding]:
    graph = project.graph
    levels = _levels(graph, project)
    by_end: dict[str, list[_Chain]] = {}
    for edges in graph.edges.values():
        for edge in edges:
            callee = edge.callee
            if callee is None or not edge.runs_body or minds_the_loop(callee):
                continue
            if not project.on_loop(edge.caller) or project.on_loop(callee):
                continue
            for level in levels:
                chain = level.chain(edge)
                if chain is not None and _is_worth_telling(chain, project):
                    by_end.setdefault(chain.edges[-1].caller.name, []).append(chain)
                    break
    for chains in by_end.values():
        if len(chains) > MOST_PLACES:
            yield _at_the_root(chains)
        else:
            yield from map(_at_the_loop, chains)


@dataclass(frozen=True, slots=True)
class _Level:
    """Chains to ends of one weight: `ends` are their last calls with their rows, by identity."""

    ends: Mapping[int, TableRow]
    next_edge: Mapping[str, Edge]
    through: Callable[[Edge], bool]
    most_helpers: int | None = None

    def chain(self, first: Edge) -> _Chain | None:
        """The chain that begins with a call of a project function; None if there is none, or too long a one."""
        if first.callee is None or first.callee.name not in self.next_edge or not self.through(first):
            return None
        edges = tuple(CallGraph.follow(first, self.next_edge))
        if self.most_helpers is not None and len(edges) - 1 > self.most_helpers:
            return None
        return _Chain(edges, self.ends[id(edges[-1])])


@dataclass(frozen=True, slots=True)
class _Chain:
    """From a call on the event loop down to the call that blocks, and what the table says about that one."""

    edges: tuple[Edge, ...]
    row: TableRow

    @property
    def helpers(self) -> list[str]:
        """The project functions between the event loop and the call that blocks."""
        return [_short(edge.callee.function.name) for edge in self.edges if edge.callee is not None]

    def __str__(self) -> str:
        return " -> ".join([_short(self.edges[0].caller.function.name), *self.helpers, self.edges[-1].name])

    @property
    def place(self) -> tuple[int, str, Span]:
        """Order of chains: short ones first, then by place."""
        return len(self.edges), self.edges[0].caller.module.path, self.edges[0].call.span


def _is_worth_telling(chain: _Chain, project: Project) -> bool:
    """Whether it matters where the chain begins, see `tables.matters_in`."""
    caller = chain.edges[0].caller
    return matters_in(chain.row, caller.module.module, caller.function.name, project.handlers.of(caller))


def _levels(graph: CallGraph, project: Project) -> list[_Level]:
    """What waits for others goes before what computes, and that before what reads files: the worst is told."""
    errors: dict[int, TableRow] = {}
    computations: dict[int, TableRow] = {}
    files: dict[int, TableRow] = {}
    for edges in graph.edges.values():
        for edge in edges:
            if (row := blocking_row(edge, project)) is not None:
                (files if row["kind"] == "file" else errors)[id(edge)] = row
            elif (row := heavy_row(edge, project)) is not None:
                computations[id(edge)] = row

    def runs(edge: Edge) -> bool:
        """A cached function without parameters runs once in the life of the process."""
        callee = edge.callee
        if callee is None or not edge.runs_body or minds_the_loop(callee):
            return False
        return not is_cached(callee.function) or bool(callee.function.parameters)

    def runs_again(edge: Edge) -> bool:
        """A cached function reads each of its files once."""
        return runs(edge) and edge.callee is not None and not is_cached(edge.callee.function)

    return [
        _Level(errors, graph.chains(lambda edge: id(edge) in errors, through=runs), runs),
        _Level(
            computations, graph.chains(lambda edge: id(edge) in computations, through=runs), runs, FAR_FOR_COMPUTATIONS
        ),
        _Level(files, graph.chains(lambda edge: id(edge) in files, through=runs_again), runs_again, FAR_FOR_FILES),
    ]


def _at_the_loop(chain: _Chain) -> Finding:
    first, last = chain.edges[0], chain.edges[-1]
    helper = chain.helpers[0]
    return RULE.finding(
        first.caller.module.path,
        first.call.span,
        f"`{helper}` blocks the event loop: `{chain}`; {_advice(first, helper)}",
        f"run `{helper}` in a thread with `await asyncio.to_thread(...)`, or make the chain async down to "
        f"`{last.name}` and use {chain.row['instead']} there",
        symbol=first.caller.function.name,
        related=tuple(map(_related, chain.edges)),
        severity=severity_of(chain.row),
    )


def _advice(first: Edge, helper: str) -> str:
    """What to do at the call: a class, a property or a generator is handed to a thread in its own way."""
    if first.call.kind != "call":
        return "run the code that uses it with `await asyncio.to_thread(...)`"
    if first.callee is not None and first.callee.function.is_generator:
        return "run the code that goes through it with `await asyncio.to_thread(...)`"
    return f"run it with `await asyncio.to_thread({helper.removesuffix('.__init__')}, ...)`"


def _at_the_root(chains: list[_Chain]) -> Finding:
    """One finding for a function that blocks the event loop from many places: it is the one to change."""
    chain = min(chains, key=lambda chain: chain.place)
    last = chain.edges[-1]
    return RULE.finding(
        last.caller.module.path,
        last.call.span,
        f"`{last.name}` blocks the event loop from {len(chains)} places, such as `{chain}`; use {chain.row['instead']}",
        f"make the chain async and use {chain.row['instead']}, or run its synchronous part in a thread with "
        "`await asyncio.to_thread(...)`",
        symbol=last.caller.function.name,
        related=(*map(_related, chain.edges[:-1]), *_other_ways(chains, chain)),
        severity=severity_of(chain.row),
    )


def _other_ways(chains: list[_Chain], shown: _Chain) -> Iterator[Related]:
    """The calls by which other chains come to the same function, those with the most places first."""
    by_place = {(edge.caller.module.path, edge.call.span): edge for edge in (chain.edges[-2] for chain in chains)}
    counts = Counter((chain.edges[-2].caller.module.path, chain.edges[-2].call.span) for chain in chains)
    for place in sorted(by_place, key=lambda place: (-counts[place], place))[:MOST_WAYS]:
        edge = by_place[place]
        if edge is not shown.edges[-2]:
            message = f"`{_short(edge.caller.function.name)}` calls `{_called(edge)}`, on the way from {counts[place]}"
            yield Related(*place, f"{message} places")


def _related(edge: Edge) -> Related:
    caller = edge.caller
    return Related(caller.module.path, edge.call.span, f"`{_short(caller.function.name)}` calls `{_called(edge)}`")


def _called(edge: Edge) -> str:
    return edge.name if edge.callee is None else _short(edge.callee.function.name)


def _short(name: str) -> str:
    """`Store.load` for `Store.load`, `inner` for `outer.<locals>.inner`."""
    return name.rpartition("<locals>.")[2]
