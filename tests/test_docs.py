"""The documentation is what the code says, its links lead somewhere, and its examples are accepted."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from msgspec.structs import replace

from lint_rules.app import cli, with_default_command
from lint_rules.engine.config import Settings, load_settings
from lint_rules.engine.session import full_catalogue
from lint_rules.reporters.output import parse_outputs

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
    return replace(settings, root="", source="", origins={})


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


# A command in a block: `$ tenlint ...`, `- run: tenlint ...`, `.venv/bin/tenlint ...`, after `&&` or with variables before.
_COMMAND = re.compile(
    r"^\s*(?:- )?(?:run: |\$ )?(?:\w+=\S+ )*(?:\S+ && )*(?:\S*/)?tenlint(?: (?P<arguments>[^|<>;&]*)|$)"
)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def commands(page: Path) -> Iterator[list[str]]:
    """The arguments of each tenlint command in the blocks of a page."""
    text = page.read_text(encoding="utf-8")
    blocks = [block["text"].splitlines() for block in _FENCED.finditer(text)]
    blocks.append([line for line in _FENCED.sub("", text).splitlines() if line.startswith("    ")])
    for line in (line for block in blocks for line in block):
        command = re.split(r"(?<=\S) {2,}", line)[0]  # after two blanks it says what the command is for
        found = _COMMAND.match(re.sub(r"\$\{\{ [^}]* \}\}", "1", command))
        if found:
            yield shlex.split(found["arguments"] or "", comments=True)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_commands_of_a_page_are_understood(page: Path) -> None:
    for arguments in commands(page):
        command, *rest = with_default_command(arguments)
        if command in ("--help", "--version", "-h"):
            continue
        try:
            context = cli.commands[command].make_context(command, rest)
        except click.ClickException as error:
            pytest.fail(f"tenlint {shlex.join(arguments)}: {error.format_message()}")
        if command in ("check", "merge"):
            parse_outputs(context.params["output_format"])


def test_the_pages_hold_commands() -> None:
    found = [arguments for page in PAGES for arguments in commands(page)]
    assert len(found) > 50
    assert {arguments[0] for arguments in found if arguments} >= {"check", "baseline", "init", "merge"}


def test_the_options_that_pages_name_in_their_text_exist() -> None:
    known = {option for command in cli.commands.values() for one in command.params for option in one.opts}
    known |= {"--help", "--version"}
    written = (
        ROOT / "README.md",
        *(ROOT / "docs" / f"{page}.md" for page in ("ci", "baseline", "configuration", "index")),
    )
    for page in written:
        for code in _CODE.findall(prose(page)):
            if re.match(r"`(?:tenlint\b|--)", code):
                assert set(_OPTION.findall(code)) <= known, (name(page), code)


def test_every_option_is_told_of_in_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for command in ("check", "baseline", "merge"):
        for one in cli.commands[command].params:
            for option in one.opts:
                assert not option.startswith("--") or option in text, f"{command} {option}"


def test_the_tests_that_the_page_on_reliability_names_exist() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    defined = {
        found for path in ROOT.glob("tests/test_*.py") for found in re.findall(r"(?m)^def (test_\w+)", path.read_text())
    }
    assert set(re.findall(r"`(test_\w+)`", page)) <= defined
    rows = re.findall(r"(?m)^\| (\d+)\. .*\| `test_", page)
    assert [int(row) for row in rows] == list(range(1, 25))
