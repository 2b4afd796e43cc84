"""The command line as its users meet it: options, exit codes, streams, files that are fixed."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import BLOCKING, CLEAN, ENVIRONMENT, HEAVY, ROOT, error_of, run, tenlint, tenlint_process


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'service'\n")
    (tmp_path / "app.py").write_text(BLOCKING)
    (tmp_path / "clean.py").write_text(CLEAN)
    return tmp_path


def test_version_and_help(tmp_path: Path) -> None:
    assert re.fullmatch(r"tenlint, version \d+\.\d+\.\d+\n", run("--version", cwd=tmp_path, code=0))
    text = run("--help", cwd=tmp_path, code=0)
    assert "Usage: tenlint" in text
    assert "tenlint --fix src" in text
    assert "--fail-on" in run("check", "--help", cwd=tmp_path, code=0)


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(argument: str, tmp_path: Path) -> None:
    script = (
        "import sys\nfrom lint_rules.app import main\ntry: main([sys.argv[1]])\n"
        f"except SystemExit: print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    finished = subprocess.run(
        (sys.executable, "-c", script, argument),
        cwd=tmp_path, env={**ENVIRONMENT, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert finished.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("arguments", [(), (".",), ("check",), ("check", "."), ("--isolated",), ("app.py", "clean.py")])
def test_check_is_the_default_command(project: Path, arguments: tuple[str, ...]) -> None:
    text = run(*arguments, cwd=project, code=1)
    assert "TEN0101" in text
    assert re.search(r"in \d files; 1 fixable with --unsafe-fixes\n$", text)


def test_exit_codes(project: Path) -> None:
    run("clean.py", cwd=project, code=0)
    run("app.py", cwd=project, code=1)
    run("--exit-zero", cwd=project, code=0)
    run("--fail-on", "never", cwd=project, code=0)
    run("--fail-on", "error", cwd=project, code=1)
    run("--config", "severity = {TEN01 = 'warning'}", "--fail-on", "error", cwd=project, code=0)
    run("--config", "severity = {TEN01 = 'info'}", cwd=project, code=0)
    run("--config", "severity = {TEN01 = 'info'}", "--fail-on", "info", cwd=project, code=1)


def test_what_cannot_be_analysed_is_never_zero(project: Path) -> None:
    (project / "binary.py").write_bytes(b"x\0")
    assert "TEN0006" in run("clean.py", "binary.py", "--exit-zero", cwd=project, code=2)
    (project / "web.ts").write_bytes(b"let x = 1;\0\n")
    run("clean.py", "web.ts", cwd=project, code=2)
    run("--max-file-size", "10", "clean.py", cwd=project, code=2)


def test_wrong_use(project: Path) -> None:
    assert error_of("gone", cwd=project) == "error: no such file or folder: gone\n"
    assert "unknown output format; did you mean `json`?" in error_of("--output-format", "jsn", cwd=project)
    assert "--select: unknown rule `TEN9999`" in error_of("--select", "TEN9999", cwd=project)
    assert "No such option" in error_of("check", "--selct", "TEN01", cwd=project)
    assert "cannot be combined" in error_of("-", "app.py", cwd=project)
    (project / "tenlint.toml").write_text("\nselct = []\n")
    assert error_of(cwd=project).endswith("tenlint.toml:2: unknown key `selct`; did you mean `select`?\n")
    run("--isolated", cwd=project, code=1)


def test_a_hostile_path_in_an_error_is_escaped(project: Path) -> None:
    assert (
        error_of("\x1b[31m\n::error::x", cwd=project) == r"error: no such file or folder: \x1b[31m\n::error::x" + "\n"
    )


def test_selecting_rules(project: Path) -> None:
    assert run("--select", "TEN02", "app.py", cwd=project, code=0) == "Found no problems in 1 file\n"
    run("--select", "TEN02,blocking-call", cwd=project, code=1)
    run("--select", "TEN02", "--extend-select", "blocking-event-loop", cwd=project, code=1)
    run("--ignore", "TEN01", cwd=project, code=0)
    (project / "tenlint.toml").write_text("[per-file-ignores]\n'app.py' = ['TEN01']\n")
    run(cwd=project, code=0)


def test_json_is_the_same_however_it_is_run(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    texts = {
        run("--output-format", "json", *arguments, cwd=project, code=1)
        for arguments in (("app.py", "clean.py"), ("clean.py", "app.py"), ("-j1",), ("-j2", "."), (str(project),))
    }
    for seed in ("0", "1"):
        env = {"PYTHONHASHSEED": seed}
        texts.add(run("--output-format", "json", cwd=project, code=1, env=env, start=tenlint_process))
    (text,) = texts
    (found,) = json.loads(text)
    assert (found["code"], found["filename"]) == ("TEN0101", str(project / "app.py"))
    elsewhere = run("--output-format", "json", str(project), cwd=tmp_path_factory.mktemp("x"), code=1)
    assert elsewhere == text


def test_several_outputs(project: Path) -> None:
    text = run("--output-format", "concise", "--output-format", "json:out.json", cwd=project, code=1)
    assert text.startswith("app.py:5:5: TEN0101 ")
    assert json.loads((project / "out.json").read_text())[0]["code"] == "TEN0101"
    assert "cannot be written" in error_of("--output-format", "json:no/such/out.json", cwd=project)


def test_quiet_verbose_statistics_and_files(project: Path) -> None:
    assert "Found" not in run("-q", cwd=project, code=1)
    assert b"settings: none" in tenlint("-v", cwd=project).stderr
    assert run("--statistics", "-q", cwd=project, code=1) == "1  TEN0101  [ ] blocking-call\n"
    assert run("--show-files", cwd=project, code=0).startswith("app.py\nclean.py\n")


def test_no_files(tmp_path: Path) -> None:
    finished = tenlint(cwd=tmp_path)
    assert (finished.returncode, finished.stderr) == (
        0,
        b"warning: no Python, JavaScript or TypeScript files found under the given path\n",
    )


def test_github_actions_adds_annotations_to_text_only(project: Path) -> None:
    env = {"GITHUB_ACTIONS": "true"}
    assert "\n::error title=tenlint (TEN0101),file=app.py,line=5" in run(cwd=project, code=1, env=env)
    json.loads(run("--output-format", "json", cwd=project, code=1, env=env))


def test_colour(project: Path) -> None:
    assert "\x1b" not in run(cwd=project, code=1)
    assert "\x1b[" in run("--color", "always", cwd=project, code=1)
    assert "\x1b[" in run(cwd=project, code=1, env={"FORCE_COLOR": "1"})
    assert "\x1b" not in run(cwd=project, code=1, env={"FORCE_COLOR": "1", "NO_COLOR": "1"})


def test_any_locale(project: Path) -> None:
    (project / "app.py").write_text(BLOCKING.replace("time.sleep(1)", "time.sleep(1)  # 日本"), encoding="utf-8")
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
    assert "\\u65e5" in run("--color", "never", cwd=project, code=1, env=env, start=tenlint_process)


def test_standard_input(project: Path) -> None:
    text = run(
        "-", "--stdin-filename", "new.py", "--output-format", "concise", cwd=project, code=1, stdin=BLOCKING.encode()
    )
    assert text.startswith("new.py:5:5: TEN0101 ")
    # It stands for the file of that name, whatever is on disk.
    assert "no problems in 1 file" in run("-", "--stdin-filename", "app.py", cwd=project, code=0, stdin=CLEAN.encode())
    assert "TEN0101" in run("check", "-", cwd=project, code=1, stdin=BLOCKING.encode())
    finished = tenlint(
        "-", "--fix", "--unsafe-fixes", "--stdin-filename", "new.py", cwd=project, stdin=BLOCKING.encode()
    )
    assert b"await asyncio.sleep(1)" in finished.stdout
    assert b"Found no problems" in finished.stderr
    assert not (project / "new.py").exists()


def test_fix(project: Path) -> None:
    before = (project / "app.py").read_text()
    run("--fix", cwd=project, code=1)
    assert (project / "app.py").read_text() == before
    diff = run("--diff", "--unsafe-fixes", cwd=project, code=1)
    assert "-    time.sleep(1)\n+    await asyncio.sleep(1)\n" in diff
    assert (project / "app.py").read_text() == before
    assert run("--diff", cwd=project, code=0) == ""
    assert "Found no problems" in run("--fix", "--unsafe-fixes", cwd=project, code=0)
    assert "await asyncio.sleep(1)" in (project / "app.py").read_text()
    assert run("--diff", "--unsafe-fixes", cwd=project, code=0) == ""
    assert (project / "clean.py").read_text() == CLEAN


def test_diff_is_applied_by_patch(project: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    diff = run("--diff", "--unsafe-fixes", cwd=project, code=1)
    subprocess.run(("git", "apply", "-p0"), input=diff.encode(), cwd=project, check=True)
    run(cwd=project, code=0)


def test_suppressions(project: Path) -> None:
    (project / "app.py").write_text(BLOCKING.replace("sleep(1)", "sleep(1)  # tenlint: ignore[TEN0101] start-up only"))
    run(cwd=project, code=0)
    run("--no-inline", cwd=project, code=1)
    (project / "clean.py").write_text(CLEAN.replace("right\n", "right  # tenlint: ignore[TEN0101]\n"))
    assert "TEN0004" in run(cwd=project, code=1)
    run("--fix", cwd=project, code=0)
    assert "tenlint" not in (project / "clean.py").read_text()
    assert "tenlint: ignore[TEN0101] start-up only" in (project / "app.py").read_text()


def test_explain_and_rules(tmp_path: Path) -> None:
    assert run("explain", "TEN0101", cwd=tmp_path, code=0).startswith("TEN0101 blocking-call\n")
    assert "```python" in run("explain", "blocking-call", "--output-format", "markdown", cwd=tmp_path, code=0)
    assert json.loads(run("explain", "ten0101", "--output-format", "json", cwd=tmp_path, code=0))["code"] == "TEN0101"
    assert run("explain", "TEN0004", cwd=tmp_path, code=0).startswith("TEN0004 unused-suppression\n")
    assert "did you mean `blocking-call`?" in error_of("explain", "blocking-cal", cwd=tmp_path)
    assert "TEN0101  blocking-call" in run("rules", cwd=tmp_path, code=0)
    codes = [rule["code"] for rule in json.loads(run("rules", "--output-format", "json", cwd=tmp_path, code=0))]
    assert codes == sorted(codes)


def test_closed_streams(project: Path) -> None:
    (project / "app.py").write_text("import time\n" + "async def f():\n    time.sleep(1)\n" * 700)
    command = (sys.executable, str(ROOT / "cli.py"), ".")
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
    for redirection in (">&-", "2>&-", ">/dev/full"):
        shell = f'"{sys.executable}" "{ROOT / "cli.py"}" --statistics . {redirection}'
        finished = subprocess.run(("sh", "-c", shell), cwd=project, capture_output=True, check=False)
        assert b"Traceback" not in finished.stderr
        assert finished.returncode in (1, 2)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals(tmp_path: Path, number: signal.Signals, code: int) -> None:
    if number == signal.SIGINT and signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("a shell lets all that it starts in the background ignore interrupts")
    # Standard input that does not end keeps the run waiting.
    command = (sys.executable, str(ROOT / "cli.py"), "-")
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        time.sleep(1)
        process.send_signal(number)
        assert process.wait(20) == code
        assert b"Traceback" not in process.stderr.read()


def test_a_repository_cannot_make_it_run_code(project: Path) -> None:
    canary = project / "canary"
    evil = f"open({str(canary)!r}, 'w')\n"
    for name in ("click.py", "json.py", "sitecustomize.py", "tomli.py", "libcst.py", "conftest.py", "lint_rules.py"):
        (project / name).write_text(evil)
    run(cwd=project, code=1, start=tenlint_process)
    assert not canary.exists()


def test_hostile_file_names(project: Path) -> None:
    for name in (b"::error::x.py", b"a\n::error::b.py", b"\xff\x1b[31m.py", b"-v.py", b"a b.py"):
        with open(os.path.join(os.fsencode(project), name), "w") as file:
            file.write(BLOCKING)
    for format_name in ("full", "concise"):
        text = run("--output-format", format_name, cwd=project, code=2)
        assert not any(line.startswith("::") for line in text.splitlines())
        assert "\x1b" not in text
    found = json.loads(run("--output-format", "json", cwd=project, code=2))
    assert {os.path.basename(os.fsencode(item["filename"])) for item in found} == {
        b"app.py", b"::error::x.py", b"a\n::error::b.py", b"\xff\x1b[31m.py", b"-v.py", b"a b.py",
    }  # fmt: skip


def test_arguments_from_a_file(project: Path) -> None:
    (project / "arguments.txt").write_bytes(b"--select\r\nTEN0101\n\n--quiet\nclean.py\n")
    assert run("@arguments.txt", cwd=project, code=0) == ""
    (project / "arguments.txt").write_text("check\napp.py\n")
    assert "TEN0101" in run("@arguments.txt", cwd=project, code=1)
    # A folder may really be called so.
    (project / "@orders").mkdir()
    (project / "@orders" / "app.py").write_text(BLOCKING)
    (project / "orders").write_text("--version")
    assert "TEN0101" in run("@orders", cwd=project, code=1)
    assert error_of("@gone", cwd=project) == "error: no such file or folder: @gone\n"
