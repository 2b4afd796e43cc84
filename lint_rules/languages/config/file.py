"""One configuration file as rules see it: its settings, its comments, its place in the project."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from lint_rules.languages.config.entries import Entry, entries
from lint_rules.model import Span
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.modules import Module, Modules
from lint_rules.project.symbols import Symbols
from lint_rules.source import Comment, SourceText

# Only comments that hold a suppression are of interest.
_COMMENT = re.compile(rb"(?:^|(?<=\s))(?:#|//)[^\r\n]*tenlint:[^\r\n]*", re.MULTILINE)


class ConfigFile:
    """Text and settings of one file."""

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
        self.data = source.data
        self.symbols = symbols
        self._module = module
        self._options = options or {}

    def renew(self) -> None:
        """There is nothing that depends on other files."""

    def facts(self) -> ModuleFacts:
        """It says nothing that other files ask for."""
        return ModuleFacts(self._module.name, self.path, is_complete=True)

    definitions = facts

    def span(self, node: Any) -> Span:
        """A span as it is; there is no syntax tree."""
        assert isinstance(node, Span)
        return node

    def symbol_at(self, span: Span) -> str:
        """Nothing is defined here."""
        return ""

    def statement_rows(self, row: int) -> tuple[int, int]:
        """A setting is a line."""
        return row, row

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """The comments that hold a suppression, in order."""
        return tuple(
            Comment(self.source.span(*found.span()), found.group().decode("utf-8", "replace"))
            for found in _COMMENT.finditer(self.data)
        )

    @property
    def is_test(self) -> bool:
        """Whether the file's place in the project says that it belongs to tests."""
        return self._module.is_test

    def option(self, rule: str, name: str, default: Any) -> Any:
        """The user's value for an option of a rule."""
        return self._options.get(rule, {}).get(name, default)

    def entries(self) -> Iterator[Entry]:
        """The settings of the file."""
        return entries(self.data, self.path)
