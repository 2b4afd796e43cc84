"""JavaScript and TypeScript as the engine sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lint_rules.languages.inspection import Checks, Inspection, RuleCheck, checks_of, triggered
from lint_rules.languages.javascript import grammar
from lint_rules.languages.javascript.compiled import is_compiled, is_compiled_copy, is_minified
from lint_rules.languages.javascript.faults import syntax_fault
from lint_rules.languages.javascript.file import JavaScriptFile
from lint_rules.languages.javascript.inspect import inspect
from lint_rules.languages.javascript.library import handler_table, types_with
from lint_rules.model import Rule, Span
from lint_rules.project.frameworks import HandlerTable
from lint_rules.project.modules import Module, Modules
from lint_rules.project.symbols import Symbols
from lint_rules.project.types import Types
from lint_rules.source import SourceText


class JavaScript:
    """See languages/language.py."""

    def checks(self, rules: Iterable[Rule]) -> Checks:
        return checks_of(rules, "javascript")

    def is_source(self, module: Module, data: bytes) -> bool:
        return not (module.is_declaration or is_compiled(data) or is_compiled_copy(module.path, data))

    def is_unreadable(self, data: bytes) -> bool:
        return is_minified(data)

    def triggered(self, data: bytes, checks: Checks, *, in_test: bool, screen: bool = True) -> list[RuleCheck]:
        return triggered(data, checks, in_test=in_test, screen=screen, may_run_on_loop=lambda data: True)

    def open(
        self,
        source: SourceText,
        module: Module,
        *,
        symbols: Symbols,
        modules: Modules,
        options: Mapping[str, Mapping[str, Any]],
    ) -> JavaScriptFile:
        return JavaScriptFile(source, module, symbols=symbols, modules=modules, options=options)

    def inspect(self, file: JavaScriptFile, checks: Sequence[RuleCheck], *, screen: bool = True) -> Inspection:
        return inspect(file, checks, screen=screen)

    def may_be_deep(self, data: bytes) -> bool:
        return grammar.may_be_deep(data)

    def seems_deep(self, file: JavaScriptFile) -> bool:
        return grammar.seems_deep(file.root)

    def is_too_deep(self, file: JavaScriptFile) -> bool:
        return grammar.is_too_deep(file.root)

    def syntax_error(self, file: JavaScriptFile) -> tuple[Span, str] | None:
        fault = None if file.is_declaration else syntax_fault(file.parsed, file.data)
        return None if fault is None else (file.source.span(fault.at, fault.at), fault.reason)

    def parses(self, data: bytes, path: str) -> bool:
        return not grammar.parse(data, path).tree.root_node.has_error

    def types(self, additions: Mapping[str, Iterable[str]]) -> Types:
        return types_with(additions)

    def handlers(self) -> HandlerTable:
        return handler_table()


LANGUAGE = JavaScript()
