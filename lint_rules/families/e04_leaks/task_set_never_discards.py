"""Collection of tasks that only grows.

What it finds: in Python, a set, list or dict of the module or of an object to which tasks, futures, threads or timers
are added when they are started, while nothing in the file takes one out: no `discard` as done callback, no `remove`,
`pop`, `clear`, no new collection. In JavaScript, the same for arrays, maps and sets of timers and promises. Functions
that run once, such as `__init__` and `start`, may fill a collection.

Why it matters: the collection is there so that a task is not lost, but it keeps each one for good, with its result, its
exception and everything that its coroutine refers to.

Bad (python):

    import asyncio

    running: set[asyncio.Task] = set()

    async def confirm(order: Order) -> None:
        running.add(asyncio.create_task(send_confirmation(order)))

Good (python):

    import asyncio

    running: set[asyncio.Task] = set()

    async def confirm(order: Order) -> None:
        task = asyncio.create_task(send_confirmation(order))
        running.add(task)
        task.add_done_callback(running.discard)

Bad (javascript):

    const reminders = [];

    function remind(order, mail) {
      reminders.push(setTimeout(() => mail.send(order), 60_000));
    }

Good (javascript):

    const reminders = new Set();

    function remind(order, mail) {
      const reminder = setTimeout(() => {
        reminders.delete(reminder);
        mail.send(order);
      }, 60_000);
      reminders.add(reminder);
    }

How to fix it: take each out when it is done: `task.add_done_callback(tasks.discard)`, `promise.finally(() =>
promises.delete(promise))`; or use an `asyncio.TaskGroup`.

Not seen: collections that are handed to other functions, or that other files empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e04_leaks.serving import serving
from lint_rules.languages.javascript import grammar
from lint_rules.languages.javascript.containers import Container, containers
from lint_rules.languages.javascript.promises import promised
from lint_rules.languages.python.scopes import Scope, text
from lint_rules.languages.python.usage import Use, usages_of
from lint_rules.languages.screening import Spells
from lint_rules.languages.tables import name_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import INFO, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0408",
    "task-set-never-discards",
    severity=INFO,
    summary="A collection of tasks, threads or timers only grows",
    default=False,
    in_tests=False,
)

_STARTED = name_table(Path(__file__).parent / "tasks.toml", "python")
_TIMERS = frozenset({"globalThis.setTimeout", "globalThis.setInterval"})
_ADDS = frozenset({"add", "append", "push", "insert", "setdefault", "put"})
_PYTHON_WORDS = Spells(_STARTED.last_names)
_JAVASCRIPT_WORDS = re.compile(rb"\.(?:push|add|set)\s*\(")
_ONCE = re.compile(
    r"(?i)^(?:__init__|__aenter__|__enter__|constructor|(?:async_)?(?:start|setup|init|main|run|boot|connect|open|launch)\w*"
    r"|on_?(?:startup|start|ready|load)|lifespan|create_?app\w*)$"
)


@RULE.files(WholeFile(_PYTHON_WORDS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        if function is None or not _PYTHON_WORDS(text(function).encode()):
            continue
        row = _STARTED.match(file.canonical(function), file.types)
        scope = file.enclosing_function(call) if row is not None else None
        if row is None or scope is None or _runs_once(scope.name):
            continue
        for collection in _collections_of(call, scope, file):
            if not _is_emptied(collection, file):
                yield RULE.at(
                    file,
                    call,
                    f"`{collection}` keeps each {row['what']} for good; take it out when it is done",
                    row["remedy"].format(collection=collection),
                )
                break


def _runs_once(name: str) -> bool:
    return _ONCE.match(name.rpartition(".")[2]) is not None


def _collections_of(call: Node, scope: Scope, file: PythonFile) -> Iterator[str]:
    """The collections, of the module or of `self`, that the value of a call is added to."""
    for usage in usages_of(call, file):
        target: Node | None = None
        if usage.use is Use.PASSED:
            function = usage.place.child_by_field_name("function")
            method = function.child_by_field_name("attribute") if function is not None else None
            if function is not None and method is not None and text(method) in _ADDS:
                target = function.child_by_field_name("object")
        elif usage.use is Use.STORED:
            left = usage.place.child_by_field_name("left")
            if left is not None and left.type == "subscript":
                target = left.child_by_field_name("value")
        if target is None:
            continue
        name = text(target)
        if re.fullmatch(r"(?:self|cls)\.\w+", name) or (
            target.type == "identifier" and not any(name in one.bindings for one in scope.enclosing() if one.parent)
        ):
            yield name


def _is_emptied(collection: str, file: PythonFile) -> bool:
    own = re.escape(collection)
    data = file.data.decode(errors="replace")
    pattern = (
        rf"\b{own}\.(?:discard|remove|pop|popitem|clear|popleft|get_nowait|get\(\)|difference_update|__delitem__)\b|\bdel\s+{own}\b"
        rf"|[(,]\s*{own}\s*[,)]|\b{own}\s*-=|\b{own}\[[^\]\n]*:[^\]\n]*\]\s*="
    )
    if re.search(pattern, data):
        return True
    return len(re.findall(rf"(?m)^\s*(?:global\s+)?{own}\b[^=\n\[(]*=(?!=)", data)) > 1


@RULE.files(WholeFile(lambda data: _JAVASCRIPT_WORDS.search(data) is not None), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    for container in containers(file):
        if container.is_tended or container.is_exported:
            continue
        for added in container.adds:
            what = _added_work(added, container, file)
            if what:
                yield RULE.at(
                    file,
                    added,
                    f"`{container.name}` keeps each {what} for good; take it out when it is done",
                    f"delete each {what} from `{container.name}` when it is done",
                )
                break


def _added_work(added: Node, container: Container, file: JavaScriptFile) -> str:
    """The kind of work that a call adds to a collection that lives on; "" where it adds something else."""
    function = file.enclosing_function(added)
    if added.type != "call_expression" or function is None or _runs_once(function.name):
        return ""
    is_lasting = container.owner is not None or container.scope.kind == "module"
    if not is_lasting or serving(added, file) is not None:  # TEN0405 tells of what grows with requests
        return ""
    for argument in grammar.arguments(added)[-1:]:
        value = grammar.bare(argument)
        if value.type == "identifier":
            bound = file.names.only_value(grammar.text(value), value.start_byte)
            value = grammar.bare(bound) if bound is not None else value
        called = grammar.callee(value) if value.type == "call_expression" else None
        if called is None:
            continue
        if file.canonical(called) in _TIMERS:
            return "timer"
        if promised(value, file) is not None:
            return "promise"
    return ""
