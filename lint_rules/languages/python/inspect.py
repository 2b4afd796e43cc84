"""Showing a file to the rules: suspects from the syntax tree, slices around them, one libcst visitor over each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.languages.inspection import Inspection, RuleCheck
from lint_rules.languages.python.grammar import is_too_complex
from lint_rules.languages.python.lazy import cst
from lint_rules.languages.python.selectors import SYNTAX_OF, Calls, ScreenedCalls
from lint_rules.languages.python.slices import Cut, cut_around, outermost, parse_cut
from lint_rules.model import EVENT_LOOP

if TYPE_CHECKING:
    from lint_rules.languages.python.file import PythonFile


def inspect(file: PythonFile, checks: Sequence[RuleCheck], *, screen: bool = True) -> Inspection:
    """Run the triggered checks over one file; with `screen` off, the whole file is one slice."""
    inspection = Inspection()
    if screen:
        cuts = outermost(cut_around(node, file.data) for node in _suspects(file, checks, inspection))
    else:
        cuts = [Cut(0, len(file.data), file.root)]
    for cut in cuts:
        _inspect_cut(file, cut, checks, inspection)
    return inspection


def _suspects(file: PythonFile, checks: Sequence[RuleCheck], inspection: Inspection) -> Iterator[Node]:
    symbols = file.symbols
    misses = symbols.misses
    by_syntax: dict[str, list[RuleCheck]] = {}
    for one in checks:
        for kind in one.check.selector.kinds:
            by_syntax.setdefault(SYNTAX_OF[kind], []).append(one)
    for kind, interested in by_syntax.items():
        everywhere = [one for one in interested if one.check.inside is not EVENT_LOOP]
        on_loop = [one for one in interested if one.check.inside is EVENT_LOOP]
        if not everywhere and not file.has_loop_code:
            if symbols.misses != misses:
                misses = symbols.misses
                inspection.note_unsure(*on_loop)
            continue
        for node in file.nodes(kind):
            candidates = everywhere
            if on_loop and file.on_event_loop(node):
                candidates = interested
            if symbols.misses != misses:  # whether the place is on the event loop depends on other modules
                misses = symbols.misses
                inspection.note_unsure(*on_loop)
            is_suspect = False
            for one in candidates:
                is_suspect = is_suspect or one.check.selector.suspect(node, file)
                if symbols.misses != misses:
                    misses = symbols.misses
                    _note_unsure(one, node, file, inspection)
            if is_suspect and not file.in_broken_code(node):
                yield node


def _note_unsure(one: RuleCheck, node: Node, file: PythonFile, inspection: Inspection) -> None:
    function = node.child_by_field_name("function")
    if isinstance(one.check.selector, (Calls, ScreenedCalls)) and function is not None:
        inspection.pending.append((one, file.names.symbol(function)))
    else:
        inspection.note_unsure(one)


def _inspect_cut(file: PythonFile, cut: Cut, checks: Sequence[RuleCheck], inspection: Inspection) -> None:
    place = file.source.span(cut.node.start_byte, min(cut.node.end_byte, cut.node.start_byte + 1))
    if is_too_complex(cut.node):
        inspection.too_complex.append(place)
        return
    try:
        part = parse_cut(cut, file.data)
    except RecursionError:
        inspection.too_complex.append(place)
        return
    except (cst.ParserSyntaxError, SyntaxError, UnicodeDecodeError, TypeError, ValueError):
        return  # tree-sitter takes what libcst does not; a real syntax error is reported by the engine
    by_kind: dict[str, list[RuleCheck]] = {}
    for one in checks:
        for kind in one.check.selector.kinds:
            by_kind.setdefault(kind, []).append(one)
    file.show(part)
    try:
        part.module.visit(_visitor(file, by_kind, inspection))
    finally:
        file.show(None)


def _visitor(file: PythonFile, by_kind: dict[str, list[RuleCheck]], inspection: Inspection) -> cst.CSTVisitor:
    class Visitor(cst.CSTVisitor):
        """Hands every node to the checks that declared its kind."""

        def on_visit(self, node: cst.CSTNode) -> bool:
            interested = by_kind.get(type(node).__name__)
            if interested is not None:
                for one in interested:
                    _run(one, node, file, inspection)
            return True

        def on_leave(self, original_node: cst.CSTNode) -> None:
            return None

    return Visitor()


def _run(one: RuleCheck, node: cst.CSTNode, file: PythonFile, inspection: Inspection) -> None:
    misses = file.symbols.misses
    try:
        if one.check.inside is EVENT_LOOP and not file.on_event_loop(node):
            return
        if not one.check.selector.accepts(node, file) or file.in_broken_code(file.syntax(node)):
            return
        inspection.found(one, one.check.function(node, file))
    except Exception as error:  # the one place where a faulty rule is caught
        inspection.failures.append((one.rule.code, file.span(node), f"{type(error).__name__}: {error}"))
    finally:
        if file.symbols.misses != misses:
            inspection.note_unsure(one)
