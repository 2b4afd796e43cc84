"""From one file's tree to its facts: what it defines and exports, and what its functions call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from tree_sitter import Node

from lint_rules.languages.development import DEVELOPMENT
from lint_rules.languages.javascript.annotations import annotated
from lint_rules.languages.javascript.binding import parameter_nodes, targets
from lint_rules.languages.javascript.exports import Exports
from lint_rules.languages.javascript.grammar import (
    CALL_KINDS,
    FUNCTION_LITERALS,
    SyntaxIndex,
    arguments,
    around,
    bare,
    callee,
    first_named,
    named,
    string_value,
    text,
)
from lint_rules.languages.javascript.made import made_facts
from lint_rules.languages.javascript.members import Members, decorators, object_members
from lint_rules.languages.javascript.memo import is_harmless_read
from lint_rules.languages.javascript.names import Names
from lint_rules.languages.javascript.registrations import wrapping_calls
from lint_rules.languages.javascript.rejection import may_reject
from lint_rules.languages.javascript.scopes import CLASS, MODULE, Scope, Scopes
from lint_rules.model import Span
from lint_rules.project.facts import MODULE_BODY, CallFacts, FunctionFacts, ModuleFacts
from lint_rules.project.implementing import ABSTRACT
from lint_rules.project.node_names import GLOBAL, LITERALS

_MAX_HANDED = 40
_ENDING = frozenset(
    {"return_statement", "throw_statement", "if_statement", "try_statement", "switch_statement", "while_statement",
     "for_statement", "function_declaration"}
)  # fmt: skip
_PROMISES = frozenset({"then", "catch", "finally"})


class Extractor:
    """Takes the facts of one module; `span` turns byte offsets into a Span, `is_own` knows the project's modules."""

    def __init__(
        self,
        index: SyntaxIndex,
        names: Names,
        span: Callable[[int, int], Span],
        path: str,
        is_own: Callable[[str], bool],
    ) -> None:
        self._index = index
        self._names = names
        self._scopes: Scopes = names.scopes
        self._span = span
        self._path = path
        self._is_own = is_own

    def definitions(self) -> ModuleFacts:
        """The facts without calls: enough to resolve names."""
        return self._facts({})

    def everything(self) -> ModuleFacts:
        """All facts, the calls of every function included."""
        calls: dict[int, list[CallFacts]] = {}
        for call in self._index.of_kinds(CALL_KINDS):
            function = callee(call)
            target = self._names.symbol(function) if function is not None else ""
            if target:
                own = calls.setdefault(id(self.running_scope(call.start_byte)), [])
                own.append(self._call(call, target))
                if target.endswith((".call", ".apply")):  # load.call(null, id)
                    own.append(CallFacts(target.rpartition(".")[0], self._span(call.start_byte, call.end_byte)))
        return self._facts(calls)

    def running_scope(self, byte: int) -> Scope:
        """The function (or module body) whose execution runs the code at `byte`."""
        scope = self._scopes.at(byte)
        while scope.kind == CLASS and scope.parent is not None:
            scope = scope.parent
        return scope

    # Calls.

    def _call(self, call: Node, target: str) -> CallFacts:
        outer = around(call)
        is_new = call.type == "new_expression"
        keeps = is_new or target.rpartition(".")[2].lstrip("_")[:1].isupper() or self._is_own(target)
        return CallFacts(
            target,
            self._span(call.start_byte, call.end_byte),
            awaited=outer is not None and outer.type == "await_expression",
            arguments=tuple(map(self._given, arguments(call))) if keeps else (),
            handed=(handed := tuple(self._handed(call))),
            iterated=_is_run_through(call),
            literals=(
                *(self._event(call) if handed else ()),
                *_once(call, target),
                *self._for_development(call),
                *made_facts(call, target, self._scopes),
            ),
        )

    def _given(self, argument: Node) -> str:
        """The symbol of an argument; that of a literal only where it is one, not where it is declared to be a text."""
        symbol = self._names.symbol(argument)
        value = bare(argument)
        if symbol in LITERALS and value.type == "identifier":
            return symbol if self._names.only_value(text(value), value.start_byte) is not None else ""
        return "" if symbol in LITERALS and value.type in ("member_expression", "subscript_expression") else symbol

    def _for_development(self, call: Node) -> tuple[str, ...]:
        is_one = any(start <= call.start_byte < end for start, end in self._index.development)
        return (DEVELOPMENT,) if is_one else ()

    @staticmethod
    def _event(call: Node) -> tuple[str, ...]:
        """The first argument, where it is the name of an event; and how many arguments there are."""
        given = arguments(call)
        event = string_value(given[0]) if given else None
        count = f"count={len(given)}"
        return (count,) if event is None else (f"0={event}", count)

    def _handed(self, call: Node) -> Iterator[str]:
        for place, value, called in handed_on(call, self._collection):
            symbol = self._names.symbol(value)
            if symbol and "<parameter>" not in symbol and self._is_own(symbol):
                yield f"{place}={symbol}{'()' if called else ''}"

    def _collection(self, name: Node) -> Node | None:
        """The array or object literal that a name is bound to for good: `const guards = [authenticate, limit]`."""
        bound = self._names.only_value(text(name), name.start_byte)
        value = bare(bound) if bound is not None else None
        return value if value is not None and value.type in ("array", "object") else None

    # Functions.

    def _facts(self, calls: dict[int, list[CallFacts]]) -> ModuleFacts:
        members = Members(self._index, self._names)
        exports = Exports(self._index, self._names, members)
        classes = members.facts()
        returns = self._returned()
        functions: dict[str, FunctionFacts] = {}
        for scope in self._scopes.all:
            if scope.kind == CLASS:
                continue
            function = self._function(scope, returns.get(id(scope), []), tuple(calls.get(id(scope), ())))
            functions.setdefault(function.name, function)
        for function in self._signatures():
            functions.setdefault(function.name, function)
        aliases, variables = self._module_names(classes.keys() | functions.keys())
        return ModuleFacts(
            self._names.module, self._path, False, aliases, tuple(dict.fromkeys(exports.stars)), variables, classes,
            functions, exports=exports.named,
        )  # fmt: skip

    def _module_names(self, defined: set[str]) -> tuple[dict[str, str], dict[str, str]]:
        aliases: dict[str, str] = {}
        variables: dict[str, str] = {}
        module = self._scopes.module
        for name, bindings in self._scopes.bound(module).items():
            if name in defined:
                continue
            symbol = self._names.name(name, module.end - 1)
            own = f"{self._names.module}.{name}"
            if bindings[0].kind == "import":
                aliases[name] = symbol
            else:
                variables[name] = "" if symbol == own else symbol
        return aliases, variables

    def _returned(self) -> dict[int, list[Node]]:
        found: dict[int, list[Node]] = {}
        for statement in self._index.nodes("return_statement"):
            value = first_named(statement)
            if value is not None:
                found.setdefault(id(self.running_scope(statement.start_byte)), []).append(value)
        for scope in self._scopes.functions:
            if scope.is_arrow and (body := scope.body) is not None and body.type != "statement_block":
                found.setdefault(id(scope), []).append(body)
        return found

    def _function(self, scope: Scope, returned: list[Node], calls: tuple[CallFacts, ...]) -> FunctionFacts:
        if scope.kind == MODULE:
            return FunctionFacts(MODULE_BODY, self._span(0, 0), calls=calls)
        identifier = scope.node.child_by_field_name("name")
        start, end = (
            (identifier.start_byte, identifier.end_byte)
            if identifier is not None
            else (scope.node.start_byte, max(scope.start, scope.node.start_byte))
        )
        gives_promise = not scope.is_async and self._gives_promise(scope, returned)
        return FunctionFacts(
            f"{scope.name}.setter" if scope.accessor == "set" else scope.name,
            self._span(start, end),
            is_async=scope.is_async,
            is_generator=scope.is_generator,
            is_property=scope.accessor == "get",
            on_loop=scope.is_async,
            returns="" if scope.is_generator else self._returns(scope, returned),
            decorators=tuple(symbol for one in decorators(scope.node) if (symbol := self._names.symbol(one))),
            parameters=parameter_names(scope.node),
            calls=calls,
            risks=("!",) if (scope.is_async or gives_promise) and may_reject(scope, self._scopes) else (),
            gives_promise=gives_promise,
            is_partial=bool(returned) and self._is_partial(scope),
            is_wrapped=scope.node.type in FUNCTION_LITERALS and any(True for _ in wrapping_calls(scope.node)),
        )

    def _is_partial(self, scope: Scope) -> bool:
        body = scope.body
        if body is None or body.type != "statement_block":
            return False
        if any(first_named(one) is None for one in self._scopes.directly_in(scope, "return_statement")):
            return True
        statements = named(body)
        return not statements or statements[-1].type not in _ENDING

    def _signatures(self) -> Iterator[FunctionFacts]:
        """Methods of interfaces and abstract classes, and whether they give a promise by what is written behind."""
        for kind in ("method_signature", "abstract_method_signature", "property_signature"):
            for signature in self._index.nodes(kind):
                name = signature.child_by_field_name("name")
                owner = signature.parent.parent if signature.parent is not None else None
                own = owner.child_by_field_name("name") if owner is not None else None
                result = signature.child_by_field_name("return_type")
                if kind == "property_signature" and (typed := signature.child_by_field_name("type")) is not None:
                    written = first_named(typed)
                    result = written.child_by_field_name("return_type") if written is not None else None
                if name is None or own is None:
                    continue
                inside, outside = (self._scopes.at(one.start_byte).kind for one in (signature, own))
                is_visible = inside == CLASS or outside == MODULE
                if not is_visible:
                    continue
                if result is None or not text(result).lstrip(": ").startswith("Promise<"):
                    if kind != "property_signature":
                        place = self._span(name.start_byte, name.end_byte)
                        yield FunctionFacts(f"{text(own)}.{text(name)}", place, decorators=(ABSTRACT,), risks=("!",))
                else:
                    yield FunctionFacts(
                        f"{text(own)}.{text(name)}", self._span(name.start_byte, name.end_byte),
                        returns=annotated(self._names, result, 1), gives_promise=True, risks=("!",),
                    )  # fmt: skip

    def _returns(self, scope: Scope, returned: list[Node]) -> str:
        annotation = scope.node.child_by_field_name("return_type")
        if annotation is not None and (symbol := annotated(self._names, annotation, 1)):
            return symbol
        own = f"{self._names.module}.{scope.name}"
        for value in returned:
            symbol = self._names.symbol(value)
            if (
                not symbol
                or symbol == own
                or symbol.startswith((f"{own}()", f"{GLOBAL}.Promise", f"{GLOBAL}.undefined"))
            ):
                continue
            return symbol
        return ""

    def _gives_promise(self, scope: Scope, returned: list[Node]) -> bool:
        annotation = scope.node.child_by_field_name("return_type")
        if annotation is not None:
            return text(annotation).lstrip(": ").startswith("Promise<")
        for value in map(bare, returned):
            function = callee(value) if value.type in CALL_KINDS else None
            if function is None:
                continue
            last = function.child_by_field_name("property")
            if last is not None and text(last) in _PROMISES:
                return True
            if text(function).startswith("Promise") and self._names.symbol(function).startswith(f"{GLOBAL}.Promise"):
                return True
        return False


def _is_run_through(call: Node) -> bool:
    """Whether what a call gives is gone through on the spot, so that a generator's body runs."""
    place = call.parent
    if place is None:
        return False
    if place.type == "for_in_statement":
        return place.child_by_field_name("right") == call
    if place.type == "arguments" and place.parent is not None:
        function = callee(place.parent)
        return function is not None and text(function) == "Array.from"
    return place.type == "spread_element"


def _once(call: Node, target: str) -> tuple[str, ...]:
    """Whether a synchronous call costs nothing, or is made once and its value kept."""
    return ("once=true",) if target.endswith("Sync") and is_harmless_read(call) else ()


@lru_cache(maxsize=512)
def parameter_names(function: Node) -> tuple[str, ...]:
    """The names of a function's parameters in order; "" for one that is taken apart at once."""
    names = []
    for parameter in parameter_nodes(function):
        pattern = parameter.child_by_field_name("pattern") or parameter
        found = list(targets(pattern))
        names.append(text(found[0].name) if len(found) == 1 and not found[0].path else "")
    return tuple(names)


def handed_on(
    call: Node, collection: Callable[[Node], Node | None] = lambda name: None
) -> Iterator[tuple[str, Node, bool]]:
    """What a call is given that may be a function: its place, the expression, and whether it is called on the spot.

    The place is the position from 0, or the key in an object. Arrays are taken apart, and a call gives its function
    (called) and its arguments, since it may be a wrapper: `router.get("/", asyncHandler(list))`. `collection` gives the
    array or object that a name stands for.
    """
    for position, argument in enumerate(arguments(call)):
        waiting = [(str(position), argument)]
        for _ in range(_MAX_HANDED):
            if not waiting:
                break
            place, value = waiting.pop(0)
            value = bare(value)
            if value.type == "identifier" and (literal := collection(value)) is not None:
                value = literal
            if (
                value.type in ("identifier", "member_expression", "shorthand_property_identifier")
                or value.type in FUNCTION_LITERALS
            ):
                yield place, value, False
            elif value.type in ("array", "spread_element"):
                waiting.extend((place, item) for item in named(value))
            elif value.type == "object":
                for name, member, is_method in object_members(value):
                    if is_method:
                        yield name, member, False
                    elif name != "...":
                        waiting.append((name, member))
            elif value.type in CALL_KINDS and (function := callee(value)) is not None:
                last, owner = function.child_by_field_name("property"), function.child_by_field_name("object")
                if last is not None and owner is not None and text(last) == "bind":
                    waiting.append((place, owner))
                    continue
                yield place, function, True
                waiting.extend((place, inner) for inner in arguments(value))
