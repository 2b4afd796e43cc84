"""Time and memory against size: parts of Home Assistant, and made projects of many files, as a table and a plot.

    python benchmarks/scale.py homeassistant 1 10 100     shares in percent
    python benchmarks/scale.py synthetic 100 1000 10000   numbers of files
    python benchmarks/scale.py --plot                     only draws benchmarks/scale.tsv again

A run is cold, with all default rules and two workers. Processor time is that of all processes, which another program on
the machine hurts less than the time on the clock; memory is the sum over all processes at its highest (Linux
only). What was measured before stays in the table until it is measured again.
"""

from __future__ import annotations

import math
import os
import resource
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from hashlib import blake2b
from pathlib import Path

import click
from corpus import BENCHMARKS, fetched_packages, linter_environment, source_files, tenlint_command
from measure import machine, session_kilobytes

TABLE = BENCHMARKS / "scale.tsv"
PLOT = BENCHMARKS.parent / "docs" / "scale.svg"
SAMPLE_SECONDS = 0.2


@dataclass(frozen=True)
class Point:
    """One run: what it looked at and what it took."""

    tree: str
    size: int
    files: int
    lines: int
    cpu_seconds: float
    seconds: float
    peak_mb: float


@click.command()
@click.argument("tree", type=click.Choice(["homeassistant", "synthetic"]), required=False)
@click.argument("sizes", nargs=-1, type=int)
@click.option("--plot", is_flag=True, help="Measure nothing.")
@click.option("--tenlint", metavar="COMMAND", help="How to start tenlint; found by itself if not given.")
def main(*, tree: str | None, sizes: tuple[int, ...], plot: bool, tenlint: str | None) -> None:
    """Measure TREE at the SIZES, and draw all that is known."""
    points = {(point.tree, point.size): point for point in read_table()}
    for size in sizes if tree is not None and not plot else ():
        with tempfile.TemporaryDirectory(prefix="scale-") as folder:
            (part_of_home_assistant if tree == "homeassistant" else made_project)(Path(folder), size)
            point = measured(str(tree), size, Path(folder), tenlint_command(tenlint))
        points[point.tree, point.size] = point
        click.echo(f"{point}\n{machine()}")
        write_table(sorted(points.values(), key=lambda one: (one.tree, one.size)))
    ordered = sorted(points.values(), key=lambda one: (one.tree, one.size))
    PLOT.write_text(drawn(ordered), encoding="utf-8")
    click.echo("\n".join(markdown(ordered)))


def part_of_home_assistant(folder: Path, percent: int) -> None:
    """Copy whole integrations, in the order of a hash of their names, until so many percent of the lines are there."""
    tree = fetched_packages(["homeassistant"])[0].tree
    files = source_files(tree, "python")
    groups: dict[str, list[Path]] = {}
    for path in files:
        parts = path.relative_to(tree).parts
        groups.setdefault("/".join(parts[:3]) if "components" in parts else "core", []).append(path)
    lines = {path: path.read_bytes().count(b"\n") for path in files}
    wanted, taken = sum(lines.values()) * percent / 100, 0
    for name in sorted(groups, key=lambda name: blake2b(name.encode(), digest_size=8).digest()):
        if taken >= wanted:
            break
        for path in groups[name]:
            target = folder / path.relative_to(tree)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
            taken += lines[path]
    (folder / "setup.cfg").touch()


HANDLER = '''\
"""Orders of shop {number}."""

from __future__ import annotations

import logging
import time

import requests
from fastapi import APIRouter, HTTPException

from shop.m{first} import price_{first}
from shop.m{second} import price_{second}

router = APIRouter(prefix="/shop{number}")
logger = logging.getLogger(__name__)


def price_{number}(item: str) -> float:
    if not item:
        raise ValueError("no item")
    return price_{first}(item) + price_{second}(item) if len(item) > {number} else {work}


@router.get("/orders/{{item}}")
async def orders_{number}(item: str) -> dict[str, float]:
    try:
        return {{"price": price_{number}(item)}}
    except ValueError as error:
        logger.exception("no price")
        raise HTTPException(404, "no such item") from error
'''


def made_project(folder: Path, files: int) -> None:
    """A service of so many modules, each with a handler and a helper that calls those of two others."""
    (folder / "shop").mkdir()
    (folder / "setup.cfg").touch()
    for number in range(files):
        first, second = (number * 7 + 1) % files, (number * 13 + 5) % files
        work = "time.sleep(1) or 1.0" if number % 100 == 0 else "float(len(requests.__name__))"
        text = HANDLER.format(number=number, first=first, second=second, work=work)
        (folder / "shop" / f"m{number}.py").write_text(text, encoding="utf-8")


def measured(tree: str, size: int, folder: Path, tenlint: Sequence[str]) -> Point:
    """Run tenlint once over a folder."""
    files = source_files(folder, "python")
    command = [
        *tenlint,
        "check",
        ".",
        "--isolated",
        "--no-cache",
        "--exit-zero",
        "--quiet",
        "-j2",
        "--output-format",
        "json",
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=linter_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    peak, ended = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(SAMPLE_SECONDS):
            peak = max(peak, session_kilobytes(process.pid))

    watcher = threading.Thread(target=watch)
    if os.path.exists("/proc/self/smaps_rollup"):
        watcher.start()
    code = process.wait()
    seconds = time.perf_counter() - start
    ended.set()
    if watcher.ident is not None:
        watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code != 0:
        raise click.ClickException(f"{' '.join(command)} ended with {code}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    lines = sum(path.read_bytes().count(b"\n") for path in files)
    return Point(tree, size, len(files), lines, round(cpu, 2), round(seconds, 2), round(peak * 1024 / 1e6))


def read_table() -> Iterator[Point]:
    """What was measured before."""
    if TABLE.exists():
        for row in TABLE.read_text(encoding="utf-8").splitlines()[1:]:
            tree, size, files, lines, cpu, seconds, peak = row.split("\t")
            yield Point(tree, int(size), int(files), int(lines), float(cpu), float(seconds), float(peak))


def write_table(points: Sequence[Point]) -> None:
    """A row a run, tabs between."""
    rows = ["\t".join(field.name for field in fields(Point)), *("\t".join(map(str, astuple(one))) for one in points)]
    TABLE.write_text("\n".join(rows) + "\n", encoding="utf-8")


def markdown(points: Sequence[Point]) -> Iterator[str]:
    """The table for people."""
    yield "| tree | files | lines | processor time, s | lines/s | memory of all processes, MB |"
    yield "|---|--:|--:|--:|--:|--:|"
    for one in points:
        name = f"Home Assistant, {one.size} %" if one.tree == "homeassistant" else f"synthetic, {one.size:,} files"
        yield (
            f"| {name} | {one.files:,} | {one.lines:,} | {one.cpu_seconds:.1f} "
            f"| {one.lines / one.cpu_seconds:,.0f} | {one.peak_mb:,.0f} |"
        )


# The plot: two fields side by side, both axes logarithmic.

WIDTH, HEIGHT, LEFT, TOP, GAP = 330, 240, 60, 40, 90
COLOURS = {"homeassistant": "#00796b", "synthetic": "#d84315"}
NAMES = {"homeassistant": "Home Assistant", "synthetic": "synthetic service"}


def drawn(points: Sequence[Point]) -> str:
    """The plot as SVG, in colours that can be read on light and dark."""
    width, height = LEFT + 2 * WIDTH + GAP + 20, TOP + HEIGHT + 75
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12" fill="#777">'
    ]
    fields_of = (
        ("processor time, s", "cpu_seconds", LEFT),
        ("memory of all processes, MB", "peak_mb", LEFT + WIDTH + GAP),
    )
    for title, field, left in fields_of:
        parts += field_of(points, title, field, left)
    for number, (tree, name) in enumerate(NAMES.items()):
        x, y = LEFT + number * 160, TOP + HEIGHT + 62
        parts.append(
            f'<circle cx="{x}" cy="{y - 4}" r="4" fill="{COLOURS[tree]}"/><text x="{x + 10}" y="{y}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def field_of(points: Sequence[Point], title: str, field: str, left: int) -> Iterator[str]:
    """One field: frame, grid, a line per tree."""
    xs, ys = [one.lines for one in points], [float(getattr(one, field)) for one in points]
    x_range, y_range = decades(xs), decades(ys)

    def x_of(value: float) -> float:
        return round(left + WIDTH * (math.log10(value) - x_range[0]) / (x_range[1] - x_range[0]), 1)

    def y_of(value: float) -> float:
        return round(TOP + HEIGHT * (1 - (math.log10(value) - y_range[0]) / (y_range[1] - y_range[0])), 1)

    yield f'<text x="{left}" y="{TOP - 14}" font-weight="bold">{title}</text>'
    yield f'<text x="{left + WIDTH / 2}" y="{TOP + HEIGHT + 36}" text-anchor="middle">lines</text>'
    for power in range(x_range[0], x_range[1] + 1):
        x = x_of(10**power)
        yield f'<path d="M{x} {TOP}V{TOP + HEIGHT}" stroke="#999" stroke-opacity=".35"/>'
        yield f'<text x="{x}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{10**power:,}</text>'
    for power in range(y_range[0], y_range[1] + 1):
        y = y_of(10**power)
        yield f'<path d="M{left} {y}H{left + WIDTH}" stroke="#999" stroke-opacity=".35"/>'
        yield f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{10.0**power:,g}</text>'
    for tree, colour in COLOURS.items():
        places = [(x_of(one.lines), y_of(float(getattr(one, field)))) for one in points if one.tree == tree]
        path = " ".join(f"{x},{y}" for x, y in places)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}"/>' for x, y in places)


def decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten around some values."""
    low, high = (values and min(values)) or 1, (values and max(values)) or 10
    return math.floor(math.log10(low)), max(math.ceil(math.log10(high)), math.floor(math.log10(low)) + 1)


if __name__ == "__main__":
    main()
