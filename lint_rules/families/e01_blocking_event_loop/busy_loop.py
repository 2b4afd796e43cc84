"""Busy loop on the event loop.

What it finds: code on the event loop that goes round without letting go of it. A `while` whose condition only another
task, thread or process can change, with no `await` in its body (`while not self.ready: pass`, also written as
`while True` with an `if ...: break`); a `while` that runs until a time is reached; a `while True` with neither `await`
nor a way out; and loops over literal ranges of a million rounds and more (`for number in range(10_000_000)`), nested
loops multiplied.

Why it matters: as long as the loop spins, nothing else runs, so the task that would set `self.ready` never does, and
the service hangs for good with one processor at 100 %. A million rounds of the emptiest body take tens of
milliseconds; a body that does something takes seconds, for every client at once.

Bad (python):

    class Feed:
        def __init__(self) -> None:
            self.connected = False

        async def publish(self, message: str) -> None:
            while not self.connected:
                pass
            await self.send(message)

Good (python):

    import asyncio

    class Feed:
        def __init__(self) -> None:
            self.connected = asyncio.Event()

        async def publish(self, message: str) -> None:
            await self.connected.wait()
            await self.send(message)

Bad (javascript):

    export async function settle(payment) {
      const end = Date.now() + 2000;
      while (Date.now() < end);
      return payment.confirm();
    }

Good (javascript):

    import { setTimeout as sleep } from "node:timers/promises";

    export async function settle(payment) {
      await sleep(2000);
      return payment.confirm();
    }

How to fix it: await what ends the wait: an `asyncio.Event` or `asyncio.Condition` that the other task sets, a queue, or
the task itself. Where there is nothing to await, put `await asyncio.sleep(0.1)` into the body. Move long computations
to a thread with `await asyncio.to_thread(...)`, or to a process pool.

Not seen: loops in synchronous helpers that async code calls; counts that are computed or come from another file; loops
whose body calls something that may or may not change the condition. In JavaScript waiting loops are reported in plain
functions too (nothing else ever runs), and so is a function that hands itself to `process.nextTick`, `queueMicrotask`
or a resolved promise without end; `setImmediate` and `setTimeout` let others run. A loop that blocks in a call, such as
`while not done(): time.sleep(1)`, is left to `blocking-call`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e01_blocking_event_loop.rounds import Long, is_range, long_range, long_while
from lint_rules.families.e01_blocking_event_loop.rounds_javascript import rounds_of, while_rounds_of
from lint_rules.families.e01_blocking_event_loop.spinning import Spin, spin
from lint_rules.families.e01_blocking_event_loop.spinning_javascript import spin as spin_javascript
from lint_rules.families.e01_blocking_event_loop.spinning_javascript import starving, stops_early
from lint_rules.languages.javascript.grammar import FUNCTION_KINDS, callee
from lint_rules.languages.javascript.labels import function_label
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.selectors import Nodes as JavaScriptNodes
from lint_rules.languages.python.lazy import cst
from lint_rules.languages.python.selectors import Nodes
from lint_rules.model import EVENT_LOOP, WARNING, Finding, Option, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0106",
    "busy-loop",
    severity=WARNING,
    summary="A loop spins on the event loop without letting anything else run",
    in_tests=False,
    options=(Option("rounds", 1_000_000, "How many rounds between literal bounds are too many on the event loop"),),
)

_ADVICE = {
    Spin.OTHERS: (
        "never lets another task run; await what ends the wait",
        "await an `asyncio.Event`, a queue or the task that ends the wait, or at least `await asyncio.sleep(0.1)` in "
        "the body",
    ),
    Spin.CLOCK: (
        "holds the event loop until the time is up; use `await asyncio.sleep(...)`",
        "use `await asyncio.sleep(...)` to let time pass and `asyncio.timeout(...)` to limit a wait",
    ),
    Spin.NOTHING: (
        "never ends and never lets another task run; await in its body what it waits for",
        "await something in the body (a queue, an event, `asyncio.sleep`), or run the loop in a thread",
    ),
}


def _may_spin(loop: Node, file: PythonFile) -> bool:
    return spin(loop, file) is not None or long_while(loop, file, _limit(file)) is not None


def _may_be_long(call: Node, file: PythonFile) -> bool:
    return is_range(call, file) and long_range(call, file, _limit(file)) is not None


_JAVASCRIPT_ADVICE = {
    Spin.OTHERS: (
        "never lets anything else run; await what ends the wait",
        "await a promise or an event that ends the wait, such as `await once(emitter, 'ready')`",
    ),
    Spin.CLOCK: (
        "holds the event loop until the time is up; await a timer",
        "await a timer: `await setTimeout(ms)` from `node:timers/promises`",
    ),
    Spin.NOTHING: (
        "never ends and never lets anything else run; await in its body what it waits for",
        "await something in the body (an event, a queue, a timer), or run the loop in a worker thread",
    ),
}


@RULE.javascript(JavaScriptNodes(("while_statement", "do_statement", "for_statement"), words=(b"while", b"for")))
def check_javascript(loop: Node, file: JavaScriptFile) -> Iterator[Finding]:
    function = file.enclosing_function(loop)
    if function is None or file.is_test or file.handlers.never_on_loop or function.is_generator:
        return
    rounds = rounds_of(loop, file) if loop.type == "for_statement" else while_rounds_of(loop, file)
    if rounds is not None:
        yield from _too_many_rounds(loop, rounds, file)
        return
    found = spin_javascript(loop, file)
    if found is not None and (found is not Spin.NOTHING or file.on_event_loop(loop)):
        problem, suggestion = _JAVASCRIPT_ADVICE[found]
        yield RULE.at(file, loop, f"`{_javascript_header(loop, file)}` {problem}", suggestion)


def _too_many_rounds(loop: Node, rounds: int, file: JavaScriptFile) -> Iterator[Finding]:
    if not file.on_event_loop(loop) or stops_early(loop):
        return
    around = 1
    for outer in file.enclosing(loop):
        if outer.type in FUNCTION_KINDS:
            break
        if outer.type == "for_statement" and (more := rounds_of(outer, file)) is not None and not stops_early(outer):
            around *= max(more, 1)
    limit = _limit(file)
    if around < limit <= around * rounds:
        told = f"{around * rounds:,} rounds" + (" with the loops around it" if around > 1 else "")
        yield RULE.at(
            file,
            loop,
            f"`{_javascript_header(loop, file)}` holds the event loop for {told}; do it in a worker thread",
            "move the loop into a worker thread, or let others run in between with `await setImmediate()`",
        )


@RULE.javascript(JavaScriptNodes(("call_expression",), words=(b"nextTick", b"queueMicrotask", b".then(")))
def check_javascript_ticks(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    function = callee(call)
    if function is None or last_name(function) not in ("nextTick", "queueMicrotask", "then") or file.is_test:
        return
    how = starving(call, file)
    holder = file.enclosing_function(call)
    if how and holder is not None:
        yield RULE.at(
            file,
            call,
            f"`{function_label(holder)}` calls itself by `{how}` and lets no timer or socket run; use setImmediate",
            "call it again with `setImmediate` or a timer, or await what it waits for",
        )


def _javascript_header(loop: Node, file: JavaScriptFile) -> str:
    """The loop without its body, on one line and not too long."""
    body = loop.child_by_field_name("body")
    header = file.source.text(loop.start_byte, body.start_byte) if body is not None else file.text(loop)
    if loop.type == "do_statement":
        condition = loop.child_by_field_name("condition")
        header = f"do ... while {file.text(condition)}" if condition is not None else "do ... while"
    line = " ".join(header.split()).removesuffix("{").rstrip()
    return line if len(line) <= 60 else f"{line[:57]}..."


@RULE.python(Nodes(kinds=("While",), words=(b"while",), screen=_may_spin), inside=EVENT_LOOP)
def check_while(statement: cst.While, file: PythonFile) -> Iterator[Finding]:
    loop = file.syntax(statement)
    spinning = spin(loop, file)
    if spinning is None:
        yield from _too_long(file, long_while(loop, file, _limit(file)))
    elif not any(outer.type == "while_statement" and spin(outer, file) for outer in file.enclosing(loop)):
        problem, suggestion = _ADVICE[spinning]
        yield RULE.at(file, statement.test, f"`{_header(loop, file)}` {problem}", suggestion)


@RULE.python(Nodes(kinds=("Call",), words=(b"range",), screen=_may_be_long), inside=EVENT_LOOP)
def check_range(call: cst.Call, file: PythonFile) -> Iterator[Finding]:
    if is_range(file.syntax(call), file):
        yield from _too_long(file, long_range(file.syntax(call), file, _limit(file)))


def _too_long(file: PythonFile, long: Long | None) -> Iterator[Finding]:
    if long is not None:
        rounds = f"{long.rounds:,} rounds" + (" with the loops around it" if long.nested else "")
        yield RULE.at(
            file,
            long.node,
            f"`{_header(long.node, file)}` holds the event loop for {rounds}; run it in a thread or a process",
            "move the loop into a function and run it with `await asyncio.to_thread(...)`, or in a process pool with "
            "`loop.run_in_executor(pool, ...)`",
        )


def _limit(file: PythonFile | JavaScriptFile) -> int:
    return int(file.option(RULE.name, "rounds", 1_000_000))


def _header(loop: Node, file: PythonFile) -> str:
    """The loop without its body, on one line and not too long."""
    body = loop.child_by_field_name("body") if loop.type.endswith("_statement") else None
    header = file.source.text(loop.start_byte, body.start_byte) if body is not None else file.text(loop)
    line = " ".join(header.split("#")[0].split()).removesuffix(":")
    return line if len(line) <= 60 else f"{line[:57]}..."
