"""Cancellation swallowed.

What it finds: a handler in async code that catches `asyncio.CancelledError`, by name or with a bare `except` or
`except BaseException`, around an `await`, and does not raise it again.

Why it matters: cancelling is how shutdown, timeouts, task groups and disconnecting clients stop a coroutine. One that
swallows it goes on: the loop that cannot be stopped holds up the shutdown, `asyncio.timeout` waits for ever, and the
caller takes the `None` that comes back for a result.

Bad (python):

    import asyncio
    import logging

    logger = logging.getLogger(__name__)

    async def consume(queue: asyncio.Queue) -> None:
        while True:
            try:
                order = await queue.get()
                logger.info("order %s", order)
            except asyncio.CancelledError:
                logger.info("cancelled")

Good (python):

    import asyncio
    import logging

    logger = logging.getLogger(__name__)

    async def consume(queue: asyncio.Queue) -> None:
        try:
            while True:
                order = await queue.get()
                logger.info("order %s", order)
        except asyncio.CancelledError:
            logger.info("cancelled")
            raise

How to fix it: raise again at the end of the handler, or clean up in `finally` and do not catch it. Where
`BaseException` was caught, catch `Exception`: a cancellation is none.

Not seen: handlers around `await task` alone, or after `task.cancel()` in the same function, where the cancellation is
the task's own; handlers around a `yield` alone, and those within a handler that ends with `raise`; coroutines that the
same file starts as a task and that end with the handler; handlers that pass the error on
(`future.set_exception(error)`), call `uncancel`, or give the reason in a comment; callbacks of events
(`@server.on("ask")`), whose end nobody waits for; `contextlib.suppress(asyncio.CancelledError)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.cancellation import swallows_cancellation
from lint_rules.families.e02_uncaught_exceptions.triggers import may_catch_cancellation
from lint_rules.languages.python.edits import replace, replace_text
from lint_rules.languages.python.except_clauses import BASE_EXCEPTION, EXCEPTION, ExceptClause
from lint_rules.languages.python.lazy import cst
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.selectors import Nodes
from lint_rules.model import ERROR, UNSAFE, Finding, Fix, Rule

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0203",
    "cancellation-swallowed",
    severity=ERROR,
    summary="A coroutine swallows its cancellation",
    in_tests=False,
    fix=UNSAFE,
)


_IDLE = ("pass_statement", "return_statement", "continue_statement", "break_statement")


def _is_suspect(clause: Node, file: PythonFile) -> bool:
    return swallows_cancellation(ExceptClause(clause, file))


@RULE.python(Nodes(("ExceptHandler",), words=(b"async",), trigger=may_catch_cancellation, screen=_is_suspect))
def check_python(node: cst.ExceptHandler, file: PythonFile) -> Iterator[Finding]:
    handler = ExceptClause(file.syntax(node), file)
    function = file.enclosing_function(handler.clause)
    if function is None or not swallows_cancellation(handler):
        return
    name = function.name.rpartition(".")[2]
    what_to_do = "catch `Exception`" if handler.catches_all else "raise it again"
    yield RULE.at(
        file,
        handler.header,
        f"{handler.header_text} swallows the cancellation of `{name}`; {what_to_do}",
        "catch `Exception`, or raise a cancellation again" if handler.catches_all else "end the handler with `raise`",
        fix=_fix(node, handler),
    )


def _fix(node: cst.ExceptHandler, handler: ExceptClause) -> Fix | None:
    """`raise` at the end of the handler, or `Exception` in place of what catches all."""
    file = handler.file
    if handler.catches_all:
        if file.names.name("Exception", handler.clause.start_byte) != EXCEPTION:
            return None
        if handler.is_bare:
            start = handler.clause.start_byte
            return Fix(
                "Catch `Exception`", (replace_text(file, start, start + len(b"except"), "except Exception"),), UNSAFE
            )
        if node.type is None or handler.caught != (BASE_EXCEPTION,) or not isinstance(node.type, cst.Name):
            return None
        return Fix("Catch `Exception`", (replace(file, node.type, cst.Name("Exception")),), UNSAFE)
    last = handler.statements[-1]
    if len(handler.caught) != 1 or handler.reraises or last.start_point[0] == handler.clause.start_point[0]:
        return None
    if last.type in _IDLE or text(last) == "...":
        return Fix("Raise it again", (replace_text(file, last.start_byte, last.end_byte, "raise"),), UNSAFE)
    indentation = file.source.text(last.start_byte - last.start_point[1], last.start_byte)
    if indentation.strip():
        return None
    newline = file.data.find(b"\n", last.end_byte)
    end = len(file.data) if newline < 0 else newline - file.data[newline - 1 : newline].count(b"\r")
    line_end = "\r\n" if b"\r\n" in file.data else "\n"
    return Fix("Raise it again", (replace_text(file, end, end, f"{line_end}{indentation}raise"),), UNSAFE)
