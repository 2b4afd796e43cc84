"""From an expression to its symbol: the dotted text that says what it denotes, as far as the file alone can tell.

`requests.get`, `app.db.engine.connect`, `requests.Session().get`; see project.facts for the notation. An expression
whose meaning the file does not tell has the symbol "".
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping

from tree_sitter import Node

from lint_rules.languages.python.annotations import alternatives, is_alias
from lint_rules.languages.python.elements import VALUES, element_type, run_through, taken_out_of
from lint_rules.languages.python.grammar import SyntaxIndex, first_named
from lint_rules.languages.python.kept import kept_key, kept_values
from lint_rules.languages.python.scopes import CLASS, FUNCTION, MODULE, UNNAMED, Binder, Binding, Scope, Scopes, text
from lint_rules.languages.python.stand_ins import StandIns

_BUILTINS = frozenset(dir(builtins))
_MAX_STEPS = 24
_INJECTING = frozenset({"Depends", "Security"})
_CALLABLES = frozenset({"typing.Callable", "collections.abc.Callable"})
_MARKERS = frozenset(
    {"Body()", "Cookie()", "Depends()", "File()", "Form()", "Header()", "Path()", "Query()", "Security()"}
)
"""Defaults that tell a framework where a parameter comes from."""
_LITERALS = {
    "string": "builtins.str",
    "concatenated_string": "builtins.str",
    "integer": "builtins.int",
    "float": "builtins.float",
    "true": "builtins.bool",
    "false": "builtins.bool",
    "list": "builtins.list",
    "list_comprehension": "builtins.list",
    "dictionary": "builtins.dict",
    "dictionary_comprehension": "builtins.dict",
    "set": "builtins.set",
    "tuple": "builtins.tuple",
}


class Names:
    """Answers what expressions of one file denote."""

    def __init__(
        self, index: SyntaxIndex, module: str, is_package: bool, scopes: Scopes, locate: Callable[[str], str] = str
    ) -> None:
        self.module = module
        self._top = module.split(".", 1)[0]
        self.package = module if is_package else module.rpartition(".")[0]
        self.scopes = scopes
        self._index = index
        self._locate = locate
        self._bound = False
        self._stars: list[str] = []
        self._memo: dict[int, str] = {}
        self._kept: Mapping[str, Node] | None = None
        self._annotated: dict[tuple[str, str], Node] | None = None
        self._stand_ins = StandIns(self.symbol, locate)

    @property
    def stars(self) -> list[str]:
        """Modules whose names are imported with `*`."""
        self.bind()
        return self._stars

    def bind(self) -> None:
        """Collect what binds the names of the file; done once, on the first question."""
        if not self._bound:
            self._bound = True
            self._stars = Binder(self.scopes, self._index, self.package, self._locate).stars

    def is_own(self, symbol: str) -> bool:
        """Whether a symbol may be of the project: it begins as this module does."""
        return symbol.startswith(self._top)

    def symbol(self, node: Node, steps: int = 0) -> str:
        """The symbol of an expression, "" where unknown."""
        known = self._memo.get(node.id)
        if known is None:
            known = self._symbol(node, steps)
            if steps == 0:
                self._memo[node.id] = known
        return known

    def _symbol(self, node: Node, steps: int) -> str:
        if steps > _MAX_STEPS:
            return ""
        tail: list[str] = []
        current: Node | None = node
        called = ""
        while current is not None:
            kind = current.type
            kept = self._kept_by_application(current, steps) if kind in ("attribute", "subscript") else ""
            if kept:
                return _join(kept, called, tail)
            if kind == "attribute":
                attribute = current.child_by_field_name("attribute")
                own = text(attribute) if attribute is not None else ""
                if own != "__class__":  # an instance has the name of its class
                    tail.append(own + called)
                    called = ""
                current = current.child_by_field_name("object")
            elif kind == "call":
                meant = self._stand_ins.meaning(current, steps + 1)
                meant = meant or ("" if called else self._kept_value(current, steps + 1))
                if meant:
                    return _join(meant, called, tail)
                if called:
                    return ""  # f()(): what a call's result gives when called is unknown
                called = "()"
                current = current.child_by_field_name("function")
            elif kind == "subscript" and not tail and not called and is_alias(current):
                return self.annotation(current, steps + 1)
            elif kind == "subscript" and (element := self._item(current, steps + 1)):
                return _join(element, called, tail)
            elif kind == "subscript":
                tail.append("<item>" + called)
                called = ""
                current = current.child_by_field_name("value")
            elif kind in ("await", "parenthesized_expression"):
                current = first_named(current)
            elif kind == "identifier":
                if called and text(current) == "super" and (base := self._super(current)):
                    return _join(base, "", tail)
                base = self.name(text(current), current.start_byte, steps + 1)
                return _join(base, called, tail)
            else:
                return _join(self._other(current, steps + 1), called, tail)
        return ""

    def _item(self, subscript: Node, steps: int) -> str:
        """What `clients[name]` gives, where an annotation says what the container holds; a slice is a container."""
        held = subscript.child_by_field_name("value")
        if held is None or any(child.type == "slice" for child in subscript.named_children):
            return ""
        annotation = self._annotation_of(held) if held.type in ("identifier", "attribute") else None
        element = element_type(annotation, VALUES) if annotation is not None else None
        return self.annotation(element, steps) if element is not None else ""

    def _kept_value(self, call: Node, steps: int) -> str:
        """What `clients.get(name)` and `clients.pop()` give, where an annotation says what the container holds."""
        held = taken_out_of(call)
        annotation = self._annotation_of(held) if held is not None else None
        element = element_type(annotation, VALUES) if annotation is not None else None
        return self.annotation(element, steps) if element is not None else ""

    def _kept_by_application(self, place: Node, steps: int) -> str:
        """What the file has stored where an expression reads: `request.app.state.store`, `request.app["store"]`."""
        if self._kept is None:
            self._kept = kept_values(self._index)
        value = self._kept.get(kept_key(place)) if self._kept else None
        if value is None or value.start_byte <= place.start_byte < value.end_byte:
            return ""
        return self.symbol(value, steps + 1)

    def _super(self, node: Node) -> str:
        """`super()` in a method is a symbol of its own: `module.Class.<super>`."""
        scope: Scope | None = self.scopes.at(node.start_byte)
        while scope is not None and scope.kind != CLASS:
            scope = scope.parent
        return f"{self.module}.{scope.name}.<super>" if scope is not None else ""

    def _other(self, node: Node, steps: int) -> str:
        """Symbols of expressions that are no names, attributes or calls."""
        if node.type == "conditional_expression":
            return self._first(node.named_children[::2], steps)
        if node.type == "boolean_operator":
            return self._first(node.named_children, steps)
        if node.type == "binary_operator" and (path := self._joined_path(node, steps)):
            return path
        if node.type == "lambda":
            scope = self.scopes.of(node)
            return f"{self.module}.{scope.name}" if scope is not None and not scope.name.endswith(UNNAMED) else ""
        if node.type == "named_expression":
            value = node.child_by_field_name("value")
            return self.symbol(value, steps) if value is not None else ""
        return _LITERALS.get(node.type, "")

    def _joined_path(self, node: Node, steps: int) -> str:
        """`BASE / "name"` is `BASE.joinpath("name")`."""
        operator, left = node.child_by_field_name("operator"), node.child_by_field_name("left")
        if operator is None or left is None or operator.type != "/" or left.type in ("integer", "float"):
            return ""
        base = self.symbol(left, steps)
        return f"{base}.joinpath()" if base else ""

    def _first(self, choices: list[Node], steps: int) -> str:
        """The first choice with a meaning; an untyped parameter (`session or Session()`) is the last resort."""
        symbols = [self.symbol(choice, steps) for choice in choices if choice.type not in ("none", "string")]
        known = [symbol for symbol in symbols if symbol]
        return next((symbol for symbol in known if "<parameter>" not in symbol), known[0] if known else "")

    def name(self, name: str, byte: int, steps: int = 0) -> str:
        """The symbol of a bare name used at `byte`."""
        self.bind()
        for scope in self.scopes.at(byte).enclosing():
            bindings = scope.bindings.get(name)
            if bindings is not None and name not in scope.globals:
                return self._bound_symbol(name, scope, bindings, byte, steps)
        if name in _BUILTINS:
            return f"builtins.{name}"
        return f"{self.module}.{name}" if self._stars else ""

    def only_value(self, name: str, byte: int) -> Node | None:
        """The expression that a name used at `byte` is bound to, None if it is bound otherwise or more than once."""
        self.bind()
        for scope in self.scopes.at(byte).enclosing():
            bindings = scope.bindings.get(name)
            if bindings is not None and name not in scope.globals:
                return bindings[0].node if len(bindings) == 1 and bindings[0].kind == "value" else None
        return None

    def _bound_symbol(self, name: str, scope: Scope, bindings: list[Binding], byte: int, steps: int) -> str:
        if scope.kind == MODULE and not (len(bindings) == 1 and bindings[0].kind == "import"):
            imported = [binding for binding in bindings if binding.kind == "import"]
            return imported[0].target if imported else f"{self.module}.{name}"
        if scope.kind == CLASS:
            return f"{self.module}.{scope.name}.{name}"
        telling = [binding for binding in bindings if not _is_none(binding)] or bindings
        binding = telling[0]
        if len(telling) > 1 and scope.start <= byte < scope.end:
            for candidate in telling:
                if candidate.at < byte and not _is_its_own_value(candidate, byte):
                    binding = candidate
        return self.binding_symbol(binding, scope, name, steps)

    def binding_symbol(self, binding: Binding, scope: Scope, name: str, steps: int) -> str:
        """What a binding binds its name to."""
        if steps > _MAX_STEPS:
            return ""
        if binding.kind == "import":
            return binding.target
        if binding.kind == "definition":
            return f"{self.module}.{binding.target}"
        if binding.annotation is not None:
            annotated = self.annotation(binding.annotation, steps + 1)
            if annotated and not (binding.kind == "parameter" and self._tells_nothing(annotated)):
                return annotated
        if binding.kind == "value" and binding.node is not None:
            return self.symbol(binding.node, steps + 1)
        if binding.kind == "enter" and binding.node is not None:
            entered = self.symbol(binding.node, steps + 1)
            return f"{entered}.<enter>" if entered else ""
        if binding.kind == "parameter":
            given = self._injected(binding.node, steps) or self._default(binding.node, scope, steps)
            return given or self._parameter(binding, scope, name)
        if binding.element_of is not None:
            return self._element(binding.element_of, binding.part, steps + 1)
        return ""

    def _element(self, values: Node, part: int | None, steps: int) -> str:
        """What running through values gives, where an annotation says it; `<0>`, `<1>` of what is taken apart."""
        if part is not None and values.parent is not None and values.parent.type == "assignment":
            whole = self.symbol(values, steps) if values.type in ("call", "await") else ""
            return f"{whole}.<{part}>" if whole else ""
        held, wanted = run_through(values, part)
        annotation = self._annotation_of(held) if held is not None else None
        element = element_type(annotation, wanted) if annotation is not None else None
        return self.annotation(element, steps) if element is not None else ""

    def _annotation_of(self, held: Node) -> Node | None:
        """The annotation of a name or attribute, if this file has one for it."""
        self.bind()
        if held.type == "identifier":
            for scope in self.scopes.at(held.start_byte).enclosing():
                bindings = scope.bindings.get(text(held))
                if bindings is not None:
                    return bindings[0].annotation if len(bindings) == 1 else None
            return None
        if held.type != "attribute" or not text(held).startswith(("self.", "cls.")):
            return None
        return self._attribute_annotations().get((self._class_at(held.start_byte), text(held).partition(".")[2]))

    def _attribute_annotations(self) -> dict[tuple[str, str], Node]:
        """The annotations of attributes, by class and attribute: `self.clients: list[Client] = []`, class fields."""
        if self._annotated is None:
            self._annotated = {}
            for assignment in self._index.nodes("assignment"):
                left, annotation = assignment.child_by_field_name("left"), assignment.child_by_field_name("type")
                if left is None or annotation is None:
                    continue
                name = text(left).removeprefix("self.")
                self._annotated.setdefault((self._class_at(left.start_byte), name), annotation)
        return self._annotated

    def _class_at(self, byte: int) -> str:
        for scope in self.scopes.at(byte).enclosing():  # which passes over the class of a method
            holder = scope if scope.kind == CLASS else scope.owner_class
            if holder is not None:
                return holder.name
        return ""

    def _injected(self, default: Node | None, steps: int) -> str:
        """What a framework passes for a parameter with the default `Depends(function)`: what the function gives."""
        function = default.child_by_field_name("function") if default is not None and default.type == "call" else None
        if default is None or function is None or text(function).rpartition(".")[2] not in _INJECTING:
            return ""
        arguments = default.child_by_field_name("arguments")
        dependency = first_named(arguments) if arguments is not None else None
        if dependency is None or dependency.type not in ("identifier", "attribute"):
            return ""
        symbol = self.symbol(dependency, steps + 1)
        return f"{symbol}()" if symbol else ""

    def _tells_nothing(self, annotation: str) -> bool:
        """Whether an annotation names no class: `Callable[..., str]`, a type variable of this file."""
        if annotation in _CALLABLES:
            return True
        module, _, name = annotation.rpartition(".")
        bindings = self.scopes.module.bindings.get(name, ()) if module == self.module else ()
        made = bindings[0].node if len(bindings) == 1 and bindings[0].kind == "value" else None
        function = made.child_by_field_name("function") if made is not None and made.type == "call" else None
        return function is not None and text(function).rpartition(".")[2] in ("TypeVar", "ParamSpec")

    def _default(self, default: Node | None, scope: Scope, steps: int) -> str:
        """What a parameter is if nobody gives another: `get=requests.get`; a constructor's callers are asked first."""
        if default is None or default.type not in ("attribute", "call") or scope.name.endswith("__init__"):
            return ""
        symbol = self.symbol(default, steps + 1)
        last = symbol.rpartition(".")[2]
        return "" if last.isupper() or last in _MARKERS else symbol

    def _parameter(self, binding: Binding, scope: Scope, name: str) -> str:
        owner = scope.owner_class
        parameters = scope.node.child_by_field_name("parameters")
        first = first_named(parameters) if parameters is not None else None
        if owner is not None and first is not None and text(first) == name and not self._is_static(scope):
            return f"{self.module}.{owner.name}"
        if scope.kind == FUNCTION:
            return f"{self.module}.{scope.name}.<parameter>{name}"
        return ""

    @staticmethod
    def _is_static(scope: Scope) -> bool:
        parent = scope.node.parent
        return parent is not None and parent.type == "decorated_definition" and any(
            text(decorator) == "@staticmethod" for decorator in parent.named_children
        )  # fmt: skip

    def annotation(self, node: Node, steps: int = 0) -> str:
        """The symbol of the class that an annotation names; containers give theirs, several classes give ""."""
        named = alternatives(node)
        if len(named) != 1 or steps > _MAX_STEPS:
            return ""
        if isinstance(named[0], Node):
            return self.symbol(named[0], steps + 1)
        return self._quoted(named[0], node.start_byte, steps)

    def _quoted(self, content: str, byte: int, steps: int) -> str:
        head, dot, rest = content.partition(".")
        if not head.isidentifier():
            return ""
        base = self.name(head, byte, steps)
        return f"{base}{dot}{rest}" if base else ""


def _is_its_own_value(binding: Binding, byte: int) -> bool:
    """Whether `byte` lies in the value being bound, as in `session = session or Session()`."""
    node = binding.node
    return node is not None and binding.kind in ("value", "enter") and node.start_byte <= byte < node.end_byte


def _is_none(binding: Binding) -> bool:
    """Whether a name is bound to None and nothing more: whoever uses an attribute of it has another value."""
    return binding.node is not None and binding.node.type == "none" and binding.annotation is None


def _join(base: str, called: str, tail: list[str]) -> str:
    if not base:
        return ""
    return ".".join([base + called, *reversed(tail)])
