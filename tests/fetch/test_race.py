"""Staggered attempts: who wins, what is thrown away, what is raised."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.faults.arena import play
from traywatch.fetch.race import first_to_succeed

NEVER_S = 3600.0
AT_ONCE_S = 0.0


class Track:
    """Makes attempts and notes what becomes of them."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.cancelled: list[str] = []
        self.discarded: list[str] = []
        self.let_go = asyncio.Event()

    def wins(self, name: str) -> Callable[[], Coroutine[Any, Any, str]]:
        async def attempt() -> str:
            self.started.append(name)
            return name

        return attempt

    def fails(self, name: str) -> Callable[[], Coroutine[Any, Any, str]]:
        async def attempt() -> str:
            self.started.append(name)
            raise OSError(name)

        return attempt

    def waits(self, name: str) -> Callable[[], Coroutine[Any, Any, str]]:
        async def attempt() -> str:
            self.started.append(name)
            try:
                await self.let_go.wait()
            except asyncio.CancelledError:
                self.cancelled.append(name)
                raise
            return name

        return attempt

    async def run(self, *attempts: Callable[[], Coroutine[Any, Any, str]], stagger_s: float) -> str:
        winner = await first_to_succeed(attempts, stagger_s, self.discarded.append)
        await asyncio.wait([idle()])  # the losers hear of it
        return winner

    async def started_race(self, *names: str) -> asyncio.Task[str]:
        """All of them under way and waiting."""
        attempts = [self.waits(name) for name in names]
        race = asyncio.create_task(first_to_succeed(attempts, AT_ONCE_S, self.discarded.append))
        while len(self.started) < len(names):
            await asyncio.wait([idle()])
        return race


def idle() -> asyncio.Task[None]:
    async def nothing() -> None: ...

    return asyncio.ensure_future(nothing())


def test_the_first_wins_and_no_other_is_started() -> None:
    async def scenario() -> None:
        track = Track()
        assert await track.run(track.wins("a"), track.wins("b"), stagger_s=NEVER_S) == "a"
        assert track.started == ["a"]

    play(scenario)


def test_a_failure_starts_the_next_without_waiting() -> None:
    async def scenario() -> None:
        track = Track()
        assert await track.run(track.fails("a"), track.wins("b"), stagger_s=NEVER_S) == "b"

    play(scenario)


def test_a_silent_one_is_overtaken_and_cancelled() -> None:
    async def scenario() -> None:
        track = Track()
        assert await track.run(track.waits("a"), track.wins("b"), stagger_s=AT_ONCE_S) == "b"
        assert track.cancelled == ["a"]

    play(scenario)


def test_two_winners_at_once_are_one_winner() -> None:
    async def scenario() -> None:
        track = Track()
        race = await track.started_race("a", "b")
        track.let_go.set()
        winner = await race
        await asyncio.wait([idle()])
        assert sorted([winner, *track.discarded]) == ["a", "b"]

    play(scenario)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_when_all_fail_the_first_failure_is_raised(count: int) -> None:
    async def scenario() -> None:
        track = Track()
        attempts = [track.fails(str(n)) for n in range(count)]
        with pytest.raises(OSError, match="0"):
            await first_to_succeed(attempts, NEVER_S, track.discarded.append)
        assert track.started == [str(n) for n in range(count)]

    play(scenario)


def test_a_cancelled_race_cancels_its_attempts() -> None:
    async def scenario() -> None:
        track = Track()
        race = await track.started_race("a", "b")
        race.cancel()
        await asyncio.wait([race])
        await asyncio.wait([idle()])
        assert race.cancelled()
        assert sorted(track.cancelled) == ["a", "b"]

    play(scenario)
