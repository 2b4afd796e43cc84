"""Making foreign text harmless: what a terminal or a reader could be deceived by is shown as an escape."""

from __future__ import annotations

import re
from typing import Final

# C0 and C1 controls, DEL, soft hyphen, zero-width and bidirectional controls, line and paragraph separators, variation
# tags, byte order mark, and the lone surrogates that stand for bytes of a file name which are no UTF-8.
_DECEIVING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
)


def visible(text: str) -> str:
    r"""The text with every control and invisible character as `\x1b`, `\n`, `\u202e`, `\udcff`."""
    return _DECEIVING.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape", "backslashreplace").decode("ascii")
