"""Answers without security headers.

What it finds: a service whose application sets none of the headers that protect its pages: Express, Koa or Fastify
without helmet or headers of its own, Django's `MIDDLEWARE` without `SecurityMiddleware`. With the option
`python-apps` also Flask, FastAPI and Starlette. One finding, at the application.

Why it matters: without them browsers guess types, show the page in frames of other sites, and take the first request
over plain HTTP.

Bad (python):

    # file: shop/settings.py
    INSTALLED_APPS = ["shop"]
    MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
    ]

Good (python):

    # file: shop/settings.py
    INSTALLED_APPS = ["shop"]
    MIDDLEWARE = [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
    ]

Bad (javascript):

    const express = require("express");

    const app = express();
    app.get("/", (req, res) => res.send("welcome"));
    app.listen(3000);

Good (javascript):

    const express = require("express");
    const helmet = require("helmet");

    const app = express();
    app.use(helmet());
    app.get("/", (req, res) => res.send("welcome"));
    app.listen(3000);

How to fix it: `app.use(helmet())`, `@fastify/helmet`, `koa-helmet`, `SecurityMiddleware`; or set
`Strict-Transport-Security`, `Content-Security-Policy` and `X-Content-Type-Options` where every answer passes.

Not seen: headers that a proxy in front adds; files of the project that the application is handed to: an app that is
passed to a function, or that uses a module called after security, headers or middleware, is taken for protected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.families.e07_security.circumstances import is_for_development, is_for_show, source
from lint_rules.families.e07_security.weaknesses import FOLDER, references
from lint_rules.languages.javascript.library import js_name_table
from lint_rules.languages.tables import name_table
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Option, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0710",
    "missing-security-headers",
    severity=WARNING,
    summary="A web application sets none of the security headers",
    in_tests=False,
    options=(Option("python-apps", False, "Report Flask, FastAPI and Starlette applications too."),),
    references=references("TEN0710"),
)

_APPS = name_table(FOLDER / "headers.toml", "python")
_JS_APPS = js_name_table(FOLDER / "headers.toml", "javascript")
_HEADERS = re.compile(
    rb"helmet|lusca|talisman|strict-transport-security|content-security-policy|x-content-type-options|x-frame-options"
    rb"|contentSecurityPolicy|secure_headers|SecureHeaders|secureheaders|nosniff",
    re.IGNORECASE,
)
_BY_OTHERS = re.compile(
    rb"(?:require\(|from|import)\s*\(?[\"'](?=[.@~][^\"']*(?:secur|header|middleware|setup|bootstrap|plugins))[^\"']*[\"']",
    re.IGNORECASE,
)
_PYTHON = re.compile(rb"MIDDLEWARE|Flask\(|FastAPI\(|Starlette\(")
_JAVASCRIPT = re.compile(rb"express|koa|fastify")
_SUGGESTION = "set the headers once for all answers, by helmet or the framework's middleware"


@RULE.files(WholeFile(_PYTHON), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    from lint_rules.families.e07_security.reading_python import assignments, calls_of, is_django_settings, strings

    if is_for_show(file) or is_for_development(file):
        return
    for name, target, value in assignments(file):
        if name != "MIDDLEWARE" or value.type not in ("list", "tuple") or not is_django_settings(file):
            continue
        given = strings(value)
        is_whole = all(child.type in ("string", "comment") for child in value.named_children)
        is_protected = any(re.search(r"secur|csp|header", one, re.IGNORECASE) for one in given)
        if is_whole and "SecurityMiddleware" not in source(file.root) and given and not is_protected:
            wrong = (
                "`MIDDLEWARE` sets no security headers; add `django.middleware.security.SecurityMiddleware` in front"
            )
            yield RULE.at(file, target, wrong, _SUGGESTION)
    if file.option(RULE.name, "python-apps", False) and not _HEADERS.search(file.data):
        for call, row in calls_of(file, _APPS):
            yield RULE.at(file, call, f"the application sets no security headers; add {row['instead']}", _SUGGESTION)
            return


@RULE.files(WholeFile(_JAVASCRIPT), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    from lint_rules.families.e07_security.reading_javascript import calls_of

    if is_for_show(file) or is_for_development(file) or file.is_declaration or file.is_tooling:
        return
    if _HEADERS.search(file.data) or _BY_OTHERS.search(file.data):
        return
    for call, row in calls_of(file, _JS_APPS):
        owner = call.parent
        name = owner.child_by_field_name("name") if owner is not None and owner.type == "variable_declarator" else None
        if name is None or name.type != "identifier" or file.enclosing_function(call) is not None:
            continue
        app = re.escape(source(name)).encode()
        handed = re.search(
            rb"(?<![.\w])(?!createServer|listen|callback|serve|request|log)\w+\(\s*" + app + rb"\s*[,)]", file.data
        )
        serves = re.search(
            rb"\b" + app + rb"\s*\.\s*(?:listen|callback)\b|createServer\([^)]*\b" + app
            + rb"\b|module\.exports\s*=\s*" + app + rb"\s*;?\s*$|export default " + app, file.data, re.MULTILINE,
        )  # fmt: skip
        routes = re.search(rb"\b" + app + rb"\s*\.\s*(?:get|post|put|patch|delete|use|route|register)\(", file.data)
        if serves and routes and not handed:
            wrong = f"the application `{source(name)}` sets no security headers; add {row['instead']}"
            yield RULE.at(file, call, wrong, _SUGGESTION)
            return
