"""Internal error shown to the client.

What it finds: a response that shows what went wrong inside: the text of an error that was caught as `Exception` (or as
an error of the database, the network or the disk), its `repr`, its arguments, a traceback. In JavaScript `err.message`,
`err.stack` or the error itself in the answer of a `catch`, of a callback or of error middleware. Also in the arguments
of an HTTP error that is raised, and through local names and templates.

Why it matters: such texts are written for those who run the service. They name tables, columns, hosts, file paths,
versions and queries, which is what someone who looks for a way in wants to know first (CWE-209), and they change with
every upgrade of a library, so that no client can rely on them.

Bad (python):

    from fastapi import FastAPI, HTTPException

    app = FastAPI()

    @app.get("/invoices/{number}")
    async def invoice(number: int):
        try:
            return await load_invoice(number)
        except Exception as error:
            raise HTTPException(status_code=500, detail=str(error))

Good (python):

    import logging
    from fastapi import FastAPI, HTTPException

    app = FastAPI()

    @app.get("/invoices/{number}")
    async def invoice(number: int):
        try:
            return await load_invoice(number)
        except Exception as error:
            logging.exception("cannot load invoice %s", number)
            raise HTTPException(status_code=500, detail="the invoice cannot be loaded") from error

Bad (javascript):

    const express = require("express");

    const app = express();

    app.get("/invoices/:number", async (req, res) => {
      try {
        res.json(await loadInvoice(req.params.number));
      } catch (error) {
        res.status(500).json({ error: error.message, stack: error.stack });
      }
    });

Good (javascript):

    const express = require("express");

    const app = express();

    app.get("/invoices/:number", async (req, res) => {
      try {
        res.json(await loadInvoice(req.params.number));
      } catch (error) {
        console.error("cannot load invoice %s", req.params.number, error);
        res.status(500).json({ error: "the invoice cannot be loaded" });
      }
    });

How to fix it: log the error with its traceback and with something that finds the request again, and answer with a text
of your own. Errors whose text is meant for clients get a class of their own; catch that one by its name, or ask for it
(`error instanceof ApiError`), before the rest.

Not seen: what a helper does with an error that it hands on once more; errors that are stored and sent later; messages
of errors that the code has told apart by class, code or status; what a setting for development lets through; in
JavaScript, the message of an error that is answered with a status 4xx. What is said of a query or a command that the
client wrote itself is an answer, and so is why a connection fails that it asked to be tried. So are, below status 500,
texts that the attempt itself raises as plain exceptions: translated ones, or where nothing but such checks can fail.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.families.e06_error_handling import (
    node_answers,
    node_caught,
    node_handed,
    node_helpers,
    node_leaks,
    node_wiring,
    python_helpers,
    python_wiring,
)
from lint_rules.families.e06_error_handling.answer import MAY_BE_500, NOT_SET, Answer
from lint_rules.families.e06_error_handling.node_consoles import answers_client
from lint_rules.families.e06_error_handling.notes import GIVEN, SHOWN
from lint_rules.families.e06_error_handling.python_answers import ANSWER_WORDS, answers
from lint_rules.families.e06_error_handling.python_caught import (
    Caught,
    caught_at,
    is_for_developers,
    is_told_apart,
    reads_input,
    runs_for_client,
)
from lint_rules.families.e06_error_handling.python_handed import details, handed, pages
from lint_rules.families.e06_error_handling.python_leaks import INNER, TRACE, Leak, leaks
from lint_rules.families.e06_error_handling.python_own_texts import only_checks, tells_own_texts
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.registrations import called_function
from lint_rules.languages.python.scopes import FUNCTION, text
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule
from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0605",
    "internal-error-leaked",
    severity=ERROR,
    summary="The text or the trace of an unexpected error is sent to the client",
    in_tests=False,
    references={"CWE-209": "https://cwe.mitre.org/data/definitions/209.html"},
)


@RULE.project(words=python_wiring.WORDS, notes=(python_helpers.SHOWN, python_helpers.GIVEN))
def check_python_helpers(project: Project) -> Iterator[Finding]:
    yield from _of_helpers(project)


@RULE.project(words=node_wiring.WORDS, languages=("javascript",), notes=(node_helpers.SHOWN, node_helpers.GIVEN))
def check_javascript_helpers(project: Project) -> Iterator[Finding]:
    yield from _of_helpers(project)


def _of_helpers(project: Project) -> Iterator[Finding]:
    """Responses that give an error to a function, perhaps of another file, which shows it."""
    shown = {
        (f"{module.module}.{one.name}", one.position, one.answers): one
        for module, every in project.notes(SHOWN)
        for one in every
    }
    for module, every in project.notes(GIVEN) if shown else ():
        for given in every:
            reference = project.symbols.function(given.symbol)
            name = reference.name if reference is not None else ""
            found = shown.get((name, given.position, given.is_answer))
            if found is not None and not (found.is_fallback and given.is_followed):
                last = name.rpartition(".")[2]
                what = "the traceback" if found.kind == TRACE else "the text"
                yield RULE.finding(
                    module.path,
                    given.span,
                    f"`{last}` sends {what} of an unexpected error to the client; log it and answer with your own text",
                    _ADVICE.format(name="the error"),
                    symbol=given.function,
                )


_ADVICE = "log `{name}` with its traceback, and answer with a text of your own that says what the client can do"


def _may_leak(data: bytes) -> bool:
    return (b"except" in data or b"handler" in data) and any(word in data for word in ANSWER_WORDS)


@RULE.files(WholeFile(_may_leak), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for answer in (*answers(file), *handed(file), *pages(file), *details(file)):
        if file.in_broken_code(answer.node):
            continue
        caught = caught_at(answer.node, file)
        if answer.is_plain and not _answers_requests(answer.node, caught, file):
            continue
        leak = next((one for one in leaks(answer, caught, file) if _is_leak(one, answer, file)), None)
        if leak is None:
            continue
        written = " ".join(file.text(leak.node).split())[:60]
        what = "the traceback" if leak.kind == TRACE else f"what `{leak.caught.what}` says"
        yield RULE.at(
            file, leak.node, f"`{written}` sends {what} to the client; log it and answer with a text of your own",
            _ADVICE.format(name=leak.caught.name or "the error"),
        )  # fmt: skip


def _is_leak(leak: Leak, answer: Answer, file: PythonFile) -> bool:
    node, caught = leak.node, leak.caught
    if is_for_developers(node, caught.place) or is_for_developers(answer.node, caught.place):
        return False
    if leak.kind in (TRACE, INNER):
        return True
    if not caught.is_unexpected or is_told_apart(node, caught) or is_told_apart(answer.node, caught):
        return False
    if 0 < answer.status < caught.least:
        return False
    if 400 <= answer.status < 500 and reads_input(caught):
        return False
    if answer.status < _SERVER_ERROR and _is_meant_for_people(answer, caught, file):
        return False
    return not runs_for_client(caught, file)


_SERVER_ERROR = 500


def _is_meant_for_people(answer: Answer, caught: Caught, file: PythonFile) -> bool:
    """Whether the texts are the project's own, as what a form says that was filled in wrongly."""
    shows_form = (
        text(called_function(answer.node)).rpartition(".")[2] == "flash" if answer.node.type == "call" else False
    )
    return tells_own_texts(caught, file) or (shows_form and only_checks(caught))


def _answers_requests(node: Node, caught: Caught | None, file: PythonFile) -> bool:
    """Whether what is returned goes to a client: the function is a handler, not one that is called by handlers."""
    if caught is not None and caught.how == "handler":
        return True
    scope = file.scope(node).function
    handler = file.handler(scope) if scope is not None and scope.kind == FUNCTION else None
    return handler is not None and handler.kind in ("route", "error") and handler.framework.name != "MCP"


def _may_leak_javascript(data: bytes) -> bool:
    return any(word in data for word in (b"err", b"catch", b"ex)", b"(e")) and any(
        word in data for word in node_answers.ANSWER_WORDS
    )


@RULE.files(WholeFile(_may_leak_javascript), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if file.is_tooling:
        return
    handed = list(node_handed.handed(file))
    for answer in (*node_answers.answers(file), *handed, *node_handed.pages(file)):
        if file.in_broken_code(answer.node) or (answer.is_plain and not node_handed.answers_by_return(answer, file)):
            continue
        at_hand = (*node_caught.caught_at(answer.node, file), node_caught.Caught({}, "", answer.node))
        every = (leak for caught in at_hand for leak in node_leaks.leaks(answer, caught, file))
        leak = next((one for one in every if _is_javascript_leak(one, answer, file)), None)
        if leak is None or (answer in handed and leak.kind == node_caught.WHOLE and leak.node in answer.body):
            continue  # what a helper does with a whole error is not told here
        written = " ".join(file.text(leak.node).split())[:60]
        yield RULE.at(
            file,
            leak.node,
            f"`{written}` sends {_SENT[leak.kind]} to the client; log it and answer with a text of your own",
            _ADVICE.format(name=next(iter(leak.caught.names), "the error")),
        )


_SENT = {
    node_caught.MESSAGE: "the message of an unexpected error",
    node_caught.TRACE: "the stack trace",
    node_caught.WHOLE: "the whole error",
}


def _is_javascript_leak(leak: node_leaks.Leak, answer: Answer, file: JavaScriptFile) -> bool:
    caught = leak.caught
    if leak.kind == node_caught.WHOLE and leak.node in answer.body and node_handed.hands_to_framework(answer, file):
        return False
    if node_caught.is_for_developers(leak.node, caught.place) or node_caught.is_for_developers(
        answer.node, caught.place
    ):
        return False
    if leak.kind == node_caught.TRACE:
        return True
    if node_caught.is_told_apart(leak.node, caught) or node_caught.is_told_apart(answer.node, caught):
        return False
    if leak.kind == node_caught.MESSAGE and node_caught.checks_input(caught, file):
        return False
    if answers_client(caught, file):
        return False
    if leak.kind == node_caught.WHOLE or answer.status >= 500 or answer.status == MAY_BE_500:
        return True
    is_page = ".render" in (answer.node.text or b"")[:60].decode(errors="replace")
    return answer.status == NOT_SET and not (
        is_page and caught.how == "handler"
    )  # which errors have which is elsewhere
