"""The fixture projects: which there are, what they expect, and how they are linted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from lint_rules.engine.analyse import Analyser
from lint_rules.engine.config import Settings, load_settings
from lint_rules.engine.discover import Discovered
from lint_rules.engine.housekeeping import HOUSEKEEPING
from lint_rules.engine.pipeline import run
from lint_rules.engine.registry import load_rules
from lint_rules.engine.report import Report
from lint_rules.engine.selection import Catalogue, enabled_rules
from lint_rules.engine.session import Session
from lint_rules.engine.tasks import Setting, Task
from lint_rules.model import Finding
from lint_rules.project.modules import find_modules
from lint_rules.source import is_config_name

FIXTURES = Path(__file__).parent.parent / "fixtures"
SUFFIXES = (".py", ".pyi", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")

_MARKER = re.compile(r"(?:#|//)\s*expect(?P<next>-next)?:\s*(?P<rest>.*)$")
_ANY_MARKER = re.compile(r"(?:#|//)\s*expect")
_EXPECTED = re.compile(r"\s*(?P<code>TEN\d{4})(?:\s+\"(?P<message>[^\"]*)\")?\s*(?:,|$)")


@dataclass(frozen=True, order=True)
class Expectation:
    """A finding that a marker asks for; `message` is a part of the finding's message."""

    file: str
    line: int
    code: str
    message: str = ""


def projects() -> list[Path]:
    """Every fixture project: fixtures/<code>/<case>/."""
    return sorted(path for path in FIXTURES.glob("TEN*/*") if path.is_dir())


def sources(project: Path) -> list[Path]:
    """The source files of a project, without the expected results of fixes."""
    return sorted(path for path in project.rglob("*") if is_source(path, project) and ".fixed." not in path.name)


def is_source(path: Path, project: Path) -> bool:
    """Whether a file of a project is linted: all but what only steers the test."""
    if path.suffix in SUFFIXES:
        return True
    return path.is_file() and path.name != "tenlint.toml" and is_config_name(f"/{path.relative_to(project).as_posix()}")


def expectations(project: Path) -> Iterator[Expectation]:
    """What the markers of a project expect. Raises ValueError on a marker that cannot be read."""
    for path in sources(project):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if not _ANY_MARKER.search(line):
                continue
            marker = _MARKER.search(line)
            if marker is None:
                raise ValueError(f"{path}:{number}: malformed marker")
            rest = marker["rest"].strip()
            while rest:
                expected = _EXPECTED.match(rest)
                if expected is None:
                    raise ValueError(f"{path}:{number}: malformed marker at {rest!r}")
                yield Expectation(
                    path.relative_to(project).as_posix(),
                    number + (1 if marker["next"] else 0),
                    expected["code"],
                    expected["message"] or "",
                )
                rest = rest[expected.end() :].strip()


def lint(project: Path, *, everything: bool = False, screen: bool = True, jobs: int = 1) -> Report:
    """Lint a fixture project with its own configuration; an opt-in rule's folder selects its rule."""
    return lint_files(project, sources(project), everything=everything, screen=screen, jobs=jobs)


def lint_files(
    project: Path, files: list[Path], *, everything: bool = False, screen: bool = True, jobs: int = 1
) -> Report:
    """Lint some files as one project."""
    session = session_of(project, files, everything=everything, jobs=jobs)
    rules = enabled_rules(load_rules(), session.settings)
    return run(session.discovered, session.settings, rules, screen=screen)


def session_of(project: Path, files: list[Path], *, everything: bool = False, jobs: int = 1) -> Session:
    """What lints, and fixes, some files as one project with the project's own configuration."""
    catalogue = Catalogue((*HOUSEKEEPING, *load_rules()))
    config = project / "tenlint.toml"
    settings = load_settings(str(project), catalogue, config=[str(config)]) if config.exists() else Settings()
    selected = ("ALL",) if everything else ((project.parent.name,) if project.parent.name.startswith("TEN") else ())
    # Servers that listen on a literal port are in fixtures of every family; those of 09 say what is to be said of them.
    ignored = () if everything or project.parent.name.startswith("TEN09") else ("TEN0905",)
    settings = replace(
        settings,
        extend_select=(*settings.extend_select, *selected),
        ignore=(*settings.ignore, *ignored),
        jobs=jobs,
    )
    paths = tuple(str(path) for path in files)
    return Session(catalogue, settings, Discovered(str(project), paths, frozenset(paths)))


def read_tables() -> None:
    """Read the tables and take the patterns apart in this process, so that the workers of all later runs have them.

    Each run forks its workers anew, and what one of them reads on its first file would be read again in every run.
    """
    for code in ("TEN0101", "TEN0501", "TEN0603", "TEN0701", "TEN0902"):
        for project in sorted((FIXTURES / code).glob("*"))[:2]:
            paths = [str(path) for path in sources(project)]
            analyser = Analyser(load_rules(), find_modules(str(project), paths), Setting(screen=False))
            for path in paths:
                analyser.analyse(Task(path, facts="everything", all_notes=True))


def shown(project: Path, finding: Finding) -> Expectation:
    """A finding in the form of an expectation, with its whole message."""
    return Expectation(
        Path(finding.path).relative_to(project).as_posix(), finding.span.row, finding.code, finding.message
    )
