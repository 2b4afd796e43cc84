"""Analysing one file: a pure function of its bytes, the settings, and the facts of the modules it imports.

This runs in worker processes. What comes back is plain data; `asked` names the project modules whose facts were needed
and not known, in which case the file is analysed again when they are.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lint_rules.engine.housekeeping import ANALYSIS_FAILED, SYNTAX_ERROR, TOO_COMPLEX, UNREADABLE_FILE
from lint_rules.engine.masking import without_literals
from lint_rules.engine.suppression_comments import Suppression, parse_suppressions
from lint_rules.engine.tasks import (
    Analysis,
    Known,
    Setting,
    Task,
    Trace,
    digest_of,
    digest_of_definitions,
    digest_of_derivation,
)
from lint_rules.languages.inspection import Checks, Inspection, RuleCheck
from lint_rules.languages.language import AnalysedFile, Language, language, language_of
from lint_rules.languages.screening import AnyOf
from lint_rules.languages.whole_file import Placed, inspect_whole, worth_parsing
from lint_rules.model import Finding, Rule, Span
from lint_rules.project.disk import LISTED, OPENED, SOUGHT, Question, watched
from lint_rules.project.facts import ModuleFacts
from lint_rules.project.modules import Module, Modules
from lint_rules.project.symbols import Symbols
from lint_rules.source import (
    JAVASCRIPT_SUFFIXES,
    PYTHON_SUFFIXES,
    SourceText,
    Unreadable,
    read_source,
    source_from_bytes,
)


class _Team:
    """A language, its checks, and what is known of the project's symbols in it."""

    def __init__(self, name: str, rules: tuple[Rule, ...], modules: Modules, setting: Setting) -> None:
        self.name = name
        self.language: Language = language(name)
        self.checks: Checks = self.language.checks(rules)
        asking = [(rule, check) for rule in rules for check in rule.checks if name in check.language.split("+")]
        checks = [check for _, check in asking]
        patterns = [check.pattern for check in checks if check.pattern is not None]
        self.tells = AnyOf((word for check in checks for word in check.words), patterns)
        """What a file holds that gives its facts from the start."""
        # What a test does tells nothing of the service, so of it only what others ask for is known.
        self.tells_of_tests = AnyOf((word for rule, check in asking if rule.in_tests for word in check.words), ())
        self.notes = tuple({kind.name: kind for check in checks for kind in check.notes}.values())
        self.symbols = Symbols(modules.by_name, self.language.types(setting.additions))


class Analyser:
    """Analyses files of one project; keeps what it parsed, so that a second look is cheap."""

    def __init__(self, rules: tuple[Rule, ...], modules: Modules, setting: Setting) -> None:
        self._rules = rules
        self._modules = modules
        self._setting = setting
        self._teams: dict[str, _Team] = {}
        self._earlier: dict[str, tuple[Analysis, Inspection]] = {}
        self._sources: dict[str, SourceText | Unreadable] = {}
        self._files: dict[str, AnalysedFile] = {}
        self._checks: dict[str, tuple[bool, list[RuleCheck]]] = {}
        self._kept = 0
        self.let_go = 0
        """Bytes of the sources whose trees are not kept: what was made of them is garbage, most of it in cycles."""
        self._told: set[Question] = set()
        self._not_kept: set[str] = set()
        self._unsure: dict[str, _Unsure] = {}
        self._defined: dict[str, bytes] = {}

    def learn(self, known: Known) -> None:
        """Make a module's facts known to later analyses."""
        self._team(known.path).symbols.keep(known.module, known.facts)

    def take_text(self, path: str, text: bytes) -> None:
        """Use these bytes of a file in place of those on the disk, as long as its text is not known."""
        if path not in self._sources:
            self._sources[path] = source_from_bytes(path, text)

    def holds(self, path: str, words: list[str]) -> bool:
        """Whether a file's text holds one of the words."""
        source = self._read(path)
        return isinstance(source, SourceText) and any(word.encode() in source.data for word in words)

    def analyse(self, task: Task) -> Analysis:
        """One file, or the notice why not. Raises nothing: a fault of ours is a notice too."""
        if not self._setting.traces:
            return self._analyse_safely(task)
        facts = self._team(task.path).symbols.facts
        facts.used.clear()
        with watched() as questions:
            analysis = self._analyse_safely(task)
        return msgspec.structs.replace(analysis, trace=self._trace(task.path, facts, questions))

    def _trace(self, path: str, facts: Mapping[str, ModuleFacts], questions: set[Question]) -> Trace:
        source = self._sources.get(path)
        digest = (
            b"" if not isinstance(source, SourceText) or path in self._not_kept else digest_of(source.original_bytes())
        )
        known, module = self._modules.by_name, self._modules.by_path.get(path)
        used = {name for name in self._team(path).symbols.facts.used if name in known}
        own = facts.get(module.name) if module is not None else None
        others = {one for one in questions if one[1] != path}
        sources = {
            (kind, asked) for kind, asked in others
            if kind not in (LISTED, SOUGHT) and asked.endswith(_SOURCES) and asked in self._modules.by_path
        }  # fmt: skip
        elsewhere = {(kind if kind in (LISTED, SOUGHT) else OPENED, asked) for kind, asked in others - sources}
        news = elsewhere - self._told
        self._told |= news
        return Trace(
            digest,
            tuple(sorted(used - {module.name} if module is not None else used)),
            tuple((kind, asked, digest_of_derivation(kind, asked)) for kind, asked in sorted(sources)),
            tuple(sorted(news)),
            self._defined.get(path) or (digest_of_definitions(own) if own is not None and own.path == path else b""),
        )

    def _analyse_safely(self, task: Task) -> Analysis:
        try:
            return self._analyse(task)
        except (Exception, RecursionError) as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            message = f"internal error: {type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"
            advice = "leave the file out with `exclude`, and report it"
            notice = ANALYSIS_FAILED.finding(task.path, Span(0, 0, 1, 1, 1, 1), message, advice)
            return Analysis(task.path, (notice,) if task.inspect else (), failed=True)

    def _analyse(self, task: Task) -> Analysis:
        team = self._team(task.path)
        team.symbols.asked.clear()
        earlier = self._earlier.get(task.path) if task.inspect else None
        again = earlier[1].again(team.symbols) if earlier is not None else None
        retold = self._unsure[task.path].known_now(team.symbols) if task.path in self._unsure else frozenset()
        if earlier is not None and not again and not retold:
            return msgspec.structs.replace(earlier[0], facts=None, asked=tuple(sorted(team.symbols.asked)))
        source = self._read(task.path)
        module = self._modules.by_path.get(task.path) or Module(task.path, task.path, "__stdin__", "", False)
        if isinstance(source, Unreadable):
            return _of_unreadable(source, task, module, team.language)
        data, screen = source.data, self._setting.screen
        if team.language.is_unreadable(data):
            return _without_facts(task, module)
        is_source, checks = self._triggered(team, data, module, inspect=task.inspect)
        if again is not None:
            checks = [one for one in checks if one in again]
        tells = team.tells_of_tests if module.is_test else team.tells
        wants_facts = bool(task.facts) or (is_source and (tells.is_in(data) if screen else bool(tells)))
        may_be_deep = team.language.may_be_deep(data)
        is_looked_at = checks or self._setting.parse_all or may_be_deep or _MARKER in data
        if not (wants_facts or (task.inspect and is_looked_at)):
            return Analysis(task.path, is_source=is_source)
        file = self._file(source, module, team)
        notices = list(_notices(file, team.language, may_be_deep=may_be_deep)) if task.inspect else []
        failed = any(notice.code == TOO_COMPLEX.code for notice in notices)
        inspection = Inspection()
        if task.inspect and not failed:
            inspection = team.language.inspect(file, checks, screen=screen)
            inspect_whole(file, checks, inspection)
            if earlier is not None and again is not None:
                inspection.take_over(earlier[1], again)
            notices.extend(_of_inspection(file, inspection))
            failed = bool(inspection.too_complex or inspection.failures)
        findings = inspection.findings
        facts = None
        deep = any(notice.code == TOO_COMPLEX.code for notice in notices)
        if wants_facts and not (deep and not findings):
            if task.facts == "definitions":
                facts = file.definitions()
            elif earlier is None or retold:  # else they were given the first time
                facts, faults = self._written_down(file, team if is_source else None, task, retold)
                notices.extend(faults)
                if any(kind.holds_literals and kind.name in facts.notes for kind in team.notes):
                    self._not_kept.add(task.path)
                failed = failed or bool(faults)
            if facts is not None and self._setting.traces:
                self._defined[task.path] = digest_of_definitions(file.definitions())
        analysis = Analysis(
            task.path, tuple(notices + findings), facts, tuple(sorted(file.symbols.asked)),
            _suppressions(file) if task.inspect else (), failed, is_source,
            unsure=self._unsure[task.path].modules() if facts is not None and task.path in self._unsure else (),
        )  # fmt: skip
        if task.inspect and analysis.asked:
            self._earlier[task.path] = (msgspec.structs.replace(analysis, facts=None), inspection)
        return analysis

    def _written_down(
        self, file: AnalysedFile, team: _Team | None, task: Task, again: frozenset[str]
    ) -> tuple[ModuleFacts, list[Finding]]:
        """All facts of a file, of known notes those to be taken `again`; and the faults."""
        before = self._unsure.pop(task.path, None)
        facts, faults, asked = _facts(
            file, team, all_notes=task.all_notes, before=before if again and not task.all_notes else None, again=again
        )
        if asked:
            self._unsure[task.path] = _Unsure(facts, asked)
        return facts, faults

    def _triggered(self, team: _Team, data: bytes, module: Module, *, inspect: bool) -> tuple[bool, list[RuleCheck]]:
        """Whether a file is a source, and the checks that may find something in it; known from the first look on.

        Where only facts are wanted, nobody asks what the rules would say.
        """
        known = self._checks.get(module.path)
        if known is None:
            screen = self._setting.screen
            is_source = team.language.is_source(module, data)
            if not inspect:
                return is_source, []
            asked = team.checks if is_source else Checks()
            checks = team.language.triggered(data, asked, in_test=module.is_test, screen=screen)
            if screen:
                checks = worth_parsing(Placed(data, module, self._modules), checks)
            known = self._checks[module.path] = is_source, checks
        return known

    def _team(self, path: str) -> _Team:
        name = language_of(path)
        team = self._teams.get(name)
        if team is None:
            team = self._teams[name] = _Team(name, self._rules, self._modules, self._setting)
        return team

    def _read(self, path: str) -> SourceText | Unreadable:
        source = self._sources.get(path)
        if source is None:
            text = self._setting.texts.get(path)
            source = read_source(path, self._setting.max_bytes) if text is None else source_from_bytes(path, text)
            self._sources[path] = source
        return source

    def _file(self, source: SourceText, module: Module, team: _Team) -> AnalysedFile:
        known = self._files.get(module.path)
        if known is not None:
            known.renew()
            return known
        file = team.language.open(
            source, module, symbols=team.symbols, modules=self._modules, options=self._setting.options
        )
        if self._kept + len(source.data) <= _KEPT_BYTES:
            self._kept += len(source.data)
            self._files[module.path] = file
        else:
            self.let_go += len(source.data)
        return file


def _of_unreadable(source: Unreadable, task: Task, module: Module, language: Language) -> Analysis:
    if language_of(task.path) == "config":  # large or binary data, and nobody asked for it by name
        return Analysis(task.path)
    if language.is_unreadable(source.head):  # a bundle, whatever its size
        return _without_facts(task, module)
    notice = UNREADABLE_FILE.finding(
        task.path, Span(0, 0, 1, 1, 1, 1), f"cannot be read; {source.reason}",
        "fix the file, or leave it out with `exclude`",
    )  # fmt: skip
    return Analysis(task.path, (notice,) if task.inspect else (), failed=True)


def _without_facts(task: Task, module: Module) -> Analysis:
    """What minified code gives: nothing to report, and to whoever asks for its facts, that there are none."""
    facts = ModuleFacts(module.name, task.path, is_complete=True) if task.facts else None
    return Analysis(task.path, facts=facts, is_source=False)


@dataclass(frozen=True, slots=True)
class _Unsure:
    """The facts of a file for which some notes asked for other modules in vain: which kinds of notes, for which."""

    facts: ModuleFacts
    asked: Mapping[str, frozenset[str]]

    def known_now(self, symbols: Symbols) -> frozenset[str]:
        """The kinds of notes that have to be taken again."""
        return frozenset(kind for kind, names in self.asked.items() if not names.isdisjoint(symbols.facts))

    def modules(self) -> tuple[str, ...]:
        """What was asked for."""
        return tuple(sorted(frozenset().union(*self.asked.values())))


def _facts(
    file: AnalysedFile, team: _Team | None, *, all_notes: bool, before: _Unsure | None, again: frozenset[str]
) -> tuple[ModuleFacts, list[Finding], dict[str, frozenset[str]]]:
    """All facts of a file, with what families wrote down about it; the notices about those that failed; and the modules
    that were asked for in vain, by the kind of notes.

    Nothing is written down about what is no source: there is no `team` for it. Of what was written down `before`, the
    kinds to be taken `again` take the place.
    """
    notes = dict(before.facts.notes) if before is not None else {}
    unsure = {kind: names for kind, names in before.asked.items() if kind not in again} if before is not None else {}
    faults = []
    for kind in team.notes if team is not None else ():
        if not (all_notes or kind.is_for(file.data)) or (before is not None and kind.name not in again):
            continue
        notes.pop(kind.name, None)
        earlier, file.symbols.asked = file.symbols.asked, set()
        try:
            taken = kind.take(language_of(file.path), file)
        except Exception as error:  # the one place where a faulty taker is caught
            message = f"internal error in the notes `{kind.name}`: {type(error).__name__}: {error}"
            start = Span(0, 0, 1, 1, 1, 1)
            faults.append(ANALYSIS_FAILED.at(file, start, message, "report this with the file"))
            continue
        finally:
            if file.symbols.asked:
                unsure[kind.name] = frozenset(file.symbols.asked)
            file.symbols.asked |= earlier
        if taken:
            notes[kind.name] = without_literals(taken)
    facts = before.facts if before is not None else file.facts()
    return msgspec.structs.replace(facts, notes=notes), faults, unsure


def _of_inspection(file: AnalysedFile, inspection: Inspection) -> Iterator[Finding]:
    """The places that could not be analysed, and the rules that raised."""
    for place in inspection.too_complex:
        yield _too_complex(file.path, place)
    for code, place, error in inspection.failures:
        message = f"internal error in {code}: {error}"
        yield ANALYSIS_FAILED.at(file, place, message, "report this with the code at this place")


def _notices(file: AnalysedFile, language: Language, *, may_be_deep: bool) -> Iterator[Finding]:
    if (may_be_deep or language.seems_deep(file)) and language.is_too_deep(file):
        yield _too_complex(file.path, Span(0, 0, 1, 1, 1, 1))
        return
    error = language.syntax_error(file)
    if error is not None:
        place, what = error
        yield SYNTAX_ERROR.at(file, place, f"does not parse; {what}", "fix the syntax; the rest was analysed")


_SOURCES = (*PYTHON_SUFFIXES, *JAVASCRIPT_SUFFIXES)
_KEPT_BYTES = 1_000_000
_MARKER = b"tenlint:"


def _too_complex(path: str, place: Span) -> Finding:
    # Which function it is in is not asked: the scopes of such a file may take longer than all else.
    return TOO_COMPLEX.finding(
        path, place, "nested too deeply or chained too long to analyse", "split the expression or the data"
    )


def _suppressions(file: AnalysedFile) -> tuple[Suppression, ...]:
    if _MARKER not in file.data:
        return ()
    return parse_suppressions(file.source, file.comments, file.statement_rows)
