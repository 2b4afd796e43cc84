"""Other sites may read the answers.

What it finds: CORS that allows every origin, by `*`, by a pattern or function that approves of all, by the default of a
library, or by sending back the request's own origin; an error where cookies go along.

Why it matters: a page that the user happens to visit calls the service in the user's name or from inside the user's
network and reads what it answers.

Bad (python):

    from fastapi import FastAPI
    from fastapi.middleware.cors import CORSMiddleware

    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)

Good (python):

    from fastapi import FastAPI
    from fastapi.middleware.cors import CORSMiddleware

    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example.com"], allow_credentials=True)

Bad (javascript):

    const cors = require("cors");
    const express = require("express");

    const app = express();
    app.use(cors({ origin: true, credentials: true }));

Good (javascript):

    const cors = require("cors");
    const express = require("express");

    const app = express();
    app.use(cors({ origin: ["https://shop.example.com"], credentials: true }));

How to fix it: name the origins that call the service; for public data without cookies, ignore the finding where it is
meant.

Not seen: origins from settings or the environment; functions that decide. Quiet about branches for development.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import (
    in_development_branch,
    is_for_development,
    is_for_show,
    short,
    source,
)  # fmt: skip
from lint_rules.families.e07_security.meant_for_all import HEADER, is_meant
from lint_rules.families.e07_security.weaknesses import FOLDER, references
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.tables import name_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import ERROR, WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.languages.tables import TableRow

RULE = Rule(
    "TEN0711",
    "permissive-cors",
    severity=WARNING,
    summary="Every site may read what the service answers",
    in_tests=False,
    references=references("TEN0711"),
)

_TABLE = FOLDER / "cors.toml"
_CALLS, _JS_CALLS = name_table(_TABLE, "python"), js_name_table(_TABLE, "javascript")
_JS_PLUGINS = js_name_table(_TABLE, "javascript_plugin")
_ANY = re.compile(r"^(?:\*|\.\*|\^?\.[*+]\$?|\^?https?\??://\.[*+]\$?)$")
_WORDS = re.compile(rb"(?i:cors|access-control-allow-origin)|cross_origin")
_CREDENTIALS = re.compile(rb"(?i)allow-credentials")
_DJANGO = ("CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL")
_INSTEAD = "name the origins that call it"
_SUGGESTION = "list the origins that may call the service"


def _finding(file: PythonFile | JavaScriptFile, place: Node, what: str, *, credentials: bool) -> Finding:
    wrong = f"{what} lets every site read answers" + (" in the user's name" if credentials else "")
    severity = ERROR if credentials else WARNING
    return RULE.at(file, place, f"{wrong}; {_INSTEAD}", _SUGGESTION, severity=severity)


@RULE.files(WholeFile(_WORDS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if is_for_show(file) or is_for_development(file):
        return
    for place, what, credentials in (*_python_calls(file), *_python_settings(file), *_python_headers(file)):
        if not in_development_branch(place) and not is_meant(place, credentials=credentials):
            yield _finding(file, place, what, credentials=credentials)


def _python_calls(file: PythonFile) -> Iterator[tuple[Node, str, bool]]:
    from lint_rules.families.e07_security.reading_python import (
        argument,
        constant,
        entries,
        has_splat,
        resolved,
        unpacked,
    )

    for call in file.nodes("call"):
        row = _cors_row(call, file)
        if row is None or file.in_broken_code(call):
            continue
        seen = unpacked(call, file) if has_splat(call) else {}
        allowed = [given for name in row["origins"] if (given := argument(call, name) or seen.get(name)) is not None]
        resources = entries(resolved(argument(call, "resources") or seen.get("resources"), file))
        for resource in resources.values():
            origins = entries(resolved(resource, file)).get("origins")
            allowed.extend([origins] if origins is not None else [])
        is_default = row["open_by_default"] and not allowed and argument(call, "resources") is None
        if (is_default and not has_splat(call)) or any(_is_any(one, file) for one in allowed):
            credentials = any(
                constant(argument(call, name) or seen.get(name), file) == "True" for name in row["credentials"]
            )
            yield call, f"`{short(call)}`", credentials


def _python_headers(file: PythonFile) -> Iterator[tuple[Node, str, bool]]:
    """`set_header("Access-Control-Allow-Origin", "*")`, a dict of headers, the origins of aiohttp_cors."""
    from lint_rules.families.e07_security.reading_python import argument, called_name, constant, string_text

    for call in file.nodes("call"):
        if called_name(call) in ("set_header", "send_header", "add_header", "setdefault", "add"):
            name, given = argument(call, "0"), argument(call, "1")
            if name is not None and given is not None and (string_text(name) or "").lower() == HEADER:
                reflected = file.request_data.read(given) is not None
                if string_text(given) == "*" or reflected:
                    yield call, f"`{short(call)}`", reflected
    for pair in file.nodes("pair"):
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        name_of_key = (string_text(key) or "").lower() if key is not None and value is not None else ""
        if value is None or not name_of_key:
            continue
        if name_of_key == HEADER and string_text(value) == "*":
            yield pair, f"`{short(pair)}`", False
        elif name_of_key == "*" and value.type == "call" and called_name(value) == "ResourceOptions":
            yield value, f"`{short(pair)}`", constant(argument(value, "allow_credentials"), file) == "True"


def _cors_row(call: Node, file: PythonFile) -> TableRow | None:
    """The row of what is called, or of the class that `add_middleware` or `Middleware` is given."""
    from lint_rules.families.e07_security.reading_python import argument, called_name

    function: Node | None = call.child_by_field_name("function")
    if called_name(call) in ("add_middleware", "Middleware"):
        function = argument(call, "0", "middleware_class")
    return _CALLS.match(file.canonical(function), file.types) if function is not None else None


def _is_any(node: Node, file: PythonFile) -> bool:
    from lint_rules.families.e07_security.reading_python import resolved, strings

    return any(_ANY.match(one) for one in strings(resolved(node, file)))


def _python_settings(file: PythonFile) -> Iterator[tuple[Node, str, bool]]:
    from lint_rules.families.e07_security.reading_python import assignments, constant, string_text

    for name, target, value in assignments(file):
        if name in _DJANGO and constant(value, file) == "True":
            credentials = re.search(rb"(?m)^CORS_ALLOW_CREDENTIALS\s*=\s*True", file.data) is not None
            yield target.parent or target, f"`{name} = True`", credentials
        elif name.lower() == HEADER and target.type == "subscript":
            reflected = file.request_data.read(value) is not None
            if string_text(value) == "*" or reflected:
                yield target.parent or target, f"`{name}: {short(value)}`", reflected


@RULE.files(WholeFile(_WORDS), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if is_for_show(file) or is_for_development(file) or file.is_declaration:
        return
    for place, what, credentials in (*_js_calls(file), *_js_headers(file), *_of_hapi(file)):
        if not in_development_branch(place) and not is_meant(place, credentials=credentials):
            yield _finding(file, place, what, credentials=credentials)


_APPROVING = re.compile(
    r"\{? ?(?:return )?\w+\(null, ?(?:true|origin)\);? ?\}?|true|\{ return true;? \}"
    r"|(?:\{ ?return )?ctx\.(?:(?:request\.)?(?:get\(['\"][oO]rigin['\"]\)|headers?\.origin));?(?: ?\})?"
)
"""What a function answers that allows every origin: `callback(null, true)`, `ctx.get("Origin")`."""


def _js_calls(file: JavaScriptFile) -> Iterator[tuple[Node, str, bool]]:
    from lint_rules.families.e07_security.reading_javascript import called_name, calls, constant, options
    from lint_rules.languages.javascript.grammar import arguments, callee

    for call in calls(file):
        function, given = callee(call), arguments(call)
        if function is None:
            continue
        position, is_open = -1, False
        if _JS_CALLS.match(file.canonical(function), file.types) is not None:
            position, is_open = 0, True
        elif called_name(call) == "register" and given:
            is_plugin = _JS_PLUGINS.match(file.canonical(given[0]), file.types) is not None
            position = 1 if is_plugin or "@fastify/cors" in source(given[0]) else -1
        elif called_name(call) == "enableCors":
            position, is_open = 0, True
        elif (called_name(call) in ("Server", "create", "createServer", "default") and len(given) > 1) or (
            called_name(call) == "WebSocketGateway" and given
        ):
            members = options(given[-1], file) or {}
            cors = members.get("cors")
            found = options(cors, file) if cors is not None else None
            if cors is not None and (constant(cors, file) == "true" or (found and _is_open(found.get("origin"), file))):
                yield call, f"`cors: {short(cors)}`", _has_credentials(found or {}, file)
            continue
        if position < 0:
            continue
        if len(given) <= position:
            if is_open:
                yield call, f"`{short(call)}`", False
            continue
        found = options(given[position], file)
        if found is None or "..." in found:
            continue
        if ("origin" not in found and is_open) or _is_open(found.get("origin"), file):
            yield call, f"`{short(call)}`", _has_credentials(found, file)


def _of_hapi(file: JavaScriptFile) -> Iterator[tuple[Node, str, bool]]:
    """`cors: true` and `cors: { origin: ["*"] }` of Hapi's servers and routes; without origins all are allowed."""
    from lint_rules.families.e07_security.reading_javascript import constant, key_name, options

    for pair in file.nodes("pair") if b"hapi" in file.data else ():
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is None or value is None or key_name(key) != "cors":
            continue
        found = options(value, file)
        is_open = constant(value, file) == "true"
        if found is not None and "..." not in found and constant(found.get("origin"), file) != "ignore":
            is_open = "origin" not in found or _is_open(found["origin"], file)
        if is_open:
            yield pair, f"`{short(pair)}`", _has_credentials(found or {}, file)


def _has_credentials(members: dict[str, Node], file: JavaScriptFile) -> bool:
    from lint_rules.families.e07_security.reading_javascript import constant

    return constant(members.get("credentials"), file) == "true"


def _is_open(origin: Node | None, file: JavaScriptFile) -> bool:
    from lint_rules.families.e07_security.reading_javascript import constant, resolved
    from lint_rules.languages.javascript.binding import parameter_nodes
    from lint_rules.languages.javascript.grammar import named, string_value

    value = resolved(origin, file)
    if value is None:
        return False
    if constant(value, file) in ("*", "true"):
        return True
    if value.type == "array":
        return any(string_value(one) == "*" for one in named(value))
    if value.type == "regex":
        return _ANY.match(source(value).strip("/")) is not None
    if value.type not in ("arrow_function", "function_expression", "method_definition"):
        return False
    body = value.child_by_field_name("body")
    written = " ".join(source(body).split()) if body is not None else ""
    parameters = parameter_nodes(value)
    if len(parameters) == 1 and written == source(parameters[0].child_by_field_name("pattern") or parameters[0]):
        return True  # `(origin) => origin`
    return _APPROVING.fullmatch(written) is not None


def _js_headers(file: JavaScriptFile) -> Iterator[tuple[Node, str, bool]]:
    """`res.setHeader("Access-Control-Allow-Origin", "*")`, and the same as a member of an object of headers."""
    from lint_rules.families.e07_security.reading_javascript import called_name, calls, constant, key_name
    from lint_rules.languages.javascript.grammar import arguments, string_value

    for call in calls(file):
        given = arguments(call)
        if called_name(call) not in ("setHeader", "header", "set", "append", "writeHead") or len(given) != 2:
            continue
        if (string_value(given[0]) or "").lower() == HEADER:
            reflected = _reflects(given[1], file)
            if constant(given[1], file) == "*" or reflected:
                yield call, f"`{short(call)}`", reflected and _CREDENTIALS.search(file.data) is not None
    for pair in file.nodes("pair"):
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is None or value is None or key_name(key).lower() != HEADER:
            continue
        reflected = _reflects(value, file)
        if constant(value, file) == "*" or reflected:
            yield pair, f"`{short(pair)}`", reflected and _CREDENTIALS.search(file.data) is not None


def _reflects(value: Node, file: JavaScriptFile) -> bool:
    from lint_rules.families.e07_security.reading_javascript import function_around

    if not file.reads_request(value):
        return False
    around = function_around(value)
    return (
        around is None or re.search(r"includes\(|indexOf\(|\.has\(|\.test\(|allowed|whitelist", source(around)) is None
    )
