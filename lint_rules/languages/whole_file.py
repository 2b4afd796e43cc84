"""Checks that are shown a whole file, in any language: they find their places by the file's bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lint_rules.languages.inspection import Inspection, RuleCheck
from lint_rules.model import Span

if TYPE_CHECKING:
    from lint_rules.languages.language import AnalysedFile


@dataclass(frozen=True)
class WholeFile:
    """The selector of such a check. `trigger` says from the bytes whether the file may hold something for it: a pattern
    (the best choice, see languages/screening.py) or a function; `words`, of which one must be there, are asked first.

    It has no kinds of nodes, so that no language shows it any.
    """

    trigger: Callable[[bytes], bool] | re.Pattern[bytes] | None
    words: tuple[bytes, ...] = ()
    kinds: tuple[str, ...] = ()


def inspect_whole(file: AnalysedFile, checks: Sequence[RuleCheck], inspection: Inspection) -> None:
    """Run the checks of whole files among the triggered ones; their findings go to those of the inspection."""
    symbols = file.symbols
    for one in checks:
        if not isinstance(one.check.selector, WholeFile):
            continue
        misses = symbols.misses
        try:
            inspection.findings.extend(one.check.function(file))
        except Exception as error:  # the one place where a faulty rule of this kind is caught
            start = Span(0, 0, 1, 1, 1, 1)
            inspection.failures.append((one.rule.code, start, f"{type(error).__name__}: {error}"))
        if symbols.misses != misses:
            inspection.was_unsure = True


__all__ = ["WholeFile", "inspect_whole"]
