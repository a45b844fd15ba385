"""An event loop whose time passes by itself: what waits for an hour is there at once.

Whenever nothing is ready the clock jumps to the next timer. Nothing sleeps, nothing depends on
how fast the machine is.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from traywatch.watch.clock import Clock

STUCK_S = 20.0
FOREVER_S = 1e8
EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
T = TypeVar("T")


class _Skipping(selectors.SelectSelector):
    """Never waits: the time it was asked to wait is added to the clock instead."""

    passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # no timer: only a thread can bring something
            ready = super().select(STUCK_S)
            if not ready:
                raise RuntimeError("everything waits for something that will never happen")
            return ready
        ready = super().select(0)
        if not ready:
            self.passed_s += timeout
        if self.passed_s > FOREVER_S:
            raise RuntimeError("something is tried again for ever")
        return ready


class Timelapse(asyncio.SelectorEventLoop):
    """See above. Starts at 1,000 s on the monotonic clock and at EPOCH on the wall."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)
        self.wall_offset = timedelta(0)
        """Added to the wall clock: what a person or NTP does to it."""

    def time(self) -> float:
        return 1_000.0 + self._skipping.passed_s

    def jump(self, seconds: float) -> None:
        """The clock on the wall moves by itself: somebody set it, or the machine slept so long and
        the monotonic clock with it, as on Linux and on a Mac."""
        self.wall_offset += timedelta(seconds=seconds)

    def freeze(self, seconds: float) -> None:
        """Nothing moves for so long but both clocks: Windows slept, a virtual machine was paused,
        the process was stopped. Every timer of that time is due at once."""
        self._skipping.passed_s += seconds

    def wall(self) -> datetime:
        """The time on the wall."""
        return EPOCH + timedelta(seconds=self._skipping.passed_s) + self.wall_offset


def clock_of(loop: Timelapse, dice: Callable[[], float] = lambda: 0.5) -> Clock:
    """Time by the loop, chance by ``dice``."""
    return Clock(now=loop.wall, monotonic=loop.time, dice=dice)


def live(play: Callable[[Timelapse], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on a loop of its own whose time passes by itself."""
    loop = Timelapse()
    try:
        return loop.run_until_complete(play(loop))
    finally:
        loop.close()
