"""Path relative to the working directory.

What it finds: a file or folder of the project, which lies beside the module, opened by a path that is relative to the
directory in which the process was started.

Why it matters: it works from the folder of the module and nowhere else. Under systemd, in a container with another
`WORKDIR`, or started from the root of the repository, the same code says "No such file or directory".

Bad (python):

    # file: mailer/templates/welcome.txt
    Welcome!
    # file: mailer/render.py
    def welcome() -> str:
        with open("templates/welcome.txt") as template:
            return template.read()

Good (python):

    # file: mailer/templates/welcome.txt
    Welcome!
    # file: mailer/render.py
    from pathlib import Path

    def welcome() -> str:
        with open(Path(__file__).parent / "templates/welcome.txt") as template:
            return template.read()

Bad (javascript):

    // file: templates/welcome.html
    <h1>Welcome</h1>
    // file: render.js
    const fs = require("fs");

    exports.welcome = () => fs.readFileSync("./templates/welcome.html", "utf8");

Good (javascript):

    // file: templates/welcome.html
    <h1>Welcome</h1>
    // file: render.js
    const fs = require("fs");
    const path = require("path");

    exports.welcome = () => fs.readFileSync(path.join(__dirname, "templates/welcome.html"), "utf8");

How to fix it: begin the path at the module, with `Path(__file__).parent`, `__dirname` or `import.meta.dirname`; or read
the folder from a setting.

Not seen: paths that are no literals, and files that lie elsewhere or are made when the process runs; scripts and tests.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e08_modules.external import is_plain_python
from lint_rules.languages.javascript import edits as javascript_edits
from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, bare, callee, string_value
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.javascript.selectors import Calls
from lint_rules.languages.python import edits as python_edits
from lint_rules.languages.python.expressions import called, last_name
from lint_rules.languages.python.scopes import text
from lint_rules.languages.tables import name_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import UNSAFE, WARNING, Finding, Fix, Rule
from lint_rules.project.disk import is_file, is_folder

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0809",
    "cwd-relative-path",
    severity=WARNING,
    summary="A file of the project is opened relative to the working directory",
    default=False,
    in_tests=False,
    fix=UNSAFE,
)

_TABLE = Path(__file__).parent / "opened_files.toml"
_PYTHON, _JAVASCRIPT = name_table(_TABLE, "python"), js_name_table(_TABLE, "javascript")
_LITERAL = re.compile(rb"\([^()\n]*[\"'][\w./-]*[\w-][\"']")
_JS_LITERAL = re.compile(rb"\(\s*[\"'`](?!/)[\w./-]+[\"'`]")
_PATH = re.compile(r"(?:\./)*[\w.-]+(?:/[\w.-]+)*/?")
_WRITES = re.compile(r"[wax]")


def _is_beside(written: str, path: str) -> bool:
    """Whether a relative path names a file or folder that lies beside a module."""
    if not _PATH.fullmatch(written) or written.startswith("..") or written.strip("./") == "":
        return False
    found = os.path.normpath(os.path.join(os.path.dirname(path), written))
    return is_file(found) or is_folder(found)


@RULE.files(WholeFile(_LITERAL), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if not is_plain_python(file):
        return
    names = {name.rpartition(".")[2] for name in _PYTHON}
    for call in file.nodes("call"):
        function = called(call)
        value = _path_of(call, function, names, file)
        if value is None or file.in_broken_code(call):
            continue
        shown = text(value)
        yield RULE.at(
            file,
            value,
            f"`{_content(value)}` is looked up from the working directory, but lies beside this module; "
            "begin at `Path(__file__).parent`",
            f"open `Path(__file__).parent / {shown}`, which is the same file wherever the process is started",
            fix=_python_fix(call, value, file),
        )


def _path_of(call: Node, function: Node, names: set[str], file: PythonFile) -> Node | None:
    last = last_name(function)
    if last not in names and file.names.symbol(function).rpartition(".")[2] not in names:
        return None
    row = _PYTHON.match(file.canonical(function), file.types)
    given = call.child_by_field_name("arguments")
    if row is None or given is None:
        return None
    values = [one for one in given.named_children if one.type != "comment"]
    mode = next((text(one) for one in values[1:2] if one.type == "string"), "")
    if last == "open" and _WRITES.search(mode.strip("\"'")):
        return None
    if last == "Path" and (len(values) != 1 or not _is_looked_up(call)):
        return None
    for place, argument in enumerate(values):
        key, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
        is_there = text(key) in row["arguments"] if key is not None else place in row["arguments"]
        literal = value if key is not None else argument
        if is_there and literal is not None and literal.type == "string" and _is_beside(_content(literal), file.path):
            return literal
    return None


def _is_looked_up(path: Node) -> bool:
    """Whether a path is asked for its file, or given a name; not where it only is a part of another one."""
    parent = path.parent
    while parent is not None and parent.type in ("binary_operator", "parenthesized_expression"):
        parent = parent.parent
    return parent is not None and parent.type in ("attribute", "assignment")


def _content(literal: Node) -> str:
    parts = literal.named_children
    if any(one.type == "interpolation" for one in parts):
        return ""
    return "".join(text(one) for one in parts if one.type == "string_content")


def _python_fix(call: Node, value: Node, file: PythonFile) -> Fix | None:
    function = called(call)
    if last_name(function) == "Path":
        made = f"{text(function)}(__file__).parent.joinpath({text(value)})"
        edit = python_edits.replace_text(file, call.start_byte, call.end_byte, made)
        return Fix("Begin at the module", (edit,), UNSAFE)
    found = python_edits.import_edits(file, "pathlib")
    is_imported = file.resolve(file.names.name("Path", value.start_byte)) == "pathlib.Path"
    if not is_imported and found is None:
        return None
    name, added = ("", ()) if is_imported or found is None else (f"{found[0]}.", found[1])
    base = f"{name}Path(__file__).parent / {text(value)}"
    edit = python_edits.replace_text(file, value.start_byte, value.end_byte, base)
    return Fix("Begin at the module", (edit, *added), UNSAFE)


@RULE.javascript(Calls(_JAVASCRIPT, trigger=_JS_LITERAL, kinds=CALL_KINDS))
def check_javascript(call: Node, file: JavaScriptFile) -> Iterator[Finding]:
    given = arguments(call)
    value = bare(given[0]) if given else None
    written = string_value(value) if value is not None else None
    if value is None or written is None or file.is_tooling or not _is_beside(written, file.path):
        return
    function = callee(call)
    base = "import.meta.dirname" if file.is_module else "__dirname"
    opened = file.text(function) if function is not None else "it"
    yield RULE.at(
        file,
        value,
        f"`{written}` is looked up from the working directory by `{opened}`, but lies beside this module; "
        f"begin at `{base}`",
        f"use `path.join({base}, {file.text(value)})`, which is the same file wherever the process is started",
        fix=_javascript_fix(value, written, base, file),
    )


def _javascript_fix(value: Node, written: str, base: str, file: JavaScriptFile) -> Fix | None:
    if file.path.endswith((".ts", ".mts", ".cts", ".tsx")):
        return None  # what the compiler writes may lie elsewhere
    relative = os.path.normpath(written)
    imported = file.scopes.binding("path", value.start_byte)
    is_path = imported is not None and file.resolve(file.names.name("path", value.start_byte)) == "path"
    made = f'path.join({base}, "{relative}")' if is_path else f"`${{{base}}}/{relative}`"
    edit = javascript_edits.replace(file, value.start_byte, value.end_byte, made)
    return Fix("Begin at the module", (edit,), UNSAFE)
