"""From an expression to its symbol: the dotted text that says what it denotes, as far as the file alone can tell.

`fs.readFileSync`, `pg.Pool().query`, `<module>.<exports>.pool.query`; see project.facts and project.node_names for the
notation. An expression whose meaning the file does not tell has the symbol "".
"""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from lint_rules.languages.javascript.annotations import annotated
from lint_rules.languages.javascript.binding import Binding
from lint_rules.languages.javascript.globals import GLOBAL_OBJECTS, GLOBALS
from lint_rules.languages.javascript.grammar import (
    FUNCTION_LITERALS,
    arguments,
    around,
    bare,
    callee,
    first_named,
    string_value,
    text,
)
from lint_rules.languages.javascript.naming import object_name, wrapped_function
from lint_rules.languages.javascript.receivers import class_at, receiver
from lint_rules.languages.javascript.requires import array_element, awaited_by, given_back, required
from lint_rules.languages.javascript.scopes import CLASS, FUNCTION, MODULE, Scope, Scopes
from lint_rules.project.node_names import EXPORTS, GLOBAL

MAX_STEPS = 24
_MAX_CHAIN = 40

_LITERALS = {
    "string": f"{GLOBAL}.String",
    "template_string": f"{GLOBAL}.String",
    "number": f"{GLOBAL}.Number",
    "true": f"{GLOBAL}.Boolean",
    "false": f"{GLOBAL}.Boolean",
    "array": f"{GLOBAL}.Array",
    "regex": f"{GLOBAL}.RegExp",
}


class Names:
    """Answers what expressions of one file denote.

    `locate` gives the symbol of a module as an import writes it, `handed` the class of a function's parameter by the
    call (call, function, position) that takes the function, `typed` that of a parameter by its name.
    """

    def __init__(
        self,
        module: str,
        scopes: Scopes,
        locate: Callable[[str], str],
        handed: Callable[[Node, Node, int], str] = lambda call, function, position: "",
        typed: Callable[[Scope, int], str] = lambda function, position: "",
    ) -> None:
        self.module = module
        self.scopes = scopes
        self._locate = locate
        self._handed = handed
        self._typed = typed
        self._settled: dict[int, str] = {}
        self._assignments: dict[int, list[Node]] = {}
        self._memo: dict[int, str] = {}
        self._open: set[int] = set()
        self._cuts = 0

    def symbol(self, node: Node, steps: int = 0) -> str:
        """The symbol of an expression, "" where unknown. An awaited call has the symbol of the call."""
        known = self._memo.get(node.id)
        if known is None:
            if node.id in self._open:  # let a = a || b
                self._cuts += 1
                return ""
            self._open.add(node.id)
            cuts = self._cuts
            known = self._symbol(node, steps)
            self._open.discard(node.id)
            if steps == 0 or self._cuts == cuts:
                self._memo[node.id] = known
        return known

    def _symbol(self, node: Node, steps: int) -> str:
        if steps > MAX_STEPS:
            self._cuts += 1
            return ""
        tail: list[str] = []
        current: Node | None = node
        called = ""
        while current is not None and len(tail) < _MAX_CHAIN:
            kind = current.type
            if kind in ("identifier", "shorthand_property_identifier"):
                base = self.name(text(current), current.start_byte, steps + 1)
                if base.endswith(".<module>"):
                    if tail[-1:] != ["exports"]:
                        return ""
                    return join(f"{self.module}.{EXPORTS}", called, tail[:-1])
                return join(base, called, tail)
            if kind == "member_expression":
                last = current.child_by_field_name("property")
                own = text(last) if last is not None else ""
                current = current.child_by_field_name("object")
                if own == "bind" and called:  # handler.bind(this) is the handler
                    called = called[2:]
                    continue
                tail.append(own + called)
                called = ""
            elif kind in ("call_expression", "new_expression"):
                module = self._required(current)
                if module is not None:
                    return join(module, called, tail)
                wrapped = given_back(current)
                if wrapped is not None:
                    current = wrapped
                    continue
                called += "()"
                current = callee(current)
            elif kind == "subscript_expression":
                index = current.child_by_field_name("index")
                key = string_value(index) if index is not None else None
                tail.append((key if key and key.isidentifier() else "<item>") + called)
                called = ""
                current = current.child_by_field_name("object")
            elif kind == "await_expression":
                current = first_named(current)
            elif (inner := bare(current)).id != current.id:
                current = inner
            else:
                return join(self._other(current, steps + 1), called, tail)
        return ""

    def _other(self, node: Node, steps: int) -> str:
        """Symbols of expressions that are no names, members or calls."""
        kind = node.type
        if kind == "this":
            return receiver(self.scopes, self.module, node.start_byte)
        if kind == "super":
            owner = class_at(self.scopes, node.start_byte)
            return f"{self.module}.{owner.name}.<super>" if owner is not None else ""
        if kind == "ternary_expression":
            sides = (node.child_by_field_name("consequence"), node.child_by_field_name("alternative"))
            return self._first([side for side in sides if side is not None], steps)
        if kind == "binary_expression":
            operator = node.child_by_field_name("operator")
            if operator is not None and operator.type in ("||", "??", "&&"):
                sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
                choices = [side for side in sides if side is not None]
                return self._first(choices[1:] if operator.type == "&&" else choices, steps)
            return ""
        if kind in ("assignment_expression", "augmented_assignment_expression"):
            right = node.child_by_field_name("right")
            return self.symbol(right, steps) if right is not None else ""
        if kind == "object":
            return self._object(node)
        if kind in FUNCTION_LITERALS or kind in ("class", "method_definition"):
            scope = self.scopes.of(node)
            return f"{self.module}.{scope.name}" if scope is not None else ""
        return _LITERALS.get(kind, "")

    def _object(self, literal: Node) -> str:
        """The symbol of an object literal, whose members are known by its name."""
        if (
            not literal.named_child_count
            and (place := around(literal)) is not None
            and place.type == "binary_expression"
        ):
            return ""  # options || {}
        name = object_name(literal)
        if name == "exports":
            return f"{self.module}.{EXPORTS}"
        scope = self.scopes.at(literal.start_byte)
        prefix = "" if not scope.name else f"{scope.name}{'.' if scope.kind == CLASS else '.<locals>.'}"
        return f"{self.module}.{prefix}{name}"

    def _first(self, choices: list[Node], steps: int) -> str:
        """The first choice with a meaning; an untyped parameter (`client || new Client()`) is the last resort."""
        symbols = [
            self.symbol(choice, steps) for choice in choices if choice.type not in ("null", "undefined", "string")
        ]
        known = [symbol for symbol in symbols if symbol and symbol != f"{GLOBAL}.undefined"]
        return next((symbol for symbol in known if "<parameter>" not in symbol), known[0] if known else "")

    def _required(self, call: Node) -> str | None:
        written = required(call, self.scopes)
        return None if written is None else self.module_symbol(written) if written else ""

    def module_symbol(self, written: str) -> str:
        """The symbol of a module as a `require` or a namespace import gives it, "" for data files."""
        return self._locate(written)

    # Bare names.

    def name(self, name: str, byte: int, steps: int = 0) -> str:
        """The symbol of a bare name used at `byte`."""
        found = self.scopes.binding(name, byte)
        if found is not None:
            return self._bound_symbol(name, *found, byte, steps)
        if name in GLOBAL_OBJECTS:
            return GLOBAL
        if name in GLOBALS:
            return f"{GLOBAL}.{name}"
        if name == "module":
            return f"{self.module}.<module>"
        if name == "exports":
            return f"{self.module}.{EXPORTS}"
        return f"{GLOBAL}.{name}" if name in ("require", "__filename", "__dirname") else ""

    def only_value(self, name: str, byte: int) -> Node | None:
        """The expression that a name used at `byte` is bound to, None if it is bound otherwise or more than once."""
        found = self.scopes.binding(name, byte)
        if found is None or len(found[1]) != 1:
            return None
        binding = found[1][0]
        if binding.kind != "value" or binding.path or (not binding.is_constant and self.scopes.assignments(name)):
            return None
        return binding.node

    def _bound_symbol(self, name: str, scope: Scope, bindings: list[Binding], byte: int, steps: int) -> str:
        if steps > MAX_STEPS:
            return ""
        if len(bindings) == 1 and (settled := self._settled.get(id(bindings[0]))) is not None:
            return settled
        binding = bindings[-1] if bindings[-1].at < byte else bindings[0]
        if binding.kind in ("import", "definition", "type"):
            return self.binding_symbol(binding, scope, name, steps)
        symbol = ""
        here = self.scopes.at(byte)
        cuts = self._cuts
        assigned: list[Node] = []
        if not binding.is_constant and (assigned := self._assigned(name, scope, bindings)):
            before = (one for one in reversed(assigned) if one.end_byte <= byte)
            nearest = (one for one in before if self.scopes.at(one.start_byte) is here)
            last = next(nearest, None) if here is scope else None
            symbol = self._first_assigned([last], steps) if last is not None else ""
            if not symbol and (known := self._declared(bindings, byte, scope, name, steps)):
                symbol = known
            symbol = symbol or self._any_assigned(bindings[0], assigned, steps)
        else:
            symbol = self._declared(bindings, byte, scope, name, steps)
        if not symbol and scope.kind == MODULE and binding.kind == "value" and binding.end == scope.end:
            symbol = f"{self.module}.{name}"
        if len(bindings) == 1 and not assigned and self._cuts == cuts:
            self._settled[id(binding)] = symbol
        return symbol

    def _declared(self, bindings: list[Binding], byte: int, scope: Scope, name: str, steps: int) -> str:
        usable = [one for one in bindings if one.node is None or not one.node.start_byte <= byte < one.node.end_byte]
        before = [one for one in usable if one.at < byte]
        for one in (*reversed(before), *(one for one in usable if one.at >= byte)):
            if symbol := self.binding_symbol(one, scope, name, steps):
                return symbol
        return ""

    def _assigned(self, name: str, scope: Scope, bindings: list[Binding]) -> list[Node]:
        """The assignments of a variable: those to its name from where the same binding is seen."""
        key = id(bindings[0])
        if key not in self._assignments:
            self._assignments[key] = [
                assignment
                for assignment in self.scopes.assignments(name)
                if scope.start <= assignment.start_byte < scope.end
                and (seen := self.scopes.binding(name, assignment.start_byte)) is not None
                and seen[1][0] is bindings[0]
            ]
        return self._assignments[key]

    def _any_assigned(self, binding: Binding, assigned: list[Node], steps: int) -> str:
        """The first assigned value that is known; within one of these values the same question is not asked again."""
        if id(binding) in self._open:
            self._cuts += 1
            return ""
        self._open.add(id(binding))
        symbol = self._first_assigned(assigned, steps)
        self._open.discard(id(binding))
        return symbol

    def _first_assigned(self, assigned: list[Node], steps: int) -> str:
        for assignment in assigned:
            right = assignment.child_by_field_name("right")
            if right is not None and (symbol := self.symbol(right, steps + 1)):
                return symbol
        return ""

    def binding_symbol(self, binding: Binding, scope: Scope, name: str, steps: int = 0) -> str:
        """What a binding binds its name to."""
        if steps > MAX_STEPS:
            return ""
        if binding.kind == "import":
            return self._imported(binding)
        if binding.kind == "definition" and binding.node is not None:
            own = self.scopes.of(binding.node)
            return f"{self.module}.{own.name}" if own is not None else ""
        if binding.kind == "type":
            prefix = f"{scope.name}.<locals>." if scope.kind == FUNCTION else ""
            return f"{self.module}.{prefix}{name}"
        if binding.annotation is not None and (typed := annotated(self, binding.annotation, steps + 1)):
            return join(typed, "", list(reversed(binding.path)))
        if binding.kind == "value" and binding.node is not None:
            return self._value(binding, binding.node, scope, name, steps)
        if binding.kind == "parameter" and (passed := self._passed(binding, scope, steps)):
            return join(passed, "", list(reversed(binding.path)))
        if binding.kind == "parameter" and not binding.is_rest and (typed := self._typed(scope, binding.position)):
            return join(typed, "", list(reversed(binding.path)))
        if binding.fallback is not None and (symbol := self.symbol(binding.fallback, steps + 1)):
            return symbol
        if binding.kind == "parameter" and not binding.path and not binding.is_rest:
            return f"{self.module}.{scope.name}.<parameter>{name}"
        return ""

    def _value(self, binding: Binding, value: Node, scope: Scope, name: str, steps: int) -> str:
        if not binding.path:
            plain = bare(value)
            if plain.type == "call_expression" and wrapped_function(plain) is not None:
                prefix = f"{scope.name}.<locals>." if scope.kind == FUNCTION else ""
                return f"{self.module}.{prefix}{name}"
            return self.symbol(value, steps + 1)
        path = binding.path
        if binding.element >= 0 and (element := array_element(value, binding.element)) is not None:
            value, path = element, path[1:]
        base = self.symbol(value, steps + 1)
        symbol = join(base, "", list(reversed(path)))
        if not symbol and binding.fallback is not None:
            return self.symbol(binding.fallback, steps + 1)
        return symbol

    def _passed(self, binding: Binding, function: Scope, steps: int) -> str:
        """What a function literal is called with, by the one call that it is written in."""
        if function.node.type not in FUNCTION_LITERALS:
            return ""
        place = around(function.node)
        if place is None or binding.is_rest:
            return ""
        if place.type == "call_expression":  # (function (User) { ... })(exports)
            given = arguments(place)
            is_called = bare(place.child_by_field_name("function") or place) == function.node
            return (
                self.symbol(given[binding.position], steps + 1) if is_called and binding.position < len(given) else ""
            )
        call = place.parent if place.type == "arguments" else None
        if call is None:
            return ""
        if binding.position == 0 and (promise := awaited_by(call, function.node)) is not None:
            return self.symbol(promise, steps + 1)
        return self._handed(call, function.node, binding.position)

    def _imported(self, binding: Binding) -> str:
        module = self._locate(binding.source)
        if not module or binding.member == "*":
            return module
        return join(module, "", [binding.member])


def join(base: str, called: str, tail: list[str]) -> str:
    """`base` with what follows it, `tail` being innermost last; `.default` of an external module is the module."""
    if not base:
        return ""
    if tail and tail[-1].removesuffix("()") == "default" and not called and "." not in base:
        called, tail = tail[-1][len("default") :], tail[:-1]
    return ".".join([base + called, *reversed(tail)])


def is_package(symbol: str) -> bool:
    """Whether a symbol is a package or built-in module as a whole."""
    return bool(symbol) and "." not in symbol and symbol != GLOBAL


__all__ = ["MAX_STEPS", "Names", "is_package", "join"]
