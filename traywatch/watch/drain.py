"""The event log into one sink, behind the sink's own cursor.

A sink emits, then its cursor moves: a kill in between repeats one batch at most, and loses
nothing. A sink runs on a thread of its own, so that a full pipe or a frozen notification daemon
holds up neither the polling nor another sink.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from traywatch.core.errors import SinkError, StoreError
from traywatch.core.model import Recorded
from traywatch.sinks import Sink
from traywatch.store import Cursor, Store

log = logging.getLogger(__name__)

FIRST_RETRY_S: Final = 1.0
LAST_RETRY_S: Final = 60.0

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
                _call_soon(loop, _settle, done, None, error)
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


def _settle(done: asyncio.Future[T], result: T, error: BaseException | None) -> None:
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
        self._worker = Worker(f"sink-{sink.name}")
        self._bell = asyncio.Event()
        self._gather_s = 0.0
        self.trouble: str | None = None
        """Why the sink is not getting on, in one line; None: it is."""
        self.idle = asyncio.Event()
        """Set while the sink is level with the log."""

    @property
    def lag(self) -> int:
        """How many events the sink is behind the log."""
        return self._store.last_seq() - self._cursor.seq

    def gather(self, seconds: float) -> None:
        """Much is coming: a sink that sums up waits so long before it takes the next batch."""
        if self.sink.batch > 1:
            self._gather_s = seconds

    def ring(self) -> None:
        """There is more in the log."""
        self.idle.clear()
        self._bell.set()

    async def run(self, beat: Callable[[], None] = lambda: None) -> None:
        """Drain for ever. Failing sinks are tried again with backoff, however long it takes."""
        await self._retrying(self._start)
        while True:
            beat()
            self._bell.clear()
            gather_s, self._gather_s = self._gather_s, 0.0
            await asyncio.sleep(gather_s)
            batch = self._store.events_after(self._cursor.seq, self.sink.batch)
            if batch:
                await self._retrying(partial(self._emit, batch))
            else:
                self.idle.set()
                await self._bell.wait()

    def close(self, timeout_s: float = 0.5) -> None:
        """End the thread and the sink."""
        self._worker.stop(timeout_s)
        self.sink.close()

    async def _start(self) -> None:
        stored = self._store.cursor(self.sink.name)
        pending = self._store.events_after(stored.seq, limit=10_000)
        seq, position = await self._worker.do(
            lambda: self.sink.start(stored.seq, stored.position, pending)
        )
        self._move(Cursor(seq, position))

    async def _emit(self, batch: Sequence[Recorded]) -> None:
        try:
            position = await self._worker.do(lambda: self.sink.emit(batch))
        except SinkError as error:
            if not error.permanent:
                raise
            log.warning("%s: passed over %d: %s", self.sink.name, len(batch), error)
            position = self._cursor.position
        self._move(Cursor(batch[-1].seq, position))

    def _move(self, cursor: Cursor) -> None:
        """The cursor moves in memory even when the store cannot note it: nothing is repeated
        while we live, and the next move notes them all."""
        self._cursor = cursor
        try:
            self._store.move_cursor(self.sink.name, cursor)
        except StoreError as error:
            log.debug("%s: cursor not stored: %s", self.sink.name, error)

    async def _retrying(self, step: Callable[[], Awaitable[None]]) -> None:
        wait_s = FIRST_RETRY_S
        while True:
            try:
                await step()
            except (SinkError, StoreError) as error:
                if self.trouble is None:
                    log.warning("%s: %s; trying again", self.sink.name, error)
                self.trouble = str(error)
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, LAST_RETRY_S)
            else:
                if self.trouble is not None:
                    log.info("%s: works again", self.sink.name)
                self.trouble = None
                return
