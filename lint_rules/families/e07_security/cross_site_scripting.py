"""Cross-site scripting.

What it finds: data that a client sent in an answer that browsers show as a page: `res.send` of a text, HTML put
together by hand in `res.end`, `ctx.body`, `reply.send`, `h.response`.

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

Not seen: templates with raw output; data that was stored first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e07_security import taint_javascript  # noqa: F401 (takes the notes)
from lint_rules.families.e07_security.flows_javascript import FLOWS, WORDS
from lint_rules.families.e07_security.injections_python import DATA_FLOWS, injections
from lint_rules.families.e07_security.injections_python import WORDS as PYTHON_WORDS
from lint_rules.families.e07_security.linking_javascript import findings
from lint_rules.families.e07_security.weaknesses import references
from lint_rules.model import ERROR, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0707",
    "cross-site-scripting",
    severity=ERROR,
    summary="Data of a client becomes part of a page",
    in_tests=False,
    references=references("TEN0707"),
)


@RULE.project(words=WORDS, languages=("javascript",), notes=(FLOWS,))
def check_javascript(project: Project) -> Iterator[Finding]:
    return findings(RULE, project)


@RULE.project(words=PYTHON_WORDS, notes=(DATA_FLOWS,))
def check_python(project: Project) -> Iterator[Finding]:
    return injections(RULE, project)
