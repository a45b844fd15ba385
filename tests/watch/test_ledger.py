"""Advance and commit: together, once, and whatever fails nobody waits for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import pytest

from tests.core.play import heard, identified, incident, investigating, page, resolved
from tests.watch.timelapse import Timelapse, clock_of, live
from traywatch.core.advance import advance
from traywatch.core.draft import BARE
from traywatch.core.errors import StoreError
from traywatch.core.memory import Memory
from traywatch.core.model import Event, IncidentEvent, Page, Unchanged
from traywatch.store import Commit
from traywatch.store.sqlite import SqliteStore
from traywatch.watch import ledger as ledger_module
from traywatch.watch.ledger import Ledger

P = Page("p", "https://p.example")
Q = Page("q", "https://q.example", name="Mine")
WEB = Page("web", "https://web.example", components=("web",))
API = Page("api", "https://api.example", ignore=("api",))
OUTAGE = incident("A", investigating(1))
LATER = incident("A", investigating(1), identified(2))


class Kept(SqliteStore):
    """A store in memory that counts commits, and fails them as it is told to."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.commits: list[int] = []
        self.failures: list[Exception] = []

    def commit(self, commits: Sequence[Commit], now: datetime) -> None:
        self.commits.append(len(commits))
        if self.failures:
            raise self.failures.pop(0)
        super().commit(commits, now)


def _play(act: Callable[[Ledger, Kept], Awaitable[None]]) -> Kept:
    store = Kept.in_memory()
    assert isinstance(store, Kept)

    async def play(loop: Timelapse) -> None:
        await act(Ledger(store, [P, Q, WEB, API], clock_of(loop)), store)

    live(play)
    return store


def _told(store: Kept) -> list[str | None]:
    events = [recorded.event for recorded in store.events_after(0, 100)]
    return [event.update_id for event in events if isinstance(event, IncidentEvent)]


def test_what_waits_together_is_one_transaction() -> None:
    async def act(ledger: Ledger, store: Kept) -> None:
        await asyncio.gather(
            *(ledger.take("p", heard(OUTAGE)) for _ in range(64)),
            ledger.take("q", page(1)),
        )

    store = _play(act)
    assert store.commits == [2]
    assert _told(store) == ["investigating@1"]


def test_who_watches_a_component_of_an_incident_hears_how_it_ends() -> None:
    """Whatever its later updates name."""
    story = [incident("A", investigating(1), names=["web", "api"])]
    story.append(incident("A", investigating(1), identified(2), names=["api"]))
    story.append(incident("A", resolved(3), names=["api"]))

    async def act(ledger: Ledger, store: Kept) -> None:
        await ledger.take("web", page(0, web="operational", api="operational"))
        for said in story:
            await ledger.take("web", heard(said))

    assert _told(_play(act)) == ["investigating@1", "identified@2", "resolved@3"]


def test_of_what_is_ignored_an_update_that_names_nothing_is_not_told() -> None:
    async def act(ledger: Ledger, store: Kept) -> None:
        await ledger.take("api", page(0, web="operational", api="operational"))
        await ledger.take("api", heard(incident("A", investigating(1), names=["api"])))
        await ledger.take("api", heard(incident("A", identified(2))))

    assert _told(_play(act)) == []


def test_memory_moves_when_it_is_durable_and_not_before(caplog: pytest.LogCaptureFixture) -> None:
    async def act(ledger: Ledger, store: Kept) -> None:
        await ledger.take("p", page(0))
        before = ledger.record("p")
        store.failures = [StoreError("disk full"), StoreError("disk full")]
        for _ in range(2):
            with pytest.raises(StoreError):
                await ledger.take("p", page(1, OUTAGE), validators=None)
        assert ledger.record("p") is before
        assert "A" in ledger.memory("p").incidents, "what was seen is shown"
        assert str(ledger.failure) == "disk full"
        await ledger.take("p", page(2, LATER))
        assert ledger.failure is None
        assert ledger.memory("p") is ledger.record("p").memory

    with caplog.at_level(logging.INFO):
        store = _play(act)
    assert _told(store) == ["investigating@1", "identified@2"]
    assert [caplog.text.count(words) for words in ("disk full", "stored again")] == [1, 1]


def test_whatever_storing_raises_nobody_waits_for_ever() -> None:
    async def act(ledger: Ledger, store: Kept) -> None:
        store.failures = [ZeroDivisionError("x")]
        results = await asyncio.gather(
            ledger.take("p", page(1, OUTAGE)), ledger.take("q", page(1)), return_exceptions=True
        )
        assert [str(error) for error in results] == ["storing failed: ZeroDivisionError: x"] * 2
        assert all(isinstance(error, StoreError) for error in results)
        await ledger.take("p", page(1, OUTAGE))

    _play(act)


def test_one_page_that_cannot_be_taken_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails_for_p(memory: Memory, *args: Any) -> tuple[Memory, tuple[Event, ...]]:
        if memory.page_id == "p":
            raise LookupError("x")
        return advance(memory, *args)

    async def act(ledger: Ledger, store: Kept) -> None:
        results = await asyncio.gather(
            ledger.take("p", page(1), receipt="r"),
            ledger.take("q", page(1, OUTAGE), receipt="r"),
            return_exceptions=True,
        )
        assert isinstance(results[0], LookupError)
        assert results[1] is True, "a receipt counts once it was dealt with"

    monkeypatch.setattr(ledger_module, "advance", fails_for_p)
    store = _play(act)
    assert _told(store) == ["investigating@1"]


def test_a_store_that_cannot_be_read_fails_them_all_and_none_is_a_bug() -> None:
    """The keys of what was told are read while advancing."""

    async def act(ledger: Ledger, store: Kept) -> None:
        await ledger.take("p", page(1, OUTAGE))
        connection = store._connection
        store._connection.execute("ALTER TABLE seen RENAME TO elsewhere")
        with pytest.raises(StoreError):
            await ledger.take("p", page(2, LATER))
        connection.execute("ALTER TABLE elsewhere RENAME TO seen")
        await ledger.take("p", page(2, LATER))

    assert _told(_play(act)) == ["investigating@1", "identified@2"]


def test_a_receipt_is_taken_once_in_a_batch_and_ever_after() -> None:
    async def act(ledger: Ledger, store: Kept) -> None:
        together = [ledger.take("p", heard(OUTAGE), receipt="r") for _ in range(3)]
        assert await asyncio.gather(*together) == [True, False, False]
        assert await ledger.take("p", heard(LATER), receipt="r") is False

    assert _told(_play(act)) == ["investigating@1"]


@pytest.mark.parametrize("order", [("p", BARE), (BARE, "p"), (BARE, "p", BARE), ("p", BARE, "p")])
def test_a_page_and_a_delivery_without_one_tell_the_same_once(order: tuple[str, ...]) -> None:
    async def act(ledger: Ledger, store: Kept) -> None:
        await asyncio.gather(*(ledger.take(page_id, heard(OUTAGE)) for page_id in order))

    assert _told(_play(act)) == ["investigating@1"]


def test_what_a_delivery_without_a_page_told_its_page_does_not_tell_again() -> None:
    async def act(ledger: Ledger, store: Kept) -> None:
        await ledger.take(BARE, heard(OUTAGE))
        await ledger.take("p", page(0))
        await ledger.take("p", page(2, LATER))

    assert _told(_play(act)) == ["investigating@1", "identified@2"]


def test_the_persons_own_name_goes_before_the_pages() -> None:
    async def act(ledger: Ledger, store: Kept) -> None:
        await ledger.take("q", page(1, OUTAGE))

    store = _play(act)
    assert [r.event.page_name for r in store.events_after(0, 9)] == ["Mine"]


def test_a_page_that_points_elsewhere_starts_anew() -> None:
    store = SqliteStore.in_memory()

    async def told(loop: Timelapse, watched: Page) -> int:
        ledger = Ledger(store, [watched], clock_of(loop))
        await ledger.take("p", page(1, OUTAGE))
        return ledger.events

    assert [live(lambda loop: told(loop, P)) for _ in range(2)] == [1, 0]
    elsewhere = Page("p", "https://elsewhere.example")
    assert live(lambda loop: told(loop, elsewhere)) == 1


@pytest.mark.parametrize("url", ["https://me:old@p.example/?token=1", "https://p.example/"])
def test_an_address_that_was_only_rewritten_is_the_same_page(url: str) -> None:
    store = SqliteStore.in_memory()

    async def told(loop: Timelapse, watched: Page) -> tuple[int, str | None, str]:
        ledger = Ledger(store, [watched], clock_of(loop))
        record = ledger.record("p")
        await ledger.take("p", page(1, OUTAGE), address=watched.url + "summary", platform="x")
        return ledger.events, record.address, record.url

    assert live(lambda loop: told(loop, P)) == (1, None, P.url)
    rewritten = Page("p", url)
    assert live(lambda loop: told(loop, rewritten)) == (0, None, url), "it is looked for again"
    assert live(lambda loop: told(loop, rewritten)) == (0, url + "summary", url)


def test_the_bells_ring_for_news_and_for_what_is_to_be_seen() -> None:
    async def act(ledger: Ledger, store: Kept) -> None:
        rung: list[str] = []
        ledger.on_events = lambda: rung.append("news")
        ledger.on_change = lambda: rung.append("seen")
        await ledger.take("p", page(1, api="operational"))
        assert rung == ["seen"]
        await ledger.take("p", Unchanged())
        assert rung == ["seen"], "a quiet look changes nothing"
        await ledger.take("p", page(2, OUTAGE, api="operational"))
        assert rung == ["seen", "news", "seen"]
        assert ledger.events == 1

    _play(act)
