"""Neither the size nor the number of requests is limited.

What it finds: an application where a client may try passwords as often as it likes (routes such as `/login` and no
rate limit anywhere in the project), or send bodies of any size (bodies that are read whole with no limit, by a
framework that has none of its own, an upload without `limits`, a limit that is lifted). One finding, at the
application.

Why it matters: a list of leaked passwords is tried in an hour, and a handful of large bodies fill the memory of the
process.

Bad (python):

    from flask import Flask, request

    app = Flask(__name__)

    @app.post("/login")
    def login():
        return check(request.form["user"], request.form["password"])

Good (python):

    from flask import Flask, request
    from flask_limiter import Limiter
    from flask_limiter.util import get_remote_address

    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    limiter = Limiter(get_remote_address, app=app)

    @app.post("/login")
    @limiter.limit("5/minute")
    def login():
        return check(request.form["user"], request.form["password"])

Bad (javascript):

    const express = require("express");

    const app = express();
    app.use(express.json());
    app.post("/login", (req, res) => res.json(check(req.body)));
    app.listen(3000);

Good (javascript):

    const express = require("express");
    const rateLimit = require("express-rate-limit");

    const app = express();
    app.use(express.json({ limit: "10kb" }));
    app.post("/login", rateLimit({ windowMs: 60_000, limit: 5 }), (req, res) => res.json(check(req.body)));
    app.listen(3000);

How to fix it: a rate limit in front of everything that checks a password, a code or a token; a size limit where bodies
are read. `express.json`, Fastify, Hapi and Koa's parsers have one of their own.

Not seen: limits that a proxy in front sets, which is why the rule is opt-in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from lint_rules.families.e07_security.circumstances import is_for_show
from lint_rules.families.e07_security.weaknesses import FOLDER, references
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.tables import TableRow, name_table
from lint_rules.model import INFO, Finding, Notes, Rule, Span

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0719",
    "no-body-or-rate-limit",
    severity=INFO,
    summary="Nothing limits how often, or how much, a client sends",
    default=False,
    in_tests=False,
    references=references("TEN0719"),
)


class LimitNote(Struct, frozen=True, array_like=True):
    """What a file says: an "app" is made, there is a "login" route, bodies are "open", "rate" or "size" has a limit.

    `text` is the path of the route, or what reads the bodies; `rate` and `size` what to add for an app, `is_open` that
    its framework has no limit for bodies.
    """

    kind: str
    span: Span | None = None
    text: str = ""
    rate: str = ""
    size: str = ""
    is_open: bool = False


LIMITS = Notes("limits", LimitNote)

_APPS, _JS_APPS = name_table(FOLDER / "limits.toml", "python"), js_name_table(FOLDER / "limits.toml", "javascript")
_ROUTE = re.compile(
    rb"""\.\s*(?:post|put|patch|all|use|route|add_post|add_url_rule)\s*\(\s*["'`](?P<path>/?[^"'`\n]*)["'`]"""
    rb"""|(?:path|url)\s*:\s*["'`](?P<member>/[^"'`\n]*)["'`]|\b(?:re_)?path\(\s*r?["'](?P<django>[^"'\n]*)["']"""
    rb"""|@Post\(\s*["'`](?P<nest>[^"'`\n]*)["'`]|\(\s*r?["'](?P<tornado>/[^"'\n]*)["']\s*,\s*\w+Handler"""
)
_LOGIN = re.compile(
    rb"(?:^|[/_-])(?:log-?_?in|sign-?_?in|sign-?_?up|register|password|reset|forgot|otp|verify-?\w*|authenticate|token"
    rb"|2fa|mfa|sessions?)(?:[/_?<-]|$)",
    re.IGNORECASE,
)
_RATE = re.compile(
    rb"rate.?limit|limiter|throttl|slow.?down|express-?brute|bottleneck|ratelimit|axes\b|defender|RateLimit",
    re.IGNORECASE,
)
_SIZE = re.compile(
    rb"MAX_CONTENT_LENGTH|DATA_UPLOAD_MAX|content.length|max_body|client_max_size|ContentSizeLimit|maxBytes|bodyLimit"
    rb"|raw-body|\.length\s*>|fileSize|body_limit|max_content_length",
    re.IGNORECASE,
)
_LIFTED = re.compile(rb"""(?:limit|bodyLimit|fileSize|maxBytes)\s*:\s*(?:Infinity|["'](?:\d{3,}mb|\d+gb)["'])""")
_MULTER = re.compile(rb"\bmulter\(\s*(?:\)|\{(?![^}]*limits)[^}]*\})")
_COLLECTED = re.compile(rb"""\.on\(\s*["']data["']""")
_READ = re.compile(rb"get_json\(|request\.(?:json|form|files|data|body|get_data|stream)\b|UploadFile|get_data\(")
_JS_WORDS = (b"express", b"koa", b"fastify", b"hapi", b"createServer", b"NestFactory")
_WORDS = (*_JS_WORDS, b"Flask(", b"FastAPI(", b"Starlette(", b"Application(", b"Sanic(", b"Quart(", b"Litestar(")
_ASKED = ("imit", "hrottl", "login", "signin", "password", "multer", "content_length", "CONTENT_LENGTH", "axes")
_SUGGESTION = "add a rate limit in front of routes that check passwords, and a limit for the size of bodies"


def _of_any(file: PythonFile | JavaScriptFile) -> Iterator[LimitNote]:
    data = file.data
    if _RATE.search(data):
        yield LimitNote("rate")
    if _SIZE.search(data):
        yield LimitNote("size")
    for route in _ROUTE.finditer(data):
        path = next(group for group in route.groups() if group is not None)
        if _LOGIN.search(path):
            yield LimitNote("login", text="/" + path.decode("utf-8", "replace").lstrip("/^"))
            return


@LIMITS.of("python")
def limits_of_python(file: PythonFile) -> Iterator[LimitNote]:
    """Applications, routes and limits of a Python file."""
    from lint_rules.families.e07_security.reading_python import calls_of

    if is_for_show(file):
        return
    yield from _of_any(file)
    for call, row in calls_of(file, _APPS):
        yield _app(file.span(call), row)
    if (found := _READ.search(file.data)) is not None:
        yield LimitNote("open", text=found.group().decode().rstrip("("))


@LIMITS.of("javascript")
def limits_of_javascript(file: JavaScriptFile) -> Iterator[LimitNote]:
    """Applications, routes and limits of a JavaScript or TypeScript file."""
    from lint_rules.families.e07_security.reading_javascript import calls_of

    if is_for_show(file) or file.is_declaration or file.is_tooling:
        return
    yield from _of_any(file)
    for call, row in calls_of(file, _JS_APPS):
        yield _app(file.span(call), row)
    for pattern, kind in ((_LIFTED, "lifted"), (_MULTER, "lifted"), (_COLLECTED, "open")):
        if (found := pattern.search(file.data)) is not None:
            yield LimitNote(kind, text=" ".join(found.group().decode("utf-8", "replace").split())[:50].lstrip("."))


def _app(span: Span, row: TableRow) -> LimitNote:
    return LimitNote("app", span, "", row["rate"], row.get("size", "a limit"), row["body"] == "open")


@RULE.project(words=_WORDS, languages=("python", "javascript"), notes=(LIMITS,))
def check_project(project: Project) -> Iterator[Finding]:
    notes = [(module, note) for module, found in project.notes(LIMITS) for note in found]
    apps = [(module, note) for module, note in notes if note.kind == "app" and note.span is not None]
    if not apps:
        return
    project.asked_words.update(_ASKED)
    kinds = {note.kind for _, note in notes}
    login = next((note for _, note in notes if note.kind == "login"), None)
    lifted = next((note for _, note in notes if note.kind == "lifted"), None)
    is_read = next((note for _, note in notes if note.kind == "open"), None)
    module, app = next((one for one in apps if not one[1].is_open), apps[0])
    if app.is_open and lifted is None and "size" not in kinds:
        lifted = is_read
    wrong, add = [], []
    if login is not None and "rate" not in kinds:
        wrong.append(f"`{login.text}` can be tried without limit")
        add.append(app.rate)
    if lifted is not None:
        wrong.append(f"`{lifted.text}` takes bodies of any size")
        add.append(app.size)
    if wrong and app.span is not None:
        message = f"{' and '.join(wrong)}; add {' and '.join(add)}"
        yield RULE.finding(module.path, app.span, message, _SUGGESTION)
