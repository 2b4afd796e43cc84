"""Asking git, without letting the repository run anything: no hooks, no file system monitor, no foreign git."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
from typing import Final

_TIMEOUT_SECONDS: Final = 60
_SAFE_OPTIONS: Final = (
    "-c", "core.fsmonitor=", "-c", f"core.hooksPath={os.devnull}", "-c", "safe.bareRepository=explicit",
)  # fmt: skip
# Set by git for its hooks; they name the repository of the hook, perhaps relative to another folder.
_LOCAL_VARIABLES: Final = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
)  # fmt: skip


def list_files(root: str) -> list[str] | None:
    """What git tracks or does not ignore below `root`, as paths relative to it with "/".

    None if `root` lies in no repository, or git is missing, or git refuses (as it does for another owner's repository).
    """
    if not _lies_in_repository(root):
        return None
    output = _run(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if output is None:
        return None
    # A merge in conflict lists a path once per side.
    return list(dict.fromkeys(os.fsdecode(output).split("\0")[:-1]))


def _lies_in_repository(folder: str) -> bool:
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return True
        parent = os.path.dirname(folder)
        if parent == folder:
            return False
        folder = parent


def _run(root: str, *arguments: str) -> bytes | None:
    """The output of a git command in `root`; None if it fails."""
    finished = run_git(root, *arguments)
    return finished[1] if finished is not None and finished[0] == 0 else None


def run_git(root: str, *arguments: str, content: bytes = b"", index: str = "") -> tuple[int, bytes] | None:
    """Exit code and output of a git command in `root`, which reads `content`; None if it cannot be run.

    `index` is the path of an index to use in place of the repository's own.
    """
    git = _trusted_git(root)
    if git is None:
        return None
    import subprocess

    environment = {name: value for name, value in os.environ.items() if name not in _LOCAL_VARIABLES}
    # Without optional locks git does not refresh, and so never writes, the index. Nothing is fetched.
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    if index:
        environment["GIT_INDEX_FILE"] = index
    try:
        finished = subprocess.run(
            (git, *_SAFE_OPTIONS, *arguments),
            cwd=root, env=environment, input=content, capture_output=True, timeout=_TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return finished.returncode, finished.stdout


def _trusted_git(root: str) -> str | None:
    """The git on PATH, unless it comes from the tree itself or from a relative entry of PATH."""
    from shutil import which

    git = which("git")
    if git is None or not os.path.isabs(git):
        return None
    inside = os.path.join(os.path.realpath(root), "")
    return None if os.path.realpath(git).startswith(inside) or git.startswith(os.path.join(root, "")) else git
