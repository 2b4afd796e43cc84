"""Reporting only what is new: the baseline, and what changed since a revision of git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import BLOCKING, ENVIRONMENT, ROOT, error_of, git, run, tenlint

from lint_rules.engine.baseline import Baseline, baseline_text, read_baseline
from lint_rules.engine.config import ConfigError
from lint_rules.engine.known import Key, keys_of, settle, statement_text
from lint_rules.model import ERROR, Finding, Rule
from lint_rules.source import SourceText

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

SECOND = """

async def refresh(stock):
    time.sleep(2)
    return stock
"""
EQUAL = """

async def poll(stock):
    time.sleep(1)
    return stock
"""
HELPER = """\
import sqlite3


def orders_of(customer):
    return []
"""
CALLER = """\
from store import orders_of


async def show(customer):
    return orders_of(customer)
"""
BASELINE = ".tenlint-baseline.json"


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A project with one old finding."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'service'\n")
    (tmp_path / "app.py").write_text(BLOCKING)
    return tmp_path


@pytest.fixture
def repository(service: Path) -> Path:
    """The same, committed."""
    git("init", "--quiet", folder=service)
    commit(service)
    return service


def commit(folder: Path) -> None:
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--no-verify", "--message", "orders", folder=folder)


def lines(*arguments: str, cwd: Path, code: int) -> list[str]:
    """The findings of family 01 and of the engine, as `path:row CODE`."""
    text = run("-q", "--select", "TEN00,TEN01", "--output-format", "concise", *arguments, cwd=cwd, code=code)
    return [":".join(line.split(":")[:2]) + " " + line.split(": ")[1][:7] for line in text.splitlines()]


# Baseline


def test_the_baseline_hides_what_it_knows(service: Path) -> None:
    assert run("baseline", cwd=service, code=0) == f"{BASELINE}: 1 finding\n"
    assert run(cwd=service, code=0).endswith("; 1 in the baseline\n")
    assert lines("--no-baseline", cwd=service, code=1) == ["app.py:5 TEN0101"]
    run("app.py", cwd=service, code=0)
    assert run("baseline", cwd=service, code=0) == f"{BASELINE}: 1 finding (1 before)\n"


def test_an_entry_never_hides_a_second_finding(service: Path) -> None:
    run("baseline", cwd=service, code=0)
    (service / "app.py").write_text(BLOCKING + SECOND)
    assert lines(cwd=service, code=1) == ["app.py:10 TEN0101"]
    # Equal in rule and text, but another one.
    (service / "app.py").write_text(BLOCKING + EQUAL)
    assert lines(cwd=service, code=1) == ["app.py:10 TEN0101"]
    (service / "app.py").write_text(BLOCKING.replace("    return", "    time.sleep(1)\n    return"))
    assert len(lines(cwd=service, code=1)) == 1


def test_moved_and_reformatted_code_stays_known(service: Path) -> None:
    run("baseline", cwd=service, code=0)
    moved = "import os\n" + EQUAL.replace("poll(stock)", "poll_all(stocks)").replace(
        "time.sleep(1)", "time.sleep( 1, )  # wait"
    )
    (service / "app.py").write_text("import time\n" + moved)
    assert lines(cwd=service, code=0) == []
    (service / "app.py").rename(service / "views.py")
    (service / "views.py").write_text("# The views.\n" + BLOCKING)
    assert lines(cwd=service, code=0) == []
    # While the old file is there, the copy is new.
    (service / "app.py").write_text(BLOCKING)
    assert lines(cwd=service, code=1) == ["views.py:6 TEN0101"]


def test_stale_entries_are_told_and_pruned(service: Path) -> None:
    (service / "app.py").write_text(BLOCKING + SECOND)
    run("baseline", cwd=service, code=0)
    (service / "app.py").write_text(BLOCKING)
    finished = tenlint(cwd=service)
    assert finished.returncode == 0
    assert b"an entry of the baseline found nothing any more" in finished.stderr
    assert b"stale: app.py: TEN0101 in `refresh`" in finished.stderr
    assert tenlint("-q", cwd=service).stderr == b""
    # Rules and files that were not looked at say nothing of their entries.
    assert b"baseline" not in tenlint("--select", "TEN02", cwd=service).stderr
    (service / "clean.py").write_text("")
    assert b"baseline" not in tenlint("clean.py", cwd=service).stderr
    (service / "clean.py").write_text(BLOCKING)
    assert run("baseline", "--prune", cwd=service, code=0) == f"{BASELINE}: 1 finding, 1 fewer than before\n"
    assert lines(cwd=service, code=1) == ["clean.py:5 TEN0101"]
    assert tenlint(cwd=service).stderr == b""


def test_a_part_of_the_baseline_is_written_anew(service: Path) -> None:
    (service / "views.py").write_text(BLOCKING)
    run("baseline", cwd=service, code=0)
    (service / "app.py").write_text(BLOCKING + SECOND)
    (service / "views.py").write_text(BLOCKING + SECOND)
    run("baseline", "app.py", cwd=service, code=0)
    assert lines(cwd=service, code=1) == ["views.py:10 TEN0101"]


def test_the_file_merges_well_and_says_no_lines(service: Path) -> None:
    (service / "app.py").write_text(BLOCKING + EQUAL.replace("poll", "handler"))
    run("baseline", cwd=service, code=0)
    text = (service / BASELINE).read_text()
    entry = {"rule": "TEN0101", "path": "app.py", "symbol": "handler", "source": "time.sleep(1)", "count": 2}
    assert text == '{"version": 1, "findings": [\n' + json.dumps(entry) + ",\nnull]}\n"
    run("baseline", cwd=service, code=0)
    assert (service / BASELINE).read_text() == text
    keys = [Key("TEN0101", f"{name}.py", "", "x()") for name in "bca"]
    forwards, backwards = (dict.fromkeys(order, 1) for order in (keys, keys[::-1]))
    assert baseline_text(Baseline("/p/b.json", forwards)) == baseline_text(Baseline("/p/b.json", backwards))


def test_another_baseline(service: Path) -> None:
    run("baseline", "--baseline", "old.json", cwd=service, code=0)
    assert lines(cwd=service, code=1) == ["app.py:5 TEN0101"]
    assert lines("--baseline", "old.json", cwd=service, code=0) == []
    assert "there is no baseline" in error_of("--baseline", "gone.json", cwd=service)
    assert "no baseline to prune" in error_of("baseline", "--prune", cwd=service)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not valid JSON"),
        ("[]", "is no baseline"),
        ('{"version": 9, "findings": []}', "another version"),
        ('{"version": 1, "findings": [3]}', "cannot be read"),
        ('{"version": 1, "findings": [\n<<<<<<< HEAD\n]}', "merge conflict"),
        ("[" * 100_000, "is not valid JSON"),
    ],
)
def test_a_broken_baseline_is_a_mistake_with_a_place(service: Path, text: str, message: str) -> None:
    (service / BASELINE).write_text(text)
    assert message in error_of(cwd=service)
    with pytest.raises(ConfigError):
        read_baseline(str(service / BASELINE))


def test_the_baseline_is_not_written_by_halves(service: Path) -> None:
    (service / "broken.py").write_bytes(b"x\0")
    assert "was not written" in error_of("baseline", cwd=service)
    assert not (service / BASELINE).exists()


def test_notices_are_never_known(service: Path) -> None:
    run("baseline", cwd=service, code=0)
    (service / "broken.py").write_bytes(b"x\0")
    run(cwd=service, code=2)


def test_fixes_leave_known_findings_alone(service: Path) -> None:
    run("baseline", cwd=service, code=0)
    (service / "app.py").write_text(BLOCKING + SECOND)
    run("--fix", "--unsafe-fixes", cwd=service, code=0)
    text = (service / "app.py").read_text()
    assert "    time.sleep(1)\n" in text and "    await asyncio.sleep(2)\n" in text


SECRET_RULE = Rule("TEN0901", "hardcoded-secret", severity=ERROR, summary="A secret")


def secret_finding(text: str, secret: str) -> tuple[Finding, SourceText]:
    source = SourceText("/p/settings.py", text.encode())
    start = source.data.index(secret.encode())
    span = source.span(start, start + len(secret.encode()))
    return SECRET_RULE.finding(source.path, span, "m; s", "s", secrets=(span,)), source


def test_a_secret_is_a_salted_hash() -> None:
    finding, source = secret_finding('API_KEY = "sk-live-4242"  # production\n', "sk-live-4242")
    plain = Rule("TEN0101", "blocking-call", severity=ERROR, summary="s").finding(
        source.path, source.span(0, 7), "m; s", "s"
    )
    keys = [keys_of([finding, plain], "/p", lambda path: source, salt) for salt in ("a", "a", "b")]
    assert keys[0] == keys[1] != keys[2]
    assert all("sk-live" not in key.source for run_keys in keys for key in run_keys)
    changed, changed_source = secret_finding('API_KEY = "sk-live-4243"\n', "sk-live-4243")
    assert keys_of([changed], "/p", lambda path: changed_source, "a") != keys[0][:1]


def test_statement_text() -> None:
    def text(source: str) -> str:
        made = SourceText("/p/a.py", source.encode())
        return statement_text(made.span(0, len(made.data)), made)

    assert text("load( a,\n      b, )  # now\n") == text("load(a, b)") == "load(a,b)"
    assert text("return x") == "return x"
    assert text("fetch('https://rates.example')") == "fetch('https://rates.example')"
    assert text("") == ""
    made = SourceText("/p/a.py", b"x\n")
    assert statement_text(SourceText("", b"a\nb\nc\nd").span(6, 7), made) == ""


def test_settle_prefers_untouched_places() -> None:
    rule = Rule("TEN0101", "blocking-call", severity=ERROR, summary="s")
    source = SourceText("/p/a.py", b"wait()\nwait()\n")
    findings = [rule.finding("/p/a.py", source.span(start, start + 6), "m; s", "s") for start in (0, 7)]
    keys = keys_of(findings, "/p", lambda path: source)
    verdict = settle(findings, keys, {keys[0]: 1}, is_touched=lambda finding: finding.span.row == 1)
    assert verdict.old == {1}
    assert not verdict.left_over


# Since a revision


@needs_git
def test_new_from_a_revision(repository: Path) -> None:
    assert run("--new-from", "HEAD", cwd=repository, code=0).endswith("; 1 not new\n")
    (repository / "app.py").write_text("# The app.\n" + BLOCKING + SECOND)
    assert lines("--new-from", "HEAD", cwd=repository, code=1) == ["app.py:11 TEN0101"]
    # Of two equal ones the one in the new line is new.
    (repository / "app.py").write_text(
        BLOCKING.replace("    time.sleep(1)\n", "    time.sleep(1)\n    time.sleep(1)\n")
    )
    assert len(lines("--new-from", "HEAD", cwd=repository, code=1)) == 1
    (repository / "app.py").write_text("import time\n" + EQUAL + BLOCKING.replace("import time\n", ""))
    assert lines("--new-from", "HEAD", cwd=repository, code=1) == ["app.py:5 TEN0101"]


@needs_git
def test_untracked_files_are_new_and_renamed_ones_are_not(repository: Path) -> None:
    (repository / "views.py").write_text(BLOCKING)
    assert lines("--new-from", "HEAD", cwd=repository, code=1) == ["views.py:5 TEN0101"]
    (repository / "views.py").unlink()
    (repository / "orders").mkdir()
    git("mv", "app.py", "orders/views.py", folder=repository)
    assert lines("--new-from", "HEAD", cwd=repository, code=0) == []
    (repository / "orders" / "views.py").write_text(BLOCKING + SECOND)
    assert lines("--new-from", "HEAD", cwd=repository, code=1) == ["orders/views.py:10 TEN0101"]
    git("add", ".", folder=repository)
    assert lines("--staged", cwd=repository, code=1) == ["orders/views.py:10 TEN0101"]


@needs_git
def test_a_helper_that_begins_to_block_is_new_where_it_is_called(repository: Path) -> None:
    (repository / "store.py").write_text(HELPER)
    (repository / "views.py").write_text(CALLER)
    commit(repository)
    assert lines("--new-from", "HEAD", cwd=repository, code=0) == []
    blocking = HELPER.replace("return []", 'return sqlite3.connect("orders.db").execute("select 1").fetchall()')
    (repository / "store.py").write_text(blocking)
    assert lines("--new-from", "HEAD", cwd=repository, code=1) == ["views.py:5 TEN0102"]
    commit(repository)
    assert lines("--new-from", "HEAD", cwd=repository, code=0) == []
    assert lines("--new-from", "HEAD~1", cwd=repository, code=1) == ["views.py:5 TEN0102"]


@needs_git
def test_new_from_the_merge_base(repository: Path) -> None:
    git("switch", "--quiet", "--create", "feature", folder=repository)
    (repository / "app.py").write_text(BLOCKING + SECOND)
    commit(repository)
    git("switch", "--quiet", "main", folder=repository)
    (repository / "app.py").write_text("async def handler(request):\n    return request\n")
    commit(repository)
    git("switch", "--quiet", "feature", folder=repository)
    assert lines("--new-from-merge-base", "main", cwd=repository, code=1) == ["app.py:10 TEN0101"]
    assert lines("--new-from", "main", cwd=repository, code=1) == ["app.py:5 TEN0101", "app.py:10 TEN0101"]


@needs_git
def test_staged_looks_at_what_is_committed_and_not_at_the_rest(repository: Path) -> None:
    (repository / "app.py").write_text(BLOCKING + SECOND)
    git("add", "app.py", folder=repository)
    (repository / "app.py").write_text("# not staged\n" + BLOCKING + EQUAL)
    (repository / "untracked.py").write_text(BLOCKING)
    assert lines("--staged", cwd=repository, code=1) == ["app.py:10 TEN0101"]
    assert "time.sleep(2)" in run("--staged", cwd=repository, code=1)
    # A file that is staged and then deleted is committed all the same.
    (repository / "views.py").write_text(BLOCKING)
    git("add", "views.py", folder=repository)
    (repository / "views.py").unlink()
    assert lines("--staged", cwd=repository, code=1) == ["app.py:10 TEN0101", "views.py:5 TEN0101"]
    # What differs from what is staged is not fixed over.
    before = (repository / "app.py").read_text()
    finished = tenlint("--staged", "--fix", "--unsafe-fixes", cwd=repository)
    assert b"app.py: not fixed" in finished.stderr
    assert (repository / "app.py").read_text() == before
    commit(repository)
    assert lines("--staged", cwd=repository, code=0) == []


@needs_git
def test_before_the_first_commit_all_that_is_staged_is_new(service: Path) -> None:
    git("init", "--quiet", folder=service)
    (service / "other.py").write_text(BLOCKING)
    git("add", "app.py", folder=service)
    assert lines("--staged", cwd=service, code=1) == ["app.py:5 TEN0101"]
    assert "does not know the revision HEAD" in error_of("--new-from", "HEAD", cwd=service)


@needs_git
def test_where_git_cannot_tell_the_run_fails(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    for revision in ("nope", "--help", "-v", ""):
        if revision:
            assert "does not know the revision" in error_of(f"--new-from={revision}", cwd=repository)
    outside = tmp_path_factory.mktemp("outside")
    (outside / "app.py").write_text(BLOCKING)
    assert "lies in no git repository" in error_of("--staged", cwd=outside)
    assert "exclude each other" in error_of("--staged", "--new-from", "HEAD", cwd=repository)
    clone = tmp_path_factory.mktemp("shallow") / "clone"
    (repository / "app.py").write_text(BLOCKING + SECOND)
    commit(repository)
    git("clone", "--quiet", "--depth", "1", f"file://{repository}", str(clone), folder=repository)
    message = error_of("--new-from", "HEAD~1", cwd=clone)
    assert "the clone is shallow" in message
    git("checkout", "--quiet", "--orphan", "alone", folder=repository)
    commit(repository)
    assert "no common history" in error_of("--new-from-merge-base", "main", cwd=repository)


@needs_git
def test_in_a_subfolder_a_worktree_and_with_odd_names(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = repository / "orders"
    folder.mkdir()
    for name in ("a b.py", "ü.py", "-v.py", "n\nl.py"):
        (folder / name).write_text(BLOCKING)
    commit(repository)
    assert lines("--new-from", "HEAD", cwd=folder, code=0) == []
    for file in folder.iterdir():
        file.write_text("# older\n" + BLOCKING)
    assert lines("--new-from", "HEAD", cwd=folder, code=0) == []
    tree = tmp_path_factory.mktemp("trees") / "tree"
    git("worktree", "add", "--quiet", "--detach", str(tree), folder=repository)
    (tree / "app.py").write_text(BLOCKING + SECOND)
    assert lines("--new-from", "HEAD", cwd=tree, code=1) == ["app.py:10 TEN0101"]


@needs_git
def test_the_repository_cannot_make_git_run_anything(repository: Path) -> None:
    canary = repository / "canary"
    script = repository / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n")
    script.chmod(0o755)
    for key in ("diff.external", "core.fsmonitor", "diff.evil.textconv", "diff.evil.command", "core.pager"):
        git("config", key, str(script), folder=repository)
    (repository / ".gitattributes").write_text("*.py diff=evil\n")
    (repository / "app.py").write_text(BLOCKING + SECOND)
    git("-c", "core.fsmonitor=", "add", "app.py", folder=repository)
    for arguments in (("--new-from", "HEAD"), ("--staged",)):
        assert lines(*arguments, cwd=repository, code=1) == ["app.py:10 TEN0101"]
    assert not canary.exists()


@needs_git
def test_in_a_hook_of_git(repository: Path) -> None:
    (repository / "app.py").write_text(BLOCKING + SECOND)
    git("add", ".", folder=repository)
    env = {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index", "GIT_PREFIX": ""}
    text = run("--staged", "-q", "--output-format", "concise", cwd=repository, code=1, env=env)
    assert text.startswith("app.py:10:5: TEN0101 ")


@needs_git
def test_the_baseline_survives_renaming_with_git(repository: Path) -> None:
    run("baseline", cwd=repository, code=0)
    commit(repository)
    git("mv", "app.py", "views.py", folder=repository)
    assert lines(cwd=repository, code=0) == []
    (repository / "views.py").write_text(BLOCKING + EQUAL)
    assert lines(cwd=repository, code=1) == ["views.py:10 TEN0101"]
    run("baseline", "--prune", cwd=repository, code=0)
    assert '"views.py"' in (repository / BASELINE).read_text()
    assert (
        subprocess.run(("git", "status"), cwd=repository, env=os.environ, capture_output=True, check=False).returncode
        == 0
    )


@needs_git
def test_baseline_and_revision_together(repository: Path) -> None:
    run("baseline", cwd=repository, code=0)
    commit(repository)
    finished = tenlint("--new-from", "HEAD", cwd=repository)
    assert (finished.returncode, finished.stderr) == (0, b"")
    # Neither the entry nor the older state has room for a second one, wherever it stands.
    for text in (
        BLOCKING + EQUAL,
        "import time\n" + EQUAL + BLOCKING,
        BLOCKING.replace("    return", "    time.sleep(1)\n    return"),
    ):
        (repository / "app.py").write_text(text)
        assert len(lines("--new-from", "HEAD", cwd=repository, code=1)) == 1


@needs_git
def test_in_a_real_hook_it_sees_what_is_being_committed(repository: Path) -> None:
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    program = f'"{sys.executable}" "{ROOT / "cli.py"}"'
    hook.write_text(f"#!/bin/sh\nexec {program} --staged -q --select TEN01 --output-format concise\n")
    hook.chmod(0o755)
    (repository / "views.py").write_text("import time\n")
    git("add", "views.py", folder=repository)
    git("commit", "--quiet", "--message", "views", folder=repository)
    (repository / "app.py").write_text(BLOCKING + SECOND)
    (repository / "views.py").write_text("import os\n")

    def commits(*arguments: str) -> tuple[int, str]:
        command = (
            "git",
            "-c",
            "user.name=O",
            "-c",
            "user.email=o@example.com",
            "commit",
            "--quiet",
            "-m",
            "x",
            *arguments,
        )
        finished = subprocess.run(command, cwd=repository, env=ENVIRONMENT, capture_output=True, text=True, check=False)
        return finished.returncode, finished.stdout + finished.stderr

    for arguments in (("--all",), ("app.py",), ("--only", "app.py")):
        code, printed = commits(*arguments)
        assert code == 1 and "app.py:10:5: TEN0101" in printed, printed
    assert commits("views.py")[0] == 0
    # The index of another repository is none of ours.
    env = {"GIT_INDEX_FILE": str(repository.parent / "index")}
    git("add", "app.py", folder=repository)
    run("--staged", "-q", "--select", "TEN01", cwd=repository, code=1, env=env)
