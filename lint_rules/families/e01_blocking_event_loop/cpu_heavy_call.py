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

How to fix it: run the call in a thread with `await asyncio.to_thread(function, ...)` where the library releases the
interpreter lock (hashes, compression, pictures), and in a process pool where it does not.

Not seen: how large the data is; computations that no table names. A helper that makes such a call is reported by
`blocking-helper`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e01_blocking_event_loop.tables import CPU_HEAVY, blocks
from lint_rules.languages.python.lazy import cst
from lint_rules.languages.python.selectors import Calls
from lint_rules.model import EVENT_LOOP, WARNING, Finding, Rule
from lint_rules.project.modules import is_command_line

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0103",
    "cpu-heavy-call",
    severity=WARNING,
    summary="A call that keeps the processor busy runs on the event loop",
    in_tests=False,
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
