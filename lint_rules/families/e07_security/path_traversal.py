"""Path traversal.

What it finds: data that a client sent in the path of a file that is read, written, sent or deleted; the name of an
upload, which multer has cut to its last part, where nothing is put in front of it: it replaces other uploads.

Why it matters: `../../etc/passwd` leaves the folder.

Bad (python):

    from pathlib import Path

    from fastapi import FastAPI
    from fastapi.responses import FileResponse

    app = FastAPI()
    INVOICES = Path("/srv/invoices")

    @app.get("/invoices")
    def invoice(name: str):
        return FileResponse(INVOICES / name)

Good (python):

    from pathlib import Path

    from fastapi import FastAPI, HTTPException
    from fastapi.responses import FileResponse

    app = FastAPI()
    INVOICES = Path("/srv/invoices")

    @app.get("/invoices")
    def invoice(name: str):
        path = (INVOICES / name).resolve()
        if not path.is_relative_to(INVOICES):
            raise HTTPException(404)
        return FileResponse(path)

Bad (javascript):

    const fs = require("fs");
    const path = require("path");
    const express = require("express");

    const app = express();

    app.get("/files/:name", (req, res) => {
      fs.createReadStream(path.join(__dirname, "files", req.params.name)).pipe(res);
    });

Good (javascript):

    const fs = require("fs");
    const path = require("path");
    const express = require("express");

    const app = express();

    app.get("/files/:name", (req, res) => {
      fs.createReadStream(path.join(__dirname, "files", path.basename(req.params.name))).pipe(res);
    });

How to fix it: keep `path.basename` of it; or resolve the path and check that it starts with the folder; `sendFile`
and `koa-send` do so with `root`.

Not seen: links in the folder. Quiet about the last part of a path (`Path.name`, `basename`), the names that Django
gives to uploads, and whole paths whose `~` is expanded for who sits at the machine.
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
    "TEN0705",
    "path-traversal",
    severity=ERROR,
    summary="Data of a client chooses a file",
    in_tests=False,
    references=references("TEN0705"),
)


@RULE.project(words=WORDS, languages=("javascript",), notes=(FLOWS,))
def check_javascript(project: Project) -> Iterator[Finding]:
    return findings(RULE, project)


@RULE.project(words=PYTHON_WORDS, notes=(DATA_FLOWS,))
def check_python(project: Project) -> Iterator[Finding]:
    return injections(RULE, project)
