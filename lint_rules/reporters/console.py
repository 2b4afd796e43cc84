"""Words to the person at the terminal, on standard error: warnings, errors, and what is going on."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from lint_rules.reporters.escape import visible

if TYPE_CHECKING:
    from lint_rules.engine.fix import FixedFile
    from lint_rules.engine.session import Session


def tell(kind: str, message: str) -> None:
    """One line such as `warning: no Python, JavaScript or TypeScript files found`."""
    sys.stderr.write(f"{kind}: {visible(message)}\n")


def shown(path: str) -> str:
    """A path as it is shown: relative if it lies below the current folder, escaped."""
    return visible(path.removeprefix(os.path.join(os.getcwd(), "")))


def tell_what_is_left_out(session: Session, *, quiet: bool, verbose: bool) -> None:
    """Name what was asked for and is not checked, and, if asked to, where the settings come from."""
    discovered = session.discovered
    for path, reason in discovered.unreadable:
        tell("warning", f"{path}: {reason}")
    if not discovered.requested and not quiet:
        tell("warning", "no Python, JavaScript or TypeScript files found under the given path")
    if verbose:
        tell("settings", session.settings.source or "none, defaults")
        tell("root", discovered.root)
        tell("files", f"{len(discovered.requested)} to check, {len(discovered.files)} in the project")


def write_diff(fixed: FixedFile) -> None:
    """The unified diff of a file on standard output: exact for a pipe, escaped for a terminal."""
    from lint_rules.engine.edits import diff_of

    lines = diff_of(shown(fixed.path), fixed.before.data, fixed.after)
    if sys.stdout.isatty():
        sys.stdout.writelines(visible(line.rstrip("\n")) + "\n" for line in lines)
    else:
        sys.stdout.writelines(lines)
