"""Toasts: what breaks, gets worse or recovers, on the person's screen.

Which events those are is decided in ``core.attention``; here they are shown. What must be known to
tell "gets worse" is kept in the position of this sink's cursor: it moves with it or not at all.

A desktop that can show no toasts is told of once, on the program's log, and its events are passed
over: toasts are never kept for later. A desktop that does not answer just now is tried again.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from datetime import datetime

from traywatch.core.attention import Policy, State, decide
from traywatch.core.errors import SinkError
from traywatch.core.model import Recorded
from traywatch.core.wording import Toast

log = logging.getLogger(__name__)

PopUp = Callable[[Toast], None]
"""Shows one toast, within bounded time. Raises SinkError."""


class NotificationSink:
    """Shows toasts. ``paused`` is asked anew for every batch; ``now`` is aware UTC."""

    name = "notification"
    batch = 2_000
    sums_up = True
    """Many at a time: what piled up becomes one digest."""

    def __init__(
        self, pop_up: PopUp, *, paused: Callable[[], bool], now: Callable[[], datetime]
    ) -> None:
        self._pop_up = pop_up
        self._paused = paused
        self._now = now
        self._state = State()
        self._shown: list[Toast] = []
        """What was shown of a batch that failed half way and will come again."""
        self._told = False
        self.count = 0
        """How many toasts were shown since the start."""

    def start(self, seq: int, position: str, pending: Sequence[Recorded]) -> tuple[int, str]:
        """Take up the state that was kept. A toast cannot be looked for: the cursor stays."""
        self._state = State.read(position)
        return seq, position

    def emit(self, batch: Sequence[Recorded]) -> str:
        """Show what the batch is worth; returns the state to keep.

        Raises SinkError, passing: the whole batch is to be tried again.
        """
        decision = decide(Policy(paused=self._paused()), batch, self._state, self._now())
        for seq, silence in decision.silenced:
            log.debug("event %d is not shown: %s", seq, silence)
        self._show_all(decision.toasts)
        self._state = decision.state
        return decision.state.text

    def close(self) -> None:
        """Nothing is held."""

    def _show_all(self, toasts: Sequence[Toast]) -> None:
        shown_before = self._shown.copy()
        for toast in toasts:
            if toast in shown_before:
                shown_before.remove(toast)
            else:
                self._show(toast)
                self._shown.append(toast)
        self._shown.clear()

    def _show(self, toast: Toast) -> None:
        try:
            self._pop_up(toast)
        except SinkError as error:
            if not error.permanent:
                raise
            if not self._told:
                log.warning("toasts are not shown: %s", error)
            self._told = True
        else:
            self.count += 1
            self._told = False


def desktop_pop_up(through_tray: PopUp, platform: str = sys.platform) -> PopUp:
    """How toasts are shown on this system. ``through_tray``: by the tray icon itself.

    On Windows that is the way to go: plyer would add a second icon to the tray for each toast, and
    a thread that holds up the exit while it is shown.
    """
    if platform == "win32":
        return through_tray
    if platform == "darwin":
        from traywatch.sinks.toast_macos import macos_toast

        return macos_toast
    from traywatch.sinks.toast_linux import LinuxToaster

    return LinuxToaster()
