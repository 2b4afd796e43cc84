"""A progress bar on a terminal, for runs that take longer than a second."""

from __future__ import annotations

import time
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
