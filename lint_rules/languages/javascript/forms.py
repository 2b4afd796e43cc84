"""What a function is by the names of its parameters, in a package that uses a framework.

`(req, res, next)` says in every code base that the function is middleware, wherever it is registered; `app` and
`fastify` say what a module is given that registers routes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lint_rules.project.node_frameworks import MajorOf

_ROLES = {
    "req": "request", "request": "request", "res": "response", "resp": "response", "response": "response",
    "reply": "response", "rep": "response", "next": "next", "done": "next", "err": "error", "error": "error",
    "ctx": "context", "h": "toolkit", "e": "error",
}  # fmt: skip

_FORMS = {
    ("request", "response"): "route",
    ("request", "response", "next"): "hook",
    ("error", "request", "response", "next"): "error",
    ("context", "next"): "hook",
    ("context",): "route",
    ("request", "toolkit"): "route",
}
_EXPRESS_LIKE = ("express", "router", "express-promise-router", "@nestjs/platform-express", "@nestjs/core")
_HAPI = ("@hapi/hapi", "hapi", "@hapi/glue")
_KOA = ("koa", "@koa/router", "koa-router")
_APPS = {
    "Express": ("express.Application", "express.Router"),
    "Koa": ("koa", "@koa/router.Router"),
    "Fastify": ("fastify.FastifyInstance", "fastify.FastifyInstance"),
    "Hapi": ("@hapi/hapi.Server", ""),
}

HANDLER_TYPES = {
    "RequestHandler": ("Express", "route"),
    "ErrorRequestHandler": ("Express", "error"),
    "NextApiHandler": ("Next.js", "route"),
    "RouteHandlerMethod": ("Fastify", "route"),
    "FastifyPluginAsync": ("Fastify", "plugin"),
    "FastifyPluginCallback": ("Fastify", "plugin"),
    "APIGatewayProxyHandler": ("AWS Lambda", "route"),
    "APIGatewayProxyHandlerV2": ("AWS Lambda", "route"),
    "GetServerSideProps": ("Next.js server props", "route"),
}
"""Types of TypeScript that make a variable's function a handler, with framework and kind."""


def frameworks_of(packages: MajorOf) -> tuple[str, ...]:
    """The frameworks with routes that a package depends on, the likelier first."""
    found = []
    if any(package in packages for package in _EXPRESS_LIKE):
        found.append("Express")
    if "fastify" in packages or "fastify-plugin" in packages:
        found.append("Fastify")
    if any(package in packages for package in _KOA):
        found.append("Koa")
    if any(package in packages for package in _HAPI):
        found.append("Hapi")
    if "next" in packages:
        found.append("Next.js")
    return tuple(found)


def form_of(names: Sequence[str], frameworks: Sequence[str]) -> tuple[str, str] | None:
    """The framework and kind of a handler with parameters of these names (`""` for one that is taken apart)."""
    if not 1 <= len(names) <= 4 or not frameworks:
        return None
    written = [name.lstrip("_").lower() for name in names]
    framework = _framework_by(written, frameworks)
    if not framework:
        return None
    if framework == "Koa" and written[0] == "context":
        written[0] = "ctx"
    roles = tuple(_ROLES.get(name, name) for name in written)
    if not any(name.lstrip("_") for name in names):
        return None
    kind = _FORMS.get(roles, "")
    if not kind and framework == "Node http" and roles[:2] == ("request", "response"):
        kind = "route"  # a router of the project's own gives more
    if not kind and len(roles) > 1 and not written[0]:  # ({ body }, res) and (_, res)
        kind = {("response",): "route", ("response", "next"): "hook"}.get(roles[1:], "")
    if not kind and len(roles) == 4 and roles[2:] == ("response", "next") and roles[1] in ("request", ""):
        kind = "error"
    if kind == "hook" and framework == "Fastify" and written[2:3] == ["next"] and written[1] == "res":
        return ("Express", kind) if "Express" in frameworks else (framework, kind)
    return (framework, kind) if kind else None


def _framework_by(written: Sequence[str], frameworks: Sequence[str]) -> str:
    second = written[1] if len(written) > 1 else ""
    if second in ("reply", "rep"):
        return "Fastify" if "Fastify" in frameworks else ""
    if second == "h":
        return "Hapi" if "Hapi" in frameworks else ""
    if written[0] in ("ctx", "context"):
        return "Koa" if "Koa" in frameworks and (len(written) == 1 or second == "next") else ""
    answering = [one for one in frameworks if one not in ("Koa", "Hapi")]
    if answering:
        return answering[0]
    return "Node http" if frameworks else ""


def app_type(name: str, frameworks: Sequence[str], packages: MajorOf) -> str:
    """The class of a parameter that is called like an application, router or socket server; "" if it is not."""
    if name == "fastify":
        return "fastify.FastifyInstance" if "Fastify" in frameworks else ""
    if name == "io":
        return "socket\u2024io.Server" if "socket.io" in packages else ""
    servers = [one for one in frameworks if one in _APPS]
    if not servers:
        return ""
    if name in ("app", "expressApp", "application"):
        return _APPS[servers[0]][0]
    if name in ("router", "routes"):
        return _APPS[servers[0]][1]
    if name == "server" and servers[0] in ("Fastify", "Hapi"):
        return _APPS[servers[0]][0]
    return ""


def helper_role(name: str) -> str:
    """The role of a parameter of any named function that is called like a request or response, such as `res`."""
    return _ROLES.get(name.lstrip("_"), "") if name.lstrip("_") in ("req", "res", "reply") else ""
