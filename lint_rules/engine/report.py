"""The outcome of one run, as the reporters and the exit code need it."""

from __future__ import annotations

from dataclasses import dataclass

from lint_rules.model import Finding


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found. `findings` are sorted, housekeeping included; `files` counts the files asked for.

    `notices` are those of the findings that say a file was not, or not wholly, analysed (TEN0001, TEN0002, TEN0003,
    TEN0006). `internal_errors` is set when a rule raised; `complete` is cleared when something that was asked for was
    not looked at. Both mean exit code 2.
    """

    findings: tuple[Finding, ...] = ()
    files: int = 0
    notices: tuple[Finding, ...] = ()
    internal_errors: bool = False
    complete: bool = True
