"""The event log into one sink, behind the sink's own cursor.

A sink emits, then its cursor moves, then the next batch is emitted: a kill in between repeats one
batch at most, and loses nothing. A sink runs on a thread of its own, so that a full pipe or a
frozen notification daemon holds up neither the polling nor another sink.

    passing SinkError      tried again with backoff, however long it takes
    permanent SinkError    passed over
    anything else          a fault of ours: tried again, one event at a time, then passed over, so
                           that one poisonous event does not silence a sink for ever
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import islice
from typing import Final, TypeVar

from traywatch.core.errors import SinkError, StoreError
from traywatch.core.model import Recorded
from traywatch.sinks import Sink
from traywatch.store import Cursor, Store
from traywatch.watch.supervise import raisable

log = logging.getLogger(__name__)

AHEAD: Final = 64
"""So many events are read from the log at a time."""
FIRST_RETRY_S: Final = 1.0
LAST_RETRY_S: Final = 60.0
FAULTS: Final = 5
"""So many failures of a kind nobody foresaw, and the event is passed over."""

T = TypeVar("T")


class Worker:
    """One daemon thread that does one thing after another.

    Not an executor: those are joined when the interpreter exits, and a sink that hangs would
    keep the program from ending.
    """

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def do(self, job: Callable[[], T]) -> T:
        """Run the job on the thread and wait for what it returns or raises."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            try:
                result = job()
            except BaseException as error:  # noqa: BLE001 - raised where it is awaited
                _call_soon(loop, _settle, done, None, raisable(error))
            else:
                _call_soon(loop, _settle, done, result, None)

        self._jobs.put(run)
        return await done

    def stop(self, timeout_s: float) -> None:
        """Let the thread finish what it does; a stuck one is left behind."""
        self._jobs.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _call_soon(loop: asyncio.AbstractEventLoop, *call: object) -> None:
    try:
        loop.call_soon_threadsafe(*call)  # type: ignore[arg-type]
    except RuntimeError:  # the loop has ended: nobody waits any more
        pass


def _settle(done: asyncio.Future[T], result: T, error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)


class Drain:
    """Keeps one sink up with the log."""

    def __init__(self, sink: Sink, store: Store) -> None:
        self.sink = sink
        self._store = store
        self._cursor = Cursor(0)
        self._noted: Cursor | None = None
        """The cursor as it is stored; None: not asked for yet."""
        self._emitted: Cursor | None = None
        """How far the sink's own thread came, whether or not anybody waited for it."""
        self._ahead: deque[Recorded] = deque()
        self._faults = 0
        """How many tries in a row failed in a way nobody foresaw."""
        self._worker = Worker(f"sink-{sink.name}")
        self._bell = asyncio.Event()
        self._gather_until = 0.0
        """On the loop's clock: what comes before then is waited with until then."""
        self.trouble: str | None = None
        """Why the sink is not getting on, in one line; None: it is."""
        self.idle = asyncio.Event()
        """Set while the sink is level with the log."""

    @property
    def lag(self) -> int:
        """How many events the sink is behind the log."""
        return self._store.last_seq() - self._cursor.seq

    def gather(self, seconds: float) -> None:
        """Much is coming: for so long, from now on, a sink that sums up takes no next batch."""
        if self.sink.sums_up:
            until = asyncio.get_running_loop().time() + seconds
            self._gather_until = max(self._gather_until, until)

    def ring(self) -> None:
        """There is more in the log."""
        self.idle.clear()
        self._bell.set()

    async def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """Drain for ever. It may be begun anew after it was cut off: nothing is emitted twice."""
        loop = asyncio.get_running_loop()
        await self._retrying(self._start)
        while True:
            beat()
            self._bell.clear()
            await asyncio.sleep(max(0.0, self._gather_until - loop.time()))
            if not await self._retrying(self._emit_next):
                self.idle.set()
                await self._bell.wait()

    def close(self, timeout_s: float = 0.5) -> None:
        """End the thread and the sink. What was emitted while nobody waited any more is noted.

        Never raises: others have to end as well."""
        self._worker.stop(timeout_s)
        for last in (self._catch_up, self.sink.close):
            try:
                last()
            except Exception as error:  # noqa: BLE001 - the others have to end as well
                log.debug("%s: %s: %s", self.sink.name, type(error).__name__, error)

    async def _start(self) -> None:
        if self._noted is None:
            self._cursor = self._noted = self._store.cursor(self.sink.name)
        else:
            await self._worker.do(lambda: None)  # until it has done what it was at
            self._catch_up()
        known = self._cursor
        pending = self._store.events_after(known.seq, limit=10_000)
        seq, position = await self._worker.do(
            lambda: self.sink.start(known.seq, known.position, pending)
        )
        self._cursor = Cursor(seq, position)
        self._ahead.clear()
        self._note()

    async def _emit_next(self) -> bool:
        """Emit the next batch; False: there is none. Nothing is emitted before the last cursor is
        stored, or a kill would repeat more than one batch."""
        self._note()
        batch = self._next_batch(1 if self._faults else self.sink.batch)
        if not batch:
            return False
        try:
            await self._worker.do(partial(self._emit, batch))
        except SinkError as error:
            if not error.permanent:
                raise
            log.warning("%s: passed over %d: %s", self.sink.name, len(batch), error)
            self._cursor = Cursor(batch[-1].seq, self._cursor.position)
        except Exception as error:  # noqa: BLE001 - a fault of the sink's stops no other
            self._take_fault(batch, error)
        else:
            self._faults = 0
        self._catch_up()
        return True

    def _next_batch(self, most: int) -> Sequence[Recorded]:
        """What lies behind the cursor. Read ahead: a sink that takes one event at a time is not to
        ask the store for each."""
        while self._ahead and self._ahead[0].seq <= self._cursor.seq:
            self._ahead.popleft()
        if not self._ahead:
            self._ahead.extend(self._store.events_after(self._cursor.seq, max(most, AHEAD)))
        return tuple(islice(self._ahead, most))

    def _emit(self, batch: Sequence[Recorded]) -> None:
        """On the sink's thread."""
        self._emitted = Cursor(batch[-1].seq, self.sink.emit(batch))

    def _take_fault(self, batch: Sequence[Recorded], error: Exception) -> None:
        """Raises SinkError while it is worth another try."""
        self._faults += 1
        if self._faults < FAULTS:
            raise SinkError(f"{type(error).__name__}: {error}") from error
        log.error("%s: passed over %d", self.sink.name, len(batch), exc_info=error)
        self._cursor = Cursor(batch[-1].seq, self._cursor.position)
        self._faults = 0

    def _catch_up(self) -> None:
        """The cursor follows what was emitted. Raises StoreError; then it moved in memory all the
        same, and nothing is repeated while we live."""
        if self._emitted is not None and self._emitted.seq > self._cursor.seq:
            self._cursor = self._emitted
        self._note()

    def _note(self) -> None:
        if self._cursor != self._noted:
            self._store.move_cursor(self.sink.name, self._cursor)
            self._noted = self._cursor

    async def _retrying(self, step: Callable[[], Awaitable[T]]) -> T:
        wait_s = FIRST_RETRY_S
        while True:
            try:
                result = await step()
            except Exception as error:  # noqa: BLE001 - tried again, whatever it was
                self._tell(error)
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, LAST_RETRY_S)
            else:
                if self.trouble is not None:
                    log.info("%s: works again", self.sink.name)
                self.trouble = None
                return result

    def _tell(self, error: Exception) -> None:
        """Once, however often it is tried. Of the store the ledger speaks already."""
        known = isinstance(error, SinkError | StoreError)
        reason = str(error) if known else f"{type(error).__name__}: {error}"
        if self.trouble is None:
            level = logging.DEBUG if isinstance(error, StoreError) else logging.WARNING
            unforeseen = None if known else error
            log.log(level, "%s: %s; trying again", self.sink.name, reason, exc_info=unforeseen)
        self.trouble = reason
