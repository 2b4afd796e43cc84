"""Patterns that are searched for in whole files, in a form in which `re` is fast.

`re` skips quickly over what no match begins with, if the pattern begins with a letter or with choices that do, and case
matters. A boundary in front of the choices, or `re.IGNORECASE`, makes it try them at every character, which is ten to
twenty times slower.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import AnyStr, Generic


def whole_words(names: Iterable[str], *, behind: str = r"\b") -> bytes:
    """A pattern for `\\b(?:names)` and what stands `behind` them; the boundary is looked for after the first letter."""
    return b"|".join(_starting_a_word(name) + behind.encode() for name in sorted(names))


def _starting_a_word(name: str) -> bytes:
    return (re.escape(name[0]) + r"(?<!\w.)" + re.escape(name[1:])).encode()


class AnyCase(Generic[AnyStr]):
    """A pattern in lower case that is searched in any case, several times faster than with `re.IGNORECASE`.

    That flag keeps `re` from skipping what no choice begins with. Positions are those of the text that is searched,
    unless it holds one of the few letters that have another length in lower case.
    """

    def __init__(self, pattern: AnyStr) -> None:
        self._pattern: re.Pattern[AnyStr] = re.compile(pattern)

    def search(self, text: AnyStr) -> re.Match[AnyStr] | None:
        """The first place."""
        return self._pattern.search(text.lower())

    def finditer(self, text: AnyStr) -> Iterator[re.Match[AnyStr]]:
        """All places, in order."""
        return self._pattern.finditer(text.lower())


__all__ = ["AnyCase", "whole_words"]
