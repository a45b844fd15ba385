"""What is handed in from outside: taken on the one road, and the page is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tests.core.play import heard, identified, incident, investigating, page
from tests.watch.timelapse import EPOCH, Timelapse, live
from tests.watch.world import World, board_answer, unreachable
from traywatch.core.draft import BARE
from traywatch.core.errors import StoreError
from traywatch.core.model import ComponentChanged, Page, Severity, Snapshot
from traywatch.demo import Board
from traywatch.listener import Delivery
from traywatch.watch.inbox import Inbox

PAGES = [Page(f"p{n}", f"https://host{n}.example", platform="statuspage") for n in range(2)]
OUTAGE = heard(incident("A", investigating(1)))
OTHER = heard(incident("B", investigating(1)))
LATER = heard(incident("A", investigating(1), identified(2)))


def _play(act: Callable[[World, Inbox], Awaitable[None]]) -> None:
    async def play(loop: Timelapse) -> None:
        world = World(loop, PAGES)
        await act(world, Inbox(world.conductor))

    live(play)


def _delivery(
    snapshot: Snapshot = OUTAGE, page_id: str | None = None, receipt: str | None = None
) -> Delivery:
    return Delivery(page_id, snapshot, receipt, EPOCH)


class TestWhoseItIs:
    """The page it came by, else the one it is about."""

    @pytest.mark.parametrize(
        ("delivery", "page_id"),
        [
            (_delivery(page_id="p1"), "p1"),
            (_delivery(replace(OTHER, page_url="https://HOST1.example/x")), "p1"),
            (_delivery(LATER), "p0"),
            (_delivery(replace(LATER, page_url="https://host1.example")), BARE),
            (_delivery(OTHER), BARE),
            (_delivery(heard(api="major_outage")), BARE),
        ],
        ids=["by path", "by address", "by incident", "by both, and they differ", "new", "none"],
    )
    def test_it_is_found(self, delivery: Delivery, page_id: str) -> None:
        async def act(world: World, inbox: Inbox) -> None:
            await world.conductor.ledger.take("p0", page(1, incident("A", investigating(1))))
            before = len(world.told())
            assert await inbox.receive(delivery)
            assert {event.page_id for event in world.told()[before:]} <= {page_id}
            known = world.conductor.ledger.memory(page_id)
            assert {i.id for i in delivery.snapshot.incidents} <= known.incidents.keys()

        _play(act)


class TestWhoseComponentItIs:
    """Statuspage's webhook of a component names its page by an id that nobody else knows."""

    def test_what_is_heard_of_a_component_is_told_of_the_page_that_has_it_and_once(self) -> None:
        async def act(world: World, inbox: Inbox) -> None:
            ledger = world.conductor.ledger
            await ledger.take("p0", page(1, api="operational"))
            await inbox.receive(_delivery(heard(api="major_outage")))
            await ledger.take("p0", page(2, api="major_outage"))
            assert [(type(e), e.page_id) for e in world.told()] == [(ComponentChanged, "p0")]

        _play(act)

    def test_a_page_that_came_to_know_it_in_this_very_batch_has_it(self) -> None:
        async def act(world: World, inbox: Inbox) -> None:
            first = world.conductor.ledger.take("p0", page(1, api="operational"))
            await asyncio.gather(first, inbox.receive(_delivery(heard(api="major_outage"))))
            assert [(type(e), e.page_id) for e in world.told()] == [(ComponentChanged, "p0")]

        _play(act)

    def test_one_that_two_pages_have_is_told_of_neither(self) -> None:
        async def act(world: World, inbox: Inbox) -> None:
            for watched in PAGES:
                await world.conductor.ledger.take(watched.id, page(1, api="operational"))
            await inbox.receive(_delivery(heard(api="major_outage")))
            assert {event.page_id for event in world.told()} == {BARE}

        _play(act)


def test_the_page_is_looked_at_now_and_twice_again() -> None:
    """Its validators are its own: what is heard is no copy of any document."""

    async def act(world: World, inbox: Inbox) -> None:
        board = Board("Vendor", clock=world.loop.wall)
        for watched in PAGES:
            world.net.answers[watched.url.split("/")[2]] = board_answer(board)
        before: list[object] = []

        def hear() -> None:
            before.append(world.conductor.ledger.record("p0").validators)
            world.loop.create_task(inbox.receive(_delivery(page_id="p0")))

        def see() -> None:
            before.append(world.conductor.ledger.record("p0").validators)

        await world.runs(55, (5, hear), (5.05, see))
        assert before[0] is before[1]
        times = [round(at) for at in world.net.times("host0.example/api/v2/summary")]
        assert times[1:] == [10, 20, 50], "ten seconds apart at least"
        assert len(world.net.times("host1.example/api/v2/summary")) == 1

    _play(act)


def test_a_receipt_is_taken_once() -> None:
    async def act(world: World, inbox: Inbox) -> None:
        assert await inbox.receive(_delivery(page_id="p0", receipt="r")) is True
        assert await inbox.receive(_delivery(LATER, page_id="p0", receipt="r")) is False
        assert len(world.told()) == 1

    _play(act)


def test_what_cannot_be_stored_was_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(world: World, inbox: Inbox) -> None:
        def full(*_: object) -> None:
            raise StoreError("disk full")

        with monkeypatch.context() as patched:
            patched.setattr(world.store, "commit", full)
            with pytest.raises(StoreError):
                await inbox.receive(_delivery(page_id="p0", receipt="r"))
            assert (inbox.health().state, inbox.health().store) == ("degraded", "disk full")
        assert await inbox.receive(_delivery(page_id="p0", receipt="r"))
        assert inbox.health().store == "ok"

    _play(act)


def test_it_knows_the_pages_and_how_they_are() -> None:
    async def act(world: World, inbox: Inbox) -> None:
        assert (inbox.knows("p0"), inbox.knows("p2"), inbox.knows(BARE)) == (True, False, False)
        board = Board("Vendor", clock=world.loop.wall)
        world.net.answers = {
            "host0.example": board_answer(board),
            "host1.example": unreachable,
        }
        await world.runs(300)
        health, counters = inbox.health(), inbox.counters()
        assert health.state == "degraded"
        assert health.pages == {"operational": 1, "unreadable": 1}
        assert health.uptime_s == 300.0
        assert health.last_poll_at
        assert counters.page_severity == {"p0": Severity.OPERATIONAL, "p1": None}
        assert counters.page_readable == {"p0": True, "p1": False}
        assert counters.polls["read"] == 1
        assert counters.not_modified == counters.polls["not_modified"] > 2
        assert counters.polls["unreachable"] > 2
        assert isinstance(inbox.status_json(), dict)

    _play(act)
