"""Promise constructor around what gives a promise.

What it finds: `new Promise(...)` that only waits for another promise and hands its outcome on (`load().then(resolve,
reject)`, `.then((row) => resolve(row)).catch(reject)`, an async executor that awaits and resolves), or that only turns
a callback of a known library into a promise where the library has one already.

Why it matters: whatever is thrown between the inner promise and `resolve` leaves the outer one pending for ever, and
the request with it; a forgotten `reject` does the same for every error. The promise that is already there does all of
this by itself.

Bad (javascript):

    import { query } from "./database.js";

    export async function load(id) {
      return await query(id);
    }

    export function findUser(id) {
      return new Promise((resolve, reject) => {
        load(id)
          .then((user) => resolve(user.profile))
          .catch(reject);
      });
    }

Good (javascript):

    import { query } from "./database.js";

    export async function load(id) {
      return await query(id);
    }

    export async function findUser(id) {
      const user = await load(id);
      return user.profile;
    }

How to fix it: return the inner promise, or make the function async and await it. For a callback use the promise form
that the library has, or `util.promisify`.

Not seen: promises around events, timers, streams and callbacks of functions that have no promise form; executors that
do anything else besides; inner promises of which nothing tells that they are promises, unless both `resolve` and
`reject` are handed to their `then` and `catch`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e03_callback_hell.executors import antipattern
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN0304",
    "promise-constructor-antipattern",
    severity=WARNING,
    summary="new Promise is put around what gives a promise already",
    in_tests=False,
)


def _is_suspect(construction: Node, file: JavaScriptFile) -> bool:
    return antipattern(construction, file) is not None


@RULE.javascript(Nodes(("new_expression",), words=(b"new Promise", b"Promise"), screen=_is_suspect))
def check_javascript(construction: Node, file: JavaScriptFile) -> Iterator[Finding]:
    found = antipattern(construction, file)
    if found is not None and not file.is_for_browsers:
        head = construction.child_by_field_name("constructor") or construction
        place = file.source.span(construction.start_byte, head.end_byte)
        yield RULE.at(file, place, f"{found.what}; {found.advice}", found.advice)
