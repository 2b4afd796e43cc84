"""Who uses fields of request bodies as they come, and who validates them, in JavaScript and TypeScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.bodies_javascript import ANY, WHOLE, Bodies
from lint_rules.families.e07_security.circumstances import is_for_show, source
from lint_rules.families.e07_security.reading_javascript import called_name
from lint_rules.families.e07_security.storing_javascript import stores
from lint_rules.families.e07_security.validation import (
    APPLICATION,
    BODIES,
    EVERYWHERE,
    GUARDED,
    USE,
    VALIDATES,
    VALIDATING,
    BodyNote,
)
from lint_rules.languages.javascript.binding import parameter_nodes, targets
from lint_rules.languages.javascript.grammar import CALL_KINDS, arguments, bare, callee, named, string_value, text
from lint_rules.languages.javascript.members import object_members
from lint_rules.languages.javascript.scopes import Scope

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_BODY_WORDS = re.compile(rb"body|payload|json\(|formData|@MessageBody|JSON\.parse")
_NEVER_VALIDATING = re.compile(r"expressValidator\(\)|(?:celebrate\.)?errors\(\)|[sS]anitiz|invalidate")
_VALIDATING_KEYS = frozenset({"schema", "validate", "validation", "validator", "validators"})
_HOOK_KEYS = frozenset({"preValidation", "preHandler", "pre", "middleware", "middlewares", "onRequest"})
_ROUTE_KEYS = _VALIDATING_KEYS | _HOOK_KEYS | {"options", "config", "handler", "method", "path", "url"}
_READS_BYTES = re.compile(r"\b(?:express|bodyParser|parser|body)\.(?:raw|text)\(")
"""Middleware that leaves the body as bytes or text, which has no fields."""
_BODY_KEYS = frozenset({"body", "payload"})
_SUFFICIENT = re.compile(r"if\s*\(|assert|\bthrow\b")
_BLOCKS = frozenset({"program", "statement_block", "class_body"})
_MOST_LEVELS = 40


@BODIES.of("javascript")
def bodies_of(file: JavaScriptFile) -> Iterator[BodyNote]:
    """What a file says about the bodies of requests."""
    if is_for_show(file) or file.is_declaration or file.is_tooling:
        return
    yield from _guards(file)
    yield from _validating_functions(file)
    if b"NestFactory" in file.data:
        yield BodyNote(APPLICATION)
    if b"ValidationPipe" in file.data:
        yield BodyNote(EVERYWHERE)
    if _BODY_WORDS.search(file.data):
        yield from _uses(file)


# Validation in front of handlers.


def _guards(file: JavaScriptFile) -> Iterator[BodyNote]:
    if VALIDATING.search(file.data.decode("utf-8", "replace")) is None:
        return
    guards_all = False
    for call in file.nodes("call_expression"):
        name, given = called_name(call), arguments(call)
        if name in ("use", "addHook", "ext", "register") and given and not _handles(call, file):
            written = " ".join(map(source, given))[:400]
            if VALIDATING.search(written) and not _NEVER_VALIDATING.search(written):
                owner = source(callee(call) or call).partition(".")[0]
                if owner in ("app", "server", "fastify", "api", "this"):
                    yield BodyNote(EVERYWHERE)
                guards_all = True
    for call in file.nodes("call_expression"):
        if not file.handlers.registrations(call):
            continue
        given = arguments(call)
        if not guards_all and not _is_validated_by(given, file):
            continue
        for argument in given:
            yield from (BodyNote(GUARDED, symbol) for symbol in _symbols(argument, file))


def _handles(call: Node, file: JavaScriptFile) -> bool:
    """Whether `use` is given a router or path: its words then say nothing about what stands in front of it."""
    given = arguments(call)
    return (
        len(given) > 1
        and string_value(given[0]) is not None
        and not any(VALIDATING.search(source(one)) for one in given[1:])
    )


def _symbols(argument: Node, file: JavaScriptFile) -> Iterator[str]:
    """The functions that an argument names, within calls and arrays."""
    waiting, left = [argument], 60
    while waiting and left:
        left -= 1
        node = bare(waiting.pop())
        if node.type in ("identifier", "member_expression"):
            symbol = file.names.symbol(node)
            if symbol:
                yield symbol
        elif node.type == "call_expression":
            waiting.extend(arguments(node))
            function = callee(node)
            owner = function.child_by_field_name("object") if function is not None else None
            waiting.extend([owner] if owner is not None and called_name(node) == "bind" else [])
        elif node.type == "array":
            waiting.extend(named(node))
        elif node.type == "object":
            waiting.extend(value for name, value, _ in object_members(node) if name in _ROUTE_KEYS)


def _is_validated_by(parts: list[Node], file: JavaScriptFile) -> bool:
    """Whether arguments or elements beside a handler validate: `validate(schema)`, `{ schema: { body } }`."""
    for part in parts:
        node = bare(part)
        if node.type in ("arrow_function", "function_expression", "method_definition", "string"):
            continue
        if node.type == "object":
            if _options_validate(node):
                return True
            continue
        written = source(node)
        if VALIDATING.search(written[:2_000]) and not _NEVER_VALIDATING.search(written):
            return True
        if re.search(r"\b(?:check|body)\(|checkSchema|checkBody", written) or _READS_BYTES.search(written):
            return True
    return False


def _options_validate(options: Node) -> bool:
    """Whether the options of a route have a schema for the body; one for other parts of the request does not count."""
    for name, value, _ in object_members(options):
        if name in ("options", "config") and bare(value).type == "object" and _options_validate(bare(value)):
            return True
        if name in _VALIDATING_KEYS:
            schema = bare(value)
            if schema.type != "object":
                return True
            keys = {key for key, _, _ in object_members(schema)}
            if keys & _BODY_KEYS or "..." in keys:
                return True
        elif name in _HOOK_KEYS and VALIDATING.search(source(value)):
            return True
    return False


def _validating_functions(file: JavaScriptFile) -> Iterator[BodyNote]:
    """Functions that check what they are given, by a schema or by questions about their parameters."""
    for scope in file.scopes.functions:
        if scope.is_anonymous or file.handlers.of(scope) is not None:
            continue
        written = source(scope.node)
        if not VALIDATING.search(written) and not _SUFFICIENT.search(written):
            continue
        names = {text(one.name) for parameter in parameter_nodes(scope.node) for one in targets(
            parameter.child_by_field_name("pattern") or parameter)}  # fmt: skip
        asked = rf"(?:if|assert\w*)\s*\([^{{;]*\b(?:{'|'.join(map(re.escape, names))})\b" if names else r"(?!)"
        if VALIDATING.search(written.partition(")")[2]) or re.search(asked, written):
            yield BodyNote(VALIDATES, f"{file.module}.{scope.name}")


# Uses.


_FLAGS = frozenset({"clear", "force", "overwrite", "recursive", "dryRun", "silent"})
"""Switches, which beside fields that are asked about are on for whatever a client sends."""


def _uses(file: JavaScriptFile) -> Iterator[BodyNote]:
    bodies = Bodies(file)
    quiet: dict[int, bool] = {}
    for place, given, called, is_store in stores(file):
        around = file.request.handler_around(place)
        if around is None or around[1].kind == "error" or file.in_broken_code(place) or " as any)" in called:
            continue
        scope, handler = around
        fields = {field for one in given for field, _ in bodies.carried(one, handler)}
        checked = bodies.checked(scope, handler) if fields else frozenset()
        unchecked = fields - checked - (_FLAGS if checked else frozenset())
        if not unchecked or ANY in checked:
            continue
        key = scope.node.id
        if key not in quiet:
            quiet[key] = _validates_itself(scope, file) or is_guarded(scope, file)
        if quiet[key]:
            continue
        function = callee(place) if place.type in CALL_KINDS else None
        symbol = file.names.symbol(function) if function is not None else ""
        names = () if WHOLE in unchecked else tuple(sorted(unchecked))
        yield BodyNote(
            USE, f"{file.module}.{scope.name}", file.span(place), names, called, symbol, is_store,
            bodies.is_typed(scope),
        )  # fmt: skip


def _validates_itself(scope: Scope, file: JavaScriptFile) -> bool:
    """Whether the handler's own code calls anything that validates."""
    start, end = scope.node.start_byte, scope.node.end_byte
    for call in file.index.of_kinds(CALL_KINDS):
        if not start <= call.start_byte < end:
            continue
        function = callee(call)
        if function is None:
            continue
        written = source(function)[-80:] + "("
        if VALIDATING.search(written) and not written.startswith("JSON.parse"):
            return True
    return False


def is_guarded(scope: Scope, file: JavaScriptFile) -> bool:
    """Whether what stands around the function validates: arguments beside it, a wrapper, a route's schema."""
    node = scope.node
    if node.type == "method_definition":
        written = " ".join(source(one) for one in _decorators(node))
        if re.search(r"UsePipes|ValidationPipe|Validate", written):
            return True
    current = node
    for _ in range(_MOST_LEVELS):
        outer = current.parent
        if outer is None or outer.type.endswith("statement") or outer.type in _BLOCKS:
            return False
        if outer.type in ("arguments", "array"):
            beside = [one for one in named(outer) if one != current]
            if outer.type == "array" and bare(current).type == "object":
                beside = []  # a list of routes: what validates one says nothing of the others
            if _is_validated_by(beside, file):
                return True
            call = outer.parent
            function = callee(call) if call is not None and call.type in CALL_KINDS else None
            if function is not None and VALIDATING.search(source(function)[-80:]):
                return True
        elif outer.type == "object":
            keys = {key for key, _, _ in object_members(outer)}
            if not keys & {"handler", "schema", "validate", "method", "path", "url"}:
                return False
            if _options_validate(outer):
                return True
        current = outer
    return False


def _decorators(method: Node) -> Iterator[Node]:
    """The decorators of a method and of its class."""
    before = method.prev_named_sibling
    while before is not None and before.type in ("decorator", "comment"):
        yield before
        before = before.prev_named_sibling
    owner = method.parent.parent if method.parent is not None else None
    if owner is not None:
        yield from (child for child in owner.children if child.type == "decorator")
        if owner.parent is not None and owner.parent.type == "export_statement":
            yield from (child for child in owner.parent.children if child.type == "decorator")
