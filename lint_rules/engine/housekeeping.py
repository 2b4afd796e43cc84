"""The rules of family 00: what the engine says about its own work. They have no checks; the engine reports them."""

from __future__ import annotations

from typing import Final

from lint_rules.model import ERROR, SAFE, WARNING, Rule

SYNTAX_ERROR: Final = Rule("TEN0001", "syntax-error", severity=ERROR, summary="The file does not parse")
TOO_COMPLEX: Final = Rule(
    "TEN0002", "too-complex-to-analyse", severity=WARNING, summary="A place is nested too deeply or chained too long"
)
ANALYSIS_FAILED: Final = Rule("TEN0003", "analysis-failed", severity=ERROR, summary="A rule or a worker failed")
UNUSED_SUPPRESSION: Final = Rule(
    "TEN0004", "unused-suppression", severity=WARNING, summary="A suppression comment hides nothing", fix=SAFE
)
UNKNOWN_SUPPRESSION: Final = Rule(
    "TEN0005", "unknown-suppression", severity=WARNING, summary="A suppression comment names no known rule"
)
UNREADABLE_FILE: Final = Rule(
    "TEN0006", "unreadable-file", severity=ERROR, summary="The file cannot be read or decoded"
)

HOUSEKEEPING: Final = (
    SYNTAX_ERROR, TOO_COMPLEX, ANALYSIS_FAILED, UNUSED_SUPPRESSION, UNKNOWN_SUPPRESSION, UNREADABLE_FILE,
)  # fmt: skip
# These say that something was not looked at; nothing may hide them but the configuration.
NOTICE_CODES: Final = frozenset({"TEN0001", "TEN0002", "TEN0003", "TEN0006"})
