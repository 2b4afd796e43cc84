"""Checks that are shown a whole file, in any language: they find their places by the file's bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from lint_rules.languages.inspection import Inspection, RuleCheck
from lint_rules.model import Span
from lint_rules.project.modules import Module, Modules

if TYPE_CHECKING:
    from lint_rules.languages.language import AnalysedFile


class WholeFile(Struct, frozen=True):
    """The selector of such a check. `trigger` says from the bytes whether the file may hold something for it: a pattern
    (the best choice, see languages/screening.py) or a function; `words`, of which one must be there, are asked first.

    `early` says by the file's bytes and its place in the project whether it is worth being parsed for the check; like a
    trigger, it must not say no where the check would speak. A check has no kinds of nodes, so that no language shows it
    any.
    """

    trigger: Callable[[bytes], bool] | re.Pattern[bytes] | None
    words: tuple[bytes, ...] = ()
    kinds: tuple[str, ...] = ()
    early: Callable[[Placed], bool] | None = None


class Placed(Struct, frozen=True):
    """A file before it is parsed: its bytes, and where it lies in the project."""

    data: bytes
    place: Module
    modules: Modules

    @property
    def path(self) -> str:
        """The absolute path."""
        return self.place.path

    @property
    def relative(self) -> str:
        """The path from the project's folder."""
        return self.place.relative

    @property
    def is_test(self) -> bool:
        """Whether the file's place in the project says that it is a test."""
        return self.place.is_test


def worth_parsing(placed: Placed, checks: Sequence[RuleCheck]) -> list[RuleCheck]:
    """Those of the triggered checks that may still find something, now that the place of the file is known."""
    return [one for one in checks if _is_worth_parsing(placed, one.check.selector)]


def _is_worth_parsing(placed: Placed, selector: object) -> bool:
    if not isinstance(selector, WholeFile) or selector.early is None:
        return True
    try:
        return selector.early(placed)
    except Exception:  # whatever is wrong comes up again in the check, where it is reported
        return True


def inspect_whole(file: AnalysedFile, checks: Sequence[RuleCheck], inspection: Inspection) -> None:
    """Run the checks of whole files among the triggered ones; their findings go to those of the inspection."""
    symbols = file.symbols
    for one in checks:
        if not isinstance(one.check.selector, WholeFile):
            continue
        misses = symbols.misses
        try:
            inspection.found(one, one.check.function(file))
        except Exception as error:  # the one place where a faulty rule of this kind is caught
            start = Span(0, 0, 1, 1, 1, 1)
            inspection.failures.append((one.rule.code, start, f"{type(error).__name__}: {error}"))
        if symbols.misses != misses:
            inspection.note_unsure(one)


__all__ = ["Placed", "WholeFile", "inspect_whole", "worth_parsing"]
