"""CPU-heavy call on the event loop.

What it finds: calls on the event loop that keep a processor busy for tens of milliseconds and more: hashing a password
(bcrypt, argon2, scrypt, PBKDF2, passlib), generating a key, compressing or unpacking data and archives, working on
whole pictures, reading or writing whole tables with pandas.

Why it matters: there is no `await` in a computation, so nothing else runs until it is done. Password hashes are slow on
purpose: with 250 ms a login, four logins a second stop every other request of the process.

Bad (python):

    import bcrypt

    async def register(email: str, password: str) -> dict:
        digest = bcrypt.hashpw(password.encode(), bcrypt.gensalt())
        return {"email": email, "password": digest}

Good (python):

    import asyncio
    import bcrypt

    async def register(email: str, password: str) -> dict:
        digest = await asyncio.to_thread(bcrypt.hashpw, password.encode(), bcrypt.gensalt())
        return {"email": email, "password": digest}

Bad (javascript):

    import bcrypt from "bcryptjs";

    export async function register(email, password) {
      return { email, digest: bcrypt.hashSync(password, 12) };
    }

Good (javascript):

    import bcrypt from "bcryptjs";

    export async function register(email, password) {
      return { email, digest: await bcrypt.hash(password, 12) };
    }

How to fix it: run the call in a thread with `await asyncio.to_thread(function, ...)` where the library releases the
interpreter lock (hashes, compression, pictures), and in a process pool where it does not. In JavaScript, use the form
of the function that gives a promise or takes a callback; where there is none, a worker thread.

Not seen: how large the data is; computations that no table names. A helper that makes such a call is reported by
`blocking-helper`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e01_blocking_event_loop.awaiting import awaitable_call
from lint_rules.families.e01_blocking_event_loop.javascript import CPU_HEAVY as CPU_HEAVY_JAVASCRIPT
from lint_rules.families.e01_blocking_event_loop.javascript import instead_of, returns_at_once
from lint_rules.families.e01_blocking_event_loop.tables import CPU_HEAVY, blocks
from lint_rules.languages.javascript.grammar import callee
from lint_rules.languages.javascript.memo import is_done_once
from lint_rules.languages.javascript.selectors import Calls as JavaScriptCalls
from lint_rules.languages.python.lazy import cst
from lint_rules.languages.python.selectors import Calls
from lint_rules.model import EVENT_LOOP, UNSAFE, WARNING, Finding, Rule
from lint_rules.project.modules import is_command_line

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0103",
    "cpu-heavy-call",
    severity=WARNING,
    summary="A call that keeps the processor busy runs on the event loop",
    in_tests=False,
    fix=UNSAFE,
)


@RULE.javascript(JavaScriptCalls(CPU_HEAVY_JAVASCRIPT), inside=EVENT_LOOP)
def check_javascript(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    function = callee(call)
    row = CPU_HEAVY_JAVASCRIPT.match(file.canonical(function), file.types) if function is not None else None
    if row is None or function is None or returns_at_once(row, call, file) or file.function(function) is not None:
        return
    if is_done_once(call):
        return
    instead = instead_of(row, file.canonical(function))
    yield RULE.at(
        file,
        call,
        f"`{file.text(function)}` {row['work']} on the event loop; use {instead}",
        f"use {instead}, or do it in a worker thread",
        fix=awaitable_call(call, row, file),
    )


@RULE.python(Calls(CPU_HEAVY), inside=EVENT_LOOP)
def check_python(call: cst.Call, file: PythonFile) -> Iterator[Finding]:
    row = CPU_HEAVY.match(file.qualified_name(call.func), file.types)
    if row is None or file.is_awaited(call) or not blocks(row, file.syntax(call)):
        return
    if is_command_line(file.module) or file.function(call.func) is not None:
        return
    name = file.text(call.func)
    yield RULE.at(
        file,
        call,
        f"`{name}` {row['work']} on the event loop; use {row['instead']}",
        f"run it off the loop: `await asyncio.to_thread({name}, ...)`, or in a process pool with "
        "`loop.run_in_executor(pool, ...)`",
    )
