"""Exit in a handler.

What it finds: `sys.exit`, `exit`, `quit`, `raise SystemExit`, `os._exit` or `os.abort` in a function that a framework
calls for each request, message or job (a route, a view's method, middleware, a websocket or error handler, a Celery
task), or in a function that one of these reaches, through any number of calls and files. The message shows the chain.

Why it matters: SystemExit is no Exception. It passes every error handler and middleware, and on an event loop it ends
the whole server with all requests in flight; with workers it kills one, and a client can do that again and again.

Bad (python):

    import sys
    from flask import Flask

    app = Flask(__name__)

    @app.get("/rates/<currency>")
    def rate(currency: str) -> dict:
        if currency not in RATES:
            sys.exit(f"no rate for {currency}")
        return {"rate": RATES[currency]}

Good (python):

    from flask import Flask, abort

    app = Flask(__name__)

    @app.get("/rates/<currency>")
    def rate(currency: str) -> dict:
        if currency not in RATES:
            abort(404, f"no rate for {currency}")
        return {"rate": RATES[currency]}

How to fix it: raise an exception that the framework turns into an error response, and leave ending the process to the
code that started it. In a helper that a command line shares, raise an exception of your own and exit in the command.

Not seen: an exit behind a callback or a container of functions; `raise SystemExit` without parentheses;
`os.kill(os.getpid(), ...)`; helpers that stand in a folder `management`, where Django keeps its commands.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lint_rules.languages.tables import name_table
from lint_rules.model import WARNING, Finding, Related, Rule
from lint_rules.project.calls import CallGraph

if TYPE_CHECKING:
    from lint_rules.project.calls import Edge
    from lint_rules.project.frameworks import Handler
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0211",
    "exit-in-handler",
    severity=WARNING,
    summary="A handler ends the process instead of its request",
    in_tests=False,
)

EXITS = name_table(Path(__file__).parent / "exits.toml", "python")


@RULE.project(words=(b"exit(", b"exit as ", b"quit(", b"quit as ", b"os.abort", b"abort as ", b"SystemExit"))
def check_project(project: Project) -> Iterator[Finding]:
    types = project.symbols.types
    found = project.reaching(lambda name: EXITS.match(name, types) is not None, EXITS.last_names)
    for name in sorted(found.edges):
        handler = project.handlers.of(found.functions[name])
        if handler is None or not handler.is_per_request:
            continue
        for edge in found.edges[name]:
            if edge.callee is None or project.handlers.of(edge.callee) is None:
                yield _finding(project, handler, list(CallGraph.follow(edge, found.next_edge)))


def _finding(project: Project, handler: Handler, chain: list[Edge]) -> Finding:
    first, last = chain[0], chain[-1]
    exit_name = last.name.removeprefix("builtins.")
    hops = [first.caller, *(edge.callee for edge in chain if edge.callee is not None)]
    path = " -> ".join([*(_short(hop.function.name) for hop in hops), exit_name])
    row = EXITS.match(last.name, project.symbols.types)
    answers = handler.framework["error_responses"]
    instead = f"raise or return an error response (`{answers[0]}`)" if answers else "raise an exception"
    ends = f"`{_short(hops[1].function.name)}` ends" if len(chain) > 1 else f"`{exit_name}` ends"
    return RULE.finding(
        first.caller.module.path,
        first.call.span,
        f"{ends} the server from a handler: `{path}`; {instead}",
        f"`{exit_name}` {row['how'] if row else ''}; {instead}, and exit only in the code that starts the process",
        symbol=first.caller.function.name,
        related=tuple(Related(edge.caller.module.path, edge.call.span, _hop(edge)) for edge in chain),
    )


def _hop(edge: Edge) -> str:
    called = edge.name.removeprefix("builtins.") if edge.callee is None else _short(edge.callee.function.name)
    return f"`{_short(edge.caller.function.name)}` calls `{called}`"


def _short(name: str) -> str:
    return name.rpartition("<locals>.")[2]
