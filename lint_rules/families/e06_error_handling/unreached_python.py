"""Central error handlers of Python services that no error comes to."""

from __future__ import annotations

from collections.abc import Iterator

from lint_rules.families.e06_error_handling.notes import Wiring
from lint_rules.families.e06_error_handling.services import Part, Service
from lint_rules.families.e06_error_handling.unreached import (
    NOT_ROUTED,
    Unreached,
    handled,
    is_mentioned,
    raises_missing,
)
from lint_rules.families.e06_error_handling.unreached_asgi import unreached_in_asgi
from lint_rules.families.e06_error_handling.unreached_django import unreached_in_django
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.linked import Project

_BLUEPRINTS = ("flask.Blueprint.", "quart.Blueprint.")
_VIEW_METHODS = ("get", "head", "post", "delete", "patch", "put", "options")


def unreached_in_python(service: Service, project: Project) -> Iterator[Unreached]:
    """The unreached handlers of a service."""
    for part in service.parts:
        yield from _of_blueprint(part, service, project)
        yield from _behind_run(part)
        yield from _unused_middleware(part, service)
        yield from _write_errors(part, service, project)
        yield from _never_registered(part, service, project)
    yield from unreached_in_asgi(service, project)
    yield from unreached_in_django(service, project)


# Flask, Quart.


def _of_blueprint(part: Part, service: Service, project: Project) -> Iterator[Unreached]:
    for one in part.wiring:
        name = project.symbols.canonical(one.on)
        if one.kind != "central" or not name.startswith(_BLUEPRINTS) or name.rpartition(".")[2] not in _PER_BLUEPRINT:
            continue
        _, written = handled(one, project)
        code = {"NotFound": "404", "MethodNotAllowed": "405"}.get(written.rpartition(".")[2], written)
        if code not in NOT_ROUTED or (code == "404" and raises_missing(service)):
            continue
        yield Unreached(
            part.module, one.span, one.function,
            f"`{one.name}` is a blueprint, and {code} is answered before its URL is known to be one of the blueprint's",
            "use `app_errorhandler`",
            f"`@{one.name}.app_errorhandler({written})`, or `errorhandler` of the application; "
            "tell the URLs apart by `request.path`",
        )  # fmt: skip


_PER_BLUEPRINT = frozenset({"errorhandler", "register_error_handler"})


# All.


def _behind_run(part: Part) -> Iterator[Unreached]:
    for one in part.wiring:
        if one.kind != "central" or not one.owner:
            continue
        for other in part.wiring:
            is_same = one.owner in (other.owner, other.target) and other.function == one.function
            if other.kind == "serves" and is_same and other.span.end < one.span.start and other.on.endswith("run"):
                shown = f"{other.name}.run" if other.owner == one.owner else f"{other.name}.run({one.name})"
                yield Unreached(
                    part.module, one.span, one.function,
                    f"`{shown}` in line {other.span.row} serves until the process ends, and the handler behind "
                    "it is registered then",
                    "register it before",
                    "move the call that serves to the end of the file",
                )  # fmt: skip
                break


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


# Tornado.


def _write_errors(part: Part, service: Service, project: Project) -> Iterator[Unreached]:
    """`write_error` that Tornado cannot call, or in a class that no route leads to and no handler derives from."""
    for one in part.wiring:
        if one.kind != "write-error" or "tornado.web.RequestHandler" not in project.symbols.ancestors(one.target):
            continue
        if not one.owner:
            yield Unreached(
                part.module, one.span, one.function,
                f"Tornado calls `{one.name}.write_error` with `exc_info=...`, which it does not take",
                "add `**kwargs`",
                "write `def write_error(self, status_code, **kwargs)`: else the call fails and nothing is answered",
            )  # fmt: skip
            continue
        is_served = any(f"{one.name}.{method}" in part.module.functions for method in _VIEW_METHODS)
        if is_served or one.detail != "1" or _is_named_elsewhere(one.name, part.module, service):
            continue
        if any(other.kind == "app" for _, other in service.apps):
            yield Unreached(
                part.module, one.span, one.function,
                f"no handler derives from `{one.name}`, so its `write_error` answers for none",
                "derive the handlers from it",
                f"make `{one.name}` the base class of all handlers, and the application's `default_handler_class`",
            )  # fmt: skip


def _is_named_elsewhere(name: str, module: ModuleFacts, service: Service) -> bool:
    """Whether another file imports a name of a module, or the module itself."""
    own = (module.module, f"{module.module}.{name}")
    return any(
        target in own or module.module in part.module.stars
        for part in service.parts
        if part.module.module != module.module
        for target in part.module.aliases.values()
    )


# Handlers that a function registers on the application that it is given.


def _never_registered(part: Part, service: Service, project: Project) -> Iterator[Unreached]:
    """Handlers registered in a function that takes the application, and that nothing calls."""
    for one in part.wiring:
        reference = part.module.functions.get(one.function) if one.kind == "central" and one.function else None
        if reference is None or one.owner != f"{part.module.module}:{one.function}:{one.name}" or not service.apps:
            continue
        last = one.function.rpartition(".")[2]
        if one.name not in reference.parameters or "." in one.function or reference.decorators:
            continue
        project.asked_words.add(last)
        if not is_mentioned(last, part.module, project):
            yield Unreached(
                part.module, one.span, one.function,
                f"nothing calls `{last}`, so this error handler is never registered",
                f"call `{last}({one.name})`",
                f"call `{last}(app)` where the application is made",
            )  # fmt: skip
