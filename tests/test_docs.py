"""The documentation is what the code says, its links lead somewhere, and its examples are accepted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lint_rules.engine.config import Settings, load_settings
from lint_rules.engine.session import full_catalogue

ROOT = Path(__file__).parent.parent
WRITTEN = (
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("benchmarks/**/README.md")),
)
PAGES = tuple(page for page in WRITTEN if not {".corpus", "node_modules"}.intersection(page.parts))

_FENCED = re.compile(r"(?ms)^```(?P<language>\w*)\n(?P<text>.*?)^```$")
_CODE = re.compile(r"(?s)``.*?``|`[^`]*`")
_LINK = re.compile(r"\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    """The text of a page without its code."""
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings of a page."""
    headings = re.findall(r"(?m)^#+ +(.*)$", prose(page))
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def test_the_generated_pages_are_up_to_date() -> None:
    finished = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make_docs.py"), "--check"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not finished.stderr, finished.stderr[-2000:]
    assert finished.returncode == 0, f"run `make docs`; out of date:\n{finished.stdout}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    broken = []
    for link in _LINK.finditer(_CODE.sub("", prose(page))):
        target, _, heading = link["target"].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = page.parent / target if target else page
        if not file.exists() or (heading and heading not in anchors(file)):
            broken.append(link.group())
    assert not broken


def configured(tmp_path: Path, file_name: str, text: str) -> Settings:
    """The settings that a file of that name gives, wherever it lies."""
    folder = tmp_path / file_name
    folder.mkdir()
    (folder / file_name).write_text(text, encoding="utf-8")
    settings = load_settings(str(folder), full_catalogue())
    assert settings.source == str(folder / file_name)
    return replace(settings, root="", source="")


def test_the_examples_of_the_configuration_are_accepted_and_equal(tmp_path: Path) -> None:
    page = ROOT / "docs" / "configuration.md"
    own, shared = [block["text"] for block in _FENCED.finditer(page.read_text(encoding="utf-8"))]
    assert configured(tmp_path, "tenlint.toml", own) == configured(tmp_path, "pyproject.toml", shared)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_examples_in_toml_are_accepted(page: Path, tmp_path: Path) -> None:
    for number, block in enumerate(_FENCED.finditer(page.read_text(encoding="utf-8"))):
        if block["language"] != "toml":
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        configured(folder, "pyproject.toml" if "[tool.tenlint" in block["text"] else "tenlint.toml", block["text"])
