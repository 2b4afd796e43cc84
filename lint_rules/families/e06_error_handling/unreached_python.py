"""Central error handlers of Python services that no error comes to."""

from __future__ import annotations

from collections.abc import Iterator

from lint_rules.families.e06_error_handling.notes import Wiring
from lint_rules.families.e06_error_handling.services import Part, Service
from lint_rules.families.e06_error_handling.unreached import Unreached
from lint_rules.project.facts import MODULE_BODY, ModuleFacts
from lint_rules.project.linked import Project
from lint_rules.project.symbols import Reference

_MOST_STEPS = 20
_BLUEPRINTS = ("flask.Blueprint.", "quart.Blueprint.")
_OF_ROUTERS = ("fastapi.APIRouter.exception_handler", "fastapi.APIRouter.add_exception_handler")
_NOT_ROUTED = frozenset({"404", "405"})


def unreached_in_python(service: Service, project: Project) -> Iterator[Unreached]:
    """The unreached handlers of a service."""
    for part in service.parts:
        yield from _of_blueprint(part, service, project)
        yield from _on_router(part, project)
        yield from _behind_run(part)
        yield from _unused_middleware(part, service)
        yield from _missing_setting(part, project)
    yield from _fastapi_errors(service, project)
    yield from _without_routes(service, project)


def _handled(one: Wiring, project: Project) -> tuple[str, str]:
    """What a handler is for: the canonical name of a class, and what is written."""
    symbol, _, written = one.detail.partition("|")
    return project.symbols.canonical(symbol), written


# Flask, Quart.


def _of_blueprint(part: Part, service: Service, project: Project) -> Iterator[Unreached]:
    for one in part.wiring:
        name = project.symbols.canonical(one.on)
        if one.kind != "central" or not name.startswith(_BLUEPRINTS) or name.rpartition(".")[2] not in _PER_BLUEPRINT:
            continue
        _, written = _handled(one, project)
        code = {"NotFound": "404", "MethodNotAllowed": "405"}.get(written.rpartition(".")[2], written)
        if code not in _NOT_ROUTED or (code == "404" and _raises_missing(service)):
            continue
        yield Unreached(
            part.module, one.span, one.function,
            f"`{one.name}` is a blueprint, and {code} is answered before its URL is known to be one of the blueprint's",
            "use `app_errorhandler`",
            f"`@{one.name}.app_errorhandler({written})`, or `errorhandler` of the application; "
            "tell the URLs apart by `request.path`",
        )  # fmt: skip


_PER_BLUEPRINT = frozenset({"errorhandler", "register_error_handler"})


def _raises_missing(service: Service) -> bool:
    """Whether a view of the service raises 404 itself, which does come to a blueprint's handler."""
    return any(
        (answer.status == 404 and answer.raised) or answer.raised.endswith(("NotFound", "get_or_404", "first_or_404"))
        for part in service.parts
        for answer in part.answers
    )


# FastAPI, Starlette.


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
    centrals = [(module, one, _handled(one, project)[0]) for module, one in service.wiring("central")]
    handled = {name for _, _, name in centrals}
    statuses = {one.detail.partition("|")[2] for _, one, _ in centrals}
    if "starlette.exceptions.HTTPException" in handled or statuses & _NOT_ROUTED:
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


# All.


def _behind_run(part: Part) -> Iterator[Unreached]:
    for one in part.wiring:
        if one.kind != "central" or not one.owner:
            continue
        for other in part.wiring:
            is_same = other.owner == one.owner and other.function == one.function
            if other.kind == "serves" and is_same and other.span.end < one.span.start and other.on.endswith(".run"):
                yield Unreached(
                    part.module, one.span, one.function,
                    f"`{one.name}.run` in line {other.span.row} serves until the process ends, and the handler behind "
                    "it is registered then",
                    "register it before",
                    f"move `{one.name}.run(...)` to the end of the file",
                )  # fmt: skip
                break


def _owner(symbol: str, project: Project) -> str:
    """The symbol under which a module defines a name, through imports."""
    facts = project.symbols.facts
    for _ in range(_MOST_STEPS):
        head, rest = symbol, ""
        while head and head not in facts:
            head, _, last = head.rpartition(".")
            rest = f"{last}.{rest}" if rest else last
        if not head or not rest:
            return symbol
        own, dot, tail = rest.partition(".")
        target = facts[head].aliases.get(own)
        if target is None:
            return symbol
        symbol = f"{target}{dot}{tail}"
    return symbol


def _without_routes(service: Service, project: Project) -> Iterator[Unreached]:
    """Handlers on an app or blueprint without routes, in a service whose routes are on others."""
    made = {one.owner: one for _, one in service.wiring("app", "router") if one.owner and ":" not in one.owner}
    if len(made) < 2:
        return
    with_routes: set[str] = set()
    for part in service.parts:
        for function in part.module.functions.values():
            handler = project.handlers.of(Reference(part.module, function)) if function.decorators else None
            if handler is not None and handler.kind in ("route", "socket"):
                owners = (symbol.removesuffix("()").rpartition(".")[0] for symbol in function.decorators)
                with_routes.update(_owner(owner, project) for owner in owners)
            for call in function.calls:
                owner, _, method = call.target.rpartition(".")
                if method in _ADDING:
                    with_routes.add(_owner(owner, project))
    if not with_routes & made.keys():
        return
    for module, one in service.wiring("central"):
        owner = _owner(one.owner, project)
        name = project.symbols.canonical(one.on)
        if (
            owner in made
            and owner not in with_routes
            and "app_errorhandler" not in name
            and one.name in made[owner].name
        ):
            yield Unreached(
                module, one.span, one.function,
                f"`{one.name}` has an error handler and no routes, so no error comes to it",
                "register it on the app that serves the routes",
                "an error handler is asked for errors of its own app or blueprint; register it where the routes are",
            )  # fmt: skip


_ADDING = frozenset(
    {"add_url_rule", "add_api_route", "add_route", "add_routes", "include_router", "register_blueprint", "mount",
     "add_subapp", "blueprint", "add_resource", "register", "register_namespace", "init_app", "add_websocket_route",
     "add_get", "add_post", "add_namespace", "route", "url_map", "create_endpoints", "run", "nest"}
)  # fmt: skip


def _unused_middleware(part: Part, service: Service) -> Iterator[Unreached]:
    """aiohttp middleware that catches errors, and that nothing but its definition names."""
    for one in part.wiring:
        if one.kind != "catcher" or one.detail != "1" or "." in one.function:
            continue
        imported = any(target == one.on for other in service.parts for target in other.module.aliases.values()) or any(
            part.module.module in other.module.stars for other in service.parts
        )
        if not imported and not _is_module_used(part.module, one, service) and service.apps:
            yield Unreached(
                part.module, one.span, one.function,
                f"no application is given the middleware `{one.name}`, so it catches nothing",
                "pass it as `middlewares=[...]`",
                f"`web.Application(middlewares=[{one.name}])`",
            )  # fmt: skip


def _is_module_used(module: ModuleFacts, one: Wiring, service: Service) -> bool:
    """Whether another file imports the module as a whole: `from shop import middleware`."""
    return any(target == module.module for other in service.parts for target in other.module.aliases.values())


# Django REST framework.


def _missing_setting(part: Part, project: Project) -> Iterator[Unreached]:
    for one in part.wiring:
        if one.kind != "setting" or "." not in one.target:
            continue
        module, _, name = one.target.rpartition(".")
        if module not in project.symbols.known_modules:
            continue
        facts = project.symbols.facts.get(module)
        if facts is None:
            project.symbols.ask(module)
            continue
        is_there = any(name in names for names in (facts.functions, facts.variables, facts.aliases, facts.classes))
        if not is_there and not facts.stars and MODULE_BODY in facts.functions:
            yield Unreached(
                part.module, one.span, one.function,
                f"`{one.target}` is set as the exception handler, and `{module}` has no `{name}`",
                "name the function that is there",
                f"define `{name}(error, context)` in `{module}`, or correct the setting",
            )  # fmt: skip
