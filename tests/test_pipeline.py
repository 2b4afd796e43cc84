"""Whole runs: bad files beside good ones, dying workers, failing rules, equal answers whatever the number of workers."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from projects import FIXTURES, lint, lint_files, session_of, sources

from lint_rules.engine import pipeline
from lint_rules.engine.analyse import Analyser
from lint_rules.engine.report import Report
from lint_rules.engine.tasks import Analysis, Task
from lint_rules.families.e01_blocking_event_loop import blocking_call
from lint_rules.model import Check

GOOD = "import time\n\nasync def poll() -> None:\n    time.sleep(1)\n"
HOSTILE = {
    "nested_brackets.py": b"x = " + b"[" * 2000 + b"]" * 2000 + b"\n",
    "nul_bytes.py": b"x = 1\n\0\0\0\n",
    "long_sum.py": b"x = " + b" + ".join(b"%d" % number for number in range(5000)) + b"\n",
    "latin1.py": "name = 'Zoë'\n".encode("latin-1"),
    "utf16.py": "x = 1\n".encode("utf-16"),
}


def write(project: Path, files: dict[str, bytes]) -> Report:
    for name, content in files.items():
        (project / name).write_bytes(content)
    return lint_files(project, sorted(project.iterdir()), jobs=2)


def codes(report: Report, name: str) -> list[str]:
    return [finding.code for finding in report.findings if Path(finding.path).name == name]


def test_bad_files_have_notices_and_the_good_one_its_findings(tmp_path: Path) -> None:
    report = write(tmp_path, {**HOSTILE, "good.py": GOOD.encode()})
    assert codes(report, "good.py") == ["TEN0101"]
    assert codes(report, "nested_brackets.py") == codes(report, "long_sum.py") == ["TEN0002"]
    for name in ("nul_bytes.py", "latin1.py", "utf16.py"):
        assert codes(report, name) == ["TEN0006"], name
    assert not report.complete and not report.internal_errors


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("[" * 100 + "]" * 100, "TEN0101"),
        ("[" * 201 + "]" * 201, "TEN0002"),
        ("(" * 1000 + "1" + ")" * 1000, "TEN0002"),
        ("not " * 5000 + "1", "TEN0002"),
        (" + ".join("1" * 10_000), "TEN0002"),
        ("a" + ".b()" * 5000, "TEN0002"),
        ("'x' " * 4000, "TEN0002"),
        ("9" * 5000, "TEN0101"),
    ],
    ids=["100 brackets", "201 brackets", "1000 parentheses", "5000 not", "long sum", "long chain", "4000 strings", "number"],
)  # fmt: skip
def test_a_suspect_in_extreme_code_is_reported_or_noticed(inside: str, expected: str, tmp_path: Path) -> None:
    report = write(tmp_path, {"a.py": f"import time\nasync def f(a):\n    time.sleep({inside})\n".encode()})
    assert codes(report, "a.py") == [expected]


def test_thousands_of_elif_branches(tmp_path: Path) -> None:
    chain = "    if a == 0:\n        time.sleep(0)\n" + "".join(
        f"    elif a == {number} and time.sleep(1):\n        pass\n" for number in range(3000)
    )
    report = write(tmp_path, {"a.py": f"import time\nasync def f(a):\n{chain}".encode()})
    assert set(codes(report, "a.py")) <= {"TEN0101", "TEN0002"} and "TEN0002" in codes(report, "a.py")


def test_a_syntax_error_is_a_finding_and_the_rest_is_analysed(tmp_path: Path) -> None:
    report = write(tmp_path, {"a.py": GOOD.encode() + b"\n\ndef broken(:\n    pass\n"})
    assert codes(report, "a.py") == ["TEN0101", "TEN0001"]
    assert report.complete


def test_a_large_run_parses_what_rules_look_at_and_all_else_on_demand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_FEW_FILES", 1)
    files = {"orders.py": b"total = (1\n", "poll.py": f"{GOOD}def broken(:\n".encode()}
    assert [finding.code for finding in write(tmp_path, files).findings] == ["TEN0101", "TEN0001"]
    (tmp_path / "tenlint.toml").write_text("check-syntax = true\n")
    session = session_of(tmp_path, sorted(tmp_path.glob("*.py")))
    assert [finding.code for finding in session.lint().findings] == ["TEN0001", "TEN0101", "TEN0001"]


def test_newer_syntax_is_analysed(tmp_path: Path) -> None:
    source = GOOD + "\ntype Pair[T] = tuple[T, T]\n\ndef first[T](pair: Pair[T]) -> T:\n    return pair[0]\n"
    assert "TEN0101" in codes(write(tmp_path, {"a.py": source.encode()}), "a.py")


def test_defaults_of_type_parameters_are_no_syntax_error(tmp_path: Path) -> None:
    source = (
        GOOD
        + "\nclass Page[T = dict[str, int]]:\n    items: list[T]\n\ndef first[T: int = bool](x: T) -> T:\n    return x\n"
    )
    assert codes(write(tmp_path, {"a.py": source.encode()}), "a.py") == ["TEN0101"]
    assert "TEN0001" in codes(write(tmp_path, {"b.py": source.encode() + b"class Page[T = int:\n"}), "b.py")


def test_line_endings_and_encodings_keep_positions(tmp_path: Path) -> None:
    report = write(
        tmp_path,
        {
            "crlf.py": GOOD.replace("\n", "\r\n").encode(),
            "bom.py": b"\xef\xbb\xbf" + GOOD.encode(),
            "cookie.py": b"# coding: latin-1\nname = 'Zo\xeb'\n" + GOOD.encode(),
            "tabs.py": GOOD.replace("    ", "\t").encode(),
            "no_newline.py": GOOD.rstrip().encode(),
            "empty.py": b"",
        },
    )
    places = {Path(one.path).name: (one.span.row, one.span.column) for one in report.findings}
    assert places == {
        "crlf.py": (4, 5), "bom.py": (4, 5), "cookie.py": (6, 5), "tabs.py": (4, 2), "no_newline.py": (4, 5)
    }  # fmt: skip


def test_a_worker_that_dies_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    analyse_file = Analyser.analyse

    def deadly(self: Analyser, task: Task) -> Analysis:
        if task.path.endswith("deadly.py"):
            os.kill(os.getpid(), signal.SIGKILL)
        return analyse_file(self, task)

    monkeypatch.setattr(Analyser, "analyse", deadly)
    files = {f"good{number}.py": GOOD.encode() for number in range(30)}
    report = write(tmp_path, {**files, "deadly.py": b"x = 1\n"})
    assert codes(report, "deadly.py") == ["TEN0003"]
    assert sum(finding.code == "TEN0101" for finding in report.findings) == 30
    assert not report.complete


def test_a_worker_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    analyse_file = Analyser.analyse

    def slow(self: Analyser, task: Task) -> Analysis:
        if task.path.endswith("slow.py"):
            signal.pause()
        return analyse_file(self, task)

    monkeypatch.setattr(Analyser, "analyse", slow)
    monkeypatch.setattr("lint_rules.engine.workers.TIME_LIMIT", 4.0)  # enough for the good one on a busy machine
    report = write(tmp_path, {"good.py": GOOD.encode(), "slow.py": b"x = 1\n"})
    assert codes(report, "slow.py") == ["TEN0003"] and codes(report, "good.py") == ["TEN0101"]


def test_a_rule_that_raises_is_named_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_: object) -> list:  # type: ignore[type-arg]
        raise KeyError("missing row")

    rule = blocking_call.RULE
    broken = [Check(one.language, one.selector, one.inside, faulty) for one in rule.checks]  # type: ignore[arg-type]
    monkeypatch.setattr(rule, "checks", broken)
    report = write(
        tmp_path, {"a.py": GOOD.encode() + b"\ndef f():\n    try:\n        poll()\n    except:\n        pass\n"}
    )
    assert report.internal_errors
    assert any("internal error in TEN0101" in notice.message for notice in report.notices)


@pytest.mark.parametrize("case", ["TEN0101/rates_service", "TEN0102/profile_service"])
def test_the_number_of_workers_and_the_order_of_files_change_nothing(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = FIXTURES / case
    expected = lint(project, jobs=1).findings
    assert expected
    monkeypatch.setattr(pipeline, "_FILES_PER_WORKER", 1)
    assert lint_files(project, sources(project)[::-1], jobs=3).findings == expected


def test_facts_of_other_files_are_fetched_although_only_one_file_is_asked_for() -> None:
    project = FIXTURES / "TEN0102" / "profile_service"
    only = str(project / "app" / "main.py")
    settings = pipeline.Settings()
    discovered = pipeline.Discovered(str(project), tuple(map(str, sources(project))), frozenset({only}))
    report = pipeline.run(discovered, settings, pipeline.load_rules())
    assert {finding.path for finding in report.findings} == {only}
    assert [finding.code for finding in report.findings].count("TEN0102") == 4
    assert report.files == 1


def test_what_was_not_looked_at_is_said_even_if_its_code_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "tenlint.toml").write_text('ignore = ["TEN0006"]\n')
    (tmp_path / "nul.py").write_bytes(b"x = 1\n\0\n")
    report = lint_files(tmp_path, [tmp_path / "nul.py"])
    assert codes(report, "nul.py") == ["TEN0006"] and not report.complete
