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

How to fix it: use the awaitable twin of the call where there is one, or run it in a thread with
`await asyncio.to_thread(function, ...)`.

Not seen: a client that is taken out of a container or comes from an untyped parameter; calls of functions that no table
names (add them with `[tool.tenlint.blocking] calls = [...]`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e01_blocking_event_loop.tables import BLOCKING, blocks, severity_of
from lint_rules.languages.python.edits import import_edits, replace
from lint_rules.languages.python.lazy import cst
from lint_rules.languages.python.selectors import Calls
from lint_rules.languages.tables import TableRow
from lint_rules.model import ERROR, EVENT_LOOP, UNSAFE, Finding, Fix, Option, Rule

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0101",
    "blocking-call",
    severity=ERROR,
    summary="A call that blocks runs on the event loop",
    in_tests=False,
    fix=UNSAFE,
    options=(Option("file-io", True, "Report calls that read or write files as well (as warnings)"),),
)


@RULE.python(Calls(BLOCKING), inside=EVENT_LOOP)
def check_python(call: cst.Call, file: PythonFile) -> Iterator[Finding]:
    row = BLOCKING.match(file.qualified_name(call.func), file.types)
    if row is None or file.is_awaited(call) or not blocks(row, file.syntax(call)):
        return
    if row["kind"] == "file" and not file.option(RULE.name, "file-io", True):
        return
    function = file.enclosing_function(call)
    name = file.text(call.func)
    fix = _awaitable(call, row, file)
    yield RULE.at(
        file,
        call,
        f"`{name}` blocks the event loop in `{function.name if function else ''}`; {_advice(row)}",
        _suggestion(name, row),
        fix=fix,
        severity=severity_of(row),
    )


def _advice(row: TableRow) -> str:
    return f"use {row['instead']}"


def _suggestion(name: str, row: TableRow) -> str:
    return f"use {row['instead']}, or run it in a thread: `await asyncio.to_thread({name}, ...)`"


def _awaitable(call: cst.Call, row: TableRow, file: PythonFile) -> Fix | None:
    """The call as `await twin(...)` or `await asyncio.to_thread(...)`, where the nearest function is async."""
    function = file.enclosing_function(call)
    if function is None or not function.is_async:
        return None
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
    awaited = cst.Await(replacement)
    if not _stands_alone(file, call):
        awaited = awaited.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return Fix(message, (*imports, replace(file, call, awaited)), UNSAFE)


def _stands_alone(file: PythonFile, call: cst.Call) -> bool:
    """Whether `await` can stand in front of the call without parentheses."""
    parent = file.syntax(call).parent
    return parent is not None and parent.type not in ("attribute", "subscript", "call", "binary_operator", "await")
