"""Hardcoded configuration.

What it finds: a port, host, database name or URL that is a literal (or a constant bound to one) where a server starts
to listen or a client of a database, cache, broker or other service is made. One finding a call.

Why it matters: the value is right on one machine. In a container the port is given by the platform and the database
is not on `localhost`, so the service starts and answers nobody, or a test environment talks to the database of
production.

Bad (python):

    import redis

    cache = redis.Redis(host="cache-1.internal", port=6380)

Good (python):

    import os

    import redis

    cache = redis.Redis(host=os.environ.get("REDIS_HOST", "localhost"), port=int(os.environ.get("REDIS_PORT", "6379")))

Bad (javascript):

    const express = require("express");

    const app = express();

    app.listen(3000);

Good (javascript):

    const express = require("express");

    const app = express();

    app.listen(process.env.PORT || 3000);

How to fix it: read the value from the environment, with the literal as the default for development.

Not seen: values that come from another file or a settings object; addresses of all interfaces (`0.0.0.0`) and port 0;
the standard port of a protocol beside a host that is read from the environment; URLs of public services; development
servers with `debug=True`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lint_rules.families.e09_secrets import config_javascript, config_python
from lint_rules.families.e09_secrets.credentials_in_url import secret_urls
from lint_rules.families.e09_secrets.literal_arguments import Given, counts
from lint_rules.families.e09_secrets.quiet import is_for_show
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.tables import NameTable, TableRow, name_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import UNSAFE, WARNING, Edit, Finding, Fix, Rule

if TYPE_CHECKING:
    from tree_sitter import Node

    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0905",
    "hardcoded-config",
    severity=WARNING,
    summary="Host, port or URL of a server or client is a literal",
    in_tests=False,
    fix=UNSAFE,
    references={"The twelve-factor app, III": "https://12factor.net/config"},
)

_TABLE = Path(__file__).parent / "configuration.toml"
PYTHON = name_table(_TABLE, "python")
JAVASCRIPT = js_name_table(_TABLE, "javascript")


def _calls(names: NameTable[TableRow], *more: str) -> re.Pattern[bytes]:
    last = sorted({name.rpartition(".")[2].split("/")[-1] for name in names} | set(more))
    return re.compile(rb"\b(?:" + "|".join(map(re.escape, last)).encode() + rb")\s*(?:<[\w, ]*>)?\(\s*[^\s)]")


_PYTHON_CALLS = _calls(PYTHON)
# A module whose export is called has the name that the file gives it.
_JAVASCRIPT_CALLS = _calls(JAVASCRIPT, "Redis", "IORedis", "Queue", "Bull", "Knex", "Koa", "sql")


# Searching for one of these first is cheaper: what is configured is a host, a port, a URL, or one of few other things.
_SETTINGS = (
    b"port",
    b"://",
    b"host",
    b"listen(",
    b"database",
    b"dbname",
    b"ucket",
    b"channel(",
    b"SMTP",
    b".db(",
    b"brokers",
)


# `import` holds "port".
_SETTINGS_OF_PYTHON = (
    *_SETTINGS[1:],
    b"port=",
    b"IMAP",
    b"FTP",
    b"connect(",
    b"bind(",
    b"start_server(",
    b"MongoClient(",
    b"PORT",
)


@RULE.files(WholeFile(_PYTHON_CALLS, _SETTINGS_OF_PYTHON), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if is_for_show(file):
        return
    for call in config_python.calls_at(file, (found.end() - 1 for found in _PYTHON_CALLS.finditer(file.data))):
        function = call.child_by_field_name("function")
        row = PYTHON.match(file.canonical(function), file.types) if function is not None else None
        if row is None or config_python.is_development(call):
            continue
        literals = [
            one for one in config_python.given(call, row["settings"], file) if counts(one, is_server=not row["env"])
        ]
        yield from _finding(file, call, file.text(function), literals, row["env"])  # type: ignore[arg-type]


@RULE.files(WholeFile(_JAVASCRIPT_CALLS, _SETTINGS), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if is_for_show(file) or file.is_tooling:
        return
    for call in config_javascript.calls_at(file, (found.end() - 1 for found in _JAVASCRIPT_CALLS.finditer(file.data))):
        function = config_javascript.callee(call)
        if function is None:
            continue
        row = JAVASCRIPT.match(file.canonical(function), file.types)
        if row is None or config_javascript.serves_once(call, file):
            continue
        literals = [
            one for one in config_javascript.given(call, row["settings"], file) if counts(one, is_server=not row["env"])
        ]
        yield from _finding(file, call, file.text(function), literals, row["env"])


def _finding(
    file: PythonFile | JavaScriptFile, call: Node, called: str, literals: list[Given], prefix: str
) -> Iterator[Finding]:
    """One finding for a call; a standard port alone says nothing."""
    if not any(not one.is_standard for one in literals):
        return
    if any(next(secret_urls(one.value.encode()), None) is not None for one in literals):
        return  # TEN0903
    is_python = file.path.endswith((".py", ".pyi"))
    prefix = (_bound_to(call, file) or prefix) if prefix == "API" else prefix
    variables = [_variable(one, prefix) for one in literals]
    listed = " and ".join(dict.fromkeys(one.argument for one in literals))
    look_up = f'os.environ.get("{variables[0]}")' if is_python else f"process.env.{variables[0]}"
    edits = [
        edit
        for one, variable in zip(literals, variables, strict=True)
        if (edit := _edit(file, one, variable)) is not None
    ]
    fix = None
    if len(edits) == len(literals):
        imports: tuple[Edit, ...] | None = ()
        if is_python:
            imports = config_python.import_of_os(file)  # type: ignore[arg-type]
        if imports is not None:
            fix = Fix("Read it from the environment, with the literal as default", (*imports, *edits), UNSAFE)
    name = " ".join(called.split())
    yield RULE.at(
        file,
        call,
        f"`{name}()` has a literal {listed}; read it from the environment",
        f"read `{look_up}`, with the literal as the default for development",
        fix=fix,
    )


def _bound_to(call: Node, file: PythonFile | JavaScriptFile) -> str:
    """What the client is called, since a service has several: `CARRIER` for `carrier = axios.create(...)`."""
    parent = call.parent
    name = parent.child_by_field_name("left") or parent.child_by_field_name("name") if parent is not None else None
    if name is None or name.type != "identifier":
        return ""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", file.text(name)).upper().strip("_")


def _variable(given: Given, prefix: str) -> str:
    """The environment variable for a setting: `REDIS_HOST`, `PORT`, `DATABASE_URL`."""
    last = given.argument.upper().rpartition(".")[2] if not given.kind.endswith("url") else "URL"
    last = {"DBNAME": "NAME", "DATABASE": "NAME", "DB": "NAME", "BOOTSTRAP_SERVERS": "SERVERS"}.get(last, last)
    return f"{prefix}_{last}" if prefix else last


def _edit(file: PythonFile | JavaScriptFile, given: Given, variable: str) -> Edit | None:
    """The look-up in place of a literal, with the literal as default."""
    written = file.source.text(given.start, given.end)
    if "\n" in written or not given.is_plain:
        return None
    if file.path.endswith((".py", ".pyi")):
        text = (
            f'int(os.environ.get("{variable}", "{written}"))'
            if given.is_number
            else f'os.environ.get("{variable}", {written})'
        )
    elif given.is_number and given.kind == "port" and not file.path.endswith((".js", ".cjs", ".mjs", ".jsx")):
        text = f"Number(process.env.{variable} || {written})"
    else:
        text = f"process.env.{variable} || {written}"
    return Edit(file.source.span(given.start, given.end), text)
