"""Engines of templates whose escaping is off, in files that answer with pages, by `escaping.toml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import short, source
from lint_rules.families.e07_security.weaknesses import FOLDER
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.tables import name_table, read_table

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

_TABLE = FOLDER / "escaping.toml"
_ENGINES, _ENGINES_OF_NODE = name_table(_TABLE, "python"), js_name_table(_TABLE, "javascript")
_SERVES, _ATTRIBUTES = read_table(_TABLE)["serves"], read_table(_TABLE)["python_attribute"]
_PAGE = re.compile(rb"[\w})*\]]\.html?\b|text/html")
_ADDRESS = re.compile(rb"https?://[^\s\"'<>]+")
"""Addresses of documentation, which mostly end with `.html`."""
PYTHON = re.compile(rb"jinja2|jinja_env|mako|tornado")
JAVASCRIPT = re.compile(rb"nunjucks|noEscape|swig")


def unescaped_python(file: PythonFile) -> Iterator[tuple[Node, str]]:
    """The engines of a Python file that escape nothing, and what to say about each."""
    from lint_rules.families.e07_security.reading_python import argument, assignments, calls_of, constant, has_splat

    has_pages = _PAGE.search(_ADDRESS.sub(b"", file.data)) is not None
    if not (has_pages or file.imports_any(*_SERVES["python"])):
        return
    for call, row in calls_of(file, _ENGINES):
        given = argument(call, row["argument"])
        if given is None and not has_pages and argument(call, "loader", "directories") is None and not _answers(file):
            continue  # what it makes of texts may be SQL, or anything else
        if given is None:
            is_off = "" in row["off"] and not has_splat(call)
        else:
            is_off = (constant(given, file) or "unknown") in row["off"]
        if is_off:
            yield call, _told(call, row["instead"])
    for _, target, assigned in assignments(file):
        for row in _ATTRIBUTES:
            if source(target).endswith(row["written"]) and constant(assigned, file) in row["off"]:
                yield target, _told(target, row["instead"])


def _answers(file: PythonFile) -> bool:
    """Whether a file has handlers of requests itself."""
    handlers = (file.handler(scope) for scope in file.scopes.functions)
    return any(handler is not None and handler.kind == "route" for handler in handlers)


def unescaped_javascript(file: JavaScriptFile) -> Iterator[tuple[Node, str]]:
    """The same of a file in JavaScript."""
    from lint_rules.families.e07_security.reading_javascript import calls_of, constant, options
    from lint_rules.languages.javascript.grammar import arguments

    if not (_PAGE.search(file.data) or file.imports_any(*_SERVES["javascript"])):
        return
    for call, row in calls_of(file, _ENGINES_OF_NODE):
        chosen = [(options(given, file) or {}).get(row["argument"]) for given in arguments(call)]
        if any(constant(one, file) in row["off"] for one in chosen if one is not None):
            yield call, _told(call, row["instead"])


def _told(place: Node, instead: str) -> str:
    return f"`{short(place)}` puts data into pages as it is; {instead}"
