"""The hooks as their users meet them: the real pre-commit installs this repository and runs both on a small project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# What git sets for its own hooks, in which these tests may run, would lead the commands below to the wrong repository.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}

BLOCKING = """\
import time


async def wait_for_stock(stock, item):
    while not stock.available(item):
        time.sleep(1)
"""
FIXED = BLOCKING.replace("import time", "import asyncio").replace("time.sleep", "await asyncio.sleep")
SERVER = """\
import { execSync } from "node:child_process";
import express from "express";

const app = express();

app.get("/version", (request, response) => {
  response.send(execSync("git rev-parse HEAD"));
});
"""
FIXED_SERVER = SERVER.replace(
    '  response.send(execSync("git rev-parse HEAD"));', "  response.send(process.env.VERSION);"
).replace('import { execSync } from "node:child_process";\n', "")
CLEAN = """\
def total(lines):
    return sum(line.price * line.amount for line in lines)
"""

pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="pre-commit installs from a git repository; this is none"),
]


def git(*arguments: str, folder: Path) -> None:
    """A git command that depends on nobody's configuration."""
    subprocess.run(
        ("git", "-c", "user.name=Orders", "-c", "user.email=orders@example.com", *arguments),
        cwd=folder, env=ENVIRONMENT, check=True, capture_output=True,
    )  # fmt: skip


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """A repository with one file that blocks the event loop and one that is clean."""
    folder = tmp_path / "repository"
    package = folder / "orders"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "stock.py").write_text(BLOCKING)
    (package / "prices.py").write_text(CLEAN)
    (folder / "web").mkdir()
    (folder / "web" / "server.mjs").write_text(SERVER)
    git("init", "--quiet", folder=folder)
    git("add", ".", folder=folder)
    git("commit", "--quiet", "--no-verify", "--message", "orders", folder=folder)
    return folder


def try_both_hooks(folder: Path, home: Path) -> dict[str, str]:
    """What each hook says about all files, by hook. They are run together since each run installs tenlint anew."""
    finished = subprocess.run(
        (sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), "--all-files", "--color=never"),
        cwd=folder, env={**ENVIRONMENT, "PRE_COMMIT_HOME": str(home)}, capture_output=True, text=True, check=False,
        timeout=600,
    )  # fmt: skip
    first, second = "tenlint.....", "tenlint (whole project)....."
    assert first in finished.stdout and second in finished.stdout, finished.stdout + finished.stderr
    said = finished.stdout[finished.stdout.index(first) :]
    assert finished.returncode == int("Failed" in said)
    return dict(zip(("tenlint", "tenlint-full"), said.split(second), strict=True))


def test_the_hooks_fail_with_the_finding_and_pass_without(orders: Path, tmp_path: Path) -> None:
    for said in try_both_hooks(orders, tmp_path / "home").values():
        assert "Failed" in said and "- exit code: 1\n" in said, said
        assert "error[TEN0101] blocking-call: `time.sleep` blocks the event loop in `wait_for_stock`" in said, said
        assert "orders/stock.py:6:9" in said, said
        assert "TEN0101] blocking-call: `execSync` blocks the event loop" in said, said
        assert "web/server.mjs:7:17" in said, said
        assert "Found 2 problems" in said, said

    (orders / "web" / "server.mjs").write_text(FIXED_SERVER)
    (orders / "orders" / "stock.py").write_text(FIXED)
    for said in try_both_hooks(orders, tmp_path / "home").values():
        assert said.endswith("Passed\n"), said
