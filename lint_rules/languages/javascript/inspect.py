"""Showing a JavaScript file to the rules: every node that a check's screen lets through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.inspection import Inspection, RuleCheck
from lint_rules.languages.javascript.grammar import callee
from lint_rules.languages.javascript.selectors import Calls, ScreenedCalls
from lint_rules.model import EVENT_LOOP

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile


def inspect(file: JavaScriptFile, checks: Sequence[RuleCheck], *, screen: bool = True) -> Inspection:
    """Run the triggered checks over one file; with `screen` off, they see every node of their kinds."""
    inspection = Inspection()
    by_kind: dict[str, list[RuleCheck]] = {}
    for one in checks:
        for kind in one.check.selector.kinds:
            by_kind.setdefault(kind, []).append(one)
    is_broken = file.root.has_error
    for kind, interested in by_kind.items():
        by_name = [one for one in interested if isinstance(one.check.selector, Calls)]
        others = [one for one in interested if not isinstance(one.check.selector, Calls)]
        for node in file.nodes(kind):
            if is_broken and file.in_broken_code(node):
                continue
            if by_name:
                _show_named(by_name, node, file, inspection)
            for one in others:
                _show(one, node, file, inspection, screen=screen)
    return inspection


def _show_named(checks: Sequence[RuleCheck], node: Node, file: JavaScriptFile, inspection: Inspection) -> None:
    """Show a call to the checks that ask for its name alone, which is found out once for all."""
    function = callee(node)
    if function is None:
        return
    symbols = file.symbols
    misses = symbols.misses
    try:
        name = file.canonical(function)
    except Exception:  # whoever asks for the name is told, and caught, one by one
        for one in checks:
            _show(one, node, file, inspection, screen=True)
        return
    is_unsure = symbols.misses != misses
    for one in checks:
        if is_unsure:
            _note_unsure(one, node, file, inspection)
        if one.check.selector.table.match(name, file.types) is not None:
            _speak(one, node, file, inspection)


def _show(one: RuleCheck, node: Node, file: JavaScriptFile, inspection: Inspection, *, screen: bool) -> None:
    check, symbols = one.check, file.symbols
    misses = symbols.misses
    try:
        is_suspect = check.selector.suspect(node, file) if screen else check.selector.accepts(node, file)
    except Exception as error:  # a faulty selector
        _note_failure(one, node, error, file, inspection)
        is_suspect = False
    if symbols.misses != misses:
        _note_unsure(one, node, file, inspection)
    if is_suspect:
        _speak(one, node, file, inspection)


def _speak(one: RuleCheck, node: Node, file: JavaScriptFile, inspection: Inspection) -> None:
    """Take what a check says about a node that its selector accepts."""
    check, symbols = one.check, file.symbols
    misses = symbols.misses
    try:
        if check.inside is not EVENT_LOOP or file.on_event_loop(node):
            inspection.found(one, check.function(node, file))
    except Exception as error:  # a faulty rule
        _note_failure(one, node, error, file, inspection)
    if symbols.misses != misses:  # the answer depends on modules that are not known yet
        inspection.note_unsure(one)


def _note_failure(one: RuleCheck, node: Node, error: Exception, file: JavaScriptFile, inspection: Inspection) -> None:
    inspection.failures.append((one.rule.code, file.span(node), f"{type(error).__name__}: {error}"))


def _note_unsure(one: RuleCheck, node: Node, file: JavaScriptFile, inspection: Inspection) -> None:
    function = callee(node)
    if isinstance(one.check.selector, (Calls, ScreenedCalls)) and function is not None:
        inspection.pending.append((one, file.names.symbol(function)))
    else:
        inspection.note_unsure(one)
