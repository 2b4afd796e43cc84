"""Time and memory of a command, the machine it ran on, and the limit: one tree-sitter parse of every byte."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import click
import tree_sitter
import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_typescript
from corpus import SUFFIXES, linter_environment

SAMPLE_SECONDS = 0.02


@dataclass(frozen=True)
class Run:
    """One run of a command: wall time, and the peak resident memory in MB (10^6 bytes) of its largest process.

    The kernel keeps the peak from before the program was loaded, so no run shows less than this Python's own memory.
    """

    seconds: float
    peak_mb: float
    exit_code: int
    said: str


def measure(command: Sequence[str]) -> Run:
    """Run a command to its end, its output thrown away, and return what it took; source of the peak: `os.wait4`."""
    with tempfile.TemporaryFile() as stderr:
        start = time.perf_counter()
        process = _start(command, stderr.fileno())
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        stderr.seek(0)
        said = stderr.read().decode(errors="replace").strip()
    bytes_per_unit = 1 if platform.system() == "Darwin" else 1024
    return Run(seconds, usage.ru_maxrss * bytes_per_unit / 1e6, process.returncode, said)


def peak_of_all_processes(command: Sequence[str]) -> float | None:
    """Run a command once more, and return the peak of the memory of all its processes together in MB.

    Sampled from /proc every 20 ms; memory that processes share is counted once (PSS). None where /proc is not there.
    """
    if not Path("/proc/self/smaps_rollup").exists():
        return None
    process = _start(command, subprocess.DEVNULL)
    peak, ended = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.is_set():
            peak = max(peak, session_kilobytes(process.pid))
            ended.wait(SAMPLE_SECONDS)

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.wait()
    ended.set()
    watcher.join()
    return peak * 1024 / 1e6


def _start(command: Sequence[str], stderr: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command, env=linter_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise click.ClickException(f"cannot run {shlex.join(command)}: {error}") from error


def session_kilobytes(session: int) -> int:
    """The memory of the processes of a session, what they share counted once (Linux)."""
    total = 0
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal():
            continue
        try:
            if os.getsid(int(entry.name)) != session:
                continue
            rollup = Path(entry.path, "smaps_rollup").read_text(encoding="ascii")
        except OSError:  # the process has ended meanwhile, or is not ours
            continue
        total += next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
    return total


def cores() -> int:
    """The number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> str:
    """One line about the machine: processor, cores, load, system, Python."""
    cpuinfo = Path("/proc/cpuinfo")
    rows = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    model = next((row.partition(":")[2].strip() for row in rows if row.startswith("model name")), platform.machine())
    load = f"load {os.getloadavg()[0]:.1f} at the start, " if hasattr(os, "getloadavg") else ""
    system = f"{platform.system()} {platform.release()}"
    return f"{model}, {cores()} cores, {load}{system}, {platform.python_implementation()} {platform.python_version()}"


def version_of(distribution: str) -> str:
    """The installed version of a distribution, or "" when it is not installed here."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def parse_seconds(files: Sequence[Path], workers: int) -> float:
    """Seconds to read and parse the files on `workers` processes that are already running."""
    shares = _shares(files, workers)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        # Importing and starting up is not what is measured. Each worker is held for a moment so that all get started.
        list(pool.map(time.sleep, [0.2] * workers))
        list(pool.map(parse_files, [share[:1] for share in shares]))
        start = time.perf_counter()
        list(pool.map(parse_files, shares))
        return time.perf_counter() - start


def parse_files(paths: Sequence[Path]) -> int:
    """Parse files with tree-sitter and drop the trees; returns the number of bytes."""
    parsers = {
        suffix: tree_sitter.Parser(tree_sitter.Language(grammar()))
        for suffixes, grammar in (
            (SUFFIXES["python"], tree_sitter_python.language),
            (SUFFIXES["javascript"], tree_sitter_javascript.language),
            ((".ts", ".mts", ".cts"), tree_sitter_typescript.language_typescript),
            ((".tsx",), tree_sitter_typescript.language_tsx),
        )
        for suffix in suffixes
    }
    size = 0
    for path in paths:
        source = path.read_bytes()
        parsers[path.suffix].parse(source)
        size += len(source)
    return size


def _shares(paths: Sequence[Path], workers: int) -> list[list[Path]]:
    """Deal the files out so that every worker gets about the same number of bytes: the largest first, to the least."""
    shares: list[list[Path]] = [[] for _ in range(workers)]
    sizes = [0] * workers
    for size, path in sorted(((path.stat().st_size, path) for path in paths), reverse=True):
        least = sizes.index(min(sizes))
        shares[least].append(path)
        sizes[least] += size
    return shares
