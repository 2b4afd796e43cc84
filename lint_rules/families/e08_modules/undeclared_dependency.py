"""Undeclared dependency.

What it finds: an import of a package that is not part of the project, not of the standard library or of Node.js, and
that no manifest declares: pyproject.toml, requirements files, setup.cfg, setup.py, Pipfile or environment.yml, and
package.json. The nearest manifest counts; the packages of one repository know each other.

Why it matters: the package is there on the machine where the code was written, and missing where it is deployed:
`ModuleNotFoundError`, `Cannot find module`, and a service that does not start.

Bad (python):

    # file: requirements.txt
    fastapi==0.115.0
    # file: service.py
    import requests
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/rates")
    def rates():
        return requests.get("https://rates.example.org/latest", timeout=5).json()

Good (python):

    # file: requirements.txt
    fastapi==0.115.0
    requests==2.32.3
    # file: service.py
    import requests
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/rates")
    def rates():
        return requests.get("https://rates.example.org/latest", timeout=5).json()

Bad (javascript):

    // file: package.json
    { "name": "rates", "dependencies": { "express": "^4.19.2" } }
    // file: service.js
    const express = require('express')
    const axios = require('axios')

    express().get('/rates', (req, res, next) => axios.get('https://rates.example.org').then((r) => res.json(r.data),
    next))

Good (javascript):

    // file: package.json
    { "name": "rates", "dependencies": { "axios": "^1.7.7", "express": "^4.19.2" } }
    // file: service.js
    const express = require('express')
    const axios = require('axios')

    express().get('/rates', (req, res, next) => axios.get('https://rates.example.org').then((r) => res.json(r.data),
    next))

How to fix it: declare the package in the manifest that the message names. The name to declare is often not the name
that is imported (`yaml` is brought by `PyYAML`); the message says which it is.

Not seen: anything in a project that has no manifest, since nothing says what will be installed there; projects whose
dependencies a script computes. Imports that may fail on purpose (in a `try` that handles ImportError, under an `if`,
under TYPE_CHECKING, `import type`; inside a function of a library that others install, or in an unpacked wheel in a
module that nothing loads by itself; in a JavaScript file that is itself required in a `try` only), tests, scripts and
documentation are left alone, and so is JavaScript in a Python package, which is there for browsers. What only another
dependency brings is a finding of TEN0807 where a lock file tells so, or where that dependency's own documentation has
its users import it (`starlette` beside `fastapi`, `botocore` beside `boto3`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e08_modules.external import (
    Needed,
    has_bundler,
    is_plain_python,
    is_used_as_value,
    javascript_imports,
    may_lack,
    python_imports,
    where,
)
from lint_rules.families.e08_modules.loaded import is_loaded
from lint_rules.families.e08_modules.locks import locks
from lint_rules.families.e08_modules.on_trial import is_on_trial
from lint_rules.languages.whole_file import Placed, WholeFile
from lint_rules.model import ERROR, Finding, Rule
from lint_rules.project.distributions import lacking, likely_distribution, with_companions
from lint_rules.project.python2 import PYTHON2_MODULES

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0801",
    "undeclared-dependency",
    severity=ERROR,
    summary="A package is imported that no manifest declares",
    in_tests=False,
)


def _may_be_undeclared(placed: Placed) -> bool:
    return is_plain_python(placed) and may_lack(placed, lambda declared: with_companions(declared.names))


PYTHON = WholeFile(None, words=(b"import",), early=_may_be_undeclared)
JAVASCRIPT = WholeFile(None, words=(b"import", b"require", b"from"))


@RULE.files(PYTHON, "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if not is_plain_python(file):
        return
    root = file.modules.node.root
    seen: set[str] = set()
    for external in python_imports(file):
        declared, module = external.declared, external.one.module
        if declared.is_open or external.top in seen or external.top in PYTHON2_MODULES:
            continue
        if external.one.is_deferred and declared.manifest.is_library:
            continue
        module = lacking(with_companions(declared.names), module, (name for name, _ in external.one.names), root)
        if not module:
            continue
        likely = likely_distribution(module)
        if likely in locks(declared.manifest.folder, root):
            continue
        if declared.manifest.is_built and not is_loaded(file.place, file.modules):
            return
        seen.add(external.top)
        manifest = where(declared.manifest.path, root)
        called = f" (`{likely}`)" if likely.replace("-", "_") != external.top.lower() else ""
        yield RULE.at(
            file,
            external.one.source,
            f"`{module}`{called} is imported but not declared in `{manifest}`; add `{likely}` to it",
            f"add `{likely}` to the dependencies in {manifest}, so that it is installed where the service runs",
        )


@RULE.files(JAVASCRIPT, "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if file.is_test or file.is_tooling or file.is_declaration:
        return
    root = file.modules.node.root
    seen: set[str] = set()
    for needed in javascript_imports(file):
        if needed.name in seen or _is_declared(needed, file) or not is_used_as_value(needed.one, file):
            continue
        if is_on_trial(file):
            return
        seen.add(needed.name)
        manifest = where(needed.package.path, root)
        yield RULE.at(
            file,
            needed.place,
            f"`{needed.name}` is imported but not declared in `{manifest}`; add it to `dependencies`",
            f'add "{needed.name}" to "dependencies" in {manifest} (`npm install {needed.name}`)',
        )


def _is_declared(needed: Needed, file: JavaScriptFile) -> bool:
    name = needed.name
    if name != name.lower() and has_bundler(needed.package):
        return True  # no package of the registry is called so today: what the bundler gives that name to
    around = list(file.modules.node.packages_around(file.path))
    if any(package.declares(name) or name == package.name for package in around):
        return True
    if name in file.modules.node.workspace or name in locks(needed.package.folder, file.modules.node.root):
        return True
    # Types are declared under a name of their own, and bundled packages come with the package itself.
    return any(
        name in package.bundled_dependencies or package.declares(f"@types/{_mangled(name)}") for package in around
    )


def _mangled(name: str) -> str:
    return name[1:].replace("/", "__") if name.startswith("@") else name
