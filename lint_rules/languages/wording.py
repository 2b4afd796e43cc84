"""Names taken apart into words, which is how code says what it means to do about an error."""

from __future__ import annotations

import re
from collections.abc import Container

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_MODES = frozenset({"async", "sync"})


def words(name: str) -> frozenset[str]:
    """The words of a name in lower case: {"server", "error"} for `SERVER_ERROR` and `ServerError`."""
    return frozenset(word.lower() for word in _WORD.findall(name))


def first_word(name: str, aside: Container[str] = _MODES) -> str:
    """The first word of a name in lower case, some aside: "close" for `_close_quietly` and `async_closeAll`."""
    found = [word.lower() for word in _WORD.findall(name)]
    return next((word for word in found if word not in aside), "")


def last_word(name: str) -> str:
    """The last word of a name in lower case: "response" for `JSONResponse`."""
    return next((word.lower() for word in reversed(_WORD.findall(name))), "")
