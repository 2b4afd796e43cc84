"""Lint mutated files of the corpus, with every rule on: nothing may crash, hang, or give a report that makes no sense.

    python benchmarks/fuzz.py --mutations 10000

Mutations are cuts, repetitions, stretches of another file, stray brackets, quotes and bytes; the seed decides them, so
that a failure can be seen again with `--seed` and `--keep`. Exit code 1 if there was a failure.
"""

from __future__ import annotations

import collections
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
from corpus import CORPUS

from lint_rules.engine.config import Settings
from lint_rules.engine.discover import Discovered
from lint_rules.engine.pipeline import run
from lint_rules.engine.registry import load_rules
from lint_rules.engine.report import Report

SUFFIXES = {".py": 40, ".js": 40, ".ts": 10, ".tsx": 4, ".mjs": 3, ".yml": 1, ".yaml": 1, ".json": 1}
"""How many of a hundred files of which kind."""
# fmt: off
STRAY = (
    b"{", b"}", b"(", b")", b"[", b"]", b"`", b"'", b'"', b'"""', b"\\", b"\0", b"\xff", b"\n", b"\t", b"#", b"//",
    b"/*", b"async ", b"await ", b"return\n", b"else:", b"except:", b"${", b"=>", b";", b":", b"@", b"\xe2\x80\xa8",
)
# fmt: on


def mutated(data: bytes, other: bytes, source: random.Random) -> bytes:
    """The bytes of a file after one to four mutations."""
    changed = bytearray(data)
    for _ in range(source.randint(1, 4)):
        start = source.randint(0, len(changed))
        end = min(len(changed), start + source.choice((0, 1, 5, 40, 400, 4000)))
        place = source.randint(0, len(other))
        stretch = other[place : place + source.choice((1, 10, 100, 1000))]
        new = source.choice(
            (b"", bytes(changed[start:end]) * 2, stretch, source.choice(STRAY), source.choice(STRAY) * 50)
        )
        changed[start:end] = new
    return bytes(changed)


def faults(report: Report, sizes: dict[str, int]) -> Iterator[str]:
    """What is wrong with a report, each in a line."""
    for finding in report.findings:
        place = f"{finding.path}:{finding.span.row} {finding.code} {finding.message}"
        if finding.code == "TEN0003":
            yield place
        limit = sizes[finding.path] * 4
        if not 0 <= finding.span.start <= finding.span.end <= limit or finding.span.row < 1 or finding.span.column < 1:
            yield f"a span out of its file: {place}"


@click.command(help=__doc__.splitlines()[0])
@click.option("--mutations", default=10_000, show_default=True)
@click.option("--batch", default=100, show_default=True, help="Files linted together, as one project.")
@click.option("--seed", default=1, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), help="A folder for the files of batches that failed.")
def main(mutations: int, batch: int, seed: int, keep: Path | None) -> None:
    source = random.Random(seed)
    rules = load_rules()
    pools = {suffix: sorted(path for path in CORPUS.rglob(f"*{suffix}") if path.is_file()) for suffix in SUFFIXES}
    kinds = [suffix for suffix, share in SUFFIXES.items() for _ in range(share) if pools[suffix]]
    started, counts, failures = time.monotonic(), collections.Counter[str](), 0
    for number in range(0, mutations, batch):
        with tempfile.TemporaryDirectory() as folder:
            sizes: dict[str, int] = {}
            for place in range(min(batch, mutations - number)):
                path, other = (source.choice(pools[source.choice(kinds)]) for _ in range(2))
                data = mutated(path.read_bytes(), other.read_bytes(), source)
                target = Path(folder, f"m{place}{path.suffix}")
                target.write_bytes(data)
                sizes[str(target)] = len(data)
            report = run(Discovered(folder, tuple(sizes), frozenset(sizes)), Settings(), rules)
            counts.update(finding.code for finding in report.findings)
            found = list(faults(report, sizes))
            failures += len(found)
            for line in found:
                click.echo(line)
            if found and keep is not None:
                shutil.copytree(folder, keep / str(number), dirs_exist_ok=True)
    seconds = time.monotonic() - started
    click.echo(
        f"{mutations:,} mutated files, {sum(counts.values()):,} findings of {len(counts)} rules, {failures} failures,"
    )
    click.echo(f"seed {seed}, {seconds:.0f} s")
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    main()
