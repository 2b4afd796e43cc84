"""One run: analyse the files, link their facts, ask for more facts as long as questions are open, and report."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from msgspec import Struct

from lint_rules.engine.analyse import Analyser
from lint_rules.engine.cache import FileCache
from lint_rules.engine.cache_folder import CacheFolder
from lint_rules.engine.cluster import ExecutorError
from lint_rules.engine.cluster import pool as workers_of
from lint_rules.engine.config import Settings
from lint_rules.engine.discover import Discovered
from lint_rules.engine.doubles import undoubled
from lint_rules.engine.housekeeping import ANALYSIS_FAILED, HOUSEKEEPING, NOTICE_CODES, SYNTAX_ERROR
from lint_rules.engine.registry import load_rules
from lint_rules.engine.report import Report
from lint_rules.engine.rounds import MAX_ROUNDS, Run, answer_files, fetch, hear, look_again
from lint_rules.engine.selection import Catalogue, as_configured
from lint_rules.engine.signatures import Answer
from lint_rules.engine.suppress import judged
from lint_rules.engine.tasks import Setting, Task
from lint_rules.engine.workers import Pool
from lint_rules.languages.language import by_language, language, language_of
from lint_rules.model import Check, Finding, Rule, Span
from lint_rules.project.disk import Question, forget, watched
from lint_rules.project.linked import Project
from lint_rules.project.modules import find_modules
from lint_rules.project.symbols import Symbols

Progress = Callable[[int, int], None]

_FILES_PER_WORKER = 24
_FEW_FILES = 250
"""Files of a run that are all parsed, for their syntax errors, even those that no rule has anything to look for in."""


class Kept(Struct):
    """Where results are kept; `answers` is what the disk said to all that a run asked, None if it changed meanwhile."""

    folder: CacheFolder
    answers: tuple[Answer, ...] | None = None


def run(
    discovered: Discovered,
    settings: Settings,
    rules: tuple[Rule, ...],
    *,
    progress: Progress | None = None,
    texts: Mapping[str, bytes] | None = None,
    screen: bool = True,
    kept: Kept | None = None,
    around: bool = True,
    executor: str = "",
) -> Report:
    """Lint what was asked for. Findings are sorted; a file that could not be analysed is a finding too.

    `texts` stand for the files of those paths, whatever is on disk. `kept` is where results are kept from run to run;
    what it holds is not looked at again. `around`: the other files of the project tell what they do too, so that the
    findings in a file are those that a run over all has there; otherwise only those that a question leads to.
    `executor` names a cluster that analyses the files (see engine.cluster, whose ExecutorError is raised).
    """
    forget()
    files = sorted({*discovered.files, *discovered.requested})
    modules = find_modules(discovered.root, files)
    options = {name: dict(values) for name, values in settings.rules.items()}
    additions = {
        table: tuple(name for names in by_key.values() for name in names) for table, by_key in settings.tables.items()
    }
    requested = sorted(discovered.requested)
    parse_all = settings.check_syntax or max(len(requested), discovered.among) <= _FEW_FILES
    setting = Setting(
        options, additions, settings.max_file_size, screen, dict(texts or {}), parse_all, kept is not None
    )
    state = Run(modules, frozenset(requested))
    languages = tuple(by_language(requested))
    for name in languages:  # the tables are read before the workers fork
        language(name).types({})
    if kept is not None:
        state.cache = FileCache(kept.folder, discovered.root, modules, setting, rules)
    unknown = _recall(state, requested)
    others = [path for path in files if path not in state.requested and language_of(path) in languages]
    silent = _not_heard(state, others) if around else []
    workload = -(-(len(unknown) + len(silent)) // _FILES_PER_WORKER)
    jobs = max(1, min(settings.jobs or os.cpu_count() or 1, workload))
    analyser = partial(Analyser, rules, modules, setting)
    with workers_of(executor, jobs, rules, setting, discovered.root, files, analyser) as pool:
        for done, analysis in enumerate(pool.analyse([Task(path) for path in unknown]), start=1):
            state.take(analysis)
            if progress is not None:
                progress(done, len(unknown))
        answer_files(pool, state)
        look_again(pool, state, unknown)
        hear(pool, state, silent)
        findings = list(_local(state))
        _remember(state)
        with watched() if kept is not None else nullcontext(set[Question]()) as questions:
            for name in languages:
                project = _link(pool, state, discovered.root, setting, name)
                findings.extend(_across(pool, state, project, rules))
    report = _report(state, findings, discovered.root, settings, rules)
    if kept is not None and state.cache is not None:
        state.cache.keep(state.analyses, state.facts, state.told)
        kept.answers = state.cache.answers(questions)
    return report


def _recall(state: Run, requested: list[str]) -> list[str]:
    """Take over what is known of unchanged files; returns those that must be looked at."""
    if state.cache is None:
        return requested
    unknown = []
    for path in requested:
        analysis = state.cache.analysis(path)
        if analysis is None:
            unknown.append(path)
        else:
            state.analyses[path] = analysis
            facts = state.cache.given_facts(path)
            if facts is not None:
                state.facts[facts.module] = facts
    return unknown


def _not_heard(state: Run, paths: list[str]) -> list[str]:
    """Take over the known facts of files that are not reported on; returns those that must be asked."""
    if state.cache is None:
        return paths
    for path in paths:
        facts = state.cache.facts(path, complete=True)
        if facts is not None:
            state.facts[facts.module] = facts
    return [path for path in paths if not state.cache.has_told(path)]


def _remember(state: Run) -> None:
    """Take over the facts to which questions led in earlier runs: this run comes to the same ones, one by one."""
    if state.cache is None:
        return
    for facts in state.cache.complete_facts():
        known = state.facts.get(facts.module)
        if known is None or not known.is_complete:
            state.facts[facts.module] = facts


def _link(pool: Pool, state: Run, root: str, setting: Setting, name: str) -> Project:
    """The files of one language; the call graph is explored from the event loop, fetching facts as it is reached."""
    known = language(name)
    symbols = Symbols(state.modules.by_name, known.types(setting.additions))
    files = tuple(sorted(state.modules.by_path))
    project = Project(root, symbols, files, setting.options, known.handlers(), language=name)
    for _ in range(MAX_ROUNDS):
        _make_known(state, project)
        symbols.asked.clear()
        graph = project.explore()
        wanted = graph.wanted_constructors()
        if wanted:
            words = sorted({name.rpartition(".")[2] + "(" for name in wanted})
            fetch(pool, state, pool.holding(words, state.unknown(name)))
            _make_known(state, project)
            graph.bind_constructor_arguments((symbols.facts[name] for name in sorted(symbols.facts)), wanted)
            continue
        lacking = state.lacking(symbols.asked)
        if not lacking:
            break
        fetch(pool, state, lacking)
    return project


def _holding(pool: Pool, state: Run, project: Project) -> list[str]:
    """Files without known facts whose text holds one of the words that a check has newly asked for."""
    asked = sorted(word for word in project.asked_words if (project.language, word) not in state.searched)
    state.searched.update((project.language, word) for word in asked)
    return pool.holding(asked, state.unknown(project.language)) if asked else []


def _without_notes(state: Run, project: Project) -> list[str]:
    """Files of modules about which a check has newly asked for notes."""
    asked = {name for name in project.asked_notes if name in state.modules.by_name} - state.noted - state.gone
    state.noted.update(asked)
    return sorted(path for name in asked if (path := state.modules.by_name[name].path))


def _local(state: Run) -> Iterable[Finding]:
    for analysis in state.analyses.values():
        yield from analysis.findings
        if analysis.failed and not analysis.findings:
            yield ANALYSIS_FAILED.finding(
                analysis.path, Span(0, 0, 1, 1, 1, 1), "the analysis of this file died or took too long",
                "leave the file out with `exclude`, and report it",
            )  # fmt: skip


def _across(pool: Pool, state: Run, project: Project, rules: tuple[Rule, ...]) -> Iterable[Finding]:
    """The findings of project checks, each run again while it asks for facts of further modules."""
    for rule in rules:
        for check in rule.checks:
            if check.selector is not None or project.language not in check.language.split("+"):
                continue
            try:
                found = _of_project_check(pool, state, project, check)
            except ExecutorError:
                raise
            except Exception as error:  # a faulty rule; the others go on
                found = [_internal_error(rule, error, min(state.requested, default=project.root))]
            for finding in found:
                module = state.modules.by_path.get(finding.path)
                analysis = state.analyses.get(finding.path)
                if finding.path not in state.requested or (analysis is not None and not analysis.is_source):
                    continue
                if rule.in_tests or module is None or not module.is_test:
                    yield finding


def _of_project_check(pool: Pool, state: Run, project: Project, check: Check) -> list[Finding]:
    found: list[Finding] = []
    for _ in range(MAX_ROUNDS):
        project.symbols.asked.clear()
        found = list(check.function(project))
        lacking = {*state.lacking(project.symbols.asked), *_holding(pool, state, project)}
        unnoted = _without_notes(state, project)
        if not lacking and not unnoted:
            break
        fetch(pool, state, sorted(lacking - set(unnoted)))
        fetch(pool, state, unnoted, all_notes=True)
        _make_known(state, project)
    return found


def _internal_error(rule: Rule, error: Exception, path: str) -> Finding:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return ANALYSIS_FAILED.finding(
        path,
        Span(0, 0, 1, 1, 1, 1),
        f"internal error in {rule.code}: {type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})",
        "report it; the findings of this rule are missing from the report",
    )


def _make_known(state: Run, project: Project) -> None:
    symbols = project.symbols
    for module in sorted(state.facts):
        facts = state.facts[module]
        is_news = facts.is_complete and symbols.facts.get(module) is not facts
        if is_news and language_of(facts.path) == project.language:
            symbols.add(facts)


def _report(state: Run, findings: list[Finding], root: str, settings: Settings, rules: tuple[Rule, ...]) -> Report:
    catalogue = Catalogue((*HOUSEKEEPING, *load_rules()))
    enabled = tuple(dict.fromkeys((*HOUSEKEEPING, *rules)))
    told = as_configured(findings, catalogue.rules, settings, root)
    single = undoubled(findings, told)
    kept, hidden = judged(single, state.analyses.values(), settings, enabled, catalogue)
    notices = sorted({finding for finding in kept if finding.code in NOTICE_CODES}, key=lambda one: one.sort_key)
    reported = {
        *as_configured(set(kept), catalogue.rules, settings, root),
        *(notice for notice in notices if notice.code != SYNTAX_ERROR.code),  # exit code 2 is never left unexplained
    }
    return Report(
        tuple(sorted(reported, key=lambda finding: finding.sort_key)),
        len(state.requested),
        tuple(notices),
        internal_errors=any(notice.message.startswith("internal error") for notice in notices),
        complete=not any(notice.code != SYNTAX_ERROR.code for notice in notices),
        hidden=tuple(hidden),
    )
