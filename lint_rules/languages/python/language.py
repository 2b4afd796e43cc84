"""Python as the engine sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lint_rules.languages.inspection import Checks, Inspection, RuleCheck, checks_of, triggered
from lint_rules.languages.python import grammar
from lint_rules.languages.python.file import PythonFile
from lint_rules.languages.python.inspect import inspect
from lint_rules.languages.python.library import handler_table, may_run_on_loop, types_with
from lint_rules.model import Rule, Span
from lint_rules.project.frameworks import HandlerTable
from lint_rules.project.modules import Module, Modules
from lint_rules.project.symbols import Symbols
from lint_rules.project.types import Types
from lint_rules.source import SourceText


class Python:
    """See languages/language.py."""

    def checks(self, rules: Iterable[Rule]) -> Checks:
        return checks_of(rules, "python")

    def is_source(self, module: Module, data: bytes) -> bool:
        return not module.is_declaration

    def is_unreadable(self, data: bytes) -> bool:
        return False

    def triggered(self, data: bytes, checks: Checks, *, in_test: bool, screen: bool = True) -> list[RuleCheck]:
        return triggered(data, checks, in_test=in_test, screen=screen, may_run_on_loop=may_run_on_loop)

    def open(
        self,
        source: SourceText,
        module: Module,
        *,
        symbols: Symbols,
        modules: Modules,
        options: Mapping[str, Mapping[str, Any]],
    ) -> PythonFile:
        return PythonFile(source, module, symbols=symbols, modules=modules, options=options)

    def inspect(self, file: PythonFile, checks: Sequence[RuleCheck], *, screen: bool = True) -> Inspection:
        return inspect(file, checks, screen=screen)

    def may_be_deep(self, data: bytes) -> bool:
        return grammar.may_be_deep(data)

    def seems_deep(self, file: PythonFile) -> bool:
        return False

    def is_too_deep(self, file: PythonFile) -> bool:
        return grammar.is_too_complex(file.root, counting_nodes=False)

    def syntax_error(self, file: PythonFile) -> tuple[Span, str] | None:
        error = grammar.syntax_error(file.data) if file.root.has_error else None
        if error is None or grammar.is_newer(file.data):
            return None
        start = file.source.offset_at(error.lineno or 1, max(error.offset or 1, 1))
        return file.source.span(start, start), error.msg

    def parses(self, data: bytes, path: str) -> bool:
        return grammar.parses(data)

    def types(self, additions: Mapping[str, Iterable[str]]) -> Types:
        return types_with(additions)

    def handlers(self) -> HandlerTable:
        return handler_table()


LANGUAGE = Python()
