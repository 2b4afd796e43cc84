"""Every fixture project gives the findings its markers ask for, and no others."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest
from projects import expectations, lint, projects, session_of, shown, sources

from lint_rules.engine.report import Report
from lint_rules.engine.session import Session
from lint_rules.languages.language import language, language_of


def name(project: Path) -> str:
    return f"{project.parent.name}/{project.name}"


@pytest.fixture(params=projects(), ids=name, scope="module")
def project(request: pytest.FixtureRequest) -> Path:
    """One fixture project after the other, each for all tests here, so that they can share what was found in it."""
    return Path(request.param)


@lru_cache(maxsize=1)
def linted(project: Path) -> tuple[Session, Report]:
    """What a user is told of a project, and the session that said it."""
    session = session_of(project, sources(project))
    return session, session.lint()


@lru_cache(maxsize=1)
def everything(project: Path) -> Report:
    """All that all rules have to say of a project."""
    return lint(project, everything=True)


def test_findings_equal_expectations(project: Path) -> None:
    found = [shown(project, finding) for finding in linted(project)[1].findings]
    expected = list(expectations(project))

    def places(items: list) -> Counter:  # type: ignore[type-arg]
        return Counter((item.file, item.line, item.code) for item in items)

    surplus, missing = places(found) - places(expected), places(expected) - places(found)
    report = [f"not expected: {file}:{line} {code}" for file, line, code in sorted(surplus)]
    report += [f"not found:    {file}:{line} {code}" for file, line, code in sorted(missing)]
    assert not report, "\n".join(["", *report, *(f"  {one.file}:{one.line} {one.code} {one.message}" for one in found)])
    for want in expected:
        messages = [one.message for one in found if (one.file, one.line, one.code) == (want.file, want.line, want.code)]
        assert any(want.message in message for message in messages), f"{want} is not in {messages}"


def test_fixes_give_the_blessed_files(project: Path, bless: bool) -> None:
    session, report = linted(project)
    fixed = {Path(one.path): one for one in session.fix(report, unsafe=True)}
    for path, one in fixed.items():
        assert not one.problem, f"{path}: {one.problem}"
        assert language(language_of(str(path))).parses(one.after, str(path))
        if bless and one.is_changed:
            blessed_path(path).write_bytes(one.after)
    blessed = {path: blessed_path(path) for path in sources(project) if blessed_path(path).exists()}
    assert {path for path, one in fixed.items() if one.is_changed} == set(blessed), "run pytest --bless and read them"
    for path, expected in blessed.items():
        assert fixed[path].after.decode() == expected.read_text(encoding="utf-8"), f"{path}: run pytest --bless"


def test_the_screen_loses_nothing_and_no_rule_raises(project: Path) -> None:
    screened, unscreened = everything(project), lint(project, everything=True, screen=False)
    assert screened.findings == unscreened.findings
    for report in (screened, unscreened):
        assert not report.internal_errors, [notice.message for notice in report.notices]


def test_messages_say_what_is_wrong_and_what_to_do_on_one_line(project: Path) -> None:
    for finding in everything(project).findings:
        assert "\n" not in finding.message
        assert "; " in finding.message, finding.message
        assert not finding.message.endswith("."), finding.message
        assert "should" not in finding.message, finding.message
        assert finding.suggestion.strip(), finding.message


def test_spans_lie_in_their_files(project: Path) -> None:
    for finding in everything(project).findings:
        assert 0 <= finding.span.start <= finding.span.end <= Path(finding.path).stat().st_size
        for related in finding.related:
            assert related.span.end <= Path(related.path).stat().st_size


def blessed_path(path: Path) -> Path:
    """`app/main.fixed.py` for `app/main.py`: what the fixes make of a file."""
    return path.with_name(f"{path.stem}.fixed{path.suffix}")
