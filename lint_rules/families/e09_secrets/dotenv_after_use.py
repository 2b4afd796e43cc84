"""dotenv loaded after the environment was read.

What it finds: `load_dotenv()`, or `dotenv.config()`, in a module that before it imports a module of the project which
reads the environment while it is loaded. In ES modules and TypeScript every import runs before the first statement,
so `dotenv.config()` below the imports comes too late however early it stands.

Why it matters: the imported module has read empty values and keeps them: the pool connects to `undefined`, the key is
the default. It works on machines where the variables are set otherwise, and so it is found in the one place where
they are not.

Bad (python):

    import os

    from dotenv import load_dotenv

    DATABASE_URL = os.environ.get("DATABASE_URL")

    load_dotenv()

Good (python):

    import os

    from dotenv import load_dotenv

    load_dotenv()

    DATABASE_URL = os.environ.get("DATABASE_URL")

Bad (javascript):

    const dotenv = require("dotenv");

    const databaseUrl = process.env.DATABASE_URL;

    dotenv.config();

Good (javascript):

    require("dotenv").config();

    const databaseUrl = process.env.DATABASE_URL;

How to fix it: load it first: `import "dotenv/config"` as the first import, `require("dotenv").config()` as the first
line, `load_dotenv()` above the imports of the project, or `node --env-file=.env`.

Not seen: in Python modules that are imported by the imported one; environments that are read in functions which the
imported module calls while it is loaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e09_secrets.loading import (
    files_behind_javascript,
    first_read_javascript,
    first_read_python,
    imported_files_javascript,
    imported_files_python,
    is_at_load,
)
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Related, Rule, Span
from lint_rules.source import SourceText, read_source

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0908",
    "dotenv-after-use",
    severity=WARNING,
    summary="dotenv is loaded after a module has read the environment",
    in_tests=False,
)

_MOST_FILES = 200
_PYTHON_LOAD = re.compile(rb"\bload_dotenv\s*\(|\bread_env\s*\(")
_JAVASCRIPT_LOAD = re.compile(
    rb"""(?:\bdotenv\w*|\brequire\(\s*["']dotenv["']\s*\))\s*\.\s*config\s*\(|\bimport\s*["']dotenv/config["']"""
)


@RULE.files(WholeFile(_PYTHON_LOAD, (b"dotenv",)), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    load = _first_at_load(file, _PYTHON_LOAD)
    if load is None:
        return
    read = first_read_python(file.root, load.start_byte, load.text or b"")
    for statement, path in imported_files_python(file, load.start_byte):
        found = _read_in(path, "python")
        if found is not None and (read is None or statement.start_byte < read.start_byte):
            yield _finding(file, load, statement, path, found)
            return
    if read is not None:
        yield _finding(file, load, read, "", None)


@RULE.files(WholeFile(_JAVASCRIPT_LOAD, (b"dotenv",)), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    load = _first_at_load(file, _JAVASCRIPT_LOAD)
    if load is None:
        return
    read = first_read_javascript(file.root, load.start_byte, load.text or b"")
    seen = {file.path}
    for statement, path in imported_files_javascript(file, load):
        reader, is_loaded = _first_reader(path, file, seen)
        if reader is not None and (read is None or statement.start_byte < read.start_byte):
            yield _finding(file, load, statement, *reader, path)
            return
        if is_loaded:
            return
    if read is not None:
        yield _finding(file, load, read, "", None)


def _first_at_load(file: PythonFile | JavaScriptFile, pattern: re.Pattern[bytes]) -> Node | None:
    """The first statement that loads the environment while the module is loaded, if the file is code there."""
    for found in pattern.finditer(file.data):
        node = file.root.descendant_for_byte_range(found.start(), found.start())
        if node is None or (
            node.type in ("comment", "string_content", "string_fragment") and b"import" not in found.group()
        ):
            continue
        if is_at_load(node):
            while node.parent is not None and node.parent.type not in ("module", "program"):
                node = node.parent
            return node
    return None


def _first_reader(path: str, file: JavaScriptFile, seen: set[str]) -> tuple[tuple[str, tuple[Span, str]] | None, bool]:
    """The first file to read the environment when the one at `path` is loaded, and whether dotenv is loaded before."""
    from lint_rules.languages.javascript.grammar import parse

    source = read_source(path) if path not in seen and len(seen) < _MOST_FILES else None
    seen.add(path)
    if not isinstance(source, SourceText):
        return None, False
    if _JAVASCRIPT_LOAD.search(source.data) is not None:
        return None, True
    root = parse(source.data, path).tree.root_node
    for inner in files_behind_javascript(root, len(source.data), path, file.modules.node):
        reader, is_loaded = _first_reader(inner, file, seen)
        if reader is not None or is_loaded:
            return reader, is_loaded
    found = _read_in(path, "javascript")
    return (None, False) if found is None else ((path, found), False)


def _read_in(path: str, name: str) -> tuple[Span, str] | None:
    """Where the file reads the environment while it is loaded, and the text of that place."""
    source = read_source(path)
    if not isinstance(source, SourceText) or not (
        b"environ" in source.data or b"getenv" in source.data or b"process.env" in source.data
    ):
        return None
    if name == "python":
        from lint_rules.languages.python.grammar import parse

        node = first_read_python(parse(source.data).root_node, len(source.data))
    else:
        from lint_rules.languages.javascript.grammar import parse as parse_javascript

        node = first_read_javascript(parse_javascript(source.data, path).tree.root_node, len(source.data))
    if node is None:
        return None
    return source.span(node.start_byte, node.end_byte), source.text(node.start_byte, node.end_byte)


def _shown(path: str) -> str:
    """A file's name, with its folder where the name says nothing."""
    folder, name = os.path.split(path)
    return f"{os.path.basename(folder)}/{name}" if name.startswith(("index.", "__init__.")) else name


def _finding(
    file: PythonFile | JavaScriptFile,
    load: Node,
    early: Node,
    path: str,
    found: tuple[Span, str] | None,
    imported: str = "",
) -> Finding:
    if found is None:
        what = f"`{file.text(early)}` is read"
        related = (Related(file.path, file.span(early), "the environment is read here"),)
    else:
        by = f" by way of `{_shown(imported)}`" if imported not in ("", path) else ""
        what = f"`{_shown(path)}` is imported{by}, which reads `{found[1]}` while it is loaded"
        related = (Related(path, found[0], "the environment is read here"),)
    first_line = " ".join(file.text(load).splitlines()[0].split())[:60]
    is_python = file.path.endswith((".py", ".pyi"))
    advice = "call `load_dotenv()` above that import" if is_python else 'make `import "dotenv/config"` the first import'
    if found is None:
        advice = "load it first"
    return RULE.at(file, load, f"`{first_line}` runs after {what}; load the file first", advice, related=related)
