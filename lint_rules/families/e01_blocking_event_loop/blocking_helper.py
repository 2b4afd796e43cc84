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

Bad (javascript):

    import { execFileSync } from "node:child_process";
    import express from "express";

    const app = express();

    function render(id) {
      return execFileSync("wkhtmltopdf", [`invoices/${id}.html`, "-"]);
    }

    function invoice(id) {
      return { id, pdf: render(id).toString("base64") };
    }

    app.get("/invoices/:id", (req, res) => {
      res.json(invoice(req.params.id));
    });

Good (javascript):

    import { execFile } from "node:child_process";
    import { promisify } from "node:util";
    import express from "express";

    const app = express();
    const run = promisify(execFile);

    async function render(id) {
      const { stdout } = await run("wkhtmltopdf", [`invoices/${id}.html`, "-"], { encoding: "buffer" });
      return stdout;
    }

    async function invoice(id) {
      return { id, pdf: (await render(id)).toString("base64") };
    }

    app.get("/invoices/:id", async (req, res) => {
      res.json(await invoice(req.params.id));
    });

How to fix it: hand the first synchronous function to a thread, or make the functions of the chain async down to the
call that waits.

A function is also called out of a table (`HANDLERS[kind](order)`), by a helper of the project that is given it
(`retried(lambda: charge(order))`), and by `prices[name]`, `name in prices` or `prices(name)` on an instance. A method
that a class only declares (`@abstractmethod`, an interface) blocks where most of what the project's classes put in its
place does.

Not seen: operators on instances (`a + b`), callbacks that a helper keeps for later, and untyped parameters other than
those of constructors. Left alone on purpose: cached functions that read a file, or that take no argument, since they do
it once; functions that ask whether they run on the loop (`threading.get_ident`, `asyncio.get_running_loop` in a `try`)
or that a decorator such as `async_dispatch` runs in another way; files more than two helpers away, computations more
than four; files read when the process starts or once, and in commands (`cli`, `scripts`, `management/commands`); what
only a flag for developing lets run; what only tests call. In JavaScript also what runs before the server listens, files
that are read when something starts, ends or fails, scripts with a hashbang, and workers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e01_blocking_event_loop.chains import Chain, levels
from lint_rules.families.e01_blocking_event_loop.javascript import LOOP_WORDS as JAVASCRIPT_LOOP_WORDS
from lint_rules.families.e01_blocking_event_loop.javascript import is_rare, is_unnamed, short_name
from lint_rules.families.e01_blocking_event_loop.tables import (
    is_alone,
    matters_in,
    minds_the_loop,
    severity_of,
)
from lint_rules.languages.language import language_of
from lint_rules.languages.python.library import LOOP_WORDS
from lint_rules.languages.python.memo import ONCE
from lint_rules.model import ERROR, Finding, Related, Rule
from lint_rules.project.implementing import IMPLEMENTED
from lint_rules.project.modules import is_command_line, is_test_path
from lint_rules.project.node_names import shown

if TYPE_CHECKING:
    from lint_rules.project.calls import Edge
    from lint_rules.project.linked import Project
    from lint_rules.project.symbols import Reference

MOST_PLACES = 5
"""From how many calls on the event loop a function may block before it is reported itself, once, and not they."""

MOST_WAYS = 8
"""How many of the calls that lead to such a function are listed beside it."""

RULE = Rule(
    "TEN0102",
    "blocking-helper",
    severity=ERROR,
    summary="A helper called on the event loop blocks, however many calls away",
    in_tests=False,
)


@RULE.project(words=JAVASCRIPT_LOOP_WORDS, languages=("javascript",))
@RULE.project(words=LOOP_WORDS)
def check_project(project: Project) -> Iterator[Finding]:
    graph = project.graph
    found_levels = levels(graph, project)
    by_end: dict[str, list[Chain]] = {}
    for edges in graph.edges.values():
        if edges and is_test_path(edges[0].caller.module.path, project.root):
            continue  # a test that blocks its own loop stops no service
        for edge in edges:
            callee = edge.callee
            if callee is None or not edge.runs_body or minds_the_loop(callee):
                continue
            if not project.on_loop(edge.caller) or project.on_loop(callee):
                continue
            for level in found_levels:
                chain = level.chain(edge)
                if chain is not None and _is_worth_telling(chain, project):
                    by_end.setdefault(chain.edges[-1].caller.name, []).append(chain)
                    break
    for chains in by_end.values():
        if len(chains) > MOST_PLACES:
            yield _at_the_root(chains)
        else:
            yield from map(_at_the_loop, chains)


def _is_worth_telling(chain: Chain, project: Project) -> bool:
    """Whether it matters where the chain begins, see `tables.matters_in`."""
    caller = chain.edges[0].caller
    if chain.row.get("kind") == "process" and any(ONCE in edge.call.literals for edge in chain.edges):
        return False  # what a child process told is kept
    if project.language == "javascript" and chain.row.get("kind") in ("file", "process"):
        functions = (caller, *(edge.callee for edge in chain.edges if edge.callee is not None))
        if any(is_rare(one, project.handlers.of(one)) for one in functions):
            return False
    module, handler = caller.module, project.handlers.of(caller)
    if handler is None and is_alone(chain.row) and caller.name in project.shared(_command_functions):
        return False
    return matters_in(chain.row, module.module, module.aliases.values(), caller.function.name, handler)


def _command_functions(project: Project) -> frozenset[str]:
    """The functions that commands call and nobody else: no server waits while they run."""
    served: set[str] = set()
    of_commands: set[str] = set()
    for edges in project.graph.edges.values():
        for edge in edges:
            if edge.callee is not None:
                is_command = is_command_line(edge.caller.module.module)
                (of_commands if is_command else served).add(edge.callee.name)
    return frozenset(of_commands - served)


def _at_the_loop(chain: Chain) -> Finding:
    first = chain.edges[0]
    helper = next(iter(chain.helpers), chain.end)
    advice, suggestion = _advice(chain, first, helper)
    return RULE.finding(
        first.caller.module.path,
        first.call.span,
        f"`{helper}` blocks the event loop: `{chain}`; {advice}",
        suggestion,
        symbol=first.caller.function.name,
        related=tuple(map(_related, _told(chain.edges))),
        severity=severity_of(chain.row),
    )


def _advice(chain: Chain, first: Edge, helper: str) -> tuple[str, str]:
    """What to do at the call, in short and in full."""
    instead = chain.instead
    if _is_javascript(first.caller):
        full = f"make the chain async down to `{chain.end}` and use {instead} there, or do it in a worker thread"
        return f"make it async and use {instead}", full
    full = (
        f"run `{helper}` in a thread with `await asyncio.to_thread(...)`, or make the chain async down to "
        f"`{chain.end}` and use {instead} there"
    )
    if first.call.kind == "wrapped":
        return f"make `{helper}` async and use {instead}", f"make `{helper}` async and use {instead} there"
    if first.call.kind != "call":  # a class, a property or a generator is handed to a thread in its own way
        return "run the code that uses it with `await asyncio.to_thread(...)`", full
    if first.callee is not None and first.callee.function.is_generator:
        return "run the code that goes through it with `await asyncio.to_thread(...)`", full
    return f"run it with `await asyncio.to_thread({helper.removesuffix('.__init__')}, ...)`", full


def _at_the_root(chains: list[Chain]) -> Finding:
    """One finding for a function that blocks the event loop from many places: it is the one to change."""
    chain = min(chains, key=lambda chain: chain.place)
    last = chain.edges[-1]
    instead = chain.instead
    elsewhere = (
        "do it in a worker thread"
        if _is_javascript(last.caller)
        else "run its synchronous part in a thread with `await asyncio.to_thread(...)`"
    )
    return RULE.finding(
        last.caller.module.path,
        last.call.span,
        f"`{chain.end}` blocks the event loop from {len(chains)} places, such as `{chain}`; use {instead}",
        f"make the chain async and use {instead}, or {elsewhere}",
        symbol=last.caller.function.name,
        related=(*map(_related, _told(chain.edges[:-1])), *_other_ways(chains, chain)),
        severity=severity_of(chain.row),
    )


def _other_ways(chains: list[Chain], shown: Chain) -> Iterator[Related]:
    """The calls by which other chains come to the same function, those with the most places first."""
    by_place = {(edge.caller.module.path, edge.call.span): edge for edge in (chain.edges[-2] for chain in chains)}
    counts = Counter((chain.edges[-2].caller.module.path, chain.edges[-2].call.span) for chain in chains)
    for place in sorted(by_place, key=lambda place: (-counts[place], place))[:MOST_WAYS]:
        edge = by_place[place]
        if edge is not shown.edges[-2]:
            message = f"`{short_name(edge.caller)}` calls `{_called(edge)}`, on the way from {counts[place]}"
            yield Related(*place, f"{message} places")


def _told(edges: tuple[Edge, ...]) -> list[Edge]:
    """The hops that people are shown: not those into a callback, which stands where it is called from."""
    return [edge for edge in edges if edge.callee is None or not is_unnamed(edge.callee)]


def _related(edge: Edge) -> Related:
    caller = edge.caller
    if edge.call.kind == IMPLEMENTED and edge.callee is not None:
        place = edge.callee.module.path, edge.callee.function.span
        return Related(*place, f"`{_called(edge)}` is what `{short_name(caller)}` does in this class")
    return Related(caller.module.path, edge.call.span, f"`{short_name(caller)}` calls `{_called(edge)}`")


def _called(edge: Edge) -> str:
    return shown(edge.name) if edge.callee is None else short_name(edge.callee)


def _is_javascript(function: Reference) -> bool:
    return language_of(function.module.path) == "javascript"
