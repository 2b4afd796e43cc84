"""What ruff, bandit, flake8-async and tenlint say about the small projects in benchmarks/comparison.

    python benchmarks/compare.py            print the table
    python benchmarks/compare.py --write    and put it into README.md and benchmarks/comparison/README.md

A project marks one line with `# defect` or `# fine`. A tool sees the defect if it reports anything on that line; what
it reports on a fine line is a false alarm. Every tool runs over one project at a time, with no configuration but the
rules named in TOOLS.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parent.parent
CASES = Path(__file__).parent / "comparison"
PAGES = (CASES / "README.md", ROOT / "README.md")

Place = tuple[str, int, str]
"""File name, line, code."""


@dataclass(frozen=True)
class Tool:
    """A linter: its name, its distribution ('' for this repository), its command, and how its report is read."""

    name: str
    distribution: str
    command: Sequence[str]
    read: Callable[[str], Iterable[Place]]


def of_ruff(report: str) -> Iterable[Place]:
    return [(Path(one["filename"]).name, one["location"]["row"], one["code"]) for one in json.loads(report)]


def of_bandit(report: str) -> Iterable[Place]:
    return [(Path(one["filename"]).name, one["line_number"], one["test_id"]) for one in json.loads(report)["results"]]


def of_flake8(report: str) -> Iterable[Place]:
    found = re.findall(r"(?m)^(.+?):(\d+):\d+: (\w+)", report)
    return [(Path(path).name, int(row), code) for path, row, code in found if code.startswith("ASYNC")]


PYTHON = (sys.executable, "-m")
TOOLS = (
    Tool(
        "ruff", "ruff",
        (*PYTHON, "ruff", "check", "--isolated", "--no-cache", "--output-format", "json",
         "--select", "ASYNC,B,BLE,E7,F,LOG,PL,RUF,S,SIM,TRY", "."),
        of_ruff,
    ),
    Tool("bandit", "bandit", (*PYTHON, "bandit", "--quiet", "--recursive", "--format", "json", "."), of_bandit),
    Tool("flake8-async", "flake8-async", (*PYTHON, "flake8", "--isolated", "."), of_flake8),
    Tool(
        "tenlint", "",
        (sys.executable, str(ROOT / "cli.py"), "check", "--isolated", "--output-format", "json", "."),
        of_ruff,
    ),
)  # fmt: skip


def cases() -> list[Path]:
    """The projects, in the order of their names."""
    return sorted(path for path in CASES.iterdir() if path.is_dir() and any(path.glob("*.py")))


def marked(case: Path) -> tuple[str, int, str]:
    """File, line and kind (`defect`, `fine`) of the one marked line. Raises ValueError."""
    (found,) = (
        (path.name, row, line.rpartition("# ")[2])
        for path in sorted(case.glob("*.py"))
        for row, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if line.endswith(("# defect", "# fine"))
    )
    return found


def verdict(tool: Tool, case: Path) -> str:
    """What goes into the table: the codes that a tool reports on the marked line."""
    with tempfile.TemporaryDirectory() as folder:
        # Elsewhere, since tenlint takes what lies in `benchmarks` for no part of a service.
        copy = shutil.copytree(case, Path(folder) / "service")
        finished = subprocess.run(tool.command, cwd=copy, capture_output=True, text=True, check=False, timeout=300)
    if finished.returncode not in (0, 1):
        raise RuntimeError(f"{tool.name} failed on {case.name}: {finished.stderr[-500:]}")
    file, row, kind = marked(case)
    codes = sorted({code for name, line, code in tool.read(finished.stdout) if (name, line) == (file, row)})
    if kind == "fine":
        return f"false alarm: {', '.join(codes)}" if codes else "silent, rightly"
    return ", ".join(codes) or "-"


def comparison() -> str:
    """The table, a row per project, and the versions."""
    lines = [["project", *(tool.name for tool in TOOLS)], ["---"] * (len(TOOLS) + 1)]
    lines += [[case.name.replace("_", " "), *(verdict(tool, case) for tool in TOOLS)] for case in cases()]
    versions = ", ".join(f"{tool.name} {version(tool.distribution)}" for tool in TOOLS if tool.distribution)
    rows = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{rows}\n\nWith {versions}, on Python {sys.version_info.major}.{sys.version_info.minor}.\n"


def main(arguments: Sequence[str]) -> int:
    """Print the table and, if asked to, put it into the pages."""
    text = comparison()
    print(text, end="")
    for page in PAGES if "--write" in arguments else ():
        block = re.compile(r"(?s)(?<=<!-- begin comparison -->\n).*?(?=<!-- end comparison -->)")
        page.write_text(block.sub(lambda _: text, page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
