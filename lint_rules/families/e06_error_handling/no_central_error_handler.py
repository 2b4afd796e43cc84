"""Service without a central error handler.

What it finds: an app with three routes or more, in whose service nothing answers for errors that handlers let out: no
error middleware, no `errorhandler` or `exception_handler`, no `setErrorHandler`, exception filter or `onPreResponse`,
no middleware with a `try` around what follows. One finding, at the app.

Where the framework's own answer is a page or a text (Express, Koa, Flask, Quart, aiohttp), that is enough for a service
that answers errors with bodies of its own elsewhere. Where it is a sound JSON body (FastAPI, Starlette, Sanic,
Litestar, Fastify, Hapi, NestJS), the service also has to raise error classes of its own, which the framework knows
nothing of and answers with a bare 500, or to answer 500 by hand in three places or more.

A Django project is told at its settings: where its views answer errors with JSON of their own and there is neither a
`handler404` or `handler500` nor middleware with `process_exception` or a `try`; where they are those of Django REST
framework, if they answer 500 by hand in three places or raise error classes that nothing answers, without an
`EXCEPTION_HANDLER`.

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

Not seen: what a proxy in front of the service answers; a handler that another package registers; a Django app without
the project's settings. A file belongs to the app nearest to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from lint_rules.families.e06_error_handling import node_wiring, python_wiring
from lint_rules.families.e06_error_handling.central import advice, takes_errors
from lint_rules.families.e06_error_handling.notes import ANSWERS, WIRING, ErrorAnswer
from lint_rules.families.e06_error_handling.python_answers import raise_shape
from lint_rules.families.e06_error_handling.services import Service, services
from lint_rules.families.e06_error_handling.shapes import TEXT, UNKNOWN
from lint_rules.families.e06_error_handling.unreached_node import three_parameters
from lint_rules.model import WARNING, Finding, Rule
from lint_rules.project.frameworks import Handler
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
    every = services(project)
    shared = Counter(module for service in every for module in service.modules)
    for service in every:
        if any(service.wiring("central", "maybe", "catcher", "setting", "loose-setting", "url-handler")):
            continue
        handlers = list(_handlers(service, project))
        if any(handler.kind == "error" for _, handler in handlers):
            continue
        routes = [(name, handler) for name, handler in handlers if handler.kind == "route"]
        if not service.apps:
            yield from _of_django(service, routes, project)
        else:
            own = {module for module in service.modules if shared[module] == 1 or module == service.apps[0][0].module}
            yield from _judged(service, len(routes), own, project)


def _handlers(service: Service, project: Project) -> Iterator[tuple[str, Handler]]:
    for part in service.parts:
        for function in part.module.functions.values():
            reference = Reference(part.module, function)
            handler = project.handlers.of(reference)
            if handler is not None:
                yield reference.name, handler


def _of_django(service: Service, routes: list[tuple[str, Handler]], project: Project) -> Iterator[Finding]:
    """A Django project, at its settings: those of Django REST framework, or the name of its URL configuration."""
    views = {name for name, handler in routes if handler.framework.name.startswith("Django")}
    places = [*service.wiring("drf"), *service.wiring("root-urls")]
    if not places or len(views) < _FEWEST_ROUTES:
        return
    module, place = places[0]
    answers = [(part.module, answer) for part in service.parts for answer in part.answers]
    if _speaks_rest(service):
        by_hand = sum(answer.status == 500 and not answer.raised for _, answer in answers)
        is_needed = by_hand >= _FEWEST_BY_HAND or any(
            f"{facts.module}.{answer.function}" in views and _is_own_error(answer.raised, project)
            for facts, answer in answers
        )
    else:
        is_needed = sum(_has_body(answer) for _, answer in answers) >= _FEWEST_BY_HAND
    if is_needed:
        yield RULE.finding(
            module.path,
            place.span,
            f"the project has {len(views)} views and no central error handler; name one that answers for all errors",
            advice("{error: {code, message}}", service, project) or "register one handler for all errors",
        )


def _speaks_rest(service: Service) -> bool:
    """Whether the views are those of Django REST framework, which answers its own errors with JSON."""
    return any(
        target.startswith("rest_framework.") for part in service.parts for target in part.module.aliases.values()
    )


def _has_body(answer: ErrorAnswer) -> bool:
    return answer.shape not in (UNKNOWN, TEXT) and not answer.raised


@RULE.project(words=node_wiring.WORDS, languages=("javascript",), notes=(ANSWERS, WIRING))
def check_javascript(project: Project) -> Iterator[Finding]:
    for service in services(project):
        if not service.apps or any(service.wiring("central", "maybe", "catcher", "filter", "errors", "catching")):
            continue
        if any(takes_errors(one, project) for _, one in service.wiring("use")) or not _serves(service):
            continue
        if any(True for part in service.parts for _ in three_parameters(part, project)):
            continue  # there is one, and TEN0602 says what it lacks
        handlers = [handler for _, handler in _handlers(service, project)]
        routes = max(
            sum(1 for _ in service.wiring("route")),
            sum(handler.kind == "route" and handler.framework.name == "NestJS" for handler in handlers),
        )
        if not any(handler.kind == "error" for handler in handlers):
            yield from _judged(service, routes, service.modules, project)


def _serves(service: Service) -> bool:
    """Whether the app is started here, and no part of an app elsewhere, whose error handler it would have."""
    return any(service.wiring("serves")) or any("serverless" in one.on for _, one in service.wiring("hands"))


def _judged(service: Service, routes: int, own: Collection[str], project: Project) -> Iterator[Finding]:
    """The finding at the app of a service; `own` are the modules that no other service has."""
    module, app = service.apps[0]
    framework = project.symbols.canonical(app.on).partition(".")[0].partition("/")[0]
    if routes < _FEWEST_ROUTES or not _is_needed(service, framework, own, project):
        return
    yield RULE.finding(
        module.path,
        app.span,
        f"`{app.name}` has {routes} routes and no central error handler; register one that answers for all errors",
        advice("{error: {code, message}}", service, project) or "register one handler for all errors",
        symbol=app.function,
    )


def _is_needed(service: Service, framework: str, own: Collection[str], project: Project) -> bool:
    """Whether errors of the service are answered in a form that its framework does not give by itself."""
    answers = [answer for part in service.parts if part.module.module in own for answer in part.answers]
    has_bodies = any(map(_has_body, answers))
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
        name.startswith(("builtins.ValueError", "builtins.TypeError", "django.")) for name in lineage
    )
