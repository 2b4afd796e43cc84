"""One JavaScript or TypeScript file as rules see it: the questions a check may ask."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tree_sitter import Node

from lint_rules.languages.javascript.answer_facts import with_answers
from lint_rules.languages.javascript.browsers import is_for_browsers
from lint_rules.languages.javascript.extract import Extractor
from lint_rules.languages.javascript.grammar import SyntaxIndex, arguments, around, bare, callee, parse, string_value
from lint_rules.languages.javascript.handlers import FileHandlers
from lint_rules.languages.javascript.imports import Import, imports
from lint_rules.languages.javascript.library import passed_to
from lint_rules.languages.javascript.names import Names
from lint_rules.languages.javascript.registrations import last_name
from lint_rules.languages.javascript.request_data import RequestData
from lint_rules.languages.javascript.running import with_handlers
from lint_rules.languages.javascript.scopes import CLASS, FUNCTION, MODULE, Scope, Scopes
from lint_rules.model import Span
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.frameworks import Handler
from lint_rules.project.modules import Module, Modules
from lint_rules.project.node_modules import BUILTIN, MISSING, PACKAGE, PROJECT, Resolved, package_name
from lint_rules.project.node_names import EXPORTS, package_symbol, segment
from lint_rules.project.packages import Package
from lint_rules.project.symbols import Reference, Symbols
from lint_rules.project.types import Types
from lint_rules.source import Comment, SourceText


class JavaScriptFile:
    """Source, tree, scopes and names of one file, and what its project says about the names it imports."""

    def __init__(
        self,
        source: SourceText,
        module: Module,
        *,
        symbols: Symbols,
        modules: Modules,
        options: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.source = source
        self.path = source.path
        self.relative = module.relative
        self.module = module.name
        self.data = source.data
        self.parsed = parse(source.data, source.path)
        self.root = self.parsed.tree.root_node
        self.index = SyntaxIndex(self.parsed)
        self.symbols = symbols
        self.types: Types = symbols.types
        self._module = module
        self._modules = modules
        self._options = options or {}
        self._scopes: Scopes | None = None
        self._names: Names | None = None
        self._functions: dict[str, Scope] | None = None
        self._calls: dict[str, list[Node]] | None = None
        self._members: dict[str, list[Node]] | None = None
        self._handlers: FileHandlers | None = None
        self._request: RequestData | None = None
        self._definitions: ModuleFacts | None = None
        self._comments: tuple[Comment, ...] | None = None
        self._imports: tuple[Import, ...] | None = None
        self._is_for_browsers: bool | None = None

    # What the engine uses.

    def renew(self) -> None:
        """Forget what was concluded while some modules were unknown."""
        if self._handlers is not None:
            self._handlers.renew()

    def nodes(self, kind: str) -> list[Node]:
        """All syntax nodes of a kind, in the order of the text."""
        return self.index.nodes(kind)

    def facts(self) -> ModuleFacts:
        """Everything this file says about itself, what its functions do included."""
        return with_answers(with_handlers(self._extractor().everything(), self), self)

    def definitions(self) -> ModuleFacts:
        """What names resolve to, without what functions do."""
        if self._definitions is None:
            self._definitions = with_answers(self._extractor().definitions(), self)
        return self._definitions

    def _extractor(self) -> Extractor:
        return Extractor(self.index, self.names, self.source.span, self.path, self.is_own)

    def is_own(self, symbol: str) -> bool:
        """Whether a symbol lies in a module of the project."""
        return symbol.partition(".")[0] in self._modules

    # Places.

    def span(self, node: Node) -> Span:
        """Where a node stands in the file."""
        return self.source.span(node.start_byte, node.end_byte)

    def text(self, node: Node) -> str:
        """The source text of a node."""
        return self.source.text(node.start_byte, node.end_byte)

    def symbol_at(self, span: Span) -> str:
        """The dotted name of the definition around a span, "" at module level; anonymous functions are passed over."""
        scope: Scope | None = self.scopes.at(span.start)
        while scope is not None and scope.is_anonymous:
            scope = scope.parent
        return scope.name if scope is not None else ""

    @property
    def comments(self) -> tuple[Comment, ...]:
        """All comments, in order."""
        if self._comments is None:
            self._comments = tuple(Comment(self.span(node), self.text(node)) for node in self.nodes("comment"))
        return self._comments

    def comments_between(self, start: int, end: int) -> list[Node]:
        """The comment nodes that begin in the bytes `start:end`, in order."""
        nodes = self.nodes("comment")
        first = bisect_left(nodes, start, key=lambda node: node.start_byte)
        return nodes[first : bisect_left(nodes, end, first, key=lambda node: node.start_byte)]

    def statement_rows(self, row: int) -> tuple[int, int]:
        """First and last row of the statement that begins on `row`; (row, row) if none does."""
        line_start = self.source.offset_at(row, 1)
        line = self.source.line_text(row)
        first = line_start + len(line) - len(line.lstrip())
        node = self.root.descendant_for_byte_range(first, first)
        last_row = row
        while node is not None and node.parent is not None:
            if node.start_byte == first:
                last_row = max(last_row, self.source.row_at(max(node.end_byte - 1, first)))
            elif node.start_byte < first:
                break
            node = node.parent
        return row, last_row

    def calls_of(self, *names: str) -> list[Node]:
        """The calls of what has one of these names, or of a member that has, in the order of the text."""
        if self._calls is None:
            called = ((callee(call), call) for call in self.nodes("call_expression"))
            self._calls = _by_last_name((function, call) for function, call in called if function is not None)
        return _merged(self._calls, names)

    def members_of(self, *names: str) -> list[Node]:
        """The member expressions that end in one of these names, in the order of the text."""
        if self._members is None:
            self._members = _by_last_name((member, member) for member in self.nodes("member_expression"))
        return _merged(self._members, names)

    def nodes_in(self, kind: str, node: Node) -> list[Node]:
        """The nodes of a kind in a node, in the order of the text."""
        nodes = self.nodes(kind)
        first = bisect_left(nodes, node.start_byte, key=lambda one: one.start_byte)
        return nodes[first : bisect_left(nodes, node.end_byte, first, key=lambda one: one.start_byte)]

    def statement(self, node: Node) -> Node:
        """The statement or declaration that a node belongs to."""
        current = node
        while (parent := current.parent) is not None:
            if current.type.endswith(("statement", "declaration")):
                return current
            current = parent
        return current

    # The file in its project.

    @property
    def modules(self) -> Modules:
        """All modules of the project."""
        return self._modules

    @property
    def place(self) -> Module:
        """The file as a module of the project."""
        return self._module

    @property
    def is_test(self) -> bool:
        """Whether the file's place in the project says that it is a test."""
        return self._module.is_test

    @property
    def is_tooling(self) -> bool:
        """Whether it is a script, a build step or a tool's configuration, run by a person and no service."""
        return self._module.is_tooling or (self.data.startswith(b"#!") and b"node" in self.data[:80].split(b"\n", 1)[0])

    @property
    def is_declaration(self) -> bool:
        """Whether it only declares types (`.d.ts`)."""
        return self._module.is_declaration

    @property
    def is_module(self) -> bool:
        """Whether Node loads the file as an ES module, by its extension or its package.json."""
        return self._modules.node.is_module(self.path)

    @property
    def package(self) -> Package | None:
        """The package.json that is nearest to the file."""
        return self._modules.node.package_of(self.path)

    @property
    def imports(self) -> tuple[Import, ...]:
        """What the file imports, in the order of the text."""
        if self._imports is None:
            self._imports = imports(self.index, self.scopes)
        return self._imports

    def imports_any(self, *packages: str) -> bool:
        """Whether the file imports one of these packages or built-in modules, or a file of one."""
        return any(
            found.kind in (PACKAGE, BUILTIN) and (found.package in packages or package_name(found.package) in packages)
            for found in (self.located(one.specifier) for one in self.imports)
        )

    def located(self, specifier: str) -> Resolved:
        """What an import of `specifier` in this file means."""
        return self._modules.node.resolve(specifier, self.path)

    def option(self, rule: str, name: str, default: Any) -> Any:
        """The user's value for an option of a rule."""
        return self._options.get(rule, {}).get(name, default)

    # Names.

    @property
    def scopes(self) -> Scopes:
        """The scopes of the file."""
        if self._scopes is None:
            self._scopes = Scopes(self.index)
        return self._scopes

    @property
    def names(self) -> Names:
        """What the file alone tells of its names."""
        if self._names is None:
            self._names = Names(self.module, self.scopes, self._locate, self._handed, self.handlers.parameter_type)
        return self._names

    def _handed(self, call: Node, function: Node, position: int) -> str:
        """The class of a parameter of a function literal, by the library's call that takes the function."""
        called = callee(call)
        symbol = self.names.symbol(called) if called is not None else ""
        if not symbol or self.is_own(symbol):
            return ""
        given = arguments(call)
        argument = next((place for place, one in enumerate(given) if bare(one) == function), len(given))
        event = string_value(given[0]) if given else None
        name = self.types.external(symbol)
        known = passed_to(name, event, argument, len(given), position, self.types)
        return known or self.handlers.passed_type(name, call, function, position)

    def _locate(self, specifier: str) -> str:
        """The symbol of what `require(specifier)` gives."""
        found = self.located(specifier)
        if found.kind == PROJECT:
            module = self._modules.by_path.get(found.path)
            return f"{module.name}.{EXPORTS}" if module is not None else ""
        if found.kind == BUILTIN:
            return segment(found.package)
        if found.kind != PACKAGE:
            return ""
        symbol = package_symbol(specifier)
        return "" if symbol in self._modules else symbol  # a file in the root that is called like a package

    def canonical(self, node: Node) -> str:
        """The canonical name of what a node denotes, "" where unknown."""
        return self.resolve(self.names.symbol(node))

    def resolve(self, symbol: str) -> str:
        """The canonical name of a symbol of this file."""
        if not symbol:
            return ""
        if symbol.startswith(self.module) and self.module not in self.symbols.facts:
            self.symbols.add(self.definitions())
        return self.symbols.canonical(symbol)

    def function(self, expression: Node) -> Reference | None:
        """The project function that an expression denotes, wherever in the project it is defined."""
        symbol = self.names.symbol(expression)
        if not symbol:
            return None
        self.resolve(symbol)
        return self.symbols.function(symbol)

    # Surroundings.

    def scope(self, node: Node) -> Scope:
        """The innermost scope around a node; that of a function node is the function's own."""
        return self.scopes.of(node) or self.scopes.at(node.start_byte)

    def enclosing_function(self, node: Node) -> Scope | None:
        """The function that holds a node; of a function node the one around it."""
        own = self.scopes.of(node)
        scope = own.parent if own is not None else self.scopes.at(node.start_byte)
        return scope.function if scope is not None else None

    def enclosing(self, node: Node) -> Iterator[Node]:
        """The syntax nodes around a node, innermost first."""
        current = node.parent
        while current is not None:
            yield current
            current = current.parent

    def function_scope(self, symbol: str) -> Scope | None:
        """The function of this file that a symbol denotes, itself or through instances and exports."""
        prefix = self.module + "."
        if not symbol.startswith(prefix):
            return None
        if self._functions is None:
            self._functions = {scope.name: scope for scope in reversed(list(self.scopes.functions))}
        found = self._functions.get(symbol[len(prefix) :])
        if found is None and ("()" in symbol or EXPORTS in symbol):
            name = self.resolve(symbol)
            found = self._functions.get(name[len(prefix) :]) if name.startswith(prefix) else None
        return found

    # Handlers.

    @property
    def is_for_browsers(self) -> bool:
        """Whether the file runs in a page, by its place or by what it speaks of. Asked for many nodes of a file."""
        if self._is_for_browsers is None:
            self._is_for_browsers = is_for_browsers(self.relative, self.data)
        return self._is_for_browsers

    @property
    def handlers(self) -> FileHandlers:
        """What frameworks and the event loop make of the functions of this file."""
        if self._handlers is None:
            self._handlers = FileHandlers(self)
        return self._handlers

    def handler(self, function: Scope | None) -> Handler | None:
        """What a framework makes of a function; None if nothing in the file says that one calls it."""
        return self.handlers.of(function) if function is not None else None

    def on_event_loop(self, node: Node) -> bool:
        """Whether a node's code runs while the process serves, by the function that holds it.

        So do handlers, async functions, listeners, timers, and callbacks in them; what runs once at the start does not.
        """
        function = self.enclosing_function(node)
        return function is not None and not self.is_test and self.handlers.on_loop(function)

    @property
    def request(self) -> RequestData:
        """What of the file is a request, a response, or data that a client sent."""
        if self._request is None:
            self._request = RequestData(self)
        return self._request

    def reads_request(self, expression: Node) -> bool:
        """Whether an expression is data that a client sent, as it came: `req.body.name`, or a name bound to it."""
        return self.request.is_data(expression)

    def is_awaited(self, call: Node) -> bool:
        """Whether the value of a call is awaited on the spot: `await`, `for await`."""
        outer = around(call)
        if outer is None:
            return False
        if outer.type == "for_in_statement":
            return any(child.type == "await" for child in outer.children) and outer.child_by_field_name("right") == call
        return outer.type == "await_expression"

    def in_broken_code(self, node: Node) -> bool:
        """Whether a node lies in a part that does not parse."""
        if not self.root.has_error:
            return False
        return node.has_error or any(outer.type == "ERROR" for outer in self.enclosing(node))


__all__ = ["CLASS", "FUNCTION", "MISSING", "MODULE", "JavaScriptFile"]


def _by_last_name(named: Iterable[tuple[Node, Node]]) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for name, node in named:
        found.setdefault(last_name(name), []).append(node)
    return found


def _merged(by_name: Mapping[str, list[Node]], names: tuple[str, ...]) -> list[Node]:
    found = [node for name in names for node in by_name.get(name, ())]
    return found if len(names) == 1 else sorted(found, key=lambda node: node.start_byte)
