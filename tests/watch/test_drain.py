"""The event log into a sink: in order, behind its cursor, whatever the sink does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.watch.timelapse import EPOCH, Timelapse, live
from traywatch.core.errors import SinkError, StoreError
from traywatch.core.memory import Memory
from traywatch.core.model import PageReadable, Recorded
from traywatch.store import Commit, Cursor, PageRecord
from traywatch.store.sqlite import SqliteStore
from traywatch.watch.drain import FAULTS, Drain


@dataclass
class ListSink:
    """Remembers what it was given; fails as it is told to."""

    name: str = "list"
    batch: int = 1
    sums_up: bool = False
    emitted: list[int] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    poison: int | None = None
    """A batch with this one in it fails, always."""
    at_start: int | None = None

    def start(self, seq: int, position: str, pending: Sequence[Recorded]) -> tuple[int, str]:
        return (seq if self.at_start is None else self.at_start), position

    def emit(self, batch: Sequence[Recorded]) -> str:
        if self.failures:
            raise self.failures.pop(0)
        if any(recorded.seq == self.poison for recorded in batch):
            raise ZeroDivisionError
        self.emitted += [recorded.seq for recorded in batch]
        return f"after {batch[-1].seq}"

    def close(self) -> None:
        pass


def _append(store: SqliteStore, count: int) -> None:
    event = PageReadable(page_id="p", page_name="P", at=EPOCH)
    store.commit([Commit(PageRecord("p", "", Memory("p")), (event,) * count)], EPOCH)


def _drained(sink: ListSink, store: SqliteStore, *, more: int = 0) -> float:
    """Drain until the sink is level; returns how long that took on the loop's clock."""

    async def play(loop: Timelapse) -> float:
        drain = Drain(sink, store)
        task = asyncio.create_task(drain.run())
        await drain.idle.wait()
        if more:
            _append(store, more)
            drain.ring()
            await drain.idle.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        drain.close()
        return loop.time() - 1_000.0

    return live(play)


@pytest.fixture
def store() -> SqliteStore:
    """A log with three events, of which the sink has had none."""
    store = SqliteStore.in_memory()
    store.cursor("list")
    _append(store, 3)
    return store


def test_everything_in_order_and_the_cursor_behind_it(store: SqliteStore) -> None:
    sink = ListSink()
    _drained(sink, store, more=2)
    assert sink.emitted == [1, 2, 3, 4, 5]
    assert store.cursor("list") == Cursor(5, "after 5")


def test_nothing_again_after_a_restart(store: SqliteStore) -> None:
    _drained(ListSink(), store)
    again = ListSink()
    _drained(again, store, more=1)
    assert again.emitted == [4]


def test_a_passing_failure_is_tried_again_with_backoff(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    sink = ListSink(failures=[SinkError("disk full")] * 3)
    took_s = _drained(sink, store)
    assert sink.emitted == [1, 2, 3]
    assert took_s == 1 + 2 + 4
    assert caplog.text.count("disk full") == 1, "said once"


def test_a_permanent_failure_is_passed_over(store: SqliteStore) -> None:
    sink = ListSink(failures=[SinkError("no daemon", permanent=True)])
    _drained(sink, store)
    assert sink.emitted == [2, 3]
    assert store.cursor("list").seq == 3


def test_what_nobody_foresaw_is_tried_again_too(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    sink = ListSink(failures=[KeyError("x")] * (FAULTS - 1))
    took_s = _drained(sink, store)
    assert sink.emitted == [1, 2, 3]
    assert took_s == 1 + 2 + 4 + 8
    assert [r.getMessage() for r in caplog.records] == ["list: KeyError: 'x'; trying again"]


@pytest.mark.parametrize("batch", [1, 64])
def test_one_poisonous_event_is_passed_over_and_no_other(
    store: SqliteStore, batch: int, caplog: pytest.LogCaptureFixture
) -> None:
    sink = ListSink(batch=batch, poison=2)
    took_s = _drained(sink, store, more=1)
    assert sink.emitted == [1, 3, 4]
    assert took_s < 60, "it does not silence the sink"
    assert caplog.text.count("passed over 1") == 1


class Slow(ListSink):
    """Says when it begins, and ends when it is let."""

    def __init__(self, loop: Timelapse) -> None:
        super().__init__()
        self.begun = asyncio.Event()
        self.may_end = threading.Event()
        self._loop = loop

    def emit(self, batch: Sequence[Recorded]) -> str:
        self._loop.call_soon_threadsafe(self.begun.set)
        self.may_end.wait()
        return super().emit(batch)


def test_begun_anew_it_repeats_nothing(store: SqliteStore) -> None:
    """It was cut off while its sink was at work."""

    async def play(loop: Timelapse) -> None:
        sink = Slow(loop)
        drain = Drain(sink, store)
        await _cut_off_at_work(drain, sink)
        task = asyncio.create_task(drain.run())
        sink.may_end.set()
        await drain.idle.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        drain.close()
        assert sink.emitted == [1, 2, 3]

    live(play)


def test_what_was_emitted_while_nobody_waited_is_noted_at_the_end(store: SqliteStore) -> None:
    async def play(loop: Timelapse) -> None:
        sink = Slow(loop)
        drain = Drain(sink, store)
        await _cut_off_at_work(drain, sink)
        sink.may_end.set()
        drain.close(timeout_s=60)
        assert sink.emitted == [1]

    live(play)
    assert store.cursor("list") == Cursor(1, "after 1")


async def _cut_off_at_work(drain: Drain, sink: Slow) -> None:
    task = asyncio.create_task(drain.run())
    await sink.begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_nothing_at_the_end_keeps_others_from_ending(store: SqliteStore) -> None:
    class Broken(ListSink):
        def close(self) -> None:
            raise OSError

    _drained(Broken(), store)


def test_a_store_that_fails_in_a_way_nobody_foresaw_is_asked_again(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, failures = store.events_after, [RuntimeError(), RuntimeError()]

    def reads(seq: int, limit: int) -> Sequence[Recorded]:
        if failures:
            raise failures.pop()
        return read(seq, limit)

    monkeypatch.setattr(store, "events_after", reads)
    sink = ListSink()
    _drained(sink, store)
    assert sink.emitted == [1, 2, 3]


def test_what_the_sink_finds_done_is_not_done_again(store: SqliteStore) -> None:
    sink = ListSink(at_start=2)
    _drained(sink, store)
    assert sink.emitted == [3]


def test_a_batch_is_as_large_as_the_sink_likes(store: SqliteStore) -> None:
    sink = ListSink(batch=2)
    _drained(sink, store)
    assert store.cursor("list") == Cursor(3, "after 3")
    assert sink.emitted == [1, 2, 3]


def test_nothing_is_emitted_before_the_cursor_of_the_last_is_stored(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sink, move, emitted_by = ListSink(), store.move_cursor, []

    def full(name: str, cursor: Cursor) -> None:
        emitted_by.append(list(sink.emitted))
        if len(emitted_by) < 5:
            raise StoreError("disk full")
        move(name, cursor)

    monkeypatch.setattr(store, "move_cursor", full)
    took_s = _drained(sink, store)
    assert emitted_by == [[1]] * 5 + [[1, 2], [1, 2, 3]]
    assert took_s == 1 + 2 + 4 + 8
    assert not caplog.text, "the ledger speaks of the store"


def test_a_sink_that_hangs_holds_up_no_other(store: SqliteStore) -> None:
    store.cursor("other")
    _append(store, 1)

    class Stuck(ListSink):
        def emit(self, batch: Sequence[Recorded]) -> str:
            released.wait()
            return super().emit(batch)

    released = threading.Event()
    stuck, other = Stuck(), ListSink(name="other")

    async def play(loop: Timelapse) -> None:
        drains = [Drain(stuck, store), Drain(other, store)]
        tasks = [asyncio.create_task(drain.run()) for drain in drains]
        await drains[1].idle.wait()
        assert other.emitted == [4] and not stuck.emitted
        assert drains[0].lag == 4
        released.set()
        await drains[0].idle.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    live(play)
    assert stuck.emitted == [1, 2, 3, 4]


def test_only_a_sink_that_sums_up_waits_when_much_is_coming(store: SqliteStore) -> None:
    def took_s(sink: ListSink) -> float:
        async def play(loop: Timelapse) -> float:
            drain = Drain(sink, store)
            drain.gather(10.0)
            task = asyncio.create_task(drain.run())
            await drain.idle.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            drain.close()
            return loop.time() - 1_000.0

        return live(play)

    assert took_s(ListSink(batch=64)) == 0.0
    store.cursor("digest")
    assert took_s(ListSink(name="digest", batch=64, sums_up=True)) == 10.0


def test_what_comes_long_after_is_not_waited_with(store: SqliteStore) -> None:
    """Much was said to be coming and nothing came. What comes within that time is waited with."""

    async def play(loop: Timelapse, comes_after_s: float) -> float:
        sink = ListSink(name="digest", batch=64, sums_up=True)
        drain = Drain(sink, store)
        task = asyncio.create_task(drain.run())
        await drain.idle.wait()
        drain.gather(14.0)
        await asyncio.sleep(comes_after_s)
        came = loop.time()
        _append(store, 1)
        drain.ring()
        await drain.idle.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        drain.close()
        return loop.time() - came

    store.cursor("digest")
    assert live(lambda loop: play(loop, 7200.0)) == 0.0
    assert live(lambda loop: play(loop, 4.0)) == 10.0
