"""Words to the person at the terminal, on standard error: warnings, errors, and what is going on."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Final, NoReturn

from lint_rules.reporters.escape import visible

_MOST_STALE: Final = 5

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lint_rules.engine.fix import FixedFile
    from lint_rules.engine.report import Report
    from lint_rules.engine.session import Session
    from lint_rules.model import Span


def tell(kind: str, message: str) -> None:
    """One line such as `warning: no Python, JavaScript or TypeScript files found`."""
    sys.stderr.write(f"{kind}: {visible(message)}\n")


def fail(message: str) -> NoReturn:
    """End with exit code 2: the user has to change something."""
    tell("error", message)
    sys.exit(2)


def shown(path: str) -> str:
    """A path as it is shown: relative if it lies below the current folder, escaped."""
    return visible(path.removeprefix(os.path.join(os.getcwd(), "")))


class Stopwatch:
    """Tells where the time of a run went, if that is wanted."""

    def __init__(self, *, is_wanted: bool) -> None:
        self._is_wanted = is_wanted
        self._laps: list[tuple[str, float]] = []
        self._since = time.perf_counter()

    def lap(self, name: str) -> None:
        """What was done since the last lap has this name."""
        now = time.perf_counter()
        self._laps.append((name, now - self._since))
        self._since = now

    def tell(self, files: int) -> None:
        """The table, on standard error."""
        if not self._is_wanted:
            return
        total = sum(seconds for _, seconds in self._laps)
        for name, seconds in self._laps:
            sys.stderr.write(f"{seconds * 1000:8.0f} ms  {seconds / max(total, 1e-9):4.0%}  {name}\n")
        sys.stderr.write(f"{total * 1000:8.0f} ms  100%  {files} file{'' if files == 1 else 's'}\n")


def tell_what_is_left_out(session: Session, *, quiet: bool, verbose: bool) -> None:
    """Name what was asked for and is not checked, and, if asked to, where the settings come from."""
    discovered = session.discovered
    for path, reason in discovered.unreadable:
        tell("warning", f"{path}: {reason}")
    if not (discovered.requested or discovered.among) and not quiet:
        tell("warning", "no Python, JavaScript or TypeScript files found under the given path")
    if verbose:
        tell("settings", session.settings.source or "none, defaults")
        tell("root", discovered.root)
        tell("files", f"{len(discovered.requested)} to check, {len(discovered.files)} in the project")


def tell_stale_entries(session: Session, report: Report, *, quiet: bool, verbose: bool) -> None:
    """Name the entries of the baseline whose findings are gone."""
    from lint_rules.engine.baseline import BaselineFilter

    for known in session.filters:
        if quiet or not isinstance(known, BaselineFilter) or not report.complete:
            continue
        stale = known.stale(report, session.read)
        if not stale:
            continue
        number = sum(count for _, count in stale)
        entries = "an entry" if number == 1 else f"{number} entries"
        tell("warning", f"{entries} of the baseline found nothing any more; drop with `tenlint baseline --prune`")
        listed = stale if verbose else stale[:_MOST_STALE]
        for key, _ in listed:
            tell("stale", f"{key.path}: {key.rule}{f' in `{key.symbol}`' if key.symbol else ''}")
        if len(listed) < len(stale):
            tell("stale", f"and {len(stale) - len(listed)} more; --verbose names them")


_SHORTEST_SECRET = 4


def write_diff(fixed: FixedFile, secrets: Sequence[Span] = ()) -> None:
    """The unified diff of a file on standard output: exact for a pipe, escaped for a terminal; stars for secrets."""
    from lint_rules.engine.edits import diff_of
    from lint_rules.reporters.redact import masked

    before, after = masked(fixed.before, secrets).data, fixed.after
    for secret in secrets:
        for part in fixed.before.data[secret.start : secret.end].splitlines():
            after = after.replace(part, b"*" * len(part)) if len(part) >= _SHORTEST_SECRET else after
    lines = diff_of(shown(fixed.path), before, after)
    if sys.stdout.isatty():
        sys.stdout.writelines(visible(line.rstrip("\n")) + "\n" for line in lines)
    else:
        sys.stdout.writelines(lines)
