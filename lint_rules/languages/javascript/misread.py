"""Source that the grammars of tree-sitter read wrongly, written in another way of the same length.

`await load<Order>(id)` becomes a call of `await load`, and so does `!isOpen<Door>(door)`: without the type arguments
it is read as it is meant. In the text of an element every `&` is taken for an entity: `<h1>Salt & pepper</h1>`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tree_sitter import Language, Node, Query, QueryCursor

_PREFIXED = frozenset({"await_expression", "unary_expression", "binary_expression"})
_NOT_LINE_ENDS = re.compile(rb"[^\r\n]")
_TEXT_OF_ELEMENTS = re.compile(rb"[>}][^<>{}]*(?=[<{])")
_AMPERSAND = re.compile(rb"&(?!#?\w+;)")


@lru_cache(maxsize=4)
def _calls_with_types(grammar: Language) -> Query:
    query: Query = Query(grammar, "(call_expression function: (_) @function type_arguments: (type_arguments) @types)")
    return query


def without_type_arguments(data: bytes, root: Node, grammar: Language) -> bytes | None:
    """The source without the type arguments of calls that the tree has taken for calls of an operator's value.

    None where there are none.
    """
    found = [
        types
        for _, captured in QueryCursor(_calls_with_types(grammar)).matches(root)
        for function, types in zip(captured.get("function", ()), captured.get("types", ()), strict=False)
        if function.type in _PREFIXED
    ]
    if not found:
        return None
    written = bytearray(data)
    for types in found:
        span = slice(types.start_byte, types.end_byte)
        written[span] = _NOT_LINE_ENDS.sub(b" ", bytes(written[span]))
    return bytes(written)


def without_ampersands(data: bytes) -> bytes:
    """The source with another sign for each `&` in the text of elements that begins no entity."""
    return _TEXT_OF_ELEMENTS.sub(lambda found: _AMPERSAND.sub(b"+", found.group()), data)
