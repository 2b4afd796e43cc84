"""Continuation not called.

What it finds: a function that is given a node-style callback, the acknowledgement of a Socket.IO event, or `resolve`
and `reject`, calls it on some of its paths, and forgets it on another: an error branch that only logs, an early
`return`, an `if` without `else`. Functions within (`(error, rows) => ...`, `.then(...)`) are looked at as well. In
Python a function that gives a future its result, or calls the callback it is given, and forgets it on another path.

Why it matters: whoever waits for the callback waits for good. The request hangs until the client gives up, the promise
is never settled, the queue has one worker less; there is no error and nothing in the log.

Bad (python):

    def on_reply(reply: Reply, waiter: asyncio.Future) -> None:
        try:
            waiter.set_result(reply.json())
        except ValueError:
            log.exception("no JSON: %s", reply)

Good (python):

    def on_reply(reply: Reply, waiter: asyncio.Future) -> None:
        try:
            waiter.set_result(reply.json())
        except ValueError as error:
            waiter.set_exception(error)

Bad (javascript):

    function readSettings(path) {
      return new Promise((resolve, reject) => {
        fs.readFile(path, "utf8", (error, text) => {
          if (error) {
            console.error(error);
            return;
          }
          resolve(JSON.parse(text));
        });
      });
    }

Good (javascript):

    function readSettings(path) {
      return new Promise((resolve, reject) => {
        fs.readFile(path, "utf8", (error, text) => {
          if (error) {
            reject(error);
            return;
          }
          resolve(JSON.parse(text));
        });
      });
    }

How to fix it: call it on every path, with the error where there is one, or hand it on.

Not seen: functions that never call their callback; paths on which a local function is called or the callback is handed
to something, which is believed to call it; callbacks that may be left out, where the code asks for them. In Python
futures that are kept on objects, and paths without an error of functions that may be called more than once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e05_double_responses.continuations_forgotten import never_called
from lint_rules.families.e05_double_responses.continuations_javascript import HANDED_ON, Continuations
from lint_rules.families.e05_double_responses.continuations_python import forgotten
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, MEDIUM, Finding, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0508",
    "continuation-not-called",
    severity=ERROR,
    confidence=MEDIUM,
    summary="A callback, or `resolve` and `reject`, is forgotten on a path",
    in_tests=False,
)

_MENTIONED_PYTHON = re.compile(
    rb"set_(?:result|exception)\(|(?:callback|cb|errback|done|complete|completed|finish|finished|continuation)\("
)


@RULE.files(WholeFile(_MENTIONED_PYTHON), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for due, exit_ in forgotten(file):
        definition = due.function.node
        owner = definition.child_by_field_name("name") or definition
        missing = f"does not settle `{due.name}`" if due.is_future else f"does not call `{due.name}`"
        place = exit_.jump.node if exit_.kind == "return" and exit_.jump is not None else None
        way = "this way out" if place is not None else "a path through this function"
        remedy = (
            f"give `{due.name}` the error by `set_exception` on that path"
            if due.is_future
            else f"call `{due.name}` on that path, with the error where there is one"
        )
        related = (Related(file.path, file.span(owner), "has to settle it"),) if place is not None else ()
        message = f"{way} {missing}; whoever waits for it waits for good"
        yield RULE.at(file, place if place is not None else owner, message, remedy, related=related)


@RULE.files(WholeFile(HANDED_ON), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if file.is_for_browsers:
        return
    for continuation, scope, exit_ in never_called(file, Continuations(file)):
        owner = file.span(continuation.owner.node.child_by_field_name("parameters") or continuation.owner.node)
        what = "settles no promise" if continuation.is_promise else f"does not call `{continuation.name}`"
        if exit_.kind == "return" and exit_.jump is not None:
            place = exit_.jump.node
            message = f"this way out {what}; whoever waits for it waits for good"
        else:
            place = scope.node.child_by_field_name("name") or scope.node.child_by_field_name("parameters") or scope.node
            message = f"a path through this function {what}; whoever waits for it waits for good"
        remedy = (
            "call `reject` with the error on that path"
            if continuation.is_promise
            else f"call `{continuation.name}` on that path, with the error where there is one"
        )
        yield RULE.at(file, place, message, remedy, related=(Related(file.path, owner, "has to be settled by this"),))
