"""Time tenlint against its peers on one tree (or several at once), in one run, and against the limit.

    python benchmarks/speed.py django [--runs 5] [--peers ruff,bandit,flake8-async] [--changed] [--memory] [--limit]
    python benchmarks/speed.py fastify nodebb --peers eslint,oxlint --limit

The peers for JavaScript are installed by `npm install --prefix benchmarks/peers`.

Every round starts each tool once, one after the other, so that a busy machine hurts all alike. A tool that needs more
than a minute runs once. The column "tenlint / it" is the median over the rounds of the quotient within a round; below 1
tenlint is faster; tenlint's cold run is compared with cold runs, its warm one with warm ones.
"""

from __future__ import annotations

import json
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
from corpus import (
    BENCHMARKS,
    CORPUS,
    SUFFIXES,
    fetched_packages,
    linter_environment,
    load_packages,
    source_files,
    tenlint_command,
)
from measure import Run, cores, machine, measure, parse_seconds, peak_of_all_processes, version_of

# What ruff has of the families 01 (blocking the event loop) and 02 (uncaught and swallowed exceptions).
RUFF_RULES = "ASYNC,B012,B904,BLE,E722,RUF006,S110,S112,TRY"
PEERS = ("ruff", "bandit", "flake8-async", "eslint", "oxlint")
NODE_PEERS = BENCHMARKS / "peers"
ONCE_ABOVE_SECONDS = 60.0
COLD, WARM, CHANGED = "cold", "warm", "one file changed"
CHANGED_FILE_LINES = 300


@dataclass(frozen=True)
class Tool:
    """A command to time; `prepare` runs before each run, untimed; `state` says what the tool knows beforehand.

    `may_fail` says that it ends with 1 when it has findings, and has no option for another code.
    """

    name: str
    state: str
    command: tuple[str, ...]
    prepare: Callable[[], None] = lambda: None
    may_fail: bool = False

    @property
    def title(self) -> str:
        """The name in the table."""
        return f"{self.name}, {self.state}"


@click.command()
@click.argument("trees", nargs=-1, required=True)
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True, help="Rounds.")
@click.option("--peers", default=None, help=f"Of {','.join(PEERS)}; '' for none; else the fast ones of the language.")
@click.option("--ruff-select", default=RUFF_RULES, show_default=True, help="The rules that ruff runs.")
@click.option("--tenlint", metavar="COMMAND", help="How to start tenlint; found by itself if not given.")
@click.option("--without-tenlint", is_flag=True, help="Time the peers alone.")
@click.option("--changed", is_flag=True, help="Also with a cache and one changed file of about 300 lines.")
@click.option("--memory", is_flag=True, help="Also the peak of all processes of a tool together (one more run each).")
@click.option("--limit", is_flag=True, help="Also one tree-sitter parse of every byte, on one core and on all.")
def main(
    *, trees: tuple[str, ...], runs: int, peers: str | None, ruff_select: str, tenlint: str | None,
    without_tenlint: bool, changed: bool, memory: bool, limit: bool,
) -> None:  # fmt: skip
    """Time the linters on TREES: packages of corpus.toml or folders."""
    targets = [resolve(tree) for tree in trees]
    language, sources = sources_of(targets)
    lines = sum(path.read_bytes().count(b"\n") for path in sources)
    peers = ("ruff,bandit" if language == "python" else "eslint,oxlint") if peers is None else peers
    chosen = [peer.strip() for peer in peers.split(",") if peer.strip()]
    if unknown := set(chosen) - set(PEERS):
        raise click.ClickException(f"unknown peer: {', '.join(sorted(unknown))}; known: {', '.join(PEERS)}")
    with ExitStack() as stack:

        def scratch() -> Path:
            return Path(stack.enter_context(tempfile.TemporaryDirectory(dir=scratch_home(), prefix="speed-")))

        tools = [] if without_tenlint else tenlint_tools(tenlint_command(tenlint), targets, scratch())
        tools += peer_tools(chosen, targets, scratch(), ruff_select)
        if changed:
            tools += changed_tools(tools, targets[0], scratch(), language)
        if not (tools or limit):
            raise click.ClickException("nothing to time")
        names = " and ".join(target.name for target in targets)
        click.echo(f"{names}: {len(sources):,} files, {lines:,} lines\n\n{machine()}\n\n{versions(tools)}\n")
        for sentence in seen_files(tools):
            click.echo(f"{sentence}\n")
        rounds = time_tools(tools, runs)
        together = {tool.title: peak_of_all_processes(tool.command) for tool in tools} if memory else {}
    if tools:
        click.echo("\n".join(table(tools, rounds, lines, together)))
    if limit:
        ours = [one["tenlint, cold"].seconds for one in rounds if "tenlint, cold" in one]
        click.echo("\n".join(["", *limit_table(sources, lines, runs, ours)]))


def resolve(tree: str) -> Path:
    """Return the tree of a package of corpus.toml, or a folder."""
    if tree in {package.name for package in load_packages()}:
        return fetched_packages([tree])[0].tree
    if not Path(tree).is_dir():
        raise click.ClickException(f"{tree} is neither a package of corpus.toml nor a folder")
    return Path(tree).resolve()


def sources_of(targets: Sequence[Path]) -> tuple[str, list[Path]]:
    """The language that most files of the trees are written in, and those files."""
    by_language = {
        language: [path for tree in targets for path in source_files(tree, language)] for language in SUFFIXES
    }
    language = max(by_language, key=lambda name: len(by_language[name]))
    return language, by_language[language]


def scratch_home() -> Path:
    """Where caches and copies go for the time of the run: beside the corpus, on the same disk."""
    CORPUS.mkdir(exist_ok=True)
    return CORPUS


def tenlint_tools(command: Sequence[str], targets: Sequence[Path], scratch: Path) -> list[Tool]:
    """Tenlint with its default rules, without a cache and with one."""
    start = (*command, "check", *map(str, targets), "--isolated", "--exit-zero", "--output-format", "json")
    return [
        Tool("tenlint", COLD, (*start, "--no-cache")),
        Tool("tenlint", WARM, (*start, "--cache-dir", str(scratch / "tenlint"))),
    ]


def peer_tools(peers: Iterable[str], targets: Sequence[Path], scratch: Path, ruff_select: str) -> list[Tool]:
    """The peers; each reads no configuration, reports to nowhere, and uses the cores it takes by default."""
    tools: list[Tool] = []
    trees = tuple(map(str, targets))
    for peer in peers:
        if peer == "ruff":
            start = (script("ruff"), "check", *trees, "--isolated", "--exit-zero", "--output-format", "json")
            rules = ("--select", ruff_select)
            tools.append(Tool("ruff", COLD, (*start, *rules, "--no-cache")))
            tools.append(Tool("ruff", WARM, (*start, *rules, "--cache-dir", str(scratch / "ruff"))))
        elif peer == "bandit":
            options = ("--recursive", "--quiet", "--exit-zero", "--format", "json")
            tools.append(Tool("bandit", COLD, (script("bandit"), *trees, *options)))
        elif peer == "eslint":
            options = ("--no-config-lookup", "--config", str(NODE_PEERS / "eslint.config.mjs"), "--format", "json")
            report = ("--output-file", str(scratch / "eslint.json"), "--no-warn-ignored", "--quiet")
            tools.append(Tool("eslint", COLD, (node_script("eslint"), *options, *report, *trees), may_fail=True))
        elif peer == "oxlint":
            options = ("--format", "json", "--no-ignore", "--promise-plugin", "--node-plugin")
            tools.append(Tool("oxlint", COLD, (node_script("oxlint"), *options, *trees), may_fail=True))
        else:
            # As a plug-in, because flake8 shares the files out between processes; alone it uses one core.
            flags = ("--isolated", "--exit-zero", "--select=ASYNC")
            tools.append(Tool("flake8-async", COLD, (script("flake8"), *trees, *flags)))
    return tools


def script(name: str) -> str:
    """Return the path of a console script beside this Python, or on PATH."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        raise click.ClickException(f"{name} is not installed; run `pip install --group bench`")
    return found


def node_script(name: str) -> str:
    """Return the path of a linter that npm installed."""
    path = NODE_PEERS / "node_modules" / ".bin" / name
    if not path.exists():
        raise click.ClickException(f"{name} is not installed; run `npm install --prefix benchmarks/peers`")
    return str(path)


def changed_tools(tools: Sequence[Tool], target: Path, scratch: Path, language: str) -> list[Tool]:
    """The tools that have a warm state, on a copy of the tree of which a file grows by a comment before each run."""
    copy = scratch / target.name
    shutil.copytree(target, copy)
    files = source_files(copy, language)
    near = min(files, key=lambda path: abs(path.read_bytes().count(b"\n") - CHANGED_FILE_LINES))

    def change() -> None:
        with near.open("ab") as file:
            file.write(b"\n# changed\n" if language == "python" else b"\n// changed\n")

    warm = [tool for tool in tools if tool.state == WARM]
    commands = [[str(copy) if word == str(target) else word for word in tool.command] for tool in warm]
    for tool, command in zip(warm, commands, strict=True):
        command[command.index("--cache-dir") + 1] = str(scratch / f"cache-{tool.name}")
    return [Tool(tool.name, CHANGED, tuple(command), change) for tool, command in zip(warm, commands, strict=True)]


def time_tools(tools: Sequence[Tool], runs: int) -> list[dict[str, Run]]:
    """Fill the caches, then run all tools in turn, `runs` times; returns the runs of each round by title."""
    for tool in tools:
        if tool.state != COLD:
            checked(tool)
    rounds: list[dict[str, Run]] = []
    for number in range(1, runs + 1):
        rounds.append({})
        for tool in tools:
            first = rounds[0].get(tool.title)
            if first is not None and first.seconds > ONCE_ABOVE_SECONDS:
                continue
            tool.prepare()
            rounds[-1][tool.title] = run = checked(tool)
            click.echo(f"round {number}: {tool.title} {run.seconds:.3f} s", err=True)
    return rounds


def checked(tool: Tool) -> Run:
    """Run a tool; a failure is a `ClickException`, since the time of a failed run says nothing."""
    run = measure(tool.command)
    if run.exit_code not in ((0, 1) if tool.may_fail else (0,)):
        raise click.ClickException(f"{tool.title} ended with {run.exit_code}: {run.said[-2000:]}")
    return run


def seen_files(tools: Sequence[Tool]) -> Iterator[str]:
    """Yield how many files tenlint and ruff look at; none is a `ClickException`: a run over nothing is fast."""
    for tool in tools:
        if (tool.name, tool.state) not in {("tenlint", COLD), ("ruff", COLD)}:
            continue
        command = [*tool.command, "--show-files"]
        run = subprocess.run(command, env=linter_environment(), capture_output=True, text=True, check=False)
        if run.returncode != 0 or not run.stdout.strip():
            raise click.ClickException(f"{shlex.join(command)} names no files (exit {run.returncode}): {run.stderr}")
        yield f"{tool.name} looks at {len(run.stdout.splitlines()):,} files"


def versions(tools: Sequence[Tool]) -> str:
    """Return the versions of the tools that are installed in this Python's environment."""
    names = dict.fromkeys(
        [*(tool.name for tool in tools), "tree-sitter", "tree-sitter-python", "tree-sitter-javascript"]
    )
    return ", ".join(f"{name} {version_of(name) or node_version_of(name)}".strip() for name in names)


def node_version_of(name: str) -> str:
    """The version of a linter that npm installed, "" if there is none."""
    manifest = NODE_PEERS / "node_modules" / name / "package.json"
    return str(json.loads(manifest.read_text(encoding="utf-8"))["version"]) if manifest.is_file() else ""


def table(
    tools: Sequence[Tool], rounds: Sequence[dict[str, Run]], lines: int, together: dict[str, float | None]
) -> Iterator[str]:
    """Yield the rows of the Markdown table of all tools."""
    extra_heading, extra_rule = (" all processes, MB |", "--:|") if together else ("", "")
    yield f"| tool | runs | median s | range s | lines/s | tenlint / it | largest process, MB |{extra_heading}"
    yield f"|---|--:|--:|--:|--:|--:|--:|{extra_rule}"
    for tool in tools:
        taken = [one[tool.title] for one in rounds if tool.title in one]
        seconds = [run.seconds for run in taken]
        median, peak = statistics.median(seconds), max(run.peak_mb for run in taken)
        quotient = ratio(rounds, f"tenlint, {tool.state}", tool.title)
        all_processes = together.get(tool.title)
        extra = f" {'' if all_processes is None else f'{all_processes:.0f}'} |" if together else ""
        yield (
            f"| {tool.title} | {len(seconds)} | {median:.3f} | {min(seconds):.3f} to {max(seconds):.3f}"
            f" | {lines / median:,.0f} | {quotient} | {peak:.0f} |{extra}"
        )


def ratio(rounds: Sequence[dict[str, Run]], ours: str, theirs: str) -> str:
    """Return the median quotient of two tools within a round, in three digits; "" when one of them did not run."""
    quotients = [one[ours].seconds / one[theirs].seconds for one in rounds if ours in one and theirs in one]
    return f"{statistics.median(quotients):.3g}" if quotients else ""


def limit_table(sources: Sequence[Path], lines: int, runs: int, tenlint_seconds: Sequence[float]) -> Iterator[str]:
    """Yield the rows of the Markdown table of the limit; the processes that parse are started beforehand."""
    yield "| one tree-sitter parse of every byte | median s | lines/s | tenlint, cold / it |"
    yield "|---|--:|--:|--:|"
    workers = dict.fromkeys((1, cores()))
    seconds: dict[int, list[float]] = {count: [] for count in workers}
    for _ in range(runs):
        for count in workers:
            seconds[count].append(parse_seconds(sources, count))
    for count, taken in seconds.items():
        median = statistics.median(taken)
        quotient = f"{statistics.median(tenlint_seconds) / median:.3g}" if tenlint_seconds else ""
        yield f"| {count} {'core' if count == 1 else 'cores'} | {median:.3f} | {lines / median:,.0f} | {quotient} |"


if __name__ == "__main__":
    main()
