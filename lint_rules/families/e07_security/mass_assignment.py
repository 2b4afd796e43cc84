"""Mass assignment.

What it finds: the whole body of a request given to a model (`User.create(req.body)`, `new User(req.body)`, `update`,
Prisma's `data`), copied onto an entity (`Object.assign(user, req.body)`), merged deeply into an object, or a key that
a client chooses set on an object.

Why it matters: a client adds `isAdmin: true`, which the form never had; `__proto__` in a deep merge changes every
object of the process.

Bad (python):

    from flask import Flask, request
    from flask_sqlalchemy import SQLAlchemy

    app = Flask(__name__)
    db = SQLAlchemy(app)

    class User(db.Model):
        name = db.Column(db.String)
        is_admin = db.Column(db.Boolean)

    @app.post("/users")
    def create():
        db.session.add(User(**request.get_json()))
        db.session.commit()
        return "", 201

Good (python):

    from flask import Flask, request
    from flask_sqlalchemy import SQLAlchemy

    app = Flask(__name__)
    db = SQLAlchemy(app)

    class User(db.Model):
        name = db.Column(db.String)
        is_admin = db.Column(db.Boolean)

    @app.post("/users")
    def create():
        db.session.add(User(name=request.get_json()["name"]))
        db.session.commit()
        return "", 201

Bad (javascript):

    const express = require("express");
    const mongoose = require("mongoose");

    const User = mongoose.model("User", new mongoose.Schema({ name: String, isAdmin: Boolean }));
    const app = express();
    app.use(express.json());

    app.post("/users", async (req, res) => {
      res.json(await User.create(req.body));
    });

Good (javascript):

    const express = require("express");
    const mongoose = require("mongoose");

    const User = mongoose.model("User", new mongoose.Schema({ name: String, isAdmin: Boolean }));
    const app = express();
    app.use(express.json());

    app.post("/users", async (req, res) => {
      const { name } = req.body;
      res.json(await User.create({ name }));
    });

How to fix it: name the fields, or validate with a schema that drops all others.

Not seen: models that list their assignable fields themselves.
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
    "TEN0717",
    "mass-assignment",
    severity=ERROR,
    summary="A client sets whatever fields it names",
    in_tests=False,
    references=references("TEN0717"),
)


@RULE.project(words=WORDS, languages=("javascript",), notes=(FLOWS,))
def check_javascript(project: Project) -> Iterator[Finding]:
    return findings(RULE, project)


@RULE.project(words=PYTHON_WORDS, notes=(DATA_FLOWS,))
def check_python(project: Project) -> Iterator[Finding]:
    return injections(RULE, project)
