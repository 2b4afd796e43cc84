"""Development dependency in production.

What it finds: code that runs in production imports a package that is declared for development only: `devDependencies`,
a dependency group or extra for tests and tools, requirements-dev.txt.

Why it matters: production is installed without them (`npm ci --omit=dev`, `uv sync --no-dev`), and the service stops at
its first import although every test was green.

Bad (python):

    # file: pyproject.toml
    [project]
    name = "ledger"
    version = "1"
    dependencies = ["fastapi"]
    [dependency-groups]
    dev = ["httpx", "pytest"]
    # file: service.py
    import httpx

    def rates():
        return httpx.get("https://rates.example.org", timeout=5).json()

Good (python):

    # file: pyproject.toml
    [project]
    name = "ledger"
    version = "1"
    dependencies = ["fastapi", "httpx"]
    [dependency-groups]
    dev = ["pytest"]
    # file: service.py
    import httpx

    def rates():
        return httpx.get("https://rates.example.org", timeout=5).json()

Bad (javascript):

    // file: package.json
    { "name": "ledger", "dependencies": { "express": "^4" }, "devDependencies": { "morgan": "^1.10.0" } }
    // file: server.js
    const express = require('express')
    const morgan = require('morgan')
    express().use(morgan('combined')).listen(8080)

Good (javascript):

    // file: package.json
    { "name": "ledger", "dependencies": { "express": "^4", "morgan": "^1.10.0" } }
    // file: server.js
    const express = require('express')
    const morgan = require('morgan')
    express().use(morgan('combined')).listen(8080)

How to fix it: move the package to the dependencies of production, or the code to where tests and tools live.

Not seen: which files production really loads: tests, scripts, mocks, examples and the configuration of tools are told
by their names and places. Packages that a bundler builds into its output (vite, webpack, esbuild, tsup, Next.js) may
be development dependencies, so projects that have one are left alone, and so are imports that may fail on purpose,
stand under a condition or in a function, those that only bring types, and modules of libraries that are named after
the package (`jinja2tags.py`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e08_modules.external import (
    has_bundler,
    is_plain_python,
    is_used_as_value,
    javascript_imports,
    may_lack,
    python_imports,
    where,
)
from lint_rules.languages.whole_file import Placed, WholeFile
from lint_rules.model import ERROR, Finding, Rule
from lint_rules.project.distributions import lacking, likely_distribution, with_companions

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0802",
    "dev-dependency-in-production",
    severity=ERROR,
    summary="Production code imports a package that is declared for development only",
    in_tests=False,
)

_FOR_TESTS = re.compile(
    r"(?:^|[/_.-])(?:examples?|samples?|demos?|docs?|factor(?:y|ies)|fixtures?|mocks?|fakes?|stubs?|test|tests|testing|testutils?|dev|devtools?|debug|local"
    r"|profil\w*|lint|plugin|stories|storybook|setup_?tests?|jest|vitest|mocha|e2e|seed\w*|codegen|generate\w*"
    r"|noxfile|tasks|fabfile|build)(?:[/_.-]|$)",
    re.IGNORECASE,
)


def _may_be_for_development(placed: Placed) -> bool:
    return is_plain_python(placed) and may_lack(placed, lambda declared: with_companions(declared.runtime))


@RULE.files(WholeFile(None, words=(b"import",), early=_may_be_for_development), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if not is_plain_python(file) or _FOR_TESTS.search(file.relative):
        return
    root = file.modules.node.root
    seen: set[str] = set()
    for external in python_imports(file):
        one, declared = external.one, external.declared
        if one.is_deferred or external.top in seen or declared.is_open or declared.manifest.is_built:
            continue
        names = [name for name, _ in one.names]
        development = frozenset().union(*(manifest.development for manifest in declared.all)) - declared.runtime
        if not lacking(with_companions(declared.runtime), one.module, names, root):
            continue
        if lacking(development, one.module, names, root):
            continue
        if declared.manifest.is_library and external.top in os.path.basename(file.path):
            continue  # `jinja2tags.py`, for those who have it
        seen.add(external.top)
        likely = likely_distribution(one.module)
        manifest = where(declared.manifest.path, root)
        yield RULE.at(
            file,
            one.source,
            f"`{external.top}` is declared for development only, and imported here; declare `{likely}` for production",
            f"move `{likely}` to the run-time dependencies in {manifest}, or this import to tests or tools",
        )


@RULE.files(WholeFile(None, words=(b"import", b"require", b"from")), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if file.is_test or file.is_tooling or file.is_declaration or _FOR_TESTS.search(file.relative):
        return
    around = list(file.modules.node.packages_around(file.path))
    if any(has_bundler(package) for package in around):
        return
    seen: set[str] = set()
    for needed in javascript_imports(file):
        name = needed.name
        if name in seen or needed.one.is_deferred or name not in needed.package.dev_dependencies:
            continue
        if any(package.range_of(name) is not None for package in around) or not is_used_as_value(needed.one, file):
            continue
        if name in file.modules.node.workspace and needed.package.private:
            continue
        seen.add(name)
        manifest = where(needed.package.path, file.modules.node.root)
        yield RULE.at(
            file,
            needed.place,
            f"`{name}` is a development dependency, and imported here; move it to `dependencies`",
            f"move `{name}` from `devDependencies` to `dependencies` in {manifest}, or this import to tests or tools",
        )
