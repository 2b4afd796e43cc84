"""Applying suppression comments: which findings they hide, and which of them hide nothing or name no rule."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from typing import Final, Protocol

from lint_rules.engine.config import Settings
from lint_rules.engine.housekeeping import HOUSEKEEPING, NOTICE_CODES, UNKNOWN_SUPPRESSION, UNUSED_SUPPRESSION
from lint_rules.engine.report import COMMENT, Hidden
from lint_rules.engine.selection import Catalogue, quoted
from lint_rules.engine.suppression_comments import LINE, START, Name, Suppression
from lint_rules.model import SAFE, Edit, Finding, Fix, Rule

_MOST_GUESSES: Final = 50
_MOST_SHOWN: Final = 10

Guess = Callable[[str], str]


class FileOfSuppressions(Protocol):
    """An analysed file: its absolute path and its suppressions."""

    @property
    def path(self) -> str: ...

    @property
    def suppressions(self) -> Sequence[Suppression]: ...


def suppressed(
    findings: Iterable[Finding],
    files: Iterable[FileOfSuppressions],
    settings: Settings,
    rules: Sequence[Rule],
    catalogue: Catalogue | None = None,
) -> list[Finding]:
    """The findings that no comment hides, and TEN0004 and TEN0005 where `rules` (the enabled ones) hold them; unsorted.

    Whether a suppression is unused can only be said of rules that ran. `catalogue` holds all rules there are.
    """
    return judged(findings, files, settings, rules, catalogue)[0]


def judged(
    findings: Iterable[Finding],
    files: Iterable[FileOfSuppressions],
    settings: Settings,
    rules: Sequence[Rule],
    catalogue: Catalogue | None = None,
) -> tuple[list[Finding], list[Hidden]]:
    """As `suppressed`, with the findings that comments hide, sorted, beside those they do not."""
    findings = list(findings)
    suppressions_of = (
        {} if settings.no_inline else {file.path: file.suppressions for file in files if file.suppressions}
    )
    if not suppressions_of:
        return findings, []
    if catalogue is None:
        from lint_rules.engine.registry import load_rules

        catalogue = Catalogue((*HOUSEKEEPING, *load_rules()))
    by_path: dict[str, list[Finding]] = defaultdict(list)
    kept: list[Finding] = []
    for finding in findings:
        (by_path[finding.path] if finding.path in suppressions_of else kept).append(finding)
    enabled = frozenset(rule.code for rule in rules)
    guess = _guesser(catalogue)
    hidden: list[Hidden] = []
    for path, suppressions in suppressions_of.items():
        matcher = _Matcher(suppressions, catalogue)
        for finding in by_path[path]:
            hider = matcher.hider(finding)
            if hider is None:
                kept.append(finding)
            else:
                hidden.append(Hidden(finding, COMMENT, hider.reason))
        for index, suppression in enumerate(suppressions):
            said = _housekeeping(path, suppression, matcher.idle_names(index, enabled), settings, guess)
            kept += [finding for finding in said if finding.code in enabled]
    return kept, sorted(hidden, key=lambda one: one.finding.sort_key)


class _Matcher:
    """Finds the suppression that hides a finding, and remembers which were of use, as (suppression, name) indexes."""

    def __init__(self, suppressions: Sequence[Suppression], catalogue: Catalogue) -> None:
        self._suppressions = suppressions
        self._catalogue = catalogue
        self._used: set[tuple[int, int]] = set()
        self._on_line: dict[tuple[str, int], tuple[int, int]] = {}
        ranges: dict[str, list[tuple[int, int, tuple[int, int]]]] = defaultdict(list)
        for index, suppression in enumerate(suppressions):
            if suppression.problem:
                continue
            for place, name in enumerate(suppression.names):
                rule = catalogue.rule(name.text)
                if rule is None or rule.code in NOTICE_CODES:
                    continue
                if suppression.kind == LINE:
                    self._on_line.setdefault((rule.code, suppression.first_row), (index, place))
                else:
                    ranges[rule.code].append((suppression.first_row, suppression.last_row, (index, place)))
        self._innermost = {code: _Innermost(rows) for code, rows in ranges.items()}

    def hider(self, finding: Finding) -> Suppression | None:
        """The suppression that holds for the finding; it counts as used. Of several it is the nearest."""
        code, span = finding.code, finding.span
        hider = self._on_line.get((code, span.row)) or self._on_line.get((code, span.end_row))
        if hider is None and code in self._innermost:
            hider = self._innermost[code].at(span.row)
        if hider is None:
            return None
        self._used.add(hider)
        return self._suppressions[hider[0]]

    def idle_names(self, index: int, enabled: frozenset[str]) -> list[Name]:
        """The names of a suppression that hid nothing although their rules ran."""
        return [
            name
            for place, name in enumerate(self._suppressions[index].names)
            if (index, place) not in self._used
            and (rule := self._catalogue.rule(name.text)) is not None
            and rule.code in enabled
        ]


class _Innermost:
    """Answers which of many ranges of rows holds a row, the one that begins last; all answers in one sweep."""

    def __init__(self, ranges: list[tuple[int, int, tuple[int, int]]]) -> None:
        self._starts: list[int] = []
        self._answers: list[tuple[int, int] | None] = []
        ordered = sorted(ranges)
        rows = sorted({row for first, last, _ in ranges for row in (first, last + 1)})
        begun = 0
        holding: list[tuple[int, int, tuple[int, int]]] = []
        for row in rows:
            while begun < len(ordered) and ordered[begun][0] <= row:
                first, last, owner = ordered[begun]
                heappush(holding, (-first, last, owner))
                begun += 1
            while holding and holding[0][1] < row:
                heappop(holding)
            self._starts.append(row)
            self._answers.append(holding[0][2] if holding else None)

    def at(self, row: int) -> tuple[int, int] | None:
        """The range that holds a row."""
        place = bisect_right(self._starts, row)
        return self._answers[place - 1] if place else None


def _guesser(catalogue: Catalogue) -> Guess:
    """What to write in place of a name, '' if it is known. Guessing costs, and a hostile file may hold many names."""
    answers: dict[str, str] = {}

    def guess(name: str) -> str:
        if catalogue.rule(name) is not None:
            return ""
        if name not in answers:
            nearest = catalogue.nearest(name) if len(answers) < _MOST_GUESSES else None
            is_rule = nearest is not None and catalogue.rule(nearest) is not None
            answers[name] = f"write `{nearest}`" if is_rule else "see `tenlint rules` for codes and names"
        return answers[name]

    return guess


def _housekeeping(
    path: str, suppression: Suppression, idle: Sequence[Name], settings: Settings, guess: Guess
) -> Iterator[Finding]:
    """What is to be said about one suppression; `idle` are those of its names that hid nothing."""
    if suppression.problem:
        yield UNKNOWN_SUPPRESSION.finding(
            path, suppression.span, suppression.problem, suppression.problem.partition("; ")[2]
        )
        return
    for name, advice in ((name, guess(name.text)) for name in suppression.names):
        if advice:
            message = f"unknown rule {quoted(name.text)} in a suppression; {advice}"
            yield UNKNOWN_SUPPRESSION.finding(path, name.span, message, advice)
    if idle:
        yield _unused(path, suppression, idle)
    elif settings.require_reason and not suppression.has_reason:
        advice = "write why after the bracket"
        yield UNKNOWN_SUPPRESSION.finding(path, suppression.span, f"suppression without a reason; {advice}", advice)


def _unused(path: str, suppression: Suppression, idle: Sequence[Name]) -> Finding:
    names = ", ".join(quoted(name.text) for name in idle[:_MOST_SHOWN]) + ", ..." * (len(idle) > _MOST_SHOWN)
    unwanted = frozenset(idle)
    fix: Fix | None
    if len(idle) < len(suppression.names):
        advice = f"remove {names}"
        remaining = ", ".join(name.text for name in suppression.names if name not in unwanted)
        fix = Fix(f"Remove {names}", (Edit(suppression.brackets, f"[{remaining}]"),), SAFE)
    elif suppression.kind == START:
        # Its `ignore-end` stands elsewhere; to remove one of the two would leave the other behind.
        advice = "remove it and its `ignore-end`"
        fix = None
    else:
        advice = "remove it"
        fix = Fix("Remove the suppression", (Edit(suppression.removal, ""),), SAFE)
    message = f"unused suppression of {names}; {advice}"
    return UNUSED_SUPPRESSION.finding(path, suppression.span, message, advice, fix=fix)
