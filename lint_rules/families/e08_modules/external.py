"""Imports of packages that are not the project's own, in both languages, and what declares them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.python.mentions import mentions
from lint_rules.project.disk import is_file
from lint_rules.project.distributions import is_platform_module, lacking
from lint_rules.project.manifests import Declarations, declarations
from lint_rules.project.node_modules import FILE, PACKAGE, PROJECT, package_name
from lint_rules.project.python_modules import EXTERNAL, lies_in_package, locate_absolute
from lint_rules.project.standard_library import is_standard

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.javascript.imports import Import as JavaScriptImport
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.python.imports import Import
    from lint_rules.languages.whole_file import Placed
    from lint_rules.project.packages import Package

_BESIDE = re.compile(
    r"(?:^|/)(?:docs?|docsrc|examples?|samples?|demos?|scripts?|tools?|ci|\.[\w-]+|tests?|testing|benchmarks?|perf"
    r"|tutorials?|changes|newsfragments|notebooks?|templates?|cookiecutter[^/]*|typings|stubs|dev|contrib|vendor(?:ed)?|_vendor|third_?party)/"
    r"|(?:^|/)(?:setup|noxfile|conftest|fabfile|dodo|wscript|hatch_build|build|pavement|__main__setup)\.py$"
)
"""Places of files that run on a developer's machine or in an environment of their own."""


def is_beside_production(relative: str) -> bool:
    """Whether a Python file's place says that it is no part of what is deployed."""
    return _BESIDE.search(relative) is not None


class External(Struct, frozen=True):
    """An import of another project's module: what is imported, where, and what the project declares."""

    top: str
    one: Import
    declared: Declarations


def python_imports(file: PythonFile) -> Iterator[External]:
    """The imports of a file that must come from a declared distribution; none where no manifest says anything."""
    declared: Declarations | None = None
    for one in file.imports:
        top = one.top
        if not top or one.is_type or one.is_guarded or one.is_conditional or is_standard(top):
            continue
        if is_platform_module(top) or top.startswith("_") or file.in_broken_code(one.node):
            continue
        declared = declared or declarations(file.path, file.modules.node.root)
        if declared is None:
            return
        if _is_own_name(top, declared, file.modules.node.root):
            continue
        if locate_absolute(file.modules, file.place, one.module).kind == EXTERNAL:
            yield External(top, one, declared)


def _is_own_name(top: str, declared: Declarations, root: str) -> bool:
    """Whether the module is called like the project: its sources may lie where nothing tells that they do."""
    names = {one.name.replace("-", "_").replace(".", "_") for one in declared.all}
    folders = {os.path.basename(root), os.path.basename(declared.manifest.folder)}
    return top.lower() in names or (top in folders and is_file(os.path.join(root, "__init__.py")))


def may_lack(placed: Placed, names_of: Callable[[Declarations], frozenset[str]]) -> bool:
    """Whether a file may import something external that none of the distributions brings which `names_of` gives."""
    written = mentions(placed.data)
    root = placed.modules.node.root
    declared: Declarations | None = None
    for one in written or ():
        top = one.top
        if not top or is_standard(top) or is_platform_module(top) or top.startswith("_"):
            continue
        declared = declared or declarations(placed.path, root)
        if declared is None:
            return False
        known = names_of(declared)
        if (
            lacking(known, one.module, one.names, root)
            and locate_absolute(placed.modules, placed.place, one.module).kind == EXTERNAL
        ):
            return True
    return written is None


def where(path: str, root: str) -> str:
    """A manifest's path as a message names it."""
    return os.path.relpath(path, root).replace(os.sep, "/")


def is_plain_python(file: PythonFile | Placed) -> bool:
    """Whether a file is deployed code of a project, as far as its place tells."""
    return not (file.is_test or is_beside_production(file.relative) or file.path.endswith(".pyi"))


# JavaScript.


class Needed(Struct, frozen=True):
    """An import of a package: its name, the import, and the package.json that is nearest."""

    name: str
    one: JavaScriptImport
    place: Node
    package: Package


def javascript_imports(file: JavaScriptFile) -> Iterator[Needed]:
    """The imports of packages of a file, those left out that may fail or are types."""
    package = file.package
    if package is None or lies_in_package(os.path.dirname(file.path), file.modules.node.root):
        return
    for one in file.imports:
        specifier = one.specifier.partition("?")[0]
        if one.is_type or one.is_guarded or one.form == "resolve" or not _PACKAGE.match(specifier):
            continue
        if _EXAMPLE.search(file.relative) or file.located(one.specifier).kind != PACKAGE:
            continue
        if has_bundler(package) and _is_below(specifier, file):
            continue
        yield Needed(package_name(specifier), one, one.source, package)


_EXAMPLE = re.compile(r"(?:^|/)(?:examples?|samples?|sample-\w+|demos?|docs?|tutorials?)(?:/|\.[cm]?[jt]sx?$)")
_PACKAGE = re.compile(r"(?:@[a-z0-9~_-][\w.~-]*/)?[a-zA-Z0-9_-][\w.-]*(?:/|$)")


_BUNDLERS = (
    "vite", "webpack", "rollup", "esbuild", "tsup", "parcel", "@parcel/core", "next", "nuxt", "@sveltejs/kit", "bun",
    "@angular/cli", "react-scripts", "@vue/cli-service", "@rspack/core", "rspack", "microbundle", "unbuild", "tsdown",
    "@vercel/ncc", "pkgroll", "rolldown", "electron", "astro", "gatsby", "snowpack", "browserify", "swc-pack", "metro",
    "turbo", "serverless-esbuild", "serverless-webpack", "wrangler", "@nestjs/cli-webpack", "nx", "bunchee",
    "@nx/webpack",
)  # fmt: skip


def has_bundler(package: Package) -> bool:
    """Whether a package is put into one piece before it runs, by something that looks for modules in its own way."""
    return any(package.declares(name) for name in _BUNDLERS)


def _is_below(specifier: str, file: JavaScriptFile) -> bool:
    """Whether a path begins at a folder around the file, as bundlers can be told (`resolve.modules`)."""
    folder, root = os.path.dirname(file.path), file.modules.node.root
    while folder.startswith(root):
        written = f"./{specifier}"
        if file.modules.node.resolve(written, os.path.join(folder, "x.js")).kind in (PROJECT, FILE):
            return True
        folder = os.path.dirname(folder)
    return False


def is_used_as_value(one: JavaScriptImport, file: JavaScriptFile) -> bool:
    """Whether TypeScript keeps an import: at least one of its names is used other than as a type."""
    if one.form != "import" or not file.path.endswith((".ts", ".tsx", ".mts", ".cts")):
        return True
    from lint_rules.languages.javascript.binding import imported

    names = {name for _, name in imported(one.node)}
    if not names:
        return True
    return any(
        identifier.start_byte >= one.node.end_byte and (identifier.text or b"").decode("utf-8", "replace") in names
        and not _is_in_type(identifier)
        for kind in ("identifier", "shorthand_property_identifier")
        for identifier in file.nodes(kind)
    )  # fmt: skip


def _is_in_type(identifier: Node) -> bool:
    parent = identifier.parent
    return parent is not None and parent.type in ("nested_type_identifier", "nested_identifier", "type_query")
