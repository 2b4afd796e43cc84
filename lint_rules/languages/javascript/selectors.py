"""What a check looks at: which tree-sitter nodes, and how the cheap screen finds candidates for them.

The tree is both screen and truth: a check is shown the nodes for which `suspect` says yes. With the screen off it is
shown all nodes of its kinds that `accepts` lets through, so `suspect` must not say no where the check would speak.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.javascript.grammar import CALL_KINDS, callee
from lint_rules.languages.tables import NameTable
from lint_rules.project.symbols import Symbols

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

Trigger = Callable[[bytes], bool] | re.Pattern[bytes]
"""Whether a file of these bytes may hold something for a check: a false yes costs time, a false no a finding.

A pattern is better than a function that searches for one: the letters in it are looked up for all checks at once.
"""


class Selector(Protocol):
    """What the engine asks of a selector."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of tree-sitter nodes; those that only one of the grammars has are allowed."""
        ...

    @property
    def words(self) -> tuple[bytes, ...]:
        """A file without any of these holds nothing for the check; empty: every file may."""
        ...

    @property
    def trigger(self) -> Trigger | None:
        """What tells from a file's bytes whether it may hold something; None: the words alone."""
        ...

    def suspect(self, node: Node, file: JavaScriptFile) -> bool:
        """Whether the node may be something for the check."""
        ...

    def accepts(self, node: Node, file: JavaScriptFile) -> bool:
        """Whether the node is shown to the check."""
        ...


class Calls(Struct, frozen=True):
    """Calls and constructions of what a table names, however the name came into the file."""

    table: NameTable[Any]
    words: tuple[bytes, ...] = ()
    trigger: Trigger | None = None
    kinds: tuple[str, ...] = CALL_KINDS

    def suspect(self, node: Node, file: JavaScriptFile) -> bool:
        return self.accepts(node, file)

    def accepts(self, node: Node, file: JavaScriptFile) -> bool:
        function = callee(node)
        return function is not None and self.table.match(file.canonical(function), file.types) is not None

    def concerns(self, symbol: str, symbols: Symbols) -> bool:
        """Whether a call of what a symbol denotes may be one of these; asked again when more modules are known."""
        return self.table.match(symbols.canonical(symbol), symbols.types) is not None


class ScreenedCalls(Struct, frozen=True):
    """Calls that a screen of the check's own lets through; see the class of the same name for Python."""

    screen: Callable[[Node, JavaScriptFile], bool]
    may_concern: Callable[[str, Symbols], bool]
    words: tuple[bytes, ...] = ()
    trigger: Trigger | None = None
    kinds: tuple[str, ...] = CALL_KINDS

    def suspect(self, node: Node, file: JavaScriptFile) -> bool:
        return self.screen(node, file)

    def accepts(self, node: Node, file: JavaScriptFile) -> bool:
        return True

    def concerns(self, symbol: str, symbols: Symbols) -> bool:
        """Whether a call of what a symbol denotes may be one of these."""
        return self.may_concern(symbol, symbols)


class Nodes(Struct, frozen=True):
    """All nodes of some kinds; `screen` narrows them."""

    kinds: tuple[str, ...]
    words: tuple[bytes, ...] = ()
    screen: Callable[[Node, JavaScriptFile], bool] | None = None
    trigger: Trigger | None = None

    def suspect(self, node: Node, file: JavaScriptFile) -> bool:
        return self.screen is None or self.screen(node, file)

    def accepts(self, node: Node, file: JavaScriptFile) -> bool:
        return True
