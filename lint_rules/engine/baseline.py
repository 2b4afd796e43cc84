"""The baseline: the findings a project lives with for now, in a file that is meant to be committed.

One entry a line, sorted, without line numbers or times, so that two branches merge well and code may move. Of a secret
only a salted hash is written.
"""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from lint_rules.engine.config import ConfigError, Settings
from lint_rules.engine.known import NEVER_KNOWN, Key, Read, Verdict, keys_of, settle
from lint_rules.engine.report import BASELINE, OLDER, Hidden, Report
from lint_rules.model import Finding
from lint_rules.source import Unreadable, read_source

FILE_NAME: Final = ".tenlint-baseline.json"
_VERSION: Final = 1
_MAX_BYTES: Final = 50_000_000
_FIELDS: Final = ("rule", "path", "symbol", "source")


class Baseline(Struct, frozen=True):
    """Known findings with their counts. `path` is the absolute path of the file; entries are relative to its folder."""

    path: str
    entries: Mapping[Key, int] = field(default_factory=dict)
    salt: str = ""

    @property
    def folder(self) -> str:
        """What the paths of the entries are relative to."""
        return os.path.dirname(self.path)

    def is_gone(self, relative: str) -> bool:
        """Whether the file of an entry does not exist any more."""
        return not os.path.lexists(os.path.join(self.folder, relative))


def default_path(settings: Settings, root: str) -> str:
    """Where the baseline lies unless told otherwise: beside the configuration, else at the project's root."""
    return os.path.join(settings.root or root, FILE_NAME)


def read_baseline(path: str) -> Baseline:
    """The baseline in a file. Raises ConfigError if it is none."""
    source = read_source(path, _MAX_BYTES)
    if isinstance(source, Unreadable):
        raise ConfigError(path, None, f"the baseline {source.reason}")
    try:
        content = json.loads(source.data)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        advice = "resolve the merge conflict" if b"<<<<<<<" in source.data else "write it anew with `tenlint baseline`"
        raise ConfigError(path, line, f"the baseline is not valid JSON; {advice}") from None
    if not isinstance(content, dict) or not isinstance(content.get("findings"), list):
        raise ConfigError(path, None, "is no baseline; write it anew with `tenlint baseline`")
    if content.get("version") != _VERSION:
        raise ConfigError(path, None, "the baseline was written by another version of tenlint; write it anew")
    entries: dict[Key, int] = {}
    for entry in content["findings"]:
        if entry is None:  # the end of the list, so that every entry's line ends with a comma
            continue
        key, count = _entry(entry, path)
        # Two branches that added the same entry meant the same finding.
        entries[key] = max(entries.get(key, 0), count)
    salt = content.get("salt", "")
    return Baseline(path, entries, salt if isinstance(salt, str) else "")


def _entry(entry: Any, path: str) -> tuple[Key, int]:
    if isinstance(entry, dict):
        count = entry.get("count", 1)
        values = [entry.get(name, "") for name in _FIELDS]
        if all(isinstance(value, str) for value in values) and isinstance(count, int) and count > 0:
            return Key(*values), count
    raise ConfigError(path, None, "an entry of the baseline cannot be read; write it anew with `tenlint baseline`")


def baseline_text(baseline: Baseline) -> str:
    """The content of a baseline's file: the same for the same entries, whatever their order."""
    head = {"version": _VERSION, **({"salt": baseline.salt} if baseline.salt else {})}
    lines = [json.dumps(head)[:-1] + ', "findings": [']
    for key, count in sorted(baseline.entries.items()):
        entry = {name: value for name, value in zip(_FIELDS, key, strict=True) if value or name in ("rule", "path")}
        lines.append(json.dumps({**entry, **({"count": count} if count > 1 else {})}) + ",")
    return "\n".join((*lines, "null]}")) + "\n"


def write_baseline(baseline: Baseline) -> None:
    """Write the file in one step. Raises OSError."""
    temporary = os.path.join(baseline.folder, f".tenlint-{os.getpid()}-{os.urandom(6).hex()}")
    try:
        with open(temporary, "x", encoding="utf-8", newline="\n") as file:
            file.write(baseline_text(baseline))
        os.replace(temporary, baseline.path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def renewed(
    baseline: Baseline, report: Report, read: Read, *, requested: frozenset[str], codes: frozenset[str], prune: bool
) -> Baseline:
    """The baseline with what a run found; with `prune` only without what it did not find again.

    Entries of files and rules that the run did not look at stay. `codes` are the rules that ran.
    """
    findings = [finding for finding in report.findings if finding.code not in NEVER_KNOWN]
    salt = baseline.salt
    if not salt and any(finding.secrets for finding in findings):
        salt = os.urandom(8).hex()
    keys = keys_of(findings, baseline.folder, read, salt)
    others = {
        key: count for key, count in baseline.entries.items() if not _was_looked_at(key, baseline, requested, codes)
    }
    if not prune:
        return replace(baseline, entries={**others, **Counter(keys)}, salt=salt)
    verdict = settle(findings, keys, baseline.entries, is_gone=baseline.is_gone)
    # What was found again is written as it is now: a renamed file goes on under its new name.
    kept = Counter(keys[index] for index in verdict.old)
    return replace(baseline, entries={**others, **kept})


def _was_looked_at(key: Key, baseline: Baseline, requested: frozenset[str], codes: frozenset[str]) -> bool:
    path = os.path.normpath(os.path.join(baseline.folder, key.path))
    return key.rule in codes and (path in requested or baseline.is_gone(key.path))


class BaselineFilter(Struct, frozen=True):
    """Hides what the baseline knows. `requested` and `codes` are the files and rules of the run."""

    baseline: Baseline
    requested: frozenset[str]
    codes: frozenset[str]

    def narrow(self, report: Report, read: Read) -> Report:
        """The report without known findings."""
        if not self.baseline.entries or not report.findings:
            return report
        # What is hidden for its age has its entries too; they are not free for new findings.
        older = [hidden.finding for hidden in report.hidden if hidden.by == OLDER]
        old = {index - len(older) for index in self._verdict(older, report.findings, read).old}
        hidden = [Hidden(report.findings[index], BASELINE) for index in sorted(old) if index >= 0]
        findings = tuple(finding for index, finding in enumerate(report.findings) if index not in old)
        return replace(report, findings=findings, hidden=(*report.hidden, *hidden))

    def stale(self, report: Report, read: Read) -> list[tuple[Key, int]]:
        """The entries of files and rules that were looked at, for which nothing was found any more."""
        findings = [hidden.finding for hidden in report.hidden if hidden.by in (BASELINE, OLDER)]
        return sorted(self._looked_at(self._verdict(findings, report.findings, read).left_over))

    def _verdict(self, first: Sequence[Finding], then: Sequence[Finding], read: Read) -> Verdict:
        """Set the entries against findings; those in `first` have the first claim to them."""
        baseline = self.baseline
        findings = [*first, *then]
        keys = keys_of(findings, baseline.folder, read, baseline.salt)
        late = frozenset(then) - frozenset(first)
        return settle(findings, keys, baseline.entries, is_gone=baseline.is_gone, is_touched=late.__contains__)

    def _looked_at(self, left: Mapping[Key, int]) -> Iterator[tuple[Key, int]]:
        for key, count in left.items():
            if _was_looked_at(key, self.baseline, self.requested, self.codes):
                yield key, count
