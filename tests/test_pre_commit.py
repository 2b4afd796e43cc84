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
    git("init", "--quiet", folder=folder)
    git("add", ".", folder=folder)
    git("commit", "--quiet", "--no-verify", "--message", "orders", folder=folder)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pre-commit")


def try_repo(hook: str, folder: Path, home: Path) -> tuple[int, str]:
    """Exit code and output of the hook on all files."""
    finished = subprocess.run(
        (sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), hook, "--all-files", "--color=never"),
        cwd=folder, env={**ENVIRONMENT, "PRE_COMMIT_HOME": str(home)}, capture_output=True, text=True, check=False,
        timeout=600,
    )  # fmt: skip
    return finished.returncode, finished.stdout + finished.stderr


@pytest.mark.parametrize("hook", ["tenlint", "tenlint-full"])
def test_the_hook_fails_with_the_finding_and_passes_without(hook: str, orders: Path, home: Path) -> None:
    code, output = try_repo(hook, orders, home)
    assert code == 1, output
    assert "- exit code: 1" in output, output
    assert "error[TEN0101] blocking-call: `time.sleep` blocks the event loop in `wait_for_stock`" in output, output
    assert "orders/stock.py:6:9" in output, output
    assert "Found 1 problem (1 error) in" in output, output
    assert "prices.py" not in output, output

    (orders / "orders" / "stock.py").write_text(FIXED)
    code, output = try_repo(hook, orders, home)
    assert code == 0, output
    assert "Passed" in output, output
