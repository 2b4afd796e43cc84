"""Configuration files as the engine sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from lint_rules.languages.config.file import ConfigFile
from lint_rules.languages.inspection import Checks, Inspection, RuleCheck, checks_of, triggered
from lint_rules.model import Rule, Span
from lint_rules.project.frameworks import HandlerTable
from lint_rules.project.modules import Module, Modules
from lint_rules.project.symbols import Symbols
from lint_rules.project.types import Types
from lint_rules.source import SourceText

_MAX_BYTES: Final = 300_000
"""Size past which a file holds data and no settings."""


class Config:
    """See languages/language.py."""

    def checks(self, rules: Iterable[Rule]) -> Checks:
        return checks_of(rules, "config")

    def is_source(self, module: Module, data: bytes) -> bool:
        return True

    def is_unreadable(self, data: bytes) -> bool:
        return False

    def triggered(self, data: bytes, checks: Checks, *, in_test: bool, screen: bool = True) -> list[RuleCheck]:
        if len(data) > _MAX_BYTES:
            return []
        return triggered(data, checks, in_test=in_test, screen=screen, may_run_on_loop=lambda data: False)

    def open(
        self,
        source: SourceText,
        module: Module,
        *,
        symbols: Symbols,
        modules: Modules,
        options: Mapping[str, Mapping[str, Any]],
    ) -> ConfigFile:
        return ConfigFile(source, module, symbols=symbols, modules=modules, options=options)

    def inspect(self, file: ConfigFile, checks: Sequence[RuleCheck], *, screen: bool = True) -> Inspection:
        return Inspection()

    def may_be_deep(self, data: bytes) -> bool:
        return False

    def seems_deep(self, file: ConfigFile) -> bool:
        return False

    def is_too_deep(self, file: ConfigFile) -> bool:
        return False

    def syntax_error(self, file: ConfigFile) -> tuple[Span, str] | None:
        return None

    def parses(self, data: bytes, path: str) -> bool:
        return True

    def types(self, additions: Mapping[str, Iterable[str]]) -> Types:
        return Types()

    def handlers(self) -> HandlerTable:
        return HandlerTable({})


LANGUAGE = Config()
