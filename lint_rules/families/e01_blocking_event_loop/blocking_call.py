"""Blocking call on the event loop.

What it finds: a call of a function that is known to block (the network through a synchronous client, a synchronous
database driver, `time.sleep`, a child process, a file) in code that runs on the event loop: the body of an `async def`,
or a synchronous handler that its framework runs on the loop. The call is recognised by what it is, not by how it is
spelled: through import aliases, variables, `with ... as`, annotations, attributes set in `__init__`, and instances
imported from other files of the project.

Why it matters: the event loop runs one thing at a time. While the call waits, no other request is read, no timer fires
and no health check is answered; one slow upstream server stops the whole process.

Bad (python):

    import requests

    async def exchange_rate(currency: str) -> float:
        response = requests.get(f"https://rates.example/{currency}", timeout=5)
        return response.json()["rate"]

Good (python):

    import httpx

    async def exchange_rate(currency: str) -> float:
        async with httpx.AsyncClient(timeout=5) as client:
            response = await client.get(f"https://rates.example/{currency}")
        return response.json()["rate"]

Bad (javascript):

    import express from "express";
    import fs from "node:fs";

    const app = express();

    app.get("/terms", async (req, res) => {
      const text = fs.readFileSync("terms.txt", "utf8");
      res.send(text);
    });

Good (javascript):

    import express from "express";
    import fs from "node:fs";

    const app = express();

    app.get("/terms", async (req, res) => {
      const text = await fs.promises.readFile("terms.txt", "utf8");
      res.send(text);
    });

How to fix it: use the awaitable twin of the call where there is one, or run it in a thread with
`await asyncio.to_thread(function, ...)`. In JavaScript, the function of `fs.promises`, `child_process.execFile` or the
package's form that gives a promise; where there is none, a worker thread.

Not seen: a client that is taken out of a container or comes from an untyped parameter; calls of functions that no table
names (add them with `[tool.tenlint.blocking] calls = [...]`). Looks at and changes of directory entries such as
`exists`, `mkdir`, `listdir` and `unlink` are short on a local disk and not on a network one: they are reported with the
option `file-metadata`, in JavaScript always (`existsSync` has an awaitable twin, where Python needs a thread). Left
alone on purpose: sleeps below 10 ms; files read when the process starts, once (`if self._page is None: self._page =
...`) or from `/proc`, and in commands (`cli`, `scripts`, `management/commands`, modules that ask a person by
`rich.prompt` and the like); files, processes and computations that only a flag or environment for developing lets run
(`if not settings.dev_mode: raise ...`); lines with a `noqa` for one of ruff's ASYNC checks.

In JavaScript, handlers, middleware, async functions, event listeners and timers run on the event loop. Left alone are
module level, functions called from there alone or by a `main`, `bootstrap` or `setup`, files with a hashbang,
installers (`install/`, `setup-*.js`), `worker_threads` workers, files read once and kept (`if (!page) page = ...`), and
the SQLite drivers that are synchronous by design.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e01_blocking_event_loop.awaiting import awaitable_call
from lint_rules.families.e01_blocking_event_loop.iterations import RUN_THROUGH_WORDS, iterations
from lint_rules.families.e01_blocking_event_loop.javascript import BLOCKING as BLOCKING_JAVASCRIPT
from lint_rules.families.e01_blocking_event_loop.javascript import LOOP_WORDS as JAVASCRIPT_LOOP_WORDS
from lint_rules.families.e01_blocking_event_loop.javascript import (
    RARE_EVENTS,
    edge_row,
    instead_of,
    is_rare_name,
    returns_at_once,
    short_name,
)
from lint_rules.families.e01_blocking_event_loop.tables import (
    BLOCKING,
    FILE_OPTIONS,
    as_called,
    blocking_row,
    blocks,
    connects_only_to,
    holds_up_developers,
    is_alone,
    is_asked_for,
    matters_in,
    severity_of,
)
from lint_rules.languages.javascript.grammar import arguments, callee
from lint_rules.languages.javascript.labels import function_label
from lint_rules.languages.javascript.memo import is_harmless_read
from lint_rules.languages.javascript.selectors import Calls as JavaScriptCalls
from lint_rules.languages.python.edits import import_edits, replace
from lint_rules.languages.python.lazy import cst
from lint_rules.languages.python.library import LOOP_WORDS
from lint_rules.languages.python.memo import is_harmless_read as is_harmless_python_read
from lint_rules.languages.python.scopes import UNNAMED
from lint_rules.languages.python.selectors import Calls
from lint_rules.languages.tables import TableRow
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, EVENT_LOOP, UNSAFE, Finding, Fix, Option, Rule
from lint_rules.project.modules import is_installer
from lint_rules.project.node_names import shown

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.javascript.scopes import Scope
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.python.scopes import Scope as PythonScope
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0101",
    "blocking-call",
    severity=ERROR,
    summary="A call that blocks runs on the event loop",
    in_tests=False,
    fix=UNSAFE,
    options=(
        Option("file-io", FILE_OPTIONS["file-io"], "Report calls that read or write files as well (as warnings)"),
        Option(
            "file-metadata",
            FILE_OPTIONS["file-metadata"],
            "Report calls that only look at or change directory entries as well, such as `exists` and `unlink`",
        ),
    ),
)


_ACKNOWLEDGED = re.compile(rb"#\s*noqa:[^#]*\bASYNC\d")
"""Another linter was told to leave this check's finding alone."""


def _may_run_through(data: bytes) -> bool:
    return b"async " in data and any(word in data for word in RUN_THROUGH_WORDS)


@RULE.python(Calls(BLOCKING), inside=EVENT_LOOP)
def check_python(call: cst.Call, file: PythonFile) -> Iterator[Finding]:
    row = BLOCKING.match(file.qualified_name(call.func), file.types)
    if row is None or file.is_awaited(call) or not blocks(row, file.syntax(call)):
        return
    row = as_called(row, file.syntax(call))
    if _receiver_is_reported(call, file) or file.function(call.func) is not None:
        return  # what the project itself defines is looked into by blocking-helper
    function = file.enclosing_function(call)
    name = function.name if function is not None else ""
    if not is_asked_for(row, partial(_option, file)):
        return
    if not matters_in(row, file.module, file.imported, name, file.handler(function)):
        return
    if _ACKNOWLEDGED.search(file.line_of(call)) is not None or _holds_up_developers(row, file.syntax(call), file):
        return
    if row["kind"] == "file" and is_harmless_python_read(file.syntax(call)):
        return
    switches = (f".{row.get('unless_called', '(')}(", *row.get("unless_written", ()))
    if any(switch.encode() in file.data for switch in switches):
        return
    if row.get("unless_connected") and connects_only_to(row["unless_connected"], file.data):
        return
    name = file.text(call.func)
    fix = _awaitable(call, row, file)
    yield RULE.at(
        file,
        call,
        f"`{name}` blocks the event loop in `{_place(function)}`; {_advice(row)}",
        _suggestion(name, row),
        fix=fix,
        severity=severity_of(row),
    )


@RULE.python(WholeFile(trigger=_may_run_through))
def check_iterations(file: PythonFile) -> Iterator[Finding]:
    for value, row in iterations(file) if not file.is_test else ():
        function = file.enclosing_function(value)
        name = file.text(value) if value.end_point.row == value.start_point.row else "the query"
        yield RULE.at(
            file,
            value,
            f"running through `{name}` blocks the event loop in `{_place(function)}`; {_advice(row)}",
            f"use {row['instead']}, or do it in a thread",
        )


@RULE.javascript(JavaScriptCalls(BLOCKING_JAVASCRIPT), inside=EVENT_LOOP)
def check_javascript(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    function = callee(call)
    row = BLOCKING_JAVASCRIPT.match(file.canonical(function), file.types) if function is not None else None
    if row is None or function is None or returns_at_once(row, call, file) or file.function(function) is not None:
        return
    holder = file.enclosing_function(call)
    if holder is None or not is_asked_for(row, partial(_option, file), is_cheap_to_change=True):
        return
    if row["kind"] in ("file", "process") and (is_harmless_read(call) or _runs_rarely(holder, file)):
        return
    if _holds_up_developers(row, call, file):
        return
    if row["kind"] == "file" and any("process.pid" in file.text(argument) for argument in arguments(call)[1:]):
        return  # a supervisor tells its number once
    name, place = file.text(function), function_label(holder)
    instead = instead_of(row, file.canonical(function))
    yield RULE.at(
        file,
        call,
        f"`{name}` blocks the event loop in `{place}`; use {instead}",
        f"use {instead}, or do it in a worker thread",
        fix=awaitable_call(call, row, file),
        severity=severity_of(row),
    )


def _holds_up_developers(row: TableRow, call: Node, file: PythonFile | JavaScriptFile) -> bool:
    """Whether only somebody who develops waits: `if not settings.dev_mode: raise ...` stands in front."""
    spans = file.index.development if is_alone(row) else ()
    return any(start <= call.start_byte < end for start, end in spans)


def _runs_rarely(function: Scope, file: JavaScriptFile) -> bool:
    """Whether a function, or one that holds it, runs when something starts or ends."""
    if is_installer(file.path):
        return True
    for scope in function.enclosing():
        handler = file.handler(scope)
        if handler is not None and handler.kind != "continuation":
            return handler.via.endswith(RARE_EVENTS)
        if scope.kind == "function" and is_rare_name(scope.name.rpartition("<locals>.")[2]):
            return True
    return False


@RULE.project(words=JAVASCRIPT_LOOP_WORDS, languages=("javascript",))
def check_javascript_project(project: Project) -> Iterator[Finding]:
    """The same in plain functions that only another file makes handlers: `router.get("/", reports.list)`."""
    for edges in project.graph.edges.values():
        caller = edges[0].caller if edges else None
        if caller is None or not project.handlers.is_foreign(caller):
            continue
        for edge in edges:
            row = edge_row("blocking", edge, project)
            if row is None or holds_up_developers(row, edge):
                continue
            if is_asked_for(row, partial(_project_option, project), is_cheap_to_change=True):
                instead = instead_of(row, edge.name)
                yield RULE.finding(
                    caller.module.path,
                    edge.call.span,
                    f"`{shown(edge.name)}` blocks the event loop in `{short_name(caller)}`; use {instead}",
                    f"use {instead}, or do it in a worker thread",
                    symbol=caller.function.name,
                    severity=severity_of(row),
                )


@RULE.project(words=LOOP_WORDS)
def check_project(project: Project) -> Iterator[Finding]:
    """The same in plain functions that only another file makes handlers: `app.add_route(stations, "/stations")`."""
    for edges in project.graph.edges.values():
        caller = edges[0].caller if edges else None
        if caller is None or caller.function.is_async or not project.handlers.is_foreign(caller):
            continue
        for edge in edges if project.on_loop(caller) else ():
            row = blocking_row(edge, project)
            if row is not None and matters_in(
                row,
                caller.module.module,
                caller.module.aliases.values(),
                caller.function.name,
                project.handlers.of(caller),
            ):
                yield RULE.finding(
                    caller.module.path,
                    edge.call.span,
                    f"`{edge.name}` blocks the event loop in `{caller.function.name}`; {_advice(row)}",
                    _suggestion(edge.name, row),
                    symbol=caller.function.name,
                    severity=severity_of(row),
                )


def _option(file: PythonFile | JavaScriptFile, name: str) -> bool:
    return bool(file.option(RULE.name, name, FILE_OPTIONS[name]))


def _project_option(project: Project, name: str) -> bool:
    return bool(project.option(RULE.name, name, FILE_OPTIONS[name]))


def _receiver_is_reported(call: cst.Call, file: PythonFile) -> bool:
    """`urlopen(url).read()` waits twice, and is one mistake: the inner call is the one to change."""
    receiver = call.func.value if isinstance(call.func, cst.Attribute) else None
    return isinstance(receiver, cst.Call) and BLOCKING.match(file.qualified_name(receiver.func), file.types) is not None


def _place(function: PythonScope | None) -> str:
    """The name of the function in which something stands; a lambda without a name stands in the one around it."""
    return function.name.removesuffix(f".<locals>.{UNNAMED}") if function is not None else ""


def _advice(row: TableRow) -> str:
    return f"use {row['instead']}"


def _suggestion(name: str, row: TableRow) -> str:
    return f"use {row['instead']}, or run it in a thread: `await asyncio.to_thread({name}, ...)`"


def _awaitable(call: cst.Call, row: TableRow, file: PythonFile) -> Fix | None:
    """The call as `await twin(...)` or `await asyncio.to_thread(...)`, where the nearest function is async."""
    function = file.enclosing_function(call)
    if function is None or not function.is_async:
        return None
    if row.get("thread_bound") or file.imports_any("trio"):
        return None
    if row.get("lazy"):
        return None  # a thread for the call alone would leave the waiting where it is
    method = row.get("twin_method")
    if method and isinstance(call.func, cst.Attribute):
        twin_name = method.replace("*", call.func.attr.value)
        replacement = call.with_changes(func=call.func.with_changes(attr=cst.Name(twin_name)))
        return Fix(f"Await `{twin_name}`", (replace(file, call, _awaited(replacement, call, file)),), UNSAFE)
    twin = row.get("twin")
    needed = import_edits(file, twin.rpartition(".")[0] if twin else "asyncio")
    if needed is None:
        return None
    module, imports = needed
    if twin:
        target = cst.parse_expression(f"{module}.{twin.rpartition('.')[2]}")
        replacement = call.with_changes(func=target)
        message = f"Await `{twin}`"
    else:
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        handed = [cst.Arg(call.func, comma=comma if call.args else cst.MaybeSentinel.DEFAULT), *call.args]
        replacement = call.with_changes(func=cst.parse_expression(f"{module}.to_thread"), args=handed)
        message = "Run the call in a thread"
    return Fix(message, (*imports, replace(file, call, _awaited(replacement, call, file))), UNSAFE)


def _awaited(replacement: cst.Call, call: cst.Call, file: PythonFile) -> cst.Await:
    awaited = cst.Await(replacement)
    if _stands_alone(file, call):
        return awaited
    return awaited.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _stands_alone(file: PythonFile, call: cst.Call) -> bool:
    """Whether `await` can stand in front of the call without parentheses."""
    parent = file.syntax(call).parent
    return parent is not None and parent.type not in ("attribute", "subscript", "call", "binary_operator", "await")
