"""The flow of clients' data through the functions of one JavaScript file, by abstract interpretation of their form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from tree_sitter import Node

from lint_rules.families.e07_security.answers_javascript import REDIRECT, answered
from lint_rules.families.e07_security.circumstances import is_for_show
from lint_rules.families.e07_security.content_type_javascript import type_of_answer, type_of_context
from lint_rules.families.e07_security.evaluating_javascript import Evaluator, option_names
from lint_rules.families.e07_security.flows_javascript import EVERY_REQUEST, EVERYTHING, FLOWS, FlowNote, Passed, Taint
from lint_rules.families.e07_security.keys_javascript import chosen_key, owner_of
from lint_rules.families.e07_security.parameters_javascript import query_text
from lint_rules.families.e07_security.reading_javascript import called_name
from lint_rules.families.e07_security.requests_javascript import kept_name
from lint_rules.families.e07_security.schemas_javascript import fixed_fields
from lint_rules.families.e07_security.sinks_javascript import may_sink
from lint_rules.families.e07_security.states_javascript import Values
from lint_rules.families.e07_security.uploads_javascript import answers_storage, file_of, storage_member
from lint_rules.families.e07_security.validation_javascript import is_guarded
from lint_rules.families.e07_security.values_javascript import (
    NOTHING_KNOWN,
    State,
    Value,
    joined,
    member_of,
)
from lint_rules.flow.form import Event
from lint_rules.flow.graph import TooLarge
from lint_rules.flow.interpret import interpret
from lint_rules.languages.javascript.binding import parameter_nodes, targets
from lint_rules.languages.javascript.grammar import (
    FUNCTION_LITERALS,
    arguments,
    bare,
    callee,
    named,
    string_value,
    text,
)
from lint_rules.languages.javascript.lowering import form_of
from lint_rules.languages.javascript.scopes import Scope

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.model import Span

_ITERATING = frozenset({"forEach", "map", "filter", "some", "every", "find", "reduce", "flatMap", "each", "eachSeries"})
_HOLDING = frozenset(
    {"variable_declarator", "assignment_expression", "object", "pair", "array", "return_statement", "arguments",
     "call_expression", "new_expression", "await_expression"}
)  # fmt: skip
_QUERYING = frozenset({"query", "execute", "any", "one", "none", "many", "run", "all", "get"})
_MOST_FUNCTIONS = 1_500
_LONGEST_FUNCTION = 150_000
_HARMLESS_TYPES = re.compile(r"^:\s*(?:number|boolean|bigint|Date)\b")
_ENUM_TYPE = re.compile(r"""^:\s*["'][^"']*["'](?:\s*\|\s*["'][^"']*["'])+\s*$""")
_SOURCES = re.compile(
    rb"\breq\b|\brequest\b|\bctx\b|\bcontext\b|@(?:Body|Query|Param|MessageBody|Args|Headers)\b|\bevent\b|\.on\(|payload"
    rb"|FormData|use server|APIGateway|getServerSideProps|\b(?:Query|Mutation)\b|[pP]rocedure\b"
)
_SANITIZED = re.compile(
    rb"\.use\(\s*(?:mongoSanitize|expressMongoSanitize|sanitize|require\([\"']express-mongo-sanitize[\"']\))\s*\("
)


@FLOWS.of("javascript")
def flows_of(file: JavaScriptFile) -> Iterator[FlowNote]:
    """What the functions of a file do with data that may be a client's."""
    if is_for_show(file) or file.is_declaration or file.is_tooling or len(file.data) > 1_000_000:
        return
    if _SANITIZED.search(file.data):
        yield FlowNote("clean", options=("TEN0702",))
    if b"(" not in file.data:
        return
    yield from Flows(file).notes()


class Flows:
    """The functions of one file, one after the other; functions within another after it, with what they can see."""

    def __init__(self, file: JavaScriptFile) -> None:
        self.file = file
        self.evaluator = Evaluator(file)
        self._captured: dict[int, State] = {}
        self._items: dict[int, Value] = {}
        self._filled: dict[tuple[int, str], Value] = {}
        """Names of outer functions that inner ones fill, by the outer function's node."""
        self._has_sources = _SOURCES.search(file.data) is not None

    def notes(self) -> Iterator[FlowNote]:
        """The notes of all functions, outer ones first."""
        functions = list(self.file.scopes.functions)[:_MOST_FUNCTIONS]
        for scope in functions:
            if scope.end - scope.start > _LONGEST_FUNCTION or self.file.in_broken_code(scope.node):
                continue
            yield from self._function(scope)

    def _function(self, scope: Scope) -> Iterator[FlowNote]:
        start = self._start(scope)
        if not any(value.taints for value in start.names.values()) and not self._may_read(scope):
            return
        domain = Values(self.evaluator, start)
        try:
            outcome = interpret(form_of(scope.node, self.file), domain)
        except TooLarge:
            return
        symbol = self._symbol(scope)
        seen: dict[tuple[Span | None, str], FlowNote] = {}
        for event, state in outcome.events():
            for note in self._at(event, state, symbol):
                key = (note.span, note.kind)
                seen[key] = _merged(seen[key], note) if key in seen else note
        for way, state in outcome.exits():
            self._note_filled(scope, start, state)
            if way.kind == "return" and way.jump is not None and way.jump.node is not None:
                returned = self._returned(way.jump.node, state, symbol)
                if returned is not None:
                    yield returned
                yield from self._answered(way.jump.node, scope, state, symbol)
                self._capture_in(way.jump.node, state)
        yield from seen.values()

    def _note_filled(self, scope: Scope, start: State, state: State) -> None:
        """Remember what a listener leaves in names of the function around: `req.on("data", (one) => body += one)`."""
        for name, value in state.names.items():
            if not value.taints or start.names.get(name) == value or "." in name:
                continue
            found = self.file.scopes.binding(name, scope.node.end_byte - 1)
            owner = found[0].function if found is not None else None
            if owner is not None and owner.node.id != scope.node.id and owner.start < scope.start < owner.end:
                key = (owner.node.id, name)
                self._filled[key] = joined((self._filled[key], value)) if key in self._filled else value

    def _may_read(self, scope: Scope) -> bool:
        """Whether a function may read a request: it is a handler or lies in one, or words for requests stand in it."""
        if not self._has_sources:
            return False
        node = scope.node
        if _SOURCES.search(self.file.data, node.start_byte, node.end_byte) is not None:
            return True
        return self.file.handlers.of(scope) is not None or self.file.request.handler_around(node) is not None

    def _symbol(self, scope: Scope) -> str:
        return f"{self.file.module}.{scope.name}"

    def _start(self, scope: Scope) -> State:
        """What is known at the beginning: what the function can see of the one around it, and its parameters."""
        outer = self._captured.get(scope.node.id)
        around = scope.parent.function if scope.parent is not None else None
        if outer is None and around is not None:
            outer = self._captured.get(around.node.id)
        state = outer or State({})
        names = dict(state.names)
        if self._filled:
            outer_ids = set(self._around(scope))
            for (owner, name), value in self._filled.items():
                if owner in outer_ids:
                    names[name] = joined((names[name], value)) if name in names else value
        symbol = self._symbol(scope)
        asked_by_multer = storage_member(scope.node, self.file)
        handler = self.file.handlers.of(scope)
        is_handler = handler is not None and handler.kind not in (
            "continuation",
            "listener",
            "timer",
            "plugin",
            "startup",
        )
        is_named = "@" not in scope.name.rpartition(".")[2] and not is_handler  # also a method of an object
        for position, parameter in enumerate(parameter_nodes(scope.node)):
            pattern = parameter.child_by_field_name("pattern") or parameter
            annotation = parameter.child_by_field_name("type")
            is_harmless = annotation is not None and (
                _HARMLESS_TYPES.match(text(annotation)) or _ENUM_TYPE.match(text(annotation))
            )
            for target in targets(pattern):
                name = text(target.name)
                names.pop(name, None)
                for key in [key for key in names if key.startswith(name + ".")]:
                    del names[key]
                named_by_client = file_of(position, target.name) if asked_by_multer else None
                if named_by_client is not None:
                    names[name] = named_by_client
                elif position == 0 and scope.node.id in self._items:
                    value = self._items[scope.node.id]
                    for one in target.path:
                        value = member_of(value, one)
                    names[name] = value
                elif is_named and not is_harmless and not self._is_of_framework(target.name):
                    source = next((one for one in target.path if one != "<item>"), "")
                    is_whole = not source
                    names[name] = Value(
                        frozenset((Taint(source, position, is_document=True, is_whole=is_whole, owner=symbol),))
                    )
                elif not is_handler:
                    names[name] = NOTHING_KNOWN
        clean = set(state.clean)
        if is_handler and is_guarded(scope, self.file):
            clean.update((EVERY_REQUEST, rule) for rule in ("TEN0702", "TEN0717"))
        if is_handler:
            clean.update((origin, EVERYTHING) for origin in fixed_fields(scope, self.file))
        state = State(names, frozenset(clean))
        self._captured.setdefault(scope.node.id, state)
        return state

    @staticmethod
    def _around(scope: Scope) -> Iterator[int]:
        """The functions around one, by node."""
        outer = scope.parent.function if scope.parent is not None else None
        while outer is not None:
            yield outer.node.id
            outer = outer.parent.function if outer.parent is not None else None

    def _is_of_framework(self, name: Node) -> bool:
        """Whether a parameter is a request itself, or what answers one."""
        return text(name) in ("res", "response", "next") or self.file.request.is_request(name)

    # What happens.

    def _at(self, event: Event, state: State, symbol: str) -> Iterator[FlowNote]:
        node = event.node
        if event.kind in ("call", "new") and node is not None:
            self._capture(node, state)
            yield from self._called(node, state, symbol)
        elif event.kind == "assign" and node is not None:
            self._capture_in(node, state)
            yield from self._assigned(node, event.subject, state, symbol)

    def _called(self, call: Node, state: State, symbol: str) -> Iterator[FlowNote]:
        function = callee(call)
        given = arguments(call)
        if not given and function is not None and function.type in ("call_expression", "identifier"):
            yield from self._tagged(call, function, state, symbol)
        if function is None or not given:
            return
        passed = tuple(self._passed(given, state))
        if not passed:
            return
        name = called_name(call)
        owner = function.child_by_field_name("object")
        wrapped = self._promisified(function)
        if wrapped is not None:
            function, name = wrapped, text(wrapped).rpartition(".")[2]
        called = answers_storage(call, self.file.enclosing_function(call), self.file) or self._symbol_of(function)
        if not may_sink(name) and not (called and self._may_be_own(called)):
            return
        options = (*sorted(set(option_names(given, self.evaluator))), *type_of_answer(call, self.file))
        owner_text = self._described(owner)
        yield FlowNote(
            "new" if call.type == "new_expression" else "call", symbol, self.file.span(call), called, name,
            owner_text, text(function)[-80:], passed, (*options, *self._version(called)),
            query_text(call, self.file) if name in _QUERYING else None,
        )  # fmt: skip

    def _tagged(self, call: Node, function: Node, state: State, symbol: str) -> Iterator[FlowNote]:
        """A tagged template whose tag was made with options: `$({ shell: true })`...``."""
        template = call.child_by_field_name("arguments")
        if template is None or template.type != "template_string":
            return
        if function.type == "identifier":
            function = bare(self.file.names.only_value(text(function), function.start_byte) or function)
        made = callee(function) if function.type == "call_expression" else None
        passed = tuple(self._passed([template], state)) if made is not None else ()
        if made is not None and passed:
            options = tuple(sorted(set(option_names(arguments(function), self.evaluator))))
            name, span = called_name(function), self.file.span(call)
            yield FlowNote("call", symbol, span, self._symbol_of(made), name, "", text(made)[-80:], passed, options)

    def _symbol_of(self, function: Node) -> str:
        """The symbol of what is called; of a method of what a handler is given its canonical name."""
        if function.type == "import":
            return "globalThis.import"
        symbol = self.file.names.symbol(function)
        return self.file.request.canonical(function) if not symbol or "<parameter>" in symbol else symbol

    def _described(self, owner: Node | None) -> str:
        """What a method is called on, as written; of a name, what it was made by: `db.collection("orders")`."""
        if owner is None:
            return ""
        value = self.file.names.only_value(text(owner), owner.start_byte) if owner.type == "identifier" else None
        is_made = value is not None and bare(value).type == "call_expression"
        return text(bare(value))[-300:] if is_made and value is not None else text(owner)[-300:]

    def _promisified(self, function: Node) -> Node | None:
        """`exec` of `const run = promisify(exec)`, for what is called as `run`, and of `promisify(exec)(...)`."""
        value: Node | None = function
        if function.type == "identifier":
            value = self.file.names.only_value(text(function), function.start_byte)
        if value is None or bare(value).type != "call_expression" or called_name(bare(value)) != "promisify":
            return None
        return next((bare(one) for one in arguments(bare(value))), None)

    def _version(self, symbol: str) -> Iterator[str]:
        """The major version of the package that is called, where that decides."""
        package = self.file.package
        if symbol.startswith("js-yaml.") and package is not None:
            yield f"major={package.major_of('js-yaml')}"

    def _may_be_own(self, symbol: str) -> bool:
        return self.file.is_own(symbol)

    def _passed(self, given: list[Node], state: State) -> Iterator[Passed]:
        for position, argument in enumerate(given):
            value = self.evaluator.settled(self.evaluator.value(argument, state), state)
            for taint in sorted(value.taints):
                yield Passed(position, taint, value.is_sql, value.is_html)

    def _assigned(self, node: Node, subject: str, state: State, symbol: str) -> Iterator[FlowNote]:
        target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        if target is None or value is None or node.type != "assignment_expression" or text(target) != subject:
            return
        if target.type == "subscript_expression":
            keys = chosen_key(target, value, state, self.evaluator)
            if keys:
                yield FlowNote("key", symbol, self.file.span(node), "", "[]", owner_of(target), text(target), keys)
        if target.type != "member_expression":
            return
        passed = tuple(self._passed([value], state))
        kept = kept_name(target, self.file) if passed else ""
        if kept:
            yield FlowNote("keep", symbol, self.file.span(node), "", kept, "", text(target), passed)
        last = target.child_by_field_name("property")
        if passed and last is not None and text(last) in ("body", "innerHTML", "href"):
            yield FlowNote(
                "assign", symbol, self.file.span(node), self.file.names.symbol(target), text(last), "",
                text(target), passed, tuple(type_of_context(node, self.file)),
            )  # fmt: skip

    def _returned(self, node: Node, state: State, symbol: str) -> FlowNote | None:
        given = named(node)[:1] if node.type == "return_statement" else [node]
        passed = tuple(self._passed(given, state))
        return FlowNote("return", symbol, self.file.span(node), passed=passed) if passed else None

    def _answered(self, node: Node, scope: Scope, state: State, symbol: str) -> Iterator[FlowNote]:
        """The parts of what a handler gives back that browsers show or follow."""
        for kind, value, written in answered(node, scope, self.file):
            passed = tuple(one for one in self._passed([value], state) if kind == REDIRECT or not one.taint.inside)
            if passed and (kind == REDIRECT or written != "return" or any(one.is_html for one in passed)):
                yield FlowNote("answer", symbol, self.file.span(value), "", kind, "", written, passed)

    # Functions within the function.

    def _capture(self, call: Node, state: State) -> None:
        """Remember what functions that a call is given can see, and what they are called with."""
        function = callee(call)
        owner = function.child_by_field_name("object") if function is not None else None
        name = called_name(call)
        for argument in map(bare, arguments(call)):
            if argument.type not in FUNCTION_LITERALS:
                self._capture_in(argument, state)
                continue
            self._see(argument, state)
            if name == "on" and owner is not None and self._is_chunk(call, owner):
                self._items[argument.id] = Value(frozenset((Taint(f"{text(owner)} (body)"),)))
            if owner is not None and name in _ITERATING:
                value = self.evaluator.value(owner, state)
                if value.taints:
                    self._items[argument.id] = member_of(value, "<item>")
            elif owner is not None and name == "then":
                value = self.evaluator.value(owner, state)
                if value.taints:
                    self._items[argument.id] = value

    def _is_chunk(self, call: Node, owner: Node) -> bool:
        """Whether a listener is given the pieces of a request's body: `req.on("data", ...)`."""
        given = arguments(call)
        return string_value(bare(given[0])) == "data" and self.file.request.is_request(owner)

    def _capture_in(self, node: Node, state: State) -> None:
        waiting, left = [node], 60
        while waiting and left:
            left -= 1
            one = bare(waiting.pop())
            if one.type in FUNCTION_LITERALS:
                self._see(one, state)
            elif one.type in _HOLDING:
                waiting.extend(one.named_children)

    def _see(self, function: Node, state: State) -> None:
        known = self._captured.get(function.id)
        self._captured[function.id] = state if known is None else known.join(state)


def _merged(one: FlowNote, other: FlowNote) -> FlowNote:
    if one == other:
        return one
    return msgspec.structs.replace(one, passed=tuple(sorted({*one.passed, *other.passed})))
