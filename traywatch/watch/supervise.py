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
STEPS: Final = 6
"""Silence is counted in so many steps."""
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
    if silent_s is None:
        await run(lambda: None)
        return
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as deadline:
        silence = _Silence(loop, silent_s, lambda: deadline.reschedule(loop.time()))
        silence.beat()
        try:
            await run(silence.beat)
        finally:
            silence.end()


class _Silence:
    """Counts how long there was no beat, in steps: of a sleep of the machine, through which the
    clock may have run on, it sees one step at most. Whoever woke has time to beat."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, silent_s: float, on_end: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._step_s = silent_s / STEPS
        self._on_end = on_end
        self._left = STEPS
        self._timer: asyncio.TimerHandle | None = None

    def beat(self) -> None:
        """Begin anew."""
        self._left = STEPS
        self._wait()

    def end(self) -> None:
        """Count no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self) -> None:
        self.end()
        self._timer = self._loop.call_later(self._step_s, self._step)

    def _step(self) -> None:
        self._left -= 1
        if self._left:
            self._wait()
        else:
            self._on_end()


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
