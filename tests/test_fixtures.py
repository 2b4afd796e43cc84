"""Every fixture project gives the findings its markers ask for, and no others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from projects import expectations, lint, projects, session_of, shown, sources

from lint_rules.languages.language import language, language_of

PROJECTS = projects()


def name(project: Path) -> str:
    return f"{project.parent.name}/{project.name}"


@pytest.mark.parametrize("project", PROJECTS, ids=name)
def test_findings_equal_expectations(project: Path) -> None:
    found = [shown(project, finding) for finding in lint(project).findings]
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


@pytest.mark.parametrize("project", PROJECTS, ids=name)
def test_the_screen_loses_nothing(project: Path) -> None:
    with_screen, without = lint(project, everything=True), lint(project, everything=True, screen=False)
    assert with_screen.findings == without.findings


@pytest.mark.parametrize("project", PROJECTS, ids=name)
def test_everything_on_raises_nothing(project: Path) -> None:
    report = lint(project, everything=True)
    assert not report.internal_errors, [notice.message for notice in report.notices]


@pytest.mark.parametrize("project", PROJECTS, ids=name)
def test_fixes_give_the_blessed_files(project: Path, bless: bool) -> None:
    session = session_of(project, sources(project))
    fixed = {Path(one.path): one for one in session.fix(session.lint(), unsafe=True)}
    for path, one in fixed.items():
        assert not one.problem, f"{path}: {one.problem}"
        assert language(language_of(str(path))).parses(one.after, str(path))
        if bless and one.is_changed:
            blessed_path(path).write_bytes(one.after)
    blessed = {path: blessed_path(path) for path in sources(project) if blessed_path(path).exists()}
    assert {path for path, one in fixed.items() if one.is_changed} == set(blessed), "run pytest --bless and read them"
    for path, expected in blessed.items():
        assert fixed[path].after.decode() == expected.read_text(encoding="utf-8"), f"{path}: run pytest --bless"


def blessed_path(path: Path) -> Path:
    """`app/main.fixed.py` for `app/main.py`: what the fixes make of a file."""
    return path.with_name(f"{path.stem}.fixed{path.suffix}")
