"""Central error handlers of Django and Django REST framework that no error comes to."""

from __future__ import annotations

from collections.abc import Iterator

from lint_rules.families.e06_error_handling.notes import Wiring
from lint_rules.families.e06_error_handling.services import Part, Service
from lint_rules.families.e06_error_handling.unreached import Unreached
from lint_rules.project.facts import MODULE_BODY
from lint_rules.project.linked import Project


def unreached_in_django(service: Service, project: Project) -> Iterator[Unreached]:
    """The unreached handlers of a service."""
    roots = {one.target for _, one in service.wiring("root-urls")}
    listed = {one.target for _, one in service.wiring("listed")}
    for part in service.parts:
        for one in part.wiring:
            if one.kind == "setting":
                yield from _missing(part, one, "is set as the exception handler", "(error, context)", project)
            elif one.kind == "loose-setting":
                yield _loose(part, one)
            elif one.kind == "url-handler":
                if one.detail:
                    yield from _missing(part, one, f"is `{one.name}`", "(request)", project)
                if roots and roots <= project.symbols.known_modules.keys() and part.module.module not in roots:
                    yield _not_root(part, one, min(roots))
            elif one.kind == "maybe" and one.name == "process_exception" and listed:
                yield from _not_listed(part, one, listed, service)


def _missing(part: Part, one: Wiring, what: str, parameters: str, project: Project) -> Iterator[Unreached]:
    """A dotted path that leads to nothing in the project."""
    module, _, name = one.target.rpartition(".")
    if not module:
        return
    if module not in project.symbols.known_modules:
        top = module.partition(".")[0]
        is_own = any(known == top or known.startswith(f"{top}.") for known in project.symbols.known_modules)
        parent = module.rpartition(".")[0]
        if is_own and parent in project.symbols.known_modules:
            yield _leads_nowhere(part, one, what, f"`{parent}` has no `{module.rpartition('.')[2]}`", parameters)
        return
    facts = project.symbols.facts.get(module)
    if facts is None:
        project.symbols.ask(module)
        return
    is_there = any(name in names for names in (facts.functions, facts.variables, facts.aliases, facts.classes))
    if not is_there and not facts.stars and MODULE_BODY in facts.functions:
        yield _leads_nowhere(part, one, what, f"`{module}` has no `{name}`", parameters)


def _leads_nowhere(part: Part, one: Wiring, what: str, why: str, parameters: str) -> Unreached:
    module, _, name = one.target.rpartition(".")
    return Unreached(
        part.module, one.span, one.function,
        f"`{one.target}` {what}, and {why}",
        "name the function that is there",
        f"define `{name}{parameters}` in `{module}`, or correct the setting",
    )  # fmt: skip


def _loose(part: Part, one: Wiring) -> Unreached:
    return Unreached(
        part.module, one.span, one.function,
        "`EXCEPTION_HANDLER` stands outside of `REST_FRAMEWORK`, where nothing reads it",
        "move it into that dict",
        f'`REST_FRAMEWORK = {{"EXCEPTION_HANDLER": "{one.target}"}}`',
    )  # fmt: skip


def _not_root(part: Part, one: Wiring, root: str) -> Unreached:
    return Unreached(
        part.module, one.span, one.function,
        f"Django reads `{one.name}` of the root URL configuration `{root}` only, and this is `{part.module.module}`",
        f"move it to `{root}`",
        f"set `{one.name}` in `{root}`; for the views of one app write a middleware with `process_exception`",
    )  # fmt: skip


def _not_listed(part: Part, one: Wiring, listed: set[str], service: Service) -> Iterator[Unreached]:
    """Middleware with `process_exception` that `MIDDLEWARE` does not name."""
    owner = one.function.rpartition(".")[0] or one.function
    name = owner.rpartition(".")[2]
    bases = {base.rpartition(".")[2] for other in service.parts for known in other.module.classes.values()
             for base in known.bases}  # fmt: skip
    if "." not in one.function or name in bases or any(entry.rpartition(".")[2] == name for entry in listed):
        return
    if "middleware" not in part.module.module.lower() and "Middleware" not in name:
        return
    yield Unreached(
        part.module, one.span, one.function,
        f"`MIDDLEWARE` does not name `{name}`, so Django never calls its `process_exception`",
        "add it to the setting",
        f"add `{part.module.module}.{name}` to `MIDDLEWARE`",
    )  # fmt: skip
