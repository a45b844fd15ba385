"""Keeping tasks alive: what raises is reported and started again, what falls silent too."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Final, Self

log = logging.getLogger(__name__)

SILENT_S: Final = 30.0
"""A loop that has not come round for so long is stuck."""
RESTART_S: Final = 1.0

Beat = Callable[[], None]
"""To be called whenever a loop comes round."""


async def keep_running(
    name: str, run: Callable[[Beat], Awaitable[None]], *, silent_s: float | None = SILENT_S
) -> None:
    """Run a loop for ever.

    One that raises, returns, or does not beat for ``silent_s`` is reported in one line and
    started again after a second. None: it may be silent for as long as it likes.
    """
    while True:
        task = asyncio.ensure_future(_watched(run, silent_s))
        try:
            await task
            log.error("%s ended; starting it again", name)
        except asyncio.CancelledError:
            task.cancel()
            raise
        except TimeoutError:
            log.error("%s was silent for %.0f s; starting it again", name, silent_s or 0)
        except Exception as error:
            log.error("%s failed: %s: %s; starting it again", name, type(error).__name__, error)
            log.debug("%s", name, exc_info=error)
        await asyncio.sleep(RESTART_S)


async def _watched(run: Callable[[Beat], Awaitable[None]], silent_s: float | None) -> None:
    """Run with a deadline that every beat moves on. Raises TimeoutError when it passes."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(silent_s) as deadline:

        def beat() -> None:
            if silent_s is not None:
                deadline.reschedule(loop.time() + silent_s)

        await run(beat)


class Watchdog:
    """Reports, from a thread of its own, an event loop that something blocks."""

    def __init__(self, loop: asyncio.AbstractEventLoop, silent_s: float = SILENT_S) -> None:
        self._loop = loop
        self._silent_s = silent_s
        self._alive = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._alive.clear()
            try:
                self._loop.call_soon_threadsafe(self._alive.set)
            except RuntimeError:  # the loop is closed
                return
            if not self._alive.wait(self._silent_s) and not self._stopped.is_set():
                log.error("nothing has moved for %.0f s: something blocks", self._silent_s)
                self._alive.wait()
                log.warning("it moves again")
            self._stopped.wait(self._silent_s / 3)
