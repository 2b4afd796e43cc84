"""How Node.js reads a file: as CommonJS, as an ES module, or as what its syntax says; and who else may read it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.exports import is_module_exports
from lint_rules.languages.javascript.grammar import FUNCTION_KINDS, has_token, text
from lint_rules.project.node_versions import Version, lowest_version
from lint_rules.project.python_modules import lies_in_package
from lint_rules.project.tsconfig import compiler_option

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.project.packages import Package

COMMONJS, ESM, BY_SYNTAX, UNKNOWN = "commonjs", "esm", "by-syntax", "unknown"
"""By extension or package.json; a `.js` file under a package.json without `type`; one without any package.json."""

_BUILDS = frozenset(
    [
        "vite",
        "webpack",
        "rollup",
        "esbuild",
        "tsup",
        "parcel",
        "@parcel/core",
        "next",
        "nuxt",
        "@sveltejs/kit",
        "@angular/cli",
        "react-scripts",
        "@vue/cli-service",
        "@rspack/core",
        "microbundle",
        "unbuild",
        "tsdown",
        "@vercel/ncc",
        "rolldown",
        "electron-vite",
        "astro",
        "gatsby",
        "browserify",
        "snowpack",
        "metro",
        "expo",
        "react-native",
        "@babel/core",
        "@babel/cli",
        "@babel/register",
        "@babel/node",
        "babel-cli",
        "babel-core",
        "babel-register",
        "babel-preset-env",
        "@swc/core",
        "@swc/cli",
        "@swc/register",
        "sucrase",
        "esm",
        "esmify",
        "ts-node",
        "tsx",
        "bun",
        "jiti",
        "esbuild-register",
        "@remix-run/dev",
        "@nestjs/cli",
        "@nx/node",
        "lasso",
        "gulp-babel",
        "bili",
        "poi",
        "preact-cli",
        "ember-cli",
        "@ember/string",
        "polymer-cli",
        "laravel-mix",
        "@wordpress/scripts",
        "@symfony/webpack-encore",
        "@11ty/eleventy",
        "vitepress",
        "docusaurus",
        "@docusaurus/core",
    ]
)
_FOR_BROWSERS = re.compile(
    r"(?:^|/)(?:public|static|assets|client|frontend|front-end|browser|web|www|webapp|ui|wwwroot|htdocs|dist|build|es|esm"
    r"|module|modules?-es|_site|docs?|examples?|demos?|templates?|app/javascript|resources/js|components|pages|views"
    r"|vendor|third_party|lib/browser)/"
)


def system(file: JavaScriptFile) -> str:
    """How Node reads a JavaScript file. What a compiler reads is UNKNOWN, unless it keeps Node's own rules."""
    path = file.path
    if path.endswith((".mjs", ".mts")):
        return ESM
    if path.endswith((".cjs", ".cts")):
        return COMMONJS
    package = file.package
    if package is None:
        return UNKNOWN
    if package.type == "module":
        return ESM
    return COMMONJS if package.type == "commonjs" else BY_SYNTAX


def is_node_source(file: JavaScriptFile) -> bool:
    """Whether Node itself reads the file as it stands: no compiler, no bundler, no browser in between."""
    if file.path.endswith((".jsx", ".ts", ".tsx", ".mts", ".cts")) or file.is_declaration:
        return False
    if file.path.endswith((".mjs", ".cjs")):
        return True
    if _FOR_BROWSERS.search(file.relative) or lies_in_package(os.path.dirname(file.path), file.modules.node.root):
        return False
    return not is_built(file)


def is_built(file: JavaScriptFile) -> bool:
    """Whether the project has something that translates its sources before they run."""
    return _has_tool(file, _BUILDS)


_MIXING = frozenset(
    {"browserify", "babelify", "@babel/core", "@babel/cli", "@babel/register", "@babel/node", "babel-core", "babel-cli",
     "babel-register", "gulp-babel", "babel-preset-env"}
)  # fmt: skip
"""Babel, which turns `import` into `require` and leaves `module.exports` as it is, and what else does no more."""


def is_made_commonjs(file: JavaScriptFile) -> bool:
    """Whether all that the project has to translate its sources makes them CommonJS, whatever else stands in them."""
    return _has_tool(file, _MIXING) and not _has_tool(file, _BUILDS - _MIXING)


def follows_node(file: JavaScriptFile) -> bool:
    """Whether a TypeScript file's imports must be written as Node wants them: `module` is node16 or nodenext."""
    if not file.path.endswith((".ts", ".mts", ".tsx")):
        return False
    folder, root = os.path.dirname(file.path), file.modules.node.root
    wanted = (compiler_option(folder, root, "moduleResolution"), compiler_option(folder, root, "module"))
    return (wanted[0] or wanted[1]) in ("node16", "node18", "node20", "nodenext")


_RUNNERS = frozenset({"ts-node", "tsx", "jiti", "esbuild-register", "@swc/register", "bun"})
"""What runs TypeScript while it is developed; the service itself may well be compiled first."""

_PATH_FIXERS = (
    "tsc-alias", "tsc-esm-fix", "ts-add-js-extension", "resolve-tspaths", "fix-esm-import-path", "tsc-multi",
    "typescript-transform-paths", "@digitak/tsc-esm", "extensionless",
)  # fmt: skip
_COMPILES = re.compile(r"\btsc\b(?![^&|;]*--noEmit)")
_ESM_MODULES = frozenset({"es2015", "es2020", "es2022", "es6", "esnext", "node16", "node18", "node20", "nodenext"})


def is_compiled_to_esm(file: JavaScriptFile) -> bool:
    """Whether `tsc` makes of a TypeScript file the ES module that Node runs, with the paths as they are written."""
    if not file.path.endswith((".ts", ".mts")) or file.is_declaration or system(file) != ESM:
        return False
    module = _ts_module(file)
    if module not in _ESM_MODULES or _has_tool(file, _BUILDS - _RUNNERS) or _has_tool(file, _PATH_FIXERS):
        return False
    if any(_COMPILES.search(" && ".join(package.scripts.values())) for package in _around(file)):
        return True
    return module.startswith("node") and not _has_tool(file, _RUNNERS)


def is_compiled_to_commonjs(file: JavaScriptFile) -> bool:
    """Whether a TypeScript file becomes a CommonJS module, whatever translates it."""
    if not file.path.endswith((".ts", ".cts")) or file.is_declaration or file.is_tooling:
        return False
    module = _ts_module(file)
    is_commonjs = module == "commonjs" or (follows_node(file) and system(file) in (COMMONJS, BY_SYNTAX))
    return is_commonjs and not _has_tool(file, _BUILDS - _RUNNERS)


def _ts_module(file: JavaScriptFile) -> str:
    return compiler_option(os.path.dirname(file.path), file.modules.node.root, "module")


def _around(file: JavaScriptFile) -> Iterator[Package]:
    return file.modules.node.packages_around(file.path)


def _has_tool(file: JavaScriptFile, names: Iterable[str]) -> bool:
    return any(package.declares(name) for package in _around(file) for name in names)


def lowest_node(file: JavaScriptFile) -> Version | None:
    """The lowest version of Node that `engines` allows, None where nothing is said."""
    for package in file.modules.node.packages_around(file.path):
        if package.engines.get("node"):
            return lowest_version(package.engines["node"])
    return None


def detects_syntax(version: Version | None) -> bool:
    """Whether a version of Node finds out by syntax that a file is an ES module."""
    return version is not None and (version >= (22, 7, 0) or (20, 19, 0) <= version < (21, 0, 0))


def requires_esm(version: Version | None) -> bool:
    """Whether `require` of a version of Node takes ES modules."""
    return version is not None and (version >= (22, 12, 0) or (20, 19, 0) <= version < (21, 0, 0))


def module_syntax(file: JavaScriptFile) -> Node | None:
    """The first `import` or `export` statement (`import type` and `import x = require()` are none)."""
    found = [
        statement
        for kind in ("import_statement", "export_statement")
        for statement in file.nodes(kind)
        if statement.parent is not None and statement.parent.type == "program"
        and not has_token(statement, "type") and not has_token(statement, "=")
    ]  # fmt: skip
    return min(found, key=lambda statement: statement.start_byte, default=None)


def commonjs_exports(file: JavaScriptFile) -> Iterator[tuple[Node, Node]]:
    """Assignments to Node's `module.exports` and `exports.x`: the left side, and the whole."""
    for assignment in file.index.assignments:
        left = assignment.child_by_field_name("left")
        if left is None or left.type not in ("member_expression", "subscript_expression"):
            continue
        base = left
        while base.type in ("member_expression", "subscript_expression"):
            if is_module_exports(base):
                break
            inner = base.child_by_field_name("object")
            if inner is None:
                break
            base = inner
        name = "module" if base.type == "member_expression" else text(base)
        if name not in ("module", "exports") or (name == "module" and not is_module_exports(base)):
            continue
        if file.scopes.binding(name, left.start_byte) is None and not is_asked_for(left):
            yield left, assignment


def is_asked_for(node: Node) -> bool:
    """Whether a condition or a `try` around a place asks first: `typeof module !== 'undefined'`, `require.main`."""
    inner, outer = node, node.parent
    while outer is not None:
        if outer.type in ("if_statement", "ternary_expression", "binary_expression"):
            condition = outer.child_by_field_name("condition") or outer.child_by_field_name("left") or outer
            if b"typeof" in (condition.text or b""):
                return True
        elif (outer.type == "try_statement" and outer.child_by_field_name("body") == inner) or (
            outer.type == "unary_expression" and has_token(outer, "typeof")
        ):
            return True
        inner, outer = outer, outer.parent
    return False


def is_in_function(node: Node) -> bool:
    """Whether a function must be called before a place is reached."""
    outer = node.parent
    while outer is not None:
        if outer.type in FUNCTION_KINDS or outer.type in ("class_static_block", "field_definition"):
            return True
        outer = outer.parent
    return False


def manifest(package: Package | None, file: JavaScriptFile) -> str:
    """The path of a package.json as a message names it."""
    if package is None:
        return "package.json"
    return os.path.relpath(package.path, file.modules.node.root).replace(os.sep, "/")
