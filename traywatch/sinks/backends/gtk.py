"""pystray's two GTK backends: AppIndicator (StatusNotifierItem), and GTK's old status icon.

Both find their icons by name in the folder of shipped ones, where there is one drawn for each size.
pystray would write a temporary file for every change: cleaners of temporary folders take it away,
and panels scale it.
"""

# ruff: noqa: SLF001 - see the package's docstring

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gi.repository import GLib

from traywatch.bundled import asset
from traywatch.core.overview import IconState
from traywatch.sinks.backends import Backend


class _Gtk(Backend):
    """What both have in common."""

    def __init__(self, icon: Any, look: Callable[[], None], leave: Callable[[], None]) -> None:
        super().__init__(icon, look, leave)
        try:
            self.themes = str(asset("icons/hicolor").parent)
        except FileNotFoundError:
            self.themes = ""  # the icons are missing: pystray's temporary files it is
        else:
            icon._remove_fs_icon()
            icon._remove_fs_icon = lambda: None
            icon._icon_path = _name(IconState.UNREADABLE)
            icon._icon_valid = True

    def knock(self) -> None:
        """GLib takes idle calls from any thread."""
        GLib.idle_add(self._look_once)

    def _look_once(self) -> bool:
        self._look()
        return bool(GLib.SOURCE_REMOVE)

    def paint(self, state: IconState) -> None:
        """By name, in the size the panel wants."""
        if self.themes:
            self.icon._icon_path = _name(state)
            self.show_named(self.icon._icon_path, state.value.replace("_", " "))
        else:
            super().paint(state)

    def show_named(self, name: str, description: str) -> None:
        """Show a shipped icon."""
        raise NotImplementedError


class AppIndicator(_Gtk):
    """Where the desktop has a StatusNotifierItem host, or a tray of the old kind."""

    any_tray = True

    def __init__(self, icon: Any, look: Callable[[], None], leave: Callable[[], None]) -> None:
        super().__init__(icon, look, leave)
        if self.themes:
            icon._appindicator.set_icon_theme_path(self.themes)

    def show_named(self, name: str, description: str) -> None:
        """The description is for screen readers."""
        self.icon._appindicator.set_icon_full(name, description)


class StatusIcon(_Gtk):
    """Where there is no AppIndicator library: a tray of the old kind, with a menu all the same."""

    def __init__(self, icon: Any, look: Callable[[], None], leave: Callable[[], None]) -> None:
        super().__init__(icon, look, leave)
        if self.themes:
            from gi.repository import Gtk

            Gtk.IconTheme.get_default().append_search_path(self.themes)

    def show_named(self, name: str, description: str) -> None:
        """GTK draws it anew when the tray's size changes."""
        self.icon._status_icon.set_from_icon_name(name)

    def tell(self, text: str) -> None:
        """pystray sets the title only, which no tray shows."""
        super().tell(text)
        self.icon._status_icon.set_tooltip_text(text)


def _name(state: IconState) -> str:
    """The shipped icon of a state, see tools/draw_icons.py."""
    return f"traywatch-{state}"
