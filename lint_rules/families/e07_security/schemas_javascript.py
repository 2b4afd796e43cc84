"""Fields of a request that the schema beside its handler leaves no free text: numbers, one of a list, a pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.grammar import FUNCTION_KINDS, text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.javascript.scopes import Scope

_PARTS = ("query", "params", "body", "payload")
_FIELD = re.compile(r"""["']?(\w+)["']?\s*:\s*(\{[^{}]*\}|\w+(?:\.\w+(?:\([^()]*\))?)+)""")
_FIXED = re.compile(
    r"""\b(?:enum|pattern)["']?\s*:|["'](?:integer|number|boolean|uuid)["']"""
    r"|\.(?:valid|number|boolean|guid|uuid|alphanum|hex|pattern|regex|enum|nativeEnum|literal)\("
    r"|Type\.(?:Integer|Number|Boolean|Enum|Literal)\("
)
_LONGEST = 20_000
_MOST_LEVELS = 6


def fixed_fields(handler: Scope, file: JavaScriptFile) -> Iterator[str]:
    """The expressions that read such fields: `request.query.sort`."""
    if b"schema" not in file.data and b"validate" not in file.data:
        return
    route = _route(handler.node)
    first = next(iter(parameter_nodes(handler.node)), None)
    if route is None or first is None:
        return
    request = text(first.child_by_field_name("pattern") or first)
    for field, says in _FIELD.findall(_schemas(route, handler.node, file)):
        if _FIXED.search(says) is not None:
            yield from (f"{request}.{part}.{field}" for part in _PARTS)


def _route(handler: Node) -> Node | None:
    """The arguments, or the one of several objects, by which a handler that stands in it is registered."""
    inner, outer = handler, handler.parent
    for _ in range(_MOST_LEVELS):
        if outer is None or outer.type in FUNCTION_KINDS:
            return None
        if outer.type in ("arguments", "array"):
            return outer if outer.type == "arguments" else inner
        inner, outer = outer, outer.parent
    return None


def _schemas(route: Node, handler: Node, file: JavaScriptFile) -> str:
    """The text of a route's options, with that of the schemas that they name."""
    data = file.data
    written = (data[route.start_byte : handler.start_byte] + data[handler.end_byte : route.end_byte]).decode(
        "utf-8", "replace"
    )
    if "schema" not in written and "validate" not in written:
        return ""
    for name in set(re.findall(r"[:,{]\s*(\w+)\s*[,}]", written)):
        value = file.names.only_value(name, handler.start_byte)
        written += f"\n{text(value)}" if value is not None else ""
    return written[:_LONGEST]
