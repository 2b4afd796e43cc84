"""The order of central error handlers in NestJS and Hapi: what comes to the first that takes it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from lint_rules.families.e06_error_handling.notes import Wiring
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.grammar import FUNCTION_LITERALS, arguments, bare, callee, string_value, text
from lint_rules.languages.javascript.members import object_members

_ENDS = re.compile(r"return\s+(?:\w+\.)?response\s*;|\.takeover\(\)|throw\s")
_FOR_ERRORS = re.compile(r"isBoom|instanceof\s+Error|\.output\b")


def filter_lists(file: JavaScriptFile) -> Iterator[Wiring]:
    """Exception filters that are bound together: `useGlobalFilters(a, b)`, `@UseFilters(A, B)`, `APP_FILTER`s."""
    if b"Filter" not in file.data and b"APP_FILTER" not in file.data:
        return
    for call in file.nodes("call_expression"):
        function = callee(call)
        last = text(function).rpartition(".")[2] if function is not None else ""
        given = arguments(call)
        if last in ("useGlobalFilters", "UseFilters") and len(given) > 1:
            yield from _listed([_class(one) for one in given], last, file)
    if b"APP_FILTER" in file.data:
        for array in file.nodes("array"):
            bound = []
            for entry in array.named_children:
                members = {name: value for name, value, _ in object_members(entry)} if entry.type == "object" else {}
                if "provide" in members and text(members["provide"]) == "APP_FILTER" and "useClass" in members:
                    bound.append(members["useClass"])
            if len(bound) > 1:
                yield from _listed(bound, "APP_FILTER", file)


def _class(value: Node) -> Node:
    """The class of `new HttpFilter()`."""
    value = bare(value)
    return (callee(value) or value) if value.type == "new_expression" else value


def _listed(classes: list[Node], where: str, file: JavaScriptFile) -> Iterator[Wiring]:
    names = [file.names.symbol(one) for one in classes]
    for place, one in enumerate(classes):
        yield Wiring("in-order", "", names[place], file.span(one), "", ",".join(names[place + 1 :]), where, text(one))


def extension_end(call: Node, file: JavaScriptFile) -> str:
    """What an `onPreResponse` extension does with errors: "ends" for all, "errors" where it answers them, ""."""
    given = arguments(call)
    handler = bare(given[1]) if len(given) > 1 else None
    if handler is None or handler.type not in FUNCTION_LITERALS:
        return ""
    body = text(handler)
    if not _FOR_ERRORS.search(body) and _ENDS.search(body):
        return "ends"
    return "errors" if _FOR_ERRORS.search(body) else ""


def is_sandboxed(call: Node) -> bool:
    """Whether an extension is for the routes of its own plugin only."""
    given = arguments(call)
    options = bare(given[2]) if len(given) > 2 else None
    if options is None or options.type != "object":
        return False
    return any(name == "sandbox" and string_value(value) == "plugin" for name, value, _ in object_members(options))
