"""pystray's bare X11 backend: an icon in a tray of the old kind (XEmbed), without a menu.

What it is taught here:

- clicks: the window never asks for them, so they never come;
- a background: it paints transparency black. Ours takes the tray's own colour;
- a tray that starts later, or again: it would not notice. The tray's own announcement tells.

https://specifications.freedesktop.org/systemtray-spec/latest/
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from PIL import Image
from Xlib import X, error
from Xlib.display import Display
from Xlib.protocol.event import ClientMessage

from traywatch.core.overview import IconState
from traywatch.sinks import icons
from traywatch.sinks.backends.base import Backend

log = logging.getLogger(__name__)

_XERRORS: Final = (error.XError, error.ConnectionClosedError)
_DOCKED: Final = 8
"""A window of fewer pixels is not in a tray yet; it is made with one."""
_BLACK: Final = (0, 0, 0)


class Xorg(Backend):
    """One window, docked into whichever tray there is."""

    has_menu = False

    def __init__(self, icon: Any, look: Callable[[], None], leave: Callable[[], None]) -> None:
        super().__init__(icon, look, leave)
        self._state = IconState.UNREADABLE
        self._bell = _Bell(icon._window.id)
        self._announced = icon._display.intern_atom("MANAGER")
        icon._draw = self._draw
        self._pystrays_own = icon._message_handlers[X.ClientMessage]
        icon._message_handlers[X.ClientMessage] = self._on_message
        icon._message_handlers[X.DestroyNotify] = self._on_destroyed
        # By default these are printed on stderr.
        icon._display.set_error_handler(_on_error)
        wanted = X.ExposureMask | X.StructureNotifyMask | X.ButtonPressMask
        icon._window.change_attributes(event_mask=wanted)
        # Trays announce themselves to the root window.
        icon._display.screen().root.change_attributes(event_mask=X.StructureNotifyMask)
        icon._display.flush()

    def knock(self) -> None:
        """By a message to our own window, over a connection of its own."""
        self._bell.ring()

    def appear(self) -> None:
        """Dock if there is a tray; else its announcement will make us."""
        if self.icon._get_systray_manager():
            self._dock()

    def paint(self, state: IconState) -> None:
        """Show this face."""
        self._state = state
        self._draw()

    def tell(self, text: str) -> None:
        """The window's name is what trays show; pystray's own way takes Latin-1 only."""
        display = self.icon._display
        utf8 = display.intern_atom("UTF8_STRING")
        for name in ("_NET_WM_NAME", "WM_NAME"):
            self.icon._window.change_property(display.intern_atom(name), utf8, 8, text.encode())
        display.flush()

    def refresh_menu(self) -> None:
        """There is none."""

    def _on_message(self, event: Any) -> None:
        if event.client_type == self._bell.atom:
            self._look()
        elif event.client_type == self._announced and event.data[1][1] == self._tray_selection():
            self._dock()
        else:
            self._pystrays_own(event)

    def _on_destroyed(self, event: Any) -> None:
        """The tray went away, perhaps for another; pystray would log that as an error."""
        tray = self.icon._systray_manager
        if tray is not None and event.window.id == tray.id:
            self.icon._systray_manager = None
            self.appear()

    def _tray_selection(self) -> int:
        return int(self.icon._net_system_tray_sx)

    def _dock(self) -> None:
        """pystray thinks an icon is visible from then on, wherever its window is."""
        self.icon._dock_window()
        self.icon._visible = True

    def _draw(self) -> None:
        """Paint the icon in the tray's own colour."""
        window = self.icon._window
        try:
            geometry = window.get_geometry()
            width, height = geometry.width, geometry.height
            if min(width, height) < _DOCKED:
                return
            picture = Image.new("RGB", (width, height), self._colour_behind(width, height))
            face = icons.draw(self._state, min(width, height))
            corner = ((width - face.width) // 2, (height - face.height) // 2)
            picture.paste(face, corner, face)
            window.put_pil_image(self.icon._gc, 0, 0, picture)
            self.icon._display.flush()
        except _XERRORS as failure:
            log.debug("the icon is not painted: %s", failure)

    def _colour_behind(self, width: int, height: int) -> tuple[int, ...]:
        """The most common colour along the window's edge; black where that cannot be seen.

        A window without a background of its own shows what the tray painted there, and no icon
        covers most of the edge. (A ParentRelative background stays empty in GTK's trays, and keeps
        a window from being docked into a tray of another depth.)
        """
        try:
            seen = self.icon._window.get_image(0, 0, width, height, X.ZPixmap, 0xFFFFFFFF)
        except error.BadMatch:  # it is not on the screen just now
            return _BLACK
        if seen.depth != 24:
            return _BLACK
        picture = Image.frombytes("RGB", (width, height), seen.data, "raw", "BGRX")
        along = [(x, y) for x in range(width) for y in (0, height - 1)]
        down = [(x, y) for x in (0, width - 1) for y in range(height)]
        [(colour, _)] = Counter(map(picture.getpixel, along + down)).most_common(1)
        return colour if isinstance(colour, tuple) else _BLACK


class _Bell:
    """Rings on the main thread from any other: one message to our own window.

    Over a connection of its own, so that the one pystray works with stays with one thread.
    """

    def __init__(self, window: int) -> None:
        self._display = Display()
        self._display.set_error_handler(_on_error)
        self._window = self._display.create_resource_object("window", window)
        self._lock = threading.Lock()
        self.atom = self._display.intern_atom("_TRAYWATCH_LOOK")

    def ring(self) -> None:
        event = ClientMessage(
            window=self._window, client_type=self.atom, data=(32, (X.CurrentTime, 0, 0, 0, 0))
        )
        with self._lock:
            try:
                self._window.send_event(event)
                self._display.flush()
            except _XERRORS as failure:
                log.debug("the display is gone: %s", failure)


def _on_error(failure: object, request: object) -> None:
    log.debug("the X server says: %s", failure)
