"""Looks at the windows there are; runs in the Windows CPython, and imports nothing of ours.

Each line of its standard input is a JSON list, each is answered with a line of JSON:

    []                                  every window, the hidden too: class, text, place, parts
    [window, message, wparam, lparam]   what this window answers to this message

What a window reads is asked of the window itself, as a screen reader does.
"""

from __future__ import annotations

import ctypes
import json
import sys
from ctypes import wintypes
from typing import Any, Final

_WM_GETTEXT: Final = 0x000D
_SMTO_ABORTIFHUNG: Final = 0x0002
_PATIENCE_MS: Final = 2000
_LONGEST: Final = 1024

_windows: Any = ctypes  # elsewhere it has no WinDLL
_user32 = _windows.WinDLL("user32")
_callback = _windows.WINFUNCTYPE(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)
_user32.EnumWindows.argtypes = (_callback, wintypes.LPARAM)
_user32.EnumChildWindows.argtypes = (wintypes.HWND, _callback, wintypes.LPARAM)
_user32.GetClassNameW.argtypes = (wintypes.HWND, wintypes.LPWSTR, ctypes.c_int)
_user32.GetWindowRect.argtypes = (wintypes.HWND, ctypes.c_void_p)
_user32.IsWindowVisible.argtypes = (wintypes.HWND,)
_user32.SendMessageTimeoutW.argtypes = (
    wintypes.HWND, wintypes.UINT, ctypes.c_size_t, ctypes.c_void_p,
    wintypes.UINT, wintypes.UINT, ctypes.c_void_p,
)  # fmt: skip


def main() -> None:
    """Until the end of input."""
    _all()  # the first to ask for a window has wine make the desktop
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_send(*asked) if asked else _all()), flush=True)


def _all() -> list[dict[str, Any]]:
    return [_described(window) | {"parts": _parts(window)} for window in _collect(_tops)]


def _tops(found: Any) -> None:
    _user32.EnumWindows(found, 0)


def _parts(window: int) -> list[dict[str, Any]]:
    return [_described(part) for part in _collect(lambda f: _user32.EnumChildWindows(window, f, 0))]


def _collect(enumerate_windows: Any) -> list[int]:
    found: list[int] = []

    def take(window: int, _: int) -> bool:
        found.append(window)
        return True

    enumerate_windows(_callback(take))
    return found


def _described(window: int) -> dict[str, Any]:
    name = ctypes.create_unicode_buffer(_LONGEST)
    _user32.GetClassNameW(window, name, _LONGEST)
    place = wintypes.RECT()
    _user32.GetWindowRect(window, ctypes.byref(place))
    return {
        "window": window,
        "kind": name.value,
        "text": _text(window),
        "seen": bool(_user32.IsWindowVisible(window)),
        "place": (place.left, place.top, place.right, place.bottom),
    }


def _text(window: int) -> str:
    text = ctypes.create_unicode_buffer(_LONGEST)
    _send(window, _WM_GETTEXT, _LONGEST, ctypes.addressof(text))
    return text.value


def _send(window: int, message: int, wparam: int, lparam: int) -> int | None:
    """None: it does not answer."""
    answer = ctypes.c_size_t()
    how = (_SMTO_ABORTIFHUNG, _PATIENCE_MS, ctypes.byref(answer))
    sent = _user32.SendMessageTimeoutW(window, message, wparam, lparam, *how)
    return answer.value if sent else None


if __name__ == "__main__":
    main()
