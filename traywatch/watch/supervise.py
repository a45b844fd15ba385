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
LAST_RESTART_S: Final = 60.0
"""The longest a loop waits to be started again. One that ran longer had been well."""

Beat = Callable[[], None]
"""To be called whenever a loop comes round."""


async def keep_running(
    name: str, run: Callable[[Beat], Awaitable[None]], *, silent_s: float | None = SILENT_S
) -> None:
    """Run a loop for ever.

    One that raises, returns, or does not beat for ``silent_s`` is reported in one line and
    started again after a second; after longer and longer, and without a word, when the same
    happens again at once. None: it may be silent for as long as it likes.
    """
    loop = asyncio.get_running_loop()
    wait_s, said = RESTART_S, ""
    while True:
        began = loop.time()
        reason = await _end_of(run, silent_s)
        if loop.time() - began > LAST_RESTART_S:
            wait_s, said = RESTART_S, ""
        level = logging.DEBUG if reason == said else logging.ERROR
        log.log(level, "%s %s; starting it again", name, reason)
        await asyncio.sleep(wait_s)
        wait_s, said = min(2 * wait_s, LAST_RESTART_S), reason


async def _end_of(run: Callable[[Beat], Awaitable[None]], silent_s: float | None) -> str:
    """Run once, and say in a few words how it ended."""
    task = asyncio.ensure_future(_watched(run, silent_s))
    try:
        await task
    except asyncio.CancelledError:
        task.cancel()
        raise
    except TimeoutError:
        return f"was silent for {silent_s or 0:.0f} s"
    except Exception as error:
        log.debug("failed", exc_info=error)
        return f"failed: {type(error).__name__}: {error}"
    return "ended"


async def _watched(run: Callable[[Beat], Awaitable[None]], silent_s: float | None) -> None:
    """Run with a deadline that every beat moves on. Raises TimeoutError when it passes."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(silent_s) as deadline:

        def beat() -> None:
            if silent_s is not None:
                deadline.reschedule(loop.time() + silent_s)

        await run(beat)


def raisable(error: BaseException) -> Exception:
    """The error as it may be handed to whoever waits for it: one that would end the program, or
    that Futures refuse, ends what was being done at most."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RuntimeError(f"{type(error).__name__}: {error}")


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
        self._alive.set()  # whoever waits for that need not any more

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
                if not self._stopped.is_set():
                    log.warning("it moves again")
            self._stopped.wait(self._silent_s / 3)
