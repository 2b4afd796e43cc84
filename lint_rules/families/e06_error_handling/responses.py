"""The bodies of all error responses of a service, those included that a central handler makes of what is raised."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from lint_rules.families.e06_error_handling.made import Makers
from lint_rules.families.e06_error_handling.notes import ErrorAnswer
from lint_rules.families.e06_error_handling.python_answers import raise_shape
from lint_rules.families.e06_error_handling.services import Service, unbound_filters
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
_OWN_DEFAULT = ("fastapi.", "starlette.", "aiohttp.")
"""Frameworks whose own HTTP errors a handler for `Exception` does not see."""
_OF_AIOHTTP = "aiohttp.web.HTTPException"
_ALL_OF = {
    "werkzeug.exceptions.": "werkzeug.exceptions.HTTPException",
    "sanic.exceptions.": "sanic.exceptions.SanicException",
    "litestar.exceptions.": "litestar.exceptions.HTTPException",
    "rest_framework.exceptions.": "rest_framework.exceptions.APIException",
    "aiohttp.web.HTTP": _OF_AIOHTTP,
}
"""The base of all HTTP errors in a module of a framework."""
_NEST_ERRORS = js_name("@nestjs/common#HttpException").rpartition(".")[0]
_FASTAPI_SHAPE = made([("detail", "value")])
_NEST_SHAPE = made([("message", "value"), ("statusCode", "value")])


class Response(Struct, frozen=True):
    """One place that answers errors, its body's shape, and for how many places of the service it does so."""

    module: ModuleFacts
    answer: ErrorAnswer
    shape: Shape
    weight: int = 1


class _Central(Struct, frozen=True):
    """A central handler: the canonical name of what it is for ("" for all), a status as written, its body's shape."""

    handled: str
    status: str
    shape: Shape


def responses(service: Service, project: Project) -> list[Response]:
    """All error responses of a service whose body is known."""
    makers = Makers(project)
    centrals = _centrals(service, makers, project)
    calls = _calls(service, project)
    found: list[Response] = []
    is_fastapi = any(target.startswith("fastapi") for part in service.parts for target in part.module.aliases.values())
    of_hapi = _answers_boom(service, project)
    for part in service.parts:
        for answer in part.answers:
            if answer.raised.startswith("@hapi/boom."):
                if of_hapi:
                    found.append(Response(part.module, answer, answer.shape))
                continue
            if answer.raised:
                shape = _of_raised(answer, centrals, makers, project)
                if is_fastapi and shape == TEXT and "starlette" in project.symbols.canonical(answer.raised):
                    shape = _FASTAPI_SHAPE  # FastAPI answers Starlette's errors as its own
                if shape != UNKNOWN:
                    found.append(Response(part.module, answer, shape))
                continue
            shape = answer.shape or makers.shape(answer.made)
            if _is_compared(answer, shape):
                weight = max(1, calls[f"{part.module.module}.{answer.function}"])
                found.append(Response(part.module, answer, shape, weight))
    return found


_MOST_OTHERS = 2
_FOR_ERRORS = re.compile(
    r"err|fail|problem|abort|exception|reject|bad_?request|not_?found|catch|den[iy]|forbid|unauth|refus", re.IGNORECASE
)


def _is_compared(answer: ErrorAnswer, shape: Shape) -> bool:
    """Whether a body is one that says what went wrong; where the status is not known, its keys or its function tell."""
    keys = {key.lower() for key in top_keys(shape)}
    if "error_description" in keys:
        return False  # OAuth says what its errors look like
    if answer.status >= 400:
        return shape in (TEXT, PAGE) or tells_of_error(shape)
    name = (_class_of(answer.function) or answer.function).rpartition(".")[2]
    if len(keys - ERROR_KEYS - MESSAGE_KEYS) > _MOST_OTHERS:
        return False
    return not keys.isdisjoint(ERROR_KEYS) or (
        tells_of_error(shape) and _FOR_ERRORS.search(f"{name} {answer.made.rpartition('.')[2]}") is not None
    )


def _calls(service: Service, project: Project) -> Counter[str]:
    """How often the service calls each of its functions that answers errors."""
    answering = {
        f"{part.module.module}.{answer.function}"
        for part in service.parts
        for answer in part.answers
        if answer.function and not answer.raised
    }
    last_names = {name.rpartition(".")[2] for name in answering}
    last_names |= {_class_of(name).rpartition(".")[2] for name in answering} - {""}
    counted: Counter[str] = Counter()
    for part in service.parts:
        for function in part.module.functions.values():
            for call in function.calls:
                if call.target.rpartition(".")[2] in last_names:
                    reference = project.symbols.function(call.target)
                    if reference is not None and reference.name in answering:
                        counted[reference.name] += 1
    return counted


def _answers_boom(service: Service, project: Project) -> bool:
    """Whether Hapi makes the bodies of Boom's errors, and no extension of the service makes them anew."""
    is_hapi = any(project.symbols.canonical(app.on).startswith("@hapi/hapi") for _, app in service.apps)
    return is_hapi and not any(service.wiring("extension"))


def _class_of(function: str) -> str:
    """The class whose constructor a function is, "" for any other function."""
    owner, _, method = function.rpartition(".")
    return owner if method in ("__init__", "constructor") else ""


# Central handlers.


def _centrals(service: Service, makers: Makers, project: Project) -> list[_Central]:
    shapes: dict[str, list[Shape]] = {}
    of_error: dict[str, str] = {}
    for part in service.parts:
        for answer in part.answers:
            if not answer.raised:
                shape = answer.shape or makers.shape(answer.made)
                name = f"{part.module.module}.{answer.function}"
                shapes.setdefault(name, []).append(shape)
                if shape == UNKNOWN and ".<parameter>" in answer.made:
                    of_error[name] = answer.made.rpartition(".")[2]  # `error.to_dict()`
    found = []
    unbound = {one.name for _, one in unbound_filters(service)}
    for module, one in service.wiring("central", "filter", "use", "catcher", "maybe"):
        if one.kind == "filter" and one.name in unbound:
            continue
        if one.kind in ("catcher", "maybe"):
            shape = _only(shapes.get(f"{module.module}.{one.function}", ()))
            if one.name == "write_error":
                found.append(_Central("tornado.web.HTTPError", "", shape))
            elif one.kind == "catcher" and any(name.startswith("aiohttp") for name in module.aliases.values()):
                if one.target != "passes":
                    found.append(_Central(_OF_AIOHTTP, "", shape))  # its HTTP errors come through middleware
            elif one.kind == "catcher" and project.symbols.canonical(one.on).startswith("koa."):
                shape = _only(shapes.get(one.target, ()))
                found.append(_Central("", "", shape))
            continue
        if (one.kind == "use" and not _takes_errors(one.target, project)) or one.detail == "useGlobalFilters":
            continue
        symbol, _, written = one.detail.partition("|")
        handled = "" if one.kind != "central" or project.language == "javascript" else project.symbols.canonical(symbol)
        reference = project.symbols.function(one.target) if one.target and one.kind != "filter" else None
        names = [reference.name] if reference is not None else [one.target, f"{one.target}.catch"]
        shape = _only(shape for name in names for shape in shapes.get(name, ()))
        if shape == UNKNOWN and handled:
            shape = _only(makers.shape(f"{handled}.{of_error[name]}") for name in names if name in of_error)
        if one.kind == "filter":
            handled = one.detail
        found.append(_Central(handled, written, shape))
    return found


def _only(shapes: Iterable[Shape]) -> Shape:
    """The one shape that is known among several, UNKNOWN where they differ."""
    known = {shape for shape in shapes if shape != UNKNOWN}
    return known.pop() if len(known) == 1 else UNKNOWN


def _takes_errors(symbol: str, project: Project) -> bool:
    reference = project.symbols.function(symbol) if symbol else None
    return reference is not None and len(reference.function.parameters) == 4


def _of_raised(answer: ErrorAnswer, centrals: Sequence[_Central], makers: Makers, project: Project) -> Shape:
    if project.language == "javascript":
        return _of_thrown(answer, centrals, makers, project)
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
    if not library:
        return UNKNOWN  # what only the handler for everything sees is not meant as an answer: the handler counts once
    if broad is not None and not library.startswith(_OWN_DEFAULT):
        return broad.shape
    own = makers.of_class(lineage) or raise_shape(library, project.symbols.types)
    return answer.shape if answer.shape != UNKNOWN or own is None else own


def _lineage(symbol: str, project: Project) -> list[str]:
    """Canonical names of a raised class and its bases, those of libraries too."""
    names = project.symbols.ancestors(symbol)
    if any(name.endswith(".abort") for name in names):
        names = [*names, "werkzeug.exceptions.HTTPException"]
    names = [*names, *(base for module, base in _ALL_OF.items() if any(name.startswith(module) for name in names))]
    return [*names, *(base for name in names for base in _library_bases(name, project) if base not in names)]


def _library_bases(name: str, project: Project) -> Iterator[str]:
    return (one.removesuffix(".x") for one in project.symbols.types.lineage(f"{name}.x") if one != f"{name}.x")


def _of_thrown(answer: ErrorAnswer, centrals: Sequence[_Central], makers: Makers, project: Project) -> Shape:
    """What answers a thrown error: an exception filter that is for all or for HTTP errors; else one central handler."""
    ancestors = project.symbols.ancestors(answer.raised) if answer.raised != "next" else []
    is_http = any(name.startswith(f"{_NEST_ERRORS}.") and name.endswith("Exception") for name in ancestors)
    general = [one for one in centrals if not one.handled or "HttpException" in one.handled]
    if is_http and not general:
        own = answer.shape or makers.of_class(ancestors)
        return own if own != UNKNOWN else _NEST_SHAPE if answer.status < 0 else UNKNOWN
    shapes = {one.shape for one in general}
    return shapes.pop() if len(shapes) == 1 else UNKNOWN
