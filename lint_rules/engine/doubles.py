"""One defect, one finding: what a rule says where another rule has said it better is left out.

A finding names the rules that it yields to, and where: `TEN0505` at a handler that ends without a response is not told
beside the `catch` in it that loses the error. It is told where the other rule is not selected, or is switched off in
the file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from lint_rules.model import Finding


def undoubled(findings: Iterable[Finding], told: Iterable[Finding] | None = None) -> list[Finding]:
    """The findings without those that yield to another one among `told`, which are all of them if not given."""
    every = list(findings)
    wanted = {code for finding in every for code, _ in finding.yields_to}
    if not wanted:
        return every
    starts: dict[tuple[str, str], list[int]] = defaultdict(list)
    for finding in every if told is None else told:
        # What yields to another finding of its own rule is not what that one is.
        if finding.code in wanted and all(code != finding.code for code, _ in finding.yields_to):
            starts[finding.path, finding.code].append(finding.span.start)
    return [
        finding
        for finding in every
        if not any(
            span.start <= start < span.end
            for code, span in finding.yields_to
            for start in starts.get((finding.path, code), ())
        )
    ]
