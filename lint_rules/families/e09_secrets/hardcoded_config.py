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
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lint_rules.families.e09_secrets import config_javascript, config_python
from lint_rules.families.e09_secrets.config_calls import WrittenCalls
from lint_rules.families.e09_secrets.credentials_in_url import secret_urls
from lint_rules.families.e09_secrets.literal_arguments import Given, counts
from lint_rules.families.e09_secrets.quiet import is_for_show, is_service
from lint_rules.families.e09_secrets.read_python import is_demonstration
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.tables import name_table, read_table
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


# What is configured is a host, a port, a URL, or one of few other things.
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


_ROWS = read_table(_TABLE)
_PYTHON_CALLS = WrittenCalls(_ROWS["python"], _SETTINGS_OF_PYTHON)
# A module whose export is called has the name that the file gives it.
_NAMES_OF_MODULES = ("Redis", "IORedis", "Queue", "Bull", "Knex", "Koa", "sql")
_JAVASCRIPT_CALLS = WrittenCalls(_ROWS["javascript"], _SETTINGS, _NAMES_OF_MODULES)


@RULE.files(WholeFile(_PYTHON_CALLS.may_be_in, early=is_service), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if is_for_show(file):
        return
    for name, call in config_python.calls_at(file, _PYTHON_CALLS.in_file(file.data)):
        function = call.child_by_field_name("function")
        if function is None or not _holds_literal(_PYTHON_CALLS, name, partial(config_python.given, call, file)):
            continue
        row = PYTHON.match(file.canonical(function), file.types)
        if row is None or config_python.is_development(call) or is_demonstration(call):
            continue
        literals = _counting(config_python.given(call, file, row["settings"]), is_server=not row["env"])
        yield from _finding(file, call, file.text(function), literals, row["env"])


@RULE.files(WholeFile(_JAVASCRIPT_CALLS.may_be_in, early=is_service), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if is_for_show(file) or file.is_tooling:
        return
    for name, call in config_javascript.calls_at(file, _JAVASCRIPT_CALLS.in_file(file.data)):
        function = config_javascript.callee(call)
        if function is None or not _holds_literal(
            _JAVASCRIPT_CALLS, name, partial(config_javascript.given, call, file)
        ):
            continue
        row = JAVASCRIPT.match(file.canonical(function), file.types)
        if row is None or config_javascript.serves_once(call, file):
            continue
        literals = _counting(config_javascript.given(call, file, row["settings"]), is_server=not row["env"])
        yield from _finding(file, call, file.text(function), literals, row["env"])


def _counting(literals: Iterable[Given], *, is_server: bool) -> list[Given]:
    return [one for one in literals if counts(one, is_server=is_server)]


def _holds_literal(calls: WrittenCalls, name: str, given: Callable[[Mapping[str, str]], Iterable[Given]]) -> bool:
    """Whether an argument is a literal that may count, whatever the call turns out to be."""
    return any(
        counts(one, is_server=False) and not one.is_standard
        for settings in calls.variants(name) for one in given(settings)
    )  # fmt: skip


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
    if len(name) > _LONGEST_NAME:  # `net.createServer((socket) => { ... }).listen`
        name = name.rpartition(".")[2]
    yield RULE.at(
        file,
        call,
        f"`{name}()` has a literal {listed}; read it from the environment",
        f"read `{look_up}`, with the literal as the default for development",
        fix=fix,
    )


_LONGEST_NAME = 60


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
