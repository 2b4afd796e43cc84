"""Error responses of different shapes.

What it finds: the bodies of all error responses of one service, over all its files: what handlers answer with status
4xx and 5xx, what helpers answer for them, what is raised or thrown and what a central handler makes of that. Where two
thirds of at least four have one shape, each that has not is reported: another key for the same thing (`message` for
`error`), a text where others send an object, a key that all others have and this one lacks. More keys of its own are no
difference.

Why it matters: every client has to write one piece of code that reads errors. Where one endpoint says
`{"error": {"code", "message"}}` and the next `{"message"}`, that code shows `undefined` to the user, or fails itself,
and in tests nobody sees it, since tests look at what goes well.

Bad (python):

    from fastapi import FastAPI, HTTPException
    from fastapi.responses import JSONResponse

    app = FastAPI()

    @app.get("/orders/{number}")
    async def order(number: int):
        if number < 0:
            raise HTTPException(400, "the number is negative")
        if number == 0:
            raise HTTPException(404, "there is no such order")
        if number > 9999:
            raise HTTPException(410, "the order was archived")
        if number == 13:
            return JSONResponse({"error": "the order is locked"}, status_code=423)
        return {"number": number}

Good (python):

    from fastapi import FastAPI, HTTPException

    app = FastAPI()

    @app.get("/orders/{number}")
    async def order(number: int):
        if number < 0:
            raise HTTPException(400, "the number is negative")
        if number == 0:
            raise HTTPException(404, "there is no such order")
        if number > 9999:
            raise HTTPException(410, "the order was archived")
        if number == 13:
            raise HTTPException(423, "the order is locked")
        return {"number": number}

Bad (javascript):

    const express = require("express");

    const app = express();

    app.get("/orders/:number", (req, res) => {
      const number = Number(req.params.number);
      if (Number.isNaN(number)) return res.status(400).json({ error: "this is no number" });
      if (number < 0) return res.status(400).json({ error: "the number is negative" });
      if (number === 0) return res.status(404).json({ error: "there is no such order" });
      if (number > 9999) return res.status(410).json({ message: "the order was archived" });
      res.json({ number });
    });
    app.use((error, req, res, next) => res.status(500).json({ error: "internal error" }));

Good (javascript):

    const express = require("express");

    const app = express();

    app.get("/orders/:number", (req, res) => {
      const number = Number(req.params.number);
      if (Number.isNaN(number)) return res.status(400).json({ error: "this is no number" });
      if (number < 0) return res.status(400).json({ error: "the number is negative" });
      if (number === 0) return res.status(404).json({ error: "there is no such order" });
      if (number > 9999) return res.status(410).json({ error: "the order was archived" });
      res.json({ number });
    });
    app.use((error, req, res, next) => res.status(500).json({ error: "internal error" }));

How to fix it: raise (throw) errors, and make their bodies in one place. If you are free to choose, take the standard,
problem details (RFC 9457), media type `application/problem+json`:

    {"type": "https://example.com/problems/order-locked", "title": "the order is locked", "status": 423,
     "detail": "order 13 is being packed", "instance": "/orders/13"}

One place is, by framework (`problem` makes that body):

- FastAPI: `@app.exception_handler(StarletteHTTPException)`: `async def answer_error(request, error): return
  JSONResponse(problem(error.status_code, error.detail), error.status_code, media_type="application/problem+json")`; the
  same for `RequestValidationError`, your own classes and `Exception`
- Starlette, Litestar: `Starlette(exception_handlers={HTTPException: answer_error, Exception: answer_error})`
- Flask, Quart: `@app.errorhandler(HTTPException)`: `return problem(error.code, error.description), error.code`; in
  flask-smorest and Flask-RESTX too, which have a shape of their own otherwise
- Sanic: `@app.exception(Exception)`, or `app.error_handler = Problems()` with `Problems(ErrorHandler).default`
- aiohttp: `web.Application(middlewares=[answer_errors])`, which catches `web.HTTPException` and `Exception`
- Tornado: `write_error(self, status_code, **context)` of a base class of all handlers, and
  `default_handler_class` for unknown paths
- Django REST framework: `REST_FRAMEWORK = {"EXCEPTION_HANDLER": "shop.errors.answer_error"}`; Django Ninja:
  `@api.exception_handler(HttpError)`; Django: a middleware with `process_exception`, and `handler404` and `handler500`
  in the root `urls.py`
- ASGI, WSGI, `http.server`: one wrapper around the application, one method that all `do_GET` and `do_POST` end in
- Express: `app.use((error, req, res, next) => res.status(...).type("application/problem+json").send(...))` behind all
  routes, and in front of it one middleware for unknown paths that calls `next(new NotFound())`
- Koa: the first middleware has a `try` around `await next()`; Fastify: `setErrorHandler` and `setNotFoundHandler`
- Hapi: `server.ext("onPreResponse", ...)` for every `request.response.isBoom`, and `failAction` that throws
- NestJS: `app.useGlobalFilters(new ProblemFilter())` with an empty `@Catch()`
- Next.js, serverless, `node:http`: one wrapper that all handlers are exported through

Bodies are followed to what makes them: helpers in other files, Pydantic models and dataclasses, `to_dict` and `toJSON`
of error classes, response classes of the project, what an error class hands to the framework's.

Not seen: bodies that several returns of a helper make in several shapes; a service in which no two thirds agree, or
agree on a text or a page, or with less than four error responses; a status that is not written as a number or a name.
A file belongs to the app nearest to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lint_rules.families.e06_error_handling import node_wiring, python_wiring
from lint_rules.families.e06_error_handling.central import advice
from lint_rules.families.e06_error_handling.notes import ANSWERS, MAKERS, WIRING
from lint_rules.families.e06_error_handling.responses import Response, responses
from lint_rules.families.e06_error_handling.services import Service, services
from lint_rules.families.e06_error_handling.shapes import PAGE, TEXT, Shape, conforms, majority, shown
from lint_rules.model import WARNING, Finding, Rule
from lint_rules.project.linked import Project

RULE = Rule(
    "TEN0603",
    "error-shape-differs",
    severity=WARNING,
    summary="An error response has another shape than those of the rest of the service",
    in_tests=False,
    references={"RFC 9457": "https://www.rfc-editor.org/rfc/rfc9457"},
)

_SHARE = 2 / 3
_FEWEST = 4


@RULE.project(words=python_wiring.WORDS, notes=(ANSWERS, WIRING, MAKERS))
def check_python(project: Project) -> Iterator[Finding]:
    yield from _check(project)


@RULE.project(words=node_wiring.WORDS, languages=("javascript",), notes=(ANSWERS, WIRING, MAKERS))
def check_javascript(project: Project) -> Iterator[Finding]:
    yield from _check(project)


def _check(project: Project) -> Iterator[Finding]:
    told: set[tuple[str, int]] = set()
    for service in services(project):
        found = responses(service, project)
        every = [one.shape for one in found for _ in range(one.weight)]
        standard = majority(every, _SHARE) if len(every) >= _FEWEST else None
        if standard is None or standard in (TEXT, PAGE):  # nobody wants more of these
            continue
        agreeing = sum(conforms(one, standard) for one in every)
        for response in found:
            place = (response.module.path, response.answer.span.start)
            if place not in told and not conforms(response.shape, standard):
                told.add(place)
                yield _finding(response, standard, agreeing, len(every), service, project)


def _finding(
    response: Response, standard: Shape, agreeing: int, count: int, service: Service, project: Project
) -> Finding:
    body = shown(standard)
    return RULE.finding(
        response.module.path,
        response.answer.span,
        f"this error is answered with `{shown(response.shape)}`, {agreeing} of {count} error responses of the service "
        f"with `{body}`; answer it in the same shape",
        _advice(body, service, project),
        symbol=response.answer.function,
    )


def _advice(body: str, service: Service, project: Project) -> str:
    code = advice(body, service, project)
    return f"send `{body}` here too" + (f"; or raise an error, and make the body once: {code}" if code else "")
