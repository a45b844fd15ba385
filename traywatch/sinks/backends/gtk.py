"""pystray's two GTK backends: AppIndicator (StatusNotifierItem), and GTK's old status icon.

pystray writes a temporary file for every change of the icon: cleaners of temporary folders take it
away, and panels scale it. Here the one finds shipped icons by name, and the panel takes the one
that was drawn for its size; the other is given an image of the size it has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gi.repository import GdkPixbuf, GLib

from traywatch.bundled import asset
from traywatch.core.overview import IconState
from traywatch.sinks import icons
from traywatch.sinks.backends.base import Backend


class _Gtk(Backend):
    """What both have in common: GLib's loop."""

    def knock(self) -> None:
        """GLib takes idle calls from any thread."""
        GLib.idle_add(self._look_once)

    def _look_once(self) -> bool:
        self._look()
        return bool(GLib.SOURCE_REMOVE)


class AppIndicator(_Gtk):
    """Where the desktop has a StatusNotifierItem host, or a tray of the old kind."""

    any_tray = True

    def __init__(self, icon: Any, look: Callable[[], None], leave: Callable[[], None]) -> None:
        super().__init__(icon, look, leave)
        try:
            icon._appindicator.set_icon_theme_path(str(asset("icons/hicolor").parent))
        except FileNotFoundError:
            self._named = False  # the icons are missing: pystray's temporary files it is
        else:
            self._named = True
            _drop_temporary_file(icon)

    def paint(self, state: IconState) -> None:
        """By the name of the shipped icon (tools/draw_icons.py); the words are for screen readers.

        pystray shows whatever its ``_icon_path`` says when the icon appears.
        """
        if self._named:
            self.icon._icon_path = name = f"traywatch-{state}"
            self.icon._appindicator.set_icon_full(name, state.replace("_", " "))
        else:
            super().paint(state)


class StatusIcon(_Gtk):
    """Where there is no AppIndicator library: a tray of the old kind, with a menu all the same."""

    def __init__(self, icon: Any, look: Callable[[], None], leave: Callable[[], None]) -> None:
        super().__init__(icon, look, leave)
        self._state = IconState.UNREADABLE
        _drop_temporary_file(icon)
        icon._status_icon.connect("size-changed", self._on_size)

    def paint(self, state: IconState) -> None:
        """Drawn for the size the tray gave us."""
        self._state = state
        self._draw(self.icon._status_icon.get_size())

    def tell(self, text: str) -> None:
        """pystray sets the title only, which no tray shows."""
        super().tell(text)
        self.icon._status_icon.set_tooltip_text(text)

    def _on_size(self, _: object, size: int) -> bool:
        self._draw(size)
        return True  # not to be scaled by GTK

    def _draw(self, size: int) -> None:
        image = icons.draw(self._state, size or 24)
        pixels = GLib.Bytes.new(image.tobytes())
        row_bytes = 4 * image.width
        pixbuf = GdkPixbuf.Pixbuf.new_from_bytes(
            pixels, GdkPixbuf.Colorspace.RGB, True, 8, image.width, image.height, row_bytes
        )
        self.icon._status_icon.set_from_pixbuf(pixbuf)


def _drop_temporary_file(icon: Any) -> None:
    """The one pystray has written already; it shall neither write another nor remove one."""
    icon._remove_fs_icon()
    icon._remove_fs_icon = lambda: None
    icon._icon_valid = True
