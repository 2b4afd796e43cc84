"""Unused dependency.

What it finds: a dependency for production in pyproject.toml, a requirements file, setup.cfg, Pipfile or package.json
that no file of the project imports or names.

Why it matters: it is installed with every deployment, slows builds down, and brings everything that it depends on,
with every hole that is found in it.

Bad (python):

    # file: pyproject.toml
    [project]
    name = "rates"
    version = "1"
    dependencies = ["httpx>=0.27", "xmltodict>=0.13"]
    # file: service.py
    import httpx

    def rates() -> dict:
        return httpx.get("https://rates.example.org/latest").json()

Good (python):

    # file: pyproject.toml
    [project]
    name = "rates"
    version = "1"
    dependencies = ["httpx>=0.27"]
    # file: service.py
    import httpx

    def rates() -> dict:
        return httpx.get("https://rates.example.org/latest").json()

Bad (javascript):

    // file: package.json
    { "name": "rates", "dependencies": { "express": "^5.1.0", "left-pad": "^1.3.0" } }
    // file: service.js
    const express = require("express");

    express().get("/health", (req, res) => res.sendStatus(204)).listen(process.env.PORT);

Good (javascript):

    // file: package.json
    { "name": "rates", "dependencies": { "express": "^5.1.0" } }
    // file: service.js
    const express = require("express");

    express().get("/health", (req, res) => res.sendStatus(204)).listen(process.env.PORT);

How to fix it: remove it from the manifest; if a command or another package needs it, name that package as the reason
in a comment.

Not seen: dependencies for development, extras and peers. Servers, commands, drivers and plugins, which no import names,
are believed, and so is what the configuration, a script or a text in the code names.
"""

from __future__ import annotations

import json
import os
import re
from bisect import bisect_left
from collections.abc import Iterator
from operator import itemgetter
from typing import TYPE_CHECKING

from lint_rules.families.e08_modules.named import NAMED, imports_on_disk, is_believed, is_named_elsewhere
from lint_rules.model import INFO, Finding, Rule, Span
from lint_rules.project.disk import is_file
from lint_rules.project.distributions import brings
from lint_rules.project.manifests import Manifest, declarations
from lint_rules.project.node_modules import package_name
from lint_rules.project.packages import Package, read_json, read_package
from lint_rules.source import SourceText, read_source

if TYPE_CHECKING:
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0806",
    "unused-dependency",
    severity=INFO,
    summary="A dependency that nothing in the project imports or names",
    default=False,
)

_PYTHON, _JAVASCRIPT = (".py", ".pyi"), (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")


@RULE.project(words=(b"import",), notes=(NAMED,))
def check_python(project: Project) -> Iterator[Finding]:
    manifests: dict[str, Manifest] = {}
    for module in project.facts.values():
        declared = declarations(module.path, project.root)
        for manifest in declared.all if declared is not None else ():
            manifests.setdefault(manifest.folder, manifest)
    notes = _Notes(project)
    for folder in sorted(manifests):
        manifest = manifests[folder]
        if not manifest.is_built and not _FOR_TESTS.search(_relative(folder, project.root)):
            yield from _unused_in(manifest, notes, project)


def _unused_in(manifest: Manifest, notes: _Notes, project: Project) -> Iterator[Finding]:
    modules, texts = notes.named(manifest.folder, _PYTHON)
    own = manifest.name.lower().replace("_", "-").replace(".", "-")
    for name in sorted(manifest.runtime - {own}):
        if is_believed(name, "python") or any(brings((name,), module, project.root) for module in modules):
            continue
        spellings = frozenset({name, name.replace("-", "_"), name.replace("-", ".")})
        if any(_is_text_for(text, name, project.root) for text in texts):
            continue
        place = next(((path, span) for path in manifest.paths if (span := _line_of(path, name)) is not None), None)
        if place is None or is_named_elsewhere(spellings, manifest.folder, "python", manifest.paths):
            continue
        yield _finding(name, *place)


def _is_text_for(text: str, name: str, root: str) -> bool:
    """Whether a text names a module or a driver of a distribution: `rest_framework`, `postgresql+asyncpg`."""
    parts = re.split(r"[+:/]", text)
    return any(part[:1].isalpha() and brings((name,), part, root) for part in parts if part)


_FOR_TESTS = re.compile(r"(?:^|/)(?:tests?|__tests__|fixtures?|examples?|templates?)/")
"""Places of projects that are there to be tried on."""


def _relative(folder: str, root: str) -> str:
    return os.path.relpath(folder, root).replace(os.sep, "/") + "/"


class _Notes:
    """What the files of a project name, found by the folder in which they lie."""

    def __init__(self, project: Project) -> None:
        self._notes = sorted(((facts.path, notes) for facts, notes in project.notes(NAMED)), key=itemgetter(0))
        self._paths = [path for path, _ in self._notes]

    def named(self, folder: str, suffixes: tuple[str, ...]) -> tuple[set[str], set[str]]:
        """The modules that the files below a folder import, and the texts in them."""
        modules: set[str] = set()
        texts: set[str] = set()
        first, last = bisect_left(self._paths, folder + os.sep), bisect_left(self._paths, folder + chr(ord(os.sep) + 1))
        for _, notes in self._notes[first:last]:
            for note in notes:
                modules.update(note.modules)
                texts.update(note.texts)
        known = set(self._paths[first:last])
        for path, names in imports_on_disk(folder, suffixes):
            if path not in known:
                modules.update(names)
        return modules, texts


@RULE.project(words=(b"import", b"require"), languages=("javascript",), notes=(NAMED,))
def check_javascript(project: Project) -> Iterator[Finding]:
    folders = {os.path.dirname(facts.path) for facts in project.facts.values()}
    packages: dict[str, Package] = {}
    for folder in folders:
        for path in _manifests_above(folder, project.root):
            package = read_package(path)
            if package is not None and package.dependencies:
                packages.setdefault(path, package)
    notes = _Notes(project)
    for path in sorted(packages):
        if _FOR_TESTS.search(_relative(os.path.dirname(path), project.root)):
            continue
        yield from _unused_packages(packages[path], notes, project)


def _manifests_above(folder: str, root: str) -> Iterator[str]:
    """The package.json that is nearest to a folder."""
    while folder.startswith(root):
        path = os.path.join(folder, "package.json")
        if is_file(path):
            yield path
            return
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


def _unused_packages(package: Package, notes: _Notes, project: Project) -> Iterator[Finding]:
    modules, texts = notes.named(package.folder, _JAVASCRIPT)
    used = {package_name(one) for one in modules} | {package_name(one) for one in texts}
    rest = _rest_of(package)
    for name, wanted in sorted(package.dependencies.items()):
        if name in used or name in package.peer_dependencies or is_believed(name, "javascript"):
            continue
        if wanted.startswith("npm:") or name in package.bundled_dependencies or _is_named_in(rest, name):
            continue
        if _is_peer_of_another(name, package, project.root):
            continue
        span = _line_of(package.path, name)
        if span is None or is_named_elsewhere(frozenset({name}), package.folder, "javascript", (package.path,)):
            continue
        yield _finding(name, package.path, span)


def _rest_of(package: Package) -> str:
    """What a package.json says besides what it depends on: scripts, and the settings of tools."""
    content = read_json(package.path)
    if not isinstance(content, dict):
        return ""
    return json.dumps({key: value for key, value in content.items() if not key.lower().endswith("dependencies")})


def _is_named_in(text: str, name: str) -> bool:
    commands = {name, name.rpartition("/")[2], name.removesuffix("-cli"), name.removesuffix("js").rstrip("-.")}
    return any(re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", text) for one in commands if one)


def _is_peer_of_another(name: str, package: Package, root: str) -> bool:
    """Whether a package that is installed here needs it beside itself."""
    folder = package.folder
    while folder.startswith(root):
        for other in package.dependencies:
            found = read_package(os.path.join(folder, "node_modules", other, "package.json"))
            if found is not None and name in found.peer_dependencies:
                return True
        parent = os.path.dirname(folder)
        if parent == folder:
            return False
        folder = parent
    return False


_REASON = re.compile(
    r"[^\n#]*[ \t]#[^\n]*\b(?:for|needs|needed|required|used|via|because|pin|pinned|security|https?)\b"
)


def _line_of(path: str, name: str) -> Span | None:
    """Where a manifest declares a dependency; None where that cannot be told, or a comment says what needs it."""
    source = read_source(path)
    if not isinstance(source, SourceText):
        return None
    written = (
        "[-_.]+".join(map(re.escape, re.split(r"[-_.]+", name))) if not path.endswith(".json") else re.escape(name)
    )
    before = r"(?:^|[\"'\[,])[ \t]*[\"']?" if not path.endswith(".json") else '"'
    after = r"(?=[\s\[<>=!~;\"',@)(]|$)" if not path.endswith(".json") else r'(?="\s*:)'
    text = source.data.decode("utf-8", "replace")
    start = text.find('"dependencies"') if path.endswith(".json") else 0
    found = re.compile(f"(?im){before}({written}){after}").search(text, max(start, 0))
    if found is None or (not path.endswith(".json") and _REASON.match(text, found.end())):
        return None
    first = len(text[: found.start(1)].encode())
    return source.span(first, first + len(found[1].encode()))


def _finding(name: str, path: str, span: Span) -> Finding:
    return RULE.finding(
        path,
        span,
        f"`{name}` is declared, but nothing in the project imports or names it; remove it",
        "remove it from the manifest, or say in a comment beside it what needs it",
    )
