"""The bodies of all error responses of a service, those included that a central handler makes of what is raised."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lint_rules.families.e06_error_handling.notes import ErrorAnswer
from lint_rules.families.e06_error_handling.python_answers import raise_shape
from lint_rules.families.e06_error_handling.services import Service
from lint_rules.families.e06_error_handling.shapes import (
    ERROR_KEYS,
    MESSAGE_KEYS,
    PAGE,
    TEXT,
    UNKNOWN,
    Shape,
    made,
    tells_of_error,
    top_keys,
)
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.linked import Project
from lint_rules.project.node_names import js_name

_BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})
_OWN_DEFAULT = ("fastapi.", "starlette.", "litestar.", "aiohttp.", "sanic.")
"""Frameworks whose own HTTP errors a handler for `Exception` does not see."""
_NEST_ERRORS = js_name("@nestjs/common#HttpException").rpartition(".")[0]
_FASTAPI_SHAPE = made([("detail", "value")])
_NEST_SHAPE = made([("message", "value"), ("statusCode", "value")])


@dataclass(frozen=True, slots=True)
class Response:
    """One place that answers errors, its body's shape, and for how many places of the service it does so."""

    module: ModuleFacts
    answer: ErrorAnswer
    shape: Shape
    weight: int = 1


@dataclass(frozen=True, slots=True)
class _Central:
    """A central handler: the canonical name of what it is for ("" for all), a status as written, its body's shape."""

    handled: str
    status: str
    shape: Shape


def responses(service: Service, project: Project) -> list[Response]:
    """All error responses of a service whose body is known."""
    centrals = _centrals(service, project)
    calls = _calls(service, project)
    found: list[Response] = []
    is_fastapi = any(target.startswith("fastapi") for part in service.parts for target in part.module.aliases.values())
    for part in service.parts:
        for answer in part.answers:
            if answer.raised:
                shape = _of_raised(answer, centrals, project)
                if is_fastapi and shape == TEXT and "starlette" in project.symbols.canonical(answer.raised):
                    shape = _FASTAPI_SHAPE  # FastAPI answers Starlette's errors as its own
                if shape != UNKNOWN:
                    found.append(Response(part.module, answer, shape))
            elif _is_compared(answer):
                weight = max(1, calls[f"{part.module.module}.{answer.function}"])
                found.append(Response(part.module, answer, answer.shape, weight))
    return found


_MOST_OTHERS = 2
_FOR_ERRORS = re.compile(
    r"err|fail|problem|abort|exception|reject|bad_?request|not_?found|catch|den[iy]|forbid|unauth", re.IGNORECASE
)


def _is_compared(answer: ErrorAnswer) -> bool:
    """Whether a body is one that says what went wrong; where the status is not known, its keys or its function tell."""
    keys = {key.lower() for key in top_keys(answer.shape)}
    if "error_description" in keys:
        return False  # OAuth says what its errors look like
    if answer.status >= 400:
        return answer.shape in (TEXT, PAGE) or tells_of_error(answer.shape)
    name = answer.function.rpartition(".")[2]
    if len(keys - ERROR_KEYS - MESSAGE_KEYS) > _MOST_OTHERS:
        return False
    return not keys.isdisjoint(ERROR_KEYS) or (tells_of_error(answer.shape) and _FOR_ERRORS.search(name) is not None)


def _calls(service: Service, project: Project) -> Counter[str]:
    """How often the service calls each of its functions that answers errors."""
    makers = {
        f"{part.module.module}.{answer.function}"
        for part in service.parts
        for answer in part.answers
        if answer.function and not answer.raised
    }
    last_names = {name.rpartition(".")[2] for name in makers}
    counted: Counter[str] = Counter()
    for part in service.parts:
        for function in part.module.functions.values():
            for call in function.calls:
                if call.target.rpartition(".")[2] in last_names:
                    name = project.symbols.canonical(call.target)
                    if name in makers:
                        counted[name] += 1
    return counted


# Central handlers.


def _centrals(service: Service, project: Project) -> list[_Central]:
    shapes: dict[str, list[Shape]] = {}
    for part in service.parts:
        for answer in part.answers:
            if not answer.raised:
                shapes.setdefault(f"{part.module.module}.{answer.function}", []).append(answer.shape)
    found = []
    for _, one in service.wiring("central", "filter", "use"):
        if (one.kind == "use" and not _takes_errors(one.target, project)) or one.detail == "useGlobalFilters":
            continue
        symbol, _, written = one.detail.partition("|")
        handled = "" if one.kind != "central" or project.language == "javascript" else project.symbols.canonical(symbol)
        reference = project.symbols.function(one.target) if one.target and one.kind != "filter" else None
        names = [reference.name] if reference is not None else [one.target, f"{one.target}.catch"]
        own = {shape for name in names for shape in shapes.get(name, ()) if shape != UNKNOWN}
        if one.kind == "filter":
            handled = one.detail
        found.append(_Central(handled, written, next(iter(own)) if len(own) == 1 else UNKNOWN))
    return found


def _takes_errors(symbol: str, project: Project) -> bool:
    reference = project.symbols.function(symbol) if symbol else None
    return reference is not None and len(reference.function.parameters) == 4


def _of_raised(answer: ErrorAnswer, centrals: Sequence[_Central], project: Project) -> Shape:
    if project.language == "javascript":
        return _of_thrown(answer, centrals, project)
    lineage = _lineage(answer.raised, project)
    library = next((name for name in lineage if raise_shape(name, project.symbols.types) is not None), "")
    for name in lineage:
        for central in centrals:
            if central.handled == name and name not in _BROAD:
                return central.shape
    by_status = [one for one in centrals if one.status.isdigit() and int(one.status) == answer.status]
    if by_status:
        return by_status[0].shape
    broad = next((one for one in centrals if one.handled in _BROAD or one.handled in ("", "*")), None)
    if broad is not None and not (library.startswith(_OWN_DEFAULT)):
        return broad.shape
    if not library:
        return UNKNOWN
    own = raise_shape(library, project.symbols.types)
    return answer.shape if answer.shape != UNKNOWN or own is None else own


def _lineage(symbol: str, project: Project) -> list[str]:
    """Canonical names of a raised class and its bases, those of libraries too."""
    names = project.symbols.ancestors(symbol)
    if any(name.endswith(".abort") or name.startswith("werkzeug.exceptions.") for name in names):
        names = [*names, "werkzeug.exceptions.HTTPException"]
    return [*names, *(base for name in names for base in _library_bases(name, project) if base not in names)]


def _library_bases(name: str, project: Project) -> Iterator[str]:
    return (one.removesuffix(".x") for one in project.symbols.types.lineage(f"{name}.x") if one != f"{name}.x")


def _of_thrown(answer: ErrorAnswer, centrals: Sequence[_Central], project: Project) -> Shape:
    """What answers a thrown error: an exception filter that is for all or for HTTP errors; else one central handler."""
    ancestors = project.symbols.ancestors(answer.raised) if answer.raised != "next" else []
    is_http = any(name.startswith(f"{_NEST_ERRORS}.") and name.endswith("Exception") for name in ancestors)
    general = [one for one in centrals if not one.handled or "HttpException" in one.handled]
    if is_http and not general:
        return answer.shape if answer.shape != UNKNOWN else _NEST_SHAPE if answer.status < 0 else UNKNOWN
    shapes = {one.shape for one in general}
    return shapes.pop() if len(shapes) == 1 else UNKNOWN
