"""Transitive dependency.

What it finds: an import of a package that no manifest declares, and that is installed all the same, since the lock
file says that something else brings it.

Why it matters: it works until the package that brings it no longer needs it, or needs another version. With pnpm or
in a strict workspace it does not work at all.

Bad (python):

    # file: pyproject.toml
    [project]
    name = "rates"
    version = "1"
    dependencies = ["httpx"]
    # file: uv.lock
    version = 1
    [[package]]
    name = "httpx"
    version = "0.27.0"
    [[package]]
    name = "anyio"
    version = "4.4.0"
    # file: service.py
    import anyio
    import httpx

    print(anyio, httpx)

Good (python):

    # file: pyproject.toml
    [project]
    name = "rates"
    version = "1"
    dependencies = ["anyio", "httpx"]
    # file: service.py
    import anyio
    import httpx

    print(anyio, httpx)

Bad (javascript):

    // file: package.json
    { "name": "rates", "dependencies": { "express": "^4" } }
    // file: package-lock.json
    { "lockfileVersion": 3, "packages": { "node_modules/express": {}, "node_modules/qs": {} } }
    // file: service.js
    const qs = require('qs')
    console.log(qs.parse('a=1'))

Good (javascript):

    // file: package.json
    { "name": "rates", "dependencies": { "express": "^4", "qs": "^6" } }
    // file: service.js
    const qs = require('qs')
    console.log(qs.parse('a=1'))

How to fix it: declare the package, with the versions that the code works with.

Not seen: projects without a lock file, where the same import is a finding of TEN0801, unless the dependency's own
documentation has its users import what it brings (`starlette` beside `fastapi`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e08_modules.external import (
    is_plain_python,
    is_used_as_value,
    javascript_imports,
    python_imports,
    where,
)
from lint_rules.families.e08_modules.locks import locks
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import INFO, Finding, Rule
from lint_rules.project.distributions import lacking, likely_distribution, with_companions

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0807",
    "transitive-dependency",
    severity=INFO,
    summary="A package is imported that is there only because another one brings it",
    default=False,
    in_tests=False,
)


@RULE.files(WholeFile(None, words=(b"import",)), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if not is_plain_python(file):
        return
    root = file.modules.node.root
    seen: set[str] = set()
    for external in python_imports(file):
        declared, one = external.declared, external.one
        names = [name for name, _ in one.names]
        module = lacking(declared.names, one.module, names, root)
        likely = likely_distribution(module)
        if not module or external.top in seen or declared.is_open:
            continue
        is_companion = not lacking(with_companions(declared.names), one.module, names, root)
        if not is_companion and likely not in locks(declared.manifest.folder, root):
            continue
        seen.add(external.top)
        manifest = where(declared.manifest.path, root)
        yield RULE.at(
            file,
            one.source,
            f"`{one.module}` is there only because another dependency brings `{likely}`; declare it in `{manifest}`",
            f"add `{likely}` to the dependencies in {manifest}",
        )


@RULE.files(WholeFile(None, words=(b"import", b"require", b"from")), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if file.is_test or file.is_tooling or file.is_declaration:
        return
    node = file.modules.node
    seen: set[str] = set()
    for needed in javascript_imports(file):
        name = needed.name
        if name in seen or name in node.workspace or not is_used_as_value(needed.one, file):
            continue
        around = node.packages_around(file.path)
        is_known = any(package.declares(name) or package.name == name for package in around)
        if is_known or name not in locks(needed.package.folder, node.root):
            continue
        seen.add(name)
        manifest = where(needed.package.path, node.root)
        yield RULE.at(
            file,
            needed.place,
            f"`{name}` is there only because another dependency brings it; declare it in `{manifest}`",
            f'add "{name}" to "dependencies" in {manifest}',
        )
