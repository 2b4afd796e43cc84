"""What a file imports under another name, told from its bytes alone."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

_LAST_WORD = re.compile(rb"(\w+)\s*\Z")
_FIRST_WORD = re.compile(rb"\s*(\w+)")
_LONGEST_NAME = 80
_EXCEPT = re.compile(rb"\s*except\b")


@lru_cache(maxsize=4)
def renamings(data: bytes) -> MappingProxyType[str, str]:
    """New names and what they stand for (`new` of `import old as new`); that of an `except ... as` is left out.

    Names that a `with` or a `case` binds are among them: no parser has seen the file.
    """
    found: dict[str, str] = {}
    for before, after in pairwise(data.split(b" as ")):
        last = before[-_LONGEST_NAME:].rsplit(maxsplit=1)[-1:]
        old, new = _LAST_WORD.search(last[0]) if last else None, _FIRST_WORD.match(after)
        if old is None or new is None or _EXCEPT.match(before, before.rfind(b"\n") + 1) is not None:
            continue
        found[new[1].decode(errors="replace")] = old[1].decode(errors="replace")
    return MappingProxyType(found)
