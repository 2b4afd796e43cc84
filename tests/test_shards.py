"""A project shared out: each file is reported on by one shard, and the parts together are what one run over all finds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import BLOCKING, CLEAN, error_of, run, tenlint
from msgspec.structs import replace
from projects import FIXTURES, projects, session_of, sources

from lint_rules.engine.discover import Discovered
from lint_rules.engine.pipeline import run as run_pipeline
from lint_rules.engine.registry import load_rules
from lint_rules.engine.selection import enabled_rules
from lint_rules.engine.shards import Shard, parse_shard, share_of
from lint_rules.model import Finding
from lint_rules.reporters import FORMATS

SEVERAL_FILES = [project for project in projects() if len(sources(project)) > 1][::4]
AWS_KEY = "wJalrXUtnFEMI" + "/K7MDENG/bPxRfiCYzQ8vLt3aKd"


def found_by_shards(project: Path, of: int) -> Iterator[Finding]:
    session = session_of(project, sources(project))
    rules = enabled_rules(load_rules(), session.settings)
    for number in range(1, of + 1):
        share = share_of(session.discovered, Shard(number, of))
        yield from run_pipeline(share, session.settings, rules).findings


@pytest.mark.parametrize("project", SEVERAL_FILES, ids=lambda project: project.relative_to(FIXTURES).as_posix())
def test_the_shards_of_a_project_find_what_one_run_finds_each_once(project: Path) -> None:
    session = session_of(project, sources(project))
    whole = run_pipeline(session.discovered, session.settings, enabled_rules(load_rules(), session.settings))
    assert sorted(found_by_shards(project, 3), key=lambda one: one.sort_key) == list(whole.findings)


@pytest.mark.parametrize(
    "text", ["", "1", "0/4", "5/4", "1/0", "1/4/2", "-1/4", "one/four", "1/99999999", "\u0661/\u0662", "1 / 4"]
)
def test_a_share_that_is_none(text: str, tmp_path: Path) -> None:
    assert "such as 1/4" in error_of("check", f"--shard={text}", cwd=tmp_path)


def test_a_file_has_its_shard_by_its_name_in_the_project_alone(tmp_path: Path) -> None:
    there = [shard for number in range(1, 8) if (shard := Shard(number, 7)).holds("/there/src/app.py", "/there")]
    here = [
        shard for number in range(1, 8) if (shard := Shard(number, 7)).holds(f"{tmp_path}/src/app.py", str(tmp_path))
    ]
    assert here == there and len(here) == 1
    files = frozenset(f"/p/m{number}.py" for number in range(1000))
    sizes = [len(share_of(Discovered("/p", tuple(files), files), Shard(number, 4)).requested) for number in range(1, 5)]
    assert sum(sizes) == 1000 and min(sizes) > 200
    assert parse_shard("2/4") == Shard(2, 4)


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A project with findings within and across files, a known one, one that a comment hides, and a secret."""
    folder = tmp_path / "service"
    shutil.copytree(FIXTURES / "TEN0102" / "profile_service", folder)
    (folder / "pyproject.toml").write_text("[tool.tenlint]\n")
    (folder / "old.py").write_text(BLOCKING)
    run("baseline", "old.py", "-q", cwd=folder, code=0)
    (folder / "hidden.py").write_text(BLOCKING.replace("(1)", "(1)  # tenlint: ignore[TEN0101] runs once"))
    (folder / "key.py").write_text(f'AWS_SECRET_ACCESS_KEY = "{AWS_KEY}"\n')
    for number in range(10):
        (folder / f"clean{number}.py").write_text(CLEAN)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a clean file, and a folder for parts beside it."""
    (tmp_path / "parts").mkdir()
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "setup.cfg").touch()
    (folder / "clean.py").write_text(CLEAN)
    return folder


def parts(folder: Path, of: int, *options: str) -> list[int]:
    """Write the parts of a run, and return how the shards ended."""
    return [
        tenlint("check", ".", f"--shard={number}/{of}", f"--output-format=part:../parts/{number}.json", "--no-cache", *options, cwd=folder).returncode
        for number in range(1, of + 1)
    ]  # fmt: skip


def test_merged_parts_are_the_report_of_one_run_in_every_format(service: Path) -> None:
    (service.parent / "parts").mkdir()
    assert set(parts(service, 4)) == {0, 1}
    for format_name in sorted(FORMATS.keys() - {"part"}):
        whole = run("check", ".", "--no-cache", "--output-format", format_name, cwd=service, code=1)
        assert run("merge", "../parts", "--output-format", format_name, cwd=service, code=1) == whole, format_name
    statistics = run("check", ".", "--no-cache", "--statistics", cwd=service, code=1)
    assert run("merge", "../parts", "--statistics", cwd=service, code=1) == statistics
    assert "1 in the baseline" in statistics
    assert AWS_KEY[:13] not in "".join(path.read_text() for path in (service.parent / "parts").iterdir())


def test_a_merge_of_another_checkout_shows_its_own_files(service: Path, tmp_path: Path) -> None:
    (service.parent / "parts").mkdir()
    parts(service, 2)
    elsewhere = tmp_path / "elsewhere"
    service.rename(elsewhere)
    whole = run("check", ".", "--no-cache", "--output-format", "json", cwd=elsewhere, code=1)
    assert run("merge", "../parts", "--output-format", "json", cwd=elsewhere, code=1) == whole


def test_how_a_merge_ends(project: Path) -> None:
    assert parts(project, 3) == [0, 0, 0]
    assert "Found no problems in 2 files" in run("merge", "../parts", cwd=project, code=0)
    (project / "broad.py").write_text("def f(g):\n    try:\n        g()\n    except Exception:\n        pass\n")
    parts(project, 3, "--fail-on", "error", "--config", "severity = { TEN0201 = 'warning' }")
    assert "TEN0201" in run("merge", "../parts", cwd=project, code=0)
    run("merge", "../parts", "--fail-on", "warning", cwd=project, code=1)
    run("merge", "../parts", "--fail-on", "warning", "--exit-zero", cwd=project, code=0)
    (project / "nul.py").write_bytes(b"\0")
    assert sorted(parts(project, 3, "--exit-zero")) == [0, 0, 2]
    run("merge", "../parts", "--exit-zero", cwd=project, code=2)


def test_parts_that_make_no_whole(project: Path) -> None:
    parts(project, 3)
    first, second, third = (f"../parts/{number}.json" for number in (1, 2, 3))
    assert "of 3 parts these are missing: 2" in error_of("merge", first, third, cwd=project)
    assert "part 1 of 3 is there twice" in error_of("merge", first, first, second, third, cwd=project)
    run("check", ".", "--shard=1/2", "--output-format=part:other.json", cwd=project, code=0)
    assert "other.json is a part of 2" in error_of("merge", first, second, third, "other.json", cwd=project)
    run("check", ".", "--output-format=json:list.json", cwd=project, code=0)
    assert "list.json is no part" in error_of("merge", "list.json", cwd=project)
    assert "gone.json cannot be read" in error_of("merge", "gone.json", cwd=project)
    (project / "empty").mkdir()
    assert "no parts in empty" in error_of("merge", "empty", cwd=project)
    content = json.loads((project / first).read_text())
    for damage in ({"report": 1}, {"shard": 9}, {"of": "x"}, {"more": 1}):
        (project / "bad.json").write_text(json.dumps({**content, **damage}))
        assert "damaged part" in error_of("merge", "bad.json", cwd=project)
    (project / "bad.json").write_text(json.dumps({**content, "tenlint_part": "0"}))
    assert "another version" in error_of("merge", "bad.json", cwd=project)
    (project / "bad.json").write_text("[" * 100_000)
    assert "is not JSON" in error_of("merge", "bad.json", cwd=project)


def test_standard_input_has_no_shards(tmp_path: Path) -> None:
    assert "standard input" in error_of("check", "-", "--shard=1/2", cwd=tmp_path)


def test_files_that_are_only_read_are_parsed_for_syntax_as_in_a_run_over_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lint_rules.engine.pipeline._FEW_FILES", 4)
    files = frozenset(str(tmp_path / f"broken{number}.py") for number in range(6))
    for file in files:
        Path(file).write_text("total = (1\n")
    discovered = Discovered(str(tmp_path), tuple(sorted(files)), files)
    session = replace(session_of(tmp_path, []), discovered=discovered)
    whole = session.lint().findings
    shared = [
        one
        for number in (1, 2)
        for one in replace(session, discovered=share_of(discovered, Shard(number, 2))).lint().findings
    ]
    assert sorted(shared, key=lambda one: one.sort_key) == list(whole) == []
