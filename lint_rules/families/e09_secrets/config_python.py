"""Calls and their literal arguments, in Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e09_secrets.config_calls import Written, is_bound_to_literal
from lint_rules.families.e09_secrets.literal_arguments import Given, before_slot
from lint_rules.families.e09_secrets.read_python import literal_value
from lint_rules.languages.python.registrations import arguments
from lint_rules.languages.python.scopes import text

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile
    from lint_rules.model import Edit


def calls_at(file: PythonFile, written: Iterable[Written]) -> Iterator[tuple[str, Node]]:
    """The calls whose arguments begin there, each once with its last name, leaving out broken code."""
    seen: set[int] = set()
    for one in written:
        node = file.root.descendant_for_byte_range(one.at, one.at)
        while node is not None and node.type != "argument_list":
            node = node.parent
        call = node.parent if node is not None else None
        if call is not None and call.type == "call" and call.end_byte not in seen and not file.in_broken_code(call):
            seen.add(call.end_byte)
            yield one.name, call


def given(call: Node, file: PythonFile, settings: Mapping[str, str]) -> Iterator[Given]:
    """The arguments that are settings and literals, or names of constants bound to one in this file."""
    for place, value in arguments(call):
        kind = settings.get(place)
        if kind is None:
            continue
        literal = _constant(value, file)
        found = _value(literal)
        if found is not None:
            argument = kind if place.isdigit() else place
            is_plain = literal.type == "integer" or (literal.type == "string" and literal_value(literal) is not None)
            yield Given(
                argument, kind, found, literal.start_byte, literal.end_byte, literal.type == "integer", is_plain
            )


def _constant(value: Node, file: PythonFile) -> Node:
    if value.type == "identifier":
        if not is_bound_to_literal(file.data, value.text or b""):
            return value
        bound = file.names.only_value(text(value), value.start_byte)
        return bound if bound is not None else value
    if value.type == "list" and value.named_child_count:
        return value.named_children[0]
    return value


def _value(literal: Node) -> str | None:
    if literal.type == "integer":
        return text(literal).replace("_", "")
    slot = next((part for part in literal.named_children if part.type == "interpolation"), None)
    if literal.type == "string" and slot is not None:
        start = literal.named_children[0]
        return before_slot(
            (literal.text or b"")[start.end_byte - literal.start_byte : slot.start_byte - literal.start_byte].decode(
                "utf-8", "replace"
            )
        )
    return literal_value(literal)


def is_development(call: Node) -> bool:
    """Whether a call starts a server for development: with the debugger, or reloading."""
    return any(place in ("debug", "reload", "dev") and value.type == "true" for place, value in arguments(call))


def import_of_os(file: PythonFile) -> tuple[Edit, ...] | None:
    """The edits that make `os` usable; None if the name is taken."""
    from lint_rules.languages.python.edits import import_edits

    imported = import_edits(file, "os")
    return imported[1] if imported is not None and imported[0] == "os" else None
