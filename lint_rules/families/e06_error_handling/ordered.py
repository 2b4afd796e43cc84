"""Whether patterns stand in a text one behind the other."""

from __future__ import annotations

import re
from collections.abc import Iterable


def stand_in_order(patterns: Iterable[re.Pattern[bytes]], data: bytes) -> bool:
    """What `first.*second.*third` finds, without going back: each is searched once, behind the one before."""
    place = 0
    for pattern in patterns:
        found = pattern.search(data, place)
        if found is None:
            return False
        place = found.end()
    return True
