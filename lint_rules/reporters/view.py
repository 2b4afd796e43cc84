"""How a report is shown: from which folder, with which colours, and where the source lines come from."""

# Paths are plain strings here: there are thousands, and Path objects cost more than all that is done with them.

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from lint_rules.model import Severity, Span
from lint_rules.reporters.escape import visible
from lint_rules.source import SourceText, Unreadable, read_source

if TYPE_CHECKING:
    from lint_rules.engine.shards import Shard

_CODES: Final = {
    "bold": "1", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36", "faint": "2",
}  # fmt: skip
_COLOUR_OF: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
# Larger than any size limit a run is likely to have: what was analysed is shown.
_MAX_BYTES: Final = 100_000_000


def read_for_display(path: str) -> SourceText | None:
    """A file's text for excerpts; None if it cannot be read (any more)."""
    source = read_source(path, _MAX_BYTES)
    return None if isinstance(source, Unreadable) else source


class View(Struct):
    """What reporters need besides the report. `folder` is what paths are shown relative to, `root` the project's.

    `read` returns a file's text; only the last few are kept, since findings come sorted by file. `secrets` are the
    spans, by file, that `source` shows as stars. `shard` and `fail_on` are what a part tells of its run.
    """

    folder: str
    root: str
    colour: bool = False
    hyperlinks: bool = False
    unsafe_fixes: bool = False
    show_summary: bool = True
    read: Callable[[str], SourceText | None] = read_for_display
    secrets: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    shard: Shard | None = None
    fail_on: Severity | None = None
    _kept: dict[str, SourceText | None] = field(default_factory=dict)

    def source(self, path: str) -> SourceText | None:
        """The text of a file without its secrets, None if it cannot be read."""
        if path not in self._kept:
            if len(self._kept) >= 8:
                self._kept.clear()
            source = self.read(path)
            secrets = self.secrets.get(path, ())
            if source is not None and secrets:
                from lint_rules.reporters.redact import masked

                source = masked(source, secrets)
            self._kept[path] = source
        return self._kept[path]

    def keep_secret(self, secrets: Mapping[str, tuple[Span, ...]]) -> None:
        """Show these spans as stars from now on."""
        self.secrets = secrets
        self._kept.clear()

    def relative(self, path: str) -> str:
        """The path as it is shown: relative if it lies below the folder, escaped, never mistaken for a command."""
        prefix = os.path.join(self.folder, "")
        shown = visible(path.removeprefix(prefix))
        # GitHub's runner takes a line that begins with "::" for a command.
        return f"./{shown}" if shown.startswith(("::", "#")) else shown

    def paint(self, text: str, *styles: str) -> str:
        """The text in some of the styles bold, faint, red, green, yellow, blue, cyan."""
        if not self.colour or not text:
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"

    def paint_severity(self, text: str, severity: Severity) -> str:
        """The text in the colour of a severity."""
        return self.paint(text, "bold", _COLOUR_OF[severity])

    def link(self, text: str, path: str) -> str:
        """The text as a hyperlink to a file, where the terminal can show one."""
        if not self.hyperlinks:
            return text
        from urllib.parse import quote

        return f"\x1b]8;;file://{quote(os.fsencode(path))}\x1b\\{text}\x1b]8;;\x1b\\"
