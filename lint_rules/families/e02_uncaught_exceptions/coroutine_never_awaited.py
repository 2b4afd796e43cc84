"""Coroutine that is never awaited.

What it finds: a call of a coroutine function, of the project or of a known library, whose coroutine is not awaited:
it is dropped, or used as if it were the value (a condition or the operand of `not`, unpacked, looped over, compared,
formatted, an attribute of it read, given to `len` or `json.dumps`, returned by a plain handler). Functions and methods
are followed over files. Also coroutine functions given to what calls plain functions and drops their result:
`Thread(target=...)`, `run_in_executor`, `call_later`, `signal.signal`.

Why it matters: calling a coroutine function runs nothing. The mail is not sent, the check does not take place; a
condition on a coroutine is always true, so `if is_allowed(user):` lets everybody in. All that is seen is a warning
"coroutine ... was never awaited" somewhere in the log.

Bad (python):

    async def is_allowed(user: str) -> bool:
        return user in await load_admins()

    async def delete_account(user: str, account: int) -> None:
        if not is_allowed(user):
            raise PermissionError(user)
        audit(user, account)

    async def audit(user: str, account: int) -> None:
        await journal.write(user, account)

Good (python):

    async def is_allowed(user: str) -> bool:
        return user in await load_admins()

    async def delete_account(user: str, account: int) -> None:
        if not await is_allowed(user):
            raise PermissionError(user)
        await audit(user, account)

    async def audit(user: str, account: int) -> None:
        await journal.write(user, account)

How to fix it: await the call. In a plain function, make the function async, or hand the coroutine to `asyncio.run` or
`asyncio.run_coroutine_threadsafe`.

Not seen: functions with decorators that may make them something else; a coroutine handed to a function of the project;
one that a function without annotation returns; names that are bound several times; files that hold neither `async`
nor `await`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.coroutines import (
    is_coroutine_function,
    may_be_coroutine_function,
    misuse,
)
from lint_rules.families.e02_uncaught_exceptions.tasks import TABLE, row_of
from lint_rules.languages.python.edits import replace
from lint_rules.languages.python.lazy import cst
from lint_rules.languages.python.scopes import LAMBDA
from lint_rules.languages.python.selectors import ScreenedCalls
from lint_rules.languages.python.usage import Usage, Use
from lint_rules.languages.tables import TableRow, name_table
from lint_rules.model import ERROR, UNSAFE, Finding, Fix, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.symbols import Symbols

RULE = Rule(
    "TEN0205",
    "coroutine-never-awaited",
    severity=ERROR,
    summary="A coroutine function is called and what it returns is not awaited",
    fix=UNSAFE,
)

_RUNNERS = name_table(TABLE, "runner")
_WORDS = (b"async", b"await")
_WRONG = {
    Use.DROPPED: "{function} is a coroutine function, and this call runs nothing",
    Use.UNUSED: "{function} never runs, since its coroutine in {name} is not awaited",
    Use.TESTED: "the coroutine of {function} is always true, whatever it would return",
    Use.READ: "the coroutine of {function} is used as its result at {place}",
    Use.UNPACKED: "the coroutine of {function} cannot be unpacked",
    Use.ITERATED: "the coroutine of {function} cannot be looped over",
    Use.AWAITED: "the coroutine of {function} is used in an `async` statement before it is awaited",
    Use.ENTERED: "the coroutine of {function} is no context manager",
    Use.OPERAND: "the coroutine of {function} is used as its result in {place}",
    Use.CALLED: "the coroutine of {function} is called",
    Use.PASSED: "{consumer} is given the coroutine of {function} instead of its result",
    Use.RETURNED: "the coroutine of {function} is returned to a caller that does not await it",
}


def _is_never_awaited(call: Node, file: PythonFile) -> bool:
    return misuse(call, file) is not None or _run_as_plain(call, file) is not None


def _may_concern(symbol: str, symbols: Symbols) -> bool:
    return (
        may_be_coroutine_function(symbol, symbols)
        or _RUNNERS.match(symbols.canonical(symbol), symbols.types) is not None
    )


@RULE.python(ScreenedCalls(_is_never_awaited, _may_concern, words=_WORDS))
def check_python(call: cst.Call, file: PythonFile) -> Iterator[Finding]:
    syntax = file.syntax(call)
    if not any(word in file.data for word in _WORDS):
        return  # it would cost more than it finds to look up every call of every plain file
    usage = misuse(syntax, file)
    if usage is not None:
        yield _not_awaited(call, usage, file)
    handed = _run_as_plain(syntax, file)
    if handed is not None:
        row, work = handed
        yield RULE.at(
            file,
            call,
            f"`{file.text(call.func)}` calls the coroutine function `{file.text(work)}` and does not await it, "
            f"so it never runs; use {row['instead']}",
            f"give it a plain function; for the coroutine, use {row['instead']}",
        )


def _not_awaited(call: cst.Call, usage: Usage, file: PythonFile) -> Finding:
    name = f"`{file.text(call.func)}`"
    consumer = usage.place.child_by_field_name("function")
    wrong = _WRONG[usage.use].format(
        function=name,
        name=f"`{usage.name}`",
        place=f"`{' '.join(file.text(usage.place).split())[:60]}`",
        consumer=f"`{file.text(consumer)}`" if consumer is not None else "the call",
    )
    function = file.enclosing_function(call)
    is_async = function is not None and function.is_async
    advice = "await it" if is_async else "await it in an `async def`, or hand it to `asyncio.run`"
    if function is not None and function.kind == LAMBDA:
        advice = "start a task of it and keep the task"
    related = () if not usage.name else (Related(file.path, file.span(usage.place), "the coroutine is used here"),)
    return RULE.at(
        file,
        call,
        f"{wrong}; {advice}",
        f"write `await` in front of the call of {name}" if is_async else f"the coroutine of {name} must run: {advice}",
        fix=_awaited(call, file) if is_async else None,
        related=related if usage.use is not Use.UNUSED else (),
    )


def _run_as_plain(call: Node, file: PythonFile) -> tuple[TableRow, Node] | None:
    """The row and the coroutine function, where one is given to what calls a plain function."""
    row = row_of(call, _RUNNERS, file)
    arguments = call.child_by_field_name("arguments")
    if row is None or arguments is None or arguments.type != "argument_list":
        return None
    positional = 0
    for argument in arguments.named_children:
        keyword, value = argument.child_by_field_name("name"), argument
        if argument.type == "keyword_argument" and keyword is not None:
            value = argument.child_by_field_name("value") or argument
            is_function = file.text(keyword) == row["keyword"]
        elif argument.type in ("list_splat", "dictionary_splat"):
            return None
        else:
            is_function = argument.type != "comment" and positional == row["argument"]
            positional += argument.type != "comment"
        if is_function:
            return (
                (row, value)
                if value.type in ("identifier", "attribute") and is_coroutine_function(value, file)
                else None
            )
    return None


def _awaited(call: cst.Call, file: PythonFile) -> Fix | None:
    """`await` in front of the call, in parentheses where it has to be; not in a generator, which would become async."""
    parent = file.syntax(call).parent
    if any(outer.type in ("generator_expression", "lambda") for outer in file.enclosing(call)):
        return None
    awaited = cst.Await(call)
    if parent is not None and parent.type in ("attribute", "subscript", "call"):
        awaited = awaited.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return Fix("Await the call", (replace(file, call, awaited),), UNSAFE)
