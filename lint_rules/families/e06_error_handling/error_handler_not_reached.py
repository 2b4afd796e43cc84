"""Error handler that is not reached.

What it finds: a central error handler that no error comes to.

- Express: error middleware with three parameters, which Express takes for plain middleware; error middleware in front
  of the routes (`addErrors(app)` in front of `addRoutes(app)` too), or on a router or app that has none
- Koa: middleware with a `try` around `await next()` behind the routes of an app or router
- Fastify: `setErrorHandler` after `listen`, or in a plugin of its own that is not wrapped with `fastify-plugin`
- Hapi: `onPreResponse` behind one that returns the error itself, or for a plugin without routes (`sandbox`)
- NestJS: a class with `@Catch` that nothing binds; a filter for one class in front of one for all, which is asked
  first; `useGlobalFilters` after `listen`
- Flask, Quart: a blueprint's handler for 404 or 405, which are answered before there is a blueprint; a blueprint or
  app with handlers and no routes; a handler behind `app.run()`
- FastAPI, Starlette: a handler for `fastapi.HTTPException`, which the router's own 404 and 405 are not; one on an
  `APIRouter`, or on an app whose routes are all in an app that it mounts; an `HTTPException` raised in middleware
- Sanic: a blueprint's handler for 404 or 405; Litestar: the same on a controller, router or route, and a handler for a
  class whose status code has one, which is asked first
- Tornado: `write_error` without `**kwargs`, or in a class that no handler derives from
- aiohttp: middleware with a `try` around the handler that no application is given
- Django: `handler404` and the like outside of the root URL configuration, middleware with `process_exception` that
  `MIDDLEWARE` does not name; Django REST framework: an `EXCEPTION_HANDLER` that is not there, or not in its settings
- everywhere: a function that registers a handler on the app it is given, and that nothing calls

Why it matters: the handler stands in the code, so everyone believes that errors are answered by it. The day one
happens, the client gets the framework's page with the stack trace, and nothing is logged.

Bad (python):

    from flask import Blueprint, Flask, jsonify

    orders = Blueprint("orders", __name__)

    @orders.get("/orders/<int:number>")
    def order(number):
        return jsonify(number=number)

    @orders.errorhandler(405)
    def not_allowed(error):
        return jsonify(error="the method is not allowed"), 405

    app = Flask(__name__)
    app.register_blueprint(orders)

Good (python):

    from flask import Blueprint, Flask, jsonify

    orders = Blueprint("orders", __name__)

    @orders.get("/orders/<int:number>")
    def order(number):
        return jsonify(number=number)

    @orders.app_errorhandler(405)
    def not_allowed(error):
        return jsonify(error="the method is not allowed"), 405

    app = Flask(__name__)
    app.register_blueprint(orders)

Bad (javascript):

    const express = require("express");

    const app = express();

    app.use((err, req, res, next) => {
      res.status(500).json({ error: "internal error" });
    });
    app.get("/orders", (req, res) => res.json(loadOrders(req.query)));

    app.listen(3000);

Good (javascript):

    const express = require("express");

    const app = express();

    app.get("/orders", (req, res) => res.json(loadOrders(req.query)));
    app.use((err, req, res, next) => {
      res.status(500).json({ error: "internal error" });
    });

    app.listen(3000);

How to fix it: register the handler on the application itself: in Express as the last `app.use`, with four parameters;
in Koa as the first; in Fastify before plugins and routes; in Flask with `app_errorhandler` or `app.errorhandler`; in
FastAPI for `starlette.exceptions.HTTPException`, of which FastAPI's is a subclass.

Not seen: handlers that a call of another package registers; the order of registrations in several functions, but for
Express; a handler whose class nothing raises.
"""

from __future__ import annotations

from collections.abc import Iterator

from lint_rules.families.e06_error_handling import node_wiring, python_wiring
from lint_rules.families.e06_error_handling.notes import ANSWERS, WIRING
from lint_rules.families.e06_error_handling.services import services
from lint_rules.families.e06_error_handling.unreached import Unreached
from lint_rules.families.e06_error_handling.unreached_apps import unreached_apps
from lint_rules.families.e06_error_handling.unreached_node import unreached_in_javascript
from lint_rules.families.e06_error_handling.unreached_python import unreached_in_python
from lint_rules.model import ERROR, Finding, Rule
from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0602",
    "error-handler-not-reached",
    severity=ERROR,
    summary="A central error handler is registered where no error comes to it",
    in_tests=False,
)


@RULE.project(words=python_wiring.WORDS, notes=(ANSWERS, WIRING))
def check_python(project: Project) -> Iterator[Finding]:
    known = services(project)
    yield from _told(one for service in known for one in unreached_in_python(service, project))
    yield from _told(unreached_apps(known, project))


@RULE.project(words=node_wiring.WORDS, languages=("javascript",), notes=(ANSWERS, WIRING))
def check_javascript(project: Project) -> Iterator[Finding]:
    yield from _told(one for service in services(project) for one in unreached_in_javascript(service, project))


def _told(found: Iterator[Unreached]) -> Iterator[Finding]:
    told: set[tuple[str, int]] = set()
    for one in found:
        place = (one.module.path, one.span.start)
        if place not in told:
            told.add(place)
            yield RULE.finding(
                one.module.path, one.span, f"{one.problem}; {one.remedy}", one.advice, symbol=one.function
            )  # fmt: skip
