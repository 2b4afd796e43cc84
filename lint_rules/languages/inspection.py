"""What comes of showing one file to the rules, in any language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property

from msgspec import Struct, field

from lint_rules.languages.screening import Speller, Ways, is_piece, ways_of
from lint_rules.model import EVENT_LOOP, Check, Finding, Rule, Span
from lint_rules.project.symbols import Symbols


class RuleCheck(Struct, frozen=True, eq=False):
    """A check and the rule it belongs to. There is one of each in a process, compared by identity."""

    rule: Rule
    check: Check


class Inspection(Struct):
    """What came of showing one file to the rules.

    `too_complex` are places that could not be analysed; `failures` are rules that raised, as (code, place, error).
    `pending` are calls whose names led to modules with unknown facts, as (check, symbol); `unsure` are the checks of
    which more than the screening of calls depended on such modules.
    """

    by_check: dict[RuleCheck, list[Finding]] = field(default_factory=dict)
    too_complex: list[Span] = field(default_factory=list)
    failures: list[tuple[str, Span, str]] = field(default_factory=list)
    pending: list[tuple[RuleCheck, str]] = field(default_factory=list)
    unsure: set[RuleCheck] = field(default_factory=set)

    @property
    def findings(self) -> list[Finding]:
        """All findings, in the order of the text."""
        found = [finding for findings in self.by_check.values() for finding in findings]
        return sorted(found, key=lambda finding: finding.sort_key)

    def found(self, one: RuleCheck, findings: Iterable[Finding]) -> None:
        """Take what a check says."""
        self.by_check.setdefault(one, []).extend(findings)

    def note_unsure(self, *checks: RuleCheck) -> None:
        """Note that these checks depended on modules that are not known yet."""
        self.unsure.update(checks)

    def again(self, symbols: Symbols) -> set[RuleCheck]:
        """The checks that must look again, now that more modules are known."""
        again = set(self.unsure)
        for one, symbol in self.pending:
            if one not in again and one.check.selector.concerns(symbol, symbols):
                again.add(one)
        return again

    def take_over(self, earlier: Inspection, again: set[RuleCheck]) -> None:
        """Take over what an earlier look gave, but for the checks that have looked again."""
        for one, findings in earlier.by_check.items():
            if one not in again:
                self.by_check[one] = findings
        codes = {one.rule.code for one in again}
        self.failures.extend(failure for failure in earlier.failures if failure[0] not in codes)
        self.too_complex.extend(place for place in earlier.too_complex if place not in self.too_complex)
        self.pending.extend(pending for pending in earlier.pending if pending[0] not in again)


class Checks(tuple[RuleCheck, ...]):
    """The checks of one language, and what a file must spell for them."""

    @cached_property
    def speller(self) -> Speller:
        """Tells by their places which of the checks a file may concern."""
        return Speller([_ways(one.check) for one in self])

    @cached_property
    def spelled(self) -> frozenset[RuleCheck]:
        """The checks of whose words a file holds one if it spells what they need."""
        return frozenset(
            one for one in self
            if not isinstance(one.check.selector.trigger, re.Pattern) and all(map(is_piece, one.check.selector.words))
        )  # fmt: skip


def triggered(
    data: bytes,
    checks: Checks,
    *,
    in_test: bool,
    screen: bool,
    may_run_on_loop: Callable[[bytes], bool],
) -> list[RuleCheck]:
    """The checks that may find something in a file of these bytes; a file with none need not be parsed."""
    if not screen:
        return [one for one in checks if one.rule.in_tests or not in_test]
    places = checks.speller.fulfilled(data) if checks else ()
    asked = [one for one in map(checks.__getitem__, sorted(places)) if one.rule.in_tests or not in_test]
    on_loop = any(one.check.inside is EVENT_LOOP for one in asked) and may_run_on_loop(data)
    spelled = checks.spelled
    return [
        one
        for one in asked
        if (on_loop or one.check.inside is not EVENT_LOOP) and _may_hold(data, one.check, holds_word=one in spelled)
    ]


def _ways(check: Check) -> Ways | None:
    trigger = check.selector.trigger
    return ways_of(check.selector.words, trigger if isinstance(trigger, re.Pattern) else None)


def _may_hold(data: bytes, check: Check, *, holds_word: bool = False) -> bool:
    words, trigger = check.selector.words, check.selector.trigger
    if words and not holds_word and not any(word in data for word in words):
        return False
    if isinstance(trigger, re.Pattern):
        return trigger.search(data) is not None
    return trigger is None or bool(trigger(data))


def checks_of(rules: Iterable[Rule], language: str) -> Checks:
    """The checks of the rules that look at the syntax of a language."""
    return Checks(
        RuleCheck(rule, check)
        for rule in rules
        for check in rule.checks
        if check.language == language and check.selector is not None
    )
