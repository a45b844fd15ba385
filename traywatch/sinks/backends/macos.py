"""pystray's darwin backend. AppKit belongs to the main thread: all goes through its queue."""

from __future__ import annotations

from traywatch.core.overview import IconState
from traywatch.sinks import icons
from traywatch.sinks.backends.base import Backend
from traywatch.sinks.backends.signals import knock_on_signals


class MacOS(Backend):
    """An item in the menu bar."""

    def knock(self) -> None:
        """callAfter takes calls from any thread; ``update_menu`` on another one is a SIGTRAP."""
        from PyObjCTools import AppHelper  # type: ignore[import-not-found, unused-ignore]

        AppHelper.callAfter(self._look)

    def appear(self) -> None:
        """Show the icon, and let signals be heard: the main thread waits inside AppKit."""
        super().appear()
        knock_on_signals(self.knock)

    def paint(self, state: IconState) -> None:
        """Drawn for the menu bar's height."""
        self.icon.icon = icons.draw(state, int(self.icon._status_bar.thickness()))
