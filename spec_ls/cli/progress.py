"""How far a long run is, on standard error where that is a terminal."""

from __future__ import annotations

import os
import sys
import time

_SECONDS = 0.1
"""Between two looks of the bar, and before it is shown first."""
_CELLS = 30


class Progress:
    """A bar on standard error that shows how many files of a long run are done (`words` say of what); gone whenever
    results are printed."""

    def __init__(self, total: int, words: str = "files") -> None:
        self._total = total
        self._words = words
        self._shown = False
        self._last = time.monotonic()

    def step(self, done: int) -> None:
        """Takes note of how many files are done."""
        now = time.monotonic()
        if now - self._last >= _SECONDS:
            self._last, self._shown = now, True
            cells = _CELLS * done // max(self._total, 1)
            bar = "#" * cells + "-" * (_CELLS - cells)
            sys.stderr.write(f"\r\x1b[K[{bar}] {done:,} of {self._total:,} {self._words}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Takes the bar away."""
        if self._shown:
            self._shown = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def can_show_progress() -> bool:
    """Whether standard error is a terminal that can draw a line anew."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
