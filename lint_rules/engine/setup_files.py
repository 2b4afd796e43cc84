"""What `tenlint init` writes: a configuration, a pre-commit entry and a CI job, for what it finds in the project.

Nothing is asked and nothing overwritten: where a file is there already, what to add to it is said instead.
"""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from msgspec import Struct

from lint_rules import __version__
from lint_rules.engine.config import find_config
from lint_rules.engine.revisions import GitError, repository
from lint_rules.source import JAVASCRIPT_SUFFIXES, PYTHON_SUFFIXES, Unreadable, read_source

_REQUIRES_PYTHON: Final = re.compile(r"""(?m)^\s*requires-python\s*=\s*["'][^"'\n]*?>=\s*(3\.\d{1,2})""")
_NODE_ENGINE: Final = re.compile(r">=\s*v?(\d{1,3}(?:\.\d{1,4})?)")
_LOW: Final = 1 << 20

CONFIGURATION: Final = """\
# Settings of tenlint: all keys are shown by `tenlint config`, with their JSON Schema by `tenlint config --schema`.
# What is left out by itself: what git ignores, node_modules, virtual environments, build output, generated files.
# exclude = ["migrations/"]

# Rules beside or without the default set, by code, name or family (`tenlint rules` lists them):
# extend-select = []
# ignore = []
"""


class SetupFile(Struct, frozen=True):
    """A file to write, or, where `is_there`, to add `text` to by hand; `path` is relative to the project."""

    path: str
    text: str
    is_there: bool = False


def setup_files(root: str, files: tuple[str, ...]) -> list[SetupFile]:
    """What to set up in a project. `files` are its source files."""
    return [file for file in (_configuration(root), _pre_commit(root, files), _ci(root)) if file is not None]


def _configuration(root: str) -> SetupFile | None:
    if find_config(root) is not None:
        return None
    lines = [CONFIGURATION]
    python = _REQUIRES_PYTHON.search(_text(os.path.join(root, "pyproject.toml")))
    if python:
        lines.append(f'\n# As pyproject.toml says.\ntarget-python = "{python.group(1)}"\n')
    node = _node_version(root)
    if node:
        lines.append(f'\n# As package.json says.\nnode-version = "{node}"\n')
    return SetupFile("tenlint.toml", "".join(lines))


def _node_version(root: str) -> str:
    with suppress(ValueError, RecursionError):
        package = json.loads(_text(os.path.join(root, "package.json")) or "null")
        engines = package.get("engines") if isinstance(package, dict) else None
        wanted = engines.get("node") if isinstance(engines, dict) else None
        found = _NODE_ENGINE.match(wanted) if isinstance(wanted, str) else None
        return found.group(1) if found else ""
    return ""


def _pre_commit(root: str, files: tuple[str, ...]) -> SetupFile | None:
    text = _text(os.path.join(root, ".pre-commit-config.yaml"))
    if "tenlint" in text or not _is_repository(root):
        return None
    types = ", ".join(_file_types(files))
    entry = f"""\
  - repo: local
    hooks:
      - id: tenlint
        name: tenlint
        entry: tenlint check --force-exclude
        language: python
        additional_dependencies: ["{requirement()}"]
        types_or: [{types}]
        require_serial: true
"""
    if text or os.path.lexists(os.path.join(root, ".pre-commit-config.yaml")):
        return SetupFile(".pre-commit-config.yaml", entry, is_there=True)
    return SetupFile(".pre-commit-config.yaml", f"repos:\n{entry}")


def _file_types(files: tuple[str, ...]) -> Iterator[str]:
    """The types that pre-commit's hook is to be run on."""
    is_python = any(path.endswith(PYTHON_SUFFIXES) for path in files)
    is_javascript = any(path.endswith(JAVASCRIPT_SUFFIXES) for path in files)
    if is_python or not is_javascript:
        yield from ("python", "pyi")
    if is_javascript:
        yield from ("javascript", "jsx", "ts", "tsx")


def _ci(root: str) -> SetupFile | None:
    remote = _remote(root)
    gitlab = ".gitlab-ci.yml"
    if os.path.lexists(os.path.join(root, gitlab)) or "gitlab" in remote:
        text = _text(os.path.join(root, gitlab))
        if "tenlint" in text:
            return None
        return SetupFile(
            gitlab, GITLAB_JOB.format(requirement=requirement()), os.path.lexists(os.path.join(root, gitlab))
        )
    if os.path.isdir(os.path.join(root, ".github")) or "github" in remote:
        path = ".github/workflows/tenlint.yml"
        if os.path.lexists(os.path.join(root, path)):
            return None
        return SetupFile(path, GITHUB_WORKFLOW.format(requirement=requirement()))
    return None


GITHUB_WORKFLOW: Final = """\
name: tenlint
on:
  push:
    branches: [main, master]
  pull_request:

permissions:
  contents: read

jobs:
  tenlint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: actions/setup-python@v5
        with:
          python-version: "3.13"
      - run: pip install "{requirement}"
      - run: tenlint check --output-format full --output-format "markdown:$RUNNER_TEMP/tenlint.md"
      - if: always()
        run: cat "$RUNNER_TEMP/tenlint.md" >> "$GITHUB_STEP_SUMMARY"
"""

GITLAB_JOB: Final = """\
tenlint:
  image: python:3.13
  script:
    - pip install "{requirement}"
    - tenlint check --output-format full --output-format gitlab:gl-code-quality-report.json
  artifacts:
    when: always
    reports:
      codequality: gl-code-quality-report.json
"""


def requirement() -> str:
    """What pip installs this very tenlint by: the repository it came from, or its version."""
    from importlib.metadata import PackageNotFoundError, distribution

    with suppress(PackageNotFoundError, ValueError, AttributeError):
        origin = json.loads(distribution("tenlint").read_text("direct_url.json") or "{}")
        version_control = origin.get("vcs_info")
        if version_control and version_control.get("vcs") == "git":
            return f"tenlint @ git+{origin['url']}@{version_control['commit_id']}"
    return f"tenlint=={__version__}"


def _is_repository(root: str) -> bool:
    try:
        repository(root)
    except GitError:
        return False
    return True


def _remote(root: str) -> str:
    """The host that the repository is pushed to, in lower case; '' if it is not known."""
    from lint_rules.engine.git import run_git

    finished = run_git(root, "config", "--get", "remote.origin.url") if _is_repository(root) else None
    if finished is None or finished[0] != 0:
        return ""
    url = os.fsdecode(finished[1]).strip().lower()
    return re.split(r"[/:]", url.partition("://")[2] or url.rpartition("@")[2])[0]


def _text(path: str) -> str:
    source = read_source(path, _LOW)
    return "" if isinstance(source, Unreadable) else source.data.decode()


def write_new(root: str, file: SetupFile) -> None:
    """Write a file that is not there yet. Raises OSError, FileExistsError if it has come up meanwhile."""
    path = os.path.join(root, *file.path.split("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "x", encoding="utf-8", newline="\n") as opened:
        opened.write(file.text)
