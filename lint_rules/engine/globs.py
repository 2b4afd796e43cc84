"""Path patterns with .gitignore's meaning, compiled once. The only user of pathspec."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from pathspec import GitIgnoreSpec

# pathspec turns each run of stars into a backtracking group: its cost grows with the power of their number. No honest
# pattern needs more in one path segment, and a hostile .gitignore must not hang the run.
_MOST_STARS_PER_SEGMENT = 3
_MOST_PATTERNS = 2_000
_STARS = re.compile(r"\*+")


class PathPatterns:
    """An ordered list of .gitignore patterns; the last that matches decides."""

    __slots__ = ("_spec",)

    def __init__(self, patterns: Iterable[str]) -> None:
        usable = [pattern for pattern in patterns if _is_cheap(pattern)]
        self._spec = GitIgnoreSpec.from_lines(usable[:_MOST_PATTERNS])

    def decide(self, relative_path: str) -> bool | None:
        """True if ignored, False if a `!` pattern takes it back, None if no pattern speaks. Folders end with "/"."""
        return self._spec.check_file(relative_path).include

    def matches(self, relative_path: str) -> bool:
        """Whether the path is ignored."""
        return self._spec.match_file(relative_path)


def _is_cheap(pattern: str) -> bool:
    segments = pattern.split("/")
    if sum("**" in segment for segment in segments) > _MOST_STARS_PER_SEGMENT:
        return False
    return all(len(_STARS.findall(segment)) <= _MOST_STARS_PER_SEGMENT for segment in segments)


def read_gitignore(folder: str) -> PathPatterns | None:
    """The patterns of `folder`/.gitignore; None if there is none that can be read."""
    from lint_rules.source import Unreadable, read_source

    source = read_source(os.path.join(folder, ".gitignore"))
    if isinstance(source, Unreadable):
        return None
    lines = source.data.decode().splitlines()
    try:
        return PathPatterns(lines)
    except (ValueError, re.error):
        return _of_valid_lines(lines)


def _of_valid_lines(lines: Iterable[str]) -> PathPatterns:
    valid = []
    for line in lines:
        try:
            PathPatterns((line,))
        except (ValueError, re.error):
            continue
        valid.append(line)
    return PathPatterns(valid)
