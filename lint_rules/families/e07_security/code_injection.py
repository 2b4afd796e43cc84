"""Code injection.

What it finds: data that a client sent is given to `eval`, `exec`, `new Function`, `vm`, `setTimeout` as text,
`require`, `__import__`, a compiler of templates (ejs, pug, handlebars, nunjucks, lodash; `render_template_string`),
or to a parser that makes functions or objects of any class (`pickle`, `yaml.load`, `node-serialize`, `load` of
js-yaml 3). And `yaml.load` with a loader that makes objects of any class, whatever it is given, as a warning.

Why it matters: whoever sends it runs code in the service.

Bad (python):

    import pickle

    from flask import Flask, request

    app = Flask(__name__)

    @app.post("/cart")
    def cart():
        return {"items": pickle.loads(request.data)}

Good (python):

    import json

    from flask import Flask, request

    app = Flask(__name__)

    @app.post("/cart")
    def cart():
        return {"items": json.loads(request.data)}

Bad (javascript):

    const express = require("express");

    const app = express();

    app.get("/calc", (req, res) => {
      res.json({ result: eval(req.query.formula) });
    });

Good (javascript):

    const express = require("express");

    const app = express();
    const OPERATIONS = { add: (a, b) => a + b };

    app.get("/calc", (req, res) => {
      const operation = OPERATIONS[req.query.operation];
      res.json({ result: operation(Number(req.query.a), Number(req.query.b)) });
    });

How to fix it: look up what is wanted in a table; give data to a fixed template; parse with `JSON.parse`. The tool makes
`yaml.safe_load` of `yaml.load`.

Not seen: sandboxes that are sound; code that is stored first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lint_rules.families.e07_security import taint_javascript  # noqa: F401 (takes the notes)
from lint_rules.families.e07_security.circumstances import is_for_show
from lint_rules.families.e07_security.flows_javascript import FLOWS, WORDS
from lint_rules.families.e07_security.injections_python import DATA_FLOWS, injections
from lint_rules.families.e07_security.injections_python import WORDS as PYTHON_WORDS
from lint_rules.families.e07_security.linking_javascript import findings
from lint_rules.families.e07_security.weaknesses import references
from lint_rules.families.e07_security.yaml_python import YAML_LOADS, loads_of
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, SAFE, UNSAFE, WARNING, Finding, Fix, Rule

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0704",
    "code-injection",
    severity=ERROR,
    summary="Data of a client is run as code",
    in_tests=False,
    fix=SAFE,
    references=references("TEN0704"),
)
_YAML = re.compile(rb"yaml[\w.]*\.(?:unsafe_)?load(?:_all)?\(|import (?:unsafe_)?load")


@RULE.project(words=WORDS, languages=("javascript",), notes=(FLOWS,))
def check_javascript(project: Project) -> Iterator[Finding]:
    return findings(RULE, project)


@RULE.files(WholeFile(_YAML), "python")
def check_yaml(file: PythonFile) -> Iterator[Finding]:
    if is_for_show(file):
        return
    for load in loads_of(file):
        if load.makes_anything:
            applicability = UNSAFE if load.has_loader else SAFE  # PyYAML 6 refuses to load without one
            fix = Fix("use `yaml.safe_load`", load.edits, applicability) if load.edits else None
            finding = RULE.finding(
                file.path, load.span,
                "`yaml.load` makes objects of any class that the text names; use `yaml.safe_load`",
                "Use `yaml.safe_load`", severity=WARNING, fix=fix,
            )  # fmt: skip
            yield replace(finding, yields_to=((RULE.code, load.span),))  # to that of a client's data at this place


@RULE.project(words=PYTHON_WORDS, notes=(DATA_FLOWS, YAML_LOADS))
def check_python(project: Project) -> Iterator[Finding]:
    loads = {(module.path, load.span): load for module, found in project.notes(YAML_LOADS) for load in found}
    for finding in injections(RULE, project):
        load = loads.get((finding.path, finding.span))
        edits = load.edits if load is not None else ()
        yield replace(finding, fix=Fix("use `yaml.safe_load`", edits, SAFE)) if edits else finding
