"""What a run knows so far, and how files are asked for more, round after round, as long as questions are open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct, field

from lint_rules.engine.cache import FileCache
from lint_rules.engine.tasks import Analysis, Task
from lint_rules.engine.workers import Pool
from lint_rules.languages.language import language_of
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.modules import Modules

MAX_ROUNDS = 40


class Run(Struct):
    """What is known so far."""

    modules: Modules
    requested: frozenset[str]
    analyses: dict[str, Analysis] = field(default_factory=dict)
    facts: dict[str, ModuleFacts] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    open_files: dict[str, set[str]] = field(default_factory=dict)
    searched: set[tuple[str, str]] = field(default_factory=set)
    noted: set[str] = field(default_factory=set)
    told: dict[str, ModuleFacts] = field(default_factory=dict)
    cache: FileCache | None = None

    def take(self, analysis: Analysis) -> None:
        """Note what a file gave when it was shown to the rules; its findings come from the latest time."""
        self._take_facts(analysis)
        if self.cache is not None:
            self.cache.note(analysis, inspected=True)
        before = self.analyses.get(analysis.path)
        if before is None or not before.failed:
            self.analyses[analysis.path] = analysis
        if analysis.asked:
            self.open_files[analysis.path] = set(analysis.asked)

    def take_facts(self, analysis: Analysis) -> None:
        """Note the facts that a file was asked for."""
        self._take_facts(analysis)
        if self.cache is not None:
            self.cache.note(analysis, inspected=False)

    def _take_facts(self, analysis: Analysis) -> None:
        """Note a file's facts, or that it has none to give."""
        if analysis.facts is not None:
            self.facts[analysis.facts.module] = analysis.facts
        elif analysis.failed and analysis.path in self.modules.by_path:
            self.gone.add(self.modules.by_path[analysis.path].name)

    def unknown(self, language: str) -> list[str]:
        """Files of a language whose facts are not known."""
        return [
            module.path
            for module in self.modules.by_path.values()
            if language_of(module.path) == language
            and module.name not in self.gone
            and (module.name not in self.facts or not self.facts[module.name].is_complete)
        ]

    def lacking(self, names: Iterable[str], *, complete: bool = True) -> list[str]:
        """Files of the modules that are asked for, and whose facts (or, if not `complete`, names) are not known."""
        paths = {
            self.modules.by_name[name].path
            for name in names
            if name in self.modules.by_name
            and name not in self.gone
            and (name not in self.facts or (complete and not self.facts[name].is_complete))
        }
        return sorted(path for path in paths if path)


def fetch(
    pool: Pool,
    state: Run,
    paths: list[str],
    facts: Literal["definitions", "everything"] = "everything",
    *,
    all_notes: bool = False,
) -> None:
    """Ask files for their facts, all of them or their definitions alone; what the cache has is not asked for."""
    unknown = []
    for path in paths:
        known = None
        if state.cache is not None and not all_notes:
            known = state.cache.facts(path, complete=facts == "everything")
        if known is not None:
            state.facts[known.module] = known
        else:
            unknown.append(path)
    for analysis in pool.analyse([Task(path, False, facts, all_notes) for path in unknown]):
        state.take_facts(analysis)


def look_again(pool: Pool, state: Run, looked_at: list[str]) -> None:
    """Look at the files whose known findings rest on what another module has defined until now."""
    if state.cache is None:
        return
    recalled = set(state.analyses).difference(looked_at)
    doubtful = state.cache.doubtful(recalled)
    fetch(pool, state, state.lacking((name for name in doubtful if not doubtful[name]), complete=False), "definitions")
    fetch(pool, state, state.lacking(name for name in doubtful if doubtful[name]))
    again = state.cache.outdated(recalled, state.facts)
    fetch(pool, state, state.lacking(state.cache.followed(recalled.difference(again))))
    for analysis in pool.analyse([Task(path) for path in again]):
        state.take(analysis)
    answer_files(pool, state)


def answer_files(pool: Pool, state: Run) -> None:
    """Analyse files again whose checks asked for facts of other modules, until no new question comes up.

    A module that is asked for once more, although its names were told, is asked what its functions do.
    """
    for _ in range(MAX_ROUNDS):
        if not state.open_files:
            return
        again = _tell(pool, state, state.open_files)
        state.open_files = {}
        for analysis in pool.analyse([Task(path) for path in again]):
            state.take(analysis)


def hear(pool: Pool, state: Run, silent: list[str]) -> None:
    """Take the facts of files that are not reported on; once more, where what was noted asked for other modules."""
    for _ in range(MAX_ROUNDS):
        unsure: dict[str, set[str]] = {}
        for analysis in pool.analyse([Task(path, inspect=False) for path in silent]):
            state.take_facts(analysis)
            if analysis.unsure:
                unsure[analysis.path] = set(analysis.unsure)
        if not unsure:
            return
        silent = _tell(pool, state, unsure)


def _tell(pool: Pool, state: Run, asking: Mapping[str, set[str]]) -> list[str]:
    """Tell the workers of the modules that files ask for; returns the files for which there is news."""
    told = state.told
    asked = {name for names in asking.values() for name in names}
    fetch(pool, state, state.lacking(asked, complete=False), "definitions")
    fetch(pool, state, state.lacking(asked & told.keys()))
    news = sorted(name for name in asked if name in state.facts and told.get(name) is not state.facts[name])
    told.update((name, state.facts[name]) for name in news)
    pool.learn([state.facts[name].definitions() for name in news])
    return sorted(path for path, names in asking.items() if names & set(news))
