"""Removed module.

What it finds: imports of modules that were taken out of Python's standard library (`distutils`, `imp`, `asyncore`,
`cgi`, ...) and names that were taken out of its modules (`collections.Mapping`, `inspect.getargspec`), in projects
whose requires-python allows a version without them; modules and names that the lowest version it allows does not have
yet (`tomllib`, `typing.Self`); and built-in modules of Node.js that the lowest version in `engines` does not have, or
that no version has.

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

Not seen: names that the table does not list, among them methods. Imports that may fail on purpose, or that
stand under a condition, are left alone, and so is a module whose backport is declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lint_rules.languages.python.module_names import Taken, taken_names
from lint_rules.languages.screening import Spells
from lint_rules.languages.tables import read_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Rule
from lint_rules.project.manifests import declarations, highest_python, lowest_python
from lint_rules.project.node_builtins import BUILTIN_MODULES
from lint_rules.project.node_modules import BUILTIN
from lint_rules.project.node_versions import (
    ONLY_WITH_SCHEME,
    SCHEME_IN_IMPORT_SINCE,
    SCHEME_SINCE,
    SINCE,
    lowest_version,
    written,
)
from lint_rules.project.python_modules import EXTERNAL, locate_absolute
from lint_rules.project.requirements import normal_name
from lint_rules.project.standard_library import NEW, REMOVED, REPLACEMENTS

if TYPE_CHECKING:
    from tree_sitter import Node

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


_TABLE = read_table(Path(__file__).parent / "standard_names.toml")
_NAMES: dict[str, dict[str, dict[str, Any]]] = {}
for _row in (*_TABLE["removed"], *_TABLE["added"]):
    for _name in _row["names"]:
        _NAMES.setdefault(_row["module"], {})[_name] = _row
_TAKEN = Spells({_name for _names in _NAMES.values() for _name in _names} | {one.rpartition(".")[2] for one in NEW})


@RULE.files(WholeFile(_TAKEN, words=(b"import",)), "python")
def check_names(file: PythonFile) -> Iterator[Finding]:
    declared = declarations(file.path, file.modules.node.root)
    wanted = declared.manifest.requires_python if declared is not None else ""
    highest, lowest = highest_python(wanted), lowest_python(wanted)
    for one in file.imports:
        since = NEW.get(one.module)
        if since is None or lowest is None or lowest >= since:
            continue
        if not (one.level or one.is_guarded or one.is_conditional or one.is_type or one.is_deferred):
            yield _too_new(file, one.source, one.module, since, lowest)
    for taken in taken_names(file, _NAMES):
        if locate_absolute(file.modules, file.place, taken.module).kind != EXTERNAL:
            continue
        row = _NAMES[taken.module][taken.name]
        version = _version(row.get("gone") or row["since"])
        if "gone" in row:
            if highest is None or highest >= version:
                yield _gone(file, taken, version, row["instead"].format(name=taken.name))
        elif lowest is not None and lowest < version and taken.is_imported:
            yield _too_new(file, taken.node, f"{taken.module}.{taken.name}", version, lowest)


@lru_cache(maxsize=64)
def _version(written: str) -> tuple[int, int]:
    major, _, minor = written.partition(".")
    return int(major), int(minor)


def _gone(file: PythonFile, taken: Taken, version: tuple[int, int], instead: str) -> Finding:
    return RULE.at(
        file,
        taken.node,
        f"`{taken.module}.{taken.name}` is no longer part of Python since {version[0]}.{version[1]}; use {instead}",
        f"use {instead}, which the versions before have too",
    )


def _too_new(file: PythonFile, place: Node, what: str, since: tuple[int, int], lowest: tuple[int, int]) -> Finding:
    versions = f"{since[0]}.{since[1]}"
    return RULE.at(
        file,
        place,
        f"`{what}` is there since Python {versions}, and `requires-python` allows {lowest[0]}.{lowest[1]}; "
        f"require `>={versions}`, or guard the import",
        f"state `requires-python` as `>={versions}`, or import a backport where it fails",
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
            is_loaded_by_import = file.is_module and one.form != "require"
            since = max(since, SCHEME_IN_IMPORT_SINCE if is_loaded_by_import else SCHEME_SINCE)
        if lowest is None or lowest >= since or one.is_deferred:
            continue
        yield RULE.at(
            file,
            one.source,
            f"`{one.specifier}` is there since Node.js {written(since)}, and `engines` allows {written(lowest)}; "
            f"raise `engines` to `>={written(since)}`",
            f"raise `engines.node` in package.json to `>={written(since)}`, or use what older versions have",
        )
