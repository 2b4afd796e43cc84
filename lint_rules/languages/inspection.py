"""What comes of showing one file to the rules, in any language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

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


def triggered(
    data: bytes,
    checks: Iterable[RuleCheck],
    *,
    in_test: bool,
    screen: bool,
    may_run_on_loop: Callable[[bytes], bool],
) -> list[RuleCheck]:
    """The checks that may find something in a file of these bytes; a file with none need not be parsed."""
    asked = [one for one in checks if one.rule.in_tests or not in_test]
    if not screen:
        return asked
    on_loop = may_run_on_loop(data)
    return [one for one in asked if (on_loop or one.check.inside is not EVENT_LOOP) and _may_hold(data, one.check)]


def _may_hold(data: bytes, check: Check) -> bool:
    words, trigger = check.selector.words, check.selector.trigger
    if words and not any(word in data for word in words):
        return False
    return trigger is None or bool(trigger(data))


def checks_of(rules: Iterable[Rule], language: str) -> tuple[RuleCheck, ...]:
    """The checks of the rules that look at the syntax of a language."""
    return tuple(
        RuleCheck(rule, check)
        for rule in rules
        for check in rule.checks
        if check.language == language and check.selector is not None
    )
