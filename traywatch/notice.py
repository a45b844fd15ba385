"""Why it ended, said to a person who has no terminal: it was started by double-click or at login.

A message box on Windows; elsewhere a toast.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from traywatch.core.errors import SinkError
from traywatch.core.text import one_line
from traywatch.core.wording import TOAST_LIMIT, Toast
from traywatch.sinks.notification import PopUp, desktop_pop_up

TITLE: Final = "traywatch has ended"

_MB_ICONERROR: Final = 0x10
_MB_SETFOREGROUND: Final = 0x10000


def say(lines: Sequence[str], platform: str = sys.platform) -> None:
    """Show it, where that is possible; returns once it was read, or within seconds."""
    if platform == "win32":
        _box("\n".join(lines))
    else:
        say_by_toast(lines, desktop_pop_up(_no_tray, platform))


def say_by_toast(lines: Sequence[str], pop_up: PopUp) -> None:
    """As much as a toast takes; it cannot be told where there are no toasts either."""
    try:
        pop_up(Toast(TITLE, one_line(" ".join(lines), TOAST_LIMIT)))
    except SinkError:
        pass  # stderr has it


def _box(text: str) -> None:
    windows: Any = ctypes  # elsewhere it has no WinDLL
    windows.WinDLL("user32").MessageBoxW(None, text, TITLE, _MB_ICONERROR | _MB_SETFOREGROUND)


def _no_tray(toast: Toast) -> NoReturn:
    """Only Windows shows toasts by way of the tray."""
    raise SinkError("there is no tray icon", permanent=True)
