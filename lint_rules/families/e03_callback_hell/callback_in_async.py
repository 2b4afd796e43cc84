"""Callback in an async function.

What it finds: in an async function of JavaScript or TypeScript, a call that is given a node-style callback though what
it does can be awaited: `fs.readFile(path, callback)`, queries of database drivers, Mongoose, `bcrypt.hash`, `exec` and
others. In a coroutine of Python, `add_done_callback` with a function that takes the result, and `Deferred.addCallback`.

Why it matters: the function returns before the callback has run, so its caller goes on too early. What is thrown in the
callback reaches neither the caller nor the `try` around the call: in Node it ends the process. And the steps that come
next have to move into the callback.

Bad (python):

    import asyncio

    async def warm(cache, load):
        task = asyncio.create_task(load())
        task.add_done_callback(lambda done: cache.update(done.result()))

Good (python):

    import asyncio

    async def warm(cache, load):
        task = asyncio.create_task(load())
        cache.update(await task)

Bad (javascript):

    import fs from "node:fs";

    export async function loadTemplate(path, cache) {
      fs.readFile(path, "utf8", (error, template) => {
        if (error) throw error;
        cache.set(path, template);
      });
    }

Good (javascript):

    import fs from "node:fs";

    export async function loadTemplate(path, cache) {
      const template = await fs.promises.readFile(path, "utf8");
      cache.set(path, template);
    }

How to fix it: await the form of the call that gives a promise: `fs.promises`, the driver's promise API, the same call
without the callback, or `util.promisify`.

Not seen: callbacks inside `new Promise(...)` and other plain functions within the async one; callbacks that are handed
on from a parameter; empty ones; calls whose value is kept, such as a child process; callbacks that are given a stream
or response; in Python, callbacks that only look whether a task failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e03_callback_hell.promise_twin import twin_fix
from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, arguments, bare, callee, named, text
from lint_rules.languages.javascript.library import js_name
from lint_rules.languages.javascript.promises import TWINS
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.languages.javascript.usage import Use, usage_of
from lint_rules.languages.python.lazy import cst
from lint_rules.languages.python.scopes import text as python_text
from lint_rules.languages.python.selectors import Calls
from lint_rules.languages.python.suspension import own_nodes
from lint_rules.languages.tables import TableRow, name_table, read_table
from lint_rules.model import UNSAFE, WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.python.scopes import Scope

RULE = Rule(
    "TEN0303",
    "callback-in-async",
    severity=WARNING,
    summary="A callback is used in an async function where the call can be awaited",
    in_tests=False,
    fix=UNSAFE,
)

_TABLE = Path(__file__).parent / "callbacks_in_async.toml"
_PYTHON = name_table(_TABLE, "python")
_STREAMING = frozenset(map(js_name, read_table(_TABLE)["javascript"]["streaming"]))


@RULE.python(Calls(_PYTHON, words=(b"add_done_callback", b"addCallback", b"addBoth")))
def check_python(call: cst.Call, file: PythonFile) -> Iterator[Finding]:
    function = file.enclosing_function(call)
    row = _PYTHON.match(file.qualified_name(call.func), file.types)
    if row is None or function is None or not function.is_async or not call.args:
        return
    if row["results"] and (not _takes_result(file.syntax(call), file) or _goes_on(call, function, file)):
        return
    shown = file.text(call.func)
    yield RULE.at(
        file,
        call.func,
        f"`{shown}` hangs a callback on what this coroutine can await; use {row['instead']}",
        f"use {row['instead']}",
    )


def _goes_on(call: cst.Call, function: Scope, file: PythonFile) -> bool:
    """Whether the coroutine asks of the task if it is done, and so means to go on without it."""
    asked = f"{file.text(call.func).rpartition('.')[0]}.done()".encode()
    return file.data.find(asked, function.start, function.end) >= 0


def _takes_result(call: Node, file: PythonFile) -> bool:
    """Whether a done callback goes on with the result of what it is called with."""
    given = call.child_by_field_name("arguments")
    callback = given.named_child(0) if given is not None and given.named_child_count else None
    if callback is None:
        return False
    if callback.type == "identifier":
        own = file.function(callback)
        scopes = [
            scope
            for scope in file.scopes.functions
            if own is not None and own.module.module == file.module and scope.name == own.function.name
        ]
        callback = scopes[0].node if scopes else None
    body = callback.child_by_field_name("body") if callback is not None else None
    if callback is None or body is None:
        return False
    for node in (body, *own_nodes(body)):
        function = node.child_by_field_name("function") if node.type == "call" else None
        last = function.child_by_field_name("attribute") if function is not None else None
        if last is not None and python_text(last) == "result" and node.parent is not None:
            return node.parent.type not in ("expression_statement", "lambda", "block")
    return False


def _is_suspect(call: Node, file: JavaScriptFile) -> bool:
    return _row(call, file) is not None


@RULE.javascript(Nodes(("call_expression",), words=(b"async",), screen=_is_suspect))
def check_javascript(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    row, function = _row(call, file), callee(call)
    if row is None or function is None:
        return
    shown = " ".join(text(function).split())
    advice = _advice(row, file.canonical(function).rpartition(".")[2])
    gone = _gone(row, file)
    what = f"which {gone} never calls" if gone else "which does not wait for it"
    yield RULE.at(
        file,
        function,
        f"`{shown}` is given a callback in an async function, {what}; {advice}",
        f"{advice}, with `try` and `catch` around it for the error",
        fix=twin_fix(call, row, file),
    )


def _gone(row: TableRow, file: JavaScriptFile) -> str:
    """The package whose declared version has no callbacks any more, and its version; "" if it has."""
    for package, since in row.get("gone", {}).items():
        major = file.package.major_of(package) if file.package is not None else None
        if major is not None and major >= int(since):
            return f"{package} {major}"
    return ""


def _row(call: Node, file: JavaScriptFile) -> TableRow | None:
    """The row of a call in an async function that is given a callback instead of being awaited."""
    given = [bare(one) for one in arguments(call)]
    function = callee(call)
    if function is None or not given or not _is_callback(given[-1], file):
        return None
    outer = file.enclosing_function(call)
    if outer is None or not outer.is_async or file.is_declaration:
        return None
    name = file.canonical(function)
    row = TWINS.match(name, file.types)
    if row is None or name in _STREAMING:
        return None
    usage = usage_of(call)
    is_empty = given[-1].type in FUNCTION_LITERALS and _is_empty(given[-1])
    if usage.use is not Use.AWAITED and (usage.use is not Use.DROPPED or is_empty):
        return None
    return row


def _is_callback(argument: Node, file: JavaScriptFile) -> bool:
    if argument.type in FUNCTION_LITERALS:
        return True
    return argument.type == "identifier" and file.function(argument) is not None


def _is_empty(callback: Node) -> bool:
    body = callback.child_by_field_name("body")
    return body is not None and body.type == "statement_block" and not named(body)


def _advice(row: TableRow, last: str) -> str:
    if "twin" in row.values:
        return f"await `{row['instead']}.{last}`" if "/" not in row["instead"] else f"await it from `{row['instead']}`"
    if row.get("promisify", False):
        return (
            f"await it through `util.promisify` ({row['instead']})"
            if "," in row["instead"]
            else ("await it through `util.promisify`")
        )
    if row.get("omit", False):
        return "leave the callback out and await the call"
    return f"await {row['instead']}"
