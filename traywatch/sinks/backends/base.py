"""What every backend can do, and how most do it. The rules are in the package's docstring."""

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

    def vanish(self) -> None:
        """Take the icon away and let the loop end."""
        self.icon.stop()

    def pop_up(self, title: str, body: str) -> None:
        """Show a toast by way of the icon."""
        self.icon.notify(body, title)
