"""One Python file as rules see it: the questions a check may ask."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tree_sitter import Node

from lint_rules.languages.python.extract import Extractor
from lint_rules.languages.python.grammar import SyntaxIndex, first_token, parse
from lint_rules.languages.python.handlers import FileHandlers
from lint_rules.languages.python.imports import Import, imports
from lint_rules.languages.python.library import handler_table
from lint_rules.languages.python.names import Names
from lint_rules.languages.python.request_data import RequestData
from lint_rules.languages.python.scopes import LAMBDA, Scope, Scopes
from lint_rules.languages.python.selectors import SYNTAX_OF
from lint_rules.languages.python.slices import Slice
from lint_rules.model import Edit, Span
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.frameworks import Handler
from lint_rules.project.modules import Module, Modules
from lint_rules.project.symbols import Reference, Symbols
from lint_rules.project.types import Types
from lint_rules.source import Comment, SourceText

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libcst as cst


class PythonFile:
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
        self.tree = parse(source.data)
        self.root = self.tree.root_node
        self.index = SyntaxIndex(self.root)
        self.symbols = symbols
        self.types: Types = symbols.types
        self._module = module
        self._modules = modules
        self._options = options or {}
        self._scopes: Scopes | None = None
        self._names: Names | None = None
        self._definitions: ModuleFacts | None = None
        self.import_edits: dict[str, tuple[str, tuple[Edit, ...]] | None] = {}
        self._slice: Slice | None = None
        self._handlers: FileHandlers | None = None
        self._request_data: RequestData | None = None
        self._comments: tuple[Comment, ...] | None = None
        self._imports: tuple[Import, ...] | None = None

    # What the engine uses.

    def show(self, part: Slice | None) -> None:
        """Make `part` the slice whose libcst nodes are being asked about."""
        self._slice = part

    def renew(self) -> None:
        """Forget what was concluded while some modules were unknown."""
        self._handlers = None
        self._has_loop_code = None

    def nodes(self, kind: str) -> list[Node]:
        """All syntax nodes of a kind, in the order of the text."""
        return self.index.nodes(kind)

    def facts(self) -> ModuleFacts:
        """Everything this file says about itself, what its functions do included."""
        return self._extractor().everything()

    def definitions(self) -> ModuleFacts:
        """What names resolve to, without what functions do."""
        if self._definitions is None:
            self._definitions = self._extractor().definitions()
        return self._definitions

    def _extractor(self) -> Extractor:
        return Extractor(
            self.index, self.names, self.source.span, self.path, self._module.is_package, handler_table(), self.types
        )

    # Places.

    def span(self, node: cst.CSTNode | Node) -> Span:
        """Where a node stands in the file."""
        if isinstance(node, Node):
            return self.source.span(node.start_byte, node.end_byte)
        return self.source.span(*self.range_of(node))

    def range_of(self, node: cst.CSTNode) -> tuple[int, int]:
        """The bytes of a libcst node of the slice being shown."""
        assert self._slice is not None
        return self._slice.range_of(node)

    def text(self, node: cst.CSTNode | Node) -> str:
        """The source text of a node."""
        if isinstance(node, Node):
            return self.source.text(node.start_byte, node.end_byte)
        return self.source.text(*self.range_of(node))

    def symbol_at(self, span: Span) -> str:
        """The dotted name of the definition around a span, "" at module level."""
        scope: Scope | None = self.scopes.at(span.start)
        while scope is not None and scope.kind == LAMBDA:
            scope = scope.parent
        return scope.name if scope is not None else ""

    def syntax(self, node: cst.CSTNode) -> Node:
        """The tree-sitter node that stands at a libcst node."""
        start, end = self.range_of(node)
        wanted = SYNTAX_OF.get(type(node).__name__)
        found = self.root.descendant_for_byte_range(start, max(start, end - 1) if wanted is None else start)
        while found is not None:
            parent = found.parent
            if (
                found.is_named
                and found.type == wanted
                and found.start_byte == start
                and (wanted not in ("call", "attribute") or found.end_byte == end)
            ):
                return found
            if (
                parent is None
                or found.start_byte < start
                or (wanted is None and (parent.start_byte, parent.end_byte) != (start, end))
            ):
                break
            found = parent
        return found if found is not None else self.root

    @property
    def comments(self) -> tuple[Comment, ...]:
        """All comments, in order."""
        if self._comments is None:
            self._comments = tuple(
                Comment(self.span(node), self.source.text(node.start_byte, node.end_byte))
                for node in self.nodes("comment")
            )
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
            self._names = Names(self.index, self.module, self._module.is_package, self.scopes, self._locate)
        return self._names

    @property
    def imports(self) -> tuple[Import, ...]:
        """What the file imports, in the order of the text."""
        if self._imports is None:
            self._imports = imports(self.index)
        return self._imports

    def line_of(self, node: cst.CSTNode) -> bytes:
        """The bytes of the line in which a node begins."""
        start = self.syntax(node).start_byte
        return self.data[self.data.rfind(b"\n", 0, start) + 1 : start] + self.data[start:].partition(b"\n")[0]

    def imports_any(self, *packages: str) -> bool:
        """Whether the file imports one of these packages at module level."""
        return any(target.split(".", 1)[0] in packages for target in self.imported)

    @property
    def imported(self) -> Iterator[str]:
        """The dotted names of what the file imports at module level."""
        self.names.bind()
        for bindings in self.scopes.module.bindings.values():
            yield from (binding.target for binding in bindings if binding.kind == "import")

    def _locate(self, written: str) -> str:
        return self._modules.resolve(written, self._module)

    def canonical(self, node: Node) -> str:
        """The canonical name of what a syntax node denotes, "" where unknown."""
        return self.resolve(self.names.symbol(node))

    def is_outside(self, symbol: str) -> bool:
        """Whether a symbol begins outside the project, so that this file alone tells what it denotes."""
        return self.symbols.is_outside(symbol)

    def resolve(self, symbol: str) -> str:
        """The canonical name of a symbol of this file."""
        if not symbol:
            return ""
        if symbol.startswith(self.module) and self.module not in self.symbols.facts:
            self._know_own_definitions()
        return self.symbols.canonical(symbol)

    def _know_own_definitions(self) -> None:
        self.symbols.add(self.definitions())

    def qualified_name(self, expression: cst.BaseExpression) -> str:
        """What an expression denotes: `requests.get`, `sqlite3.Connection.execute`, `app.store.load`, or ""."""
        return self.canonical(self.syntax(expression))

    def function(self, expression: cst.BaseExpression | Node) -> Reference | None:
        """The project function that an expression denotes, wherever in the project it is defined."""
        node = expression if isinstance(expression, Node) else self.syntax(expression)
        symbol = self.names.symbol(node)
        if not symbol:
            return None
        self.resolve(symbol)
        return self.symbols.function(symbol)

    def imports_own(self, statement: Node) -> bool:
        """Whether an import statement imports from the project itself."""
        source = statement.child_by_field_name("module_name")
        parts = (
            [source]
            if source is not None
            else [part.child_by_field_name("name") or part for part in statement.named_children]
        )
        written = [self.source.text(part.start_byte, part.end_byte) for part in parts]
        return any(name.startswith(".") or self._locate(name.partition(".")[0]) in self._modules for name in written)

    # Surroundings.

    def scope(self, node: cst.CSTNode | Node) -> Scope:
        """The innermost scope around a node."""
        return self.scopes.at(node.start_byte if isinstance(node, Node) else self.range_of(node)[0])

    def enclosing_function(self, node: cst.CSTNode | Node) -> Scope | None:
        """The function or lambda whose body holds a node."""
        return self.scope(node).function

    def enclosing(self, node: cst.CSTNode | Node) -> Iterator[Node]:
        """The syntax nodes around a node, innermost first."""
        current: Node | None = (node if isinstance(node, Node) else self.syntax(node)).parent
        while current is not None:
            yield current
            current = current.parent

    def on_event_loop(self, node: cst.CSTNode | Node) -> bool:
        """Whether a node's code runs on the event loop: its nearest function is async or a loop callback."""
        function = self.enclosing_function(node)
        return function is not None and self.runs_on_loop(function)

    def runs_on_loop(self, function: Scope) -> bool:
        """Whether a function's body runs on the event loop, as far as this file and its imports tell."""
        return self.handlers.on_loop(function)

    @property
    def has_loop_code(self) -> bool:
        """Whether any function of the file runs on the event loop."""
        return self.handlers.has_loop_code

    @property
    def handlers(self) -> FileHandlers:
        """Which functions of the file a framework calls; known anew when more of the project is known."""
        if self._handlers is None:
            self._handlers = FileHandlers(self)
        return self._handlers

    def handler(self, function: Scope | None) -> Handler | None:
        """What a framework makes of a function; None if the file does not say that one calls it."""
        return self.handlers.of(function) if function is not None else None

    @property
    def request_data(self) -> RequestData:
        """Which expressions read what a client sent; known anew when more of the project is known."""
        if self._request_data is None or self._request_data.symbols is not self.symbols:
            self._request_data = RequestData(self)
        return self._request_data

    def ancestors(self, owner: Scope) -> list[str]:
        """Canonical names of a class of this file and all its bases, nearest first."""
        return self.handlers.ancestors(owner)

    def is_awaited(self, call: cst.CSTNode | Node) -> bool:
        """Whether the value of a call is awaited on the spot: `await`, `async with`, `async for`."""
        for outer in self.enclosing(call):
            if outer.type == "await":
                return True
            if outer.type in ("with_item", "with_clause", "as_pattern", "parenthesized_expression"):
                continue
            if outer.type in ("with_statement", "for_statement"):
                return first_token(outer) == "async" and self._is_header(call, outer)
            return False
        return False

    def _is_header(self, node: cst.CSTNode | Node, statement: Node) -> bool:
        start = node.start_byte if isinstance(node, Node) else self.range_of(node)[0]
        body = statement.child_by_field_name("body")
        return body is None or start < body.start_byte

    def in_broken_code(self, node: Node) -> bool:
        """Whether a node lies in a part that does not parse."""
        if not self.root.has_error:
            return False
        return node.has_error or any(outer.type == "ERROR" for outer in self.enclosing(node))
