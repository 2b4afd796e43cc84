"""What the benchmark scripts share: the pinned packages, tenlint's findings on them, and the verdicts of reviewers."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
import tomli

BENCHMARKS = Path(__file__).resolve().parent
CORPUS_FILE = BENCHMARKS / "corpus.toml"
CORPUS = BENCHMARKS / ".corpus"
WHEELS = CORPUS / "wheels"
SAVED_FINDINGS = CORPUS / "findings"
VERDICTS = BENCHMARKS / "verdicts"

SUFFIXES = {"python": (".py",), "javascript": (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")}
"""The endings of the files that are counted, by language."""

RIGHT, WRONG, DEBATABLE = "right", "wrong", "debatable"
JUDGEMENTS = (RIGHT, WRONG, DEBATABLE)

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Package:
    """One pinned archive of corpus.toml, a wheel or a tarball of npm.

    `lines` is the number of newlines in its files of `language`. `npm` is the name in the registry where it differs.
    """

    name: str
    version: str
    language: str
    sha256: str
    lines: int
    why: str
    wheel: str = ""
    tarball: str = ""
    npm: str = ""
    python_version: str = ""
    platform: str | None = None

    @property
    def tree(self) -> Path:
        """The folder that the archive is unpacked into."""
        return CORPUS / f"{self.name}-{self.version}"

    @property
    def archive(self) -> Path:
        """Where the archive is kept."""
        return WHEELS / (self.wheel or self.tarball)


@dataclass(frozen=True, order=True)
class Place:
    """What a verdict is about; `file` is relative to the package's tree, with forward slashes."""

    code: str
    package: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.code} {self.package} {self.file}:{self.line}"


@dataclass(frozen=True)
class Found:
    """One finding of tenlint in the corpus; `entry` is its object in the JSON report."""

    place: Place
    column: int
    end_line: int
    entry: Mapping[str, Any]

    @property
    def sort_key(self) -> tuple[Place, int, str]:
        """Order of a listing: rule, package, file, position, message."""
        return (self.place, self.column, str(self.entry["message"]))


@dataclass(frozen=True)
class Verdict:
    """A reviewer's judgement on the findings of one rule on one line, and the file that holds it."""

    place: Place
    judgement: str
    reason: str
    source: Path


def load_packages(names: Iterable[str] = ()) -> list[Package]:
    """Return the packages of corpus.toml, or those named; an unknown name is a `ClickException`."""
    corpus = tomli.loads(CORPUS_FILE.read_text(encoding="utf-8"))
    packages = [
        Package(language=language, **{key.replace("-", "_"): value for key, value in entry.items()})
        for language in SUFFIXES
        for entry in corpus[language]
    ]
    wanted = set(names)
    if unknown := wanted - {package.name for package in packages}:
        known = ", ".join(package.name for package in packages)
        raise click.ClickException(f"not in corpus.toml: {', '.join(sorted(unknown))}; known: {known}")
    return [package for package in packages if not wanted or package.name in wanted]


def fetched_packages(names: Iterable[str] = ()) -> list[Package]:
    """Like `load_packages`, and every package's tree is there; otherwise a `ClickException` says what to run."""
    packages = load_packages(names)
    if missing := [package.name for package in packages if not package.tree.is_dir()]:
        raise click.ClickException(f"not fetched: {', '.join(missing)}; run `python benchmarks/fetch.py`")
    return packages


def source_files(tree: Path, language: str) -> list[Path]:
    """Return all files of a language below `tree`, sorted."""
    return sorted(path for path in tree.rglob("*") if path.suffix in SUFFIXES[language] and path.is_file())


def count_lines(tree: Path, language: str) -> int:
    """Count the newlines of all files of a language below `tree`."""
    return sum(path.read_bytes().count(b"\n") for path in source_files(tree, language))


def linter_environment() -> dict[str, str]:
    """The environment for linters: git must not find this repository, which ignores the corpus, above the corpus."""
    ceilings = [str(CORPUS), *filter(None, [os.environ.get("GIT_CEILING_DIRECTORIES")])]
    return {**os.environ, "GIT_CEILING_DIRECTORIES": os.pathsep.join(ceilings), "NO_COLOR": "1"}


def tenlint_command(given: str | None) -> list[str]:
    """Split the `--tenlint` option, or find tenlint: beside this Python, else this checkout's launcher."""
    if given is not None:
        return shlex.split(given)
    installed = Path(sys.executable).with_name("tenlint")
    if installed.is_file():
        return [str(installed)]
    launcher = BENCHMARKS.parent / "cli.py"
    if launcher.is_file():
        return [sys.executable, str(launcher)]
    raise click.ClickException("tenlint is not installed beside this Python; run `pip install -e .` or give --tenlint")


def run_tenlint(command: Sequence[str], tree: Path, select: str | None) -> list[dict[str, Any]]:
    """Run tenlint over `tree` without cache and configuration, and return its JSON report.

    A report of an incomplete scan (exit code 2) is returned with a warning; no report is a `ClickException`.
    """
    selection = ["--select", select] if select else []
    arguments = ["check", str(tree), "--output-format", "json", "--no-cache", "--isolated", "--exit-zero", *selection]
    try:
        run = subprocess.run(
            [*command, *arguments], env=linter_environment(), capture_output=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise click.ClickException(f"cannot run {shlex.join(command)}: {error}") from error
    said = run.stderr.decode(errors="replace").strip()
    try:
        report: list[dict[str, Any]] = json.loads(run.stdout)
    except ValueError as error:
        message = f"{shlex.join([*command, *arguments])} gave no JSON (exit code {run.returncode})"
        raise click.ClickException(f"{message}\n{said}") from error
    if run.returncode != 0:
        click.echo(f"warning: tenlint ended with {run.returncode} on {tree.name}: {said[-2000:]}", err=True)
    return report


def findings_of(package: Package, *, tenlint: str | None, select: str | None, reuse: bool) -> list[Found]:
    """Return tenlint's findings on a package, sorted; each run's report is saved, and read again with `reuse`.

    The options are those of `corpus_options`.
    """
    suffix = f".{re.sub(r'[^A-Za-z0-9-]+', '_', select)}" if select else ""
    saved = SAVED_FINDINGS / f"{package.name}-{package.version}{suffix}.json"
    if reuse and saved.is_file():
        report = json.loads(saved.read_text(encoding="utf-8"))
    else:
        report = run_tenlint(tenlint_command(tenlint), package.tree, select)
        saved.parent.mkdir(parents=True, exist_ok=True)
        saved.write_text(json.dumps(report, indent=1), encoding="utf-8")
    return sorted((_found(package, entry) for entry in report), key=lambda found: found.sort_key)


def _found(package: Package, entry: Mapping[str, Any]) -> Found:
    start = entry["location"]
    place = Place(entry["code"], package.name, relative_to_tree(package, entry["filename"]), start["row"])
    return Found(place, start["column"], entry["end_location"]["row"], entry)


def relative_to_tree(package: Package, filename: str) -> str:
    """Return `filename` relative to the package's tree, or as it is when it lies elsewhere."""
    path = Path(filename)
    return path.relative_to(package.tree).as_posix() if path.is_relative_to(package.tree) else filename


def load_verdicts(folder: Path = VERDICTS) -> dict[Place, Verdict]:
    """Read all verdicts below `folder`; malformed ones and two about one place are a `ClickException`."""
    verdicts: dict[Place, Verdict] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            entries = tomli.loads(path.read_text(encoding="utf-8")).get("verdict", [])
        except tomli.TOMLDecodeError as error:
            raise click.ClickException(f"{path}: {error}") from error
        for number, entry in enumerate(entries, start=1):
            verdict = _verdict(entry, path, number)
            if earlier := verdicts.get(verdict.place):
                raise click.ClickException(f"two verdicts about {verdict.place}: {earlier.source}, {path}")
            verdicts[verdict.place] = verdict
    return verdicts


def _verdict(entry: Mapping[str, Any], path: Path, number: int) -> Verdict:
    types = {"code": str, "package": str, "file": str, "line": int, "verdict": str, "reason": str}
    if entry.keys() != types.keys() or not all(isinstance(entry[key], types[key]) for key in types):
        raise click.ClickException(f"{path}: verdict {number} must have exactly {', '.join(types)} ({dict(entry)})")
    place = Place(entry["code"], entry["package"], entry["file"], entry["line"])
    if entry["verdict"] not in JUDGEMENTS or not entry["reason"].strip():
        raise click.ClickException(f"{path}: {place} needs a verdict ({', '.join(JUDGEMENTS)}) and a reason")
    return Verdict(place, entry["verdict"], entry["reason"], path)


def sample_by_hash(found: Sequence[Found], size: int, seed: int) -> list[Found]:
    """Choose `size` findings by a hash of seed and place, so that a changed rule keeps most of an earlier sample."""

    def rank(one: Found) -> bytes:
        return hashlib.sha256(f"{seed}:{one.place}:{one.column}".encode()).digest()

    return sorted(sorted(found, key=rank)[:size], key=lambda one: one.sort_key)


def corpus_options(command: Command) -> Command:
    """Add the options of all scripts that look at tenlint's findings: which packages, which tenlint, which rules."""
    options = (
        click.option("--package", "packages", multiple=True, metavar="NAME", help="Only this package; repeatable."),
        click.option("--tenlint", metavar="COMMAND", help="How to start tenlint; found by itself if not given."),
        click.option("--select", metavar="RULES", help="Passed on to tenlint; its default set if not given."),
        click.option("--reuse", is_flag=True, help="Read the findings saved by the last run where there are any."),
    )
    for option in reversed(options):
        command = option(command)
    return command
