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

Not seen: the same inside a synchronous helper; a loop that `nest_asyncio` has patched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e01_blocking_event_loop.tables import NESTED_LOOPS
from lint_rules.languages.python.lazy import cst
from lint_rules.languages.python.selectors import Calls
from lint_rules.model import ERROR, EVENT_LOOP, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0105",
    "nested-event-loop",
    severity=ERROR,
    summary="An event loop is started, or waited for, inside a running one",
    in_tests=False,
)


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
