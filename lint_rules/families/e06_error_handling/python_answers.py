"""The responses that a Python file makes: by calls, by what handlers return, by what is raised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from tree_sitter import Node

from lint_rules.families.e06_error_handling.answer import NOT_TOLD, Answer
from lint_rules.families.e06_error_handling.python_bodies import (
    bare,
    body_shape,
    is_text,
    kind_of,
    object_shape,
    pairs_of,
    status_of,
    value_of,
)
from lint_rules.families.e06_error_handling.python_statuses import status_before, status_outside
from lint_rules.families.e06_error_handling.shapes import PAGE, TEXT, UNKNOWN, Shape, made
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text
from lint_rules.languages.tables import NameTable, TableRow, name_table
from lint_rules.project.types import Types

TABLE = Path(__file__).parent / "errors.toml"
_TORNADO = re.compile(rb"tornado|RequestHandler|self\.set_status\(")
ANSWER_WORDS = (
    b"Response", b"jsonify", b"HTTPException", b"HTTPError", b"abort(", b"json_response", b"response.json", b"json(",
    b"@app.", b"route", b"router", b"self.write(", b"self.finish(", b"exceptions", b"web.HTTP", b"HttpError", b"render",
    b"flash(", b"set_details(",
)  # fmt: skip
"""A file without any of these answers nothing."""


@lru_cache(maxsize=1)
def response_rows() -> NameTable[TableRow]:
    """The calls that make responses."""
    return name_table(TABLE, "python_response")


@lru_cache(maxsize=1)
def _raises() -> NameTable[TableRow]:
    return name_table(TABLE, "python_raise")


_BY_FILE: WeakKeyDictionary[object, tuple[Answer, ...]] = WeakKeyDictionary()


def answers(file: PythonFile) -> tuple[Answer, ...]:
    """All responses of a file, in no particular order; found once, since the file alone tells."""
    known = _BY_FILE.get(file)
    if known is None:
        known = _BY_FILE[file] = tuple(_answers(file))
    return known


def _answers(file: PythonFile) -> Iterator[Answer]:
    names = _response_names(file)
    for call in file.nodes("call"):
        answer = _of_call(call, names, file)
        if answer is not None:
            yield answer
    for statement in file.nodes("return_statement"):
        value = first_named(statement)
        if value is not None:
            yield from _returned(bare(value), statement, file)
    for statement in file.nodes("raise_statement"):
        error = first_named(statement)
        if error is not None:
            yield from _raised(bare(error), file)


def name_of(expression: Node, file: PythonFile) -> str:
    """The canonical name of a library's function, by this file alone."""
    return file.types.external(file.names.symbol(expression))


# Calls.


def _of_call(call: Node, names: frozenset[str], file: PythonFile) -> Answer | None:
    function = call.child_by_field_name("function")
    if function is None or text(function).rpartition(".")[2] not in names:
        return None
    row = response_rows().match(name_of(function, file), file.types) or _of_own_view(function, file)
    row = row or _of_own_response(call, function, file)
    if row is not None:
        return _response(call, row, file)
    row = _raises().match(name_of(function, file), file.types)  # `abort(404)`
    is_raised = call.parent is not None and call.parent.type == "raise_statement"
    return _http_error(call, row, file) if row is not None and not is_raised else None


def _of_own_view(function: Node, file: PythonFile) -> TableRow | None:
    """`self.write(...)` of a Tornado handler, whose base may be a class of another file."""
    if text(function) not in ("self.write", "self.finish") or not _TORNADO.search(file.data):
        return None
    return response_rows().match("tornado.web.RequestHandler.write", file.types)


def _of_own_response(call: Node, function: Node, file: PythonFile) -> TableRow | None:
    """`super().__init__({...}, status_code=404)` in a response class of the project's own."""
    owner = file.scope(call).owner_class if text(function) == "super().__init__" else None
    bases = owner.node.child_by_field_name("superclasses") if owner is not None else None
    rows = (response_rows().match(name_of(base, file), file.types) for base in bases.named_children) if bases else ()
    return next((row for row in rows if row is not None), None)


@lru_cache(maxsize=1)
def _known_names() -> frozenset[str]:
    return response_rows().last_names | {"abort", "__init__"}


def _response_names(file: PythonFile) -> frozenset[str]:
    return _known_names() | _renamed(file)


def _renamed(file: PythonFile) -> frozenset[str]:
    """Names under which response makers are imported: `from sanic.response import json as reply`."""
    file.names.bind()
    return frozenset(
        name
        for name, bindings in file.scopes.module.bindings.items()
        if bindings[0].kind == "import" and bindings[0].target.rpartition(".")[2] in _known_names()
    )


def _response(call: Node, row: TableRow, file: PythonFile) -> Answer | None:
    if _is_inside_response(call, file):
        return None
    given = dict(arguments(call))
    body = _first(given, row["body"])
    form = row["form"]
    shape = _shape(call, body, form, file)
    status_node = _first(given, row.get("status", []))
    if "fixed" in row.values:
        status = int(row["fixed"])
    elif status_node is not None:
        status = status_of(status_node, file)
    else:
        status = status_outside(call, file, is_sent=bool(row.get("sent")))
    shown = tuple(value for _, value in arguments(call)) if form == "keywords" else (body,) if body is not None else ()
    return Answer(call, shown, status, shape)


def _shape(call: Node, body: Node | None, form: str, file: PythonFile) -> Shape:
    if form == "keywords":
        given = dict(arguments(call))
        return body_shape(given["0"], file) if "0" in given else object_shape(pairs_of(call), file)
    if body is None:
        return UNKNOWN
    if form == "text":
        inner = value_of(body, file)
        return body_shape(inner, file) if inner.type == "call" or is_text(inner) else UNKNOWN
    inner = value_of(body, file)
    if inner.type == "call" and (function := inner.child_by_field_name("function")) is not None:
        row = response_rows().match(name_of(function, file), file.types)
        if row is not None:
            return _shape(inner, _first(dict(arguments(inner)), row["body"]), row["form"], file)
    return body_shape(inner, file)


_AROUND_ARGUMENTS = frozenset({"argument_list", "parenthesized_expression", "tuple", "keyword_argument"})


def _is_inside_response(call: Node, file: PythonFile) -> bool:
    """Whether a response is made into another one: `make_response(jsonify(...), 400)`."""
    outer, inner = call.parent, call
    while outer is not None and outer.type in (
        "argument_list",
        "parenthesized_expression",
        "tuple",
        "keyword_argument",
    ):
        inner, outer = (inner, outer.parent) if outer.type == "argument_list" else (outer, outer.parent)
    function = outer.child_by_field_name("function") if outer is not None and outer.type == "call" else None
    if outer is None or function is None:
        return False
    name = name_of(function, file)
    if response_rows().match(name, file.types) is not None:
        return True
    raised = _raises().match(name, file.types)  # but `abort(make_response(...))` answers what it is given
    return raised is not None and _first(dict(arguments(outer)), raised.get("status", [])) != inner


def _first(given: dict[str, Node], places: list[Any]) -> Node | None:
    return next((given[str(place)] for place in places if str(place) in given), None)


# Returned.


def _returned(value: Node, statement: Node, file: PythonFile) -> Iterator[Answer]:
    """`return {...}`, `return {...}, 400`, `return "not found", 404`, `return 400, {...}`."""
    parts = [part for part in value.named_children if part.type != "comment"]
    if value.type in ("expression_list", "tuple") and 2 <= len(parts) <= 3:
        body, status = bare(parts[0]), status_of(parts[1], file)
        if status < 0 and body.type in ("integer", "attribute"):
            body, status = bare(parts[1]), status_of(parts[0], file)
        inner = value_of(body, file)
        if status > 0 and (kind_of(inner) == "object" or is_text(inner) or kind_of(inner) == "value"):
            yield Answer(value, (body,), status, body_shape(body, file))
    elif kind_of(value) == "object" or is_text(value) or (value.type == "call" and kind_of(value) == "value"):
        status = status_before(statement, file)
        yield Answer(value, (value,), status, body_shape(value, file), is_plain=True)
    elif value.type == "identifier":
        bound = value_of(value, file)
        if kind_of(bound) == "object":
            yield Answer(value, (value,), status_before(statement, file), body_shape(bound, file), is_plain=True)


# Raised.


def _raised(error: Node, file: PythonFile) -> Iterator[Answer]:
    function = error.child_by_field_name("function") if error.type == "call" else error
    if function is None or function.type not in ("identifier", "attribute"):
        return
    symbol = file.names.symbol(function)
    row = _raises().match(file.types.external(symbol), file.types)
    if row is not None:
        yield _http_error(error, row, file, symbol)
    elif symbol and not symbol.startswith("builtins.") and "<parameter>" not in symbol:
        yield Answer(error, (), NOT_TOLD, UNKNOWN, symbol)


def _http_error(error: Node, row: TableRow, file: PythonFile, symbol: str = "") -> Answer:
    given = dict(arguments(error)) if error.type == "call" else {}
    body = _first(given, row["body"])
    status_node = _first(given, row.get("status", []))
    status = int(row.get("fixed", NOT_TOLD))
    if status_node is not None:
        status = status_of(status_node, file)
    function = error.child_by_field_name("function") if error.type == "call" else error
    name = symbol or (file.names.symbol(function) if function is not None else "")
    return Answer(error, (body,) if body is not None else (), status, own_shape(row["shape"], body, file), name)


def own_shape(shape: str | list[str], body: Node | None, file: PythonFile) -> Shape:
    """The shape of a framework's own answer to an error that is given this body."""
    if isinstance(shape, str):
        if shape == "text" and body is not None and body.type == "call" and "dumps(" in text(body):
            return body_shape(body, file)  # `HTTPNotFound(text=json.dumps({...}))`
        return {"text": TEXT, "page": PAGE}.get(shape, UNKNOWN)
    found = []
    for key in shape:
        if not key.endswith("_"):
            found.append((key, "value"))
        elif body is not None and kind_of(value_of(body, file)) == "object":
            inner = body_shape(body, file)
            found.extend([(key[:-1], "object"), *((f"{key[:-1]}.{path}", kind) for path, kind in inner)])
        else:
            kind = kind_of(value_of(body, file)) if body is not None else "value"
            found.append((key[:-1], kind))
    return made(found)


def raise_row(name: str, file: PythonFile) -> TableRow | None:
    """The row of a framework's HTTP error; None for any other class."""
    return _raises().match(name, file.types)


def raise_shape(name: str, types: Types) -> Shape | None:
    """What the framework answers by itself when this class is raised; None for what is no HTTP error of a framework."""
    row = _raises().match(name, types)
    if row is None:
        return None
    shape = row["shape"]
    if isinstance(shape, str):
        return {"text": TEXT, "page": PAGE}.get(shape, UNKNOWN)
    return made((key.removesuffix("_"), "value") for key in shape)
