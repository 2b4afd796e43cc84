"""A progress bar on a terminal, for runs that take longer than a second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

_DELAY_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.1
_WIDTH: Final = 30


class ProgressBar:
    """Called with (done, total); draws on one line of `stream` and wipes it when the run is over."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._next_time = time.monotonic() + _DELAY_SECONDS
        self._is_shown = False

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next_time:
            return
        self._next_time = now + _PAUSE_SECONDS
        self._is_shown = True
        filled = _WIDTH * done // max(total, 1)
        self._write(f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {done}/{total} files ")

    def close(self) -> None:
        """Wipe the bar, if it was ever drawn."""
        if self._is_shown:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


@contextmanager
def watched(stream: TextIO, *, is_wanted: bool) -> Iterator[ProgressBar | None]:
    """A progress bar for the block, if it is wanted and `stream` is a terminal."""
    if not is_wanted or not stream.isatty():
        yield None
        return
    bar = ProgressBar(stream)
    try:
        yield bar
    finally:
        bar.close()
