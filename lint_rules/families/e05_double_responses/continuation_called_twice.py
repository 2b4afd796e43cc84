"""Continuation called twice.

What it finds: `set_result` or `set_exception` of a future on a path on which the same future has been given a result or
an error already. In JavaScript a node-style callback (`callback(error)` and then `callback(null, rows)`), the
acknowledgement of a Socket.IO event, and `resolve` or `reject` of a promise, called again on the same path.

Why it matters: in Python the second call raises InvalidStateError, mostly far from the code that waits for the future:
in a callback, where the error is only logged, or in the `except` that was to report another error, which is lost. In
JavaScript the caller goes on twice, first with the error and then with data that is not there; a promise keeps its
first outcome, and the code behind `reject` runs all the same.

Bad (python):

    import asyncio

    def on_reply(waiter: asyncio.Future, reply: dict) -> None:
        if "error" in reply:
            waiter.set_exception(RuntimeError(reply["error"]))
        waiter.set_result(reply["value"])

Good (python):

    import asyncio

    def on_reply(waiter: asyncio.Future, reply: dict) -> None:
        if "error" in reply:
            waiter.set_exception(RuntimeError(reply["error"]))
            return
        waiter.set_result(reply["value"])

Bad (javascript):

    function loadOrders(user, callback) {
      database.query("select * from orders where user = ?", [user], (error, rows) => {
        if (error) callback(error);
        callback(null, rows.map(toOrder));
      });
    }

Good (javascript):

    function loadOrders(user, callback) {
      database.query("select * from orders where user = ?", [user], (error, rows) => {
        if (error) return callback(error);
        callback(null, rows.map(toOrder));
      });
    }

How to fix it: return after the first, put the second into an `else`, or ask `done()` first.

Not seen: futures that are given their result by a function that is called; callbacks that are handed on to two calls;
functions that are called for each element, whatever they are called.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e05_double_responses.answer import Answer
from lint_rules.families.e05_double_responses.continuations_javascript import (
    MENTIONED,
    Continuations,
    called_twice,
)
from lint_rules.families.e05_double_responses.paths import earlier_answers
from lint_rules.flow.form import Event
from lint_rules.languages.python.lowering import form_of
from lint_rules.languages.python.scopes import FUNCTION, Scope, text
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0507",
    "continuation-called-twice",
    severity=ERROR,
    summary="A callback, promise or future is settled twice on one path",
    in_tests=False,
)

_SETTERS = frozenset({"set_result", "set_exception"})


@RULE.files(WholeFile(MENTIONED), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    for first, second in called_twice(file, Continuations(file)):
        place = file.span(first.call)
        name, earlier = second.continuation.name, first.continuation.name
        if first == second:
            message = f"`{name}` is called in each round of a loop; leave the loop after it"
        elif second.continuation.is_promise:
            message = (
                f"`{name}` comes after `{earlier}` settled the promise in line {place.row}; return after the first"
            )
        elif second.is_handed_on:
            message = f"`{name}` is handed on after line {place.row} called it; return after the call"
        else:
            message = f"`{name}` is called again after line {place.row}; return after the first"
        yield RULE.at(
            file,
            second.call,
            message,
            f"write `return` in front of `{earlier}` in line {place.row}, or make the second its `else`",
            related=(Related(file.path, place, "the first of the two"),),
        )


@RULE.files(WholeFile(None, (b".set_result(", b".set_exception(")), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    functions: dict[int, tuple[Scope, int]] = {}
    if b"uture" not in file.data and b"asyncio" not in file.data:
        return  # other things have methods of these names too
    for call in file.nodes("call"):
        called = call.child_by_field_name("function")
        if called is None or called.type != "attribute" or text(called).rpartition(".")[2] not in _SETTERS:
            continue
        if file.function(called) is not None:
            continue  # a method of the project that is called so
        scope = file.scope(call).function
        if scope is not None and scope.kind == FUNCTION and not scope.node.has_error:
            functions[scope.node.id] = (scope, functions.get(scope.node.id, (scope, 0))[1] + 1)
    for scope, count in functions.values():
        body = file.data[scope.start : scope.end]
        if count > 1 or b"while " in body or b"for " in body:
            yield from _twice(scope, file)


def _twice(scope: Scope, file: PythonFile) -> Iterator[Finding]:
    known: dict[int, tuple[Answer, ...]] = {}

    def settled_at(event: Event) -> tuple[Answer, ...]:
        owner, _, method = event.subject.rpartition(".")
        if event.kind != "call" or method not in _SETTERS or not owner or "(" in owner or "[" in owner:
            return ()
        if event.node.id not in known:
            known[event.node.id] = (Answer(event.node, "result", owner, owner),)
        return known[event.node.id]

    outcome = earlier_answers(form_of(scope.node, file), settled_at)
    told: set[int] = set()
    for event, cases in outcome.events() if outcome is not None else ():
        for second in settled_at(event):
            given = sorted(frozenset().union(*cases.states.values()), key=lambda one: int(one.call.start_byte))
            first = next((one for one in given if one.slot == second.slot), None)
            if first is not None and event.node.id not in told:
                told.add(event.node.id)
                yield _finding(event, first, file)


def _finding(event: Event, first: Answer, file: PythonFile) -> Finding:
    place = file.span(first.call)
    owner = event.subject.rpartition(".")[0]
    if first.call == event.node:
        wrong = f"`{event.subject}` is called in each round of a loop; leave the loop after it"
    else:
        wrong = f"`{event.subject}` comes after `{owner}` was settled in line {place.row}; return after the first"
    return RULE.at(
        file,
        event.node,
        wrong,
        f"return after the first, or ask `{owner}.done()` before; the second raises InvalidStateError",
        related=(Related(file.path, place, "settled here"),),
    )
