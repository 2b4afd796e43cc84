"""SQL that is written with its values in it, rewritten with parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, arguments, bare, first_named, string_value, text
from lint_rules.model import UNSAFE, Edit, Fix, Span

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_NUMBERED = ("pg.", "pg-promise.")
_MARKED = ("mysql.", "mysql2.", "mysql2/promise.", "mariadb.", "sqlite3.", "sqlite.")
_COMPARED = re.compile(r"(?:[=<>]|\blike)\s*$", re.IGNORECASE)
_LISTED = re.compile(r"\bvalues\s*\([^)]*$", re.IGNORECASE)
_PLAIN = frozenset({"identifier", "member_expression", "subscript_expression"})
_QUOTES = "'\"`"
_MOST_SLOTS = 12


class QueryText(Struct, frozen=True, array_like=True):
    """A query written out in one call: where it stands, the texts around its slots, the expressions in them."""

    span: Span
    texts: tuple[str, ...]
    values: tuple[str, ...]


def query_text(call: Node, file: JavaScriptFile) -> QueryText | None:
    """The query of a call that is one template or concatenation with plain slots, its only argument but a callback."""
    given = arguments(call)
    if not given or len(given) > 2 or (len(given) == 2 and bare(given[1]).type not in FUNCTION_LITERALS):
        return None
    parts = _parts(bare(given[0]))
    if parts is None or not 1 <= sum(isinstance(one, Node) for one in parts) <= _MOST_SLOTS:
        return None
    texts, values = [""], []
    for one in parts:
        if isinstance(one, Node):
            values.append(text(one))
            texts.append("")
        else:
            texts[-1] += one
    plain = _unquoted(texts)
    if plain is None or any(quote in one for one in (*plain, *values) for quote in _QUOTES):
        return None  # notes hold no contents of literals
    return QueryText(file.span(given[0]), plain, tuple(values))


def _parts(query: Node) -> list[str | Node] | None:
    """Texts and slots in order; None where a slot is more than a name or member."""
    if query.type == "template_string":
        found: list[str | Node] = []
        for child in query.named_children:
            inner = first_named(child) if child.type == "template_substitution" else None
            found.append(inner if inner is not None else text(child))
    else:
        found = []
        waiting = [query]
        while waiting:
            one = bare(waiting.pop())
            left, right = one.child_by_field_name("left"), one.child_by_field_name("right")
            if one.type == "binary_expression" and left is not None and right is not None:
                waiting.extend((right, left))
            else:
                written = string_value(one) if one.type == "string" else None
                found.append(one if written is None else written)
    slots = [one for one in found if isinstance(one, Node)]
    return found if all(one.type in _PLAIN for one in slots) else None


def _unquoted(texts: list[str]) -> tuple[str, ...] | None:
    """The texts without the quotes around slots; None where a slot is no whole value of the query."""
    texts = list(texts)
    for place in range(len(texts) - 1):
        before, after = texts[place], texts[place + 1]
        is_quoted = before.endswith("'")
        if is_quoted is not after.startswith("'"):
            return None
        if is_quoted:
            texts[place], texts[place + 1] = before[:-1], after[1:]
        so_far = "x".join(texts[: place + 1])
        if _COMPARED.search(so_far) is None and _LISTED.search(so_far) is None:
            return None
    return tuple(texts)


def with_parameters(query: QueryText, canonical: str) -> Fix | None:
    """The edit that passes the values as parameters, as the driver writes them."""
    if canonical.startswith(_NUMBERED):
        marks = [f"${number}" for number in range(1, len(query.values) + 1)]
    elif canonical.startswith(_MARKED):
        marks = ["?"] * len(query.values)
    else:
        return None
    written = query.texts[0] + "".join(mark + rest for mark, rest in zip(marks, query.texts[1:], strict=True))
    quote = "`" if "'" in written or "\n" in written else "'"
    if quote in written or "\\" in written:
        return None
    content = f"{quote}{written}{quote}, [{', '.join(query.values)}]"
    return Fix("Pass the values as parameters", (Edit(query.span, content),), UNSAFE)
