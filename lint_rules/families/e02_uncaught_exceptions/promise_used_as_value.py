"""Promise used where its value is meant.

What it finds: a call that gives a promise, not awaited, in a place that wants what the promise is fulfilled with: a
condition, a comparison or calculation, a template string, a spread, a `for...of`, a pattern that takes it apart, a
member that is read (`load(id).name`), an argument of `JSON.stringify`, `res.json` and the like. The call may be of the
project's own functions, whichever file they are in, or of a known library; the promise may have been bound to a
constant first. And a promise that is returned without `await` from a `try` whose `catch` was to handle its error.

Why it matters: a promise is always true, equal to nothing, and has none of the members of its value. The permission
check lets everybody in, the answer is `{}`, the name is `undefined`, and no error says so. A `catch` around a promise
that is only handed on has left before the promise rejects.

Bad (javascript):

    // file: users.js
    export async function isAllowed(session) {
      const response = await fetch(`https://rights.test/${session.user}`);
      return response.ok;
    }

    // file: orders.js
    import { isAllowed } from "./users.js";

    export async function show(request, response) {
      if (!isAllowed(request.session)) {
        return response.sendStatus(403);
      }
      response.json({ orders: [] });
    }

Good (javascript):

    // file: users.js
    export async function isAllowed(session) {
      const response = await fetch(`https://rights.test/${session.user}`);
      return response.ok;
    }

    // file: orders.js
    import { isAllowed } from "./users.js";

    export async function show(request, response) {
      if (!(await isAllowed(request.session))) {
        return response.sendStatus(403);
      }
      response.json({ orders: [] });
    }

How to fix it: write `await` in front of the call, with parentheses where a member is read: `(await load(id)).name`. In
a `try`, write `return await`.

Not seen: promises that went through a container, a parameter or a member first; a name that is assigned more than once;
what other functions make of an argument; members that libraries give their promises (`got(url).json()`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions import misused_promises
from lint_rules.languages.javascript.grammar import CALL_KINDS
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.model import ERROR, UNSAFE, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN0216",
    "promise-used-as-value",
    severity=ERROR,
    summary="A promise is used where its value is meant",
    in_tests=False,
    fix=UNSAFE,
)


@RULE.javascript(Nodes(CALL_KINDS, screen=misused_promises.is_misused))
def check_javascript(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    misuse = misused_promises.misuse(call, file)
    if misuse is not None:
        yield RULE.at(
            file,
            misuse.place,
            f"{misuse.what}; {misuse.remedy}",
            "write `await` in front of the call, in an async function",
            fix=misuse.fix,
        )
