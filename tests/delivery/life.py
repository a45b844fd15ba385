"""One profile, many lives: the real program on a loop whose time skips, ended at any step.

Real: conductor, looks, ledger, inbox, drains, SQLite, log file, platforms. Made up: the network,
the screen, and the threads of the sinks, which are steps of the loop here so that the same acts
come out the same way every time.

A *step* is where something becomes durable or visible: the failpoints of the store and the log
file, and what stands around every ``emit``. ``Fate`` ends the process at the k-th step from now;
everything is thrown away then, and the next life finds what was durable.
"""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from enum import Enum, auto
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from tests.delivery.vendor import Net, Trait, UpdateId, Vendor
from tests.watch.timelapse import EPOCH, Timelapse
from traywatch import failpoints
from traywatch.core.errors import SinkError, StoreError
from traywatch.core.memory import Memory
from traywatch.core.model import IncidentEvent, Recorded, Snapshot
from traywatch.core.wording import record
from traywatch.demo.board import BoardState
from traywatch.listener import Delivery
from traywatch.sinks import Sink
from traywatch.sinks.logfile import LogFileSink
from traywatch.store import Commit, rows, schema
from traywatch.store.opening import Opened
from traywatch.store.sqlite import SqliteStore
from traywatch.watch import drain
from traywatch.watch.clock import Clock
from traywatch.watch.conductor import Conductor
from traywatch.watch.inbox import Inbox
from traywatch.watch.supervise import keep_running

EMIT_S = 0.01
"""How long a sink takes over a batch: time for something else to happen."""
T = TypeVar("T")


class Crash(KeyboardInterrupt):
    """The process is gone. asyncio lets only this kind pass at once, whatever is under way."""


class Fate:
    """When the process dies."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.dead = False
        self.steps: list[str] = []
        """Every step of this life, to read a failure by."""

    def step(self, name: str) -> None:
        """Something is about to become, or just became, durable or visible."""
        self.steps.append(name)
        if self.left is not None:
            self.left -= 1
        if self.dead or self.left == 0:
            self.dead = True
            raise Crash(name)


# ---------------------------------------------------------------- what is durable


class _Plugged(sqlite3.Connection):
    """A database in memory outlives the store that closes it."""

    def close(self) -> None:
        pass

    def unplug(self) -> None:
        super().close()


def _in_memory() -> _Plugged:
    return sqlite3.connect(":memory:", isolation_level=None, factory=_Plugged)


class Disk:
    """The database file. What was written without a flush a power cut takes."""

    def __init__(self) -> None:
        self.connection = _in_memory()
        schema.upgrade(self.connection)
        self._flushed = _in_memory()
        self.flush()
        self.fails = 0
        """So many transactions fail yet."""
        self.fails_late = False
        """At their end, not at their begin."""
        self.failed = 0
        """How many did."""

    def flush(self) -> None:
        """Everything written so far survives a power cut."""
        self.connection.backup(self._flushed)

    def kill(self) -> None:
        """The transaction that was open is gone."""
        if self.connection.in_transaction:
            self.connection.rollback()

    def cut_power(self) -> None:
        """Everything since the last flush is gone."""
        self.kill()
        self._flushed.backup(self.connection)

    def throw_away(self) -> None:
        """Nothing is needed any more."""
        self.connection.unplug()
        self._flushed.unplug()

    def fault(self) -> bool:
        """Does this transaction fail?"""
        fails, self.fails = self.fails > 0, max(0, self.fails - 1)
        self.failed += fails
        return fails


class KeptStore(SqliteStore):
    """The real store on a disk that fails when it is told to."""

    world: World

    @contextmanager
    def _transaction(self, *, durable: bool = True) -> Iterator[None]:
        disk = self.world.disk
        fails = disk.fault()
        if fails and not disk.fails_late:
            raise StoreError("the disk is full")
        with super()._transaction(durable=durable):
            yield
            if fails:
                raise sqlite3.OperationalError("disk I/O error")
        if durable:
            disk.flush()

    def commit(self, commits: Sequence[Commit], now: datetime) -> None:
        baselined = {name for name, page in self.pages().items() if page.memory.baselined}
        for commit in commits:
            vendor = self.world.vendors.get(commit.record.page_id)
            is_first = vendor is not None and vendor.page.id not in baselined
            if vendor and vendor.served and commit.record.memory.baselined and is_first:
                self.world.baselines[vendor.page.id] = vendor.served
        try:
            super().commit(commits, now)
        except StoreError:
            self._keep_back([c for c in commits if c.record.page_id in baselined])
            raise

    def _keep_back(self, commits: Sequence[Commit]) -> None:
        """What was seen is to be told once it can be stored; of a page without a baseline what is
        still open by then."""
        for commit in commits:
            vendor = self.world.vendors.get(commit.record.page_id)
            if vendor and vendor.served:
                going_on = [i for i in vendor.served.incidents if not i.incident_status.closed]
                listed = {key for incident in going_on for key in vendor.update_ids(incident)}
                news = {
                    (event.incident_id, event.update_id or "")
                    for event in commit.events
                    if isinstance(event, IncidentEvent)
                }
                self.world.missed |= {(key, self.world.wall()) for key in listed & news}


# ---------------------------------------------------------------- what is visible


class Trouble(Enum):
    """How the next ``emit`` of a sink goes wrong."""

    PASSING = auto()
    UNFORESEEN = auto()
    PERMANENT = auto()
    PASSING_MIDWAY = auto()
    """When all is written, and nothing synced."""
    PASSING_LATE = auto()
    """When all is written and synced."""
    UNFORESEEN_LATE = auto()


_LATE = {
    Trouble.PASSING_MIDWAY: ("logfile.write.after", OSError(errno.ENOSPC, "No space left")),
    Trouble.PASSING_LATE: ("logfile.sync.after", OSError(errno.EIO, "I/O error")),
    Trouble.UNFORESEEN_LATE: ("logfile.sync.after", LookupError("nobody thought of that")),
}
"""At which step of the log file it happens, and what."""


class Troubles:
    """What is to go wrong with one sink, in its order."""

    def __init__(self) -> None:
        self.coming: deque[Trouble] = deque()
        self.passed_over: set[int] = set()
        """What a permanent failure cost the sink."""
        self._late: Trouble | None = None
        self._in_a_row = 0

    def begin(self, batch: Sequence[Recorded]) -> None:
        """Raises what goes wrong before anything is written; what goes wrong later is noted."""
        may_fail = self.coming and self._in_a_row < drain.FAULTS - 1
        trouble = self.coming.popleft() if may_fail else None
        self._late = trouble if trouble in _LATE else None
        self._in_a_row = self._in_a_row + 1 if trouble else 0
        if trouble is Trouble.PASSING:
            raise SinkError("busy")
        if trouble is Trouble.UNFORESEEN:
            raise LookupError("nobody thought of that")
        if trouble is Trouble.PERMANENT:
            self.passed_over.update(recorded.seq for recorded in batch)
            raise SinkError("never", permanent=True)

    def step(self, name: str) -> None:
        """Raises what goes wrong at this step."""
        if self._late is not None and name == _LATE[self._late][0]:
            late, self._late = self._late, None
            raise _LATE[late][1]


class Screen:
    """A sink that cannot be looked at: what was shown is known to the person alone."""

    name = "console"
    batch = 1
    sums_up = False

    def __init__(self, fate: Fate, world: World) -> None:
        self._fate = fate
        self._world = world

    def start(self, seq: int, position: str, pending: Sequence[Recorded]) -> tuple[int, str]:
        return seq, position

    def emit(self, batch: Sequence[Recorded]) -> str:
        self._fate.step("console.emit.before")
        self._world.troubles["console"].begin(batch)
        self._world.show(batch)
        self._fate.step("console.emit.after")
        return ""

    def close(self) -> None:
        pass


class Paper(LogFileSink):
    """The real log file, with steps around it, and small files so that it rotates."""

    def __init__(self, path: Path, fate: Fate, world: World) -> None:
        super().__init__(path, rotate_bytes=1_500, kept_files=9)
        self._fate = fate
        self._world = world

    def emit(self, batch: Sequence[Recorded]) -> str:
        self._fate.step("log.emit.before")
        self._world.troubles["log"].begin(batch)
        position = super().emit(batch)
        self._fate.step("log.emit.after")
        return position


class Hand:
    """In place of ``drain.Worker``: its job is done a little later, and known a little after."""

    def __init__(self, name: str) -> None:
        self._jobs: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()

    async def do(self, job: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._jobs.append((job, done))
        loop.call_later(EMIT_S, self._work, loop)
        return await done

    def stop(self, timeout_s: float) -> None:
        """A thread finishes what it was given, whether or not anybody waits for it, or hears of
        how it failed."""
        while self._jobs:
            with suppress(Exception):
                self._jobs.popleft()[0]()

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._jobs:
            return
        job, done = self._jobs.popleft()
        try:
            result = job()
        except Exception as error:  # noqa: BLE001 - raised where it is awaited
            loop.call_later(EMIT_S, drain._settle, done, None, error)
        else:
            loop.call_later(EMIT_S, drain._settle, done, result, None)


# ---------------------------------------------------------------- one life


class Life:
    """The program between a start and an end."""

    def __init__(self, world: World) -> None:
        self.fate = world.fate
        self.store = world.open_store()  # may be the end already
        self.loop = Timelapse()
        self.loop.wall_offset = world.at - EPOCH
        self.loop.set_exception_handler(self._take_mishap)
        self._tasks: list[asyncio.Task[Any]] = []
        self.mishaps: list[BaseException] = []
        """What nobody expected: exceptions that reached the loop."""
        self.net = Net(world.vendors)
        sinks: list[Sink] = [Screen(self.fate, world), Paper(world.log_path, self.fate, world)]
        self.conductor = Conductor(
            pages=[vendor.page for vendor in world.vendors.values()],
            store=self.store,
            sinks=sinks,
            fetch=self.net,
            clock=Clock(lambda: world.now(self.loop.wall()), self.loop.time, lambda: 0.5),
        )
        self.inbox = Inbox(self.conductor)
        self._drains = [
            self.begin(keep_running(d.sink.name, d.run, silent_s=None))
            for d in self.conductor.drains
        ]

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = self.loop.create_task(work)
        self._tasks.append(task)
        return task

    def look(self, page_id: str) -> None:
        """Begin a look, as the timetable does; not while one is under way."""
        if page_id in self.conductor._looks.values():
            return

        async def begin() -> None:
            self.conductor._begin_look(self.conductor.pages[page_id])
            self._tasks.append(next(reversed(self.conductor._looks)))

        self.loop.run_until_complete(begin())

    def run(self, seconds: float) -> None:
        """Let time pass. Raises Crash."""
        self.loop.call_later(seconds, self.loop.stop)
        self.loop.run_forever()
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.remove(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                self.mishaps.append(error)

    def _take_mishap(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What asyncio would only log. After a crash nobody minds."""
        error = context.get("exception") or RuntimeError(context["message"])
        if not isinstance(error, Crash) and not self.fate.dead:
            self.mishaps.append(error)

    @property
    def busy(self) -> bool:
        """Is a look or a delivery under way?"""
        return len(self._tasks) > len(self._drains)

    def end(self) -> None:
        """A clean end: what ``Conductor.run`` does when it is told to stop."""
        self.loop.run_until_complete(self.conductor._end(self._drains))
        self.store.close()
        self._discard()

    def drop(self) -> None:
        """The process is gone, and everything in it."""
        self.fate.dead = True
        self._discard()

    def _discard(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            with suppress(Crash):
                task.get_coro().close()
        self._tasks.clear()
        self.loop.close()


class World:
    """Vendors, a disk, a screen, a log file; and a person who starts the program again."""

    def __init__(self, folder: Path, traits: Sequence[Trait]) -> None:
        self.at = EPOCH
        self.wrong_by = timedelta(0)
        """By how much the clock of this machine is wrong."""
        self.life: Life | None = None
        self.fate = Fate()
        self.disk = Disk()
        self.log_path = folder / "records.log"
        for old in folder.iterdir():
            old.unlink()
        self.vendors = {f"p{n}": Vendor(n, trait, self.wall) for n, trait in enumerate(traits)}
        self.baselines: dict[str, BoardState] = {}
        """What each page said when it was first read."""
        self.log: list[Recorded] = []
        """Everything that was ever appended to the event log."""
        self.shown: list[int] = []
        self.troubles = {"console": Troubles(), "log": Troubles()}
        self.missed: set[tuple[UpdateId, datetime]] = set()
        """Updates that were seen and could not be stored, or were published while nobody looked:
        when that was. A page's history is to make up for it."""
        self.acknowledged: list[tuple[str, Snapshot]] = []
        """Deliveries that were answered 2xx, with the page they were about."""
        self.repeats_allowed = 0
        self._due: set[int] = set()
        """What was shown, will be shown again, and is allowed for."""
        self._patches = ExitStack()
        self._patches.enter_context(patch.object(failpoints, "hit", self._step))
        self._patches.enter_context(patch.object(drain, "Worker", Hand))

    def close(self) -> None:
        """Leave nothing behind."""
        if self.life is not None:
            self.life.drop()
        self.disk.throw_away()
        self._patches.close()

    def _step(self, name: str) -> None:
        self.fate.step(name)
        self.troubles["log"].step(name)

    # ------------------------------------------------------------ time

    def wall(self) -> datetime:
        """What time it is, as far as the vendors are concerned."""
        return self.life.loop.wall() if self.life else self.at

    def now(self, wall: datetime) -> datetime:
        """What this machine believes."""
        return wall + self.wrong_by

    def set_clock(self, wrong_by: timedelta) -> None:
        """This machine's; a gap that was measured with another clock may go unnoticed."""
        if wrong_by != self.wrong_by:
            self.wrong_by = wrong_by
            self.missed.clear()

    def run(self, seconds: float) -> None:
        """Let time pass; a crash that falls into it is followed by the next start."""
        self._live(lambda life: life.run(seconds))

    def sleep(self, seconds: float) -> None:
        """The machine sleeps, or the program is not running."""
        if self.life is None:
            self.at += timedelta(seconds=seconds)
        else:
            self.life.loop.jump(seconds)

    # ------------------------------------------------------------ lives

    def open_store(self) -> KeptStore:
        """As ``SqliteStore.open`` does it."""
        connection = self.disk.connection
        store = KeptStore(Opened(connection, rows.read_pages(connection)), "the store")
        store.world = self
        with suppress(StoreError):
            store.prune(self.now(self.wall()))
        return store

    def start(self) -> None:
        """Start the program, and again when it dies of it."""
        while self.life is None:
            try:
                self.life = Life(self)
            except Crash:
                self._bury()

    def kill(self) -> None:
        """``kill -9``, now."""
        if self.life is not None:
            self.at = self.wall()
            self.life.drop()
            self.life = None
            self._bury()

    def _bury(self) -> None:
        self.disk.kill()
        self.collect()
        self.fate = Fate()
        assert self._allow_repeats() <= Screen.batch, "a kill repeats one batch at most"

    def cut_power(self) -> None:
        """As a kill, and what was not flushed is gone too: cursors among it."""
        self.kill()
        self.disk.cut_power()
        self._allow_repeats()

    def show(self, batch: Sequence[Recorded]) -> None:
        """Lines on the screen."""
        self.shown += [recorded.seq for recorded in batch]
        self._due -= {recorded.seq for recorded in batch}

    def _allow_repeats(self) -> int:
        """What was shown and lies behind the cursor will be shown again. How much more is that?"""
        found = self.disk.connection.execute(
            "SELECT seq FROM cursors WHERE sink = ?", (Screen.name,)
        ).fetchone()
        behind = {seq for seq in self.shown if found is None or seq > found[0]}
        more = len(behind - self._due)
        self._due = behind
        self.repeats_allowed += more
        return more

    def restart(self) -> None:
        """A clean end. The next start is somebody else's."""

        def end(life: Life) -> None:
            failed = self.disk.failed
            life.end()
            self.at = life.loop.wall()
            self.life = None
            repeats = self._allow_repeats()
            assert repeats <= (Screen.batch if self.disk.failed > failed else 0)

        self._live(end)

    def _live(self, act: Callable[[Life], object]) -> None:
        self.start()
        assert self.life
        try:
            act(self.life)
        except Crash:
            self.kill()
        self.collect()

    def collect(self) -> None:
        """Read what was appended to the event log, before anything may be pruned from it."""
        last = self.log[-1].seq if self.log else 0
        self.log += rows.read_events(self.disk.connection, last)

    # ------------------------------------------------------------ what is done to a life

    def look(self, page_id: str) -> None:
        """A page is due."""
        self._live(lambda life: life.look(page_id))

    def hear(self, about: str, delivery: Delivery) -> None:
        """A webhook comes in. It counts once it was answered."""

        async def receive(life: Life) -> None:
            with suppress(StoreError):
                await life.inbox.receive(delivery)
                self.acknowledged.append((about, delivery.snapshot))

        self._live(lambda life: life.begin(receive(life)))

    def memory(self, page_id: str) -> Memory:
        """What is durably known of a page."""
        if self.life is not None:
            return self.life.conductor.ledger.record(page_id).memory
        stored = rows.read_pages(self.disk.connection).get(page_id)
        return stored.memory if stored else Memory(page_id)

    # ------------------------------------------------------------ what the person has

    def printed(self) -> str:
        """The log file with its older parts, oldest first."""
        older = self.log_path.parent.glob("records.log.*")
        parts = sorted(older, key=lambda part: -int(part.suffix.removeprefix(".")))
        newest = [self.log_path] if self.log_path.exists() else []
        return "".join(part.read_text("utf-8") for part in [*parts, *newest])

    def records(self) -> dict[int, str]:
        """Every event that is printed, by its number in the log."""
        return {r.seq: text for r in self.log if (text := record(r.event)) is not None}
