"""Several attempts, staggered; the first success wins (RFC 8305, "Happy Eyeballs")."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Attempt = Callable[[], Coroutine[Any, Any, T]]


async def first_to_succeed(
    attempts: Sequence[Attempt[T]], stagger_s: float, discard: Callable[[T], None]
) -> T:
    """Start each attempt ``stagger_s`` after the one before, or as soon as that one failed.

    Attempts fail with OSError; the first such failure is raised when none succeeds. What is
    won too late is given to ``discard``.
    """
    if len(attempts) == 1:
        return await attempts[0]()
    waiting = list(reversed(attempts))
    running: set[asyncio.Task[T]] = set()
    failures: list[BaseException] = []
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(waiting.pop()()))
            done, _ = await asyncio.wait(
                running,
                timeout=stagger_s if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                running.remove(task)
                if (failure := task.exception()) is None:
                    return task.result()
                failures.append(failure)
        raise failures[0]
    finally:
        for task in running:
            task.cancel()
            task.add_done_callback(lambda task: _discard(task, discard))


def _discard(task: asyncio.Task[T], discard: Callable[[T], None]) -> None:
    if not task.cancelled() and task.exception() is None:
        discard(task.result())
