"""Telling new findings from known ones, by what they are about and not by where they stand.

A known finding is rule, path, enclosing symbol and normalised source, with a count: no line numbers, so that code may
move. Each known one hides one finding at most; a second equal error is new.
"""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from hashlib import pbkdf2_hmac
from typing import Final, NamedTuple

from msgspec import Struct

from lint_rules.engine.housekeeping import NOTICE_CODES, SYNTAX_ERROR
from lint_rules.model import Finding, Span
from lint_rules.source import SourceText

Read = Callable[[str], SourceText | None]

# What says that something was not looked at is never old.
NEVER_KNOWN: Final = NOTICE_CODES - {SYNTAX_ERROR.code}
_MOST_ROWS: Final = 20
_MOST_CHARACTERS: Final = 1000
_ROUNDS: Final = 2000
_COMMENT: Final = re.compile(r"\s(?:#|//)\s.*")
_LAST_COMMA: Final = re.compile(r",([)\]}])")
_BLANKS: Final = re.compile(r"\s+")
_BESIDE_WORD: Final = re.compile(r"(?<=\W) | (?=\W)")


class Key(NamedTuple):
    """What a finding is recognised by; `path` is relative, with "/"."""

    rule: str
    path: str
    symbol: str
    source: str


class Verdict(Struct, frozen=True):
    """Which findings (by index) are known, and the known ones that were not found again."""

    old: frozenset[int]
    left_over: Counter[Key]


def keys_of(findings: Iterable[Finding], folder: str, read: Read, salt: str = "") -> list[Key]:
    """What each finding is recognised by, in order; paths are relative to `folder`."""
    findings = list(findings)
    secrets = secrets_by_path(findings)
    keys = []
    for finding in findings:
        path = os.path.relpath(finding.path, folder).replace(os.sep, "/")
        text = statement_text(finding.span, read(finding.path), secrets.get(finding.path, ()), salt)
        keys.append(Key(finding.code, path, finding.symbol, text))
    return keys


def secrets_by_path(findings: Iterable[Finding]) -> dict[str, tuple[Span, ...]]:
    """All spans that must not be shown, by file, sorted; those of one finding hold for the others too."""
    spans: dict[str, set[Span]] = defaultdict(set)
    for finding in findings:
        if finding.secrets:
            spans[finding.path].update(finding.secrets)
    return {path: tuple(sorted(found)) for path, found in spans.items()}


def statement_text(span: Span, source: SourceText | None, secrets: Sequence[Span] = (), salt: str = "") -> str:
    """The lines of a span without comments and the formatter's freedom; of each secret a salted hash."""
    if source is None:
        return ""
    last_row = min(span.end_row, span.row + _MOST_ROWS, source.row_count)
    if span.row > source.row_count:
        return ""
    start = source.line_starts[span.row - 1]
    end = source.line_starts[last_row] if last_row < source.row_count else len(source.data)
    parts = []
    for secret in secrets:
        if start <= secret.start and secret.end <= end:
            hashed = _hash_of(source.data[secret.start : secret.end], salt)
            parts += [source.text(start, secret.start), f"<{hashed}>"]
            start = secret.end
    parts.append(source.text(start, end))
    lines = [_COMMENT.sub("", line) for line in "".join(parts).splitlines()]
    text = _BESIDE_WORD.sub("", _BLANKS.sub(" ", " ".join(lines)).strip())
    return _LAST_COMMA.sub(r"\1", text)[:_MOST_CHARACTERS]


def _hash_of(secret: bytes, salt: str) -> str:
    # Few rounds, since each secret is hashed in each run; the secret itself stands in the same repository.
    return pbkdf2_hmac("sha256", secret, salt.encode(), _ROUNDS).hex()[:12]  # tenlint: ignore[TEN0714]


def settle(
    findings: Sequence[Finding],
    keys: Sequence[Key],
    known: Mapping[Key, int],
    *,
    is_gone: Callable[[str], bool] = lambda path: False,
    is_touched: Callable[[Finding], bool] = lambda finding: False,
) -> Verdict:
    """Set known findings against those found.

    First the same symbol in the same file, then the same file, then, of files that are gone (`is_gone`, relative path),
    the same symbol in any file: a renamed file. Where there are more findings than known ones, those at places that
    were touched are the new ones.
    """
    left = Counter({key: count for key, count in known.items() if count > 0})
    order = [index for index, finding in enumerate(findings) if finding.code not in NEVER_KNOWN]
    if left and is_touched is not None:
        order.sort(key=lambda index: is_touched(findings[index]))
    old: set[int] = set()
    ways: tuple[tuple[Callable[[Key], Hashable], Callable[[Key], bool]], ...] = (
        (lambda key: key, lambda key: True),
        (lambda key: (key.rule, key.path, key.source), lambda key: True),
        (lambda key: (key.rule, key.symbol, key.source), lambda key: is_gone(key.path)),
    )
    for likeness, counts in ways:
        by_likeness: dict[Hashable, list[Key]] = defaultdict(list)
        for key in sorted(left):
            if counts(key):
                by_likeness[likeness(key)].append(key)
        if not by_likeness:
            continue
        for index in order:
            candidates = by_likeness.get(likeness(keys[index])) if index not in old else None
            if not candidates:
                continue
            old.add(index)
            left[candidates[0]] -= 1
            if not left[candidates[0]]:
                del left[candidates[0]]
                candidates.pop(0)
    return Verdict(frozenset(old), left)
