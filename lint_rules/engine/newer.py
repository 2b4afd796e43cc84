"""Reporting only what is new since a revision: the older state is analysed too, and its findings are known ones.

So a finding in an untouched line, such as the call of a helper that begins to block, is new, and one in a line that
only moved is not. Only the files that have findings are analysed in their older state.
"""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from difflib import SequenceMatcher
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from lint_rules.engine.discover import Discovered
from lint_rules.engine.known import NEVER_KNOWN, Key, Read, keys_of, settle
from lint_rules.engine.report import OLDER, Hidden, Report
from lint_rules.engine.revisions import Change, Repository
from lint_rules.model import Finding
from lint_rules.source import SourceText, Unreadable, source_from_bytes

Texts = Mapping[str, bytes]
Lint = Callable[[Discovered, Texts], Report]

_MOST_LINES: Final = 20_000


class Older(Struct, frozen=True):
    """The state before: what changed since, and the contents of the files that were different.

    `before_of` tells the older path of each file that existed, by its path now, where they differ; `added` are files
    that did not exist.
    """

    texts: Texts = field(default_factory=dict)
    added: frozenset[str] = frozenset()
    before_of: Mapping[str, str] = field(default_factory=dict)

    def path_of(self, path: str) -> str:
        """The path that a file had before."""
        return self.before_of.get(path, path)


def older_state(repository: Repository, changes: Iterable[Change], untracked: Iterable[str] = ()) -> Older:
    """The state before some changes. Raises GitError."""
    changes = list(changes)
    contents = repository.contents(change.before_blob for change in changes if change.before)
    texts = {change.before: contents[change.before_blob] for change in changes if change.before}
    moved = {change.after: change.before for change in changes if change.before and change.after}
    added = {change.after for change in changes if change.after and not change.before}
    return Older(texts, frozenset({*added, *untracked}) - moved.keys() - texts.keys(), moved)


class NewerFilter(Struct, frozen=True):
    """Hides what the older state had already. `texts` stand for files of the state now, as for the lint itself."""

    older: Older
    discovered: Discovered
    texts: Texts
    lint: Lint
    is_source: Callable[[str], bool]
    _known: dict[str, Counter[Key]] = field(default_factory=dict)

    def narrow(self, report: Report, read: Read) -> Report:
        """The report without findings that the older state had."""
        findings = [finding for finding in report.findings if finding.code not in NEVER_KNOWN]
        self._learn({finding.path for finding in findings})
        known: Counter[Key] = Counter()
        for path in {finding.path for finding in findings}:
            known.update(self._known.get(path, ()))
        if not known:
            return report
        keys = keys_of(findings, self.discovered.root, read)
        touched = _Touched(self.older, read)
        old = settle(findings, keys, known, is_touched=touched).old
        hidden = [Hidden(findings[index], OLDER) for index in sorted(old)]
        unwanted = {one.finding for one in hidden}
        kept = tuple(finding for finding in report.findings if finding not in unwanted)
        return replace(report, findings=kept, hidden=(*report.hidden, *hidden))

    def _learn(self, paths: Iterable[str]) -> None:
        """Analyse the older state of files, once."""
        now_of = {
            self.older.path_of(path): path for path in paths if path not in self._known and path not in self.older.added
        }
        if not now_of:
            return
        gone = self.older.added | {now for now, before in self.older.before_of.items() if now != before}
        files = {*self.discovered.files, *filter(self.is_source, self.older.texts)} - (gone - self.older.texts.keys())
        requested = frozenset(now_of)
        before = replace(self.discovered, files=tuple(sorted(files | requested)), requested=requested)
        texts = {**self.texts, **self.older.texts}
        report = self.lint(before, texts)
        found = [finding for finding in report.findings if finding.code not in NEVER_KNOWN]

        def read(path: str) -> SourceText | None:
            source = source_from_bytes(path, texts[path]) if path in texts else _read(path)
            return None if isinstance(source, Unreadable) else source

        keys = keys_of(found, self.discovered.root, read)
        for path in now_of.values():
            self._known[path] = Counter()
        for finding, key in zip(found, keys, strict=True):
            now = now_of[finding.path]
            relative = os.path.relpath(now, self.discovered.root).replace(os.sep, "/")
            self._known[now][key._replace(path=relative)] += 1


def _read(path: str) -> SourceText | Unreadable:
    from lint_rules.source import read_source

    return read_source(path, 100_000_000)


class _Touched:
    """A question: does a finding stand on a line that is not in the older state?"""

    def __init__(self, older: Older, read: Read) -> None:
        self._older = older
        self._read = read
        self._rows: dict[str, list[int]] = {}

    def __call__(self, finding: Finding) -> bool:
        rows = self._rows.get(finding.path)
        if rows is None:
            rows = self._rows[finding.path] = self._new_rows(finding.path)
        place = bisect_left(rows, finding.span.row)
        return place < len(rows) and rows[place] <= finding.span.end_row

    def _new_rows(self, path: str) -> list[int]:
        before = self._older.texts.get(self._older.path_of(path))
        now = self._read(path)
        if before is None or now is None:
            return []
        old, new = before.splitlines(), now.data.splitlines()
        if len(old) + len(new) > _MOST_LINES:
            return []
        changed: list[int] = []
        for tag, _, _, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag != "equal":
                changed += range(first + 1, last + 1)
        return changed
