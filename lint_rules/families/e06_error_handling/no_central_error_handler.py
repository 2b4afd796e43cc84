"""Service without a central error handler.

What it finds: an app with three routes or more, in whose service nothing answers for errors that handlers let out: no
error middleware, no `errorhandler` or `exception_handler`, no `setErrorHandler`, exception filter or `onPreResponse`,
no middleware with a `try` around what follows. One finding, at the app.

Where the framework's own answer is a page or a text (Express, Koa, Flask, Quart, aiohttp), that is enough for a service
that answers errors with bodies of its own elsewhere. Where it is a sound JSON body (FastAPI, Starlette, Sanic,
Litestar, Fastify, Hapi, NestJS), the service also has to raise error classes of its own, which the framework knows
nothing of and answers with a bare 500, or to answer 500 by hand in three places or more.

Why it matters: an error that nobody caught is answered in the framework's form, which is not the form of your other
errors: HTML or a text, in Express outside of production with the stack trace. So each handler gets a `try` of its own,
each with a body of its own, and the one that was forgotten is the one that fails.

Bad (python):

    from flask import Flask, jsonify, request

    app = Flask(__name__)

    @app.get("/orders")
    def orders():
        return jsonify(load_orders())

    @app.get("/orders/<int:number>")
    def order(number):
        found = load_order(number)
        if found is None:
            return jsonify(error="there is no such order"), 404
        return jsonify(found)

    @app.post("/orders")
    def create():
        return jsonify(store_order(request.get_json())), 201

Good (python):

    from flask import Flask, jsonify, request
    from werkzeug.exceptions import HTTPException

    app = Flask(__name__)

    @app.errorhandler(HTTPException)
    def answer_error(error):
        return jsonify(error=error.description), error.code

    @app.get("/orders")
    def orders():
        return jsonify(load_orders())

    @app.get("/orders/<int:number>")
    def order(number):
        found = load_order(number)
        if found is None:
            return jsonify(error="there is no such order"), 404
        return jsonify(found)

    @app.post("/orders")
    def create():
        return jsonify(store_order(request.get_json())), 201

Bad (javascript):

    const express = require("express");

    const app = express();
    app.get("/orders", (req, res) => res.json(load(req.query)));
    app.get("/orders/:number", (req, res) => res.json(load(req.params)));
    app.post("/orders", (req, res) => res.status(201).json(store(req.body)));
    app.listen(3000);

Good (javascript):

    const express = require("express");

    const app = express();
    app.get("/orders", (req, res) => res.json(load(req.query)));
    app.get("/orders/:number", (req, res) => res.json(load(req.params)));
    app.post("/orders", (req, res) => res.status(201).json(store(req.body)));
    app.use((error, req, res, next) => {
      console.error("cannot answer %s", req.path, error);
      res.status(error.status ?? 500).json({ error: "internal error" });
    });
    app.listen(3000);

How to fix it: register one handler for all errors that logs them with their request, turns your own error classes into
status codes, and answers everything else with 500 and a text that gives nothing away. Then let handlers raise.

Not seen: what a proxy in front of the service answers; a handler that another package registers; Django, whose handlers
for 404 and 500 are names in its URL configuration. A file belongs to the app nearest to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lint_rules.families.e06_error_handling import node_wiring, python_wiring
from lint_rules.families.e06_error_handling.central import advice, takes_errors
from lint_rules.families.e06_error_handling.notes import ANSWERS, WIRING
from lint_rules.families.e06_error_handling.python_answers import raise_shape
from lint_rules.families.e06_error_handling.services import Service, services
from lint_rules.families.e06_error_handling.shapes import TEXT, UNKNOWN
from lint_rules.model import WARNING, Finding, Rule
from lint_rules.project.linked import Project
from lint_rules.project.symbols import Reference

RULE = Rule(
    "TEN0601",
    "no-central-error-handler",
    severity=WARNING,
    summary="A service with routes has nothing that answers for errors which handlers let out",
    in_tests=False,
)

_FEWEST_ROUTES = 3
_FEWEST_BY_HAND = 3
_PLAIN = frozenset({"flask", "quart", "aiohttp", "express", "koa"})
"""Frameworks whose own answer to an error is a page or a text."""
_OTHERS = frozenset({"fastapi", "starlette", "sanic", "litestar", "fastify", "@hapi", "@nestjs"})


@RULE.project(words=python_wiring.WORDS, notes=(ANSWERS, WIRING))
def check_python(project: Project) -> Iterator[Finding]:
    for service in services(project):
        if not service.apps or any(service.wiring("central", "maybe", "catcher", "setting")):
            continue
        handlers = [
            handler
            for part in service.parts
            for function in part.module.functions.values()
            if (handler := project.handlers.of(Reference(part.module, function))) is not None
        ]
        routes = sum(handler.kind == "route" for handler in handlers)
        if not any(handler.kind == "error" for handler in handlers):
            yield from _judged(service, routes, project)


@RULE.project(words=node_wiring.WORDS, languages=("javascript",), notes=(ANSWERS, WIRING))
def check_javascript(project: Project) -> Iterator[Finding]:
    for service in services(project):
        if not service.apps or any(service.wiring("central", "maybe", "catcher", "filter", "errors", "catching")):
            continue
        if any(takes_errors(one, project) for _, one in service.wiring("use")) or not _serves(service):
            continue
        handlers = [
            handler
            for part in service.parts
            for function in part.module.functions.values()
            if (handler := project.handlers.of(Reference(part.module, function))) is not None
        ]
        routes = max(
            sum(1 for _ in service.wiring("route")),
            sum(handler.kind == "route" and handler.framework.name == "NestJS" for handler in handlers),
        )
        if not any(handler.kind == "error" for handler in handlers):
            yield from _judged(service, routes, project)


def _serves(service: Service) -> bool:
    """Whether the app is started here, and no part of an app elsewhere, whose error handler it would have."""
    return any(service.wiring("serves")) or any("serverless" in one.on for _, one in service.wiring("hands"))


def _judged(service: Service, routes: int, project: Project) -> Iterator[Finding]:
    module, app = service.apps[0]
    framework = project.symbols.canonical(app.on).partition(".")[0].partition("/")[0]
    if routes < _FEWEST_ROUTES or not _is_needed(service, framework, project):
        return
    yield RULE.finding(
        module.path,
        app.span,
        f"`{app.name}` has {routes} routes and no central error handler; register one that answers for all errors",
        advice("{error: {code, message}}", service, project) or "register one handler for all errors",
        symbol=app.function,
    )


def _is_needed(service: Service, framework: str, project: Project) -> bool:
    """Whether errors of the service are answered in a form that its framework does not give by itself."""
    answers = [answer for part in service.parts for answer in part.answers]
    has_bodies = any(answer.shape not in (UNKNOWN, TEXT) and not answer.raised for answer in answers)
    if framework in ("express", "koa"):
        return True
    if framework in _PLAIN and has_bodies:
        return True
    if framework not in _OTHERS and framework not in _PLAIN:
        return False
    by_hand = sum(answer.status == 500 for answer in answers)
    return by_hand >= _FEWEST_BY_HAND or any(_is_own_error(answer.raised, project) for answer in answers)


def _is_own_error(raised: str, project: Project) -> bool:
    """Whether what is raised is an error class of the project, and none that a framework answers."""
    own = project.symbols.class_(raised) if raised and raised != "next" else None
    if own is None:
        return False
    lineage = project.symbols.ancestors(raised)
    types = project.symbols.types
    if project.language == "javascript":
        return not any(name.endswith("Exception") and "@nestjs" in name for name in lineage)
    return not any(raise_shape(name, types) is not None for name in lineage) and not any(
        name.startswith(("builtins.ValueError", "builtins.TypeError")) for name in lineage
    )
