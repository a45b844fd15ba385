"""The conductor over hours of somebody's life, in milliseconds of ours."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest

from tests.watch.timelapse import EPOCH, Timelapse, live
from tests.watch.world import World, board_answer, portal, refusing, unreachable
from traywatch.core.model import (
    ComponentStatus,
    IncidentClosed,
    IncidentOpened,
    IncidentStatus,
    Page,
    PageReadable,
    PageUnreadable,
)
from traywatch.core.overview import IconState
from traywatch.demo import Board


def _pages(count: int) -> list[Page]:
    return [
        Page(id=f"p{n}", url=f"https://host{n}.example", platform="statuspage")
        for n in range(count)
    ]


def _board(loop: Timelapse, name: str = "Vendor") -> Board:
    return Board(name, components=("API", "Web"), clock=loop.wall)


def _open(board: Board, name: str = "Outage") -> None:
    board.open_incident(name, "We are looking.", components={"API": ComponentStatus.PARTIAL_OUTAGE})


def _identify(board: Board) -> None:
    board.incident("Outage").update(IncidentStatus.IDENTIFIED, "Found it.")


def _world(
    loop: Timelapse, count: int = 1, dice: Callable[[], float] = lambda: 0.5
) -> tuple[World, Board]:
    world, board = World(loop, _pages(count), dice=dice), _board(loop)
    for page in world.conductor.pages.values():
        world.net.answers[page.url.removeprefix("https://")] = board_answer(board)
    return world, board


async def _cut_off(loop: Timelapse, count: int) -> World:
    """A world that runs for 1,000 seconds, without a network from 100 to 700."""
    world, _ = _world(loop, count)
    answers = dict(world.net.answers)

    def cut() -> None:
        world.net.answers = dict.fromkeys(answers, unreachable)

    def mend() -> None:
        world.net.answers = answers

    await world.runs(1_000, (100, cut), (700, mend))
    return world


def _kinds(world: World) -> list[type]:
    return [type(event) for event in world.told()]


class TestPolling:
    def test_one_page_is_asked_at_once_and_then_every_minute(self) -> None:
        async def play(loop: Timelapse) -> World:
            world, _ = _world(loop)
            await world.runs(601)
            return world

        times = live(play).net.times("summary")
        assert times[0] == 0.0
        gaps = [b - a for a, b in pairwise(times)]
        assert len(times) in (10, 11)
        assert all(54 <= gap <= 67 for gap in gaps)

    def test_every_thirty_seconds_while_an_incident_is_open(self) -> None:
        async def play(loop: Timelapse) -> World:
            world, board = _world(loop)
            _open(board)
            await world.runs(301)
            return world

        assert len(live(play).net.times("summary")) in (10, 11)

    def test_many_pages_are_spread_and_never_more_than_fifty_at_once(self) -> None:
        async def play(loop: Timelapse) -> World:
            world, _ = _world(loop, 200)
            world.net.latency_s = 8.0
            await world.runs(170)
            return world

        world = live(play)
        assert world.net.most_under_way <= 50
        asked = Counter(url for _, url in world.net.asked)
        assert len(asked) == 200 and set(asked.values()) <= {2, 3}

    def test_retry_after_holds_for_the_whole_host(self) -> None:
        async def play(loop: Timelapse) -> World:
            world = World(
                loop,
                [
                    Page("a", "https://host.example/a", platform="statuspage"),
                    Page("b", "https://host.example/b", platform="statuspage"),
                ],
            )
            world.net.answers["host.example"] = refusing(429, 300.0)
            await world.runs(299)
            return world

        assert len(live(play).net.asked) <= 2

    def test_check_now_rings_every_page_but_not_more_often_than_in_ten_seconds(self) -> None:
        async def play(loop: Timelapse) -> World:
            world, _ = _world(loop)
            rings = [(20 + n / 10, world.conductor.check_now) for n in range(50)]
            await world.runs(40, *rings)
            return world

        times = live(play).net.times("summary")
        assert [round(at) for at in times] == [0, 20, 30]

    def test_a_look_that_never_ends_is_not_begun_twice(self) -> None:
        async def play(loop: Timelapse) -> World:
            world, _ = _world(loop)
            world.net.latency_s = 1e9
            await world.runs(100, (50, world.conductor.check_now))
            return world

        assert live(play).net.most_under_way == 1

    def test_echoes_of_a_webhook_wait_for_a_host_that_asked_to_be_left_alone(self) -> None:
        async def play(loop: Timelapse) -> World:
            world, _ = _world(loop)

            def close() -> None:
                world.net.answers["host0.example"] = refusing(429, 300.0)

            await world.runs(
                400, (70, close), (71, lambda: world.conductor.ring("p0", echoes=True))
            )
            return world

        times = live(play).net.times("summary")
        assert [round(at) for at in times] == [0, 60, 71, 372], "once, however many had passed"

    def test_an_echo_during_a_slow_look_comes_when_the_look_has_ended(self) -> None:
        async def play(loop: Timelapse) -> World:
            world, _ = _world(loop)
            world.net.latency_s = 25.0
            await world.runs(74, (1, lambda: world.conductor.ring("p0", echoes=True)))
            return world

        assert [round(at) for at in live(play).net.times("summary")] == [0, 26, 52]


class TestNews:
    def test_opened_updated_and_closed_with_its_own_words(self) -> None:
        async def play(loop: Timelapse) -> World:
            world, board = _world(loop)
            await world.runs(
                400,
                (70, lambda: _open(board)),
                (
                    140,
                    lambda: board.incident("Outage").update(IncidentStatus.IDENTIFIED, "Found it."),
                ),
                (230, lambda: board.incident("Outage").resolve("All is well.")),
            )
            return world

        told = live(play).told()
        assert [getattr(event, "body", "") for event in told] == [
            "We are looking.",
            "Found it.",
            "All is well.",
        ]
        assert type(told[0]) is IncidentOpened and type(told[-1]) is IncidentClosed

    def test_what_opened_and_closed_during_sleep_is_told_from_the_history(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def play(loop: Timelapse) -> World:
            world, board = _world(loop)

            def sleep_through_an_outage() -> None:
                loop.jump(3600)
                _open(board)
                loop.jump(3600)
                board.incident("Outage").resolve("All is well.")
                loop.jump(3600)

            await world.runs(200, (100, sleep_through_an_outage))
            return world

        with caplog.at_level(logging.INFO):
            world = live(play)
        assert _kinds(world) == [IncidentOpened, IncidentClosed]
        assert "away: refreshing" in caplog.text
        assert any(100 <= at <= 106 for at in world.net.times("summary")), "refreshed at once"

    @pytest.mark.parametrize("sleep", [Timelapse.jump, Timelapse.freeze])
    def test_after_a_sleep_everything_is_asked_soon_and_ten_a_second(
        self, sleep: Callable[[Timelapse, float], None], caplog: pytest.LogCaptureFixture
    ) -> None:
        """Whether or not the monotonic clock slept too. No loop is taken for a stuck one."""
        woke: list[float] = []

        async def play(loop: Timelapse) -> World:
            world, _ = _world(loop, 40)

            def sleep_for_an_hour() -> None:
                sleep(loop, 3600.0)
                woke.append(loop.time() - 1_000.0)
                loop.call_later(100, stop.set)

            stop = asyncio.Event()
            loop.call_later(100, sleep_for_an_hour)
            await world.conductor.run(stop)
            return world

        with caplog.at_level(logging.INFO):
            world = live(play)
        asked = [at - woke[0] for at in world.net.times("summary") if at >= woke[0]]
        by_second = Counter(int(at) for at in asked if at < 12)
        assert max(by_second.values()) <= 10 and by_second.total() == 40
        assert world.net.forgotten == 1
        (line,) = [r.getMessage() for r in caplog.records if r.name.startswith("traywatch")]
        assert line.startswith("back after 360")

    @pytest.mark.parametrize(
        ("interval_s", "incident_open", "asleep_s", "noticed"),
        [
            (60.0, False, 100.0, False),
            (60.0, False, 130.0, True),
            (60.0, True, 70.0, True),
            (3600.0, False, 5400.0, False),
            (3600.0, False, 7300.0, True),
        ],
    )
    def test_a_sleep_is_noticed_by_the_page_that_is_asked_most_often(
        self, interval_s: float, incident_open: bool, asleep_s: float, noticed: bool
    ) -> None:
        """One page that is asked hourly does not keep the others from being refreshed."""

        async def play(loop: Timelapse) -> World:
            hourly = Page("h", "https://hourly.example", platform="statuspage", interval_s=3600.0)
            often = replace(_pages(1)[0], interval_s=interval_s)
            world, board = World(loop, [often, hourly]), _board(loop)
            for host in ("host0.example", "hourly.example"):
                world.net.answers[host] = board_answer(board)
            if incident_open:
                _open(board)
            await world.runs(120, (100, lambda: loop.jump(asleep_s)))
            return world

        assert (live(play).net.forgotten == 1) is noticed

    def test_a_wall_clock_moved_by_a_day_repeats_nothing_and_stalls_nothing(self) -> None:
        async def play(loop: Timelapse) -> World:
            world, board = _world(loop)
            _open(board)
            await world.runs(
                900, (200, lambda: loop.jump(-86_400)), (500, lambda: loop.jump(2 * 86_400))
            )
            return world

        world = live(play)
        assert _kinds(world) == [IncidentOpened]
        gaps = world.net.times("summary")
        assert max(b - a for a, b in pairwise(gaps)) <= 67


class TestOffline:
    def test_it_is_one_state_with_one_line_and_no_alarm(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def play(loop: Timelapse) -> World:
            return await _cut_off(loop, 20)

        with caplog.at_level(logging.INFO):
            world = live(play)
        assert _kinds(world) == []
        assert caplog.text.count("offline, trying again") == 1
        assert caplog.text.count("online again") == 1
        probes = [at for at in world.net.times("") if 250 < at < 700]
        assert len(probes) < 50, "one page is tried, the others are left in peace"
        after = Counter(
            url for at, url in world.net.asked if 700 <= at - 1_000 <= 715 and "summary" in url
        )
        assert len(after) == 20, "everything is refreshed within seconds"
        assert any(view.offline for view in world.overviews)
        assert world.overviews[-1].state is IconState.OPERATIONAL

    def test_a_start_without_a_network_is_one_calm_line(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def play(loop: Timelapse) -> World:
            world = World(loop, _pages(1))
            world.net.answers["host0.example"] = unreachable
            await world.runs(600)
            return world

        with caplog.at_level(logging.INFO):
            world = live(play)
        assert _kinds(world) == []
        assert len([r for r in caplog.records if r.name.startswith("traywatch")]) == 1
        assert world.overviews[-1].state is IconState.UNREADABLE

    @pytest.mark.parametrize("count", [1, 2, 20])
    def test_no_page_is_tried_more_often_than_every_thirty_seconds(self, count: int) -> None:
        """Who watches few pages cannot tell a vendor that is down from a network that is away."""

        async def play(loop: Timelapse) -> World:
            return await _cut_off(loop, count)

        world = live(play)
        for page in world.conductor.pages:
            times = world.net.times(page.replace("p", "host") + ".example/api/v2/summary")
            tried = [at for at in times if 150 < at < 700]
            assert tried and all(b - a >= 30 for a, b in pairwise(tried))
        assert any(700 <= at <= 730 for at in world.net.times("")), "and the end is soon noticed"

    @pytest.mark.parametrize(("count", "dead"), [(4, 3), (6, 3), (10, 5), (20, 5)])
    def test_a_few_dead_hosts_among_others_are_no_offline_and_are_asked_as_backoff_has_it(
        self, count: int, dead: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def play(loop: Timelapse) -> World:
            dice = Random(count)
            world, _ = _world(loop, count, dice.random)
            for n in range(dead):
                world.net.answers[f"host{n}.example"] = unreachable
            await world.runs(6 * 3600)
            return world

        with caplog.at_level(logging.INFO):
            world = live(play)
        assert caplog.text.count("offline, trying again") <= 1, "at a start it may look like it"
        assert caplog.text.count("cannot be read") == dead
        asked = Counter(url.split("/")[2] for _, url in world.net.asked)
        hourly = [asked[f"host{n}.example"] / 6 for n in range(dead)]
        assert max(hourly) < 30, "every 165 s on average, from 30 s to 300 s"

    def test_a_host_that_was_dead_before_keeps_its_pace_offline_and_online_again(self) -> None:
        async def play(loop: Timelapse) -> World:
            world, _ = _world(loop, 4)
            world.net.answers["host0.example"] = unreachable
            answers = dict(world.net.answers)

            def cut() -> None:
                world.net.answers = dict.fromkeys(answers, unreachable)

            def mend() -> None:
                world.net.answers = answers

            await world.runs(4_000, (3_000, cut), (3_600, mend))
            assert any(view.offline for view in world.overviews)
            return world

        times = [at for at in live(play).net.times("host0.") if at > 1_000]
        assert all(160 < b - a < 200 for a, b in pairwise(times)), "from 30 s to 300 s"


class TestUnreadable:
    @pytest.mark.parametrize("answer", [portal, refusing(500), refusing(403)])
    def test_after_three_misses_and_it_forgets_nothing(self, answer: object) -> None:
        async def play(loop: Timelapse) -> World:
            world, board = _world(loop)
            _open(board)
            good = dict(world.net.answers)

            def spoil() -> None:
                world.net.answers = dict.fromkeys(good, answer)  # type: ignore[arg-type]

            def mend() -> None:
                world.net.answers = good

            await world.runs(4_000, (100, spoil), (3_000, mend))
            return world

        world = live(play)
        assert _kinds(world) == [IncidentOpened, PageUnreadable, PageReadable]
        worst = [view.state for view in world.overviews if not view.pages[0].readable]
        assert set(worst[1:]) == {IconState.PARTIAL_OUTAGE}, "the last known state is kept"

    def test_a_page_that_moved_to_another_platform_is_found_again_once_a_day(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def play(loop: Timelapse) -> World:
            world = World(loop, [Page("p", "https://host.example")])
            board = _board(loop)
            known = board_answer(board)
            world.net.answers["host.example"] = known
            address = "https://host.example/api/v2/summary.json"

            def move() -> None:
                world.net.answers[address] = portal

            await world.runs(3 * 86_400, (100, move))
            return world

        world = live(play)
        searches = world.net.times("/proxy/")
        assert 1 <= len(searches) <= 3


def test_a_store_that_is_down_keeps_news_back_and_loses_none(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from traywatch.core.errors import StoreError

    async def play(loop: Timelapse) -> World:
        world, board = _world(loop)
        commit = world.store.commit
        down = False

        def commit_or_fail(*args: object) -> None:
            if down:
                raise StoreError("disk full")
            commit(*args)  # type: ignore[arg-type]

        def fill() -> None:
            nonlocal down
            down = True

        def free() -> None:
            nonlocal down
            down = False

        monkeypatch.setattr(world.store, "commit", commit_or_fail)
        await world.runs(900, (70, fill), (100, lambda: _open(board)), (600, free))
        return world

    with caplog.at_level(logging.INFO):
        world = live(play)
    assert _kinds(world) == [IncidentOpened]
    assert caplog.text.count("disk full") == 1
    assert any(view.state is IconState.PARTIAL_OUTAGE for view in world.overviews)


def test_boards_of_the_epoch() -> None:
    """The world's clock and the boards' are one."""

    async def play(loop: Timelapse) -> timedelta:
        return loop.wall() - EPOCH

    assert live(play) == timedelta(0)
