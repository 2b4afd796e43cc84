"""Central error handlers of Node services that no error comes to."""

from __future__ import annotations

from collections.abc import Iterator

from lint_rules.families.e06_error_handling.central import parameters_of, takes_errors
from lint_rules.families.e06_error_handling.node_caught import ERROR_NAME
from lint_rules.families.e06_error_handling.notes import WIRING as _WIRING
from lint_rules.families.e06_error_handling.notes import Wiring
from lint_rules.families.e06_error_handling.services import Part, Service
from lint_rules.families.e06_error_handling.unreached import Unreached, is_mentioned, last_name
from lint_rules.families.e06_error_handling.unreached_layers import (
    behind_broad_filter,
    behind_extension,
    without_binding,
)
from lint_rules.families.e06_error_handling.unreached_steps import in_front_of_steps
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.linked import Project
from lint_rules.project.node_names import js_name

_EXPRESS = ("express.", "express-promise-router.")
_ROUTERS = (js_name("express#Router"), js_name("express#Application"), js_name("@koa/router#Router"))
_KOA = "koa."


def unreached_in_javascript(service: Service, project: Project) -> Iterator[Unreached]:
    """The unreached handlers of a service."""
    for part in service.parts:
        yield from three_parameters(part, project)
        yield from _in_front_of_routes(part, project)
        yield from in_front_of_steps(part, _is_express_errors, _leads_to_routes, project)
        yield from _behind_routes(part, project)
        yield from _after_listen(part, project)
        yield from _encapsulated(part, project)
        yield from behind_extension(part)
        yield from _never_registered(part, service, project)
    yield from _without_routes(service, project)
    yield from without_binding(service)
    yield from behind_broad_filter(service, project)


def _parameters(use: Wiring, project: Project) -> tuple[str, ...]:
    return parameters_of(use, project) or ()


def _is_of(one: Wiring, prefixes: tuple[str, ...], project: Project) -> bool:
    return project.symbols.canonical(one.on).startswith(prefixes)


def _name(use: Wiring) -> str:
    return "the error middleware" if use.detail == "literal" else f"`{use.detail}`"


# Express.


def three_parameters(part: Part, project: Project) -> Iterator[Unreached]:
    """Error middleware that lacks the fourth parameter, by which Express would know it."""
    for one in part.wiring:
        names = _parameters(one, project) if one.kind in ("use", "three") else ()
        if len(names) != 3 or not ERROR_NAME.match(names[0]) or names[2] == "next":
            continue
        if not _is_of(one, _EXPRESS, project):
            continue
        shown = ", ".join(names)
        yield Unreached(
            part.module, one.span, one.function,
            f"{_name(one)} takes three parameters (`{shown}`), so Express calls it as plain middleware",
            "add `next` as the fourth",
            f"write `({shown}, next) => ...`: Express tells error middleware by its four parameters, used or not",
        )  # fmt: skip


def _is_error_middleware(one: Wiring, project: Project) -> bool:
    if one.kind == "central":
        return one.detail == "literal" or _is_of(one, _EXPRESS, project)
    return one.kind == "use" and len(_parameters(one, project)) == 4


def _is_express_errors(one: Wiring, project: Project) -> bool:
    is_own = ".<parameter>" in one.on or ":this." in one.owner  # an app that is known by its owner only
    return _is_error_middleware(one, project) and (is_own or _is_of(one, _EXPRESS, project))


def _leads_to_routes(one: Wiring, project: Project) -> bool:
    """Whether a statement adds routes to an app: one of its own, a router, or a function that is given the app."""
    if one.kind == "route":
        return one.detail not in ("*", "/*", "(.*)", "*splat", "/*splat", "/{*splat}")
    if one.kind == "use":
        return project.symbols.canonical(one.target).startswith(_ROUTERS)
    if one.kind == "hands":
        reference = project.symbols.function(one.target)
        return reference is not None and _registers_routes(reference.module, reference.function.name, project)
    return False


def _registers_routes(module: ModuleFacts, function: str, project: Project) -> bool:
    for known, wiring in project.notes(_WIRING):
        if known.module == module.module:
            return any(one.kind == "route" and one.function == function for one in wiring)
    return False


def _is_for_one_kind(one: Wiring, project: Project) -> bool:
    """Whether a function of the project answers for one kind of error, that of the middleware right before it."""
    reference = project.symbols.function(one.target)
    return reference is not None and any(
        other.kind == "errors" and other.detail and other.function == reference.function.name
        for module, wiring in project.notes(_WIRING)
        if module.module == reference.module.module
        for other in wiring
    )


def _in_front_of_routes(part: Part, project: Project) -> Iterator[Unreached]:
    """Error middleware of which routes of the same app follow, and no other error middleware behind them."""
    for one in part.wiring:
        if not _is_error_middleware(one, project) or not _is_of(one, _EXPRESS, project):
            continue
        if one.target and _is_for_one_kind(one, project):
            continue
        same = [other for other in part.wiring if other.owner == one.owner and other.function == one.function]
        behind = [other for other in same if other.span.start > one.span.end]
        routes = [other for other in behind if _leads_to_routes(other, project)]
        if not routes:
            continue
        last = routes[-1]
        is_repeated = any(
            other.span.start > last.span.start
            and (_is_error_middleware(other, project) or takes_errors(other, project))
            for other in behind
            if other.kind in ("use", "central", "maybe")
        )
        if not is_repeated:
            yield Unreached(
                part.module, one.span, one.function,
                f"{_name(one)} stands in front of the routes of `{one.name}` in line {routes[0].span.row}, "
                "so their errors never come to it",
                f"register it behind line {last.span.row}",
                f"move it behind the last route of `{one.name}`: Express hands errors to what was registered later",
            )  # fmt: skip


def _without_routes(service: Service, project: Project) -> Iterator[Unreached]:
    """Error middleware on a router or app that has no routes, in a service that has some and no other handler."""
    wired = [(module, one) for module, one in service.wiring("use", "central", "route", "hands", "maybe")]
    handlers = [(module, one) for module, one in wired if _is_error_middleware(one, project)]
    with_routes = {one.owner for _, one in wired if one.kind == "hands" or _leads_to_routes(one, project)}
    made = {one.owner: (module, one) for module, one in service.wiring("app", "router") if one.owner}
    for module, one in handlers:
        own = made.get(one.owner)
        if own is None or (own[1].kind == "app" and len(service.apps) < 2) or one.owner in with_routes:
            continue
        others = {owner for owner in with_routes if owner in made and owner != one.owner}
        is_used_elsewhere = _is_exported_and_used(own[0], one, service, project)
        if not others or is_used_elsewhere or not _is_of(one, _EXPRESS, project):
            continue
        yield Unreached(
            module, one.span, one.function,
            f"{_name(one)} is registered on `{one.name}`, which has no routes, so no error comes to it",
            "register it on the app, behind the routes",
            "an error goes to the error middleware of its own router, then to that of the app: call `app.use` there",
        )  # fmt: skip


def _is_exported_and_used(module: ModuleFacts, one: Wiring, service: Service, project: Project) -> bool:
    """Whether another file registers something on what this module exports."""
    return any(
        other.owner.startswith(f"{module.module}.") and other_module.module != module.module
        for other_module, other in service.wiring("use", "route", "hands")
    )


# Koa.


def _catches(one: Wiring, part: Part, project: Project) -> bool:
    if one.kind == "catcher":
        return True
    reference = project.symbols.function(one.target) if one.kind == "use" and one.target else None
    if reference is None:
        return False
    for module, wiring in project.notes(_WIRING):
        if module.module == reference.module.module:
            return any(other.kind == "catching" and other.function == reference.function.name for other in wiring)
    return False


def _behind_routes(part: Part, project: Project) -> Iterator[Unreached]:
    for one in part.wiring:
        is_router = _is_of(one, ("@koa/router.", "koa-router."), project)
        if not (is_router or _is_of(one, (_KOA,), project)) or not _catches(one, part, project):
            continue
        before = [
            other
            for other in part.wiring
            if other.owner == one.owner and other.function == one.function and other.span.end < one.span.start
        ]
        routes = [other for other in before if _is_koa_route(other, is_router, project)]
        if routes and not any(_catches(other, part, project) for other in before):
            yield Unreached(
                part.module, one.span, one.function,
                f"{_name(one).replace('error ', '')} catches the errors of what follows it, and the routes of "
                f"`{one.name}` stand before it in line {routes[0].span.row}",
                "register it in front of them",
                f"make it the first `{one.name}.use`: Koa runs middleware around that which was registered after it",
            )  # fmt: skip


def _is_koa_route(one: Wiring, is_router: bool, project: Project) -> bool:
    """Whether a statement adds routes: one to a router, those of a router to an app."""
    return one.kind == "route" if is_router else one.kind == "use" and _is_koa_routes(one, project)


def _is_koa_routes(use: Wiring, project: Project) -> bool:
    return use.detail.endswith((".routes()", ".middleware()", "routes")) or project.symbols.canonical(
        use.target
    ).startswith(js_name("@koa/router#Router"))


# Fastify.


def _after_listen(part: Part, project: Project) -> Iterator[Unreached]:
    for one in part.wiring:
        if one.kind != "central" or one.detail not in ("setErrorHandler", "useGlobalFilters"):
            continue
        framework = "Fastify" if one.detail == "setErrorHandler" else "Nest"
        what = _THROWS if framework == "Fastify" else "set it before `listen`, which binds the filters to the routes"
        for other in part.wiring:
            is_same = other.owner == one.owner and other.function == one.function
            if other.kind == "serves" and is_same and other.span.end < one.span.start:
                yield Unreached(
                    part.module, one.span, one.function,
                    f"`{one.name}.{one.detail}` stands behind `listen` in line {other.span.row}, where {framework} "
                    "has started already",
                    "call it before the routes" if framework == "Fastify" else "call it in front",
                    what,
                )  # fmt: skip
                break


_THROWS = "set it before plugins and routes: here Fastify throws `FST_ERR_INSTANCE_ALREADY_LISTENING`"


def _encapsulated(part: Part, project: Project) -> Iterator[Unreached]:
    """`setErrorHandler` in a plugin that has no routes, and is not wrapped to be one with its parent."""
    for one in part.wiring:
        if one.kind != "central" or one.detail != "setErrorHandler" or not one.function:
            continue
        if not one.owner.startswith(f"{part.module.module}:{one.function}:"):
            continue  # no parameter of the function that it stands in
        reference = part.module.functions.get(one.function)
        if reference is None or one.name not in reference.parameters[:1]:
            continue
        own = [other for other in part.wiring if other.owner == one.owner]
        if any(other.kind in ("route", "mount", "hands", "serves") for other in own):
            continue
        if any("fastify-plugin" in alias or "fastify-plugin" in value for alias, value in _names(part.module)):
            continue
        if not _is_plugin(part, one, project):
            continue
        yield Unreached(
            part.module, one.span, one.function,
            f"`{one.name}.setErrorHandler` is set in a plugin without routes, and reaches no further than that plugin",
            "wrap the plugin with `fastify-plugin`",
            "export `fp(plugin)` from `fastify-plugin`, or call `setErrorHandler` on the root instance",
        )  # fmt: skip


def _names(module: ModuleFacts) -> list[tuple[str, str]]:
    return [*module.aliases.items(), *module.variables.items(), *((value, value) for value in module.exports.values())]


def _is_plugin(part: Part, one: Wiring, project: Project) -> bool:
    """Whether the function is given to `register`, here or in another file."""
    own = f"{part.module.module}.{one.function}"
    for _, wiring in project.notes(_WIRING):
        for other in wiring:
            reference = project.symbols.function(other.target) if other.kind == "mount" and other.target else None
            if reference is not None and reference.name == own:
                return True
    return False


# Handlers that a function registers on the application that it is given.


def _never_registered(part: Part, service: Service, project: Project) -> Iterator[Unreached]:
    """Error handlers registered in a named function that takes the application, and that nothing calls."""
    if not service.apps or not any(service.wiring("serves")):
        return
    for one in part.wiring:
        reference = part.module.functions.get(one.function) if one.function else None
        if reference is None or one.kind not in ("use", "central") or one.name not in reference.parameters:
            continue
        is_handler = one.detail == "setErrorHandler" or _is_error_middleware(one, project)
        if any(value.endswith("()") for value in part.module.exports.values()):
            continue  # what `export default fp(plugin)` is given is known by another name
        if not is_handler or not one.owner.startswith(f"{part.module.module}:{one.function}:"):
            continue
        last = last_name(one.function)
        project.asked_words.add(last)
        if _is_imported(part.module, service) and not is_mentioned(last, part.module, project):
            yield Unreached(
                part.module, one.span, one.function,
                f"nothing calls `{last}`, so this error handler is never registered",
                f"call `{last}({one.name})`",
                f"call `{last}(app)` behind the routes",
            )  # fmt: skip


def _is_imported(module: ModuleFacts, service: Service) -> bool:
    """Whether a file of the service takes something of this module by name, so that it could have taken this."""
    return any(
        target.startswith(f"{module.module}.")
        for part in service.parts
        for target in (*part.module.aliases.values(), *part.module.variables.values())
    )
