"""The outcome of one run, as the reporters and the exit code need it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from lint_rules.model import Finding, Severity

COMMENT: Final = "comment"
BASELINE: Final = "baseline"
OLDER: Final = "older"


class Hidden(Struct, frozen=True):
    """A finding that is not reported: a comment hides it, or the baseline, or it is as old as a revision.

    `by` is COMMENT, BASELINE or OLDER; `reason` is what the comment says.
    """

    finding: Finding
    by: str
    reason: str = ""


class Report(Struct, frozen=True):
    """What a run found. `findings` are sorted, housekeeping included; `files` counts the files asked for.

    `notices` are those of the findings that say a file was not, or not wholly, analysed (TEN0001, TEN0002, TEN0003,
    TEN0006). `hidden` are findings that are not reported, and why. `internal_errors` is set when a rule raised;
    `complete` is cleared when something that was asked for was not looked at. Both mean exit code 2.
    """

    findings: tuple[Finding, ...] = ()
    files: int = 0
    notices: tuple[Finding, ...] = ()
    internal_errors: bool = False
    complete: bool = True
    hidden: tuple[Hidden, ...] = ()

    def exit_code(self, fail_on: Severity | None, *, exit_zero: bool = False) -> int:
        """0, 1 if there is a finding of severity `fail_on` or above, 2 if the run was not complete."""
        if self.internal_errors or not self.complete:
            return 2
        if exit_zero or fail_on is None:
            return 0
        return int(any(finding.severity.rank >= fail_on.rank for finding in self.findings))
