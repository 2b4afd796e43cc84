"""Calls and their literal arguments, in JavaScript and TypeScript."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e09_secrets.config_calls import Written, is_bound_to_literal
from lint_rules.families.e09_secrets.literal_arguments import Given, before_slot
from lint_rules.families.e09_secrets.read_javascript import last_name, literal_value
from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, bare, callee, named, text

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

__all__ = ["callee", "calls_at", "given"]


def calls_at(file: JavaScriptFile, written: Iterable[Written]) -> Iterator[tuple[str, Node]]:
    """The calls whose arguments begin there, each once with its last name, leaving out broken code."""
    seen: set[int] = set()
    for one in written:
        node = file.root.descendant_for_byte_range(one.at, one.at)
        while node is not None and node.type != "arguments":
            node = node.parent
        call = node.parent if node is not None else None
        if call is not None and call.type in CALL_KINDS and call.end_byte not in seen and not file.in_broken_code(call):
            seen.add(call.end_byte)
            yield one.name, call


def serves_once(call: Node, file: JavaScriptFile) -> bool:
    """Whether the server that is told to listen closes itself in its own handler, as that of a log-in in a browser."""
    function = callee(call)
    server = function.child_by_field_name("object") if function is not None else None
    if server is None or server.type != "identifier":
        return False
    made = file.names.only_value(text(server), server.start_byte)
    return made is not None and f"{text(server)}.close(" in text(made)


def given(call: Node, file: JavaScriptFile, settings: Mapping[str, str]) -> Iterator[Given]:
    """The arguments, and values of object arguments, that are settings and literals or constants bound to one."""
    for position, argument in enumerate(arguments(call)):
        value = _constant(argument, file)
        if value.type == "object":
            yield from _of_object(value, "", settings, file)
        else:
            yield from _of_value(value, str(position), settings)


def _of_object(literal: Node, prefix: str, settings: Mapping[str, str], file: JavaScriptFile) -> Iterator[Given]:
    for pair in named(literal):
        if pair.type == "shorthand_property_identifier":
            key, value = text(pair), _constant_named(text(pair), pair, file)
        elif pair.type == "pair":
            key = last_name(pair.child_by_field_name("key"))
            given_value = pair.child_by_field_name("value")
            value = _constant(given_value, file) if given_value is not None else None
        else:
            continue
        if value is None or not key:
            continue
        if value.type == "object" and not prefix:
            for inner in named(value):
                inner_value = inner.child_by_field_name("value") if inner.type == "pair" else None
                if inner_value is not None:
                    name = f"{key}.{last_name(inner.child_by_field_name('key'))}"
                    yield from _of_value(_constant(inner_value, file), name, settings)
        elif value.type == "array" and named(value):
            yield from _of_value(named(value)[0], prefix + key, settings)
        else:
            yield from _of_value(value, prefix + key, settings)


def _of_value(value: Node, place: str, settings: Mapping[str, str]) -> Iterator[Given]:
    kind = settings.get(place)
    if kind is None:
        return
    found = text(value).replace("_", "") if value.type == "number" else literal_value(value)
    has_slot = value.type == "template_string" and found is None
    if has_slot:
        found = before_slot(text(value)[1:].partition("${")[0])
    if found is not None:
        argument = kind if place.isdigit() else place
        is_plain = value.type in ("string", "number", "template_string") and not has_slot
        yield Given(argument, kind, found, value.start_byte, value.end_byte, value.type == "number", is_plain)


def _constant(value: Node, file: JavaScriptFile) -> Node:
    value = bare(value)
    if value.type == "identifier":
        bound = _constant_named(text(value), value, file)
        return bound if bound is not None else value
    return value


def _constant_named(name: str, at: Node, file: JavaScriptFile) -> Node | None:
    if not is_bound_to_literal(file.data, name.encode()):
        return None
    bound = file.names.only_value(name, at.start_byte)
    return bare(bound) if bound is not None else None
