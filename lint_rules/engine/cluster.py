"""Workers on other machines: the analysis of files is sent to a Dask cluster, whose results are linked here.

A job is msgspec bytes, and so is its answer; the bytes of the files travel with it. What a worker has to know besides
(settings, rules, names of the project's files, facts told so far) it is sent when it says that it lacks it, so that
workers may come and go. Rules also ask the disk for what lies around a file (manifests, folders that an import may
mean): a worker must see the project at the same path, and says so if it does not.

What a dead worker had not answered Dask gives to another; what kills worker after worker is tried here, by itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Final

import msgspec

from lint_rules.engine import workers
from lint_rules.engine.analyse import Analyser
from lint_rules.engine.registry import load_rules
from lint_rules.engine.signatures import tool_fingerprint
from lint_rules.engine.tasks import Analysis, Known, Setting, Task
from lint_rules.model import Rule
from lint_rules.project.disk import forget
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.modules import find_modules
from lint_rules.source import SourceText, read_source

if TYPE_CHECKING:
    from distributed import Client, Future

PREFIX: Final = "dask://"
_SECONDS_TO_CONNECT: Final = 10
_JOB_FILES: Final = 16
_JOB_BYTES: Final = 200_000


class ExecutorError(ValueError):
    """The cluster cannot be used; the message says why and what to do."""


class Setup(msgspec.Struct, frozen=True, array_like=True):
    """What the workers of a run must know. `sizes` are those of `files`, -1 where there is nothing on the disk."""

    tool: bytes
    root: str
    files: tuple[str, ...]
    sizes: tuple[int, ...]
    codes: tuple[str, ...]
    setting: Setting


class _Job(msgspec.Struct, frozen=True, array_like=True):
    """Tasks with the bytes of their files. `known` counts the facts that they rest on.

    `setup` and `facts` (those from `since` on) are there for a worker that lacks them.
    """

    run: str
    known: int
    tasks: tuple[Task, ...]
    texts: dict[str, bytes]
    setup: Setup | None = None
    since: int = 0
    facts: tuple[Known, ...] = ()


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """What came of a job, or how many facts the worker knows (-1: it does not even know the run), or what is wrong."""

    analyses: tuple[Analysis, ...] = ()
    knows: int | None = None
    problem: str = ""


_ENCODER = msgspec.msgpack.Encoder()
_JOBS = msgspec.msgpack.Decoder(_Job)
_ANSWERS = msgspec.msgpack.Decoder(_Answer)


# In a worker.


class _Bench:
    """What a worker process knows of the run that it works for: one at a time, and one job at a time."""

    lock = Lock()
    run = ""
    analyser: Analyser | None = None
    facts = 0


def work(job: bytes) -> bytes:
    """Do a job. Called by Dask, in any of a worker's threads."""
    with _Bench.lock:
        return _ENCODER.encode(_done(_JOBS.decode(job)))


def _done(job: _Job) -> _Answer:
    if job.setup is not None:
        problem = _begin(job.run, job.setup)
        if problem:
            return _Answer(problem=problem)
    analyser = _Bench.analyser
    if _Bench.run != job.run or analyser is None:
        return _Answer(knows=-1)
    for known in job.facts[_Bench.facts - job.since :] if job.since <= _Bench.facts else ():
        analyser.learn(known)
        _Bench.facts += 1
    if _Bench.facts < job.known:
        return _Answer(knows=_Bench.facts)
    for path, text in job.texts.items():
        analyser.take_text(path, text)
    return _Answer(tuple(map(analyser.analyse, job.tasks)))


def _begin(run: str, setup: Setup) -> str:
    """Begin to work for a run; returns why that cannot be."""
    if setup.tool != tool_fingerprint():
        return "has another version of tenlint"
    for path, size in zip(setup.files, setup.sizes, strict=True):
        if size >= 0 and _size_of(path) != size:
            return f"does not see the project as it is here: {path}"
    forget()
    sys.setrecursionlimit(5000)
    codes = frozenset(setup.codes)
    rules = tuple(rule for rule in load_rules() if rule.code in codes)
    _Bench.run, _Bench.facts = run, 0
    _Bench.analyser = Analyser(rules, find_modules(setup.root, setup.files), setup.setting)
    return ""


# Here.


def address_of(executor: str) -> str:
    """The `HOST:PORT` of `--executor dask://HOST:PORT`. Raises ExecutorError."""
    host, _, port = executor.removeprefix(PREFIX).rpartition(":")
    if not executor.startswith(PREFIX) or not host or not (port.isascii() and port.isdecimal() and len(port) < 6):
        raise ExecutorError("--executor takes dask://HOST:PORT, the address of a Dask scheduler")
    return f"{host}:{port}"


class Cluster(workers.Pool):
    """A pool whose workers are those of a Dask cluster. Raises ExecutorError when it is entered, or later."""

    def __init__(self, executor: str, analyser: Callable[[], Analyser], setup: Setup) -> None:
        super().__init__(0, analyser)
        self._address = address_of(executor)
        self._setup = setup
        self._run = os.urandom(8).hex()
        self._home: Analyser | None = None
        self._client: Client | None = None

    def __enter__(self) -> Cluster:
        import logging

        try:
            from distributed import Client
        except ImportError:
            raise ExecutorError("--executor needs Dask; install it with `pip install 'tenlint[distributed]'`") from None
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        try:
            self._client = Client(f"tcp://{self._address}", timeout=_SECONDS_TO_CONNECT)
        except (OSError, TimeoutError, ValueError):
            raise ExecutorError(f"no Dask scheduler answers at {self._address}") from None
        try:
            self._client.wait_for_workers(1, timeout=_SECONDS_TO_CONNECT)
        except (OSError, TimeoutError):
            self.__exit__()
            raise ExecutorError(f"the Dask scheduler at {self._address} has no workers") from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            with suppress(Exception):  # the scheduler may be gone, which is no reason to lose the report
                self._client.close(timeout=2)
            self._client = None

    def learn(self, facts: Sequence[ModuleFacts]) -> None:
        """Remember the facts of some modules for workers that lack them."""
        self._facts.extend(map(Known.of, facts))

    def holding(self, words: Sequence[str], paths: Sequence[str]) -> list[str]:
        """Those of the files whose text holds one of the words, read here."""
        return sorted(path for path in paths if self._at_home().holds(path, list(words)))

    def analyse(self, tasks: Sequence[Task]) -> Iterator[Analysis]:
        """Analyse files in any order. What the cluster cannot do is done here, a file at a time."""
        from distributed import CancelledError, wait
        from distributed import TimeoutError as NoAnswer

        seconds = _JOB_FILES * workers.TIME_LIMIT
        alone: list[Task] = []
        waiting = {self._sent(job): job for job in self._jobs(tasks, alone)}
        while waiting:
            try:
                done = wait(list(waiting), timeout=seconds, return_when="FIRST_COMPLETED").done
            except (NoAnswer, TimeoutError):
                break
            except (CancelledError, OSError):
                raise ExecutorError(self._gone()) from None
            for future in done:
                job = waiting.pop(future)
                answer = self._answer_of(future)
                if answer is None:
                    alone.extend(job.tasks)
                elif answer.problem:
                    raise ExecutorError(f"a worker of {self._address} {answer.problem}")
                elif answer.knows is not None:
                    explained = self._explained(job, answer.knows)
                    waiting[self._sent(explained)] = explained
                else:
                    yield from answer.analyses
        for future, job in waiting.items():
            with suppress(Exception):
                future.cancel()
            alone.extend(job.tasks)
        for task in alone:
            yield self._alone(task)

    def _jobs(self, tasks: Iterable[Task], alone: list[Task]) -> Iterator[_Job]:
        """The tasks in jobs of some files; those whose files cannot be read are left `alone`."""
        batch: list[Task] = []
        texts: dict[str, bytes] = {}
        for task in tasks:
            if task.path not in self._setup.setting.texts:
                source = read_source(task.path, self._setup.setting.max_bytes)
                if not isinstance(source, SourceText):
                    alone.append(task)
                    continue
                texts[task.path] = source.original_bytes()
            batch.append(task)
            if len(batch) == _JOB_FILES or sum(map(len, texts.values())) > _JOB_BYTES:
                yield _Job(self._run, len(self._facts), tuple(batch), texts)
                batch, texts = [], {}
        if batch:
            yield _Job(self._run, len(self._facts), tuple(batch), texts)

    def _explained(self, job: _Job, knows: int) -> _Job:
        """The job for a worker that knows so many facts."""
        since = max(knows, 0)
        return msgspec.structs.replace(
            job, setup=self._setup if knows < 0 else None, since=since, facts=tuple(self._facts[since : job.known])
        )

    def _sent(self, job: _Job) -> Future:
        assert self._client is not None
        return self._client.submit(work, _ENCODER.encode(job), pure=False)

    def _answer_of(self, future: Future) -> _Answer | None:
        """What a worker said; None if its workers died, or could not do the job for reasons of their own."""
        from distributed import CancelledError

        try:
            return _ANSWERS.decode(future.result(timeout=workers.TIME_LIMIT))
        except ModuleNotFoundError as error:
            raise ExecutorError(f"a worker of {self._address} cannot load tenlint: {error}") from None
        except (CancelledError, OSError):
            raise ExecutorError(self._gone()) from None
        except Exception:  # KilledWorker, what the worker raised, an answer that cannot be read
            return None

    def _gone(self) -> str:
        return f"the Dask scheduler at {self._address} has gone"

    def _at_home(self) -> Analyser:
        if self._home is None:
            self._home = self._analyser()
        return self._home


def pool(
    executor: str, jobs: int, rules: Sequence[Rule], setting: Setting, root: str, files: Sequence[str],
    analyser: Callable[[], Analyser],
) -> workers.Pool:  # fmt: skip
    """The workers that `--executor` names, processes of this machine without one."""
    if not executor:
        return workers.Pool(jobs, analyser)
    sizes = tuple(-1 if path in setting.texts else _size_of(path) for path in files)
    codes = tuple(rule.code for rule in rules)
    return Cluster(executor, analyser, Setup(tool_fingerprint(), root, tuple(files), sizes, codes, setting))


def _size_of(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return -1


__all__ = ["Cluster", "ExecutorError", "address_of", "pool", "work"]
