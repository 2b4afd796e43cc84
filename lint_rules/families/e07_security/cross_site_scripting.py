"""Cross-site scripting.

What it finds: data that a client sent in an answer that browsers show as a page: HTML put together by hand that a
handler returns, `HTMLResponse`, `Markup`, `mark_safe`, `res.send` of a text, `res.end`, `ctx.body`, `reply.send`,
`h.response`. And engines of templates whose escaping is off in what serves pages (Jinja2, Mako, Tornado, nunjucks,
Handlebars, swig), as a warning.

Why it matters: whoever makes a user follow a link runs a script as that user.

Bad (python):

    from flask import Flask, request

    app = Flask(__name__)

    @app.get("/hello")
    def hello():
        return f"<h1>Hello {request.args['name']}</h1>"

Good (python):

    from flask import Flask, request
    from markupsafe import escape

    app = Flask(__name__)

    @app.get("/hello")
    def hello():
        return f"<h1>Hello {escape(request.args['name'])}</h1>"

Bad (javascript):

    const express = require("express");

    const app = express();

    app.get("/hello", (req, res) => {
      res.send(`<h1>Hello ${req.query.name}</h1>`);
    });

Good (javascript):

    const escapeHtml = require("escape-html");
    const express = require("express");

    const app = express();

    app.get("/hello", (req, res) => {
      res.send(`<h1>Hello ${escapeHtml(req.query.name)}</h1>`);
    });

How to fix it: render a template that escapes, escape by hand, or answer with `res.json` or `text/plain`.

Not seen: templates with raw output; engines whose options are decided elsewhere; data that was stored first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace
from tree_sitter import Node

from lint_rules.families.e07_security import (
    escaping,
    taint_javascript,  # noqa: F401 (takes the notes)
)
from lint_rules.families.e07_security.circumstances import CheckedFile, is_for_show
from lint_rules.families.e07_security.flows_javascript import FLOWS, WORDS
from lint_rules.families.e07_security.injections_python import DATA_FLOWS, injections
from lint_rules.families.e07_security.injections_python import WORDS as PYTHON_WORDS
from lint_rules.families.e07_security.linking_javascript import findings
from lint_rules.families.e07_security.media_python import CLASS_MEDIA
from lint_rules.families.e07_security.weaknesses import references
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.linked import Project

File = TypeVar("File", bound=CheckedFile)

RULE = Rule(
    "TEN0707",
    "cross-site-scripting",
    severity=ERROR,
    summary="Data of a client becomes part of a page",
    in_tests=False,
    references=references("TEN0707"),
)


@RULE.files(WholeFile(escaping.PYTHON), "python")
def check_python_engines(file: PythonFile) -> Iterator[Finding]:
    return _engines(file, escaping.unescaped_python)


@RULE.files(WholeFile(escaping.JAVASCRIPT), "javascript")
def check_javascript_engines(file: JavaScriptFile) -> Iterator[Finding]:
    return _engines(file, escaping.unescaped_javascript)


def _engines(file: File, unescaped: Callable[[File], Iterator[tuple[Node, str]]]) -> Iterator[Finding]:
    for place, wrong in unescaped(file) if not is_for_show(file) else ():
        yield replace(RULE.at(file, place, wrong, wrong.partition("; ")[2]), severity=WARNING)


@RULE.project(words=WORDS, languages=("javascript",), notes=(FLOWS,))
def check_javascript(project: Project) -> Iterator[Finding]:
    return findings(RULE, project)


@RULE.project(words=PYTHON_WORDS, notes=(DATA_FLOWS, CLASS_MEDIA))
def check_python(project: Project) -> Iterator[Finding]:
    return injections(RULE, project)
