"""What the engine asks of a language: one value per language, in `languages/<name>/language.py`.

The engine knows files and settings, a language knows a grammar; this is all that they say to each other.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Protocol

from lint_rules.languages.inspection import Checks, Inspection, RuleCheck
from lint_rules.model import Rule, Span
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.frameworks import HandlerTable
from lint_rules.project.modules import Module, Modules
from lint_rules.project.symbols import Symbols
from lint_rules.project.types import Types
from lint_rules.source import (
    CONFIG_SUFFIXES,
    JAVASCRIPT_SUFFIXES,
    PYTHON_SUFFIXES,
    Comment,
    SourceText,
    is_config_name,
)

LANGUAGES = ("python", "javascript", "config")
"""The languages there are, in the order in which they are reported."""

SUFFIXES = {"python": PYTHON_SUFFIXES, "javascript": JAVASCRIPT_SUFFIXES, "config": CONFIG_SUFFIXES}
"""The endings of their files' names."""


class AnalysedFile(Protocol):
    """A parsed file, as far as the engine looks at it."""

    source: SourceText
    symbols: Symbols

    @property
    def path(self) -> str: ...

    @property
    def data(self) -> bytes: ...

    @property
    def comments(self) -> tuple[Comment, ...]: ...

    def span(self, node: Any) -> Span: ...

    def symbol_at(self, span: Span) -> str: ...

    def statement_rows(self, row: int) -> tuple[int, int]: ...

    def renew(self) -> None: ...

    def facts(self) -> ModuleFacts: ...

    def definitions(self) -> ModuleFacts: ...


class Language(Protocol):
    """One language: how its files are parsed, shown to the rules, and what is known of its libraries."""

    def checks(self, rules: Iterable[Rule]) -> Checks:
        """The checks that look at the syntax of this language."""
        ...

    def is_source(self, module: Module, data: bytes) -> bool:
        """Whether somebody wrote the file for it to run: no declarations of types, no output of a compiler."""
        ...

    def is_unreadable(self, data: bytes) -> bool:
        """Whether no person can read it, so that it has no facts to give either: minified code."""
        ...

    def triggered(self, data: bytes, checks: Checks, *, in_test: bool, screen: bool = True) -> list[RuleCheck]:
        """The checks that may find something in a file of these bytes; a file with none need not be parsed."""
        ...

    def open(
        self,
        source: SourceText,
        module: Module,
        *,
        symbols: Symbols,
        modules: Modules,
        options: Mapping[str, Mapping[str, Any]],
    ) -> AnalysedFile:
        """Parse a file."""
        ...

    def inspect(self, file: Any, checks: Sequence[RuleCheck], *, screen: bool = True) -> Inspection:
        """Show a file that was opened here to the rules."""
        ...

    def may_be_deep(self, data: bytes) -> bool:
        """Whether the bytes have the look of extreme nesting, so that the tree is worth measuring."""
        ...

    def seems_deep(self, file: Any) -> bool:
        """Whether a look at the tree says the same."""
        ...

    def is_too_deep(self, file: Any) -> bool:
        """Whether the tree is too deep to be analysed at all."""
        ...

    def syntax_error(self, file: Any) -> tuple[Span, str] | None:
        """The first syntax error that is beyond doubt: its place, and what it is in a few words."""
        ...

    def parses(self, data: bytes, path: str) -> bool:
        """Whether a text of this language is free of syntax errors."""
        ...

    def types(self, additions: Mapping[str, Iterable[str]]) -> Types:
        """What its libraries return and hold, with the names that the user adds to knowledge tables."""
        ...

    def handlers(self) -> HandlerTable:
        """What its frameworks call."""
        ...


@cache
def language(name: str) -> Language:
    """The language of that name, imported when it is first needed."""
    found: Language = importlib.import_module(f"lint_rules.languages.{name}.language").LANGUAGE
    return found


@lru_cache(maxsize=65536)
def language_of(path: str) -> str:
    """The name of the language a file is written in, by its name; Python where nothing tells."""
    if path.endswith(PYTHON_SUFFIXES):
        return "python"
    if path.endswith(JAVASCRIPT_SUFFIXES):
        return "javascript"
    return "config" if is_config_name(path) else "python"


def by_language(paths: Iterable[str]) -> dict[str, list[str]]:
    """Paths by the language they are written in, in the order of LANGUAGES."""
    found: dict[str, list[str]] = {name: [] for name in LANGUAGES}
    for path in paths:
        found[language_of(path)].append(path)
    return {name: paths for name, paths in found.items() if paths}
