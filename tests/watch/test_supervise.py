"""Tasks that fail, end or fall silent are started again, and others never notice."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress

import pytest

from tests.watch.timelapse import Timelapse, live
from traywatch.watch.supervise import (
    LAST_RESTART_S,
    RESTART_S,
    SILENT_S,
    Beat,
    Watchdog,
    keep_running,
)

PATIENCE_S = 60.0


async def _for(seconds: float, task: asyncio.Task[None]) -> None:
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_what_raises_is_reported_once_and_started_again_ever_more_rarely(
    caplog: pytest.LogCaptureFixture,
) -> None:
    starts: list[float] = []

    async def play(loop: Timelapse) -> None:
        async def fails(beat: Beat) -> None:
            starts.append(loop.time() - 1_000.0)
            raise KeyError("x")

        await _for(250, asyncio.create_task(keep_running("polling", fails)))

    live(play)
    assert starts == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]
    assert [r.getMessage() for r in caplog.records] == [
        "polling failed: KeyError: 'x'; starting it again"
    ]


def test_one_that_had_been_well_is_reported_again_and_started_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    starts: list[float] = []

    async def play(loop: Timelapse) -> None:
        async def tires(beat: Beat) -> None:
            starts.append(loop.time() - 1_000.0)
            await asyncio.sleep(LAST_RESTART_S + 1)

        await _for(200, asyncio.create_task(keep_running("sink", tires, silent_s=None)))

    live(play)
    assert starts == [0, 62, 124, 186]
    assert caplog.text.count("sink ended; starting it again") == 3


def test_what_falls_silent_is_started_again(caplog: pytest.LogCaptureFixture) -> None:
    starts: list[float] = []

    async def play(loop: Timelapse) -> None:
        async def hangs(beat: Beat) -> None:
            starts.append(loop.time())
            for _ in range(3):
                await asyncio.sleep(SILENT_S - 1)
                beat()
            await asyncio.Event().wait()

        await _for(150, asyncio.create_task(keep_running("polling", hangs)))

    live(play)
    assert starts == [1_000.0, 1_000.0 + 3 * (SILENT_S - 1) + SILENT_S + RESTART_S]
    assert "polling was silent for 30 s" in caplog.text


def test_a_sleep_of_the_machine_is_no_silence(caplog: pytest.LogCaptureFixture) -> None:
    """However long, and at whatever moment between two beats."""
    starts: list[float] = []

    async def play(loop: Timelapse) -> None:
        async def works(beat: Beat) -> None:
            starts.append(loop.time())
            while True:
                beat()
                with suppress(TimeoutError):
                    async with asyncio.timeout(5):
                        await asyncio.Event().wait()

        for at, asleep_s in ((11, SILENT_S - 4), (103, SILENT_S), (203, 3600.0)):
            loop.call_later(at, loop.freeze, asleep_s)
        await _for(5_000, asyncio.create_task(keep_running("polling", works)))

    live(play)
    assert starts == [1_000.0]
    assert not caplog.text


def test_what_hangs_when_the_machine_sleeps_is_started_again_after_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    starts: list[float] = []

    async def play(loop: Timelapse) -> None:
        async def hangs(beat: Beat) -> None:
            starts.append(loop.time() - 1_000.0)
            await asyncio.Event().wait()

        loop.call_later(12, loop.freeze, 3600.0)
        await _for(3640, asyncio.create_task(keep_running("polling", hangs)))

    live(play)
    assert starts[0] == 0 and len(starts) == 2
    assert 3600 + 12 < starts[1] <= 3600 + 12 + SILENT_S
    assert caplog.text.count("polling was silent for 30 s") == 1


def test_one_that_may_be_silent_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def play(loop: Timelapse) -> None:
        async def waits(beat: Beat) -> None:
            await asyncio.Event().wait()

        await _for(3600, asyncio.create_task(keep_running("sink", waits, silent_s=None)))

    live(play)
    assert not caplog.text


def test_being_told_to_end_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[bool] = []

    async def play(loop: Timelapse) -> None:
        async def works(beat: Beat) -> None:
            try:
                await asyncio.sleep(10)
            finally:
                ended.append(True)

        await _for(1, asyncio.create_task(keep_running("polling", works)))

    with caplog.at_level(logging.DEBUG):
        live(play)
    assert ended == [True]
    assert not [r for r in caplog.records if r.name.startswith("traywatch")]


def test_a_loop_that_something_blocks_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    """From a thread of its own: the loop itself can say nothing."""
    reported = threading.Event()

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "nothing has moved for 0 s: something blocks" in record.getMessage():
                reported.set()
            if "it moves again" in record.getMessage():
                loop.call_soon_threadsafe(moved.set)

    async def play() -> None:
        with Watchdog(loop, silent_s=0.01) as watchdog:
            assert reported.wait(PATIENCE_S), "this blocks the loop"
            await asyncio.wait_for(moved.wait(), PATIENCE_S)
        watchdog._thread.join(PATIENCE_S)

    ear, moved, loop = Ear(), asyncio.Event(), asyncio.new_event_loop()
    logging.getLogger("traywatch.watch.supervise").addHandler(ear)
    try:
        loop.run_until_complete(play())
    finally:
        logging.getLogger("traywatch.watch.supervise").removeHandler(ear)
        loop.close()


def test_a_watchdog_of_a_loop_that_moves_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def play() -> None:
        with Watchdog(asyncio.get_running_loop(), silent_s=PATIENCE_S) as watchdog:
            for _ in range(100):
                await asyncio.sleep(0)
        watchdog._thread.join(PATIENCE_S)
        assert not watchdog._thread.is_alive(), "and ends with it"

    asyncio.run(play())
    assert not [r for r in caplog.records if r.name.startswith("traywatch")]
