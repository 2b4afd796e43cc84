"""Own error caught.

What it finds: an error that carries its status (`HTTPException`, `abort(404)`, `new NotFoundException()`,
`createError(404)`) and is raised within a `try` whose own `except Exception` or `catch` takes it and answers something
else. Also where a function of the same file raises it, and where an `except HTTPException` makes a 500 of it.

Why it matters: the client that asked for something missing is told "internal server error", retries, and pages
whoever is on call; and the log fills with tracebacks of errors that are none.

Bad (python):

    from fastapi import FastAPI, HTTPException

    app = FastAPI()

    @app.get("/orders/{number}")
    def order(number: int):
        try:
            found = orders.find(number)
            if found is None:
                raise HTTPException(404, "no such order")
            return found
        except Exception as error:
            raise HTTPException(500, "cannot read order") from error

Good (python):

    from fastapi import FastAPI, HTTPException

    app = FastAPI()

    @app.get("/orders/{number}")
    def order(number: int):
        try:
            found = orders.find(number)
        except ConnectionError as error:
            raise HTTPException(503, "cannot read order") from error
        if found is None:
            raise HTTPException(404, "no such order")
        return found

Bad (javascript):

    const express = require("express");
    const createError = require("http-errors");

    const router = express.Router();

    router.get("/orders/:id", async (req, res) => {
      try {
        const order = await orders.find(req.params.id);
        if (!order) throw createError(404, "no such order");
        res.json(order);
      } catch (err) {
        res.status(500).json({ error: "internal" });
      }
    });

Good (javascript):

    const express = require("express");
    const createError = require("http-errors");

    const router = express.Router();

    router.get("/orders/:id", async (req, res, next) => {
      try {
        const order = await orders.find(req.params.id);
        if (!order) throw createError(404, "no such order");
        res.json(order);
      } catch (err) {
        next(err);
      }
    });

How to fix it: let the `try` hold only the call that can fail, and raise outside of it; or put `except HTTPException:
raise` in front of the broad clause, and `if (err.status) return next(err)` at the beginning of a `catch`.

Not seen: errors that functions of other files raise. Handlers that look at the error (`isinstance`, `err.status`), hand
it to a function, or raise it again are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e06_error_handling.own_errors import lost_errors
from lint_rules.families.e06_error_handling.own_errors_javascript import Lost, lost_error
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.languages.python.http_errors import status_of
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Related, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0611",
    "own-error-caught",
    severity=ERROR,
    summary="An HTTP error is caught by the handler of its own try",
    in_tests=False,
)

_PYTHON = re.compile(rb"except(?:\s*:|[^:\n]*?(?:\b(?:Base)?|HTTP|API|Sanic)Exception\b)")
_PYTHON_WORDS = (b"raise ", b"abort(", b"_or_404", b"raise_exception")
_JAVASCRIPT = re.compile(
    rb"\bthrow\s+(?:new\s+[A-Za-z_$]|[\w.]*(?:[Ee]rror|[Bb]oom|Errors)|err\b)"
    rb"|\.throw\(|\.assert\(|next/navigation"
)


@RULE.files(WholeFile(_PYTHON, words=_PYTHON_WORDS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for attempt in file.nodes("try_statement"):
        lost = None if file.in_broken_code(attempt) else lost_errors(attempt, file)
        if lost is None:
            continue
        shown = _shown(file.text(lost.error), status_of(lost.error))
        what = f"the error that `{lost.by}()` raises" if lost.by else f"the {shown} of its own `try`"
        yield RULE.at(
            file,
            lost.clause.header,
            f"{lost.clause.header_text} catches {what}, and the client gets another answer; let HTTP errors pass",
            _IN_FRONT if lost.clause.is_broad else _LEFT_OUT,
            related=(Related(file.path, file.span(lost.error), "it is raised here"),),
        )


_IN_FRONT = "put an `except` clause for HTTP errors that only raises in front of it, or raise outside of the `try`"
_LEFT_OUT = "leave out the clause, or raise outside of the `try`: the status that was chosen there is lost"


def _is_suspect(clause: Node, file: JavaScriptFile) -> bool:
    return _lost(clause, file) is not None


def _lost(clause: Node, file: JavaScriptFile) -> Lost | None:
    return None if file.in_broken_code(clause) else lost_error(clause, file)


@RULE.javascript(Nodes(("catch_clause",), words=(b"catch",), trigger=_JAVASCRIPT, screen=_is_suspect))
def check_javascript(clause: Node, file: JavaScriptFile) -> Iterator[Finding]:
    lost = _lost(clause, file)
    body = clause.child_by_field_name("body")
    if lost is None or body is None:
        return
    parameter = clause.child_by_field_name("parameter")
    name = file.text(parameter) if parameter is not None and parameter.type == "identifier" else "err"
    shown = _shown(file.text(lost.error), None)
    yield RULE.at(
        file,
        file.source.span(clause.start_byte, body.start_byte),
        f"`catch` takes the {shown} of its own `try`, and the client gets another answer; forward `{name}`",
        f"begin the `catch` with a test for HTTP errors that throws or forwards `{name}`, or throw outside of it",
        related=(Related(file.path, file.span(lost.error), "it is thrown here"),),
    )


_LONGEST = 40


def _shown(error: str, status: int | None) -> str:
    """An error as people read it: "`HTTPException` (404)"."""
    name = " ".join(error.split()).removeprefix("raise ").removeprefix("throw ").removeprefix("new ").removesuffix(";")
    name = name.partition("(")[0]
    name = name if len(name) <= _LONGEST else f"...{name[-_LONGEST:]}"
    return f"`{name}` ({status})" if status is not None else f"`{name}`"
