"""Task or promise that nobody looks after.

What it finds: in Python, `asyncio.create_task`, `ensure_future`, `loop.create_task`, `gather`, `run_in_executor` and
`run_coroutine_threadsafe` whose result is dropped, or bound to a local name that nothing reads, `_` among them. The
result is kept when it is awaited, returned, stored, passed on or given a done callback; task groups and nurseries keep
their tasks themselves.

In JavaScript and TypeScript, a call that gives a promise which is neither awaited, returned, passed on, stored, given
a `catch`, nor marked with `void`: calls of the project's async functions and of functions that return a promise, in
whichever file they are, methods and members of interfaces among them; known calls of libraries; chains of `then` and
`finally` without a `catch`; `Promise.all` and the like; a promise bound to a name that nothing reads. Queries of
Mongoose, Knex and Prisma that nothing awaits are not even sent.

Why it matters: Python's event loop holds a task by a weak reference only. A task that nothing else holds can be
collected while it waits, and its work ends in the middle without a word. Where it does run to its end, nobody sees the
error that it ended with. In Node the code behind the call goes on as if the work was done, a `catch` around it sees
nothing, and a promise that rejects with nobody there ends the process.

Bad (python):

    import asyncio

    async def place_order(order: Order) -> None:
        await store(order)
        asyncio.create_task(send_confirmation(order))

Good (python):

    import asyncio

    running: set[asyncio.Task] = set()

    async def place_order(order: Order) -> None:
        await store(order)
        task = asyncio.create_task(send_confirmation(order))
        running.add(task)
        task.add_done_callback(running.discard)

Bad (javascript):

    import { sendReceipt, store } from "./orders.js";
    import { rm } from "node:fs/promises";

    export async function placeOrder(order) {
      await store(order);
      rm(order.draftPath);
      sendReceipt(order).then(() => console.log("sent"));
    }

Good (javascript):

    import { sendReceipt, store } from "./orders.js";
    import { rm } from "node:fs/promises";

    export async function placeOrder(order) {
      await store(order);
      await rm(order.draftPath);
      sendReceipt(order).catch((error) => console.error("receipt was not sent", order.id, error));
    }

How to fix it: await the result where the caller needs it. Where nobody is to wait, a promise of JavaScript needs a
`catch` that tells of the error; in Python start the task in an `asyncio.TaskGroup`, or keep
it in a collection until it is done, and log its exception in a done callback.

Not seen: a task that is stored and never looked at again; a name that is bound several times and read once. In
JavaScript: `main()` and async functions called on the spot at the top of a module, where an error ends the program as
it would anyway; functions that catch all errors themselves; calls that a comment says are not waited for; tests;
values of which nothing tells that they are promises.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions import floating
from lint_rules.families.e02_uncaught_exceptions.tasks import STARTED, STARTS_BY_NAME, Dropped, dropped, work_of
from lint_rules.languages.javascript.grammar import CALL_KINDS
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.languages.python.edits import replace
from lint_rules.languages.python.lazy import cst
from lint_rules.languages.python.selectors import ScreenedCalls
from lint_rules.languages.python.usage import Use
from lint_rules.model import ERROR, UNSAFE, Finding, Fix, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.symbols import Symbols

RULE = Rule(
    "TEN0204",
    "dropped-task",
    severity=ERROR,
    summary="A background task or promise is started and its result dropped",
    fix=UNSAFE,
)

_WORDS = tuple(sorted(name.encode() for name in (*STARTED.last_names, *STARTS_BY_NAME.pattern.split("|"))))
_LOST = {
    "task": "nothing keeps the task of {work}, which can vanish half done; keep it until it is done",
    "gather": "{call} is not awaited, so its tasks can vanish half done and their errors are lost; await it",
    "job": "nobody waits for {work} in the executor, and its error is lost; await the call",
    "foreign": "nobody waits for {work} on the loop, and its error is lost; keep the future and ask for its result",
}
_SUGGESTION = {
    "task": "keep the task until it is done (`tasks.add(task)` and `task.add_done_callback(tasks.discard)`), or start "
    "it "
    "in an `asyncio.TaskGroup`",
    "gather": "write `await` in front of the call, or keep what it returns and await that later",
    "job": "write `await` in front of the call, or handle every error inside the function",
    "foreign": "call `.result()` on the future, or give it a done callback that logs `future.exception()`",
}


def _is_dropped(call: Node, file: PythonFile) -> bool:
    return dropped(call, file) is not None


def _may_concern(symbol: str, symbols: Symbols) -> bool:
    last = symbol.rpartition(".")[2]
    return last in STARTED.last_names or STARTS_BY_NAME.search(last) is not None


@RULE.python(ScreenedCalls(_is_dropped, _may_concern, words=_WORDS))
def check_python(call: cst.Call, file: PythonFile) -> Iterator[Finding]:
    syntax = file.syntax(call)
    lost = dropped(syntax, file)
    if lost is None:
        return
    kind = lost.row["kind"]
    work = work_of(syntax, lost.row)
    message = _LOST[kind].format(work=f"`{work}`" if work else "this call", call=f"`{file.text(call.func)}`")
    if lost.usage.use is Use.UNUSED:
        message = f"`{lost.usage.name}` is never read: {message}"
    yield RULE.at(file, call, message, _SUGGESTION[kind], fix=_awaited(call, lost, file))


@RULE.javascript(Nodes(CALL_KINDS, screen=floating.is_dropped))
def check_javascript(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    yield from floating.findings(RULE, call, file)


def _awaited(call: cst.Call, lost: Dropped, file: PythonFile) -> Fix | None:
    """`await` in front of the call, where the function is async and nothing but waiting changes."""
    function = file.enclosing_function(call)
    if lost.row["kind"] not in ("gather", "job") or function is None or not function.is_async:
        return None
    if not lost.usage.whole or lost.usage.use not in (Use.DROPPED, Use.UNUSED):
        return None
    return Fix("Await the call", (replace(file, call, cst.Await(call)),), UNSAFE)
