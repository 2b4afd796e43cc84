"""What a check looks at: which libcst nodes, and how the cheap screen finds candidates for them.

A selector is a declaration. From it the engine derives the bytes a file must hold, the syntax-tree nodes that are
suspects, and the libcst nodes that the check is shown. The screen must never lose a finding: `suspect` may say yes too
often, never no where `accepts` and the check would say yes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct
from tree_sitter import Node

from lint_rules.languages.tables import NameTable
from lint_rules.project.symbols import Symbols

if TYPE_CHECKING:
    import libcst as cst

    from lint_rules.languages.python.file import PythonFile

SYNTAX_OF = {
    "Assign": "assignment",
    "Attribute": "attribute",
    "Await": "await",
    "Call": "call",
    "ClassDef": "class_definition",
    "ExceptHandler": "except_clause",
    "ExceptStarHandler": "except_clause",
    "Expr": "expression_statement",
    "Finally": "finally_clause",
    "For": "for_statement",
    "FunctionDef": "function_definition",
    "If": "if_statement",
    "Lambda": "lambda",
    "Raise": "raise_statement",
    "Return": "return_statement",
    "Try": "try_statement",
    "TryStar": "try_statement",
    "While": "while_statement",
    "With": "with_statement",
}
"""libcst node -> the tree-sitter node that stands for it (same first byte)."""


Trigger = Callable[[bytes], bool] | re.Pattern[bytes]
"""Whether a file of these bytes may hold something for a check: a false yes costs time, a false no a finding.

A pattern is better than a function that searches for one: the letters in it are looked up for all checks at once.
"""


class Selector(Protocol):
    """What the engine asks of a selector."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of libcst node classes."""
        ...

    @property
    def words(self) -> tuple[bytes, ...]:
        """A file without any of these holds nothing for the check; empty: every file may."""
        ...

    @property
    def trigger(self) -> Trigger | None:
        """What tells from a file's bytes whether it may hold something; None: the words alone."""
        ...

    def suspect(self, node: Node, file: PythonFile) -> bool:
        """Whether the syntax node may be something for the check."""
        ...

    def accepts(self, node: cst.CSTNode, file: PythonFile) -> bool:
        """Whether the libcst node is shown to the check."""
        ...


class Calls(Struct, frozen=True):
    """Calls of what a table names, however the name came into the file."""

    table: NameTable[Any]
    words: tuple[bytes, ...] = ()
    trigger: Trigger | None = None
    kinds: tuple[str, ...] = ("Call",)

    def suspect(self, node: Node, file: PythonFile) -> bool:
        function = node.child_by_field_name("function")
        if function is None:
            return False
        return self.table.match(file.canonical(function), file.types) is not None

    def accepts(self, node: cst.CSTNode, file: PythonFile) -> bool:
        return self.table.match(file.qualified_name(node.func), file.types) is not None  # type: ignore[attr-defined]

    def concerns(self, symbol: str, symbols: Symbols) -> bool:
        """Whether a call of what a symbol denotes may be one of these; asked again when more modules are known."""
        return self.table.match(symbols.canonical(symbol), symbols.types) is not None


class ScreenedCalls(Struct, frozen=True):
    """Calls that a screen of the check's own lets through.

    Where the screen meets modules that are not known yet, `concerns` says whether it must look again once they are,
    from what is known of the called function alone: `may_concern` takes its symbol.
    """

    screen: Callable[[Node, PythonFile], bool]
    may_concern: Callable[[str, Symbols], bool]
    words: tuple[bytes, ...] = ()
    trigger: Trigger | None = None
    kinds: tuple[str, ...] = ("Call",)

    def suspect(self, node: Node, file: PythonFile) -> bool:
        return self.screen(node, file)

    def accepts(self, node: cst.CSTNode, file: PythonFile) -> bool:
        return True

    def concerns(self, symbol: str, symbols: Symbols) -> bool:
        """Whether a call of what a symbol denotes may be one of these."""
        return self.may_concern(symbol, symbols)


class Nodes(Struct, frozen=True):
    """All nodes of some kinds; `screen` narrows them on the syntax tree."""

    kinds: tuple[str, ...]
    words: tuple[bytes, ...] = ()
    trigger: Trigger | None = None
    screen: Callable[[Node, PythonFile], bool] | None = None

    def suspect(self, node: Node, file: PythonFile) -> bool:
        return self.screen is None or self.screen(node, file)

    def accepts(self, node: cst.CSTNode, file: PythonFile) -> bool:
        return True
