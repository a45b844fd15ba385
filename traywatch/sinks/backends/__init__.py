"""What each of pystray's backends must be taught, one file a backend.

pystray offers the same few calls everywhere, and means something else by them on each system. A
``Backend`` drives one icon of one backend. What holds true of each:

- Only ``knock`` and ``name`` may be used on any thread; everything else, and every call into
  pystray, happens on the main thread, inside the icon's own loop. (Two threads that set the icon
  deadlock pystray's xorg.)
- ``knock`` makes that loop call ``look`` soon. Knocking twice may look once.

They reach into pystray's private parts, as there is no other way; ``tests/desktop`` shows that
what they rely on is there, with the version that is locked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from traywatch.core.overview import IconState
from traywatch.sinks import icons


class Backend:
    """The parts that are the same almost everywhere."""

    has_menu = True
    """False: the icon can be clicked and that is all."""
    any_tray = False
    """True: trays of the new kind (StatusNotifierItem) show it as well as old ones (XEmbed)."""

    def __init__(self, icon: Any, look: Callable[[], None], leave: Callable[[], None]) -> None:
        """``icon`` is a pystray.Icon; ``leave`` is called when the session ends."""
        self.icon = icon
        self._look = look
        self._leave = leave

    def knock(self) -> None:
        """Have ``look`` called on the main thread. From any thread, once the loop runs."""
        raise NotImplementedError

    def appear(self) -> None:
        """The loop runs: show the icon."""
        self.icon.visible = True

    def paint(self, state: IconState) -> None:
        """Show this face."""
        self.icon.icon = icons.draw(state, 64)

    def tell(self, text: str) -> None:
        """Set the tooltip."""
        self.icon.title = text

    def refresh_menu(self) -> None:
        """The rows have changed. This may close a menu that is open."""
        self.icon.update_menu()

    def label(self, text: str) -> str:
        """A row's text as this system's menus want it."""
        return text

    def pop_up(self, title: str, body: str) -> None:
        """Show a toast by way of the icon."""
        self.icon.notify(body, title)


def backend_for(icon_class: type) -> type[Backend]:
    """The one for the backend pystray chose, known by the module its Icon comes from."""
    name = icon_class.__module__.rpartition("._")[2]
    if name in ("appindicator", "gtk"):
        from traywatch.sinks.backends import gtk

        return gtk.AppIndicator if name == "appindicator" else gtk.StatusIcon
    if name == "xorg":
        from traywatch.sinks.backends.xorg import Xorg

        return Xorg
    if name == "win32":
        from traywatch.sinks.backends.windows import Windows

        return Windows
    from traywatch.sinks.backends.macos import MacOS

    return MacOS
