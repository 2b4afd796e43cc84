"""Error middleware of Express in front of routes, where functions of their own register both: `errors(app)` in front of
`routes(app)`, `this.errors()` in front of `this.routes()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from lint_rules.families.e06_error_handling.notes import WIRING, Wiring
from lint_rules.families.e06_error_handling.services import Part
from lint_rules.families.e06_error_handling.unreached import Unreached, last_name
from lint_rules.model import Span
from lint_rules.project.facts import CallFacts, FunctionFacts
from lint_rules.project.linked import Project

Test = Callable[[Wiring, Project], bool]


class _Step(Struct, frozen=True):
    """A call or statement that registers error middleware or routes with an app; the function called, or ""."""

    span: Span
    owner: str
    has_errors: bool
    has_routes: bool
    called: str = ""


def in_front_of_steps(part: Part, is_errors: Test, is_routes: Test, project: Project) -> Iterator[Unreached]:
    """Calls of functions that register error middleware, in front of calls of functions that add the routes."""
    if not part.wiring:
        return
    by_module = {module.module: wiring for module, wiring in project.notes(WIRING)}
    for function in part.module.functions.values():
        called = [
            step
            for call in function.calls
            if (step := _of_call(call, function, part, by_module, is_errors, is_routes, project)) is not None
        ]
        if not any(step.has_errors for step in called):
            continue
        direct = [
            _Step(one.span, one.owner, is_errors(one, project), is_routes(one, project))
            for one in part.wiring
            if one.function == ("" if function.name == "<module>" else function.name)
        ]
        yield from _in_order([*called, *direct], part, function)


def _in_order(steps: list[_Step], part: Part, function: FunctionFacts) -> Iterator[Unreached]:
    for one in steps:
        same = [other for other in steps if other.owner == one.owner]
        last = max((other.span.start for other in same if other.has_routes), default=-1)
        is_repeated = any(other.has_errors and other.span.start >= last for other in same)
        if not one.called or not one.has_errors or one.has_routes or is_repeated or last < one.span.start:
            continue
        behind = next(other for other in same if other.span.start == last and other.has_routes)
        yield Unreached(
            part.module, one.span, function.name,
            f"`{one.called}` registers the error middleware in front of the routes that line {behind.span.row} adds, "
            "so their errors never come to it",
            f"call it behind line {behind.span.row}",
            "Express hands an error to the error middleware behind the route: register it last",
        )  # fmt: skip


def _of_call(
    call: CallFacts,
    function: FunctionFacts,
    part: Part,
    by_module: dict[str, tuple[Wiring, ...]],
    is_errors: Test,
    is_routes: Test,
    project: Project,
) -> _Step | None:
    """What a call of a function of the project registers, on the app that it is given or on that of its own object."""
    reference = project.symbols.function(call.target) if "." in call.target else None
    if reference is None or (reference.module is part.module and reference.function is function):
        return None
    own = [
        one
        for one in by_module.get(reference.module.module, ())
        if one.function == reference.function.name and one.owner
    ]
    if not own:
        return None
    owner = next((one.owner for one in part.wiring if one.span.start == call.span.start and one.owner), "")
    is_method = own[0].owner.endswith(".app") or ":this." in own[0].owner
    owners = {one.owner for one in own if ":this." in one.owner} if is_method else {owner}
    if len(owners) != 1 or not (given := next(iter(owners))):
        return None
    held = own if is_method else [one for one in own if one.name in reference.function.parameters]
    has_errors = any(is_errors(one, project) for one in held)
    return _Step(
        call.span, given, has_errors, any(is_routes(one, project) for one in held), last_name(reference.function.name)
    )


__all__ = ["in_front_of_steps"]
