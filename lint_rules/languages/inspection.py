"""What comes of showing one file to the rules, in any language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from lint_rules.languages.screening import Speller, Ways, ways_of
from lint_rules.model import EVENT_LOOP, Check, Finding, Rule, Span
from lint_rules.project.symbols import Symbols


class Concerned(Protocol):
    """A selector of calls, which knows from a symbol alone whether a call may be one of its own."""

    def concerns(self, symbol: str, symbols: Symbols) -> bool:
        """Whether a call of what a symbol denotes may be one of these; asked again when more modules are known."""
        ...


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """A check and the rule it belongs to."""

    rule: Rule
    check: Check


@dataclass(slots=True)
class Inspection:
    """What came of showing one file to the rules.

    `too_complex` are places that could not be analysed; `failures` are rules that raised, as (code, place, error).
    `pending` are calls whose names led to modules with unknown facts, as (selector, symbol); `was_unsure` says that
    more than the screening of calls depended on such modules.
    """

    findings: list[Finding] = field(default_factory=list)
    too_complex: list[Span] = field(default_factory=list)
    failures: list[tuple[str, Span, str]] = field(default_factory=list)
    pending: list[tuple[Concerned, str]] = field(default_factory=list)
    was_unsure: bool = False

    def may_change(self, symbols: Symbols) -> bool:
        """Whether the file must be shown to the rules again, now that more modules are known."""
        return self.was_unsure or any(calls.concerns(symbol, symbols) for calls, symbol in self.pending)


class Checks(tuple[RuleCheck, ...]):
    """The checks of one language, and what a file must spell for them."""

    @cached_property
    def speller(self) -> Speller:
        """Tells by their places which of the checks a file may concern."""
        return Speller([_ways(one.check) for one in self])


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
    return [one for one in asked if (on_loop or one.check.inside is not EVENT_LOOP) and _may_hold(data, one.check)]


def _ways(check: Check) -> Ways | None:
    trigger = check.selector.trigger
    return ways_of(check.selector.words, trigger if isinstance(trigger, re.Pattern) else None)


def _may_hold(data: bytes, check: Check) -> bool:
    words, trigger = check.selector.words, check.selector.trigger
    if words and not any(word in data for word in words):
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
