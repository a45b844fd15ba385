"""Standard output and error, whatever the program was started from.

What holds true once ``make_usable`` was called: there are both; writing to them never fails for
lack of a letter; and who reads a pipe gets UTF-8.

A windowed program on Windows has no streams at all. One that is to print takes those of the
terminal it was started from; where there is none, ``--console`` opens a terminal of its own.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any, Final, TextIO

_PARENT: Final = 0xFFFFFFFF  # ATTACH_PARENT_PROCESS


def make_usable(*, prints: bool, opens_terminal: bool) -> bool:
    """Give ``sys`` streams that can be used; False where nobody sees what is written to stderr.

    ``prints``: there will be something to read, and ``opens_terminal``: if need be on a terminal of
    our own. On Windows nobody sees anything where there is no stream. Elsewhere there is always
    one; that of a tray that was started by double-click or at login is the desktop's own log.
    """
    if sys.platform == "win32" and sys.stdout is None and prints:
        _take_a_console(opens_terminal)
    seen = sys.stderr is not None and (sys.platform == "win32" or prints or sys.stderr.isatty())
    sys.stdout = _usable(sys.stdout)
    sys.stderr = _usable(sys.stderr)
    return seen


def _usable(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        encoding = None if stream.isatty() else "utf-8"
        stream.reconfigure(encoding=encoding, errors="replace")
    return stream


def _take_a_console(or_open_one: bool) -> None:
    """Streams of the terminal we were started from, or of one of our own.

    A tray stays free of it: it would be ended when the terminal is closed.
    https://learn.microsoft.com/windows/console/attachconsole
    """
    import ctypes  # 5 ms, for those who need it

    windows: Any = ctypes  # elsewhere it has no WinDLL
    kernel32 = windows.WinDLL("kernel32")
    if kernel32.AttachConsole(_PARENT) or (or_open_one and kernel32.AllocConsole()):
        sys.stdout = open("CONOUT$", "w", encoding="utf-8")  # noqa: SIM115 - until the end
        sys.stderr = open("CONOUT$", "w", encoding="utf-8")  # noqa: SIM115
