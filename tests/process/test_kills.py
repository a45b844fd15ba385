"""``kill -9`` at every failpoint and at any moment: nothing lost, nothing twice.

The points are found by reading the sources, so a new one is tested without a word here. The
jittered kills are seeded: a failure names the seed that brings it back.
"""

from __future__ import annotations

import os
import random
import re
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.process.conftest import Start
from tests.process.harness import Program, StoppedClock
from tests.process.ordeal import Ordeal
from traywatch import failpoints
from traywatch.demo import DemoVendor

PACKAGE: Final = Path(failpoints.__file__).parent
POINTS: Final = sorted(
    {
        name
        for source in PACKAGE.rglob("*.py")
        for name in re.findall(r'\bhit\("([a-z_.]+)"\)', source.read_text("utf-8"))
    }
)
AT_FIRST_START: Final = ("store.create.", "store.upgrade.")
AT_DAMAGE: Final = ("store.aside.",)
ON_THE_WAY: Final = tuple(p for p in POINTS if not p.startswith((*AT_FIRST_START, *AT_DAMAGE)))
_MOST_NEWS: Final = 50
"""So often something is published before a point that is not passed fails the test."""
SHORT_ROUNDS: Final = 30
POLITE_ROUNDS: Final = 20
SOAK_ROUNDS: Final = 1_000

Begin = Callable[..., Ordeal]


@pytest.fixture
def begin(vendor: DemoVendor, clock: StoppedClock, profile: Path, hasty: Start) -> Begin:
    def begin_one(seed: int, rotate_bytes: int) -> Ordeal:
        start = partial(hasty, rotate_bytes=rotate_bytes)
        return Ordeal(vendor, clock, profile, start, random.Random(seed))

    return begin_one


def test_there_are_points_to_die_at() -> None:
    assert len(POINTS) >= 10, POINTS


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_failpoint_nothing_is_lost_and_nothing_comes_twice(
    begin: Begin, point: str
) -> None:
    ordeal = begin(seed=len(point), rotate_bytes=400)
    if point.startswith(AT_FIRST_START):
        _die(ordeal, point, news=0)
        ordeal.begin()
    elif point.startswith(AT_DAMAGE):
        ordeal.begin()
        (ordeal.profile / "traywatch.db").write_bytes(b"This is no database. " * 500)
        _die(ordeal, point, news=0)
        ordeal.begin()
    else:
        ordeal.begin()
        for passage in (1, 2):
            _die(ordeal, f"{point}:{passage}")
    ordeal.publish(2)
    ordeal.settle()
    ordeal.check()


@pytest.mark.parametrize("torn_bytes", [1, 40])
def test_a_record_torn_by_a_power_cut_is_made_whole(begin: Begin, torn_bytes: int) -> None:
    ordeal = begin(seed=torn_bytes, rotate_bytes=100_000)
    ordeal.begin()
    _die(ordeal, "logfile.write.after")
    log = ordeal.profile / "records.log"
    os.truncate(log, log.stat().st_size - torn_bytes)
    ordeal.settle()
    ordeal.check()


def test_killed_again_and_again_before_the_history_is_read_the_closing_words_still_come(
    begin: Begin,
) -> None:
    ordeal = begin(seed=1, rotate_bytes=100_000)
    ordeal.begin()
    ordeal.publish()
    ordeal.settle()
    ordeal.end_all()
    for _ in range(6):
        _die(ordeal, "store.commit.after", news=0)
    ordeal.settle()
    ordeal.check()


def _die(ordeal: Ordeal, at: str, *, news: int = 2) -> None:
    """Live until the point is passed, while the vendor goes on publishing."""

    def end(program: Program) -> None:
        for _ in range(_MOST_NEWS):
            ordeal.publish(news)
            if program.ended_within(0.3):
                break
        assert program.wait() == -signal.SIGKILL

    ordeal.live_until(end, environment={failpoints.VARIABLE: at})


def test_killed_at_any_moment_nothing_is_lost_and_nothing_comes_twice(begin: Begin) -> None:
    _endure(begin(seed=20251118, rotate_bytes=2_000), SHORT_ROUNDS)


def test_told_to_end_at_any_moment_it_is_out_in_time_and_keeps_everything(begin: Begin) -> None:
    ordeal = begin(seed=7, rotate_bytes=2_000)
    ordeal.begin()
    for _ in range(POLITE_ROUNDS):
        ordeal.polite_round()
    ordeal.settle()
    assert ordeal.kills == 0
    ordeal.check()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_killed_a_thousand_times_nothing_is_lost_and_nothing_comes_twice(
    begin: Begin, seed: int
) -> None:
    _endure(begin(seed, rotate_bytes=20_000), SOAK_ROUNDS // 10)


def _endure(ordeal: Ordeal, rounds: int) -> None:
    ordeal.begin()
    for _ in range(rounds):
        ordeal.round(ON_THE_WAY)
    ordeal.settle()
    print(ordeal.check())
    assert len(ordeal.told) > rounds / 2, "there was something to lose"
