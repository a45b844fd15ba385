"""Blocking calls: never more than 32 threads, and nobody waits for a stuck one."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.faults.arena import play
from traywatch.fetch.aside import Aside


def test_results_and_failures_come_back() -> None:
    def no_such_name() -> str:
        raise OSError("no such name")

    async def scenario() -> None:
        aside = Aside()
        assert await aside(lambda: "result") == "result"
        with pytest.raises(OSError, match="no such name"):
            await aside(no_such_name)

    play(scenario)


def test_a_stuck_call_holds_up_neither_its_caller_nor_the_end_of_the_loop() -> None:
    release = threading.Event()
    threads: list[threading.Thread] = []

    def stuck() -> None:
        threads.append(threading.current_thread())
        release.wait()

    async def scenario() -> None:
        aside = Aside()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await aside(stuck)

    play(scenario)  # asyncio.run has joined what it joins
    (thread,) = threads
    assert thread.is_alive()
    assert thread.daemon, "the interpreter does not wait for it either"
    release.set()
    thread.join()


def test_stuck_calls_count_until_they_really_end() -> None:
    release = threading.Event()

    async def scenario() -> None:
        aside = Aside()
        waiting = [asyncio.ensure_future(aside(release.wait)) for _ in range(32)]
        await asyncio.wait(waiting, timeout=0.05)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await aside(lambda: True)
        for call in waiting:
            call.cancel()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await aside(lambda: True)
        release.set()
        assert await aside(lambda: True)

    play(scenario)
