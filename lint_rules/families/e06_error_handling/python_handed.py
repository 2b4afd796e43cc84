"""Responses of Python that go by way of helpers and templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lint_rules.families.e06_error_handling.answer import NOT_TOLD, Answer
from lint_rules.families.e06_error_handling.python_answers import TABLE, name_of, response_rows
from lint_rules.families.e06_error_handling.python_bodies import bare, kind_of, status_of, value_of
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.grammar import first_named
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text
from lint_rules.languages.tables import NameTable, TableRow, name_table

_ANSWERING = re.compile(r"err|fail|problem|respon|abort|reply|answer", re.IGNORECASE)


def handed(file: PythonFile) -> Iterator[Answer]:
    """What handlers return by way of the project's own helpers: `return failure(str(error), 500)`."""
    for statement in file.nodes("return_statement"):
        value = first_named(statement)
        call = bare(value) if value is not None else None
        function = call.child_by_field_name("function") if call is not None and call.type == "call" else None
        if call is None or function is None or not _ANSWERING.search(text(function).rpartition(".")[2]):
            continue
        first = file.names.symbol(function).partition(".")[0]
        if first and (first == file.module.partition(".")[0] or first in file.modules.by_name):
            given = tuple(one for _, one in arguments(call))
            numbers = [status_of(one, file) for one in given]
            yield Answer(call, given, next((one for one in numbers if one > 0), NOT_TOLD), is_plain=True)


@lru_cache(maxsize=1)
def _pages() -> NameTable[TableRow]:
    return name_table(TABLE, "python_page")


def pages(file: PythonFile) -> Iterator[Answer]:
    """What is shown on pages, by templates and in messages of the next page: `render_template("x.html", error=e)`."""
    names = _pages().last_names
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        if function is None or text(function).rpartition(".")[2] not in names:
            continue
        if _pages().match(name_of(function, file), file.types) is not None or text(function) == "self.render":
            yield Answer(call, tuple(value for _, value in arguments(call)), NOT_TOLD)


_DETAILS = {"abort": 1, "set_details": 0}
"""Methods of a gRPC call's context, and at which position they are given what the client is told."""


def details(file: PythonFile) -> Iterator[Answer]:
    """What a servicer tells the client beside the status: `context.abort(StatusCode.INTERNAL, str(error))`."""
    for call in file.nodes("call") if b"grpc" in file.data else ():
        function = call.child_by_field_name("function")
        owner, _, method = text(function).rpartition(".") if function is not None else ("", "", "")
        if method not in _DETAILS or not owner.endswith("context"):
            continue
        given = dict(arguments(call))
        told = given.get(str(_DETAILS[method])) or given.get("details")
        if told is not None:
            yield Answer(call, (told,), NOT_TOLD)


def returned_calls(file: PythonFile) -> Iterator[Answer]:
    """Bodies that a call makes, returned beside a status of an error: `return problem("missing"), 404`."""
    for statement in file.nodes("return_statement"):
        value = first_named(statement)
        parts = [part for part in value.named_children if part.type != "comment"] if value is not None else []
        if value is None or value.type not in ("expression_list", "tuple") or not 2 <= len(parts) <= 3:
            continue
        body, status = value_of(parts[0], file), status_of(parts[1], file)
        if body.type == "call" and status >= 400 and kind_of(body) == "?":
            function = body.child_by_field_name("function")
            if function is not None and response_rows().match(name_of(function, file), file.types) is None:
                yield Answer(value, (body,), status)
