"""pystray's win32 backend, which is taught here:

- a sharp icon: it loads one for the desktop (32 pixels) and has it shrunk into the tray (16);
- the menu is built when it is opened. Rebuilding it on each change would close an open one and
  lose the click;
- logging off: its window answers every question with 0, which to WM_QUERYENDSESSION means "do not";
- Ctrl-C: Python's handler runs only once the main thread is back from waiting for a message;
- the lengths Windows takes: 127, 63 and 255 UTF-16 units, beyond which ctypes raises.

https://learn.microsoft.com/windows/win32/api/shellapi/ns-shellapi-notifyicondataw
"""

from __future__ import annotations

import ctypes
import io
from collections.abc import Callable
from typing import Any, Final

from PIL import Image

from traywatch.core.overview import IconState
from traywatch.sinks import icons
from traywatch.sinks.backends.base import Backend
from traywatch.sinks.backends.signals import knock_on_signals
from traywatch.sinks.menu import TOOLTIP_UNITS, cut_utf16

TITLE_UNITS: Final = 63
BODY_UNITS: Final = 255

_WM_QUERYENDSESSION: Final = 0x0011
_WM_ENDSESSION: Final = 0x0016
_WM_RBUTTONUP: Final = 0x0205
_WM_KNOCK: Final = 0x8000 + 1  # WM_APP: ours to use
_SM_CXSMICON: Final = 49
_ICON_VERSION: Final = 0x0003_0000


class Windows(Backend):
    """An icon in the notification area."""

    def __init__(self, icon: Any, look: Callable[[], None], leave: Callable[[], None]) -> None:
        super().__init__(icon, look, leave)
        self._user32 = _user32()
        icon._assert_icon_handle = self._load_icon
        handlers = icon._message_handlers
        for message, handler in list(handlers.items()):
            if handler == icon._on_notify:
                handlers[message] = self._on_notify
        handlers[_WM_KNOCK] = self._on_knock
        handlers[_WM_QUERYENDSESSION] = lambda _w, _l: 1
        handlers[_WM_ENDSESSION] = self._on_session_end

    def knock(self) -> None:
        """By a message to the icon's window."""
        self._user32.PostMessageW(self.icon._hwnd, _WM_KNOCK, 0, 0)

    def appear(self) -> None:
        """Show the icon, and let signals be heard from now on."""
        super().appear()
        knock_on_signals(self.knock)

    def paint(self, state: IconState) -> None:
        """Drawn for the size the notification area has on this screen."""
        self.icon.icon = icons.draw(state, self._user32.GetSystemMetrics(_SM_CXSMICON) or 16)

    def tell(self, text: str) -> None:
        """Set the tooltip."""
        super().tell(cut_utf16(text, TOOLTIP_UNITS))

    def refresh_menu(self) -> None:
        """It is built when it is opened."""

    def label(self, text: str) -> str:
        """An ampersand would underline the letter after it."""
        return text.replace("&", "&&")

    def vanish(self) -> None:
        """An open menu has a loop of its own, which would go on."""
        self._user32.EndMenu()
        super().vanish()

    def pop_up(self, title: str, body: str) -> None:
        """A balloon. An empty body would show none."""
        super().pop_up(cut_utf16(title, TITLE_UNITS), cut_utf16(body, BODY_UNITS) or " ")

    def _load_icon(self) -> None:
        if not self.icon._icon_handle:
            self.icon._icon_handle = self._icon_handle(self.icon.icon)

    def _icon_handle(self, image: Image.Image) -> int | None:
        """From memory, in its own size; Windows takes PNG since Vista."""
        png = io.BytesIO()
        image.save(png, "PNG")
        data = png.getvalue()
        handle: int | None = self._user32.CreateIconFromResourceEx(
            data, len(data), True, _ICON_VERSION, image.width, image.height, 0
        )
        return handle

    def _on_notify(self, wparam: int, lparam: int) -> int:
        if lparam == _WM_RBUTTONUP:
            self.icon._update_menu()
        return int(self.icon._on_notify(wparam, lparam) or 0)

    def _on_knock(self, wparam: int, lparam: int) -> int:
        self._look()
        return 0

    def _on_session_end(self, wparam: int, lparam: int) -> int:
        """Windows may end us as soon as this returns. wparam 0: the person changed their mind."""
        if wparam:
            self._leave()
        return 0


def _user32() -> Any:
    """user32.dll with the types of what we call; the default of ctypes cuts handles to 32 bits."""
    windows: Any = ctypes  # elsewhere it has no WinDLL
    user32 = windows.WinDLL("user32")
    handle, number = ctypes.c_void_p, ctypes.c_uint
    user32.PostMessageW.argtypes = (handle, number, ctypes.c_size_t, ctypes.c_ssize_t)
    create = user32.CreateIconFromResourceEx
    create.argtypes = (
        ctypes.c_char_p, number, ctypes.c_int, number, ctypes.c_int, ctypes.c_int, number,
    )  # fmt: skip
    create.restype = handle
    return user32
