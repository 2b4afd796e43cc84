"""Blocking call on the event loop, behind helper functions.

What it finds: code on the event loop that calls a synchronous function or method of the project (or reads a property)
which, itself or through any number of further calls and files, ends in a call known to block. The message shows the
chain, and every hop is a related place.

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

Not seen: calls through containers, callbacks and untyped parameters other than those of constructors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e01_blocking_event_loop.tables import BLOCKING, blocking_row, severity_of
from lint_rules.languages.python.library import LOOP_WORDS
from lint_rules.model import ERROR, Finding, Related, Rule
from lint_rules.project.linked import is_synchronous

if TYPE_CHECKING:
    from lint_rules.project.calls import Edge
    from lint_rules.project.linked import Project

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
    next_edge = graph.chains(lambda edge: blocking_row(edge, project) is not None, through=is_synchronous)
    for edges in graph.edges.values():
        for edge in edges:
            callee = edge.callee
            if callee is None or callee.name not in next_edge or not project.on_loop(edge.caller):
                continue
            if is_synchronous(callee.function) and not project.on_loop(callee) and not edge.call.awaited:
                yield _finding(project, list(graph.follow(edge, next_edge)))


def _finding(project: Project, chain: list[Edge]) -> Finding:
    first, last = chain[0], chain[-1]
    assert first.callee is not None
    hops = [_short(edge.callee.function.name) for edge in chain if edge.callee is not None]
    path = " -> ".join([_short(first.caller.function.name), *hops, last.name])
    helper = hops[0]
    row = BLOCKING.match(last.name, project.symbols.types)
    assert row is not None
    related = tuple(
        Related(edge.caller.module.path, edge.call.span, f"`{_short(edge.caller.function.name)}` calls `{_called(edge)}`")
        for edge in chain
    )
    return RULE.finding(
        first.caller.module.path,
        first.call.span,
        f"`{helper}` blocks the event loop: `{path}`; run it with `await asyncio.to_thread({helper}, ...)`",
        f"run `{helper}` in a thread with `await asyncio.to_thread(...)`, or make the chain async down to "
        f"`{last.name}` and use {row['instead']} there",
        symbol=first.caller.function.name,
        related=related,
        severity=severity_of(row),
    )


def _called(edge: Edge) -> str:
    return edge.name if edge.callee is None else _short(edge.callee.function.name)


def _short(name: str) -> str:
    """`Store.load` for `Store.load`, `inner` for `outer.<locals>.inner`."""
    return name.rpartition("<locals>.")[2]
