"""Open redirect.

What it finds: data that a client sent as the target of a redirect, at its beginning.

Why it matters: a link to the trusted site leads to another one, which looks the same and asks for the password.

Bad (python):

    from flask import Flask, redirect, request

    app = Flask(__name__)

    @app.get("/login")
    def login():
        return redirect(request.args.get("next", "/"))

Good (python):

    from flask import Flask, redirect, request

    app = Flask(__name__)
    PAGES = {"/", "/account"}

    @app.get("/login")
    def login():
        page = request.args.get("next", "/")
        return redirect(page if page in PAGES else "/")

Bad (javascript):

    const express = require("express");

    const app = express();

    app.get("/login", (req, res) => {
      res.redirect(req.query.next);
    });

Good (javascript):

    const express = require("express");

    const app = express();
    const PAGES = new Set(["/", "/account"]);

    app.get("/login", (req, res) => {
      res.redirect(PAGES.has(req.query.next) ? req.query.next : "/");
    });

How to fix it: allow the site's own paths, or addresses of a fixed list, only.

Not seen: redirects by scripts of the page.
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
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0708",
    "open-redirect",
    severity=WARNING,
    summary="A client chooses where it is redirected",
    in_tests=False,
    references=references("TEN0708"),
)


@RULE.project(words=WORDS, languages=("javascript",), notes=(FLOWS,))
def check_javascript(project: Project) -> Iterator[Finding]:
    return findings(RULE, project)


@RULE.project(words=PYTHON_WORDS, notes=(DATA_FLOWS,))
def check_python(project: Project) -> Iterator[Finding]:
    return injections(RULE, project)
