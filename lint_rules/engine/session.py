"""One run of `tenlint check` from its settings to its report: discover, lint, fix. Prints nothing."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from lint_rules.engine.config import Settings, load_settings
from lint_rules.engine.discover import Discovered, FileChoice, discover, start_folder
from lint_rules.engine.fix import FixedFile, fix_file, is_applicable, write_fixed
from lint_rules.engine.housekeeping import HOUSEKEEPING, UNREADABLE_FILE
from lint_rules.engine.report import Report
from lint_rules.engine.selection import Catalogue, as_configured, enabled_rules
from lint_rules.model import Finding, Span
from lint_rules.source import SourceText, Unreadable, read_source, source_from_bytes

if TYPE_CHECKING:
    from lint_rules.engine.add_ignore import Ignored
    from lint_rules.engine.cache_folder import CacheFolder
    from lint_rules.engine.pipeline import Kept
    from lint_rules.engine.shards import Shard

Progress = Callable[[int, int], None]


def full_catalogue() -> Catalogue:
    """All rules there are, the engine's own included. Imports every rule."""
    from lint_rules.engine.registry import load_rules

    return Catalogue((*HOUSEKEEPING, *load_rules()))


def listed_catalogue() -> Catalogue:
    """The same, perhaps without the rules' checks: enough for settings and reports."""
    from lint_rules.engine.registry import listed_rules

    return Catalogue((*HOUSEKEEPING, *listed_rules()))


class ReportFilter(Protocol):
    """Takes from a report what is known already; `read` gives the texts of the files that were analysed."""

    def narrow(self, report: Report, read: Callable[[str], SourceText | None]) -> Report: ...


class Session(Struct, frozen=True):
    """What stays the same while a run lints, fixes and lints again.

    `stdin` is an absolute path and the bytes that stand for the file there; `texts` are more of them. `filters` take
    from each report what is known already; `cache` is where results are kept from run to run; of a
    `shard` only its share of the files is reported on. `executor` names the cluster that analyses them.
    """

    catalogue: Catalogue
    settings: Settings
    discovered: Discovered
    stdin: tuple[str, bytes] | None = None
    texts: Mapping[str, bytes] = field(default_factory=dict)
    filters: tuple[ReportFilter, ...] = ()
    cache: CacheFolder | None = None
    shard: Shard | None = None
    executor: str = ""

    def lint(self, progress: Progress | None = None) -> Report:
        """Lint what was asked for."""
        return self._run(self.discovered, self._texts(), progress)

    def lint_state(self, discovered: Discovered, texts: Mapping[str, bytes]) -> Report:
        """Lint another state of the project, unfiltered."""
        return replace(self, filters=())._run(discovered, texts)

    def codes(self) -> frozenset[str]:
        """The codes of the rules that run."""
        return frozenset(rule.code for rule in enabled_rules(self.catalogue.rules, self.settings))

    def read(self, path: str) -> SourceText | None:
        """The text of a file of the run; None if it cannot be read (any more)."""
        return self._read(path, self._texts())

    def _texts(self) -> dict[str, bytes]:
        return {**self.texts, **({self.stdin[0]: self.stdin[1]} if self.stdin is not None else {})}

    def _read(self, path: str, texts: Mapping[str, bytes]) -> SourceText | None:
        if path in texts:
            source = source_from_bytes(path, texts[path])
        else:
            source = read_source(path, self.settings.max_file_size)
        return None if isinstance(source, Unreadable) else source

    def fix(self, report: Report, *, unsafe: bool) -> list[FixedFile]:
        """The files with fixable findings, fixed in memory, by path."""
        from lint_rules.languages.language import language, language_of

        by_path: dict[str, list[Finding]] = defaultdict(list)
        for finding in report.findings:
            by_path[finding.path].append(finding)
        fixed = []
        for path, findings in sorted(by_path.items()):
            if not any(is_applicable(finding.fix, unsafe=unsafe) for finding in findings):
                continue
            source = self.read(path)
            if source is None:
                continue

            def lint(data: bytes, source: SourceText = source) -> Sequence[Finding]:
                changed = SourceText(source.path, data, source.encoding, source.bom)
                return self._lint_instead(source.path, changed).findings

            parses = partial(language(language_of(path)).parses, path=path)
            fixed.append(fix_file(source, findings, unsafe=unsafe, lint=lint, parses=parses))
        return fixed

    def write(self, fixed_files: Iterable[FixedFile]) -> list[tuple[str, str]]:
        """Write fixed files; the paths of those that could not be written, with the reason."""
        problems = []
        for fixed in fixed_files:
            problem = write_fixed(fixed) if fixed.is_changed else ""
            if problem:
                problems.append((fixed.path, problem))
        return problems

    def with_fixed_stdin(self, fixed_files: Iterable[FixedFile]) -> Session:
        """The session with the fixed text in place of standard input."""
        for fixed in fixed_files:
            if self.stdin is not None and fixed.path == self.stdin[0]:
                with suppress(UnicodeEncodeError):
                    return replace(self, stdin=(fixed.path, fixed.fixed_bytes()))
        return self

    def add_ignores(self, report: Report, reason: str) -> list[Ignored]:
        """The files with findings, with comments that hide them, in memory, by path."""
        from lint_rules.engine.add_ignore import add_ignores, with_ends
        from lint_rules.languages.language import language, language_of

        by_path: dict[str, list[Finding]] = defaultdict(list)
        for finding in report.findings:
            by_path[finding.path].append(finding)
        sources = {path: source for path in sorted(by_path) if (source := self.read(path)) is not None}
        parses = {path: partial(language(language_of(path)).parses, path=path) for path in sources}
        # All files are tried at once; what does not work out is tried again by itself.
        texts: dict[str, bytes] = {}
        for path, source in sources.items():
            data = with_ends(source, by_path[path], reason)
            if data is not None and data != source.data and parses[path](data):
                with suppress(UnicodeEncodeError):
                    texts[path] = SourceText(path, data, source.encoding, source.bom).original_bytes()
        tried = replace(self.discovered, requested=frozenset(texts))
        tried_report = self._run(tried, {**self._texts(), **texts}) if texts else Report()
        done = []
        for path, source in sources.items():

            def lint(data: bytes, source: SourceText = source) -> Report:
                return self._lint_instead(source.path, SourceText(source.path, data, source.encoding, source.bom))

            first = tried_report if path in texts else None
            done.append(add_ignores(source, by_path[path], reason, tried=first, lint=lint, parses=parses[path]))
        return done

    def _lint_instead(self, path: str, source: SourceText) -> Report:
        """The report on one file, had it this text."""
        try:
            content = source.original_bytes()
        except UnicodeEncodeError:
            # A fix brought a character that the file's encoding lacks; writing it is refused later.
            return Report()
        alone = replace(self.discovered, requested=frozenset({path}))
        return self._run(alone, {**self._texts(), path: content}, around=False)

    def _run(
        self,
        discovered: Discovered,
        texts: Mapping[str, bytes],
        progress: Progress | None = None,
        *,
        around: bool = True,
    ) -> Report:
        # An editor, and a fix that is tried, wait for the one file, and not for what the project does with it.
        is_whole = around and self.stdin is None
        report = self._recalled(discovered, texts, progress, around=is_whole)
        left_out = discovered.unreadable or discovered.unnamable
        findings = (*report.findings, *self._unnamable(discovered))
        report = replace(
            report,
            findings=tuple(sorted(findings, key=lambda finding: finding.sort_key)),
            files=report.files + len(discovered.unnamable),
            complete=report.complete and not left_out,
        )
        for one in self.filters:
            report = one.narrow(report, lambda path: self._read(path, texts))
        return report

    def _recalled(
        self, discovered: Discovered, texts: Mapping[str, bytes], progress: Progress | None, *, around: bool
    ) -> Report:
        """The report on the files, from the cache where nothing has changed. Texts in place of files are not cached."""
        if self.cache is None or texts:
            return self._analysed(discovered, texts, progress, around=around)
        from lint_rules.engine.signatures import now
        from lint_rules.engine.snapshot import Snapshots

        began = now()
        snapshots = Snapshots(self.cache, discovered, self.settings, self.codes())
        signatures = snapshots.signatures()
        report = snapshots.report(signatures) if signatures is not None else None
        if report is None:
            from lint_rules.engine.pipeline import Kept

            self.cache.prepare()
            kept = Kept(self.cache)
            report = self._analysed(discovered, texts, progress, kept, around=around)
            if signatures is not None and kept.answers is not None:
                snapshots.keep(signatures, began, kept.answers, report)
        return report

    def _analysed(
        self,
        discovered: Discovered,
        texts: Mapping[str, bytes],
        progress: Progress | None,
        kept: Kept | None = None,
        *,
        around: bool,
    ) -> Report:
        from lint_rules.engine.pipeline import run

        rules = enabled_rules(full_catalogue().rules, self.settings)
        executor = self.executor if around else ""  # one file is sooner done here
        return run(
            discovered, self.settings, rules,
            progress=progress, texts=texts, kept=kept, around=around, executor=executor,
        )  # fmt: skip

    def _unnamable(self, discovered: Discovered) -> tuple[Finding, ...]:
        found = [
            UNREADABLE_FILE.finding(
                path, Span(0, 0, 1, 1, 1, 1), "cannot be read; its name is no UTF-8", "rename the file"
            )
            for path in discovered.unnamable
        ]
        return as_configured(found, self.catalogue.rules, self.settings, discovered.root)


def open_session(
    paths: Sequence[str],
    *,
    isolated: bool = False,
    config: Sequence[str] = (),
    overrides: Mapping[str, Any] | None = None,
    stdin: tuple[str, bytes] | None = None,
    cache: bool = False,
    cache_dir: str | None = None,
    shard: Shard | None = None,
    executor: str = "",
) -> Session:
    """Load the settings for `paths` and discover the files. With `stdin` its path is the only one reported on.

    Raises ConfigError.
    """
    if stdin is not None:
        stdin = (os.path.abspath(stdin[0]), stdin[1])
        paths = (stdin[0],)
    catalogue = listed_catalogue() if cache else full_catalogue()
    start = start_folder([os.path.abspath(path) for path in paths])
    settings = load_settings(start, catalogue, isolated=isolated, config=config, overrides=overrides)
    discovered = _around(stdin[0], settings) if stdin is not None else discover(paths, settings)
    kept = _cache_of(discovered, cache_dir) if cache else None
    if shard is not None:
        from lint_rules.engine.shards import share_of

        discovered = share_of(discovered, shard)
    return Session(catalogue, settings, discovered, stdin, cache=kept, shard=shard, executor=executor)


def _cache_of(discovered: Discovered, chosen: str | None) -> CacheFolder | None:
    from lint_rules.engine.cache_folder import cache_folder

    return cache_folder(discovered.root, chosen)


def _around(path: str, settings: Settings) -> Discovered:
    """The project of a file that need not exist (yet), with that file as the one asked for."""
    discovered = discover((path,), settings)
    if settings.force_exclude and FileChoice(settings, discovered.root).is_excluded(path):
        return replace(discovered, requested=frozenset(), missing=())
    files = tuple(sorted({*discovered.files, path}))
    return replace(discovered, files=files, requested=frozenset({path}), missing=())
