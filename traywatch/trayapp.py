"""The tray: its icon on the main thread, as macOS demands; the conductor on a thread "watch".

There are two crossings between the two: overviews go to the tray's one-slot mailbox, what the
person clicks goes to the watch thread's loop.

A second start calls on a thread of its own (``presence``) and gets a toast: here I am, and this is
how things are.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from traywatch.autostart import Autostart
from traywatch.config import Config
from traywatch.core.errors import AutostartError, SinkError
from traywatch.core.overview import Overview
from traywatch.core.wording import Toast
from traywatch.ending import FAREWELL_S, Signals, hurry
from traywatch.presence import Presence
from traywatch.profile import Profile
from traywatch.running import Running, line_sinks, watch
from traywatch.sinks import Sink
from traywatch.sinks.menu import tooltip
from traywatch.sinks.notification import NotificationSink, desktop_pop_up
from traywatch.sinks.opening import open_file
from traywatch.sinks.tray import Commands, Tray

log = logging.getLogger(__name__)


class TrayApp:
    """One run of the tray. ``login`` None: starting at login cannot be chosen."""

    def __init__(self, config: Config, profile: Profile, login: Autostart | None) -> None:
        self._config = config
        self._profile = profile
        self._login = login
        self._signals = Signals()
        self._running: Running | None = None
        self._seen: Overview | None = None
        """The latest overview; None before the first."""
        self._failure: BaseException | None = None
        self._tray = Tray(
            Commands(
                check_now=self._on_watch(lambda running: running.conductor.check_now()),
                set_paused=self._set_paused,
                open_log=lambda: open_file(profile.records_file),
                quit=self._quit,
                starts_at_login=self._starts_at_login,
                set_start_at_login=self._set_start_at_login,
            )
        )

    def run(self) -> int:
        """Until the person quits or the system ends us; returns the exit code.

        Raises what ended the watch thread, where something did.
        """
        self._signals.install(self._quit)
        watching = threading.Thread(target=self._watch, name="watch", daemon=True)
        with Presence(self._profile.state_dir, self._say_hello):
            watching.start()
            if (reason := self._tray.run()) is not None:
                log.warning("no tray icon any more, going on without: %s", reason)
            watching.join()
        if self._failure is not None:
            raise self._failure
        hurry(self._signals.exit_code)
        return self._signals.exit_code

    # ------------------------------------------------ the watch thread

    def _watch(self) -> None:
        try:
            asyncio.run(
                watch(
                    self._config,
                    self._profile,
                    self._sinks(),
                    handed=self._take,
                    on_overview=self._show,
                )
            )
        except BaseException as error:  # noqa: BLE001 - told on the main thread, which returns the exit code
            self._failure = error
        finally:
            self._tray.stop()

    def _sinks(self) -> list[Sink]:
        toasts = NotificationSink(
            desktop_pop_up(self._tray.pop_up),
            paused=self._is_paused,
            now=lambda: datetime.now(UTC),
        )
        return [*line_sinks(self._profile), toasts]

    def _take(self, running: Running) -> None:
        self._running = running

    def _show(self, overview: Overview) -> None:
        self._seen = overview
        self._tray.show(overview)

    def _is_paused(self) -> bool:
        return self._running is not None and self._running.conductor.paused

    # ------------------------------------------------ the presence thread

    def _say_hello(self) -> None:
        """Even while notifications are paused: the person has just asked for it."""
        known = tooltip(self._seen) if self._seen else "Nothing is known yet"
        try:
            desktop_pop_up(self._tray.pop_up)(Toast("traywatch is running", known))
        except SinkError as error:
            log.warning("a second start called, and it could not be shown: %s", error)

    # ------------------------------------------------ the main thread: what the person clicks

    def _on_watch(self, command: Callable[[Running], object]) -> Callable[[], None]:
        def click() -> None:
            if (running := self._running) is not None:
                running.call(lambda: command(running))

        return click

    def _set_paused(self, paused: bool) -> None:
        self._on_watch(lambda running: running.conductor.set_paused(paused))()

    def _starts_at_login(self) -> bool | None:
        try:
            return self._login.is_on() if self._login else None
        except AutostartError as error:
            log.debug("%s", error)
            return None

    def _set_start_at_login(self, start: bool) -> None:
        try:
            if self._login:
                self._login.turn(start)
        except AutostartError as error:
            log.warning("%s", error)

    def _quit(self) -> None:
        hurry(self._signals.exit_code, FAREWELL_S)
        if self._running is not None:
            self._running.end()
        else:
            self._tray.stop()
