"""NoSQL injection.

What it finds: parsed request data as (part of) the filter of a MongoDB or Mongoose query, where an object instead of
a text is taken for operators, and request data in `$where`.

Why it matters: `{"password": {"$ne": null}}` logs in as anybody.

Bad (python):

    from flask import Flask, request
    from pymongo import MongoClient

    app = Flask(__name__)
    users = MongoClient().shop.users

    @app.post("/login")
    def login():
        body = request.get_json()
        return {"found": users.find_one({"name": body["name"], "pin": body["pin"]}) is not None}

Good (python):

    from flask import Flask, request
    from pymongo import MongoClient

    app = Flask(__name__)
    users = MongoClient().shop.users

    @app.post("/login")
    def login():
        body = request.get_json()
        return {"found": users.find_one({"name": str(body["name"]), "pin": str(body["pin"])}) is not None}

Bad (javascript):

    const express = require("express");
    const mongoose = require("mongoose");

    const User = mongoose.model("User", new mongoose.Schema({ email: String, password: String }));
    const app = express();
    app.use(express.json());

    app.post("/login", async (req, res) => {
      const user = await User.findOne({ email: req.body.email, password: req.body.password });
      res.json({ id: user.id });
    });

Good (javascript):

    const express = require("express");
    const mongoose = require("mongoose");

    const User = mongoose.model("User", new mongoose.Schema({ email: String, password: String }));
    const app = express();
    app.use(express.json());

    app.post("/login", async (req, res) => {
      const user = await User.findOne({ email: String(req.body.email) });
      res.json({ id: user.id });
    });

How to fix it: make a text of it (`String(...)`), ask for equality (`{ $eq: value }`), validate the body with a
schema, or put `express-mongo-sanitize` in front of the routes.

Not seen: stores whose filters are built by other libraries.
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
    "TEN0702",
    "nosql-injection",
    severity=ERROR,
    summary="A client chooses operators of a database filter",
    in_tests=False,
    references=references("TEN0702"),
)


@RULE.project(words=WORDS, languages=("javascript",), notes=(FLOWS,))
def check_javascript(project: Project) -> Iterator[Finding]:
    return findings(RULE, project)


@RULE.project(words=PYTHON_WORDS, notes=(DATA_FLOWS,))
def check_python(project: Project) -> Iterator[Finding]:
    return injections(RULE, project)
