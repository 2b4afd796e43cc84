"""Files analysed on a Dask cluster: a real scheduler and two workers, one of which is killed in mid-run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from command_line import BLOCKING, ENVIRONMENT, ROOT, error_of, run, tenlint_process
from msgspec.structs import replace
from projects import FIXTURES, session_of, sources

from lint_rules.engine import cluster
from lint_rules.engine.session import Session
from lint_rules.project.facts import ModuleFacts

needs_dask = pytest.mark.skipif(
    find_spec("distributed") is None, reason="distributed is not installed: no cluster to try"
)
SECONDS = 60


@dataclass
class Dask:
    """A scheduler and its workers, processes of their own."""

    address: str
    workers: list[subprocess.Popen[bytes]]


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    where = tmp_path / "scheduler.json"
    started: list[subprocess.Popen[bytes]] = []

    def start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = (
            sys.executable,
            "-m",
            f"distributed.cli.{module}",
            "--no-dashboard",
            "--scheduler-file",
            str(where),
            *arguments,
        )
        environment = {**ENVIRONMENT, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        started.append(process)
        return process

    try:
        start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        until = time.monotonic() + SECONDS
        address = ""
        while not address and time.monotonic() < until:
            time.sleep(0.1)
            if where.exists() and where.read_bytes().endswith(b"}"):
                address = str(json.loads(where.read_text())["address"]).removeprefix("tcp://")
        options = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--local-directory", str(tmp_path))
        workers = [start("dask_worker", *options) for _ in range(2)]
        from distributed import Client

        with Client(address, timeout=SECONDS) as client:
            client.wait_for_workers(2, timeout=SECONDS)
        yield Dask(address, workers)
    finally:
        for process in started:
            process.kill()
            process.wait()


def service(folder: Path) -> Session:
    """A project of a few hundred files with findings in each, within and across files and languages."""
    for case in ("TEN0102/profile_service", "TEN0206/newsletter_api"):
        if (FIXTURES / case).is_dir():
            shutil.copytree(FIXTURES / case, folder / case.partition("/")[2])
    for number in range(300):
        (folder / f"views{number}.py").write_text(BLOCKING)
    return session_of(folder, sources(folder), jobs=1)


@needs_dask
def test_a_cluster_finds_the_same_although_a_worker_is_killed_in_mid_run(tmp_path: Path, dask: Dask) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    session = service(folder)
    expected = session.lint()
    assert len(expected.findings) > 300
    killed: list[int] = []

    def progress(done: int, total: int) -> None:
        if not killed and done < total:
            killed.append(done)
            os.kill(dask.workers[0].pid, signal.SIGKILL)

    report = replace(session, executor=f"dask://{dask.address}").lint(progress)
    assert killed and dask.workers[0].wait(SECONDS) == -signal.SIGKILL
    assert report == expected
    # What is left of the cluster still works, and knows the next run from the last.
    (folder / "views0.py").write_text("import time\n\n\n" + BLOCKING)
    assert replace(session, executor=f"dask://{dask.address}").lint() == session.lint() != expected


@needs_dask
def test_the_command_line_with_a_cluster(tmp_path: Path, dask: Dask) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    (folder / "app.py").write_text(BLOCKING)
    (folder / "nul.py").write_bytes(b"\0")
    arguments = ("check", ".", "--no-cache", "--output-format", "json")
    printed = run(*arguments, f"--executor=dask://{dask.address}", cwd=folder, code=2, start=tenlint_process)
    assert printed == run(*arguments, cwd=folder, code=2)
    assert {finding["code"] for finding in json.loads(printed)} == {"TEN0101", "TEN0006"}


@needs_dask
def test_a_cluster_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_SECONDS_TO_CONNECT", 1)
    (tmp_path / "app.py").write_text(BLOCKING)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        message = error_of("check", ".", "--no-cache", f"--executor=dask://127.0.0.1:{port}", cwd=tmp_path)
    assert message == f"error: no Dask scheduler answers at 127.0.0.1:{port}\n"


def test_without_dask_the_way_to_install_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    (tmp_path / "app.py").write_text(BLOCKING)
    message = error_of("check", ".", "--no-cache", "--executor=dask://127.0.0.1:8786", cwd=tmp_path)
    assert message == "error: --executor needs Dask; install it with `pip install 'tenlint[distributed]'`\n"


@pytest.mark.parametrize("executor", ["dask", "dask://host", "dask://:1", "spark://host:1", "dask://host:port"])
def test_an_executor_that_is_none(executor: str, tmp_path: Path) -> None:
    assert "--executor takes dask://HOST:PORT" in error_of("check", f"--executor={executor}", cwd=tmp_path)


# The worker's side, without a cluster.


def job_for(folder: Path, **changes: Any) -> cluster._Job:
    path = folder / "app.py"
    path.write_text(BLOCKING)
    setting = cluster.Setting()
    codes = tuple(rule.code for rule in cluster.load_rules())
    setup = cluster.Setup(cluster.tool_fingerprint(), str(folder), (str(path),), (path.stat().st_size,), codes, setting)
    job = cluster._Job("run", 0, (cluster.Task(str(path)),), {str(path): path.read_bytes()}, setup)
    return cluster.msgspec.structs.replace(job, **changes)


def answer_to(job: cluster._Job) -> cluster._Answer:
    return cluster._ANSWERS.decode(cluster.work(cluster._ENCODER.encode(job)))


def test_a_worker_says_what_it_lacks(tmp_path: Path) -> None:
    assert answer_to(job_for(tmp_path, run="unknown", setup=None)).knows == -1
    assert [finding.code for finding in answer_to(job_for(tmp_path)).analyses[0].findings] == ["TEN0101"]
    facts = (cluster.Known.of(ModuleFacts("app", str(tmp_path / "app.py"))),)
    assert answer_to(job_for(tmp_path, setup=None, known=2)).knows == 0
    assert answer_to(job_for(tmp_path, setup=None, known=1, facts=facts)).analyses
    assert answer_to(job_for(tmp_path, setup=None, known=2, since=1, facts=())).knows == 1


def test_a_worker_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    job = job_for(tmp_path)
    assert job.setup is not None
    other = cluster.msgspec.structs.replace(job.setup, tool=b"other")
    assert answer_to(job_for(tmp_path, setup=other)).problem == "has another version of tenlint"
    elsewhere = cluster.msgspec.structs.replace(job.setup, sizes=(1,))
    assert answer_to(job_for(tmp_path, setup=elsewhere)).problem.startswith("does not see the project as it is here: ")
