"""What ruff and flake8-async find with the rules that overlap with families 01 and 02, beside what tenlint finds.

    python benchmarks/work.py prefect [--flake8]

Findings are compared by file and line. Every difference is put under a reason, which the code at the place tells; what
comes under none is listed, so that nobody need believe the table.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
from corpus import fetched_packages, linter_environment, tenlint_command

RUFF = "ASYNC,B012,B904,BLE001,E722,RUF006,S110,S112"
OURS = "TEN01,TEN02,TEN0215"
EXCEPTS = frozenset({"BLE001", "E722", "S110", "S112"})
LOGS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print", "print_exc"})
STYLE = {
    "ASYNC109": "no counterpart: a parameter `timeout` in place of a context manager is a matter of taste",
    "ASYNC110": "no counterpart: asking again after `await sleep` costs time, and blocks nobody",
    "ASYNC115": "no counterpart: `sleep(0)` against a checkpoint is style",
    **dict.fromkeys(
        ("ASYNC102", "ASYNC120"),
        "no counterpart: what a cancellation does to an `await` in `finally` and `except` is trio's and anyio's rule",
    ),
    **dict.fromkeys(
        ("ASYNC900", "ASYNC910", "ASYNC911", "ASYNC912", "ASYNC913"),
        "no counterpart: checkpoints and async generators by trio's rules",
    ),
    **dict.fromkeys(
        ("ASYNC106", "ASYNC114", "ASYNC118", "ASYNC119", "ASYNC123", "ASYNC124", "ASYNC127", "ASYNC128"),
        "no counterpart: how async code is written, imported and annotated",
    ),
}
QUICK = frozenset({"absolute", "resolve", "expanduser", "exists", "is_file", "is_dir", "cwd", "home"})
REASONS_OF_OURS = {
    "TEN0101": "only tenlint: a call that the others have no entry for, or on a value whose type only other lines tell",
    "TEN0102": "only tenlint: behind a helper, most in another file",
    "TEN0107": "only tenlint: a regular expression that can take forever (an opt-in rule)",
    "TEN0203": "only tenlint: a handler that swallows the cancellation of a task",
    "TEN0205": "only tenlint: a coroutine that is not awaited",
    "TEN0204": "only tenlint: a task that nothing keeps, or that is bound to a name nobody reads",
}

Place = tuple[str, int]


def read(command: list[str]) -> str:
    """The standard output of a linter."""
    done = subprocess.run(command, env=linter_environment(), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise click.ClickException(f"{command[0]} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def found_by_ruff(tree: Path) -> Iterator[tuple[Place, str]]:
    options = ("--isolated", "--no-cache", "--select", RUFF, "--output-format", "json")
    report = read([sys.executable, "-m", "ruff", "check", *options, str(tree)])
    for one in json.loads(report):
        yield (one["filename"], one["location"]["row"]), one["code"]


def found_by_flake8(tree: Path) -> Iterator[tuple[Place, str]]:
    report = read([sys.executable, "-m", "flake8", "--isolated", "--exit-zero", "--select=ASYNC", str(tree)])
    for path, row, code in re.findall(r"(?m)^(.+?):(\d+):\d+: (ASYNC\d+)", report):
        yield (path, int(row)), f"{code} (flake8-async)"


def found_by_tenlint(tree: Path, tenlint: str | None) -> Iterator[tuple[Place, str]]:
    options = ["--isolated", "--no-cache", "--exit-zero", "--quiet", "--select", OURS, "--output-format", "json"]
    for one in json.loads(read([*tenlint_command(tenlint), "check", str(tree), *options])):
        yield (one["filename"], one["location"]["row"]), one["code"]


def reason(place: Place, code: str, tree: Path) -> str:
    """Why tenlint does not report what another linter does; '' if nobody knows."""
    path, row = place
    if "_vendor" in Path(path).relative_to(tree).parts:
        return "the code of others (`_vendor`) is left out by default"
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    nodes = [node for node in ast.walk(ast.parse(text)) if getattr(node, "lineno", 0) == row]
    number = code.partition(" ")[0]
    if number in STYLE:
        return STYLE[number]
    if number in EXCEPTS:
        handlers = [node for node in nodes if isinstance(node, ast.ExceptHandler)]
        return reason_of_handler(handlers[0], text) if handlers else ""
    if number in ("ASYNC103", "ASYNC104"):
        return "it waits for a task that was cancelled, or the coroutine ends there, or it is no coroutine"
    if number == "ASYNC232" and "open(" in "".join(text.splitlines(keepends=True)[max(0, row - 4) : row]):
        return "a method of a file whose `open` TEN0101 reports"
    if number == "ASYNC232":
        return "a method of a path, which reads nothing"
    if number == "B904":
        return reason_of_raise(next((node for node in nodes if isinstance(node, ast.Raise)), None))
    if number.startswith("ASYNC2"):
        if "cli" in Path(path).relative_to(tree).parts:
            return "a command of the command line, whose event loop serves one person"
        if called(nodes) & QUICK:
            return "a question to the file system that reads no contents (`exists`, `resolve`, ...)"
        if "asyncio.run(" in text or "__main__" in text:
            return "a program of its own, whose event loop serves nobody else"
    return ""


def reason_of_handler(handler: ast.ExceptHandler, text: str) -> str:
    inside = list(ast.walk(handler))
    if any(isinstance(node, ast.Raise) for node in inside):
        return "it raises again, or another error"
    if handler.name and any(isinstance(node, ast.Name) and node.id == handler.name for node in inside):
        return "the error is used: passed on, kept or logged"
    if called(inside) & LOGS:
        return "it logs the traceback, or where the log is the purpose, the message"
    around = text.splitlines()[max(0, handler.lineno - 4) : (handler.end_lineno or handler.lineno) + 1]
    if any("#" in line for line in around):
        return "a comment at the handler says why"
    return (
        "cleaning up, telemetry, optional imports, conversions, look-ups, another way to the value (TEN0201, Not seen)"
    )


def reason_of_raise(node: ast.Raise | None) -> str:
    name = getattr(node.exc, "id", "") if node is not None else ""
    if name in ("StopIteration", "StopAsyncIteration"):
        return "the end of an iteration, of which nobody sees a traceback"
    if name:
        return "an error that was made and given its traceback before"
    return (
        "the error is one answer to another by design: a timeout for a cancellation, or made with the first one in it"
    )


def called(nodes: list[ast.AST]) -> set[str]:
    """The last names of what is called."""
    return {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in nodes
        if isinstance(node, ast.Call)
    }


@click.command()
@click.argument("package", default="prefect")
@click.option("--flake8", is_flag=True, help="flake8-async too, which needs minutes.")
@click.option("--tenlint", metavar="COMMAND", help="How to start tenlint; found by itself if not given.")
def main(*, package: str, flake8: bool, tenlint: str | None) -> None:
    """Print the table for a PACKAGE of corpus.toml."""
    tree = fetched_packages([package])[0].tree
    theirs = [*found_by_ruff(tree), *(found_by_flake8(tree) if flake8 else ())]
    ours = list(found_by_tenlint(tree, tenlint))
    by_place: dict[Place, set[str]] = {}
    for place, code in ours:
        by_place.setdefault(place, set()).add(code)
    rows: Counter[tuple[str, str]] = Counter()
    unknown = []
    for place, code in theirs:
        same = ", ".join(sorted(by_place.get(place, ())))
        why = f"both: {same}" if same else reason(place, code, tree)
        rows[code, why or "unexplained"] += 1
        if not why:
            unknown.append(f"{place[0]}:{place[1]} {code}")
    seen = {place for place, _ in theirs}
    for place, code in ours:
        if place not in seen:
            rows[code, REASONS_OF_OURS.get(code, "unexplained")] += 1
            if code not in REASONS_OF_OURS:
                unknown.append(f"{place[0]}:{place[1]} {code}")
    click.echo("| rule | findings | |\n|---|--:|---|")
    for (code, why), count in sorted(
        rows.items(), key=lambda row: (row[0][0], not row[0][1].startswith("both"), row[0][1])
    ):
        click.echo(f"| {code} | {count} | {why} |")
    for line in unknown:
        click.echo(f"unexplained: {line}", err=True)


if __name__ == "__main__":
    main()
