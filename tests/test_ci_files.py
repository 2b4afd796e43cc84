"""What the repository offers to CI: the action's steps are run as they stand, the rest is read as its consumer does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import BLOCKING, CLEAN, ENVIRONMENT, ROOT, git, run, tenlint_process

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
SECOND = """

async def refresh(stock):
    time.sleep(2)
    return stock
"""


@pytest.fixture(autouse=True)
def alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a `tenlint` for PATH that runs this checkout."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "tenlint"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "cli.py"}" "$@"\n')
    script.chmod(0o755)
    return folder


def action() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def run_action(project: Path, temp: Path, program: Path, inputs: dict[str, str], base: str = "") -> tuple[int, str]:
    """The step of the action that checks, as a runner runs it: the exit code and what it printed."""
    (temp / "tenlint-venv" / "bin").mkdir(parents=True, exist_ok=True)
    shutil.copy(program / "tenlint", temp / "tenlint-venv" / "bin" / "tenlint")
    step = action()["runs"]["steps"][1]
    given = {name: str(fields["default"]) for name, fields in action()["inputs"].items()} | inputs
    values = {**{f"inputs.{name}": value for name, value in given.items()}, "github.base_ref": base}

    def filled(text: str) -> str:
        return re.sub(r"\$\{\{ ([a-z._-]+) \}\}", lambda found: values[found.group(1)], text)

    environment = {name: filled(value) for name, value in step["env"].items()}
    environment |= {"GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(temp), "GITHUB_STEP_SUMMARY": str(temp / "summary.md")}
    assert "${{" not in step["run"], "inputs must not become part of the script"
    finished = subprocess.run(
        ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]),
        cwd=project / filled(step["working-directory"]), env={**ENVIRONMENT, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in finished.stderr, finished.stderr
    return finished.returncode, finished.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_action_checks_annotates_and_summarises(tmp_path: Path, program: Path) -> None:
    project, temp = tmp_path / "project", tmp_path / "temp"
    (project / "api").mkdir(parents=True)
    (project / "api" / "app.py").write_text(BLOCKING)
    code, printed = run_action(project, temp, program, {"sarif": "tenlint.sarif", "paths": "api"})
    assert code == 1
    assert (
        "error[TEN0101] blocking-call" in printed
        and "\n::error title=tenlint (TEN0101),file=api/app.py,line=5" in printed
    )
    assert "| **error** TEN0101" not in printed
    assert "**error** TEN0101" in (temp / "summary.md").read_text()
    assert (project / "tenlint.sarif").exists()
    code, _ = run_action(project, temp, program, {"working-directory": "api", "args": "--fail-on never --select TEN01"})
    assert code == 0
    code, printed = run_action(project, temp, program, {"paths": "$(touch canary) `touch canary`; touch canary"})
    assert code == 2
    assert not list(tmp_path.rglob("canary"))


@needs_git
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_action_reports_only_what_is_new(tmp_path: Path, program: Path) -> None:
    project, temp = tmp_path / "project", tmp_path / "temp"
    project.mkdir()
    git("init", "--quiet", folder=project)
    (project / "app.py").write_text(BLOCKING)
    git("add", ".", folder=project)
    git("commit", "--quiet", "--message", "old", folder=project)
    git("update-ref", "refs/remotes/origin/main", "HEAD", folder=project)
    assert run_action(project, temp, program, {"new-only": "true"}, "main")[0] == 0
    (project / "app.py").write_text(BLOCKING + SECOND)
    code, printed = run_action(project, temp, program, {"new-only": "true"}, "main")
    assert code == 1 and "app.py:10:5" in printed and "app.py:5:5" not in printed
    assert run_action(project, temp, program, {"new-only": "true"}, "gone")[0] == 2


def test_the_action_installs_from_where_it_lies() -> None:
    install = action()["runs"]["steps"][0]["run"]
    assert '"$GITHUB_ACTION_PATH"' in install
    for step in action()["runs"]["steps"]:
        assert step["shell"] == "bash"


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_recipe_for_several_machines(tmp_path: Path, program: Path) -> None:
    """The workflow of the documentation, a checkout of its own for each job; artifacts are copied as the actions do."""
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    (text,) = [text for text in re.findall(r"(?s)```yaml\n(.*?)```", page) if "--shard" in text]
    jobs = yaml.safe_load(text)["jobs"]
    environment = {**ENVIRONMENT, "PATH": f"{program}{os.pathsep}{os.environ['PATH']}", "GITHUB_ACTIONS": "true"}

    def run_job(name: str, shard: int = 0) -> tuple[int, str]:
        machine = tmp_path / f"{name}{shard}"
        checkout, temp = machine / "work", machine / "temp"
        (checkout / "orders").mkdir(parents=True)
        for number in range(8):
            (checkout / "orders" / f"stock{number}.py").write_text(BLOCKING)
        filled = {"matrix.shard": str(shard), "runner.temp": str(temp), "!cancelled()": "true"}
        code, printed = 0, ""
        for template in jobs[name]["steps"]:
            step = yaml.safe_load(
                re.sub(r"\$\{\{ (.+?) \}\}", lambda found: filled[found[1]], yaml.safe_dump(template, width=1000))
            )
            action = step.get("uses", "").partition("@")[0]
            if action == "actions/upload-artifact":
                target = tmp_path / "artifacts" / step["with"]["name"]
                target.mkdir(parents=True)
                shutil.copy(step["with"]["path"], target)
            elif action == "actions/download-artifact":
                shutil.copytree(tmp_path / "artifacts", step["with"]["path"])
            elif not action and not step["run"].startswith("pip"):
                temp.mkdir(exist_ok=True)
                finished = subprocess.run(
                    ("bash", "-e", "-c", step["run"]), cwd=checkout, env=environment, capture_output=True, text=True, check=False
                )  # fmt: skip
                code, printed = finished.returncode, finished.stdout
        return code, printed

    for shard in jobs["shard"]["strategy"]["matrix"]["shard"]:
        assert run_job("shard", shard) == (0, "")
    code, printed = run_job("tenlint")
    assert code == 1 and "Found 8 problems (8 errors) in 8 files" in printed
    assert printed.count("\n::error title=tenlint (TEN0101),file=orders/stock") == 8


def test_the_gitlab_template(tmp_path: Path) -> None:
    job = yaml.safe_load((ROOT / "templates" / "gitlab.yml").read_text(encoding="utf-8"))["tenlint"]
    report = job["artifacts"]["reports"]["codequality"]
    (command,) = [line for line in job["script"] if line.startswith("tenlint")]
    assert f"--output-format gitlab:{report}" in command
    assert job["artifacts"]["when"] == "always"
    (tmp_path / "app.py").write_text(BLOCKING)
    run(*command.replace("$TENLINT_OPTIONS", "").split()[1:], cwd=tmp_path, code=1)
    assert (tmp_path / report).read_text().startswith("[\n{")


def test_the_hooks_take_every_language() -> None:
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")):
        assert set(hook["types_or"]) == {"python", "pyi", "javascript", "jsx", "ts", "tsx"}
        assert hook["require_serial"] is True


def test_the_dockerfile_copies_what_is_there() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in re.findall(r"(?m)^COPY (?!--from)(.*)$", text):
        for name in line.split()[:-1]:
            assert (ROOT / name).exists() and name in kept
    assert "USER tenlint" in text and text.rstrip().endswith('ENTRYPOINT ["/opt/tenlint/bin/tenlint"]')


@needs_git
def test_a_team_with_old_findings_switches_it_on(tmp_path: Path, program: Path) -> None:
    """The story of the documentation: init, baseline, a commit that is stopped by the one new error, the fix."""
    project = tmp_path / "orders"
    project.mkdir()
    environment = {
        name: value for name, value in ENVIRONMENT.items() if not name.startswith(("GIT_", "PRE_COMMIT"))
    } | {"PATH": f"{program}{os.pathsep}{os.environ['PATH']}", "PRE_COMMIT_HOME": str(tmp_path / "home")}
    for number in range(20):
        (project / f"views{number}.py").write_text(BLOCKING * 5)
    (project / "prices.py").write_text(CLEAN)

    def call(*command: str) -> tuple[int, str]:
        finished = subprocess.run(
            command,
            cwd=project,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return finished.returncode, finished.stdout

    def commit() -> tuple[int, str]:
        call("git", "add", "--all")
        return call("git", "-c", "user.name=O", "-c", "user.email=o@example.com", "commit", "--message", "change")

    call("git", "init", "--quiet")
    assert call("tenlint", "init")[0] == 0
    config = project / ".pre-commit-config.yaml"
    # In place of an installation from a registry: the tenlint on PATH.
    text = re.sub(r"        additional_dependencies: .*\n", "", config.read_text())
    config.write_text(text.replace("language: python", "language: system"))
    assert call("tenlint", "baseline") == (0, ".tenlint-baseline.json: 100 findings\n")
    code, printed = call(sys.executable, "-m", "pre_commit", "install")
    assert code == 0, printed
    code, printed = commit()
    assert code == 0, printed

    (project / "prices.py").write_text(CLEAN + "\n\nimport time\n" + SECOND)
    code, printed = commit()
    assert code == 1 and printed.count("error[TEN") == 1, printed
    assert "prices.py:9:5" in printed
    assert call("tenlint", "--fix", "--unsafe-fixes", "prices.py")[0] == 0
    assert "await asyncio.sleep(2)" in (project / "prices.py").read_text()
    assert "time.sleep(1)" in (project / "views0.py").read_text()
    code, printed = commit()
    assert code == 0, printed
    assert tenlint_process("--no-baseline", "--statistics", cwd=project).stdout.startswith(b"100  TEN0101")
