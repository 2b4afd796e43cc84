"""What calls in Python give: of library functions, of methods of texts and containers, and of the project's own."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.flow.taint import CLEAN, Value, Variables, cleaned, exposed, from_origin, held, union
from lint_rules.languages.python.dataflow_parts import (
    as_text,
    content_of,
    last_name,
    literal_of,
    media_type,
    sets_other_type,
    taken,
)
from lint_rules.languages.python.dataflow_values import RESOLVED, Asked, Steps, Values
from lint_rules.languages.python.effects import effects, safe_slot
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.request_data import base_name
from lint_rules.languages.python.scopes import Scope, text
from lint_rules.project.flows import FlowCall

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

_NAME_ONLY, _ESCAPED = frozenset({"path"}), frozenset({"html"})
_RENDERS = frozenset({"render", "render_async"})
_UNESCAPED = ("jinja2.Environment()", "jinja2.Template()", "jinja2.environment.Environment()")
"""Templates of jinja2 that escape nothing unless the file says so."""
_PLAIN_TYPES = frozenset({"int", "float", "bool", "UUID", "uuid.UUID", "Decimal"})
_ENTRIES = frozenset({"namelist", "infolist", "getmembers", "getnames"})
"""Methods of archives that give the names which whoever packed them has chosen."""
ANSWERING = frozenset({"write", "finish"})
"""Calls that answer, whose media type is set by another statement."""
_IS_TYPE = re.compile(r"content_type=|mimetype=|media_type=")
_TEXT_METHODS = frozenset(
    {"strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "casefold", "replace", "removeprefix",
     "removesuffix", "format", "join", "decode", "encode", "model_dump_json"}
)  # fmt: skip
_PARSES = frozenset({"loads", "load", "decode", "safe_load", "parse", "json_decode", "unpackb"})
"""Last names of the passing calls that make a document of a text."""
_DOCUMENT = frozenset({"nosql", "mass"})
_REPLACED = {"'": "sql", '"': "sql", "<": "html", "/": "path", "\\": "path"}


class CallValues(Values):
    """As `Values`, with calls; each that may matter elsewhere is numbered."""

    def __init__(self, file: PythonFile, scope: Scope) -> None:
        super().__init__(file, scope)
        self.calls: list[FlowCall] = []
        self._effects = effects()
        self._call_numbers: dict[tuple[int, int], int] = {}
        self._kinds["call"] = self._call

    def _call(self, call: Node, variables: Variables) -> Steps:
        function = call.child_by_field_name("function")
        if function is None:
            return CLEAN
        name = last_name(function)
        symbol = self._file.names.symbol(function)
        is_outside = bool(symbol) and self._file.is_outside(symbol)
        effect = self._effects.of(self._file.types.external(symbol), self._file.types) if is_outside else None
        if effect is not None and not effect.passes:
            return CLEAN
        receiver = function.child_by_field_name("object") if function.type == "attribute" else None
        base = held(variables, ("receive",))[0] if name == "receive" and receiver is None else CLEAN
        if receiver is not None:
            base = (yield function, variables) if name in self._members else CLEAN
            if base and self._source_numbers.get(function.id):
                return base
            base = yield receiver, variables
        if symbol == "re.sub" and (first := next(iter(arguments(call)), None)) is not None:
            pattern = content_of(first[1]) or ""
            if pattern.startswith(("[^", "\\W")) and "/" not in pattern:
                return CLEAN
        if name in _RENDERS and self._escapes_nothing(function, symbol):
            return as_text((yield from self._arguments(call, variables)))
        if symbol == "builtins.getattr":
            owners = [value for place, value in arguments(call) if place != "1"]
            return (yield owners[0], variables) if owners else CLEAN
        if effect is not None:
            value = cleaned(union(base, (yield from self._arguments(call, variables))), effect.kinds)
            return (
                exposed(value, _DOCUMENT)
                if name in _PARSES and not symbol.startswith(("base64.", "codecs."))
                else value
            )
        if (
            receiver is not None
            and not self._is_own_method(function, base)
            and (base or receiver.type in ("string", "concatenated_string", "parenthesized_expression"))
        ):
            passed = yield from self._method(call, name, receiver, base, variables)
            if passed is not None:
                return passed
        if name in _ENTRIES:
            base = exposed(base, _NAME_ONLY)
        if is_outside or not symbol or (base and receiver is None):
            return base
        given = list(arguments(call))
        return union(from_origin(self._number(call, function, given), RESOLVED), {} if symbol else base)

    def _escapes_nothing(self, function: Node, symbol: str) -> bool:
        """Whether a template's method is one of jinja2's without escaping."""
        if b"autoescape" in self._file.data or b"jinja2" not in self._file.data:
            return False
        root = base_name(function)
        bound = self._file.names.only_value(text(root), root.start_byte) if root.type == "identifier" else None
        return (self._file.names.symbol(bound) if bound is not None else symbol).startswith(_UNESCAPED)

    def _arguments(self, call: Node, variables: Variables) -> Steps:
        values = []
        for _, value in arguments(call):
            values.append((yield value, variables))
        return union(*values)

    def _method(
        self, call: Node, name: str, receiver: Node, base: Value, variables: Variables
    ) -> Generator[Asked, Value, Value | None]:
        """What a method of a text, a container or a part of the request gives; None for other methods."""
        known = self._effects
        if name in known.ending:
            return CLEAN
        if name in known.taking:
            if any(place in ("2", "type") and text(value) in _PLAIN_TYPES for place, value in arguments(call)):
                return CLEAN  # `args.get("page", 1, type=int)`
            otherwise = [value for place, value in arguments(call) if place not in ("0", "type")]
            base = self._at_key(call, receiver, base, variables) if name == "get" else base
            return union(taken(base), (yield otherwise[0], variables) if otherwise else CLEAN)
        if name not in known.passing:
            return None
        given = yield from self._arguments(call, variables)
        if name == "format":
            given = cleaned(given, _ESCAPED) if self._is_markup(receiver) else given
            literal = content_of(receiver)
            slot = safe_slot([literal.partition("{")[0] if literal is not None else None])
            return as_text(union(base, cleaned(given, slot)))
        if name == "replace":
            first = next((value for _, value in arguments(call)), None)
            content = content_of(first) if first is not None else None
            base = cleaned(base, frozenset({_REPLACED[content]})) if content in _REPLACED else base
        if name == "resolve":
            return cleaned(base, RESOLVED)
        if name == "expanduser" and receiver.type == "call":  # a whole path, of who sits at the machine
            return cleaned(base, _NAME_ONLY)
        value = union(base, given) if name in ("join", "replace", "joinpath", "format_map") else base
        return as_text(value) if name in _TEXT_METHODS else value

    @staticmethod
    def _at_key(call: Node, receiver: Node, base: Value, variables: Variables) -> Value:
        """What a container of which something is known holds under a literal key: `options.get("path")`."""
        key = next((value for place, value in arguments(call) if place == "0"), None)
        if receiver.type != "identifier" or key is None or key.type != "string":
            return base
        return variables.get((text(receiver), text(key).strip("\"'")), base)

    def _is_own_method(self, function: Node, base: Value) -> bool:
        """Whether a method is one of a class of the project, whatever texts call theirs: `repository.find`."""
        if any(origin[0] != "c" for origin in base):
            return False
        symbol = self._file.names.symbol(function)
        return "()." in symbol and "<" not in symbol and not self._file.is_outside(symbol)

    def _number(self, call: Node, function: Node, given: Iterable[tuple[str, Node]], which: int = 0) -> str:
        key = (call.id, which)
        number = self._call_numbers.get(key)
        if number is None:
            number = self._call_numbers[key] = len(self.calls)
            literals = tuple(
                f"{place}={literal_of(node)}"
                for place, node in given
                if node.type in ("true", "false", "none", "string", "integer", "attribute", "identifier")
                and node.end_byte - node.start_byte <= 60
            )
            if sets_other_type(call):
                literals = (*literals, "content_type=other")
            if last_name(function) in ANSWERING and not any(_IS_TYPE.match(literal) for literal in literals):
                literals = (*literals, *media_type(self._scope.node, self._file.data))
            written = " ".join(text(function).split())[:80]
            self.calls.append(FlowCall(self._file.names.symbol(function), written, self._file.span(call), literals))
        return f"c:{number}"
