"""Text for XML: escaped, and without the characters that no XML 1.0 document may hold."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape

from lint_rules.reporters.escape import visible

_ILLEGAL: Final = re.compile("[\ufffe\uffff]")
_QUOTES: Final = {'"': "&quot;", "'": "&apos;", "\n": "&#10;"}


def attribute(text: str) -> str:
    """A value with its quotes."""
    return f'"{escape(_legal(text), _QUOTES)}"'


def content(text: str) -> str:
    """Text between tags; its lines stay lines."""
    return escape("\n".join(map(_legal, text.split("\n"))))


def _legal(text: str) -> str:
    return _ILLEGAL.sub(lambda found: f"\\u{ord(found.group()):04x}", visible(text))
