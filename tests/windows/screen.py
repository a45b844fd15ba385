"""A Windows on a desk: its icon and menus by their pixels, its windows by what they tell."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final, TypeVar

from PIL import Image, ImageChops

from tests.desktop.desk import Desk
from tests.desktop.started import Started
from tests.process.harness import PATIENCE_S
from tests.windows.up import EYES, Windows
from tools.wine import PYTHON
from traywatch.core.overview import IconState
from traywatch.sinks.icons import colour

MENU: Final = "#32768"
BOX: Final = "#32770"
BALLOON: Final = "tooltips_class32"
"""A tooltip too: wine draws both by the same."""
TRAY: Final = "SystemTrayIcon"
"""How the class names of pystray's two windows end."""

_FRAME: Final = 3
_TICK: Final = 16
"""Where a menu's ticks end and its letters begin, in pixels from the left."""
_LETTERS: Final = 5
"""So many pixels high is a row of letters at least; what is less is a line."""

T = TypeVar("T")


@dataclass(frozen=True)
class Window:
    """One window as it tells of itself."""

    window: int
    """Its handle."""
    kind: str
    """Its class."""
    text: str
    seen: bool
    place: tuple[int, int, int, int]
    """Left, top, right, bottom on the screen."""
    parts: tuple[Window, ...] = ()

    @property
    def middle(self) -> tuple[int, int]:
        """Where to click it."""
        left, top, right, bottom = self.place
        return (left + right) // 2, (top + bottom) // 2


class Screen:
    """What is on the desk of a Windows that is up."""

    def __init__(self, desk: Desk, windows: Windows, folder: Path) -> None:
        self.desk = desk
        self.windows = windows
        self._folder = folder
        self._eyes = desk.launch(["wine", str(PYTHON), EYES], windows.settings)

    def start(self, *arguments: str, name: str = "traywatch.exe", **env: str) -> Started:
        """Start one of the two programs."""
        return self.launch(str(self._folder / name), *arguments, **env)

    def launch(self, *command: str, **env: str) -> Started:
        """Start any Windows program."""
        return self.desk.launch(["wine", *command], {**self.windows.settings, **env})

    def wait_for(self, condition: Callable[[], T | None], what: str) -> T:
        """As a desk does, but with the patience that wine asks for."""
        return self.desk.wait_for(condition, what, PATIENCE_S)

    # ------------------------------------------------------------ the icon

    def icon(self, state: IconState) -> tuple[int, int]:
        """Wait until the icon has this state's colour; returns where it is."""
        return self.wait_for(lambda: self.desk.find(colour(state)), f"the icon: {state}")

    def no_icon(self, state: IconState) -> None:
        """Wait until there is none in this state's colour."""
        self.wait_for(lambda: not self.desk.find(colour(state)), f"no icon any more: {state}")

    # ------------------------------------------------------------ windows

    def seen(self, kind: str, text: str = "") -> Window | None:
        """A window of this class with this in its text that can be seen."""
        return next(
            (one for one in self._all() if one.kind == kind and one.seen and text in one.text), None
        )

    def wait_for_window(self, kind: str, text: str = "") -> Window:
        """Wait until there is one."""
        return self.wait_for(lambda: self.seen(kind, text), f"a window {kind} with {text!r}")

    def send(self, message: int, wparam: int) -> set[int | None]:
        """What the icon's windows answer to a message."""
        trays = [one.window for one in self._all() if one.kind.endswith(TRAY)]
        return {self._ask([window, message, wparam, 0]) for window in trays}

    def _all(self) -> list[Window]:
        found = self._ask([])
        return [_window(**one) for one in found]

    def _ask(self, question: Sequence[int]) -> Any:
        answered = len(self._eyes.lines)
        self._eyes.tell(question)
        self.wait_for(lambda: len(self._eyes.lines) > answered, "an answer")
        return json.loads(self._eyes.lines[answered])

    # ------------------------------------------------------------ the menu

    def open_menu(self, state: IconState, rows: int) -> Menu:
        """Open it by a right click; wait until it is drawn with so many rows."""
        self.desk.click(*self.icon(state), button=3)
        place = self.wait_for_window(MENU).place

        def drawn() -> Menu | None:
            menu = Menu(self.desk.screen().crop(place), place)
            return menu if len(menu.rows) == rows else None

        return self.wait_for(drawn, f"a menu with {rows} rows")

    def choose(self, menu: Menu, row: int) -> None:
        """Click a row, counted from the top; a negative number counts from the end."""
        top, bottom = menu.rows[row]
        left, above, right, _ = menu.place
        self.desk.click((left + right) // 2, above + (top + bottom) // 2)
        self.wait_for(lambda: not self.seen(MENU), "the menu's end")


@dataclass(frozen=True)
class Menu:
    """The picture of an open menu."""

    picture: Image.Image
    place: tuple[int, int, int, int]

    @property
    def rows(self) -> list[tuple[int, int]]:
        """Top and bottom of each row of letters, from above; separators are none."""
        return [part for part in self._parts() if part[1] - part[0] >= _LETTERS]

    def ticked(self, row: int) -> bool:
        """Is there a tick before it?"""
        top, bottom = self.rows[row]
        return bool(self._ink(_FRAME, _TICK, top, bottom))

    def _parts(self) -> list[tuple[int, int]]:
        width, height = self.picture.size
        inked = [
            y for y in range(_FRAME, height - _FRAME) if self._ink(_TICK, width - _FRAME, y, y + 1)
        ]
        runs = [[y for _, y in run] for _, run in groupby(enumerate(inked), lambda e: e[1] - e[0])]
        return [(run[0], run[-1] + 1) for run in runs]

    def _ink(self, left: int, right: int, top: int, bottom: int) -> object:
        """None where all of it is the menu's ground."""
        part = self.picture.crop((left, top, right, bottom))
        ground = Image.new("RGB", part.size, self.picture.getpixel((_FRAME, _FRAME)))
        return ImageChops.difference(part, ground).getbbox()


def _window(parts: Sequence[Mapping[str, Any]] = (), **said: Any) -> Window:
    said["place"] = tuple(said["place"])
    return Window(**said, parts=tuple(_window(**part) for part in parts))
