"""A pytest plugin for measuring coverage: files are analysed in the process of the tests and not in workers.

Workers are forked and ended by a signal, so that nobody would hear what they covered.

    PYTHONPATH=benchmarks coverage run --source lint_rules -m pytest -p coverage_plugin -n 0
    coverage report --skip-covered --sort cover
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from lint_rules.engine import pipeline
from lint_rules.engine.analyse import Analyser
from lint_rules.engine.tasks import Analysis, Known, Task
from lint_rules.engine.workers import Pool
from lint_rules.project.facts import ModuleFacts


class Here(Pool):
    """A pool of one worker: this process."""

    def __init__(self, analyser: Callable[[], Analyser]) -> None:
        super().__init__(0, analyser)
        self._own = analyser()

    def learn(self, facts: Sequence[ModuleFacts]) -> None:
        for one in facts:
            self._own.learn(Known.of(one))

    def analyse(self, tasks: Sequence[Task]) -> Iterator[Analysis]:
        yield from map(self._own.analyse, tasks)

    def holding(self, words: Sequence[str], paths: Sequence[str]) -> list[str]:
        return sorted(path for path in paths if self._own.holds(path, list(words)))


# Tests of workers, and those that need the limits of a worker's process, are run as they are.
OF_WORKERS = ("test_cache", "test_cluster", "test_pipeline", "test_hostile_files", "test_matrix")


@pytest.fixture(autouse=True)
def in_this_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Analyse in this process."""
    if request.module.__name__.rpartition(".")[2] not in OF_WORKERS:
        monkeypatch.setattr(pipeline, "workers_of", lambda *arguments: Here(arguments[-1]))
