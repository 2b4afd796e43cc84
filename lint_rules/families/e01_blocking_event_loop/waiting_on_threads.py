"""Waiting for a thread on the event loop.

What it finds: calls on the event loop that wait for another thread or process: `Future.result` of a pool,
`Thread.join`, `threading.Event.wait`, `Lock.acquire`, `queue.Queue.get`, `concurrent.futures.wait`, and
`with ThreadPoolExecutor()` whose end waits for jobs that were only submitted. Also a thread lock held over an `await`.

Why it matters: the loop stands still until the other thread is done. If that thread in turn needs the loop, for
instance to run a coroutine or to release a lock that a suspended task holds, neither ever goes on.

Bad (python):

    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor()

    def render(report_id: int) -> bytes:
        return str(report_id).encode()

    async def report(report_id: int) -> bytes:
        job = pool.submit(render, report_id)
        return job.result()

Good (python):

    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor()

    def render(report_id: int) -> bytes:
        return str(report_id).encode()

    async def report(report_id: int) -> bytes:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, render, report_id)

How to fix it: await the thread's work with `asyncio.to_thread`, `loop.run_in_executor` or `asyncio.wrap_future`, and
use the asyncio twins of locks, events and queues, which other threads reach with `loop.call_soon_threadsafe`.

Not seen: objects whose type is not known; thread locks that are held only for a moment, without `await`; waits in a
synchronous helper, which mostly asks first whether it runs on the loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e01_blocking_event_loop.tables import THREAD_WAITS, WAITING_CONTEXTS, blocks
from lint_rules.families.e01_blocking_event_loop.waits import (
    is_bounded,
    is_finished,
    is_new,
    leaves_jobs_behind,
    made_by,
    receiver_of,
)
from lint_rules.languages.python.grammar import first_token
from lint_rules.languages.python.lazy import cst
from lint_rules.languages.python.running import is_run_through
from lint_rules.languages.python.selectors import Calls, Nodes
from lint_rules.languages.python.suspension import suspends
from lint_rules.languages.tables import TableRow
from lint_rules.model import EVENT_LOOP, WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0104",
    "waiting-on-threads",
    severity=WARNING,
    summary="The event loop waits for another thread or process",
    in_tests=False,
)


@RULE.python(Calls(THREAD_WAITS), inside=EVENT_LOOP)
def check_call(call: cst.Call, file: PythonFile) -> Iterator[Finding]:
    row = THREAD_WAITS.match(file.qualified_name(call.func), file.types)
    written = file.syntax(call)
    if row is None or file.is_awaited(call) or not blocks(row, written):
        return
    receiver = receiver_of(written)
    context = WAITING_CONTEXTS.match(file.canonical(receiver), file.types) if receiver is not None else None
    if receiver is not None and context is not None and not blocks(context, made_by(receiver, file)):
        return  # made with a timeout of 0
    if row.get("run_through") and (not is_run_through(written) or _is_entered(receiver, file)):
        return
    if is_finished(written, file) or is_new(row, written, file) or not is_bounded(row, written, file):
        return
    yield from _finding(file, call, f"`{file.text(call.func)}`", row)


def _is_entered(receiver: Node | None, file: PythonFile) -> bool:
    """Whether a pool is that of a `with`, which is told of itself."""
    return receiver is not None and "<enter>" in file.names.symbol(receiver)


def _may_wait(statement: Node, file: PythonFile) -> bool:
    return any(True for _ in _waiting_items(statement, file))


@RULE.python(Nodes(kinds=("With",), words=(b"with ",), screen=_may_wait), inside=EVENT_LOOP)
def check_with(statement: cst.With, file: PythonFile) -> Iterator[Finding]:
    for context, row in _waiting_items(file.syntax(statement), file):
        yield from _finding(file, context, f"`with {file.text(context)}`", row)


def _waiting_items(statement: Node, file: PythonFile) -> Iterator[tuple[Node, TableRow]]:
    """The contexts of a `with` that wait for threads while other tasks need the loop."""
    body = statement.child_by_field_name("body")
    if body is None or first_token(statement) == "async":
        return
    for item in statement.named_children[0].named_children:
        value = item.child_by_field_name("value") if item.type == "with_item" else None
        context = value.named_children[0] if value is not None and value.type == "as_pattern" else value
        row = WAITING_CONTEXTS.match(file.canonical(context), file.types) if context is not None else None
        if context is None or row is None or not blocks(row, made_by(context, file)):
            continue
        if leaves_jobs_behind(value, body, file) if row["at"] == "exit" else suspends(body):
            yield context, row


def _finding(file: PythonFile, place: cst.CSTNode | Node, what: str, row: TableRow) -> Iterator[Finding]:
    yield RULE.at(
        file,
        place,
        f"{what} waits on the event loop for {row['waits_for']}; use {row['instead']}",
        f"use {row['instead']}; as long as the loop waits, no other task runs",
    )
