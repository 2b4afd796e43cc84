"""Fields of request bodies in one JavaScript file: which expressions carry them, and which the handler asks about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import source
from lint_rules.families.e07_security.reading_javascript import called_name
from lint_rules.languages.javascript.binding import parameter_nodes
from lint_rules.languages.javascript.grammar import (
    CALL_KINDS,
    arguments,
    bare,
    callee,
    first_named,
    named,
    string_value,
    text,
)
from lint_rules.languages.javascript.scopes import FUNCTION, Scope

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.project.frameworks import Handler

WHOLE, ANY = "", "*"
_BODY = frozenset({"body", "payload", "json", "formData", "rawBody"})
_PASSED_THROUGH = frozenset(
    {"trim", "toLowerCase", "toUpperCase", "map", "filter", "slice", "concat", "split", "replace", "toString"}
)
_CONVERTING = re.compile(
    r"^(?:Number|parseInt|parseFloat|Boolean|String|BigInt|Date|isNaN|escape\w*|encode\w*|compare\w*|hash\w*)$"
)
_COPYING = frozenset({"assign", "stringify", "pick", "omit", "merge", "clone", "cloneDeep", "fromEntries", "entries"})
_ASKING = re.compile(
    r"^(?:is[A-Z]\w*|has|includes|indexOf|test|match|some|every|isArray|hasOwnProperty|hasOwn|check\w*|verify\w*|keys"
    r"|find|startsWith|endsWith)$"
)
_CHECKING = re.compile(r"^(?:check|verify|ensure|assert|require)(?:$|[A-Z_])")
_COMPARING = frozenset({"===", "!==", "==", "!=", "<", ">", "<=", ">=", "in", "instanceof"})
_CONDITIONS = ("if_statement", "ternary_expression", "while_statement", "switch_statement")
_NEST_BODY = re.compile(r"@(?:Body|MessageBody|Payload)\b")
_UNTYPED = re.compile(r":\s*(?:Record\b|\{|(?:any|unknown|object|Partial<any>|string|number|boolean)\s*$)")
_RAW = frozenset({"Node http", "ws", "AWS Lambda"})
"""Frameworks whose bodies a handler puts together and parses itself."""
_MAX_STEPS = 30
_MAX_NODES = 600
_CLOSED = frozenset({"arrow_function", "function_expression", "class", "string", "number", "regex"})


class Bodies:
    """Answers about the expressions of one file."""

    def __init__(self, file: JavaScriptFile) -> None:
        self._file = file
        self._checked: dict[int, frozenset[str]] = {}

    def field(self, expression: Node, handler: Handler) -> str | None:
        """The field of the body that an expression is (a part of); WHOLE for the body, None for anything else."""
        value: Node | None = bare(expression)
        path: list[str] = []
        for _ in range(_MAX_STEPS):
            if value is None:
                return None
            found = self._of_request(value)
            if found is not None:
                return next((one for one in (*found, *path) if one), WHOLE)
            value, names = self._inner(value, handler)
            path = [*names, *path]
            if value is not None and value.type == "<body>":
                return next((one for one in path if one), WHOLE)
            if path[:1] == ["<body>"]:
                return next((one for one in path[1:] if one), WHOLE)
        return None

    def _of_request(self, value: Node) -> tuple[str, ...] | None:
        """What is read below the body, by the canonical name of an expression; None if it is none of a body."""
        canonical = self._file.canonical(value)
        row = self._file.handlers.table.request_row(canonical, self._file.types) if canonical else None
        if row is None:
            return None
        last = row[0].rpartition(".")[2]
        if last not in _BODY:
            return None
        rest = re.search(rf"\.{re.escape(last)}(?:\(\))?((?:\..*)?)$", canonical)
        names = tuple(rest.group(1).split(".")[1:]) if rest is not None else ()
        names = tuple(ANY if one == "<item>" else one for one in names)
        return names if not any("()" in one for one in names[:1]) else ()

    def _inner(self, value: Node, handler: Handler) -> tuple[Node | None, list[str]]:
        """What an expression is a part of, and the names that lead from there to it."""
        kind = value.type
        inner: Node | None = None
        names: list[str] = []
        if kind in ("member_expression", "subscript_expression"):
            inner = value.child_by_field_name("object")
            last = value.child_by_field_name("property")
            index = value.child_by_field_name("index")
            names = [text(last)] if last is not None else [string_value(index) or ANY]
        elif kind == "await_expression":
            inner = first_named(value)
        elif kind == "call_expression":
            name, given, function = called_name(value), arguments(value), callee(value)
            if name == "parse" and source(function or value) == "JSON.parse" and given:
                if handler.framework.name in _RAW and self.field(given[0], handler) is None:
                    return None, ["<body>"]
                inner = given[0]
            elif name in _PASSED_THROUGH and function is not None:
                inner = function.child_by_field_name("object")
        elif kind == "binary_expression":
            operator = value.child_by_field_name("operator")
            is_default = operator is not None and operator.type in ("||", "??")
            inner = value.child_by_field_name("left") if is_default else None
        elif kind in ("identifier", "shorthand_property_identifier"):
            return self._bound(value)
        return (bare(inner) if inner is not None else None), names

    def _bound(self, name: Node) -> tuple[Node | None, list[str]]:
        found = self._file.scopes.binding(text(name), name.start_byte)
        if found is None or len(found[1]) != 1:
            return None, []
        scope, (binding,) = found[0], found[1]
        names = [one for one in binding.path if one != "<item>"]
        if binding.kind == "parameter" and scope.kind == FUNCTION:
            return None, self._of_parameter(scope, binding.position, names)
        if binding.kind != "value" or binding.node is None or (binding.is_rest and not names):
            return (binding.node, []) if binding.is_rest and binding.kind == "value" else (None, [])
        if not binding.is_constant and self._file.scopes.assignments(text(name)):
            return None, []
        return bare(binding.node), names

    def _of_parameter(self, scope: Scope, position: int, names: list[str]) -> list[str]:
        """Where a parameter is itself a body: Nest's `@Body()`, the message of a socket."""
        if self._file.request.role_at(scope, position) != "data":
            return []
        handler = self._file.handlers.of(scope)
        parameter = parameter_nodes(scope.node)[position]
        if handler is not None and handler.framework.name == "NestJS":
            written = source(parameter)
            if _NEST_BODY.search(written) is None:
                return []
            key = re.search(r"@\w+\(\s*[\"'](\w+)", written)
            return ["<body>", *([key.group(1)] if key else []), *names]
        return ["<body>", *names] if handler is not None and handler.kind == "socket" else []

    def carried(self, expression: Node, handler: Handler) -> Iterator[tuple[str, Node]]:
        """The fields of the body within an expression, as they came, with the nodes that read them."""
        waiting, seen = [expression], set()
        for _ in range(_MAX_NODES):
            if not waiting:
                return
            node = bare(waiting.pop())
            if node.id in seen or node.type in _CLOSED:
                continue
            seen.add(node.id)
            if node.type in ("identifier", "shorthand_property_identifier", "member_expression", "subscript_expression",
                             "call_expression", "await_expression", "binary_expression"):  # fmt: skip
                field = self.field(node, handler)
                if field is not None:
                    yield field, node
                    continue
            if node.type in ("identifier", "shorthand_property_identifier"):
                bound = self._file.names.only_value(text(node), node.start_byte)
                if bound is not None and bare(bound).type in ("object", "array", "template_string", "call_expression"):
                    waiting.append(bound)
            elif node.type == "call_expression":
                if called_name(node) in _COPYING:
                    waiting.extend(arguments(node))
            elif node.type == "pair":
                value = node.child_by_field_name("value")
                waiting.extend([value] if value is not None else [])
            elif node.type not in ("member_expression", "subscript_expression", "new_expression", "ternary_expression",
                                   "unary_expression"):  # fmt: skip
                waiting.extend(named(node))

    def checked(self, scope: Scope, handler: Handler) -> frozenset[str]:
        """The fields about which a handler asks anything, ANY for one that goes through them by name.

        With one of them the whole body counts as asked about.
        """
        key = scope.node.id
        if key not in self._checked:
            found = {field for node in self._asked(scope) for field in self._fields_in(node, handler)}
            named_fields = found - {WHOLE}
            self._checked[key] = frozenset((*named_fields, WHOLE) if named_fields else ())
        return self._checked[key]

    def _asked(self, scope: Scope) -> Iterator[Node]:
        start, end = scope.node.start_byte, scope.node.end_byte

        def inside(kind: str) -> Iterator[Node]:
            return (node for node in self._file.nodes(kind) if start <= node.start_byte < end)

        for kind in _CONDITIONS:
            for node in inside(kind):
                condition = node.child_by_field_name("condition") or node.child_by_field_name("value")
                if condition is not None:
                    yield condition
        for node in inside("binary_expression"):
            operator = node.child_by_field_name("operator")
            if operator is not None and operator.type in _COMPARING:
                yield node
        for node in inside("unary_expression"):
            if text(node).startswith("typeof"):
                yield node
        for call in self._file.index.of_kinds(CALL_KINDS):
            name = called_name(call)
            if start <= call.start_byte < end and (_ASKING.match(name) or _CONVERTING.match(name)):
                yield call
        for node in inside("subscript_expression"):
            index = node.child_by_field_name("index")
            if index is not None and index.type == "identifier":
                yield node

    def _fields_in(self, node: Node, handler: Handler) -> Iterator[str]:
        waiting = [node]
        for _ in range(_MAX_NODES):
            if not waiting:
                return
            current = waiting.pop()
            if current.type == "binary_expression" and self._goes_through(current, handler):
                yield ANY
                continue
            if current.type == "call_expression" and _CHECKING.match(called_name(current)):
                given = [self.field(bare(one), handler) for one in arguments(current)]
                yield from (ANY for one in given if one == WHOLE)
            if current.type in ("identifier", "member_expression", "subscript_expression"):
                field = self.field(current, handler)
                if field is not None:
                    yield field
                    continue
            if current.type not in ("arrow_function", "function_expression", "statement_block"):
                waiting.extend(named(current))

    def _goes_through(self, comparison: Node, handler: Handler) -> bool:
        """Whether a comparison asks for members by a name that goes through a list: `field in req.body`."""
        operator, left = comparison.child_by_field_name("operator"), comparison.child_by_field_name("left")
        right = comparison.child_by_field_name("right")
        if operator is None or operator.type != "in" or left is None or right is None or left.type != "identifier":
            return False
        return self.field(right, handler) == WHOLE

    def is_typed(self, scope: Scope) -> bool:
        """Whether the body has a class by which Nest's ValidationPipe could validate it."""
        handler = self._file.handlers.of(scope)
        if handler is None or handler.framework.name != "NestJS":
            return False
        bodies = [source(one) for one in parameter_nodes(scope.node) if _NEST_BODY.search(source(one))]
        return any(":" in one and _UNTYPED.search(one) is None for one in bodies)
