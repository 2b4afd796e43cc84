"""TEN0806 over package.json, which has no comments for markers."""

from __future__ import annotations

import json
from pathlib import Path

from lint_rules.engine.config import Settings
from lint_rules.engine.discover import discover
from lint_rules.engine.pipeline import run
from lint_rules.families.e08_modules.unused_dependency import RULE


def unused(root: Path, manifest: dict[str, object], files: dict[str, str]) -> list[str]:
    """The names at the places of the findings, in the order of the report."""
    for name, content in {"package.json": json.dumps(manifest, indent=2), **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    settings = Settings(extend_select=("TEN0806",))
    report = run(discover([str(root)], settings), settings, (RULE,))
    found = [one for one in report.findings if one.code == "TEN0806"]
    return [Path(one.path).read_bytes()[one.span.start : one.span.end].decode() for one in found]


MANIFEST = {
    "name": "shop",
    "scripts": {"start": "node server.js", "mail": "mjml templates -o out"},
    "dependencies": {
        "express": "^5.1.0", "left-pad": "^1.3.0", "ejs": "^3.1.0", "lodash": "^4.17.0", "mjml": "^4.15.0",
        "@scope/kit": "^1.0.0", "chalk": "^5.0.0", "pg": "^8.0.0", "@types/node": "^22.0.0",
    },
    "devDependencies": {"sinon": "^19.0.0"},
}  # fmt: skip
SERVER = """
import express from "express";
import get from "lodash/get.js";
import { kit } from "@scope/kit/server";

const app = express();
app.set("view engine", "ejs");
app.get("/", (req, res) => res.json(get(kit, "name")));
"""


def test_what_nothing_imports_or_names_is_reported_at_its_line(tmp_path: Path) -> None:
    assert unused(tmp_path, MANIFEST, {"server.mjs": SERVER}) == ["left-pad", "chalk"]


def test_tests_and_configuration_count_as_use(tmp_path: Path) -> None:
    files = {"server.mjs": SERVER, "test/pad.test.js": "require('left-pad')\n", "app.yml": "log: { colors: chalk }\n"}
    assert unused(tmp_path, MANIFEST, files) == []


def test_a_package_of_a_workspace_has_its_own_dependencies(tmp_path: Path) -> None:
    files = {
        "server.mjs": "import express from 'express';\n",
        "packages/mail/package.json": json.dumps({"name": "mail", "dependencies": {"he": "1.0.0", "mjml": "4.0.0"}}),
        "packages/mail/index.js": "const mjml = require('mjml');\n",
    }
    root = {"name": "shop", "workspaces": ["packages/*"], "dependencies": {"express": "^5.0.0"}}
    assert unused(tmp_path, root, files) == ["he"]
