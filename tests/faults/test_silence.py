"""Is it them or is it us, where one page is all there is to judge by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.faults.arena import NOW, QUICK, Clock, play
from tests.faults.hostile import Act, Vendor, cut, hang, reply, reset
from traywatch.core.model import Page
from traywatch.fetch import Fetcher
from traywatch.store.sqlite import SqliteStore
from traywatch.watch import clock
from traywatch.watch.conductor import Conductor

CALM = b"""{"page": {"id": "x", "name": "X", "url": "https://x.example"},
"status": {"indicator": "none", "description": ""}, "incidents": [], "scheduled_maintenances": [],
"components": [{"id": "c", "name": "API", "status": "operational"}]}"""


def conductor_of(page: Page, fetcher: Fetcher) -> Conductor:
    return Conductor(
        pages=[page],
        store=SqliteStore.in_memory(),
        sinks=[],
        fetch=fetcher,
        clock=clock.Clock(now=Clock(NOW), dice=lambda: 0.5),
    )


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (hang(), "silent for 0.3 s"),
        (hang(b"HTTP/1.1 2"), "silent for 0.3 s"),
        (cut(b""), "the connection broke off"),
        (reset(), "the connection broke off"),
    ],
    ids=["silent", "silent in the middle", "closed", "reset"],
)
def test_a_vendor_that_takes_the_connection_and_gives_no_answer_cannot_be_read(
    act: Act, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with Vendor(reply(CALM)) as vendor:
            page = Page("p", vendor.url, interval_s=30.0, platform="statuspage")
            fetcher = Fetcher(limits=replace(QUICK, reused_s=0.1))
            conductor = conductor_of(page, fetcher)
            await conductor.poll(page)
            vendor.then(act)
            for misses in (1, 2, 3):
                assert conductor.overview().pages[0].readable
                await conductor.poll(page)
                assert not conductor.network.offline
                assert conductor.ledger.memory("p").misses == misses
            (view,) = conductor.overview().pages
            assert (view.readable, view.reason) == (False, f"127.0.0.1: {words}")
            await fetcher.aclose()

    play(scenario)
    assert "offline" not in caplog.text
    assert caplog.text.count(f"cannot be read: 127.0.0.1: {words}") == 1


def test_a_vendor_that_takes_a_connection_again_ends_offline(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        async with Vendor(reply()) as vendor:
            page = Page("p", vendor.url, interval_s=30.0, platform="statuspage")
        fetcher = Fetcher(limits=QUICK)
        conductor = conductor_of(page, fetcher)
        for _ in range(3):
            await conductor.poll(page)
            assert conductor.network.offline, "nobody takes a connection: that may be us"
        assert conductor.ledger.memory("p").misses == 0
        async with Vendor(hang(), port=vendor.port):
            await conductor.poll(page)
            assert not conductor.network.offline
            assert conductor.ledger.memory("p").misses == 1
        await fetcher.aclose()

    play(scenario)
    assert caplog.text.count("offline, trying again") == 1
    assert caplog.text.count("online again") == 1
