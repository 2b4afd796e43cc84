"""Which functions of a file run once, when the process starts or ends: nobody waits for an answer then."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.javascript.grammar import CALL_KINDS, callee, has_token, text
from lint_rules.languages.javascript.scopes import FUNCTION, MODULE, Scope
from lint_rules.languages.javascript.usage import reads_of

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.project.node_frameworks import NodeHandlerTable

_NAMES = re.compile(
    r"(?:main|bootstrap|boot|startup|start(?:The)?(?:Server|App|Service|Application)|(?:create|build|make)(?:App|Server)"
    r"|init|initiali[sz]e|(?:init|initiali[sz]e|setup|configure|register)[A-Z]\w*|setup|shutdown|gracefulShutdown"
    r"|(?:load|read)(?:Config|Configuration|Settings|Env|Plugins|Routes|Services|Modules|Models|Locales|Certificates)|migrate|seed|onModuleInit)\Z"
)


class Startup:
    """Answers about the functions of one file."""

    def __init__(self, file: JavaScriptFile, table: NodeHandlerTable) -> None:
        self._file = file
        self._table = table
        self._memo: dict[int, bool] = {}
        self._serving: set[int] | None = None

    def holds(self, function: Scope) -> bool:
        """Whether a function runs once: by its name, since it starts the server, or called by such code alone."""
        key = function.node.id
        if key not in self._memo:
            self._memo[key] = False  # of functions that call each other
            self._memo[key] = self._holds(function)
        return self._memo[key]

    def _holds(self, function: Scope) -> bool:
        name = function.name.rpartition(".<locals>.")[2].rpartition(".")[2]
        if _NAMES.match(name) is not None or function.node.id in self._starting_servers:
            return True
        return self._is_called_at_start_only(function)

    @property
    def _starting_servers(self) -> set[int]:
        """Functions with a call that starts serving."""
        if self._serving is None:
            file, table = self._file, self._table
            self._serving = set()
            for call in file.index.of_kinds(CALL_KINDS):
                called = callee(call)
                if called is None or text(called.child_by_field_name("property") or called) not in table.entry_names:
                    continue
                function = file.enclosing_function(call)
                if function is not None and table.server_entry(file.canonical(called), file.types) is not None:
                    self._serving.add(function.node.id)
        return self._serving

    def _is_called_at_start_only(self, function: Scope) -> bool:
        node, parent = function.node, function.parent
        if parent is None or parent.kind != MODULE:
            return False
        name = function.name
        found = self._file.scopes.binding(name, parent.end - 1) if name.isidentifier() else None
        if found is None or found[0].kind != MODULE or _is_exported(node):
            return False
        if name in self._exported_names:
            return False
        reads = list(reads_of(name, found[0], found[1][0], self._file))
        return bool(reads) and all(self._calls_at_start(read) for read in reads)

    @property
    def _exported_names(self) -> frozenset[str]:
        prefix = self._file.module + "."
        exports = self._file.definitions().exports.values()
        return frozenset(symbol.removeprefix(prefix) for symbol in exports if symbol.startswith(prefix))

    def _calls_at_start(self, read: Node) -> bool:
        call = read.parent
        if call is None or call.type != "call_expression" or callee(call) != read:
            return False
        outer = self._file.enclosing_function(call)
        while outer is not None and _is_called_on_the_spot(outer):
            outer = outer.parent.function if outer.parent is not None else None
        return outer is None or (outer.kind == FUNCTION and self.holds(outer))


def _is_called_on_the_spot(function: Scope) -> bool:
    place = function.node.parent
    while place is not None and place.type == "parenthesized_expression":
        place = place.parent
    return place is not None and place.type == "call_expression"


def _is_exported(node: Node) -> bool:
    place: Node | None = node
    for _ in range(4):
        place = place.parent if place is not None else None
        if place is None:
            return False
        if place.type == "export_statement":
            return True
        if has_token(place, "{"):
            return False
    return False
