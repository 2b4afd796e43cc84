"""Unguarded parse of request data.

What it finds: a call that raises on malformed input (`int`, `float`, `UUID`, `datetime.fromisoformat`, `json.loads`,
`b64decode`, `await request.json()` where the framework lets its error out) on what a client sent, in a handler, outside
of any `try` that catches the error. The data is followed from the request through local names and loops. In JavaScript
`JSON.parse`, `decodeURIComponent`, `new URL`, `BigInt`, `new ObjectId`, `jwt.verify` and their like.

Why it matters: the client's typing error becomes status 500 with a traceback in the log: monitoring counts a server
error, the client is told to try again, and on a websocket or a plain protocol the whole connection goes down.

Bad (python):

    from flask import Flask, request

    app = Flask(__name__)

    @app.get("/articles")
    def articles():
        page = request.args.get("page", "1")
        return load_articles(int(page))

Good (python):

    from flask import Flask, abort, request

    app = Flask(__name__)

    @app.get("/articles")
    def articles():
        page = request.args.get("page", "1")
        try:
            number = int(page)
        except ValueError:
            abort(400, "page is not a number")
        return load_articles(number)

Bad (javascript):

    const express = require("express");

    const app = express();

    app.get("/articles", (req, res) => {
      const filter = JSON.parse(req.query.filter);
      res.json(loadArticles(filter));
    });

Good (javascript):

    const express = require("express");

    const app = express();

    app.get("/articles", (req, res) => {
      let filter;
      try {
        filter = JSON.parse(req.query.filter);
      } catch (error) {
        return res.status(400).json({ error: "filter is no JSON" });
      }
      res.json(loadArticles(filter));
    });

How to fix it: let the framework parse (`request.args.get("page", type=int)` in Flask, typed parameters in FastAPI and
Litestar, `<int:page>` in a path, a form or serializer), or catch the error and answer with status 400.

Not seen: data that reaches the call through a helper, an attribute or a container; error handlers for ValueError that
another file registers for the whole app; parts of a path whose pattern stands in another file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.bad_input import is_checked, is_handled, is_known_good, is_view
from lint_rules.families.e02_uncaught_exceptions.parsed_requests import CALLED, parsed_request
from lint_rules.languages.javascript.grammar import CALL_KINDS, callee
from lint_rules.languages.javascript.selectors import Nodes as JavaScriptNodes
from lint_rules.languages.python.library import handler_table
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.request_data import RequestRead, base_name, request_tables
from lint_rules.languages.python.scopes import text
from lint_rules.languages.python.selectors import Nodes
from lint_rules.languages.tables import TableRow, name_table
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    import libcst as cst

    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.frameworks import Handler

RULE = Rule(
    "TEN0209",
    "unguarded-parse",
    severity=WARNING,
    summary="Request data is parsed in a handler, and nothing catches the error",
    in_tests=False,
)

PARSERS = name_table(Path(__file__).parent / "parsers.toml", "python")
_JSON = TableRow((), {"raises": ["JSONDecodeError", "ValueError"], "unchecked": True})
_LAST_NAMES = PARSERS.last_names | {name.rpartition(".")[2] for name in request_tables().unguarded}

_PARSERS = re.compile(rb"\b(?:" + "|".join(sorted(map(re.escape, _LAST_NAMES))).encode() + rb")\s*\(")
_OF_CLIENTS = (
    "request",
    "Request",
    "(req",
    "scope",
    "environ",
    "self.kwargs",
    "django.http",
    "django.shortcuts",
    "django.views",
)
_CLIENTS = tuple(
    name.encode()
    for name in (*_OF_CLIENTS, *(name for row in handler_table().frameworks for name in row["packages"]))
    if name != "django"  # much of the code of a Django project is far from its views
)
"""A file without any of these has no handler that is given what a client sent."""


def _parse(call: Node, file: PythonFile) -> tuple[RequestRead, TableRow] | None:
    """What of the request a call parses without a guard, and the row of its parser."""
    function = call.child_by_field_name("function")
    if function is None or text(function.child_by_field_name("attribute") or function) not in _LAST_NAMES:
        return None
    if not any(base_name(value).type == "identifier" for _, value in arguments(call)) and function.type == "identifier":
        return None
    handler = file.enclosing_function(call)
    if handler is None or not is_view(handler, file):
        return None
    row = PARSERS.match(file.canonical(function), file.types)
    if row is not None:
        given = dict(arguments(call)).get(str(row.get("argument", 0)))
        read = file.request_data.read(given) if given is not None else None
    else:
        name = file.request_data.data_name(call, whole=True)
        is_read = name in request_tables().unguarded and file.is_awaited(call)
        row, read = _JSON, RequestRead(name, call) if is_read else None
    if read is None or is_known_good(read, file) or is_handled(call, handler, row["raises"], file):
        return None
    return None if not row.get("unchecked") and is_checked(read, call, handler, file) else (read, row)


def _is_suspect(call: Node, file: PythonFile) -> bool:
    return _parse(call, file) is not None


@RULE.python(Nodes(("Call",), words=_CLIENTS, trigger=_PARSERS, screen=_is_suspect))
def check_python(call: cst.Call, file: PythonFile) -> Iterator[Finding]:
    found = _parse(file.syntax(call), file)
    function = file.enclosing_function(call)
    if found is None or function is None:
        return
    read, row = found
    error = row["raises"][0]
    called = f"{file.text(call.func)}()"
    answer = _answer(file.handler(function))
    sent = "a body that is no JSON" if row is _JSON else f"anything else in `{_short(read)}`"
    yield RULE.at(
        file,
        call,
        f"`{called}` raises {error} if the client sends {sent}; catch it and {answer}",
        f"catch `{error}` around the call and {answer}, or let the framework parse and check the value",
    )


def _answer(handler: Handler | None) -> str:
    """What to do about bad input, in the words of the framework."""
    if handler is not None and handler.kind in ("socket", "background"):
        return "refuse the message"
    names: list[str] = list(handler.framework["error_responses"]) if handler is not None else []
    names.sort(key=lambda name: "BadRequest" not in name and "ParseError" not in name)
    return f"answer with status 400 (`{names[0].removesuffix('.*')}`)" if names else "answer with status 400"


def _short(read: RequestRead) -> str:
    """`request.args["page"]` in one line."""
    return " ".join(text(read.place).split())


def _is_unguarded(call: Node, file: JavaScriptFile) -> bool:
    return parsed_request(call, file) is not None


@RULE.javascript(JavaScriptNodes(CALL_KINDS, trigger=CALLED, screen=_is_unguarded))
def check_javascript(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    found = parsed_request(call, file)
    function = callee(call)
    if found is None or function is None:
        return
    error = found.row["raises"][0]
    called = f"{'new ' if call.type == 'new_expression' else ''}{' '.join(file.text(function).split())}()"
    answer = "refuse the message" if found.handler.kind in ("socket", "task") else "answer with status 400"
    sent = (
        "a body that is no JSON"
        if found.read == call
        else f"anything else in `{' '.join(file.text(found.read).split())}`"
    )
    instead = found.row.get("instead")
    yield RULE.at(
        file,
        call,
        f"`{called}` throws {error} if the client sends {sent}; catch it and {answer}",
        f"catch the error around the call and {answer}{f', or use {instead}' if instead else ''}",
    )
