"""A name for a finding that survives moving it: what baselines and code scanning services recognise it by."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Final

from lint_rules.model import Finding
from lint_rules.source import SourceText

_MOST_ROWS: Final = 20


def fingerprints(findings: Iterable[Finding], root: str, read: Callable[[str], SourceText | None]) -> Iterator[str]:
    """A fingerprint per finding, in order: 32 hexadecimal digits, unique within the findings.

    It is made of the rule, the path relative to `root`, the enclosing symbol and the lines of the span without their
    spacing, so that neither line numbers nor formatting matter. Equal ones are told apart by a count.
    """
    seen: Counter[bytes] = Counter()
    for finding in findings:
        source = read(finding.path)
        path = os.path.relpath(finding.path, root).replace(os.sep, "/")
        parts = (finding.code, path, finding.symbol, normalised_text(finding, source))
        key = "\0".join(parts).encode("utf-8", "surrogatepass")
        seen[key] += 1
        yield sha256(key + b"\0%d" % seen[key]).hexdigest()[:32]


def normalised_text(finding: Finding, source: SourceText | None) -> str:
    """The lines a finding stands on, with each run of blanks as one space."""
    if source is None:
        return ""
    rows = range(finding.span.row, min(finding.span.end_row, finding.span.row + _MOST_ROWS) + 1)
    return " ".join(" ".join(source.line_text(row) for row in rows).split())
