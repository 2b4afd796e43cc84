"""Worker processes: files out, analyses back. A worker that dies or hangs costs the file it was at, nothing more.

concurrent.futures loses every pending task when one process dies of a signal, so each worker has a pipe of its own and
holds a short queue; when it ends early, the file it was at is tried once more by itself in a new worker.
Messages are msgspec bytes, not pickles.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait

import msgspec
from msgspec import Struct, field

from lint_rules.engine.analyse import Analyser
from lint_rules.engine.tasks import Analysis, Known, Task
from lint_rules.project.facts import ModuleFacts

TIME_LIMIT = 60.0
"""Seconds a worker may take for one file."""

_QUEUE = 6
_COLLECTED_BYTES = 1_500_000


class _Order(msgspec.Struct, frozen=True, array_like=True):
    tasks: tuple[Task, ...] = ()
    facts: tuple[Known, ...] = ()
    words: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    analysis: Analysis | None = None
    holding: tuple[str, ...] | None = None


_ENCODER = msgspec.msgpack.Encoder()
_ORDERS = msgspec.msgpack.Decoder(_Order)
_ANSWERS = msgspec.msgpack.Decoder(_Answer)


class _Worker(Struct, eq=False):
    process: multiprocessing.process.BaseProcess
    pipe: Connection
    tasks: deque[Task] = field(default_factory=deque)
    since: float = 0.0


class Pool:
    """Workers that share nothing but what they are told. `analyser` is made once in each."""

    def __init__(self, size: int, analyser: Callable[[], Analyser]) -> None:
        self._size = size
        self._analyser = analyser
        methods = multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context("fork" if "fork" in methods and sys.platform != "darwin" else None)
        self._facts: list[Known] = []
        self._workers: list[_Worker] = []

    def __enter__(self) -> Pool:
        self._workers = [self._start() for _ in range(self._size)]
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            self._end(worker)

    def _start(self) -> _Worker:
        here, there = self._context.Pipe()
        others = [worker.pipe for worker in self._workers]
        process = self._context.Process(target=_serve, args=(there, here, others, self._analyser), daemon=True)
        process.start()
        there.close()
        worker = _Worker(process, here)
        if self._facts:
            here.send_bytes(_ENCODER.encode(_Order(facts=tuple(self._facts))))
        return worker

    @staticmethod
    def _end(worker: _Worker) -> None:
        worker.pipe.close()
        worker.process.kill()
        worker.process.join()

    def learn(self, facts: Sequence[ModuleFacts]) -> None:
        """Tell every worker the facts of some modules."""
        news = tuple(map(Known.of, facts))
        self._facts.extend(news)
        order = _ENCODER.encode(_Order(facts=news))
        for place, worker in enumerate(self._workers):
            try:
                worker.pipe.send_bytes(order)
            except OSError:
                self._end(worker)
                self._workers[place] = self._start()

    def analyse(self, tasks: Sequence[Task]) -> Iterator[Analysis]:
        """Analyse files in any order. A file whose worker dies twice comes back `failed`, without findings."""
        shares = self._shares(tasks)
        alone: list[Task] = []
        while any(shares) or any(worker.tasks for worker in self._workers):
            for worker, share in zip(self._workers, shares, strict=True):
                self._feed(worker, share)
            for worker in self._ready():
                try:
                    answer = _ANSWERS.decode(worker.pipe.recv_bytes())
                except (EOFError, OSError, msgspec.DecodeError):
                    alone.extend(self._replace(worker, shares))
                    continue
                worker.tasks.popleft()
                worker.since = time.monotonic()
                if answer.analysis is not None:
                    yield answer.analysis
        for task in alone:
            yield self._alone(task)

    def _shares(self, tasks: Sequence[Task]) -> list[deque[Task]]:
        """Tasks by worker: always the same worker for the same path, which still has the file's tree."""
        shares: list[deque[Task]] = [deque() for _ in self._workers]
        for task in tasks:
            shares[hash_of(task.path) % self._size].append(task)
        return shares

    def _feed(self, worker: _Worker, share: deque[Task]) -> None:
        if not share or len(worker.tasks) > _QUEUE // 2:
            return
        batch = [share.popleft() for _ in range(min(len(share), _QUEUE - len(worker.tasks)))]
        if not worker.tasks:
            worker.since = time.monotonic()
        worker.tasks.extend(batch)
        with suppress(OSError):  # a dead worker is found when its pipe is read
            worker.pipe.send_bytes(_ENCODER.encode(_Order(tasks=tuple(batch))))

    def _ready(self) -> list[_Worker]:
        busy = {worker.pipe: worker for worker in self._workers if worker.tasks}
        ready = wait(list(busy), timeout=1.0)
        now = time.monotonic()
        for worker in busy.values():
            if worker.pipe not in ready and now - worker.since > TIME_LIMIT:
                worker.process.kill()
        return [busy[pipe] for pipe in ready if isinstance(pipe, Connection)]

    def _replace(self, worker: _Worker, shares: list[deque[Task]]) -> list[Task]:
        """Start a new worker in place of a dead one; its file is to be tried alone, the rest of its queue waits."""
        self._end(worker)
        place = self._workers.index(worker)
        self._workers[place] = self._start()
        lost = list(worker.tasks)
        shares[place].extendleft(reversed(lost[1:]))
        return lost[:1]

    def _alone(self, task: Task) -> Analysis:
        worker = self._start()
        try:
            worker.pipe.send_bytes(_ENCODER.encode(_Order(tasks=(task,))))
            if worker.pipe.poll(TIME_LIMIT):
                answer = _ANSWERS.decode(worker.pipe.recv_bytes())
                if answer.analysis is not None:
                    return answer.analysis
        except (EOFError, OSError, msgspec.DecodeError):
            pass
        finally:
            self._end(worker)
        return Analysis(task.path, failed=True)

    def holding(self, words: Sequence[str], paths: Sequence[str]) -> list[str]:
        """Those of the files whose text holds one of the words."""
        held: list[str] = []
        shares: list[list[str]] = [[] for _ in self._workers]
        for path in paths:
            shares[hash_of(path) % self._size].append(path)
        for place, worker in enumerate(self._workers):
            try:
                worker.pipe.send_bytes(_ENCODER.encode(_Order(words=tuple(words), paths=tuple(shares[place]))))
                held.extend(_ANSWERS.decode(worker.pipe.recv_bytes()).holding or ())
            except (EOFError, OSError, msgspec.DecodeError):
                self._end(worker)
                self._workers[place] = self._start()
        return sorted(held)


def hash_of(path: str) -> int:
    """A hash that does not depend on the process, so that a path always goes to the same worker."""
    value = 5381
    for character in path[-24:]:
        value = (value * 33 + ord(character)) & 0xFFFFFFFF
    return value >> 5


def _serve(pipe: Connection, other_end: Connection, others: list[Connection], analyser: Callable[[], Analyser]) -> None:
    """A worker's life: read orders until the pipe closes."""
    other_end.close()
    for connection in others:
        connection.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.disable()  # most of what is made here lives until the worker ends; the rest is collected by the amount
    sys.setrecursionlimit(5000)
    own = analyser()
    while True:
        try:
            order = _ORDERS.decode(pipe.recv_bytes())
        except (EOFError, OSError):
            os._exit(0)
        for known in order.facts:
            own.learn(known)
        try:
            for task in order.tasks:
                pipe.send_bytes(_ENCODER.encode(_Answer(analysis=own.analyse(task))))
                if own.let_go > _COLLECTED_BYTES:
                    own.let_go = 0
                    gc.collect()
                    gc.freeze()  # what is left is not looked at again
            if order.words:
                holding = tuple(path for path in order.paths if own.holds(path, list(order.words)))
                pipe.send_bytes(_ENCODER.encode(_Answer(holding=holding)))
        except (BrokenPipeError, ConnectionResetError):
            os._exit(0)
