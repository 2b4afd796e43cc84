"""Session cookie without protection.

What it finds: cookies of sessions and tokens that scripts can read (no `httponly`) or that go over plain HTTP (no
`secure`): `set_cookie`, `res.cookie`, `Set-Cookie` as text, the options of session middleware, and settings of Django
and Flask that switch either off.

Why it matters: one script in one page takes the session along; one request over HTTP shows it to everybody on the way.

Bad (python):

    from flask import Flask, make_response

    app = Flask(__name__)

    @app.post("/login")
    def login():
        response = make_response("welcome")
        response.set_cookie("session_token", create_session())
        return response

Good (python):

    from flask import Flask, make_response

    app = Flask(__name__)

    @app.post("/login")
    def login():
        response = make_response("welcome")
        response.set_cookie("session_token", create_session(), httponly=True, secure=True, samesite="Lax")
        return response

Bad (javascript):

    const express = require("express");
    const session = require("express-session");

    const app = express();
    app.use(session({ secret: process.env.SESSION_SECRET, cookie: { secure: false } }));

Good (javascript):

    const express = require("express");
    const session = require("express-session");

    const app = express();
    app.use(session({ secret: process.env.SESSION_SECRET, cookie: { secure: true, sameSite: "lax" } }));

How to fix it: `httpOnly`, `secure` and `sameSite` on every cookie that stands for a user.

Not seen: cookies whose name does not say that they are a session's (unless a flag is switched off by hand), options
from settings. Quiet about cookies that scripts must read (CSRF tokens, language, theme) and about ones that are
deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import (
    in_branch_about,
    in_development_branch,
    is_for_development,
    is_for_show,
    source,
)  # fmt: skip
from lint_rules.families.e07_security.weaknesses import references
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0712",
    "insecure-cookie",
    severity=WARNING,
    summary="The cookie of a session can be read by scripts, or goes over plain HTTP",
    in_tests=False,
    references=references("TEN0712"),
)

_SESSION = re.compile(
    r"session|(?<![a-z])sess(?![a-z])|(?<![a-z])sid(?![a-z])|token|auth(?!or)|jwt|remember|credential|(?<![a-z])user(?:_?id)?$"
    r"|bearer|login|identity", re.IGNORECASE,
)  # fmt: skip
_OPEN = re.compile(
    r"csrf|xsrf|lang|locale|theme|consent|timezone|flash|state|nonce|verifier|redirect|expir", re.IGNORECASE
)
_TELLING = re.compile(
    r"(?:await )?(?:\w+\.)*\w*(?:[tT]oken|[jJ]wt|[sS]ession|jwtSign|signToken)(?:[iI][dD])?(?:\([^()]*\))?"
)
"""Values that say by their name what is in the cookie."""
_WORDS = re.compile(rb"(?i:cookie)|SessionMiddleware|session\(|\.state\(")
_SETTINGS = frozenset({
    "SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "CSRF_COOKIE_SECURE", "REMEMBER_COOKIE_SECURE",
    "REMEMBER_COOKIE_HTTPONLY", "JWT_COOKIE_SECURE",
})  # fmt: skip
_NO_NAMES = frozenset({"self", "handler", "request", "response", "req", "resp", "ctx", "context"})
"""What a method of the project's own is given first, and a framework's never."""
_PLAIN_HTTP = re.compile(r"https|\bssl|_ssl|\btls|_tls", re.IGNORECASE)
"""Conditions by which an operator says that there is no HTTPS."""
_SUGGESTION = "set `httponly`, `secure` and `samesite` on the cookie"
_JS_SUGGESTION = "set `httpOnly`, `secure` and `sameSite` on the cookie"


def _wrong(missing: list[str], off: list[str], name: str, shown: str = "") -> str:
    """The message for a cookie; "" if it is in order. `off` are the flags that are switched off by hand; `shown` is
    what the source has for its name.
    """
    if _OPEN.search(name) or not (missing or off):
        return ""
    if not off and not _SESSION.search(name):
        return ""
    if name and not _SESSION.search(name) and not re.search(r"^\W|id$", name):
        return ""
    flags = " and ".join(f"`{flag}`" for flag in (*off, *missing))
    return f"the cookie `{shown or name}` goes without {flags}; set {'them' if ' and ' in flags else 'it'}"


@RULE.files(WholeFile(_WORDS), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if is_for_show(file) or is_for_development(file):
        return
    for place, wrong in (*_python_cookies(file), *_python_settings(file)):
        if wrong and not in_development_branch(place) and not in_branch_about(_PLAIN_HTTP, place):
            yield RULE.at(file, place, wrong, _SUGGESTION)


def _python_cookies(file: PythonFile) -> Iterator[tuple[Node, str]]:
    from lint_rules.families.e07_security.reading_python import argument, called_name, constant, has_splat

    for call in file.nodes("call"):
        called = called_name(call)
        if file.in_broken_code(call) or has_splat(call):
            continue
        if (
            called in ("set_cookie", "set_secure_cookie", "set_signed_cookie")
            and argument(call, "1", "value") is not None
            and not _is_of_project(call, file)
        ):
            named = argument(call, "0", "key", "name")
            if named is not None and source(named) in _NO_NAMES:
                continue
            name = constant(named, file)
            shown = name if named is None or named.type == "string" else source(named)
            values = {flag: argument(call, flag) for flag in ("httponly", "secure")}
            missing = [flag for flag, value in values.items() if value is None]
            off = [flag for flag, value in values.items() if constant(value, file) == "False"]
            if constant(argument(call, "max_age"), file) != "0":
                yield call, _wrong(missing, off, name, shown)
        elif called in ("add_middleware", "Middleware"):
            first = argument(call, "0")
            is_session = (
                first is not None and file.canonical(first) == "starlette.middleware.sessions.SessionMiddleware"
            )
            if is_session and constant(argument(call, "https_only"), file) in ("", "False"):
                given = argument(call, "https_only")
                if given is None or constant(given, file) == "False":
                    yield call, "the session's cookie goes over plain HTTP; set `https_only=True`"


def _is_of_project(call: Node, file: PythonFile) -> bool:
    """Whether a call is one of a function of the project, which sets the cookie somewhere else."""
    function = call.child_by_field_name("function")
    return function is not None and file.function(function) is not None


def _python_settings(file: PythonFile) -> Iterator[tuple[Node, str]]:
    from lint_rules.families.e07_security.reading_python import assignments, constant, is_django_settings

    for name, target, value in assignments(file):
        if name not in _SETTINGS or constant(value, file) != "False":
            continue
        is_config = target.type == "subscript" and "config" in source(target)
        in_class = target.type == "identifier" and file.scope(target).kind == "class"
        if is_config or in_class or (target.type == "identifier" and is_django_settings(file)):
            who = "scripts can read the cookie" if name.endswith("HTTPONLY") else "the cookie goes over plain HTTP"
            yield target.parent or target, f"`{name} = False`: {who}; leave it on"
    for keyword in file.nodes("keyword_argument"):
        key, setting = keyword.child_by_field_name("name"), keyword.child_by_field_name("value")
        call = keyword.parent.parent if keyword.parent is not None else None
        if key is None or setting is None or call is None or source(key) not in _SETTINGS:
            continue
        if constant(setting, file) == "False" and "config." in source(call.child_by_field_name("function") or call):
            who = (
                "scripts can read the cookie" if source(key).endswith("HTTPONLY") else "the cookie goes over plain HTTP"
            )
            yield keyword, f"`{source(key)} = False`: {who}; leave it on"


@RULE.files(WholeFile(_WORDS), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    if is_for_show(file) or is_for_development(file) or file.is_declaration:
        return
    for place, wrong in (*_js_cookies(file), *_js_texts(file)):
        if wrong and not in_development_branch(place) and not in_branch_about(_PLAIN_HTTP, place):
            yield RULE.at(file, place, wrong, _JS_SUGGESTION)


def _js_cookies(file: JavaScriptFile) -> Iterator[tuple[Node, str]]:
    from lint_rules.families.e07_security.reading_javascript import called_name, calls, constant, options
    from lint_rules.languages.javascript.grammar import arguments, callee

    for call in calls(file):
        function, given = callee(call), arguments(call)
        called = called_name(call)
        if function is None:
            continue
        if called in ("setCookie", "setSignedCookie") and file.canonical(function).startswith("hono/cookie."):
            given = given[1:] if called == "setCookie" else given[1:3] + given[4:]
            members = options(given[2], file) if len(given) > 2 else {}
            name = constant(given[0], file) if given else ""
            if members is not None and "..." not in members and name:
                yield call, _wrong(*_flags(members, file, ("httpOnly", "secure")), name)
        elif called in ("cookie", "setCookie") and len(given) >= 2 and function.type == "member_expression":
            members = options(given[2], file) if len(given) > 2 else {}
            name = constant(given[0], file)
            if (
                members is not None
                and "..." not in members
                and "maxAge" in members
                and constant(members["maxAge"], file) == "0"
            ):
                continue
            if members is not None and "..." not in members and name:
                is_told = _SESSION.search(name) is not None or _TELLING.fullmatch(source(given[1])) is None
                named = name if is_told else f"{name}: {source(given[1])}"
                yield call, _wrong(*_flags(members, file, ("httpOnly", "secure")), named, name)
        elif called == "set" and re.search(r"cookies(?:\(\))?\)?\.set$", source(function)) and len(given) > 2:
            members = options(given[2], file)
            name = constant(given[0], file)
            if members is not None and name:
                yield call, _wrong([], _flags(members, file, ("httpOnly", "secure"))[1], name)
        elif called == "strategy" and len(given) == 3 and constant(given[1], file) == "cookie":
            cookie = (options(given[2], file) or {}).get("cookie")
            members = options(cookie, file) if cookie is not None else None
            if members is not None:
                name = constant(members["name"], file) if "name" in members else "sid"
                yield (
                    cookie or call,
                    _wrong([], _flags(members, file, ("isHttpOnly", "isSecure"))[1], f"{name}id", name),
                )
        elif called == "state" and len(given) == 2 and b"hapi" in file.data:
            members = options(given[1], file)
            name = constant(given[0], file)
            if members is not None and name:
                yield call, _wrong([], _flags(members, file, ("isHttpOnly", "isSecure"))[1], name)
        else:
            canonical = file.canonical(function)
            if canonical in ("express-session", "express-session.default", "koa-session", "cookie-session") and given:
                yield call, _session(canonical, options(given[0], file), file)


def _session(library: str, members: Mapping[str, Node] | None, file: JavaScriptFile) -> str:
    from lint_rules.families.e07_security.reading_javascript import options

    if members is None or "..." in members:
        return ""
    cookie = members.get("cookie")
    inner: Mapping[str, Node] | None = members
    if library.startswith("express-session"):
        inner = options(cookie, file) if cookie is not None else {}
    if inner is None or "..." in inner:
        return ""
    missing, off = _flags(inner, file, ("httpOnly", "secure"))
    wrong = [*off, *(flag for flag in missing if flag == "secure" and library.startswith("express-session"))]
    if not wrong:
        return ""
    flags = " and ".join(f"`{flag}`" for flag in wrong)
    return f"the session's cookie goes without {flags}; set {'them' if len(wrong) > 1 else 'it'}"


def _flags(members: Mapping[str, Node], file: JavaScriptFile, names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The flags that are missing, and those that are switched off."""
    from lint_rules.families.e07_security.reading_javascript import constant

    missing = [name for name in names if name not in members]
    return missing, [name for name in names if name in members and constant(members[name], file) == "false"]


def _js_texts(file: JavaScriptFile) -> Iterator[tuple[Node, str]]:
    """`res.setHeader("Set-Cookie", "session=...; Path=/")`."""
    from lint_rules.families.e07_security.reading_javascript import called_name, calls, resolved
    from lint_rules.languages.javascript.grammar import arguments, string_value

    for call in calls(file) if b"et-" in file.data else ():
        given = arguments(call)
        if called_name(call) not in ("setHeader", "header", "set", "append", "appendHeader") or len(given) != 2:
            continue
        value = resolved(given[1], file)
        if (string_value(given[0]) or "").lower() != "set-cookie" or value is None:
            continue
        written = source(value)
        begins = re.match(r"""^\[?\s*["'`]([\w.-]+)=""", written)
        if begins is None or value.type not in ("string", "template_string", "array"):
            continue
        lower = written.lower()
        if "max-age=0" in lower or "expires=thu, 01" in lower:
            continue
        yield call, _wrong([flag for flag in ("HttpOnly", "Secure") if flag.lower() not in lower], [], begins.group(1))
