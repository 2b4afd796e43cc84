"""The rules of family 00: what the engine says about its own work. They have no checks; the engine reports them."""

from __future__ import annotations

from collections.abc import Mapping
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

PAGES: Final[Mapping[str, str]] = {
    "TEN0001": """The file does not parse.

What it finds: a file that the language's parser refuses, at the place it names. Where tenlint's own parser does not
know a new syntax yet, the parser of the running Python is asked before anything is reported.

How to fix it: correct the syntax. The sound parts of the file were analysed, so their findings are in the report, and
the exit code is that of any error: 1. A file that is meant to be broken (a template, a test case of a parser) goes into
`exclude`.
""",
    "TEN0002": """A place is nested too deeply or chained too long.

What it finds: an expression or statement that is nested or chained so far that parsing it exactly would take
unreasonable time or memory; hand-written code is never like that. The statement at the place is not analysed; where the
nesting is deeper still, nothing of the file is, and the finding stands in its first line.

How to fix it: split the expression, or move the data into a file of its own. Generated files go into `exclude`. Until
then the exit code is 2, since something that was asked for was not looked at.
""",
    "TEN0003": """A rule or a worker failed.

What it finds: an error of tenlint itself: a rule that raised (`internal error in TEN0101`), or a worker process that
died or took too long over a file, also on a second try.

How to fix it: please report it, with the code at the place if you can. The findings of other rules and other files are
in the report; the exit code is 2, since the run was not complete. Leaving the file out with `exclude` helps until then.
""",
    "TEN0004": """A suppression comment hides nothing.

What it finds: a name in a `# tenlint: ignore[...]` comment (or `ignore-file`, `ignore-start`) for which its rule found
nothing there. Rules that are switched off are not counted as unused: nobody can know.

Why it matters: a stale suppression hides the next error at that place, which nobody has looked at.

How to fix it: `--fix` removes the name, and the whole comment where nothing else is left.
""",
    "TEN0005": """A suppression comment names no known rule.

What it finds: a `tenlint:` comment that cannot be understood, names no rule at all or one that does not exist, an
`ignore-start` without `ignore-end`, and, with `require-reason = true`, a suppression that gives no reason.

Why it matters: the comment does not do what its author meant; the finding it was written for is still reported.

How to fix it: write the code or name of the rule in brackets, as in `# tenlint: ignore[TEN0101] reason`. All codes and
names: `tenlint rules`.
""",
    "TEN0006": """The file cannot be read or decoded.

What it finds: a file that was asked for and that cannot be opened, is no text (NUL bytes, UTF-16), is not in the
encoding it declares (UTF-8 if it declares none), or is larger than `max-file-size`.

How to fix it: save it as UTF-8, raise `max-file-size`, or leave it out with `exclude`. Until then the exit code is 2,
since something that was asked for was not looked at.
""",
}
