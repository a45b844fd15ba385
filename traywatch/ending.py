"""Ending in good order, and ending in any case."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

EXIT_INTERRUPTED: Final = 130
FAREWELL_S: Final = 2.5
"""From being told to end to being gone, at the most."""
HURRY_S: Final = 0.5
"""How long Python may tidy up once we are done. A name look-up that hangs on a thread of the
standard library's would otherwise be waited for."""


class Signals:
    """What the terminal, the system or a service manager sends, turned into an end in order."""

    def __init__(self) -> None:
        self.exit_code = 0
        """What the process should exit with: 130 after Ctrl-C, else 0."""
        self._end: Callable[[], None] = lambda: None

    def install(self, end: Callable[[], None]) -> None:
        """Call ``end`` when told to end; and if that does not help, end anyway (main thread)."""
        self._end = end
        for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, self._take)

    def _take(self, number: int, frame: object) -> None:
        self.exit_code = EXIT_INTERRUPTED if number == signal.SIGINT else 0
        hurry(self.exit_code, FAREWELL_S)
        self._end()


def hurry(exit_code: int, after_s: float = HURRY_S) -> None:
    """End the process after so long, whatever still hangs: what was told to be kept is kept."""

    def leave() -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(exit_code)

    timer = threading.Timer(after_s, leave)
    timer.daemon = True
    timer.start()
