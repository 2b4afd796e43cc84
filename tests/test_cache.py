"""The cache: what it spares, and that a run with it finds what a run without it finds, whatever happened in between."""

from __future__ import annotations

import errno
import gc
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from command_line import ENVIRONMENT

from lint_rules.engine import pipeline
from lint_rules.engine.analyse import Analyser
from lint_rules.engine.cache_folder import CACHE_FOLDER, CacheFolder, cache_folder
from lint_rules.engine.masking import without_literals
from lint_rules.engine.registry import load_rules
from lint_rules.engine.report import Report
from lint_rules.engine.session import open_session
from lint_rules.engine.signatures import Signature, is_telling
from lint_rules.engine.tasks import Setting, Task, Trace
from lint_rules.engine.workers import Pool
from lint_rules.project.modules import find_modules

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"

PROJECT = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\ndependencies = ["fastapi", "requests"]\n',
    "shop/__init__.py": "",
    "shop/clock.py": "import time\n\n\ndef pause():\n    time.sleep(1)\n",
    "shop/prices.py": "from shop.clock import pause\n\n\ndef price(item):\n    pause()\n    return item\n",
    "shop/web.py": (
        "from fastapi import FastAPI\n\nfrom shop.prices import price\n\napp = FastAPI()\n\n\n"
        '@app.get("/price")\nasync def show(item: str):\n    return price(item)\n'
    ),
    "shop/tasks.py": "import asyncio\n\n\nasync def work():\n    asyncio.create_task(work())\n",
    "shop/plain.py": "def add(left, right):\n    return left + right\n",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small service with blocking code behind two modules, a lost task, and a file without anything."""
    root = tmp_path / "project"
    for name, text in PROJECT.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    age(root)
    return root


def age(root: Path) -> None:
    """Let a minute pass: what has just been written is looked at again."""
    for path in root.rglob("*"):
        if path.is_file() and CACHE_FOLDER not in path.parts:
            status = path.stat()
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns - 60_000_000_000))


@pytest.fixture(autouse=True)
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust signatures at once; nothing here changes a file twice within a tick. Other tests see to those."""
    monkeypatch.setattr("lint_rules.engine.signatures._TICK", -60_000_000_000)
    monkeypatch.setattr("lint_rules.engine.signatures._COARSE_TICK", -60_000_000_000)


@dataclass
class Looks:
    """The files that were looked at in a run, with the rules (`inspected`) or for their facts."""

    inspected: list[str]
    asked: list[str]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """What the runs of a test look at."""
    seen = Looks([], [])
    analyse = Pool.analyse

    def counting(self: Pool, tasks: Any) -> Iterator[Any]:
        for task in tasks:
            (seen.inspected if task.inspect else seen.asked).append(os.path.basename(task.path))
        return analyse(self, tasks)

    monkeypatch.setattr(Pool, "analyse", counting)
    return seen


def lint(root: Path, *, cache: bool = True, cache_dir: str | None = None, **overrides: Any) -> Report:
    session = open_session((str(root),), cache=cache, cache_dir=cache_dir, overrides=overrides or None)
    return session.lint()


def looked_at(looks: Looks, root: Path, **overrides: Any) -> tuple[list[str], Report]:
    """What a run inspects, without repetitions, and its report; which is that of a run without the cache."""
    looks.inspected.clear()
    looks.asked.clear()
    report = lint(root, **overrides)
    inspected = sorted(set(looks.inspected))
    assert report == lint(root, cache=False, **overrides)
    return inspected, report


def without_snapshot(root: Path) -> None:
    """Remove the answers of whole runs, so that those about single files are used."""
    for path in (root / CACHE_FOLDER).glob("run-*"):
        path.unlink()


def test_a_second_run_looks_at_nothing(project: Path, looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    first = lint(project)
    assert {finding.code for finding in first.findings} >= {"TEN0102", "TEN0204"}
    assert first == lint(project, cache=False)

    def never(*_: object, **__: object) -> Report:
        raise AssertionError("the files were looked at")

    monkeypatch.setattr(pipeline, "run", never)
    assert lint(project) == first


def test_known_files_are_not_looked_at_again(project: Path, looks: Looks) -> None:
    first = lint(project)
    without_snapshot(project)
    assert looked_at(looks, project) == ([], first)
    assert not looks.asked or looks.asked  # the run without the cache asks; the one with it did not inspect


def test_a_changed_body_is_looked_at_alone(project: Path, looks: Looks) -> None:
    lint(project)
    (project / "shop/plain.py").write_text("def add(left, right):\n    return right + left\n")
    assert looked_at(looks, project)[0] == ["plain.py"]


def test_a_file_that_others_use_is_looked_at_alone_while_it_defines_the_same(project: Path, looks: Looks) -> None:
    lint(project)
    (project / "shop/clock.py").write_text("import time\n\n\ndef pause():\n    time.sleep(2)\n")
    assert looked_at(looks, project)[0] == ["clock.py"]
    (project / "shop/clock.py").write_text("import time\n\n\ndef pause():\n    time.monotonic()\n")
    inspected, report = looked_at(looks, project)
    assert inspected == ["clock.py"]
    assert "TEN0102" not in {finding.code for finding in report.findings}


def test_what_rests_on_changed_definitions_is_looked_at_again(project: Path, looks: Looks) -> None:
    (project / "shop/jobs.py").write_text(
        "import asyncio\n\nfrom shop.tasks import work\n\n\nasync def begin():\n    work()\n", encoding="utf-8"
    )
    lint(project)
    (project / "shop/tasks.py").write_text("def work():\n    return None\n")
    inspected, report = looked_at(looks, project)
    assert inspected == ["jobs.py", "tasks.py"]
    assert "jobs.py" not in {Path(finding.path).name for finding in report.findings}
    (project / "shop/tasks.py").write_text(PROJECT["shop/tasks.py"])
    inspected, report = looked_at(looks, project)
    assert inspected == ["jobs.py", "tasks.py"]
    assert "jobs.py" in {Path(finding.path).name for finding in report.findings}


def test_what_a_rule_reads_of_another_file_counts(project: Path, looks: Looks) -> None:
    lint(project)
    (project / "shop/clock.py").write_text("import time\n\n\ndef wait():\n    time.sleep(1)\n")
    inspected, report = looked_at(looks, project)
    assert inspected == ["clock.py", "prices.py"]
    assert "TEN0804" in {finding.code for finding in report.findings}


def test_manifests_count(project: Path, looks: Looks) -> None:
    assert "TEN0801" not in {finding.code for finding in lint(project).findings}
    manifest = project / "pyproject.toml"
    manifest.write_text(manifest.read_text().replace('"fastapi", ', ""))
    assert "TEN0801" in {finding.code for finding in looked_at(looks, project)[1].findings}
    manifest.write_text(manifest.read_text().replace('"requests"', '"requests", "fastapi"'))
    assert "TEN0801" not in {finding.code for finding in looked_at(looks, project)[1].findings}


def test_files_that_come_and_go_count(project: Path, looks: Looks) -> None:
    lint(project)
    (project / "shop/more.py").write_text(PROJECT["shop/tasks.py"])
    assert "more.py" in {Path(finding.path).name for finding in looked_at(looks, project)[1].findings}
    (project / "shop/clock.py").unlink()
    assert "TEN0803" in {finding.code for finding in looked_at(looks, project)[1].findings}


def test_new_content_under_the_old_time_is_seen(project: Path, looks: Looks) -> None:
    path = project / "shop/tasks.py"
    lint(project)
    status = path.stat()
    path.write_text(PROJECT["shop/tasks.py"].replace("asyncio.create_task(work())", "await asyncio.sleep(10.255)"))
    assert path.stat().st_size == status.st_size
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    inspected, report = looked_at(looks, project)
    assert inspected == ["tasks.py"]
    assert "TEN0204" not in {finding.code for finding in report.findings}


def test_a_signature_of_this_very_moment_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    moment = 1_700_000_000_123_456_789
    assert not is_telling(Signature(1, moment, moment, 1), moment)
    assert not is_telling(Signature(1, moment - 10**9, moment, 1), moment)
    assert is_telling(Signature(1, moment - 10**9, moment - 10**9, 1), moment)
    assert not is_telling(Signature(1, 1_700_000_000_000_000_000, 0, 1), moment)  # a clock of whole seconds


def test_a_file_that_was_written_a_moment_ago_is_read_again(
    project: Path, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lint_rules.engine.signatures._TICK", 3_600_000_000_000)
    first = lint(project)
    assert not list((project / CACHE_FOLDER).glob("run-*"))
    looks.inspected.clear()
    assert lint(project) == first
    assert not looks.inspected


@pytest.mark.parametrize(
    "overrides",
    [{"select": ("TEN02",)}, {"ignore": ("TEN0204",)}, {"no_inline": True}, {"max_file_size": 40}, {"extend_select": ("ALL",)}],
    ids=str,
)  # fmt: skip
def test_settings_count(project: Path, looks: Looks, overrides: dict[str, Any]) -> None:
    plain = lint(project)
    assert looked_at(looks, project, **overrides)[1] != plain or "select" not in overrides
    assert looked_at(looks, project) == ([], plain)


def test_a_changed_configuration_file_counts(project: Path, looks: Looks) -> None:
    lint(project)
    for text in ('[severity]\nTEN0204 = "info"\n', '[per-file-ignores]\n"shop/tasks.py" = ["TEN0204"]\n', ""):
        (project / "tenlint.toml").write_text(text)
        looked_at(looks, project)


def test_suppressions_work_over_known_results(project: Path, looks: Looks) -> None:
    lint(project)
    path = project / "shop/tasks.py"
    hidden = "asyncio.create_task(work())  # tenlint: ignore[TEN0204]"
    path.write_text(path.read_text().replace("asyncio.create_task(work())", hidden))
    report = looked_at(looks, project)[1]
    assert "TEN0204" in {one.finding.code for one in report.hidden}
    without_snapshot(project)
    assert looked_at(looks, project) == ([], report)
    path.write_text(path.read_text().replace("asyncio.create_task(work())", "await asyncio.sleep(0)"))
    assert "TEN0004" in {finding.code for finding in looked_at(looks, project)[1].findings}


def test_a_suppression_is_unused_once_another_file_has_changed(project: Path, looks: Looks) -> None:
    path = project / "shop/web.py"
    path.write_text(path.read_text().replace("price(item)\n", "price(item)  # tenlint: ignore[TEN0102]\n"))
    assert not {"TEN0004", "TEN0102"} & {finding.code for finding in lint(project).findings}
    (project / "shop/clock.py").write_text("import time\n\n\ndef pause():\n    time.monotonic()\n")
    inspected, report = looked_at(looks, project)
    assert inspected == ["clock.py"]
    assert "TEN0004" in {finding.code for finding in report.findings}


def corrupt(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def corrupt_all(folder: Path) -> None:
        for path in folder.glob("*-*"):
            path.write_bytes(change(path.read_bytes()))

    return corrupt_all


def in_place_of_files(folder: Path) -> None:
    for path in folder.glob("*-*"):
        path.unlink()
        path.mkdir()


def links_elsewhere(folder: Path) -> None:
    for path in folder.glob("*-*"):
        path.unlink()
        path.symlink_to("/etc/passwd")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "truncated": corrupt(lambda content: content[: len(content) // 2]),
    "empty": corrupt(lambda content: b""),
    "random": corrupt(lambda content: random.Random(1).randbytes(len(content))),
    "one bit": corrupt(lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]),
    "another version": corrupt(lambda content: content.replace(b"tenlint cache 1", b"tenlint cache 9")),
    "folders": in_place_of_files,
    "links": links_elsewhere,
    "gone": shutil.rmtree,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_cache_is_an_empty_cache(project: Path, looks: Looks, damage: str) -> None:
    first = lint(project)
    DAMAGES[damage](project / CACHE_FOLDER)
    inspected, report = looked_at(looks, project)
    assert report == first
    assert len(inspected) >= len(PROJECT) - 1
    assert Path("/etc/passwd").read_bytes().startswith(b"root")


def test_well_sealed_nonsense_is_an_empty_cache(project: Path, looks: Looks) -> None:
    first = lint(project)
    folder = cache_folder(str(project), None)
    assert folder is not None
    for payload in (b"", b"\xc1", b"\x94" * 100_000, b"\x94\xa1k\x90\x90\x90", b"\xde\xff\xff"):
        for path in (project / CACHE_FOLDER).glob("*-*"):
            assert folder.write(path.name, payload)
        assert looked_at(looks, project)[1] == first


def test_what_a_repository_brings_along_is_no_cache(project: Path, looks: Looks, tmp_path: Path) -> None:
    clean = tmp_path / "clean"
    shutil.copytree(project, clean)
    for path in clean.rglob("*.py"):
        path.write_text("")
    lint(clean)
    first = lint(project)
    shutil.rmtree(project / CACHE_FOLDER)
    os.environ["XDG_CACHE_HOME"] = str(tmp_path / "another user's")
    lint(project)  # as somebody else, who commits the folder
    os.environ["XDG_CACHE_HOME"] = str(tmp_path / "home")
    inspected, report = looked_at(looks, project)
    assert report == first
    assert len(inspected) >= len(PROJECT) - 1


def test_a_link_in_place_of_the_folder_is_not_followed(project: Path, tmp_path: Path, looks: Looks) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (project / CACHE_FOLDER).symlink_to(elsewhere)
    first = lint(project)
    assert looked_at(looks, project) == ([], first)
    assert not list(elsewhere.iterdir())


def test_a_full_disk_is_no_error(project: Path, looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    first = lint(project, cache=False)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert looked_at(looks, project)[1] == first
    assert not list((project / CACHE_FOLDER).glob(".new-*"))
    monkeypatch.setattr(tempfile, "mkstemp", full)
    assert looked_at(looks, project)[1] == first


def test_where_the_project_cannot_be_written_the_cache_lies_with_the_user(
    project: Path, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(project))
    first = lint(project)
    assert not (project / CACHE_FOLDER).exists()
    assert looked_at(looks, project) == ([], first)


def test_the_folder_can_be_chosen(project: Path, tmp_path: Path, looks: Looks) -> None:
    chosen = str(tmp_path / "chosen")
    first = lint(project, cache_dir=chosen)
    assert not (project / CACHE_FOLDER).exists()
    looks.inspected.clear()
    assert lint(project, cache_dir=chosen) == first
    assert not looks.inspected


def test_the_folder_is_tagged_and_ignored_by_git(project: Path) -> None:
    lint(project)
    folder = project / CACHE_FOLDER
    assert (folder / ".gitignore").read_text() == "*\n"
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


def test_the_folder_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lint_rules.engine.cache_folder._MOST_BYTES", 50_000)
    folder = CacheFolder(str(tmp_path / "cache"), b"key")
    for number in range(60):
        assert folder.write(f"run-{number:02d}", bytes(4_000))
    names = sorted(path.name for path in Path(folder.path).glob("run-*"))
    assert len(names) <= 12
    assert names[-1] == "run-59"
    assert not folder.write("run-big", bytes(30_000))


def test_two_runs_at_once(project: Path) -> None:
    command = [sys.executable, str(ROOT / "cli.py"), "check", ".", "--output-format", "concise"]
    expected = subprocess.run([*command, "--no-cache"], cwd=project, env=ENVIRONMENT, capture_output=True, check=False)
    runs = [subprocess.Popen(command, cwd=project, env=ENVIRONMENT, stdout=subprocess.PIPE) for _ in range(3)]
    for run in runs:
        assert run.communicate(timeout=120)[0] == expected.stdout
    assert not list((project / CACHE_FOLDER).glob(".new-*"))


def test_a_known_answer_needs_neither_rules_nor_parsers(project: Path) -> None:
    script = (
        "import sys\nfrom lint_rules.app import main\n"
        "try:\n    main(['check', '.', '--output-format', 'json'])\nexcept SystemExit:\n    pass\n"
        "heavy = ('libcst', 'tree_sitter', 'lint_rules.families.e', 'lint_rules.languages', 'multiprocessing')\n"
        "print([name for name in sys.modules if name.startswith(heavy)], file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", script]
    environment = {**ENVIRONMENT, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"]}
    first = subprocess.run(command, cwd=project, env=environment, capture_output=True, check=True, text=True)
    second = subprocess.run(command, cwd=project, env=environment, capture_output=True, check=True, text=True)
    assert second.stdout == first.stdout
    assert "lint_rules.languages" in first.stderr
    assert second.stderr == "[]\n"


def test_no_secret_is_kept(tmp_path: Path) -> None:
    root = tmp_path / "secrets"
    for family in ("TEN0901", "TEN0902", "TEN0903", "TEN0904", "TEN0906"):
        for case in sorted((FIXTURES / family).glob("*")):
            shutil.copytree(case, root / family / case.name)
    report = lint(root, extend_select=("ALL",))
    kept = b"".join(path.read_bytes() for path in (root / CACHE_FOLDER).iterdir())
    secrets = {
        Path(finding.path).read_bytes()[span.start : span.end]
        for finding in report.findings
        for span in finding.secrets
        if finding.code.startswith("TEN09")
    }
    assert len(secrets) > 20
    assert not [secret for secret in secrets if len(secret) > 8 and secret in kept]


SOME_PROJECTS = sorted(
    path for code in ("TEN0101", "TEN0102", "TEN0202", "TEN0204", "TEN0501", "TEN0801", "TEN0804", "TEN1008")
    for path in (FIXTURES / code).glob("*")
)[::4]  # fmt: skip


@pytest.mark.parametrize("case", SOME_PROJECTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_whatever_is_edited_the_findings_are_those_of_a_run_without_cache(case: Path, tmp_path: Path) -> None:
    root = tmp_path / case.name
    shutil.copytree(case, root)
    chance = random.Random(case.name)
    suffixes = (".py", ".js", ".ts", ".mjs", ".toml", ".json")
    files = sorted(path for path in root.rglob("*") if path.suffix in suffixes and path.name != "tenlint.toml")
    lint(root)
    for _ in range(5):
        path = chance.choice(files)
        if path.exists():
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            place = chance.randrange(len(lines) + 1)
            kind = chance.randrange(4)
            if kind == 0:
                lines.insert(place, "\n")
            elif kind == 1 and lines:
                del lines[min(place, len(lines) - 1)]
            elif kind == 2:
                lines = chance.choice(files).read_text(encoding="utf-8").splitlines(keepends=True) if lines else lines
            else:
                lines.append("\n# the end\n" if path.suffix in (".py", ".toml") else "\n")
            path.write_text("".join(lines), encoding="utf-8")
        assert lint(root) == lint(root, cache=False)


def test_what_is_remembered_from_other_files_is_traced_too() -> None:
    """A kept answer brings its questions along; a function that keeps answers without them would be found here."""
    case = FIXTURES / "TEN0804"
    for project in sorted([*case.glob("*"), *(FIXTURES / "TEN0801").glob("*")]):
        files = sorted(str(path) for path in project.rglob("*") if path.suffix in (".py", ".js", ".ts"))
        together, apart = traces(project, files, forget=False), traces(project, files, forget=True)
        for path in files:
            assert set(together[path].read) == set(apart[path].read), path
        assert asked_below(project, together) == asked_below(project, apart)


def asked_below(root: Path, found: dict[str, Trace]) -> set[tuple[str, str]]:
    return {one for trace in found.values() for one in trace.asked if one[1].startswith(str(root))}


def traces(root: Path, files: list[str], *, forget: bool) -> dict[str, Trace]:
    rules, modules = load_rules(), find_modules(str(root), files)
    found: dict[str, Trace] = {}
    analyser = Analyser(rules, modules, Setting(traces=True))
    for path in files:
        if forget:
            from lint_rules.project import disk

            disk.forget()
            for one in gc.get_objects():
                if type(one).__name__ == "_lru_cache_wrapper":
                    one.cache_clear()
            analyser = Analyser(rules, find_modules(str(root), files), Setting(traces=True))
        trace = analyser.analyse(Task(path)).trace
        assert trace is not None
        found[path] = trace
    return found


def test_excerpts_in_notes_hold_no_literals() -> None:
    notes = [
        "app.use(session({ secret: 'keyboard cat', resave: 1",
        "require('./errors')(app)",
        ["/price", 'x("a")'],
        {"k": 3},
    ]
    encoded = without_literals(msgspec.msgpack.encode(notes))
    assert msgspec.msgpack.decode(encoded) == [
        "app.use(session({ secret: '...', resave: 1", "require('./errors')(app)", ["/price", 'x("a")'], {"k": 3},
    ]  # fmt: skip
    assert msgspec.msgpack.decode(without_literals(msgspec.msgpack.encode(["f(`cut in the mid"]))) == ["f(`...`"]


def test_rules_ask_the_disk_where_it_is_noted() -> None:
    forbidden = ("os.path.isfile", "os.path.isdir", "os.path.exists", "os.path.lexists", ".is_file()", ".is_dir()")
    for folder in ("families", "languages", "project", "flow"):
        for path in sorted((ROOT / "lint_rules" / folder).rglob("*.py")):
            if path.name != "disk.py":
                text = path.read_text(encoding="utf-8")
                assert not [word for word in forbidden if word in text], path
