"""Values that wait while somebody runs through them: query sets, consumers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e01_blocking_event_loop.tables import BLOCKING, RUN_THROUGH
from lint_rules.languages.python.grammar import first_named, first_token
from lint_rules.languages.python.scopes import text
from lint_rules.languages.tables import TableRow

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile

RUN_THROUGH_WORDS = (b".objects", b".query(", b"KafkaConsumer", b"QuerySet", b"Popen")
"""A file without any of these names no such value."""

_LOOPS = ("for_statement", "for_in_clause")
_CONSUMERS = frozenset(
    {
        "all",
        "any",
        "bool",
        "dict",
        "enumerate",
        "frozenset",
        "len",
        "list",
        "max",
        "min",
        "set",
        "sorted",
        "sum",
        "tuple",
    }
)
"""Builtins that run through their argument."""


def iterations(file: PythonFile) -> Iterator[tuple[Node, TableRow]]:
    """The values that code on the event loop runs through and that wait meanwhile, with their rows."""
    for value in _run_through(file):
        if not file.on_event_loop(value):
            continue
        row = RUN_THROUGH.match(file.canonical(value), file.types)
        called = value.child_by_field_name("function") if value.type == "call" else None
        is_told = called is not None and BLOCKING.match(file.canonical(called), file.types) is not None
        if row is not None and not is_told:
            yield value, row


def _run_through(file: PythonFile) -> Iterator[Node]:
    for kind in _LOOPS:
        for loop in file.nodes(kind):
            value = loop.child_by_field_name("right")
            if value is not None and first_token(loop) != "async":
                yield value
    for call in file.nodes("call"):
        function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        if function is not None and arguments is not None and function.type == "identifier":
            value = first_named(arguments)
            if value is not None and value.type in ("identifier", "attribute", "call") and text(function) in _CONSUMERS:
                yield value
