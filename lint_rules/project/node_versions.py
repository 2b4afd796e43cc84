"""Which versions of Node.js a package allows, and since when Node has what."""

from __future__ import annotations

import re
from functools import lru_cache

Version = tuple[int, int, int]

SINCE: dict[str, Version] = {
    "assert/strict": (15, 0, 0), "async_hooks": (8, 1, 0), "diagnostics_channel": (14, 17, 0),
    "dns/promises": (15, 0, 0), "fs/promises": (14, 0, 0), "http2": (8, 4, 0), "inspector/promises": (19, 0, 0),
    "path/posix": (15, 3, 0), "path/win32": (15, 3, 0), "perf_hooks": (8, 5, 0), "readline/promises": (17, 0, 0),
    "sea": (19, 7, 0), "sqlite": (22, 5, 0), "stream/consumers": (16, 7, 0), "stream/promises": (15, 0, 0),
    "stream/web": (16, 5, 0), "test": (16, 17, 0), "test/reporters": (18, 17, 0), "timers/promises": (15, 0, 0),
    "trace_events": (10, 0, 0), "util/types": (15, 3, 0), "wasi": (12, 16, 0), "worker_threads": (10, 5, 0),
}  # fmt: skip
"""Built-in modules by the first version that has them; the others are older than anything in use."""

ONLY_WITH_SCHEME = frozenset({"sea", "sqlite", "test", "test/reporters"})
"""Built-in modules that must be written with `node:`."""

SCHEME_SINCE: Version = (14, 18, 0)
"""The first version that knows `require("node:fs")`."""

SCHEME_IN_IMPORT_SINCE: Version = (14, 13, 1)
"""The first version that knows `import "node:fs"`."""

_PART = re.compile(r"(>=|<=|>|<|\^|~|=)?\s*v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?")


@lru_cache(maxsize=1024)
def lowest_version(wanted: str) -> Version | None:
    """The lowest version that a range (`>=18`, `^16.14 || >=18`, `20.x`) allows; None where it sets no lower bound."""
    lowest: Version | None = None
    for alternative in wanted.split("||"):
        own: Version | None = None
        text = alternative.split(" - ")[0]
        for operator, major, minor, patch in _PART.findall(text):
            if operator in ("<", "<=") or not major.isdigit():
                continue
            version = (int(major), int(minor) if minor.isdigit() else 0, int(patch) if patch.isdigit() else 0)
            if operator == ">":
                version = (version[0], version[1], version[2] + 1) if patch else (version[0] + 1, 0, 0)
            own = max(own, version) if own is not None else version
        if own is None:
            return None
        lowest = own if lowest is None else min(lowest, own)
    return lowest


def written(version: Version) -> str:
    """A version as a person writes it: `18`, `14.18`."""
    major, minor, patch = version
    return f"{major}.{minor}.{patch}" if patch else f"{major}.{minor}" if minor else str(major)
