"""One look at one page: what is fetched, what is kept of it, and that it never raises."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.watch.timelapse import EPOCH, Timelapse, clock_of, live
from tests.watch.world import Answer, Net, board_answer, portal, refusing, unreachable
from traywatch.core.errors import StoreError
from traywatch.core.model import Event, Fault, IncidentEvent, Page
from traywatch.core.reply import Reply, Validators
from traywatch.core.schedule import Outcome
from traywatch.demo import INCIDENTS, MAINTENANCES, SUMMARY, Board
from traywatch.store.sqlite import SqliteStore
from traywatch.watch.ledger import Ledger
from traywatch.watch.look import AWAY, Looker, Result

DAY = timedelta(days=1)
HOST = "vendor.example"
PAGE = Page("p", f"https://{HOST}", platform="statuspage")


@dataclass
class Desk:
    """One page, one vendor, and who looks."""

    loop: Timelapse
    page: Page = PAGE
    store: SqliteStore = field(default_factory=SqliteStore.in_memory)

    def __post_init__(self) -> None:
        self.board = Board("Vendor", components=("API",), clock=self.loop.wall)
        self.net = Net(self.loop, {HOST: board_answer(self.board)})
        self.restart()

    def restart(self) -> None:
        """Whatever was not stored is gone."""
        clock = clock_of(self.loop)
        self.ledger = Ledger(self.store, [self.page], clock)
        self.looker = Looker(self.ledger, self.net, clock)

    async def look(self, *, after_s: float = 0.0) -> Result:
        await asyncio.sleep(after_s)
        return await self.looker.look(self.page)

    def serve(self, path: str, answer: Answer) -> None:
        self.net.answers[self.page.url + path] = answer

    def told(self) -> list[str]:
        """The words of everything that was told."""
        events: list[Event] = [r.event for r in self.store.events_after(0, 100)]
        return [event.body for event in events if isinstance(event, IncidentEvent)]

    def asked(self) -> list[str]:
        """The paths of what was fetched since this was last asked."""
        paths = [url.removeprefix(self.page.url) for _, url in self.net.asked]
        self.net.asked.clear()
        return paths


def _play(act: Callable[[Desk], Awaitable[None]]) -> None:
    live(lambda loop: _coroutine(act(Desk(loop))))


async def _coroutine(work: Awaitable[None]) -> None:
    await work


class TestReading:
    def test_the_first_look_finds_out_what_there_is_and_keeps_it(self) -> None:
        async def act(desk: Desk) -> None:
            desk.page = Page("p", f"https://{HOST}")
            desk.restart()
            result = await desk.look()
            record = desk.ledger.record("p")
            assert (record.platform, record.address) == ("statuspage", desk.page.url + SUMMARY)
            assert record.validators and record.validators.etag
            assert record.memory.baselined and result.failure is None

        _play(act)

    def test_what_is_unchanged_is_not_read_again(self) -> None:
        async def act(desk: Desk) -> None:
            await desk.look()
            result = await desk.look(after_s=60)
            assert result.not_modified and result.received_bytes == 0
            memory = desk.ledger.memory("p")
            assert memory.read_at is not None
            assert memory.read_at - EPOCH > timedelta(seconds=60)

        _play(act)

    @pytest.mark.parametrize(
        ("answer", "fault", "http_status"),
        [
            (unreachable, Fault.UNREACHABLE, None),
            (refusing(500, 7.0), Fault.REFUSED, 500),
            (portal, Fault.UNREADABLE, 200),
        ],
    )
    def test_what_cannot_be_read_changes_nothing(
        self, answer: Answer, fault: Fault, http_status: int | None
    ) -> None:
        async def act(desk: Desk) -> None:
            await desk.look()
            before = desk.ledger.record("p")
            desk.serve(SUMMARY, answer)
            result = await desk.look(after_s=60)
            assert result.failure and result.failure.fault is fault
            assert (result.outcome.succeeded, result.outcome.http_status) == (False, http_status)
            assert desk.ledger.record("p") is before, "the validators least of all"

        _play(act)

    def test_once_it_can_be_read_again_that_is_said(self, caplog: pytest.LogCaptureFixture) -> None:
        async def act(desk: Desk) -> None:
            await desk.look()
            desk.serve(SUMMARY, refusing(500))
            for _ in range(3):
                failure = (await desk.look(after_s=60)).failure
                assert failure
                await desk.ledger.take("p", failure)
            del desk.net.answers[desk.page.url + SUMMARY]
            for _ in range(2):
                await desk.look(after_s=60)

        _play(act)
        assert caplog.messages == ["can be read again"]

    def test_a_pattern_that_stands_for_nothing_is_spoken_of_once(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A slip of the pen would keep the very outage silent that it was written for."""

        async def act(desk: Desk) -> None:
            desk.page = replace(PAGE, components=("api", "Wbe", "a*"), ignore=("Nope", "WEB"))
            desk.board = Board("Vendor", components=("API", "Web"), clock=desk.loop.wall)
            desk.net.answers[HOST] = board_answer(desk.board)
            desk.restart()
            for _ in range(3):
                await desk.look(after_s=60)

        _play(act)
        assert caplog.messages == [
            'no component is called "Wbe", did you mean "Web"?',
            'no component is called "Nope"',
        ]

    def test_a_fault_of_ours_is_a_failure_of_this_page(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fails(url: str, validators: Validators | None) -> Reply:
            raise ZeroDivisionError("x")

        async def act(desk: Desk) -> None:
            await desk.look()
            desk.serve(SUMMARY, fails)
            result = await desk.look()
            assert result.failure
            assert result.failure.reason == "traywatch failed on it: ZeroDivisionError: x"

        _play(act)
        assert caplog.text.count("could not be taken") == 1

    def test_an_old_copy_that_is_put_aside_does_not_hide_what_comes_after_it(self) -> None:
        """Its ETag would be answered with "unchanged" for as long as the clock is behind."""

        async def act(desk: Desk) -> None:
            board = desk.board
            ahead = Board("Vendor", components=("API",), clock=lambda: desk.loop.wall() + DAY)
            desk.serve(SUMMARY, board_answer(ahead))
            await desk.look()
            kept = desk.ledger.record("p").validators
            board.open_incident("Outage", "We look into it.")
            desk.serve(SUMMARY, board_answer(board))
            for _ in range(63):
                result = await desk.look(after_s=60)
                told = desk.told()
                assert result.not_modified is False or told
                assert desk.ledger.record("p").validators == kept or told
            assert desk.told() == ["We look into it."]

        _play(act)

    def test_news_that_cannot_be_stored_is_found_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: Any) -> None:
            raise StoreError("disk full")

        async def act(desk: Desk) -> None:
            await desk.look()
            desk.board.open_incident("Outage", "We look into it.")
            with monkeypatch.context() as patched:
                patched.setattr(desk.store, "commit", full)
                result = await desk.look(after_s=60)
            assert result.failure is None, "the page is well"
            await desk.look(after_s=60)
            assert desk.told() == ["We look into it."]

        _play(act)


class TestHistory:
    def test_the_words_of_a_closing_are_fetched(self) -> None:
        async def act(desk: Desk) -> None:
            await desk.look()
            outage = desk.board.open_incident("Outage", "It broke.")
            await desk.look(after_s=60)
            outage.resolve("It is mended.")
            desk.asked()
            await desk.look(after_s=60)
            assert desk.asked() == [SUMMARY, INCIDENTS, MAINTENANCES]
            assert desk.told() == ["It broke.", "It is mended."]
            await desk.look(after_s=60)
            assert desk.asked() == [SUMMARY]

        _play(act)

    @pytest.mark.parametrize(
        ("answer", "looks"), [(refusing(404), 1), (refusing(500), 3), (portal, 3)]
    )
    def test_where_there_are_none_it_closes_without(self, answer: Answer, looks: int) -> None:
        """At once where there is no history, after three tries where it cannot be had."""

        async def act(desk: Desk) -> None:
            await desk.look()
            outage = desk.board.open_incident("Outage", "It broke.")
            await desk.look(after_s=60)
            outage.resolve("It is mended.")
            desk.serve(INCIDENTS, answer)
            desk.serve(MAINTENANCES, answer)
            for _ in range(looks):
                assert desk.told() == ["It broke."]
                await desk.look(after_s=60)
            assert desk.told() == ["It broke.", ""]

        _play(act)

    @pytest.mark.parametrize(
        ("minutes", "restarted", "told"),
        [
            (9, False, []),
            (11, False, ["It broke.", "It is mended."]),
            (1, True, ["It broke.", "It is mended."]),
        ],
        ids=["a short gap", "a long one", "we did not run"],
    )
    def test_what_came_and_went_unseen(
        self, minutes: int, restarted: bool, told: list[str]
    ) -> None:
        assert timedelta(minutes=9) < AWAY < timedelta(minutes=11)

        async def act(desk: Desk) -> None:
            desk.board.open_incident("Old", "Nobody wants to know.").resolve("Any more.")
            await desk.look()
            await asyncio.sleep(1)
            desk.board.open_incident("Outage", "It broke.").resolve("It is mended.")
            if restarted:
                desk.restart()
            await desk.look(after_s=60 * minutes)
            assert desk.told() == told
            desk.asked()
            await desk.look(after_s=60)
            assert desk.asked() == [SUMMARY], "once"

        _play(act)

    def test_nothing_is_asked_for_where_the_page_says_it_is_the_same(self) -> None:
        async def act(desk: Desk) -> None:
            await desk.look()
            desk.asked()
            await desk.look(after_s=86_400)
            desk.restart()
            await desk.look(after_s=60)
            assert desk.asked() == [SUMMARY, SUMMARY]

        _play(act)

    def test_a_host_that_wants_rest_from_its_history_is_left_alone_as_a_whole(self) -> None:
        async def act(desk: Desk) -> None:
            await desk.look()
            desk.board.open_incident("Outage", "It broke.").resolve("It is mended.")
            desk.serve(INCIDENTS, refusing(429, 3600.0))
            desk.restart()
            desk.asked()
            result = await desk.look(after_s=60)
            assert desk.asked() == [SUMMARY, INCIDENTS], "not a third time"
            assert result.failure is None, "the page was read"
            assert result.outcome == Outcome(True, http_status=429, retry_after_s=3600.0)

        _play(act)

    def test_a_history_that_cannot_be_read_is_asked_for_less_and_less_often(self) -> None:
        async def act(desk: Desk) -> None:
            await desk.look()
            desk.board.open_incident("Outage", "It broke.").resolve("It is mended.")
            desk.serve(INCIDENTS, refusing(403))
            desk.restart()
            desk.asked()
            for _ in range(24 * 60):
                await desk.look(after_s=60)
            assert desk.asked().count(INCIDENTS) in range(280, 300), "of 1,440"
            del desk.net.answers[desk.page.url + INCIDENTS]
            await desk.look(after_s=300)
            assert desk.told() == ["It broke.", "It is mended."]

        _play(act)

    def test_half_a_history_is_asked_for_again_until_it_is_whole(self) -> None:
        async def act(desk: Desk) -> None:
            await desk.look()
            await asyncio.sleep(3600)
            work = desk.board.schedule_maintenance(
                "Work", "Soon.", starts_at=EPOCH, ends_at=EPOCH + timedelta(hours=1)
            )
            work.complete("Done.")
            desk.serve(MAINTENANCES, refusing(500))
            await desk.look()
            assert desk.told() == []
            desk.restart()
            del desk.net.answers[desk.page.url + MAINTENANCES]
            await desk.look(after_s=60)
            assert desk.told() == ["Soon.", "Done."]

        _play(act)

    def test_of_many_pages_histories_are_asked_for_one_after_the_other(self) -> None:
        pages = [
            Page(f"p{n}", f"https://host{n}.example", platform="statuspage") for n in range(30)
        ]

        async def play(loop: Timelapse) -> list[float]:
            board = Board("Vendor", clock=loop.wall)
            net = Net(loop, {page.url.split("/")[2]: board_answer(board) for page in pages})
            clock = clock_of(loop)
            looker = Looker(Ledger(SqliteStore.in_memory(), pages, clock), net, clock)
            await asyncio.gather(*map(looker.look, pages))
            await asyncio.sleep(3600)
            board.open_incident("Outage", "It broke.").resolve("It is mended.")
            looker.histories.refreshing(5.0)
            began = loop.time()
            await asyncio.gather(*map(looker.look, pages))
            return [at - began for at, url in net.asked if INCIDENTS in url or MAINTENANCES in url]

        times = live(play)
        assert len(times) == 60
        assert min(times) >= 5.0, "behind the looks of a refresh"
        assert max(sum(at <= t < at + 1 for t in times) for at in times) <= 11
