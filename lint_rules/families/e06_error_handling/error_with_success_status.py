"""Error answered with a success status.

What it finds: a body that tells of an error (`{"error": ...}`, `{"success": false, "message": ...}`, a text about a
failure) sent with status 2xx or with none set: in an `except` or `catch`, in an error callback, in a central error
handler, or in a branch of a handler. In FastAPI and Litestar also `return {"error": ...}, 404`, which they send as a
list of two with status 200.

Why it matters: everything between the service and its caller goes by the status. A client's `raise_for_status`, `fetch`
wrappers, retries, caches, load balancers, alerts and dashboards all take the answer for a success, so that the failure
is stored in caches, counted as a good request, and found by nobody.

Bad (python):

    from flask import Flask, jsonify

    app = Flask(__name__)

    @app.get("/orders/<int:number>")
    def order(number):
        try:
            return jsonify(load_order(number))
        except LookupError:
            return jsonify(error="there is no such order")

Good (python):

    from flask import Flask, jsonify

    app = Flask(__name__)

    @app.get("/orders/<int:number>")
    def order(number):
        try:
            return jsonify(load_order(number))
        except LookupError:
            return jsonify(error="there is no such order"), 404

Bad (javascript):

    const express = require("express");

    const app = express();

    app.get("/orders/:number", async (req, res) => {
      try {
        res.json(await loadOrder(req.params.number));
      } catch (error) {
        console.error(error);
        res.json({ error: "the order cannot be loaded" });
      }
    });

Good (javascript):

    const express = require("express");

    const app = express();

    app.get("/orders/:number", async (req, res) => {
      try {
        res.json(await loadOrder(req.params.number));
      } catch (error) {
        console.error(error);
        res.status(500).json({ error: "the order cannot be loaded" });
      }
    });

How to fix it: set the status with the body: 400 or 422 for input that is wrong, 401 and 403 for who may not, 404 for
what is not there, 409 for what is in the way, 500 for what is not the client's fault. Better still raise (throw) the
framework's HTTP error, and let one central handler make the body.

Not seen: errors told in the body by design, as GraphQL and JSON-RPC do; an empty `errors` list; results of validation
and health checks; what is given beside an empty result; a status that is set elsewhere, by a helper or a decorator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lint_rules.families.e06_error_handling import node_answers, node_caught, node_handed, node_leaks
from lint_rules.families.e06_error_handling.answer import NOT_SET, Answer
from lint_rules.families.e06_error_handling.python_answers import ANSWER_WORDS, answers
from lint_rules.families.e06_error_handling.python_bodies import status_of
from lint_rules.families.e06_error_handling.python_caught import Caught, caught_at, runs_for_client
from lint_rules.families.e06_error_handling.python_leaks import leaks
from lint_rules.families.e06_error_handling.telling import Telling, node_telling, python_telling
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import text
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.handlers import parameter_names
from lint_rules.languages.python.registrations import arguments, decorators
from lint_rules.languages.python.scopes import FUNCTION, Scope
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Rule

RULE = Rule(
    "TEN0604",
    "error-with-success-status",
    severity=WARNING,
    summary="An error is answered with status 2xx, or with none set",
    in_tests=False,
)

_TELLS = re.compile(rb"(?i)error|err\b|success|fail|except|ok(?<=\bok)\b|message|catch")


@RULE.files(WholeFile(_TELLS, words=ANSWER_WORDS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for answer in answers(file):
        if answer.raised or file.in_broken_code(answer.node):
            continue
        if not answer.may_be_success:
            yield from _tuples(answer, file)
            continue
        caught = caught_at(answer.node, file)
        telling = python_telling(answer, file)
        if telling.is_exempt or not _is_python_handler(answer, caught, file):
            continue
        if _is_told_status(answer, file):
            continue
        if caught is not None and runs_for_client(caught, file):
            continue  # the console did what it was asked to, and reports what came of it
        shows = caught is not None and any(leaks(answer, caught, file))
        if telling.is_error or (caught is not None and (telling.is_failure_text or (shows and telling.may_be_error))):
            place = "" if caught is None else "in the handler of " if caught.how == "handler" else "in the `except` of "
            yield _finding(file, answer, telling, f"{place}`{caught.what}` " if caught is not None else "")


def _is_told_status(answer: Answer, file: PythonFile) -> bool:
    """Whether the framework has set the status before it calls the function: Tornado's `write_error`."""
    scope = file.scope(answer.node).function
    return scope is not None and scope.name.endswith(".write_error")


def _tuples(answer: Answer, file: PythonFile) -> Iterator[Finding]:
    """`return {"error": ...}, 404` where the framework knows no such tuples, and sends a list with status 200."""
    if answer.node.type not in ("expression_list", "tuple") or not answer.is_error:
        return
    scope = file.scope(answer.node).function
    handler = file.handler(scope) if scope is not None and scope.kind == FUNCTION else None
    if handler is None or handler.kind != "route" or handler.framework.name not in _LISTING:
        return
    framework = handler.framework.name
    written = " ".join(file.text(answer.node).split())[:60]
    yield RULE.at(
        file,
        answer.node,
        f"`{written}` is sent as a list with status 200: {framework} takes no status from a tuple; raise the error",
        f"`raise HTTPException(status_code={answer.status}, detail=...)`, or return a response with `status_code`",
    )


_LISTING = frozenset({"FastAPI", "Litestar"})


def _is_python_handler(answer: Answer, caught: Caught | None, file: PythonFile) -> bool:
    if caught is not None and caught.how == "handler":
        return not answer.is_plain or b"errorhandler" in file.data or b"register_error_handler" in file.data
    scope = file.scope(answer.node).function
    handler = file.handler(scope) if scope is not None and scope.kind == FUNCTION else None
    if handler is None and scope is not None and not answer.is_plain:
        return parameter_names(scope)[:1] == ("request",)  # a view that another file registers
    kinds = ("route", "error") if answer.is_plain else ("route", "error", "hook")  # a template's hook gives values too
    if handler is None or handler.kind not in kinds or handler.framework.name in _NOT_HTTP:
        return False
    return scope is None or not _is_registered_as_error(scope, file)


def _is_registered_as_error(scope: Scope, file: PythonFile) -> bool:
    """Whether a handler answers with the status of an error in any case: `@router.get("/old", status_code=410)`."""
    given = (dict(arguments(mark)).get("status_code") for mark in decorators(scope.node) if mark.type == "call")
    return any(one is not None and status_of(one, file) >= 400 for one in given)


_NOT_HTTP = frozenset({"Celery", "gRPC", "websockets", "Socket.IO", "Socket.IO (threads)", "ASGI", "WSGI"})


@RULE.files(WholeFile(_TELLS, words=node_answers.ANSWER_WORDS), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if file.is_tooling:
        return
    for answer in node_answers.answers(file):
        if answer.raised or not answer.may_be_success or file.in_broken_code(answer.node):
            continue
        telling = node_telling(answer, file)
        if telling.is_exempt:
            continue
        caught = node_caught.caught_at(answer.node, file)
        inside = next((one for one in caught if one.how != "callback" or _is_failed(answer, one)), None)
        shown = list(node_leaks.leaks(answer, inside, file)) if inside is not None else []
        if any(leak.kind == node_caught.WHOLE and leak.node in answer.body for leak in shown) and (
            node_handed.hands_to_framework(answer, file)
        ):
            continue  # Fastify hands an error that is sent to its error handler, which has the status
        shows = bool(shown)
        is_told = inside is not None and (telling.is_failure_text or (shows and telling.may_be_error))
        if not (telling.is_error or is_told) or not _is_node_handler(answer, inside, file):
            continue
        where = "" if inside is None else _PLACES[inside.how]
        yield _finding(file, answer, telling, where)


_PLACES = {
    "catch": "in a `catch` ",
    "promise": "in a `catch` ",
    "callback": "in an error branch ",
    "handler": "in an error handler ",
}


def _is_failed(answer: Answer, caught: node_caught.Caught) -> bool:
    """Whether a place in a callback is reached only with an error: `if (error) ...`."""
    names = "|".join(map(re.escape, caught.names)) or "(?!)"
    is_error = re.compile(rf"^\(?\s*(?:{names})\b(?!\s*===?\s*null)|\b(?:{names})\s*!==?\s*(?:null|undefined)")
    return any(
        holds and is_error.search(text(condition))
        for condition, holds, _ in node_caught.conditions(answer.node, caught.place)
    )


def _is_node_handler(answer: Answer, caught: node_caught.Caught | None, file: JavaScriptFile) -> bool:
    """Whether an answer goes to a client of HTTP; what is returned does so from handlers that may answer thus."""
    if not answer.is_plain:
        return caught is not None or file.request.handler_around(answer.node) is not None or b"res" in file.data
    return node_handed.answers_by_return(answer, file)


def _finding(file: PythonFile | JavaScriptFile, answer: Answer, telling: Telling, where: str) -> Finding:
    status = "status 200, as none is set" if answer.status == NOT_SET else f"status {answer.status}"
    return RULE.at(
        file,
        answer.node,
        f"`{telling.shown}` {where}is sent with {status}; set a status of 4xx or 5xx",
        "set the status that says what went wrong: 400 or 422 for wrong input, 401, 403, 404, 409, or 500 for a fault "
        "of the service",
    )
