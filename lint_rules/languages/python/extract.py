"""From one file's tree to its facts: what it defines, and what its functions call."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from msgspec import Struct, field
from tree_sitter import Node

from lint_rules.languages.development import DEVELOPMENT
from lint_rules.languages.python.answering import ANSWERING_WORDS, unconditional_calls
from lint_rules.languages.python.definitions import Definitions
from lint_rules.languages.python.grammar import SyntaxIndex, first_named
from lint_rules.languages.python.guards import (
    FAILS,
    GUARD_KINDS,
    RAISES,
    exit_guards,
    failing,
    failing_words,
    is_handled,
    is_let_out,
    keeps_errors,
    risk_of,
)
from lint_rules.languages.python.indirect import called_symbols, handed_functions, is_shared
from lint_rules.languages.python.memo import ONCE, READS, is_harmless_read, is_kept
from lint_rules.languages.python.names import Names
from lint_rules.languages.python.registrations import called_function, handed_on, true_keywords
from lint_rules.languages.python.registrations import decorators as decorators_of
from lint_rules.languages.python.returns import hands_on, returned
from lint_rules.languages.python.running import (
    ASKS_PEOPLE,
    CHOSEN,
    MAY_WAIT,
    container_calls,
    is_asked_of_people,
    is_chosen_by_argument,
    is_in_try,
    is_run_through,
    is_run_through_by_name,
    literal_arguments,
    runs_on_the_spot,
    special_calls,
)
from lint_rules.languages.python.scopes import CLASS, FUNCTION, LAMBDA, MODULE, Scope, Scopes, text
from lint_rules.model import Span
from lint_rules.project.facts import MODULE_BODY, CallFacts, FunctionFacts, ModuleFacts
from lint_rules.project.frameworks import HandlerTable
from lint_rules.project.indirect import SHARED
from lint_rules.project.types import Types

_MAX_RISKS = 8
_SHOWN = 80
_PROPERTIES = frozenset({"builtins.property", "functools.cached_property", "django.utils.functional.cached_property"})
_MAY_BE_CAUGHT = frozenset({"get_running_loop", "run", "run_until_complete"})
"""Last names of calls that raise where there is no event loop, or where there is one."""

_RUN_THEIR_FIRST = frozenset({"builtins.map", "builtins.filter", "itertools.starmap"})
"""What calls its first argument while somebody runs through it."""


class _Body(Struct):
    """What was found in one function's body."""

    returns: list[Node] = field(default_factory=list)
    yields: list[Node] = field(default_factory=list)
    raises: list[Node] = field(default_factory=list)
    calls: list[CallFacts] = field(default_factory=list)
    risks: set[str] = field(default_factory=set)
    is_guarded: bool = False


class Extractor:
    """Takes the facts of one module; `span` turns byte offsets into a Span of the file."""

    def __init__(
        self,
        index: SyntaxIndex,
        names: Names,
        span: Callable[[int, int], Span],
        path: str,
        is_package: bool,
        handlers: HandlerTable,
        types: Types,
    ) -> None:
        self._index = index
        self._names = names
        self._scopes: Scopes = names.scopes
        self._span = span
        self._path = path
        self._is_package = is_package
        self._handlers = handlers
        self._definitions = Definitions(index, names)
        self._types = types
        self._loop_lambdas: set[int] = set()
        self._answers_requests = ANSWERING_WORDS.search(index.root.text or b"") is not None
        self._exit_guards = exit_guards(index.nodes("except_clause"))

    def definitions(self) -> ModuleFacts:
        """The facts without calls and risks: enough to resolve names."""
        return self._facts(self._bodies())

    def everything(self) -> ModuleFacts:
        """All facts, the calls of every function included."""
        bodies = self._bodies()
        for guard in (node for kind in GUARD_KINDS for node in self._index.nodes(kind) if keeps_errors(node)):
            self._body(bodies, guard).is_guarded = True
        self._add_risks(bodies)
        self._add_calls(bodies)
        return msgspec.structs.replace(self._facts(bodies), is_complete=True)

    def _bodies(self) -> dict[int, _Body]:
        bodies: dict[int, _Body] = {}
        for kind, attribute in (("return_statement", "returns"), ("yield", "yields"), ("raise_statement", "raises")):
            for node in self._index.nodes(kind):
                scope = self._running_scope(node.start_byte)
                getattr(bodies.setdefault(id(scope), _Body()), attribute).append(node)
        return bodies

    def _running_scope(self, byte: int) -> Scope:
        """The function (or module body) whose execution runs the code at `byte`."""
        scope = self._scopes.at(byte)
        while scope.parent is not None and (scope.kind == CLASS or runs_on_the_spot(scope.node)):
            scope = scope.parent
        return scope

    def _add_risks(self, bodies: dict[int, _Body]) -> None:
        library_may_fail = failing_words()(self._index.root.text or b"")
        for call in self._index.nodes("call"):
            body = self._body(bodies, call)
            function = call.child_by_field_name("function")
            if function is None or body.is_guarded or FAILS in body.risks:
                continue
            if "" in body.risks and not library_may_fail:
                continue  # it is known already how that ends
            risk = risk_of(function, self._names.symbol)
            if risk is None:
                continue
            body.risks.add(risk if self._names.is_own(risk) else "")
            if library_may_fail and failing().match(self._types.external(risk), self._types) and not is_handled(call):
                body.risks.add(FAILS)

    def _add_calls(self, bodies: dict[int, _Body]) -> None:
        for call in self._index.nodes("call"):
            function = call.child_by_field_name("function")
            if function is None:
                continue
            targets = called_symbols(function, self._names)
            if not targets and function.type == "attribute" and (inherited := self._super(function)):
                targets = [inherited]
            for target in targets:
                self._place(bodies, call, self._call(call, target))
                if target in _RUN_THEIR_FIRST and (handed := self._handed_over(call)):
                    self._place(bodies, call, CallFacts(handed, self._span_of(call)))
        self._add_special_methods(bodies)
        stored = {
            f"{self._names.module}.{owner}.{name}"
            for owner, values in self._definitions.attributes.items()
            for name in values
        }
        for attribute in self._index.nodes("attribute"):
            parent = attribute.parent
            last = attribute.child_by_field_name("attribute")
            if last is None or text(last)[:1].isupper():  # constants and classes are no properties
                continue
            if parent is not None and parent.type == "call" and parent.child_by_field_name("function") == attribute:
                continue
            target = self._names.symbol(attribute)
            is_hook = target in self._handlers.error_hooks
            if is_hook or (target and self._names.is_own(target) and target not in stored):
                written = parent is not None and parent.type == "assignment"
                is_target = written and parent is not None and parent.child_by_field_name("left") == attribute
                kind = "write" if is_target else "read"
                self._place(bodies, attribute, CallFacts(target, self._span_of(attribute), kind=kind))

    def _handed_over(self, call: Node) -> str:
        """The symbol of the function that `map(function, values)` calls for each value, if anything asks for them."""
        arguments = call.child_by_field_name("arguments")
        first = first_named(arguments) if arguments is not None else None
        if first is None or first.type not in ("identifier", "attribute") or not is_run_through(call):
            return ""
        return self._names.symbol(first)

    def _add_special_methods(self, bodies: dict[int, _Body]) -> None:
        """`with instance`, `for each in instance` and `instance[key]` call methods that nobody names."""
        for node, value, methods in (*special_calls(self._index), *container_calls(self._index)):
            owner = self._names.symbol(value)
            if self._names.is_own(owner):
                for method in methods:
                    call = CallFacts(f"{owner}.{method}", self._span_of(value), kind="special")
                    self._place(bodies, node, call)

    def _super(self, function: Node) -> str:
        """`super().load` in a method is a symbol of its own: `module.Class.<super>.load`."""
        base = function.child_by_field_name("object")
        attribute = function.child_by_field_name("attribute")
        if base is None or attribute is None or text(base) != "super()":
            return ""
        scope: Scope | None = self._scopes.at(function.start_byte)
        while scope is not None and scope.kind != CLASS:
            scope = scope.parent
        return f"{self._names.module}.{scope.name}.<super>.{text(attribute)}" if scope is not None else ""

    def _place(self, bodies: dict[int, _Body], node: Node, call: CallFacts) -> None:
        self._body(bodies, node).calls.append(call)

    def _body(self, bodies: dict[int, _Body], node: Node) -> _Body:
        return bodies.setdefault(id(self._running_scope(node.start_byte)), _Body())

    def _call(self, call: Node, target: str) -> CallFacts:
        parent = call.parent
        while parent is not None and parent.type == "parenthesized_expression":
            parent = parent.parent
        awaited = parent is not None and parent.type == "await"
        is_own = self._names.is_own(target)
        last = target.rpartition(".")[2]
        registers = last in self._handlers.registrar_names
        keeps = registers or last.lstrip("_")[:1].isupper() or last in self._handlers.kept_names
        arguments = tuple(self._arguments(call)) if keeps else ()
        handed = tuple(self._handed(call, target)) if registers else ()
        literals = tuple(literal_arguments(call)) if last in MAY_WAIT else ()
        if (last == "open" and is_chosen_by_argument(call)) or (last in ASKS_PEOPLE and is_asked_of_people(call)):
            literals = (CHOSEN,)
        elif (last in READS and is_harmless_read(call)) or (is_own and is_kept(call)):
            literals = (ONCE,)
        function = call.child_by_field_name("function")
        if is_own and "<parameter>" in target and function is not None and is_shared(function, self._names):
            literals = (*literals, SHARED)
        if is_own:
            literals = (*literals, *handed_functions(call, self._names))
        if any(start <= call.start_byte < end for start, end in self._index.development):
            literals = (*literals, DEVELOPMENT)
        return CallFacts(
            target, self._span_of(call), awaited, "call", arguments,
            guarded=last in _MAY_BE_CAUGHT and is_in_try(call),
            handed=handed, literals=literals,
            iterated=is_run_through(call) or (is_own and is_run_through_by_name(call)),
            keeps_exit=any(start <= call.start_byte < end for start, end in self._exit_guards),
        )  # fmt: skip

    def _handed(self, call: Node, target: str) -> Iterable[str]:
        registrations = self._handlers.registrations(self._types.external(target), self._types)
        for place, value, called in handed_on(call):
            if value.type == "lambda":
                if any(one.kind == "callback" and one.takes(place) for one in registrations):
                    self._loop_lambdas.add(value.id)
                continue
            symbol = self._names.symbol(value)
            if symbol and not symbol.endswith((")", ">")) and "<parameter>" not in symbol:
                yield f"{place}={symbol}{'()' if called else ''}"
        yield from (f"{keyword}=True" for keyword in true_keywords(call))

    def _arguments(self, call: Node) -> Iterable[str]:
        arguments = call.child_by_field_name("arguments")
        for argument in arguments.named_children if arguments is not None else ():
            if argument.type == "keyword_argument":
                name, value = argument.child_by_field_name("name"), argument.child_by_field_name("value")
                if name is not None and value is not None:
                    yield f"{text(name)}={self._names.symbol(value)}"
            elif argument.type == "dictionary_splat":
                yield "**="
            elif argument.type != "comment":
                yield self._names.symbol(argument)

    def _span_of(self, node: Node) -> Span:
        return self._span(node.start_byte, node.end_byte)

    def _facts(self, bodies: dict[int, _Body]) -> ModuleFacts:
        names = self._names
        aliases, variables = self._definitions.aliases_and_variables()
        functions: dict[str, FunctionFacts] = {}
        for scope in self._scopes.all:
            if scope.kind in (FUNCTION, MODULE, LAMBDA):
                function = self._function(scope, bodies.get(id(scope)))
                earlier = functions.get(function.name)
                if earlier is None or (scope.kind == FUNCTION and _is_overload(earlier)):
                    functions[function.name] = function if earlier is None else _merged(earlier, function)
        return ModuleFacts(
            names.module, self._path, self._is_package, aliases, tuple(names.stars), variables,
            self._definitions.classes(), functions,
        )  # fmt: skip

    def _function(self, scope: Scope, body: _Body | None) -> FunctionFacts:
        body = body or _Body()
        if scope.kind != FUNCTION:
            name = MODULE_BODY if scope.kind == MODULE else scope.name
            place = self._span(scope.node.start_byte, scope.node.start_byte)
            return FunctionFacts(name, place, on_loop=scope.node.id in self._loop_lambdas, calls=tuple(body.calls))
        decorators = tuple(self._decorators(scope))
        identifier = scope.node.child_by_field_name("name") or scope.node
        parameters = scope.node.child_by_field_name("parameters")
        names = tuple(_parameter_names(parameters)) if parameters is not None else ()
        setter = any(decorator.endswith(".setter") for decorator in decorators)
        return FunctionFacts(
            scope.name + ".setter" if setter else scope.name,
            self._span_of(identifier),
            is_async=scope.is_async,
            is_generator=bool(body.yields),
            is_property=any(decorator in _PROPERTIES for decorator in decorators),
            on_loop=scope.is_async,
            returns=returned(scope, self._names, returns=body.returns, yields=body.yields, raises=body.raises),
            decorators=decorators,
            parameters=names,
            calls=tuple(body.calls),
            is_offloaded=any(self._offloads(expression) for expression in decorators_of(scope.node)),
            risks=_risks(body),
            always=tuple(self._always(scope)) if self._answers_requests else (),
            gives_promise=hands_on(scope, body.returns, body.yields),
            makes=self._makes(body),
        )

    def _makes(self, body: _Body) -> str:
        value = first_named(body.returns[0]) if len(body.returns) == 1 and not body.yields else None
        if value is not None and value.type == "await":
            value = first_named(value)
        function = value.child_by_field_name("function") if value is not None and value.type == "call" else None
        return self._names.symbol(function) if function is not None else ""

    def _always(self, scope: Scope) -> Iterable[tuple[str, ...]]:
        for call in unconditional_calls(scope.node):
            function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
            target = self._names.symbol(function) if function is not None else ""
            if target and function is not None:
                receiver = function.child_by_field_name("object")
                given = arguments.named_children if arguments is not None else ()
                shown = (text(argument)[:_SHOWN] for argument in given)
                yield (target, text(receiver) if receiver is not None else "", *shown)

    def _decorators(self, scope: Scope) -> Iterable[str]:
        for expression in decorators_of(scope.node):
            symbol = self._names.symbol(expression)
            if symbol:
                yield symbol
            elif expression.type == "attribute":
                yield text(expression)

    def _offloads(self, decorator: Node) -> bool:
        name = self._types.external(self._names.symbol(called_function(decorator)))
        return self._handlers.offloads(name, self._types) or any(
            keyword in self._handlers.thread_arguments for keyword in true_keywords(decorator)
        )


def _is_overload(function: FunctionFacts) -> bool:
    return any(decorator.rpartition(".")[2] == "overload" for decorator in function.decorators)


def _merged(earlier: FunctionFacts, later: FunctionFacts) -> FunctionFacts:
    """What holds for an overload and for the definition after it."""
    return msgspec.structs.replace(
        later,
        is_async=earlier.is_async and later.is_async,
        is_generator=earlier.is_generator or later.is_generator,
        returns=earlier.returns if earlier.returns == later.returns or not _is_overload(later) else "",
    )


def _risks(body: _Body) -> tuple[str, ...]:
    if body.is_guarded:
        return ()
    sure = ({RAISES} if any(map(is_let_out, body.raises)) else set()) | (body.risks & {FAILS})
    if sure:
        return tuple(sorted(sure))
    if body.raises or "" in body.risks or len(body.risks) > _MAX_RISKS:
        return ("",)
    return tuple(sorted(body.risks))


def _parameter_names(parameters: Node) -> Iterable[str]:
    for parameter in parameters.named_children:
        name: Node | None = parameter.child_by_field_name("name") or parameter
        while name is not None and name.type != "identifier":
            name = first_named(name)
        if name is not None:
            yield text(name)
