"""Tasks that fail, end or fall silent are started again, and others never notice."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.watch.timelapse import Timelapse, live
from traywatch.watch.supervise import RESTART_S, SILENT_S, Beat, keep_running


async def _for(seconds: float, task: asyncio.Task[None]) -> None:
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_what_raises_is_reported_and_started_again(caplog: pytest.LogCaptureFixture) -> None:
    starts: list[float] = []

    async def play(loop: Timelapse) -> None:
        async def fails(beat: Beat) -> None:
            starts.append(loop.time())
            raise KeyError("x")

        await _for(10 * RESTART_S, asyncio.create_task(keep_running("polling", fails)))

    live(play)
    assert len(starts) == 10
    assert "polling failed: KeyError: 'x'; starting it again" in caplog.text


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
