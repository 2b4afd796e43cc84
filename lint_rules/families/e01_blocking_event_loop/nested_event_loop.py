"""Event loop started inside a running one.

What it finds: `asyncio.run`, `loop.run_until_complete`, `anyio.run`, `async_to_sync(function)(...)` and the start of a
server that brings its own loop, called in code that an event loop is already running.

Why it matters: asyncio refuses with `RuntimeError: asyncio.run() cannot be called from a running event loop`, each time
and only at run time. A bridge such as `async_to_sync` fails the same way, or waits in the loop's own thread for
something that only the loop can do.

Bad (python):

    import asyncio

    async def load_rates() -> dict:
        return {"EUR": 1.0}

    async def convert(amount: float) -> float:
        rates = asyncio.run(load_rates())
        return amount * rates["EUR"]

Good (python):

    import asyncio

    async def load_rates() -> dict:
        return {"EUR": 1.0}

    async def convert(amount: float) -> float:
        rates = await load_rates()
        return amount * rates["EUR"]

How to fix it: `await` the coroutine. Where synchronous code in between needs the result, make that code async, or run
it in a thread, in which `asyncio.run` has a loop of its own.

The same is seen behind plain functions and methods of the project, over any number of files, if the coroutine calls
them directly.

Not seen: functions that ask whether a loop is running, or that catch the error; projects that patch the loop with
`nest_asyncio`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e01_blocking_event_loop.javascript import short_name
from lint_rules.families.e01_blocking_event_loop.tables import NESTED_LOOPS, minds_the_loop
from lint_rules.languages.python.lazy import cst
from lint_rules.languages.python.library import LOOP_WORDS
from lint_rules.languages.python.selectors import Calls
from lint_rules.model import ERROR, EVENT_LOOP, Finding, Related, Rule
from lint_rules.project.calls import CallGraph
from lint_rules.project.modules import is_test_path

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.calls import Edge
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0105",
    "nested-event-loop",
    severity=ERROR,
    summary="An event loop is started, or waited for, inside a running one",
    in_tests=False,
)


_WRAPPED = "wrapped"


@RULE.python(Calls(NESTED_LOOPS), inside=EVENT_LOOP)
def check_python(call: cst.Call, file: PythonFile) -> Iterator[Finding]:
    row = NESTED_LOOPS.match(file.qualified_name(call.func), file.types)
    if row is None or file.is_awaited(call):
        return
    function = file.enclosing_function(call)
    yield RULE.at(
        file,
        call,
        f"`{file.text(call.func)}` cannot run inside the event loop of `{function.name if function else ''}`; "
        f"use {row['instead']}",
        f"use {row['instead']}, or run the synchronous code around it in a thread with `await asyncio.to_thread(...)`",
    )


@RULE.project(words=LOOP_WORDS)
def check_project(project: Project) -> Iterator[Finding]:
    """The same behind plain functions: `async def` -> `report()` -> `asyncio.run`."""
    graph = project.graph
    if any("nest_asyncio" in module.aliases.values() for module in project.facts.values()):
        return
    ends = {id(edge) for edges in graph.edges.values() for edge in edges if _starts_a_loop(edge, project)}
    if not ends:
        return
    next_edge = graph.chains(lambda edge: id(edge) in ends, through=_runs)
    for edges in graph.edges.values():
        for edge in edges:
            callee = edge.callee
            if callee is None or callee.name not in next_edge or edge.call.kind == _WRAPPED:
                continue  # a decorator that runs a coroutine function is not run by it, but in its place
            is_wrapped = next_edge[callee.name].call.kind == _WRAPPED
            if not (_runs(edge) or (is_wrapped and edge.call.kind == "call" and not edge.call.awaited)):
                continue
            is_told = project.on_loop(edge.caller) and (is_wrapped or not project.on_loop(callee))
            if is_told and not is_test_path(edge.caller.module.path, project.root):
                yield _behind_helpers(list(CallGraph.follow(edge, next_edge)))


def _starts_a_loop(edge: Edge, project: Project) -> bool:
    if edge.callee is not None or edge.call.awaited or edge.call.guarded or edge.caller.function.is_async:
        return False
    return not minds_the_loop(edge.caller) and NESTED_LOOPS.match(edge.name, project.symbols.types) is not None


def _runs(edge: Edge) -> bool:
    return edge.callee is not None and edge.runs_body and not minds_the_loop(edge.callee)


def _behind_helpers(chain: list[Edge]) -> Finding:
    first, last = chain[0], chain[-1]
    helpers = [short_name(edge.callee) for edge in chain if edge.callee is not None]
    shown = " -> ".join([short_name(first.caller), *helpers, last.name])
    advice = f"make `{helpers[0]}` async, or run it with `await asyncio.to_thread(...)`"
    return RULE.finding(
        first.caller.module.path,
        first.call.span,
        f"`{last.name}` cannot run inside the event loop: `{shown}`; {advice}",
        f"make the chain async and await the coroutine in place of `{last.name}`, or run `{helpers[0]}` in a thread",
        symbol=first.caller.function.name,
        related=tuple(
            Related(edge.caller.module.path, edge.call.span, f"`{short_name(edge.caller)}` calls `{name}`")
            for edge, name in zip(chain, [*helpers, last.name], strict=True)
        ),
    )
