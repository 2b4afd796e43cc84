"""Error neither answered nor forwarded.

What it finds: a `catch`, an `except` or the `if (err)` of a callback in a handler of requests, after which nobody
answers: it logs the error, or does nothing, while only the code that failed would have sent or returned a response.

Why it matters: the client waits until it or a proxy gives up, and its connection stays taken. Where the framework
answers by itself, the client is told that all went well, with nothing in it, and goes on with that.

Bad (python):

    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/orders/{number}")
    async def order(number: int):
        try:
            return await orders.find(number)
        except ConnectionError:
            logger.exception("order %s cannot be read", number)

Good (python):

    from fastapi import FastAPI, HTTPException

    app = FastAPI()

    @app.get("/orders/{number}")
    async def order(number: int):
        try:
            return await orders.find(number)
        except ConnectionError as error:
            logger.exception("order %s cannot be read", number)
            raise HTTPException(503, "orders are not available") from error

Bad (javascript):

    const express = require("express");

    const router = express.Router();

    router.get("/orders/:id", async (req, res, next) => {
      try {
        res.json(await orders.find(req.params.id));
      } catch (err) {
        console.error("order cannot be read", err);
      }
    });

Good (javascript):

    const express = require("express");

    const router = express.Router();

    router.get("/orders/:id", async (req, res, next) => {
      try {
        res.json(await orders.find(req.params.id));
      } catch (err) {
        next(err);
      }
    });

How to fix it: call `next(err)`, throw or raise, or send a response with a status that says what happened.

Not seen: handlers that call a function which may answer or throw; those after which something else answers; work whose
success does not answer the request either. Frameworks in which returning nothing is an error of its own (Django, Flask,
aiohttp) are TEN0505's, which says nothing of a JavaScript handler in which this rule names the place where an error is
lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e06_error_handling.unanswered_callbacks import unanswered_check
from lint_rules.families.e06_error_handling.unanswered_javascript import (
    Answering,
    unanswered_catch,
    unanswered_clause,
)
from lint_rules.families.e06_error_handling.unanswered_python import unanswered_clause as unanswered_python
from lint_rules.languages.javascript.grammar import callee
from lint_rules.languages.javascript.selectors import Nodes
from lint_rules.languages.python.except_clauses import ExceptClause
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule, Span

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0608",
    "error-not-forwarded",
    severity=ERROR,
    summary="An error of a request is neither answered nor forwarded",
    in_tests=False,
)

_EXCEPT = re.compile(rb"\bexcept\b[^:\n]*:")
_FRAMEWORKS = (b"fastapi", b"litestar", b"tornado", b"http.server", b"receive", b"APIRouter")
_CATCH = re.compile(rb"\bcatch\s*[({]|\.catch\(|\.then\(")
_CHECK = re.compile(rb"\bif\s*\(\s*(?:!\s*)?\w*(?:err|error|Err|Error|er)\b")


@RULE.files(WholeFile(_EXCEPT, words=_FRAMEWORKS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for node in file.nodes("except_clause"):
        clause = ExceptClause(node, file)
        outcome = "" if file.in_broken_code(node) else unanswered_python(clause)
        if outcome:
            yield RULE.at(
                file,
                clause.header,
                f"{clause.header_text} neither answers nor raises, and {outcome}; raise an error with a status",
                "raise or return an error with the status that says what happened",
            )


def _clause(clause: Node, file: JavaScriptFile) -> Answering | None:
    is_elsewhere = file.in_broken_code(clause) or file.is_for_browsers
    return None if is_elsewhere else unanswered_clause(clause, file)


def _is_clause(clause: Node, file: JavaScriptFile) -> bool:
    return _clause(clause, file) is not None


@RULE.javascript(Nodes(("catch_clause",), trigger=_CATCH, screen=_is_clause))
def check_clause(clause: Node, file: JavaScriptFile) -> Iterator[Finding]:
    who, body = _clause(clause, file), clause.child_by_field_name("body")
    if who is not None and body is not None:
        yield _finding(file, file.source.span(clause.start_byte, body.start_byte), "`catch`", who)


def _catch(call: Node, file: JavaScriptFile) -> Answering | None:
    is_elsewhere = file.in_broken_code(call) or file.is_for_browsers
    return None if is_elsewhere else unanswered_catch(call, file)


def _is_catch(call: Node, file: JavaScriptFile) -> bool:
    return _catch(call, file) is not None


@RULE.javascript(Nodes(("call_expression",), trigger=_CATCH, screen=_is_catch))
def check_catch(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    who, function = _catch(call, file), callee(call)
    last = function.child_by_field_name("property") if function is not None else None
    if who is not None and last is not None:
        yield _finding(file, file.source.span(last.start_byte, call.end_byte), f"`.{file.text(last)}()`", who)


def _check(statement: Node, file: JavaScriptFile) -> Answering | None:
    is_elsewhere = file.in_broken_code(statement) or file.is_for_browsers
    return None if is_elsewhere else unanswered_check(statement, file)


def _is_check(statement: Node, file: JavaScriptFile) -> bool:
    return _check(statement, file) is not None


@RULE.javascript(Nodes(("if_statement",), trigger=_CHECK, screen=_is_check))
def check_callback(statement: Node, file: JavaScriptFile) -> Iterator[Finding]:
    who, condition = _check(statement, file), statement.child_by_field_name("condition")
    if who is not None and condition is not None:
        yield _finding(file, file.span(condition), f"`if {file.text(condition)}`", who)


def _finding(file: JavaScriptFile, place: Span, what: str, who: Answering) -> Finding:
    return RULE.at(
        file,
        place,
        f"{what} neither answers nor forwards the error, and {who.consequence}; {who.instead}",
        "call `next` with the error, throw it, or send a response with the status that says what happened",
    )
