"""Command injection.

What it finds: data that a client sent in a command that a shell runs: `exec`, `execSync`, `spawn` with `shell: true`
or of `sh -c`, `shelljs.exec`, and in the name of the program of `spawn` and `execFile`.

Why it matters: a `;` or `$(...)` in the data is another command, with the rights of the service.

Bad (python):

    import subprocess

    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/ping")
    def ping(host: str):
        return subprocess.run(f"ping -c 1 {host}", shell=True).returncode

Good (python):

    import subprocess

    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/ping")
    def ping(host: str):
        return subprocess.run(["ping", "-c", "1", "--", host]).returncode

Bad (javascript):

    const express = require("express");
    const { exec } = require("child_process");

    const app = express();

    app.get("/ping", (req, res) => {
      exec(`ping -c 1 ${req.query.host}`, (error, out) => res.json({ out }));
    });

Good (javascript):

    const express = require("express");
    const { execFile } = require("child_process");

    const app = express();

    app.get("/ping", (req, res) => {
      execFile("ping", ["-c", "1", req.query.host], (error, out) => res.json({ out }));
    });

How to fix it: start the program itself with a list of arguments (`execFile`, `spawn` without a shell).

Not seen: options that a program understands in its arguments (`--output=...`); commands put together of parameters
that no client is seen to fill, which mostly belong to command lines.
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
    "TEN0703",
    "command-injection",
    severity=ERROR,
    summary="Data of a client becomes part of a shell command",
    in_tests=False,
    references=references("TEN0703"),
)


@RULE.project(words=WORDS, languages=("javascript",), notes=(FLOWS,))
def check_javascript(project: Project) -> Iterator[Finding]:
    return findings(RULE, project)


@RULE.project(words=PYTHON_WORDS, notes=(DATA_FLOWS,))
def check_python(project: Project) -> Iterator[Finding]:
    return injections(RULE, project)
