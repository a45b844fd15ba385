"""Blocking calls of the system, made aside of the loop, on threads that nobody waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

T = TypeVar("T")

_AT_ONCE: Final = 32


class Aside:
    """Runs what blocks on a thread of its own, at most 32 at a time.

    A name look-up can hang for half a minute and cannot be cancelled. asyncio and
    ``concurrent.futures`` join their threads when the program ends, which would hold up a Ctrl-C
    as long; these are daemons, and they count until they really end.
    """

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, call: Callable[[], T]) -> T:
        """What ``call`` returns, or the OSError it raises. It must not raise anything else."""
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def tell(deliver: Callable[[], None]) -> None:
            self._free.release()
            if not answer.done():  # somebody still waits
                deliver()

        def run() -> None:
            deliver = _outcome(call, answer)
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(tell, deliver)

        threading.Thread(target=run, name="aside", daemon=True).start()
        return await answer


def _outcome(call: Callable[[], T], answer: asyncio.Future[T]) -> Callable[[], None]:
    try:
        result = call()
    except OSError as failed:
        error = failed
        return lambda: answer.set_exception(error)
    return lambda: answer.set_result(result)
