"""One part that fails, in whatever way and at whatever point, stops no other.

Two pages and two sinks on the real conductor. Something is made to raise, for a while; before,
meanwhile and afterwards both pages have news. What is not broken goes on, what was broken loses
nothing once it works, and nobody sees a traceback or the same line again and again.
"""

from __future__ import annotations

import asyncio
import io
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, Final, NoReturn, TypeVar
from unittest.mock import patch

import pytest

from tests.watch.timelapse import Timelapse, clock_of, live
from tests.watch.world import Net, board_answer
from traywatch import platforms, programlog
from traywatch.core.advance import advance
from traywatch.core.errors import FormatError, SinkError, StoreError
from traywatch.core.memory import Memory
from traywatch.core.model import Event, IncidentEvent, Page, Recorded, Snapshot
from traywatch.core.overview import Overview
from traywatch.core.reply import Reply
from traywatch.demo import Board
from traywatch.listener import Delivery, Verdict
from traywatch.listener.intake import Intake
from traywatch.platforms.statuspage import STATUSPAGE
from traywatch.platforms.webhook import parse_webhook
from traywatch.store.sqlite import SqliteStore
from traywatch.watch import conductor, drain, ledger
from traywatch.watch.conductor import Conductor
from traywatch.watch.drain import Worker
from traywatch.watch.inbox import Inbox

T = TypeVar("T")

PAGES: Final = [Page(f"p{n}", f"https://host{n}.example", platform="statuspage") for n in range(2)]
BROKEN_S: Final = 100.0
MENDED_S: Final = 1_300.0
END_S: Final = 2_300.0
"""When it begins to fail, when it works again, when everything is over."""
MOST_LINES: Final = 6
"""What a person may have to read of one fault that lasts: three lines, and as many for
each event that it costs."""

ERRORS: Final[list[BaseException]] = [
    StoreError("of ours"),
    SinkError("of ours"),
    FormatError("of ours"),
    ZeroDivisionError("nobody foresaw it"),
    StopIteration(),
    RecursionError(),
    MemoryError(),
]
FATAL: Final[list[BaseException]] = [SystemExit(3), KeyboardInterrupt()]
"""What a library may raise in a sink's thread. On the loop these do end the program."""

any_error = pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
any_fatal_too = pytest.mark.parametrize(
    "error", ERRORS + FATAL, ids=lambda error: type(error).__name__
)

# ---------------------------------------------------------------- the house


@dataclass
class ListSink:
    """Remembers the words of what it was given."""

    name: str
    batch: int = 1
    sums_up: bool = False
    words: list[str] = field(default_factory=list)

    def start(self, seq: int, position: str, pending: Sequence[Recorded]) -> tuple[int, str]:
        return seq, position

    def emit(self, batch: Sequence[Recorded]) -> str:
        events: list[Event] = [recorded.event for recorded in batch]
        self.words += [event.body for event in events if isinstance(event, IncidentEvent)]
        return ""

    def close(self) -> None:
        pass


class Prompt(Worker):
    """Its thread takes its time, but none of the loop's, which else would skip hours meanwhile."""

    async def do(self, job: Callable[[], T]) -> T:
        over = threading.Event()

        def run() -> T:
            try:
                return job()
            finally:
                over.set()

        done = asyncio.ensure_future(super().do(run))
        await asyncio.sleep(0)
        over.wait()
        return await done


class House:
    """What is under supervision."""

    def __init__(self, loop: Timelapse) -> None:
        self.store = SqliteStore.in_memory()
        self.sinks = [ListSink("one"), ListSink("other", batch=64)]
        self.boards = [Board(f"Vendor {n}", clock=loop.wall) for n in range(2)]
        for number, board in enumerate(self.boards):
            board._made = 1_000 * number  # no two have ids in common
        answers = {f"host{n}.example": board_answer(b) for n, b in enumerate(self.boards)}
        self.net = Net(loop, answers)
        self.overviews: list[Overview] = []
        self.conductor = Conductor(
            pages=PAGES,
            store=self.store,
            sinks=self.sinks,
            fetch=self.net,
            clock=clock_of(loop),
            on_overview=self.show,
        )
        self.meanwhile: list[list[str]] = []
        """What each sink had before the fault was mended."""

    def show(self, overview: Overview) -> None:
        self.overviews.append(overview)

    def publish(self, when: str) -> None:
        for number, board in enumerate(self.boards):
            board.open_incident(f"Outage {when}", f"{number} {when}")

    @property
    def told(self) -> list[list[str]]:
        """What each sink has in the end."""
        return [sink.words for sink in self.sinks]


Break = Callable[[House, BaseException], AbstractContextManager[Any]]
"""Makes one point of the house raise."""


def _live_through(plant: Break, error: BaseException) -> House:
    async def play(loop: Timelapse) -> House:
        house, stop = House(loop), asyncio.Event()
        running = asyncio.create_task(house.conductor.run(stop))
        await asyncio.sleep(1.0)
        house.publish("before")
        await asyncio.sleep(BROKEN_S - 1.0)
        with plant(house, error):
            house.publish("meanwhile")
            await asyncio.sleep(MENDED_S - BROKEN_S)
            house.meanwhile = [list(sink.words) for sink in house.sinks]
        house.publish("after")
        await asyncio.sleep(END_S - MENDED_S)
        stop.set()
        await running
        return house

    return live(play)


ALL: Final = sorted(f"{n} {when}" for n in range(2) for when in ("before", "meanwhile", "after"))


def _raising(error: BaseException) -> Callable[..., NoReturn]:
    def fails(*_: object, **__: object) -> NoReturn:
        raise copy(error)  # one that is raised again and again grows a traceback without end

    return fails


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "Worker", Prompt)


@pytest.fixture(autouse=True)
def stderr() -> Iterator[io.StringIO]:
    """The program's own log as a person sees it; whatever fails, it stays short."""
    stream, root = io.StringIO(), logging.getLogger()
    before = root.level
    programlog.configure(level="info", log_format="text", file=None, stream=stream)
    try:
        yield stream
    finally:
        programlog._release_handlers()
        root.setLevel(before)
        logging.getLogger("traywatch").setLevel(logging.NOTSET)
        logging.captureWarnings(False)
        logging.raiseExceptions = True


def _is_calm(stderr: io.StringIO) -> bool:
    text = stderr.getvalue()
    assert "Traceback" not in text, text
    assert 0 < text.count("\n") <= MOST_LINES, text
    return True


# ---------------------------------------------------------------- a page


def _fetch(house: House, error: BaseException) -> AbstractContextManager[Any]:
    return patch.dict(house.net.answers, {"host0.example": _raising(error)})


def _parse(house: House, error: BaseException) -> AbstractContextManager[Any]:
    def parse(reply: Reply) -> Snapshot:
        if "host0" in reply.url:
            raise copy(error)
        return STATUSPAGE.parse(reply)

    broken = replace(STATUSPAGE, parse=parse)
    return patch.object(platforms, "PLATFORMS", (broken,))


def _advance(house: House, error: BaseException) -> AbstractContextManager[Any]:
    def fails_for_the_first(memory: Memory, *args: Any) -> tuple[Memory, tuple[Event, ...]]:
        if memory.page_id == "p0":
            raise copy(error)
        return advance(memory, *args)

    return patch.object(ledger, "advance", fails_for_the_first)


@pytest.mark.parametrize("error", ERRORS[1:], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("plant", [_fetch, _parse, _advance])
def test_a_page_that_fails_holds_up_no_other_and_loses_nothing(
    plant: Break, error: BaseException, stderr: io.StringIO
) -> None:
    house = _live_through(plant, error)
    for meanwhile in house.meanwhile:
        assert "1 meanwhile" in meanwhile
        assert "0 meanwhile" not in meanwhile
    assert [sorted(words) for words in house.told] == [ALL, ALL]
    assert _is_calm(stderr)


# ---------------------------------------------------------------- a sink


def _emit(house: House, error: BaseException) -> AbstractContextManager[Any]:
    return patch.object(house.sinks[0], "emit", _raising(error))


@any_fatal_too
def test_a_sink_that_fails_holds_up_no_other(error: BaseException, stderr: io.StringIO) -> None:
    """One that knows why it cannot go on loses nothing; anything else is passed over in time."""
    house = _live_through(_emit, error)
    assert "0 meanwhile" not in house.meanwhile[0]
    assert {"0 meanwhile", "1 meanwhile"} <= set(house.meanwhile[1])
    lost = set() if isinstance(error, SinkError) else {"0 meanwhile", "1 meanwhile"}
    assert sorted(house.told[0]) == sorted(set(ALL) - lost)
    assert sorted(house.told[1]) == ALL
    assert _is_calm(stderr)


@any_fatal_too
def test_a_sink_that_cannot_begin_is_begun_until_it_can(
    error: BaseException, stderr: io.StringIO
) -> None:
    async def play(loop: Timelapse) -> House:
        house, stop = House(loop), asyncio.Event()
        with patch.object(house.sinks[0], "start", _raising(error)):
            running = asyncio.create_task(house.conductor.run(stop))
            await asyncio.sleep(1.0)
            house.publish("meanwhile")
            await asyncio.sleep(MENDED_S)
            house.meanwhile = [list(sink.words) for sink in house.sinks]
        await asyncio.sleep(100.0)
        stop.set()
        await running
        return house

    house = live(play)
    news = ["0 meanwhile", "1 meanwhile"]
    assert [sorted(words) for words in house.meanwhile] == [[], news]
    assert [sorted(words) for words in house.told] == [news, news]
    assert _is_calm(stderr)


# ---------------------------------------------------------------- the store


def _store(name: str) -> Break:
    def plant(house: House, error: BaseException) -> AbstractContextManager[Any]:
        return patch.object(house.store, name, _raising(error))

    return plant


@any_error
@pytest.mark.parametrize("name", ["commit", "seen", "move_cursor", "events_after"])
def test_a_store_that_fails_costs_nothing_once_it_works(
    name: str, error: BaseException, stderr: io.StringIO
) -> None:
    house = _live_through(_store(name), error)
    assert [sorted(words) for words in house.told] == [ALL, ALL]
    assert _is_calm(stderr)


@any_error
@pytest.mark.parametrize("name", ["prune", "last_seq", "cursor"])
def test_what_is_not_on_the_road_holds_up_nothing(
    name: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conductor, "PRUNE_S", MENDED_S - 100.0)
    house = _live_through(_store(name), error)
    for meanwhile in house.meanwhile:
        assert {"0 meanwhile", "1 meanwhile"} <= set(meanwhile)
    assert [sorted(words) for words in house.told] == [ALL, ALL]


POSTED: Final = b'{"incident":{"id":"i","name":"X","incident_updates":[{"id":"u","body":"W"}]}}'


@any_error
@pytest.mark.parametrize("name", ["has_receipt", "commit"])
def test_a_webhook_that_could_not_be_stored_is_refused_and_taken_when_it_comes_again(
    name: str, error: BaseException
) -> None:
    async def play(loop: Timelapse) -> House:
        house, stop = House(loop), asyncio.Event()
        intake = Intake(Inbox(house.conductor), secrets=())
        delivery = Delivery(None, parse_webhook(POSTED), "receipt", loop.wall())
        running = asyncio.create_task(house.conductor.run(stop))
        with patch.object(house.store, name, _raising(error)):
            refused = await intake._hand_over(delivery)
        taken = await intake._hand_over(delivery)
        assert (refused.verdict, taken.verdict) == (Verdict.UNAVAILABLE, Verdict.ACCEPTED)
        await asyncio.sleep(10.0)
        stop.set()
        await running
        return house

    assert live(play).told == [["W"], ["W"]]


# ---------------------------------------------------------------- the rest


@any_error
def test_a_tray_that_fails_holds_up_nothing_and_is_shown_the_truth_when_it_works(
    error: BaseException, stderr: io.StringIO
) -> None:
    def plant(house: House, error: BaseException) -> AbstractContextManager[Any]:
        return patch.object(house.conductor, "_on_overview", _raising(error))

    house = _live_through(plant, error)
    for meanwhile in house.meanwhile:
        assert {"0 meanwhile", "1 meanwhile"} <= set(meanwhile)
    for view, name in zip(house.overviews[-1].pages, ("p0", "p1"), strict=True):
        assert view.page_id == name
        assert len(view.incidents) == len(("before", "meanwhile", "after"))
    assert _is_calm(stderr)


@any_error
def test_a_sink_that_cannot_be_closed_keeps_nobody_from_ending(error: BaseException) -> None:
    def plant(house: House, error: BaseException) -> AbstractContextManager[Any]:
        house.sinks[0].close = _raising(error)  # type: ignore[method-assign]
        return nullcontext()  # to the end, when it is closed

    house = _live_through(plant, error)
    assert [sorted(words) for words in house.told] == [ALL, ALL]
