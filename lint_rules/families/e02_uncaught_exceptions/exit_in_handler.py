"""Exit in a handler.

What it finds: `sys.exit`, `exit`, `quit`, `raise SystemExit`, `os._exit` or `os.abort` in a function that a framework
calls for each request, message or job (a route, a view's method, middleware, a websocket or error handler, a Celery
task), or in a function that one of these reaches, through any number of calls and files. The message shows the chain.
In JavaScript `process.exit`, `process.abort` and the like, in callbacks of the handler too.

Why it matters: SystemExit is no Exception. It passes every error handler and middleware, and on an event loop it ends
the whole server with all requests in flight; with workers it kills one, and a client can do that again and again.
`process.exit` does the same at once, whatever has not been sent or written yet.

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

Bad (javascript):

    const express = require("express");

    const app = express();

    app.get("/rates/:currency", (req, res) => {
      const rate = rates.get(req.params.currency);
      if (!rate) {
        process.exit(1);
      }
      res.json({ rate });
    });

Good (javascript):

    const express = require("express");

    const app = express();

    app.get("/rates/:currency", (req, res) => {
      const rate = rates.get(req.params.currency);
      if (!rate) {
        return res.status(404).json({ error: "unknown currency" });
      }
      res.json({ rate });
    });

How to fix it: raise an exception that the framework turns into an error response, and leave ending the process to the
code that started it. In a helper that a command line shares, raise an exception of your own and exit in the command.

Not seen: an exit behind a callback (in JavaScript a named one) or a container of functions; `raise SystemExit` without
parentheses; `os.kill(os.getpid(), ...)`, `process.kill(process.pid)`; helpers that stand in a folder `management`,
where Django keeps its commands.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.tables import NameTable, TableRow, name_table
from lint_rules.model import WARNING, Finding, Related, Rule
from lint_rules.project.calls import CallGraph
from lint_rules.project.modules import is_installer
from lint_rules.project.symbols import Reference

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

_FOLDER = Path(__file__).parent
EXITS = name_table(_FOLDER / "exits.toml", "python")
JAVASCRIPT_EXITS = js_name_table(_FOLDER / "exits_javascript.toml", "javascript")
_ALWAYS = frozenset(name for name in JAVASCRIPT_EXITS if not name.endswith(".kill"))
_PER_EVENT = frozenset({"route", "hook", "error", "socket", "task"})


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


@RULE.project(
    words=(b"process.exit", b"process.abort", b"reallyExit", b"{ exit", b"exit }", b"shell.exit", b"exit } from"),
    languages=("javascript",),
)
def check_javascript(project: Project) -> Iterator[Finding]:
    types = project.symbols.types
    last_names = frozenset(name.rpartition(".")[2] for name in _ALWAYS)
    found = project.reaching(lambda name: any(one in _ALWAYS for one in types.lineage(name)), last_names)
    for name in sorted(found.edges):
        handler = _handler_around(found.functions[name], project)
        if handler is None or handler.kind not in _PER_EVENT or is_installer(found.functions[name].module.path):
            continue
        for edge in found.edges[name]:
            if edge.callee is None or _handler_around(edge.callee, project) is None:
                yield _finding(project, handler, list(CallGraph.follow(edge, found.next_edge)), JAVASCRIPT_EXITS)


def _handler_around(function: Reference, project: Project) -> Handler | None:
    """What a function is, or the one in which it is a callback without a name of its own."""
    facts = function.module
    name = function.function.name
    for _ in range(_MOST_CALLBACKS):
        known = facts.functions.get(name)
        handler = project.handlers.of(Reference(facts, known)) if known is not None else None
        if handler is not None and handler.kind != "continuation":
            return handler
        outer, separator, own = name.rpartition(".<locals>.")
        if not separator or not own.startswith("<anonymous"):
            return None
        name = outer
    return None


_MOST_CALLBACKS = 12


def _finding(project: Project, handler: Handler, chain: list[Edge], exits: NameTable[TableRow] = EXITS) -> Finding:
    first, last = chain[0], chain[-1]
    exit_name = _exit_name(last.name)
    hops = [first.caller, *(edge.callee for edge in chain if edge.callee is not None)]
    path = " -> ".join([*(_short(hop.function.name) for hop in hops), exit_name])
    row = exits.match(last.name, project.symbols.types)
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
    called = _exit_name(edge.name) if edge.callee is None else _short(edge.callee.function.name)
    return f"`{_short(edge.caller.function.name)}` calls `{called}`"


def _exit_name(name: str) -> str:
    return name.removeprefix("builtins.").removeprefix("globalThis.")


def _short(name: str) -> str:
    own = name.rpartition("<locals>.")[2]
    return "the handler" if own.startswith("<anonymous") else own
