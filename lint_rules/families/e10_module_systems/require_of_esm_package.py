"""Require of an ESM package.

What it finds: `require` of a package that is an ES module only in the declared version (`chalk` 5, `node-fetch` 3,
`got` 12, `nanoid` 4, ...), or of an `.mjs` file of the project, while `engines` allows a Node.js that cannot do so.

Why it matters: `Error [ERR_REQUIRE_ESM]: require() of ES Module ... not supported`: the service does not start.

Bad (javascript):

    // file: package.json
    { "name": "rates", "engines": { "node": ">=18" }, "dependencies": { "node-fetch": "^3.3.2" } }
    // file: service.js
    const fetch = require('node-fetch')

    fetch('https://rates.example.org').then((answer) => console.log(answer.status), console.error)

Good (javascript):

    // file: package.json
    { "name": "rates", "engines": { "node": ">=18" }, "dependencies": { "node-fetch": "^2.7.0" } }
    // file: service.js
    const fetch = require('node-fetch')

    fetch('https://rates.example.org').then((answer) => console.log(answer.status), console.error)

How to fix it: `await import(...)` where the package is used, the last version that is CommonJS, or `engines` that allow
nothing below Node 22.12 (or 20.19), which load ES modules with `require`.

Not seen: packages that the table does not name, versions that are not written in package.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import tomli

from lint_rules.families.e10_module_systems.systems import is_built, lowest_node, requires_esm
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule
from lint_rules.project import packages
from lint_rules.project.node_modules import PACKAGE, PROJECT, package_name

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

RULE = Rule(
    "TEN1005",
    "require-of-esm-package",
    severity=ERROR,
    summary="`require` of what is an ES module only",
)


@lru_cache(maxsize=1)
def _esm_only() -> dict[str, int]:
    table = Path(packages.__file__).with_name("esm_only.toml")
    return dict(tomli.loads(table.read_text(encoding="utf-8"))["packages"])


@RULE.files(WholeFile(None, words=(b"require",)), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if requires_esm(lowest_node(file)) or file.is_test or is_built(file):
        return
    for one in file.imports:
        if one.form != "require" or one.is_guarded or one.is_type:
            continue
        found = file.located(one.specifier)
        if found.kind == PROJECT and found.path.endswith(".mjs"):
            what, older = f"`{one.specifier}` is an ES module", ""
        elif found.kind == PACKAGE and (major := _esm_since(package_name(one.specifier), file)):
            what = f"`{one.specifier}` is an ES module since version {major}"
            older = f", or a version below {major}"
        else:
            continue
        yield RULE.at(
            file, one.source, f"{what}, which `require` cannot load before Node.js 22.12; use `await import()`{older}",
            f"use `await import('{one.specifier}')`{older}, or raise `engines.node` to `>=22.12`",
        )  # fmt: skip


def _esm_since(name: str, file: JavaScriptFile) -> int:
    """The first version of a package that is an ES module only, 0 unless the declared version is one."""
    since = _esm_only().get(name, 0)
    if not since:
        return 0
    for package in file.modules.node.packages_around(file.path):
        declared = package.major_of(name)
        if declared is not None:
            return since if declared >= since else 0
    return 0
