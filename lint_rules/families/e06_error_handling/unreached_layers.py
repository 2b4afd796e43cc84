"""Exception filters of NestJS and extensions of Hapi that no error comes to."""

from __future__ import annotations

from collections.abc import Iterator

from lint_rules.families.e06_error_handling.services import Part, Service, unbound_filters
from lint_rules.families.e06_error_handling.unreached import Unreached, last_name
from lint_rules.project.linked import Project

# NestJS.


def without_binding(service: Service) -> Iterator[Unreached]:
    """Exception filters that nothing binds."""
    for module, one in unbound_filters(service):
        yield Unreached(
            module, one.span, one.function,
            f"nothing binds the exception filter `{one.name}`, so Nest never calls it",
            "bind it with `useGlobalFilters`, `APP_FILTER` or `@UseFilters`",
            f"call `app.useGlobalFilters(new {one.name}())` in `main.ts`, or provide "
            f"`{{ provide: APP_FILTER, useClass: {one.name} }}` in a module",
        )  # fmt: skip


def behind_broad_filter(service: Service, project: Project) -> Iterator[Unreached]:
    """Filters for one class of errors in front of one for all: Nest asks them from the last to the first."""
    caught = {one.target: one.detail for _, one in service.wiring("filter")}
    for module, one in service.wiring("in-order"):
        own = caught.get(project.symbols.canonical(one.on), "")
        for later in one.target.split(",") if own else ():
            broad = project.symbols.canonical(later)
            if caught.get(broad, own) == "":
                yield Unreached(
                    module, one.span, one.function,
                    f"`{last_name(broad)}` behind `{one.name}` catches everything, and Nest asks the last filter first",
                    f"name `{last_name(broad)}` first",
                    f"filters are asked from the last to the first: put `{last_name(broad)}`, which is for all errors, "
                    f"in front of `{one.name}`",
                )  # fmt: skip
                break


# Hapi.


def behind_extension(part: Part) -> Iterator[Unreached]:
    """`onPreResponse` behind one that returns errors as they are, which ends the row; or in a plugin without routes."""
    for one in part.wiring:
        if one.kind != "extension":
            continue
        same = [other for other in part.wiring if other.owner == one.owner and other.function == one.function]
        if one.detail == "sandboxed" and not any(other.kind in ("route", "mount", "hands") for other in same):
            yield Unreached(
                part.module, one.span, one.function,
                "this `onPreResponse` is for the routes of its own plugin, which has none",
                "leave out `sandbox`",
                f"`{one.name}.ext('onPreResponse', handler)` is for all routes of the server",
            )  # fmt: skip
        first = next((other for other in same if other.kind == "extension" and other.detail == "ends"), None)
        if one.detail == "errors" and first is not None and first.span.end < one.span.start:
            yield Unreached(
                part.module, one.span, one.function,
                f"the `onPreResponse` in line {first.span.row} returns errors itself, which ends the row",
                "return `h.continue` there",
                "an extension that returns an error is the last: return `h.continue` there, or put this one first",
            )  # fmt: skip
