"""What is known of Python's library functions for the walk from request to sink."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from lint_rules.families.e07_security.media_python import answers_html
from lint_rules.families.e07_security.sinks_python import SinkRow, SinkTable
from lint_rules.families.e07_security.weaknesses import FOLDER
from lint_rules.languages.python.effects import TEXT, UPLOAD, effects
from lint_rules.languages.python.library import types
from lint_rules.project.flows import FlowCall, FlowParameter, FunctionFlow
from lint_rules.project.frameworks import Handler
from lint_rules.project.symbols import Reference

if TYPE_CHECKING:
    from lint_rules.project.facts import ModuleFacts
    from lint_rules.project.linked import Project

_VALUES = re.compile(
    r"typing(?:_extensions)?\.Literal|builtins\.(?:int|float|bool|complex)|uuid\.UUID|decimal\.Decimal|datetime\.\w+|pydantic\.(?:\w*Int|\w*Float|UUID\w*|"
    r"PastDate|FutureDate|AwareDatetime|Json|\w*Bool|ByteSize|EmailStr|IPvAny\w+)|ipaddress\.\w+"
)
_TEXTS = frozenset({"", "builtins.str", "builtins.bytes"})
_DOCUMENTS = frozenset(
    {"builtins.dict", "builtins.list", "typing.Any", "typing.Dict", "typing.List", "collections.abc.Mapping"}
)
_MODELS = ("pydantic.", "msgspec.Struct", "sqlmodel.SQLModel", "litestar.dto")
_NO_BODIES = ("enum.", "starlette.", "fastapi.", "litestar.")
"""Classes of a handler's parameters that are not read from the body, where dataclasses are."""
_ENTITY = re.compile(r"\.(?:Model|DeclarativeBase|DeclarativeBaseNoMeta|SQLModel|(?:Dynamic|Embedded)?Document)$")
_FIELDS = SinkRow("mass", "", frozenset({"**"}))
_HTML_FRAMEWORKS = frozenset({"Flask", "Quart", "Bottle"})
_ANSWERS_JSON = ("flask_restful.", "flask_restx.", "flask_restplus.", "rest_framework.")
_ROUTED_ELSEWHERE = frozenset({"Django", "Tornado"})
"""Frameworks whose routes stand far from their handlers, so that the parts of a path are known by name alone."""
_SCOPE = frozenset({"where", "html", "redirect", "url"})
"""What the scope of ASGI is not followed to: it holds the whole request, the headers that browsers write too."""
_HANDLER = "tornado.web.RequestHandler."
_SEGMENT = frozenset({"segment"})
_DECODED_LATER = frozenset({"aiohttp.web", "Tornado", "Sanic"})
_MODEL_KINDS = TEXT | {"field"}


@lru_cache(maxsize=1)
def _sinks() -> SinkTable:
    return SinkTable(FOLDER / "sinks_python.toml")


class PythonKnowledge:
    """The tables, as the walk asks for them."""

    def __init__(self) -> None:
        self._types = types()
        self._effects = effects()
        self._sinks = _sinks()

    def effect(self, name: str) -> tuple[bool, frozenset[str]] | None:
        found = self._effects.of(name, self._types)
        return (found.passes, found.kinds) if found is not None else None

    def escapes(self, kind: str, call: FlowCall) -> bool:
        return kind == "html" and call.written.endswith(".render")  # a template, whoever made it

    def sinks(self, kind: str, name: str, call: FlowCall, project: Project) -> Iterable[SinkRow]:
        if kind == "mass" and project.symbols.class_(name) is not None:
            bases = project.symbols.ancestors(name)[1:]
            return (_FIELDS,) if any(_ENTITY.search(base) for base in bases) else ()
        if kind == "html" and name.startswith(_HANDLER) and not any("content_type=" in one for one in call.literals):
            owner = call.symbol.rpartition(".")[0]
            if not answers_html(owner, project):
                return ()
        return self._sinks.rows(kind, name, call, self._types)

    def sent(self, flow: FunctionFlow, module: ModuleFacts, project: Project) -> Iterator[tuple[str, frozenset[str]]]:
        function = module.functions.get(flow.name)
        if function is None or not flow.parameters:
            return
        handler = project.handlers.of(Reference(module, function))
        if handler is None:
            return
        parameters = [one for one in flow.parameters if one.name not in ("self", "cls")]
        plain = [one for one in parameters if not one.star]
        framework = handler.framework
        for row in framework["data_parameters"]:
            if handler.holds_for(row.get("of", ())) and row["index"] < len(plain):
                own_kinds = _SCOPE if framework.name == "ASGI" else frozenset({"where"})
                if framework.name == "discord.py" and not self._is_written(plain[row["index"]]):
                    continue
                yield plain[row["index"]].name, own_kinds
        if framework["typed_parameters"] and handler.kind in ("route", "socket", "dependency"):
            for parameter in plain:
                kinds = self._typed(parameter, handler, project)
                if kinds is UPLOAD:
                    yield f"{parameter.name}.filename", TEXT
                if kinds is not None:
                    yield parameter.name, kinds | self._shape(flow, handler, parameter.name)
                if parameter.provider and parameter.provider == parameter.annotation:
                    yield from ((f"{parameter.name}.{one}", TEXT) for one in self._given(parameter, project))
        if framework["path_parameters"] and handler.kind in ("route", "socket"):
            for name in self._path_parts(flow, handler, plain):
                yield name, TEXT | self._shape(flow, handler, name)

    @staticmethod
    def _is_written(parameter: FlowParameter) -> bool:
        """Whether a parameter of a command is given what was written, and not what that was converted to."""
        return parameter.is_open and parameter.annotation in _TEXTS

    def _given(self, parameter: FlowParameter, project: Project) -> Iterator[str]:
        """The attributes of a class that a framework makes of the request: `filters: Filters = Depends()`."""
        found = project.symbols.class_(parameter.annotation)
        if found is None:
            return
        facts, own = found
        constructor = facts.functions.get(f"{own.name}.__init__")
        for name in constructor.parameters if constructor is not None else own.attributes:
            if name in own.attributes and not self.is_harmless(parameter.annotation, name, project):
                yield name

    @staticmethod
    def _shape(flow: FunctionFlow, handler: Handler, name: str) -> frozenset[str]:
        """Whether a parameter is a part of the path that holds no slash; some frameworks decode `%2F` afterwards."""
        is_segment = name in flow.path_names and name not in flow.long_names
        return _SEGMENT if is_segment and handler.framework.name not in _DECODED_LATER else frozenset()

    def _typed(self, parameter: FlowParameter, handler: Handler, project: Project) -> frozenset[str] | None:
        """What a parameter read by its annotation cannot be misused for; None if it holds no text of the client."""
        if not parameter.is_open:
            return None
        name = project.symbols.canonical(parameter.annotation)
        if name in _TEXTS:
            return TEXT
        if name in _DOCUMENTS:
            return frozenset({"where"})
        if name.endswith("UploadFile"):
            return UPLOAD
        if project.symbols.class_(name) is not None:
            bases = project.symbols.ancestors(name)
            if any(base.startswith(_MODELS) for base in bases):
                return _MODEL_KINDS
            is_body = handler.framework.name == "FastAPI" or parameter.name == "data"
            if is_body and not any(base.startswith(_NO_BODIES) for base in bases):
                return _MODEL_KINDS
        return None

    @staticmethod
    def _path_parts(flow: FunctionFlow, handler: Handler, plain: list[FlowParameter]) -> Iterator[str]:
        own = set(flow.path_names)
        for parameter in plain[1:] if handler.framework.name.startswith("Django") else plain:
            is_anywhere = (
                handler.framework.name in _ROUTED_ELSEWHERE and parameter.is_open and not _is_key(parameter.name)
            )
            if parameter.name in own or is_anywhere:
                yield parameter.name

    def is_harmless(self, annotation: str, attribute: str, project: Project) -> bool:
        name = project.symbols.canonical(f"{annotation}.{attribute}")
        if _VALUES.fullmatch(name):
            return True
        found = project.symbols.class_(name)
        return found is not None and any(base.startswith("enum.") for base in project.symbols.ancestors(name))

    def answers(self, flow: FunctionFlow, module: ModuleFacts, project: Project) -> bool:
        function = module.functions.get(flow.name)
        handler = project.handlers.of(Reference(module, function)) if function is not None else None
        if handler is None or handler.kind not in ("route", "error"):
            return False
        owner = flow.name.rpartition(".")[0]
        bases = project.symbols.ancestors(f"{module.module}.{owner}") if owner else []
        if any(base.startswith(_ANSWERS_JSON) for base in bases):
            return False
        return handler.framework.name in _HTML_FRAMEWORKS or flow.is_page


def _is_key(name: str) -> bool:
    return name in ("pk", "id", "year", "month", "day", "page") or name.endswith(("_id", "_pk", "_uuid"))
