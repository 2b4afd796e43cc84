"""Async callback where nobody waits for it.

What it finds: an async function (or one that returns a promise) given to a call that drops what its callback returns:
`forEach`, listeners of events, timers, `new Promise(async ...)`, `filter`, `some`, `find` and `sort`, which take the
promise for the answer, `map` without `Promise.all`, `reduce` that does not await its accumulator, node-style callbacks.
And handlers of Express 4 that can reject with no wrapper around them.

Why it matters: `forEach` is done before the first round has written anything, `filter` keeps everything since a promise
is true, and an error inside is an unhandled rejection, which ends the process. Express 4 looks at nothing that a
handler returns: the request hangs until the client gives up.

Bad (javascript):

    import { notify } from "./mail.js";

    export async function remind(users) {
      users.forEach(async (user) => {
        await notify(user);
      });
      return users.filter(async (user) => (await notify(user)).failed);
    }

Good (javascript):

    import { notify } from "./mail.js";

    export async function remind(users) {
      for (const user of users) {
        await notify(user);
      }
      const outcomes = await Promise.all(users.map(async (user) => notify(user)));
      return users.filter((user, place) => outcomes[place].failed);
    }

How to fix it: use `for...of` with `await`, or `await Promise.all(items.map(...))`. In listeners and timers catch the
errors inside the function. Wrap handlers of Express 4, or move to Express 5, which sees rejections.

Not seen: listeners, timers and handlers whose every `await` lies in a `try` with a `catch`; Express 5, Fastify, Koa,
Hapi and Nest, which wait for their handlers; callbacks that are built elsewhere and of which nothing tells that they
are async; receivers that may be something other than an array, such as the result of a library's call; tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions import async_callbacks
from lint_rules.languages.javascript.grammar import CALL_KINDS
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.model import ERROR, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN0206",
    "async-callback-not-awaited",
    severity=ERROR,
    summary="An async function is given where its promise is dropped",
    in_tests=False,
)


@RULE.javascript(Nodes(CALL_KINDS, screen=async_callbacks.is_suspect))
def check_javascript(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    dropped = async_callbacks.dropped(call, file)
    if dropped is not None:
        yield RULE.at(file, dropped.place, f"{dropped.what}; use {dropped.instead}", f"use {dropped.instead}")
