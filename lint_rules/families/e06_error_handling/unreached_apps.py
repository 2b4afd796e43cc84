"""Error handlers on apps, blueprints and routers without routes, in projects whose routes are on others."""

from __future__ import annotations

import os
from collections.abc import Iterator

from lint_rules.families.e06_error_handling.notes import Wiring
from lint_rules.families.e06_error_handling.services import Service, package_root
from lint_rules.families.e06_error_handling.unreached import Unreached
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.linked import Project
from lint_rules.project.symbols import Reference

_MOST_STEPS = 20
_ADDING = frozenset(
    {"add_url_rule", "add_api_route", "add_route", "add_routes", "include_router", "register_blueprint",
     "add_subapp", "blueprint", "add_resource", "register", "register_namespace", "init_app", "add_websocket_route",
     "add_get", "add_post", "add_namespace", "route", "url_map", "create_endpoints", "run", "nest"}
)  # fmt: skip
_BLUEPRINTS = ("flask.Blueprint", "quart.Blueprint")
_REGISTERING = frozenset({"register_blueprint"})
_OF_BLUEPRINTS = frozenset(
    {"errorhandler", "register_error_handler", "app_errorhandler", "before_request", "after_request",
     "teardown_request", "before_app_request", "after_app_request", "context_processor", "app_context_processor"}
)  # fmt: skip
"""What may be called of a blueprint without giving it a route."""


def unreached_apps(services: list[Service], project: Project) -> Iterator[Unreached]:
    """Handlers on what has no routes, where other apps of the same package have some."""
    made: dict[str, tuple[ModuleFacts, Wiring]] = {}
    for service in services:
        for module, one in service.wiring("app", "router"):
            if one.owner and ":" not in one.owner:
                made[one.owner] = module, one
    if len(made) < 2:
        return
    with_routes = _with_routes(services, project)
    mounting = {module.module for service in services for module, _ in service.wiring("mount")}
    for service in services:
        mounted = {_owner(one.owner, project): _owner(one.target, project) for _, one in service.wiring("mount")}
        for module, one in service.wiring("central"):
            owner = _owner(one.owner, project)
            if owner not in made or owner in with_routes or one.name not in made[owner][1].name:
                continue
            name = project.symbols.canonical(one.on)
            if "app_errorhandler" in name or name.startswith("sanic.Blueprint."):
                continue  # for the whole application; a blueprint of Sanic without routes is so too
            others = [place for place in with_routes & made.keys() if _belong(made[place][0], made[owner][0], project)]
            sub = mounted.get(owner, "")
            if sub in made and sub in with_routes and made[sub][1].kind == "app":
                yield _of_mounted(module, one, made[sub][1])
            elif others and not _is_elsewhere(owner, made, others, mounting, project):
                yield _without_routes(module, one)


def _belong(one: ModuleFacts, other: ModuleFacts, project: Project) -> bool:
    roots = {package_root(os.path.dirname(facts.path), project.root, project.language) for facts in (one, other)}
    return len(roots) == 1


def _is_elsewhere(
    owner: str,
    made: dict[str, tuple[ModuleFacts, Wiring]],
    others: list[str],
    mounting: set[str],
    project: Project,
) -> bool:
    """Whether an app of a file of its own may be used by others, who may add routes in ways that are not seen."""
    module, wiring = made[owner]
    if any(made[other][0].module == module.module for other in others):
        return False
    users = [
        facts
        for facts in project.symbols.facts.values()
        if facts.module != module.module and (module.module in facts.stars or _takes(facts, owner, module.module))
    ]
    if wiring.kind == "app":
        return bool(users)
    if not project.symbols.canonical(wiring.on).startswith(_BLUEPRINTS):
        return True
    project.asked_words.add(module.module.rpartition(".")[2])  # files that only take the blueprint
    making = {facts.module for facts, _ in made.values()} | mounting
    return any(not (facts.module in making and _only_mounts(facts, owner, project)) for facts in [module, *users])


def _takes(facts: ModuleFacts, owner: str, module: str) -> bool:
    return any(target in (owner, module) for target in (*facts.aliases.values(), *facts.variables.values()))


def _only_mounts(facts: ModuleFacts, owner: str, project: Project) -> bool:
    """Whether all that a file does with a blueprint is to give it handlers and to register it."""
    module = owner.rpartition(".")[0]
    if module in facts.stars or (facts.module != module and module in facts.aliases.values()):
        return False
    for function in facts.functions.values():
        for call in function.calls:
            called, _, method = call.target.rpartition(".")
            if _owner(called, project) == owner and method not in _OF_BLUEPRINTS:
                return False
            given = (one.rpartition("=")[2] for one in (*call.handed, *call.arguments))
            if method not in _REGISTERING and any(_owner(one, project) == owner for one in given):
                return False
    return True


def _with_routes(services: list[Service], project: Project) -> set[str]:
    found: set[str] = set()
    for service in services:
        found.update(_owner(one.owner, project) for _, one in service.wiring("hands"))
        for part in service.parts:
            for function in part.module.functions.values():
                handler = project.handlers.of(Reference(part.module, function)) if function.decorators else None
                if handler is not None and handler.kind in ("route", "socket"):
                    owners = (symbol.removesuffix("()").rpartition(".")[0] for symbol in function.decorators)
                    found.update(_owner(owner, project) for owner in owners)
                for call in function.calls:
                    owner, _, method = call.target.rpartition(".")
                    if method in _ADDING:
                        found.add(_owner(owner, project))
    return found


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


def _without_routes(module: ModuleFacts, one: Wiring) -> Unreached:
    return Unreached(
        module, one.span, one.function,
        f"`{one.name}` has an error handler and no routes, so no error comes to it",
        "register it on the app that serves the routes",
        "an error handler is asked for errors of its own app or blueprint; register it where the routes are",
    )  # fmt: skip


def _of_mounted(module: ModuleFacts, one: Wiring, sub: Wiring) -> Unreached:
    return Unreached(
        module, one.span, one.function,
        f"`{one.name}` has no routes of its own, and `{sub.name}`, which is mounted in it, answers its errors itself",
        f"register it on `{sub.name}`",
        f"a mounted application has exception handlers of its own: register this one on `{sub.name}` too",
    )  # fmt: skip
