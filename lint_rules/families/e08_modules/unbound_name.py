"""Unbound name.

What it finds: a name that is used and that nothing binds: no import, no definition, no parameter, no built-in name: the
module that was never imported or required, `reject` outside of its executor, a `const` of the `try` block in `catch`.

Why it matters: `NameError: name 'json' is not defined`, `ReferenceError: fs is not defined`, at the moment when the
line runs for the first time, which for code that handles errors is in production.

Bad (python):

    def read_settings(path):
        with open(path) as file:
            return json.load(file)

Good (python):

    import json

    def read_settings(path):
        with open(path) as file:
            return json.load(file)

Bad (javascript):

    function readSettings(path) {
      return JSON.parse(fs.readFileSync(path, 'utf8'))
    }
    module.exports = { readSettings }

Good (javascript):

    const fs = require('fs')

    function readSettings(path) {
      return JSON.parse(fs.readFileSync(path, 'utf8'))
    }
    module.exports = { readSettings }

How to fix it: import the name, define it, or correct its spelling.

Not seen: names in files that take names from elsewhere (`from x import *`, `exec`, `globals()`; browser code and
ambient declarations in JavaScript and TypeScript), names that are bound on some paths only, attributes. A name that
is expected to be missing (`try` with NameError, `typeof name`) is left alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e08_modules.external import has_bundler
from lint_rules.languages.python.unbound import Unbound, may_have_unbound
from lint_rules.languages.python.unbound import unbound_names as unbound_in_python
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, Finding, Rule
from lint_rules.project.node_builtins import BUILTIN_MODULES
from lint_rules.project.python_modules import lies_in_package
from lint_rules.project.standard_library import is_standard

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0808",
    "unbound-name",
    severity=ERROR,
    summary="A name is used that nothing binds",
    in_tests=False,
)

_MOST_NAMES = 8
"""More unbound names than this are those of a script that a page or a template puts together."""
_PAGES = re.compile(r"(?:^|/)(?:public|static|assets|www|wwwroot|browser|frontend|client/js)/")
_VERSION = re.compile(rb"version|PY2|PY3|py3|six\.|sys\.platform|TYPE_CHECKING|basestring|unicode|in globals|in dir\(")


@RULE.files(WholeFile(may_have_unbound), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if file.path.endswith(".pyi") or file.root.has_error:
        return
    found = unbound_in_python(file.data)
    if not found:
        return
    names = {one.name for one in found}
    by_name: dict[str, list[Node]] = {}
    for node in file.nodes("identifier"):
        if (name := file.text(node)) in names:
            by_name.setdefault(name, []).append(node)
    for name in sorted(names):
        place = _place(name, [one for one in found if one.name == name], by_name.get(name, ()), file)
        if place is None:
            continue
        advice = _python_advice(name, place, file)
        yield RULE.at(file, place, f"`{name}` is bound by nothing; {advice}", advice)


def _place(name: str, uses: list[Unbound], nodes: list[Node] | tuple[()], file: PythonFile) -> Node | None:
    """The first place where the name is read and must be bound."""
    for node in nodes:
        scope = file.scopes.at(node.start_byte)
        rows = {one.row for one in uses}
        is_module = any(one.is_module for one in uses)
        header = scope.node.start_point[0] + 1
        decorated = scope.node.parent
        starts = {header, decorated.start_point[0] + 1 if decorated is not None else header}
        own = scope.kind == "module" or not starts.isdisjoint(rows) or scope.kind in ("lambda", "class")
        parent = node.parent
        is_name = parent is not None and (
            (parent.type == "attribute" and parent.child_by_field_name("attribute") == node)
            or (parent.type == "keyword_argument" and parent.child_by_field_name("name") == node)
            or parent.type in ("global_statement", "nonlocal_statement", "dotted_name", "type")
        )
        is_slot = file.data[node.start_byte - 2 : node.start_byte] == b"{{"  # of a template that makes Python
        if (scope.kind != "module" and name in _bindings(scope, file)) or _is_of_comprehension(name, node):
            continue
        if is_name or is_slot or _is_expected(node, file) or not (own or is_module or _in_comprehension(node)):
            continue
        return node
    return None


def _is_of_comprehension(name: str, node: Node) -> bool:
    """Whether a comprehension around a place binds the name."""
    parent = node.parent
    while parent is not None and parent.type not in ("function_definition", "module", "class_definition"):
        for clause in parent.named_children if _is_comprehension(parent) else ():
            left = clause.child_by_field_name("left") if clause.type == "for_in_clause" else None
            if left is not None and re.search(rf"\b{re.escape(name)}\b", (left.text or b"").decode("utf-8", "replace")):
                return True
        parent = parent.parent
    return False


def _is_comprehension(node: Node) -> bool:
    return node.type.endswith("comprehension") or node.type == "generator_expression"


def _in_comprehension(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type not in ("function_definition", "module", "class_definition"):
        if _is_comprehension(parent):
            return True
        parent = parent.parent
    return False


def _is_expected(node: Node, file: PythonFile) -> bool:
    """Whether the code says that the name may be missing, or stands in a type that nobody evaluates."""
    inner = node
    for outer in file.enclosing(node):
        if outer.type == "try_statement":
            for clause in outer.named_children:
                head = (clause.text or b"").split(b":", 1)[0]
                handles = b"NameError" in head or head.strip() == b"except"
                if clause.type == "except_clause" and handles and inner == outer.child_by_field_name("body"):
                    return True
        elif outer.type in ("if_statement", "elif_clause", "conditional_expression"):
            condition = outer.child_by_field_name("condition")
            written = (condition.text if condition is not None else outer.text) or b""
            if _VERSION.search(written):
                return True
        elif outer.type == "type":
            return True
        inner = outer
    return False


def _python_advice(name: str, node: Node, file: PythonFile) -> str:
    if is_standard(name):
        return f"add `import {name}`"
    statement = _imported_as(name, file)
    if statement:
        return f"add `{statement}`"
    bound = sorted(
        {one for scope in (file.scopes.module, file.scopes.at(node.start_byte)) for one in _bindings(scope, file)}
    )
    close = get_close_matches(name, bound, n=1, cutoff=0.8)
    return f"write `{close[0]}`, or define it" if close else "import or define it"


def _bindings(scope, file: PythonFile) -> list[str]:  # type: ignore[no-untyped-def]
    file.names.bind()
    return list(scope.bindings)


_COMMON = {
    "Any": "typing", "Optional": "typing", "Union": "typing", "Callable": "collections.abc",
    "Iterator": "collections.abc",
    "Iterable": "collections.abc", "Mapping": "collections.abc", "List": "typing", "Dict": "typing", "Path": "pathlib",
    "datetime": "datetime", "timedelta": "datetime", "timezone": "datetime", "Decimal": "decimal",
    "partial": "functools",
    "defaultdict": "collections", "Counter": "collections", "OrderedDict": "collections", "dataclass": "dataclasses",
    "field": "dataclasses", "wraps": "functools", "lru_cache": "functools", "reduce": "functools", "Enum": "enum",
    "contextmanager": "contextlib", "suppress": "contextlib", "sleep": "time", "deepcopy": "copy", "chain": "itertools",
    "ThreadPoolExecutor": "concurrent.futures", "urlparse": "urllib.parse", "urlencode": "urllib.parse",
    "quote": "urllib.parse",
    "cast": "typing", "TYPE_CHECKING": "typing", "namedtuple": "collections", "deque": "collections", "uuid4": "uuid",
    "UUID": "uuid", "StringIO": "io", "BytesIO": "io", "ABC": "abc", "abstractmethod": "abc", "warn": "warnings",
}  # fmt: skip
_LIBRARIES = {"np": "import numpy as np", "pd": "import pandas as pd", "plt": "from matplotlib import pyplot as plt",
              "requests": "import requests", "httpx": "import httpx", "aiohttp": "import aiohttp",
              "sa": "import sqlalchemy as sa",
              "jsonify": "from flask import jsonify", "HTTPException": "from fastapi import HTTPException",
              "yaml": "import yaml", "redis": "import redis", "boto3": "import boto3"}  # fmt: skip


def _imported_as(name: str, file: PythonFile) -> str:
    if name in _COMMON:
        return f"from {_COMMON[name]} import {name}"
    if name in _LIBRARIES:
        return _LIBRARIES[name]
    own = file.modules.by_name
    beside = file.place.name.rpartition(".")[0]
    sibling = f"{beside}.{name}" if beside else name
    if sibling in own and own[sibling].path not in ("", file.path) and sibling != file.module:
        return f"from . import {name}" if beside else f"import {name}"
    return ""


@RULE.files(WholeFile(None), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    from lint_rules.languages.javascript.unbound import FOREIGN, FOREIGN_ELSEWHERE, project_globals, unbound_names

    if file.is_test or file.is_declaration or file.path.endswith((".jsx", ".tsx")) or _PAGES.search(file.relative):
        return
    if lies_in_package(os.path.dirname(file.path), file.modules.node.root):
        return  # JavaScript of a Python package is for pages
    found = list(unbound_names(file))
    names = {file.text(node) for node in found}
    is_for_node = bool(file.imports) and file.package is not None and not has_bundler(file.package)
    foreign = FOREIGN - FOREIGN_ELSEWHERE if is_for_node else FOREIGN
    if not names or len(names) > _MOST_NAMES or not names.isdisjoint(foreign):
        return
    seen: set[str] = set()
    own_globals = project_globals(file.modules.node)
    if own_globals is None:
        return
    for node in found:
        name = file.text(node)
        if name in seen or name in own_globals or (name.isupper() and len(name) > 1):
            continue  # constants that a framework puts into the files that it loads
        seen.add(name)
        advice = _javascript_advice(name, node, file)
        yield RULE.at(file, node, f"`{name}` is bound by nothing at this place; {advice}", advice)


def _javascript_advice(name: str, node: Node, file: JavaScriptFile) -> str:
    if name in BUILTIN_MODULES:
        return (
            f"add `import {name} from 'node:{name}'`" if file.is_module else f"add `const {name} = require('{name}')`"
        )
    elsewhere = [scope for scope in file.scopes.all if name in file.scopes.bound(scope)]
    if elsewhere:
        row = min(file.scopes.bound(elsewhere[0])[name], key=lambda one: one.at).at
        return (
            f"declare it where both places see it: the `{name}` of line {file.source.row_at(row)} is not visible here"
        )
    known = sorted(file.scopes.bound(file.scopes.module))
    close = get_close_matches(name, known, n=1, cutoff=0.8)
    return f"write `{close[0]}`, or declare it" if close else "import or declare it"
