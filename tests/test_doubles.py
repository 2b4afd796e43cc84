"""One defect, one finding."""

from __future__ import annotations

from lint_rules.engine.doubles import undoubled
from lint_rules.model import ERROR, HIGH, Finding, Span


def _finding(code: str, start: int, yields_to: tuple[tuple[str, Span], ...] = (), path: str = "/a.js") -> Finding:
    return Finding(code, "name", path, _span(start, start + 1), "wrong", "help", ERROR, HIGH, yields_to=yields_to)


def _span(start: int, end: int) -> Span:
    return Span(start, end, 1, start + 1, 1, end + 1)


def test_a_finding_yields_to_another_rule_within_its_span() -> None:
    handler = _finding("TEN0505", 0, (("TEN0608", _span(0, 50)),))
    place = _finding("TEN0608", 20)
    assert undoubled([handler, place]) == [place]


def test_a_finding_stays_where_the_other_rule_says_nothing_there() -> None:
    handler = _finding("TEN0505", 0, (("TEN0608", _span(0, 50)),))
    elsewhere, other_file = _finding("TEN0608", 60), _finding("TEN0608", 20, path="/b.js")
    assert undoubled([handler, elsewhere, other_file]) == [handler, elsewhere, other_file]
    assert undoubled([handler]) == [handler]


def test_a_finding_stays_where_the_other_one_is_not_told() -> None:
    handler = _finding("TEN0505", 0, (("TEN0608", _span(0, 50)),))
    ignored = _finding("TEN0608", 20)
    assert undoubled([handler, ignored], told=[handler]) == [handler, ignored]
