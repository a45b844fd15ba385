"""The listener and the relays beside a conductor: what becomes of one that ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from tests.watch.timelapse import Timelapse, live
from tests.watch.world import World
from traywatch import config, hearing
from traywatch.core.errors import ListenError
from traywatch.core.model import Page

PAGE = Page("p", "https://host.example", platform="statuspage")
Serve = Callable[..., Awaitable[None]]


@pytest.fixture(params=["listener", "ntfy relay"])
def name(request: pytest.FixtureRequest) -> str:
    """Which of them it is, as the program's log calls it."""
    return str(request.param)


def _settings(name: str) -> config.Config:
    if name == "listener":
        return config.Config(pages=(PAGE,), listener=config.Listener())
    relay = config.Relay(kind="ntfy", url="https://ntfy.example/topic", page_id=PAGE.id)
    return config.Config(pages=(PAGE,), relays=(relay,))


def _starts(
    monkeypatch: pytest.MonkeyPatch, name: str, ends: Callable[[asyncio.Event], Awaitable[None]]
) -> list[float]:
    """When it was started within the first hundred seconds of a program, and does what ``ends``
    does."""
    starts: list[float] = []

    async def play(loop: Timelapse) -> None:
        stop = asyncio.Event()

        async def work(settings: object, inbox: object, stop: asyncio.Event, *_: object) -> None:
            starts.append(loop.time() - 1_000.0)
            await ends(stop)

        async def relay(settings: object, inbox: object, stop: asyncio.Event, **_: object) -> None:
            await work(settings, inbox, stop)

        monkeypatch.setattr(hearing, "serve", work)
        monkeypatch.setattr(hearing, "relay", relay)
        jobs = hearing.neighbours(_settings(name), World(loop, [PAGE]).conductor, stop)
        tasks = [asyncio.create_task(job) for job in jobs]
        await asyncio.sleep(100)
        stop.set()
        await asyncio.sleep(1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    live(play)
    return starts


def test_what_fails_in_a_way_nobody_foresaw_is_reported_and_started_again(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails_after_a_while(stop: asyncio.Event) -> None:
        await asyncio.sleep(40)
        raise RuntimeError("nobody foresaw this")

    assert _starts(monkeypatch, name, fails_after_a_while) == [0, 41, 83]
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == [
        f"{name} failed: RuntimeError: nobody foresaw this; starting it again"
    ]


def test_what_ends_though_nobody_told_it_to_is_started_again(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def ends_after_a_while(stop: asyncio.Event) -> None:
        await asyncio.sleep(70)

    assert _starts(monkeypatch, name, ends_after_a_while) == [0, 71]
    assert f"{name} ended; starting it again" in caplog.text


def test_what_cannot_be_had_is_said_once_and_watching_goes_on_without(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuses(stop: asyncio.Event) -> None:
        raise ListenError("the port is taken")

    assert _starts(monkeypatch, name, refuses) == [0]
    assert [r.getMessage() for r in caplog.records if r.name.startswith("traywatch")] == [
        "the port is taken; watching goes on without"
    ]


def test_one_that_is_told_to_end_ends_without_a_word(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def waits(stop: asyncio.Event) -> None:
        await stop.wait()

    assert _starts(monkeypatch, name, waits) == [0]
    assert not [r for r in caplog.records if r.name.startswith("traywatch")]
