"""Server-side request forgery.

What it finds: data that a client sent as the address, or the host of the address, of a request that the service
makes: `fetch`, axios, got, undici, request, superagent, `http.get`.

Why it matters: the service reaches what clients cannot: the cloud's metadata, databases, other services behind the
firewall.

Bad (python):

    import requests
    from flask import Flask, request

    app = Flask(__name__)

    @app.get("/preview")
    def preview():
        return requests.get(request.args["url"], timeout=5).text[:200]

Good (python):

    from urllib.parse import urlsplit

    import requests
    from flask import Flask, abort, request

    app = Flask(__name__)
    HOSTS = {"news.example.com", "blog.example.com"}

    @app.get("/preview")
    def preview():
        url = request.args["url"]
        if urlsplit(url).hostname not in HOSTS:
            abort(400)
        return requests.get(url, timeout=5).text[:200]

Bad (javascript):

    const axios = require("axios");
    const express = require("express");

    const app = express();

    app.get("/preview", async (req, res) => {
      const page = await axios.get(req.query.url);
      res.json({ length: page.data.length });
    });

Good (javascript):

    const axios = require("axios");
    const express = require("express");

    const app = express();
    const HOSTS = ["news.example.com"];

    app.get("/preview", async (req, res) => {
      const target = new URL(req.query.url);
      if (!HOSTS.includes(target.hostname)) return res.sendStatus(400);
      const page = await axios.get(target.href);
      res.json({ length: page.data.length });
    });

How to fix it: compare the host with a fixed list before the request; data in the path or query of a fixed host is no
finding.

Not seen: redirects that the fixed host answers with.
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
    "TEN0706",
    "ssrf",
    severity=ERROR,
    summary="Data of a client chooses the host of a request",
    in_tests=False,
    references=references("TEN0706"),
)


@RULE.project(words=WORDS, languages=("javascript",), notes=(FLOWS,))
def check_javascript(project: Project) -> Iterator[Finding]:
    return findings(RULE, project)


@RULE.project(words=PYTHON_WORDS, notes=(DATA_FLOWS,))
def check_python(project: Project) -> Iterator[Finding]:
    return injections(RULE, project)
