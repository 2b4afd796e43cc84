"""Queries that are put together of text and values where they are run: what stands in their slots, and the edits that
pass the values as parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, field
from tree_sitter import Node

from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.request_data import base_name
from lint_rules.languages.python.scopes import FUNCTION, text
from lint_rules.model import Edit, Notes, Span

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

PLACEHOLDER = "\0"
"""Stands for the driver's mark of a parameter in the edits."""

_RUNS = frozenset(
    {"execute", "executemany", "executescript", "exec_driver_sql", "execute_sql", "fetchrow", "fetchval", "fetch",
     "raw", "fetch_all", "fetch_one", "fetch_val", "execute_fetchall", "execute_insert", "read_sql", "read_sql_query",
     "text"}
)  # fmt: skip
_QUERY = re.compile(
    r"^\W*(?:select|insert|update|delete|replace|with|merge|call|exec)\b.{0,400}?\b(?:from|into|set|where|values|as)\b",
    re.IGNORECASE | re.DOTALL,
)
_VALUE = re.compile(
    r"(?:[=<>]|\b(?:like|ilike|limit|offset|between|and)\s|\bin\s*\(|\bvalues\s*\([^()]*[(,])\s*$|\bvalues\s*\(\s*$",
    re.IGNORECASE,
)
"""What stands in front of a value: names of tables and columns cannot be parameters."""
_LIST = re.compile(r"\bin\s*\(\s*$", re.IGNORECASE)
_NUMBERS = re.compile(r"\b(?:int|float|bool|UUID|datetime|date|Decimal|Literal|Enum)\b")
_MARK = re.compile(rb"%[sdi]")
_BRACES = re.compile(rb"\{\d?\}")
_MOST_PARTS = 20


class BuiltQuery(Struct, frozen=True, array_like=True):
    """A call that runs a query put together in it.

    `slot` is the source of the first value that is no parameter of the query, and comes from a parameter of the
    function; "" if there is none. `edits` pass all values as parameters, if the slots are whole values.
    """

    span: Span
    symbol: str
    written: str
    function: str
    slot: str = ""
    edits: tuple[Edit, ...] = ()
    has_percent: bool = False


WORDS = (b"execute", b".fetch", b".raw(", b"read_sql", b"text(f", b'text("', b"text(\n")
QUERIES = Notes("built-queries", BuiltQuery, words=WORDS)


class _Slots(Struct):
    """The slots of a query: the text between them, the values, and the edits of each."""

    pieces: list[str] = field(default_factory=list)
    values: list[Node] = field(default_factory=list)
    ranges: list[tuple[int, int, str]] = field(default_factory=list)
    is_plain: bool = True


@QUERIES.of("python")
def queries_of(file: PythonFile) -> Iterator[BuiltQuery]:
    """The queries that a file puts together where it runs them."""
    if file.is_test:
        return
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        if function is None or text(function.child_by_field_name("attribute") or function) not in _RUNS:
            continue
        given = list(arguments(call))
        if not given or file.in_broken_code(call):
            continue
        query = given[0][1]
        bound = file.names.only_value(text(query), query.start_byte) if query.type == "identifier" else None
        slots = _slots(bound or query)
        if slots is None or not slots.values or _QUERY.match("".join(slots.pieces)) is None:
            continue
        scope = file.enclosing_function(call)
        yield BuiltQuery(
            file.span(call),
            file.names.symbol(function),
            " ".join(text(function).split()),
            scope.name if scope is not None else "",
            _open_slot(slots, call, file),
            tuple(_edits(slots, query, file)) if slots.is_plain and len(given) == 1 and bound is None else (),
            any("%" in piece for piece in slots.pieces),
        )


def _open_slot(slots: _Slots, call: Node, file: PythonFile) -> str:
    """The first value that the caller of the function chooses."""
    scope = file.enclosing_function(call)
    if scope is None or scope.kind != FUNCTION:
        return ""
    for position, value in enumerate(slots.values):
        if not _is_value(slots, position):
            continue
        root = base_name(value)
        bound = file.names.only_value(text(root), root.start_byte) if root.type == "identifier" else None
        if bound is not None and bound.type in ("attribute", "subscript", "call"):
            root = base_name(bound)
        bindings = scope.bindings.get(text(root), ()) if root.type == "identifier" else ()
        if not bindings or text(root) in ("self", "cls") or any(one.kind != "parameter" for one in bindings):
            continue
        annotation = bindings[0].annotation
        if annotation is None or not _NUMBERS.search(text(annotation)):
            return " ".join(text(value).split())
    return ""


def _is_value(slots: _Slots, position: int) -> bool:
    """Whether a slot holds a value of the query, and no name of a table or column."""
    before = "".join(slots.pieces[: position + 1])
    return before.count("'") % 2 == 1 or _VALUE.search(before) is not None


def _edits(slots: _Slots, query: Node, file: PythonFile) -> Iterator[Edit]:
    if not all(_is_value(slots, position) for position in range(len(slots.values))):
        return
    if any(_LIST.search(piece) for piece in slots.pieces):  # of which one parameter holds one element
        return
    for start, end, content in slots.ranges:
        yield Edit(file.source.span(start, end), content)
    if query.type in ("string", "concatenated_string") or _is_sum(query):
        values = ", ".join(" ".join(text(value).split()) for value in slots.values)
        comma = "," if len(slots.values) == 1 else ""
        yield Edit(file.source.span(query.end_byte, query.end_byte), f", ({values}{comma})")


def _slots(query: Node) -> _Slots | None:
    if query.type in ("string", "concatenated_string"):
        return _of_literal(query)
    if query.type == "binary_operator":
        return _of_sum(query) if _is_sum(query) else _of_percent(query)
    if query.type == "call":
        return _of_format(query)
    return None


def _is_sum(node: Node) -> bool:
    operator = node.child_by_field_name("operator")
    return node.type == "binary_operator" and operator is not None and operator.type == "+"


def _of_literal(query: Node) -> _Slots:
    """`f"... WHERE name = '{name}'"`"""
    slots = _Slots([""])
    for string in [query] if query.type == "string" else query.named_children:
        for part in string.children:
            if part.type == "string_content":
                slots.pieces[-1] += text(part)
                slots.is_plain = slots.is_plain and "{{" not in text(part) and "}}" not in text(part)
            elif part.type == "interpolation":
                value = part.named_children[0] if part.named_children else part
                slots.is_plain = slots.is_plain and part.named_child_count == 1
                slots.values.append(value)
                slots.pieces.append("")
                slots.ranges.append((part.start_byte, part.end_byte, PLACEHOLDER))
            elif part.type == "string_start" and "f" in text(part).lower():
                prefix = text(part)
                slots.ranges.append((part.start_byte, part.end_byte, prefix.replace("f", "").replace("F", "")))
    _take_quotes(slots)
    return slots


def _take_quotes(slots: _Slots) -> None:
    """Let the edits take the quotes around the slots with them."""
    position = 0
    for number, (start, end, content) in enumerate(slots.ranges):
        if content == PLACEHOLDER:
            before, after = slots.pieces[position], slots.pieces[position + 1]
            if before[-1:] == "'" and after[:1] == "'":
                slots.ranges[number] = (start - 1, end + 1, content)
            elif before[-1:] == "'" or after[:1] == "'":
                slots.is_plain = False
            position += 1


def _of_marks(string: Node, mark: re.Pattern[bytes], values: list[Node]) -> _Slots | None:
    """The slots of a literal with marks in it: `%s`, `{}`."""
    content = [part for part in string.children if part.type == "string_content"]
    if len(content) != 1 or string.type != "string" or "f" in text(string.children[0]).lower():
        return None
    whole = content[0].text or b""
    found = list(mark.finditer(whole))
    if len(found) != len(values):
        return None
    slots = _Slots([], values)
    last = 0
    for one in found:
        slots.pieces.append(whole[last : one.start()].decode("utf-8", "replace"))
        last = one.end()
        start = content[0].start_byte
        slots.ranges.append((start + one.start(), start + one.end(), PLACEHOLDER))
    slots.pieces.append(whole[last:].decode("utf-8", "replace"))
    slots.is_plain = not any(sign in piece for piece in slots.pieces for sign in ("{", "}", "%"))
    _take_quotes(slots)
    return slots


def _of_percent(query: Node) -> _Slots | None:
    """`"... WHERE name = '%s'" % name`"""
    operator = query.child_by_field_name("operator")
    left, right = query.child_by_field_name("left"), query.child_by_field_name("right")
    if operator is None or operator.type != "%" or left is None or right is None or left.type != "string":
        return None
    if right.type in ("dictionary", "parenthesized_expression"):
        return None
    slots = _of_marks(left, _MARK, right.named_children if right.type == "tuple" else [right])
    if slots is not None:
        slots.ranges.append((left.end_byte, right.start_byte, ", " if right.type == "tuple" else ", ("))
        if right.type != "tuple":
            slots.ranges.append((right.end_byte, right.end_byte, ",)"))
    return slots


def _of_format(query: Node) -> _Slots | None:
    """`"... WHERE name = '{}'".format(name)`"""
    function, listed = query.child_by_field_name("function"), query.child_by_field_name("arguments")
    string = function.child_by_field_name("object") if function is not None else None
    last = function.child_by_field_name("attribute") if function is not None else None
    if string is None or string.type != "string" or last is None or text(last) != "format" or listed is None:
        return None
    values = listed.named_children
    if any(value.type in ("keyword_argument", "list_splat", "dictionary_splat", "comment") for value in values):
        return None
    slots = _of_marks(string, _BRACES, values)
    if slots is not None:
        slots.ranges.append((string.end_byte, listed.start_byte + 1, ", ("))
        slots.ranges.append((listed.end_byte, listed.end_byte, ")"))
        if len(values) == 1:
            slots.ranges[-1] = (values[0].end_byte, listed.end_byte, ",)")
        else:
            slots.ranges.pop()
    return slots


def _of_sum(query: Node) -> _Slots | None:
    """`"... WHERE name = '" + name + "'"`"""
    parts: list[Node] = []
    current = query
    for _ in range(_MOST_PARTS):
        left, right = current.child_by_field_name("left"), current.child_by_field_name("right")
        if not _is_sum(current) or left is None or right is None:
            break
        parts.append(right)
        current = left
    parts.append(current)
    parts.reverse()
    if parts[0].type != "string":
        return None
    slots = _Slots([""])
    for position, part in enumerate(parts):
        content = "".join(text(one) for one in part.children if one.type == "string_content")
        if part.type == "string" and (part.child_count < 3 or "f" not in text(part.children[0]).lower()):
            slots.pieces[-1] += content
            continue
        if part.type == "string" or parts[position - 1].type != "string":
            slots.is_plain = False
        slots.values.append(part)
        slots.pieces.append("")
        after = parts[position + 1] if position + 1 < len(parts) else None
        before = parts[position - 1]
        if not before.children or (after is not None and (after.type != "string" or not after.children)):
            slots.is_plain = False
            continue
        closing = before.children[-1]
        if after is None:
            slots.ranges.append((closing.start_byte, part.end_byte, PLACEHOLDER + text(closing)))
        elif text(after.children[0]) == text(before.children[0]):
            slots.ranges.append((closing.start_byte, after.children[0].end_byte, PLACEHOLDER))
        else:
            slots.is_plain = False
    if slots.is_plain:
        for number, (start, end, content) in enumerate(slots.ranges):
            quoted = slots.pieces[number][-1:] == "'" and slots.pieces[number + 1][:1] == "'"
            if quoted and content == PLACEHOLDER:
                slots.ranges[number] = (start - 1, end + 1, content)
            elif slots.pieces[number][-1:] == "'" or slots.pieces[number + 1][:1] == "'":
                slots.is_plain = False
    return slots
