"""Running the command line in tests: in this process or in one of its own, with an environment that is nobody's."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from lint_rules.app import main

ROOT = Path(__file__).parent.parent
BLOCKING = """\
import time


async def handler(request):
    time.sleep(1)
    return request
"""
CLEAN = "def add(left, right):\n    return left + right\n"
AMBIENT = ("GITHUB_ACTIONS", "GITHUB_WORKSPACE", "NO_COLOR", "FORCE_COLOR", "XDG_CONFIG_HOME")
HEAVY = ("libcst", "tree_sitter", "msgspec", "tomli", "pathspec", "lint_rules.families", "lint_rules.engine")
# A relative entry of PYTHONPATH would let the checked project in.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", *AMBIENT)}


@dataclass(frozen=True)
class Finished:
    """How a run ended."""

    returncode: int
    stdout: bytes
    stderr: bytes


def tenlint(*arguments: str, cwd: Path, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Finished:
    """A run within this process, which spares importing everything anew."""
    outputs = {name: io.BytesIO() for name in ("stdout", "stderr")}
    streams: dict[str, Any] = {name: io.TextIOWrapper(output, encoding="utf-8") for name, output in outputs.items()}
    streams["stdin"] = io.TextIOWrapper(io.BytesIO(stdin))
    handler = signal.getsignal(signal.SIGTERM)
    before = Path.cwd()
    os.chdir(cwd)
    try:
        with (
            patch.dict(os.environ, {**ENVIRONMENT, **(env or {})}, clear=True),
            patch.multiple(sys, **streams),
            pytest.raises(SystemExit) as end,
        ):
            main(arguments)
    finally:
        os.chdir(before)
        signal.signal(signal.SIGTERM, handler)
    for name in outputs:
        streams[name].flush()
    return Finished(int(str(end.value.code)), outputs["stdout"].getvalue(), outputs["stderr"].getvalue())


def tenlint_process(*arguments: str, cwd: Path, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Finished:
    """A run in a process of its own."""
    finished = subprocess.run(
        (sys.executable, str(ROOT / "cli.py"), *arguments),
        cwd=cwd, input=stdin, capture_output=True, env={**ENVIRONMENT, **(env or {})}, timeout=120, check=False,
    )  # fmt: skip
    return Finished(finished.returncode, finished.stdout, finished.stderr)


def run(*arguments: str, code: int, start: Callable[..., Finished] = tenlint, **settings: Any) -> str:
    """Standard output of a run that has to end with `code` and without a traceback."""
    finished = start(*arguments, **settings)
    assert b"Traceback" not in finished.stderr, finished.stderr.decode()
    assert finished.returncode == code, (finished.stdout.decode(), finished.stderr.decode())
    return finished.stdout.decode()


def error_of(*arguments: str, cwd: Path, code: int = 2) -> str:
    finished = tenlint(*arguments, cwd=cwd)
    assert (finished.returncode, finished.stdout) == (code, b""), finished
    assert b"Traceback" not in finished.stderr
    return finished.stderr.decode()


def git(*arguments: str, folder: Path) -> str:
    """A git command that depends on nobody's configuration."""
    finished = subprocess.run(
        ("git", "-c", "user.name=Orders", "-c", "user.email=orders@example.com", "-c", "init.defaultBranch=main", *arguments),
        cwd=folder, env={**ENVIRONMENT, "GIT_CONFIG_GLOBAL": os.devnull}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return finished.stdout
