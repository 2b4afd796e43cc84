"""Removed module.

What it finds: imports of modules that were taken out of Python's standard library (`distutils`, `imp`, `asyncore`,
`cgi`, ...), in projects whose requires-python allows a version without them; and of built-in modules of Node.js that
the lowest version in `engines` does not have, or that no version has.

Why it matters: the image is moved to a newer Python and the service stops at its first import.

Bad (python):

    import imp

    def load_plugin(name, path):
        return imp.load_source(name, path)

Good (python):

    import importlib.util

    def load_plugin(name, path):
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

Bad (javascript):

    // file: package.json
    { "name": "jobs", "engines": { "node": ">=12" } }
    // file: service.js
    const { setTimeout: sleep } = require('timers/promises')
    sleep(1000).then(() => console.log('started'))

Good (javascript):

    // file: package.json
    { "name": "jobs", "engines": { "node": ">=18" } }
    // file: service.js
    const { setTimeout: sleep } = require('timers/promises')
    sleep(1000).then(() => console.log('started'))

How to fix it: use the replacement that the message names, or state the versions that the project really runs on.

Not seen: functions and classes that were removed from modules that stay. Imports that may fail on purpose, or that
stand under a condition, are left alone, and so is a module whose backport is declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Rule
from lint_rules.project.manifests import declarations, highest_python
from lint_rules.project.node_builtins import BUILTIN_MODULES
from lint_rules.project.node_modules import BUILTIN
from lint_rules.project.node_versions import ONLY_WITH_SCHEME, SCHEME_SINCE, SINCE, lowest_version, written
from lint_rules.project.python_modules import EXTERNAL, locate_absolute
from lint_rules.project.requirements import normal_name
from lint_rules.project.standard_library import REMOVED, REPLACEMENTS

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0805",
    "removed-module",
    severity=WARNING,
    summary="A module of the standard library or of Node.js that a supported version does not have",
)

_IMPORTS = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(?:[\w.]+[ \t]*,[ \t]*)*(?:" + "|".join(REMOVED).encode() + rb")\b", re.MULTILINE
)


_SETUPTOOLS = frozenset({"setuptools"})


@RULE.files(WholeFile(_IMPORTS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    for one in file.imports:
        gone = REMOVED.get(one.top)
        if gone is None or one.is_guarded or one.is_conditional or one.is_type or file.relative.endswith("setup.py"):
            continue
        if locate_absolute(file.modules, file.place, one.module).kind != EXTERNAL:
            continue
        declared = declarations(file.path, file.modules.node.root)
        wanted = declared.manifest.requires_python if declared is not None else ""
        highest = highest_python(wanted)
        if (highest is not None and highest < gone) or _has_backport(one.top, declared.names if declared else ()):
            continue
        instead = REPLACEMENTS.get(one.top, "")
        advice = f"use {instead}" if instead else "do without it"
        yield RULE.at(
            file,
            one.source,
            f"`{one.module}` is no longer part of Python since {gone[0]}.{gone[1]}; {advice}",
            f"{advice}, or state `requires-python` below {gone[0]}.{gone[1]} if newer ones are not meant to be used",
        )


def _has_backport(module: str, declared: object) -> bool:
    names = declared if isinstance(declared, frozenset) else frozenset()
    own = normal_name(module)
    backports = {own, f"standard-{own}", f"legacy-{own}", f"{own}-lts", f"pyasync{own[4:]}"}
    if module == "distutils":
        backports |= _SETUPTOOLS
    return not names.isdisjoint(backports)


@RULE.files(WholeFile(None, words=(b"import", b"require", b"from")), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    package = file.package
    allowed = package.engines.get("node", "") if package is not None else ""
    lowest = lowest_version(allowed) if allowed else None
    for one in file.imports:
        if one.is_guarded or one.is_type or one.form == "resolve":
            continue
        found = file.located(one.specifier)
        if found.kind != BUILTIN:
            continue
        name = found.package
        if name not in BUILTIN_MODULES and name not in ONLY_WITH_SCHEME:
            yield RULE.at(
                file, one.source, f"Node.js has no module `{one.specifier}`; import the package without `node:`",
                "correct the name of the built-in module, or import a package without `node:`",
            )  # fmt: skip
            continue
        since = SINCE.get(name, (0, 0, 0))
        if one.specifier.startswith("node:"):
            since = max(since, SCHEME_SINCE)
        if lowest is None or lowest >= since or one.is_deferred:
            continue
        yield RULE.at(
            file,
            one.source,
            f"`{one.specifier}` is there since Node.js {written(since)}, and `engines` allows {written(lowest)}; "
            f"raise `engines` to `>={written(since)}`",
            f"raise `engines.node` in package.json to `>={written(since)}`, or use what older versions have",
        )
