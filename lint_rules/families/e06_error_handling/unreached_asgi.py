"""Central error handlers of FastAPI, Starlette, Litestar and Sanic that no error comes to."""

from __future__ import annotations

from collections.abc import Iterator

from lint_rules.families.e06_error_handling.python_layers import CONTROLLER
from lint_rules.families.e06_error_handling.services import Part, Service
from lint_rules.families.e06_error_handling.unreached import NOT_ROUTED, Unreached, handled, raises_missing
from lint_rules.project.linked import Project

_OF_ROUTERS = ("fastapi.APIRouter.exception_handler", "fastapi.APIRouter.add_exception_handler")
_STATUSES = {
    "ClientException": "400", "ValidationException": "400", "NotAuthorizedException": "401",
    "PermissionDeniedException": "403", "NotFoundException": "404", "MethodNotAllowedException": "405",
    "TooManyRequestsException": "429", "InternalServerException": "500", "ServiceUnavailableException": "503",
}  # fmt: skip
"""The status codes of Litestar's errors."""


def unreached_in_asgi(service: Service, project: Project) -> Iterator[Unreached]:
    """The unreached handlers of a service."""
    for part in service.parts:
        yield from _on_router(part, project)
        yield from _raised_in_middleware(part, service, project)
        yield from _of_sanic_blueprint(part, service, project)
        yield from _of_inner_layer(part, service, project)
        yield from _behind_status(part, service, project)
    yield from _fastapi_errors(service, project)


def _on_router(part: Part, project: Project) -> Iterator[Unreached]:
    for one in part.wiring:
        name = project.symbols.canonical(one.on)
        if one.kind == "central" and name in _OF_ROUTERS:
            yield Unreached(
                part.module, one.span, one.function,
                f"`{one.name}` is an `APIRouter`, which has no exception handlers",
                "register it on the app",
                "exception handlers belong to the application: `@app.exception_handler(...)`, or "
                "`add_exception_handler` where the router is included",
            )  # fmt: skip


def _fastapi_errors(service: Service, project: Project) -> Iterator[Unreached]:
    centrals = [(module, one, handled(one, project)[0]) for module, one in service.wiring("central")]
    classes = {name for _, _, name in centrals}
    statuses = {one.detail.partition("|")[2] for _, one, _ in centrals}
    if "starlette.exceptions.HTTPException" in classes or statuses & NOT_ROUTED:
        return
    for module, one, name in centrals:
        if name == "fastapi.HTTPException":
            yield Unreached(
                module, one.span, one.function,
                "a handler for `fastapi.HTTPException` does not see the router's own 404 and 405, Starlette's",
                "register it for `starlette.exceptions.HTTPException`",
                "`from starlette.exceptions import HTTPException as StarletteHTTPException`, and register the handler "
                "for that: FastAPI's own is a subclass of it",
            )  # fmt: skip


def _raised_in_middleware(part: Part, service: Service, project: Project) -> Iterator[Unreached]:
    """HTTP errors raised in middleware of the application, which stands around what answers them."""
    for one in part.wiring:
        if one.kind != "raised":
            continue
        if one.on == "dispatch" and not _is_layer(one.target, service, project):
            continue
        yield Unreached(
            part.module, one.span, one.function,
            f"`{one.name}` raised in middleware comes to no exception handler, and is answered as 500",
            "return a response",
            "exception handlers are run inside of middleware: `return JSONResponse({...}, status_code=...)` here, or "
            "raise it in a dependency",
        )  # fmt: skip


def _is_layer(target: str, service: Service, project: Project) -> bool:
    """Whether a class of middleware is put around an application as a whole."""
    if "starlette.middleware.base.BaseHTTPMiddleware" not in project.symbols.ancestors(target):
        return False
    return any(project.symbols.canonical(one.target) == target for _, one in service.wiring("layer"))


# Sanic.


def _of_sanic_blueprint(part: Part, service: Service, project: Project) -> Iterator[Unreached]:
    for one in part.wiring:
        if one.kind != "central" or project.symbols.canonical(one.on) != "sanic.Blueprint.exception":
            continue
        name, written = handled(one, project)
        code = {"sanic.exceptions.NotFound": "404", "sanic.exceptions.MethodNotAllowed": "405"}.get(name)
        if code is None or (code == "404" and raises_missing(service)):
            continue
        yield Unreached(
            part.module, one.span, one.function,
            f"`{one.name}` is a blueprint, and {code} is answered before its URL is known to be one of the blueprint's",
            "register it on the app",
            f"`@app.exception({written})`; tell the URLs apart by `request.path`",
        )  # fmt: skip


# Litestar.


def _is_of_litestar(on: str) -> bool:
    return on.startswith("litestar.")


def _of_inner_layer(part: Part, service: Service, project: Project) -> Iterator[Unreached]:
    """Handlers of a router, controller or route for what routing answers, which only the application's see."""
    for one in part.wiring:
        on = project.symbols.canonical(one.on) if one.kind == "central" else ""
        if not _is_of_litestar(on) or on == "litestar.Litestar":
            continue
        name, written = handled(one, project)
        code = _code(name, written)
        if code not in NOT_ROUTED or (code == "404" and raises_missing(service)):
            continue
        where = f"`{one.name}`" if on == CONTROLLER else f"`{one.name}(...)`"
        yield Unreached(
            part.module, one.span, one.function,
            f"{where} has a handler for {code}, which routing answers before there is a controller or a route",
            "give it to the application",
            f"`Litestar(exception_handlers={{{written}: ...}})`: only these see the errors of routing",
        )  # fmt: skip


def _code(name: str, written: str) -> str:
    if name.startswith("litestar.exceptions."):
        return _STATUSES.get(name.rpartition(".")[2], "")
    return written.rpartition("HTTP_")[2][:3] if "HTTP_" in written else written


def _behind_status(part: Part, service: Service, project: Project) -> Iterator[Unreached]:
    """Handlers for a class whose status has a handler too: Litestar asks for the status first, whatever the layer."""
    centrals = [(one, project.symbols.canonical(one.on)) for _, one in service.wiring("central")]
    for one in part.wiring:
        on = project.symbols.canonical(one.on) if one.kind == "central" else ""
        name, written = handled(one, project) if _is_of_litestar(on) else ("", "")
        code = _code(name, written) if name.startswith("litestar.exceptions.") else ""
        if not code:
            continue
        for other, other_on in centrals:
            _, other_written = handled(other, project)
            is_around = other_on == "litestar.Litestar" or (other.owner == one.owner and other_on == on)
            if is_around and other_written.isdigit() and other_written == code:
                yield Unreached(
                    part.module, one.span, one.function,
                    f"Litestar asks for a handler of status {code} before one of `{written}`, and line "
                    f"{other.span.row} registers one",
                    "keep one of the two",
                    "handlers of all layers are one map, in which status codes come before classes",
                )  # fmt: skip
                break
