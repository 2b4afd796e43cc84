"""Next after the response.

What it finds: `next()` on a path on which the request has been answered, an answer on a path on which `next()` was
called, and `next()` twice: in Express, Fastify, Koa, NestJS, Next.js and others whose handlers are given a `next`.

Why it matters: `if (error) next(error);` without `return` is how most of these begin. The error handler answers, and
then the code below answers again, with data that is not there; Node throws ERR_HTTP_HEADERS_SENT. After an answer,
`next()` runs the handlers behind this one for a request that is over, mostly the one that answers 404.

Bad (javascript):

    app.get("/orders", (req, res, next) => {
      orders.all((error, rows) => {
        if (error) next(error);
        res.json(rows);
      });
    });

Good (javascript):

    app.get("/orders", (req, res, next) => {
      orders.all((error, rows) => {
        if (error) return next(error);
        res.json(rows);
      });
    });

How to fix it: `return next(error)`; of an answer and `next()` keep one.

Not seen: `next` in Restify, whose handlers call it after each answer; code that waits for `await next()` and answers
then, as middleware may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e05_double_responses.javascript import conflicts_of
from lint_rules.families.e05_double_responses.javascript_findings import finding, returning
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, UNSAFE, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN0503",
    "next-after-response",
    severity=ERROR,
    summary="`next()` and an answer, or `next()` twice, on one path",
    fix=UNSAFE,
    in_tests=False,
)

_CALLED = re.compile(rb"\b_?next\s*\(|\bdone\s*\(")
_CALLING_NEXT_IS_USUAL = ("restify",)


@RULE.files(WholeFile(_CALLED), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    concerned = [one for one in conflicts_of(file) if "next" in (one.first.kind, one.second.kind)]
    if not concerned or _is_restify(file):
        return
    for conflict in concerned:
        if conflict.repeats:
            message, why = (
                "{second} is called in each round of a loop; leave the loop after it",
                "the handlers run twice",
            )
        elif conflict.first.kind == conflict.second.kind:
            message, why = (
                "{second} is called again after {first}{where}; return after the first",
                "the rest runs twice",
            )
        elif conflict.second.kind == "next":
            message = "{second} comes after {first} answered the request{where}; return without it"
            why = "the handlers behind this one run for a request that is over"
        else:
            message = "{second} answers a request that {first} passed on{where}; return after the first"
            why = "the handlers behind this one answer too"
        yield finding(RULE, conflict, message, why, file, returning(conflict, file))


def _is_restify(file: JavaScriptFile) -> bool:
    package = file.package
    if package is not None and package.name in _CALLING_NEXT_IS_USUAL:
        return True
    declared = package is not None and any(
        name in (*package.dependencies, *package.dev_dependencies, *package.peer_dependencies)
        for name in _CALLING_NEXT_IS_USUAL
    )
    return declared or file.imports_any(*_CALLING_NEXT_IS_USUAL)
