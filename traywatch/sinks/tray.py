"""The tray icon: the only file that imports pystray, and that only when it is asked for an icon.

    any thread                     main thread
    ----------                     -----------
    show(overview) -> one slot
                      knock     -> look: take what is in the slot, change what differs
    pop_up(toast)  -> a few
                      knock     -> look: show them
    stop()            knock     -> look: leave the loop
                                   a click -> one of the ``Commands``

What holds true: every call into pystray is made on the main thread, inside the icon's own loop; an
overview that was not shown yet is replaced by a newer one; and the menu is rebuilt only when its
rows differ, as rebuilding closes one that is open.

A plain click on the icon (where that is not how the menu opens) opens the page of most concern in
the browser. On bare X11, where there is no menu, that is all that can be done by clicking.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import FrameType, ModuleType
from typing import Any, Final, cast

from traywatch.core.errors import SinkError
from traywatch.core.overview import IconState, Overview
from traywatch.core.wording import Toast
from traywatch.sinks import desktop, icons
from traywatch.sinks.backends import backend_for
from traywatch.sinks.backends.base import Backend
from traywatch.sinks.menu import SEPARATOR, Command, Row, default_link, menu, tooltip
from traywatch.sinks.opening import open_link

log = logging.getLogger(__name__)

NAME: Final = "traywatch"
ATTEMPTS: Final = 3
"""How often an icon whose loop broke is made anew, before the program goes on without one."""
_TOASTS_KEPT: Final = 8
"""So many toasts wait while the main thread is busy; of more, the newest."""


@dataclass(frozen=True, slots=True)
class Commands:
    """What the menu asks of the program. Called on the main thread; each must return at once."""

    check_now: Callable[[], None]
    set_paused: Callable[[bool], None]
    open_log: Callable[[], None]
    quit: Callable[[], None]
    open_link: Callable[[str], None] = open_link
    starts_at_login: Callable[[], bool | None] = lambda: None
    """None: that cannot be chosen here."""
    set_start_at_login: Callable[[bool], None] = lambda _: None


def why_no_tray() -> str | None:
    """None where a tray icon can be made here; else why not, and what to install.

    A desktop that merely has no tray at present is no reason: it may have one in a minute.
    """
    try:
        _pystray()
    except SinkError as error:
        return str(error)
    return None


class Tray:
    """One icon. ``run`` on the main thread; the other public methods on any."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._slot = Overview(IconState.UNREADABLE)
        self._toasts: deque[Toast] = deque(maxlen=_TOASTS_KEPT)
        self._stopping = False
        self._face: _Face | None = None
        """Set while there is a loop that can be knocked at."""

    def show(self, overview: Overview) -> None:
        """Show this from now on."""
        self._slot = overview
        self._knock()

    def pop_up(self, toast: Toast) -> None:
        """Show a toast by way of the icon (how it is done on Windows)."""
        self._toasts.append(toast)
        self._knock()

    def stop(self) -> None:
        """Take the icon away and let ``run`` return."""
        self._stopping = True
        self._knock()

    def _knock(self) -> None:
        if face := self._face:
            face.backend.knock()

    def run(self) -> str | None:
        """Show the icon until told to stop: None. Else the reason why there is no icon any more.

        Raises SinkError where none can be made at all.
        """
        pystray = _pystray()
        reason: str | None = None
        for _ in range(ATTEMPTS):
            if self._stopping:
                return None
            reason = self._run_once(pystray)
            if reason:
                log.warning("the tray icon is gone: %s", reason)
        return reason

    # ------------------------------------------------------------ on the main thread

    def _run_once(self, pystray: ModuleType) -> str | None:
        """One icon from its making to its end; why it ended, unless it was told to."""
        interrupted = _interrupt_handler(self._commands.quit)
        try:
            face = _Face(pystray, self._commands, self._look, interrupted)
            _say_what_is_missing(face.backend)
            face.run(lambda: self._begin(face))
        except Exception as error:  # noqa: BLE001 - whatever the system's library raises
            return f"{type(error).__name__}: {error}"
        finally:
            self._face = None
            signal.signal(signal.SIGINT, interrupted)
        return None if self._stopping else "its loop ended"

    def _begin(self, face: _Face) -> None:
        """The loop runs. Called on a thread of pystray's, which ends with this."""
        self._face = face
        face.backend.knock()

    def _look(self) -> None:
        """Take what other threads left and change what differs."""
        face = self._face
        if face is None:
            return
        try:
            if self._stopping:
                face.backend.vanish()
                return
            face.show(self._slot)
            while self._toasts:
                toast = self._toasts.popleft()
                face.backend.pop_up(toast.title, toast.body)
        except Exception:
            log.exception("the tray icon could not be changed")


class _Face:
    """What one icon shows now. Main thread only."""

    def __init__(
        self,
        pystray: ModuleType,
        commands: Commands,
        look: Callable[[], None],
        interrupted: _Handler,
    ) -> None:
        self._pystray = pystray
        self._commands = commands
        self._interrupted = interrupted
        self._shown: Overview | None = None
        self._tooltip = ""
        self._rows: tuple[Row, ...] = ()
        nothing_known = icons.draw(IconState.UNREADABLE, 64)
        self.icon = pystray.Icon(NAME, nothing_known, NAME, pystray.Menu(self._items))
        self.backend: Backend = backend_for(pystray.Icon)(self.icon, look, commands.quit)

    def run(self, begin: Callable[[], None]) -> None:
        """The icon's loop. ``begin`` is called once it runs, on a thread of pystray's."""
        failed = False

        def ready(_: object) -> None:
            if not failed:
                begin()

        try:
            self.icon.run(ready)
        except BaseException:
            # That thread may wait for a loop that never began, and would keep us from ending.
            failed = True
            self.icon._Icon__queue.put(True)
            raise

    def show(self, overview: Overview) -> None:
        """Change what differs from what is shown. What fails is tried again at the next look."""
        before = self._shown
        if before is None or before.state is not overview.state:
            self.backend.paint(overview.state)
        if self._tooltip != (text := tooltip(overview)):
            self.backend.tell(text)
            self._tooltip = text
        if self._rows != (rows := self._menu(overview)):
            self._rows = rows
            self.backend.refresh_menu()
        if before is None:
            # pystray's gtk backends make Ctrl-C kill the process, and darwin's makes it exit.
            signal.signal(signal.SIGINT, self._interrupted)
            self.backend.appear()
        self._shown = overview

    def _menu(self, overview: Overview) -> tuple[Row, ...]:
        return menu(overview, self._commands.starts_at_login())

    def _items(self) -> Iterator[Any]:
        """The menu, and before it what a plain click does."""
        item = self._pystray.MenuItem
        yield item(NAME, self._on_click, default=True, visible=False)
        yield from map(self._item, self._rows or menu(Overview(IconState.UNREADABLE)))

    def _item(self, row: Row) -> Any:
        if row == SEPARATOR:
            return self._pystray.Menu.SEPARATOR
        action: object = partial(self._do, row)
        if row.rows:
            action = self._pystray.Menu(*map(self._item, row.rows))
        return self._pystray.MenuItem(
            self.backend.label(row.text),
            action,
            checked=None if row.checked is None else lambda _: bool(row.checked),
            enabled=bool(row.does or row.rows),
        )

    def _on_click(self) -> None:
        if self._shown and (link := default_link(self._shown)):
            self._commands.open_link(link)

    def _do(self, row: Row, *_: object) -> None:
        match row.does:
            case str(link):
                self._commands.open_link(link)
            case Command.CHECK_NOW:
                self._commands.check_now()
            case Command.PAUSE:
                self._pause(not row.checked)
            case Command.START_AT_LOGIN:
                self._start_at_login(not row.checked)
            case Command.OPEN_LOG:
                self._commands.open_log()
            case Command.QUIT:
                self._commands.quit()

    def _pause(self, paused: bool) -> None:
        """The tick follows the click at once: pystray redraws the menu when this returns."""
        if self._shown:
            self._shown = replace(self._shown, paused=paused)
            self._rows = self._menu(self._shown)
        self._commands.set_paused(paused)

    def _start_at_login(self, start: bool) -> None:
        """The tick shows what came of it."""
        self._commands.set_start_at_login(start)
        if self._shown:
            self._rows = self._menu(self._shown)


# ---------------------------------------------------------------- pystray and its surroundings

_Handler = Callable[[int, FrameType | None], Any] | int


def _pystray() -> ModuleType:
    """pystray with the best backend that works here. Raises SinkError: why none does."""
    if loaded := sys.modules.get("pystray"):
        return loaded
    if sys.platform in ("win32", "darwin"):
        return _import_with(None)
    backends = desktop.usable_backends(os.environ)
    failures: dict[str, Exception] = {}
    for name in backends:
        try:
            return _import_with(name)
        except Exception as error:  # noqa: BLE001 - ImportError, ValueError (gi), Xlib's own, ...
            log.debug("pystray's %s: %s: %s", name, type(error).__name__, error)
            failures[name] = error
    raise SinkError(_advice(failures), permanent=True)


def _import_with(backend: str | None) -> ModuleType:
    """pystray chooses when it is imported, and gives up at the first one that is half installed."""
    before = os.environ.pop("PYSTRAY_BACKEND", None)
    os.environ.update({"PYSTRAY_BACKEND": backend} if backend else {})
    try:
        import pystray
    finally:
        os.environ.pop("PYSTRAY_BACKEND", None)
        os.environ.update({"PYSTRAY_BACKEND": before} if before else {})
    if backend in ("appindicator", "gtk"):
        _keep_from_notifying()
    return cast("ModuleType", pystray)


def _keep_from_notifying() -> None:
    """pystray's gtk backends speak to the notification daemon when they start and when they end.

    A frozen daemon would hold up both for 25 s, a missing one makes the end an exception, and
    without a session bus the start is one. Our toasts take another way (``toast_linux``).
    """
    from pystray._util import notify_dbus

    notify_dbus.Notifier = type("Notifier", (), {"notify": _nothing, "hide": _nothing})


def _nothing(*_: object) -> None:
    pass


def _advice(failures: Mapping[str, Exception]) -> str:
    """Why there is no tray, and what to install."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "there is no graphical display: neither DISPLAY nor WAYLAND_DISPLAY is set"
    if "xorg" in failures:
        return f"the display {os.environ.get('DISPLAY')} cannot be opened: {failures['xorg']}"
    return (
        f"an icon in this desktop's tray needs the session bus and {desktop.INDICATOR_PACKAGES}, "
        "in a virtual environment made with --system-site-packages"
    )


def _say_what_is_missing(backend: Backend) -> None:
    """Said once an icon, on the program's log."""
    if sys.platform in ("win32", "darwin"):
        return
    if not backend.has_menu:
        log.warning("the tray icon has no menu: that needs %s", desktop.INDICATOR_PACKAGES)
    if not desktop.tray_is_there(any_kind=backend.any_tray):
        log.warning("%s", desktop.NO_HOST)


def _interrupt_handler(leave: Callable[[], None]) -> _Handler:
    """What Ctrl-C did before pystray; Python's own would raise amidst the icon's loop."""
    before = signal.getsignal(signal.SIGINT)
    if before is None or before is signal.default_int_handler:
        return lambda _number, _frame: leave()
    return before
