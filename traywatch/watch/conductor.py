"""The loop: looks at pages when they are due, and keeps every task alive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from traywatch.core.errors import StoreError
from traywatch.core.incidents import Phase, phase_of
from traywatch.core.model import Failure, Fault, Page
from traywatch.core.overview import Overview, overview
from traywatch.core.schedule import (
    FLOOR_S,
    Next,
    after,
    effective_interval_s,
    first_wait_s,
    spread_s,
)
from traywatch.core.scope import Scope
from traywatch.sinks import Sink
from traywatch.store import Store
from traywatch.watch.clock import Clock
from traywatch.watch.counters import Counters
from traywatch.watch.drain import Drain
from traywatch.watch.ledger import Ledger
from traywatch.watch.look import Fetch, Looker, Result
from traywatch.watch.network import Network
from traywatch.watch.supervise import Beat, Watchdog, keep_running
from traywatch.watch.timetable import NEVER, Timetable

log = logging.getLogger(__name__)

LOOKS: Final = 50
"""At most so many looks under way at once, as many as there may be connections."""
HEARTBEAT_S: Final = 5.0
"""The longest the loop sleeps: how soon a resume from sleep is noticed."""
ASLEEP_S: Final = 30.0
"""A gap of less is a busy machine, whatever the interval."""
PROBE_S: Final = 10.0
"""While offline one page after another is tried so often, none sooner again than FLOOR_S."""
PRUNE_S: Final = 6 * 3600.0
GATHER_S: Final = 10.0
"""After a refresh, how much longer a sink that sums up waits for the slowest pages; after a
start, half of it."""
REDRAW_S: Final = 0.2
"""The overview is handed on at most so often."""
FAREWELL_S: Final = 1.0
"""How long the sinks may take to say their last."""
ECHOES_S: Final = (15.0, 45.0)
"""After a webhook the page is looked at again then: its CDN may lag behind."""

PAUSED: Final = "notifications_paused"
"""The setting that survives a restart."""


class Conductor:
    """Watches pages until told to stop. Everything happens on one event loop."""

    def __init__(
        self,
        *,
        pages: Sequence[Page],
        store: Store,
        sinks: Sequence[Sink],
        fetch: Fetch,
        clock: Clock | None = None,
        on_overview: Callable[[Overview], None] | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.pages = {page.id: page for page in pages}
        self.ledger = Ledger(store, pages, self.clock)
        self.drains = [Drain(sink, store) for sink in sinks]
        self.counters = Counters(self.clock.now())
        self.network = Network(len({host_of(page) for page in pages}))
        self.paused = store.setting(PAUSED) is not None
        """Notifications are paused by the person. May be read on any thread."""
        self._store = store
        self._fetch = fetch
        self._looker = Looker(self.ledger, fetch, self.clock)
        self._timetable = Timetable()
        self._pace: dict[str, Next] = {}
        self._looks: dict[asyncio.Task[None], str] = {}
        self._bell = asyncio.Event()
        self._redraw = asyncio.Event()
        self._on_overview = on_overview
        self._last_probe = -PROBE_S
        self._last_turn = self.clock.monotonic(), self.clock.now()
        self._watching = {page.id: Scope.of(page) for page in pages}
        self.ledger.on_events = self._ring_drains
        self.ledger.on_change = self._redraw.set

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until ``stop`` is set, then put everything in its place within two seconds."""
        self._first_due()
        for drain in self.drains:
            drain.gather(GATHER_S / 2)
        loops = [
            keep_running("polling", self._poll),
            keep_running("pruning", self._prune, silent_s=None),
            *(keep_running(d.sink.name, d.run, silent_s=None) for d in self.drains),
        ]
        if self._on_overview:
            loops.append(keep_running("overview", self._show, silent_s=None))
        tasks = [asyncio.create_task(loop) for loop in loops]
        with Watchdog(asyncio.get_running_loop()):
            await stop.wait()
            await self._end(tasks)

    async def once(self) -> dict[str, Result]:
        """One look at every page, delivered to every sink; then put everything in its place."""
        loops = (keep_running(d.sink.name, d.run, silent_s=None) for d in self.drains)
        tasks = [asyncio.create_task(loop) for loop in loops]
        gate = asyncio.Semaphore(LOOKS)

        async def look(page: Page) -> Result:
            async with gate:
                result = await self._looker.look(page)
                await self._take_failure(page, result)
                return result

        results = await asyncio.gather(*(look(page) for page in self.pages.values()))
        await self._end(tasks)
        return dict(zip(self.pages, results, strict=True))

    # ------------------------------------------------ what the person and the listener ask for

    def check_now(self) -> None:
        """Look at every page now, or as soon as politeness allows."""
        for page_id in self.pages:
            self.ring(page_id)

    def ring(self, page_id: str, *, echoes: bool = False) -> None:
        """Somebody heard something about this page."""
        again_after_s = ECHOES_S if echoes else ()
        self._timetable.ring(page_id, self.clock.monotonic(), again_after_s=again_after_s)
        self._bell.set()

    def set_paused(self, paused: bool) -> None:
        """Pause notifications, or let them through again. Lines are printed all the same."""
        self.paused = paused
        try:
            self._store.put_setting(PAUSED, "yes" if paused else None)
        except StoreError as error:
            log.warning("it will not be remembered: %s", error)
        self._redraw.set()

    def overview(self) -> Overview:
        """Everything at a glance, as it is now."""
        rows = [(page, self.ledger.memory(page.id)) for page in self.pages.values()]
        return overview(
            rows, offline=self.network.offline, paused=self.paused, now=self.clock.now()
        )

    # ------------------------------------------------ the polling loop

    def _first_due(self) -> None:
        now = self.clock.monotonic()
        for page in self.pages.values():
            wait_s = first_wait_s(page.interval_s, self.clock.dice(), len(self.pages))
            self._timetable.set(page.id, now + (wait_s if len(self.pages) > 1 else 0.0))

    async def _poll(self, beat: Beat) -> None:
        while True:
            beat()
            self._notice_sleep()
            self._bell.clear()
            while (page_id := self._next_page()) is not None:
                self._begin_look(self.pages[page_id])
            await self._sleep()

    def _next_page(self) -> str | None:
        """A page to look at now. While offline one at a time, and seldom."""
        now = self.clock.monotonic()
        if len(self._looks) >= LOOKS:
            return None
        if self.network.offline:
            if self._looks or now < self._last_probe + self._probe_s():
                return None
            self._last_probe = now
        while (page_id := self._timetable.pop_due(now)) is not None:
            free_at = self._timetable.host_until(host_of(self.pages[page_id]))
            if page_id in self._looks.values():
                free_at = now + 1.0
            if free_at <= now:
                return page_id
            self._timetable.postpone(page_id, free_at + self.clock.dice())
        return None

    def _probe_s(self) -> float:
        return min([PROBE_S, *(page.interval_s for page in self.pages.values())])

    async def _sleep(self) -> None:
        """Until something is due or rung for."""
        due_in_s = self._timetable.next_due() - self.clock.monotonic()
        wait_s = min(HEARTBEAT_S, max(0.01, due_in_s))
        if self.network.offline:
            wait_s = min(HEARTBEAT_S, self._probe_s())
        with suppress(TimeoutError):
            # Not wait_for: before Python 3.12 it swallows a cancellation when the bell rings too.
            async with asyncio.timeout(wait_s):
                await self._bell.wait()

    def _notice_sleep(self) -> None:
        """Measured from turn to turn, so that one that was cut off and begun anew sees it too."""
        (before, wall), now = self._last_turn, (self.clock.monotonic(), self.clock.now())
        self._last_turn = now
        passed_s = max(now[0] - before, (now[1] - wall).total_seconds())
        if passed_s > ASLEEP_S and passed_s > 2 * self._shortest_interval_s():
            log.info("back after %.0f s away: refreshing every page", passed_s)
            self._refresh()

    def _shortest_interval_s(self) -> float:
        return min((self._interval_s(page) for page in self.pages.values()), default=NEVER)

    def _refresh(self, leaving_out: Collection[str] = ()) -> None:
        """Everything is due, spread so that no second sees more than ten requests. Left out are
        pages of these hosts, which keep their own pace."""
        self._fetch.forget_connections()
        now = self.clock.monotonic()
        waiting = [
            page_id
            for page_id in self._timetable.waiting()
            if host_of(self.pages[page_id]) not in leaving_out
        ]
        for place, page_id in enumerate(waiting):
            wait_s = spread_s(len(waiting), place / len(waiting))
            self._timetable.set(page_id, now + wait_s)
        refresh_s = spread_s(len(waiting), 1.0)
        self._looker.histories.refreshing(refresh_s)
        for drain in self.drains:
            drain.gather(refresh_s + GATHER_S)
        self._bell.set()

    def _begin_look(self, page: Page) -> None:
        now = self.clock.monotonic()
        self.counters.lateness_s = self._timetable.started(page.id, now)
        task = asyncio.create_task(self.poll(page))
        self._looks[task] = page.id
        task.add_done_callback(self._end_look)

    def _end_look(self, task: asyncio.Task[None]) -> None:
        """Whatever a look ended with, its page is due again."""
        page_id = self._looks.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s: %s: %s", page_id, type(error).__name__, error)
            log.debug("%s", page_id, exc_info=error)
            page = self.pages[page_id]
            self._timetable.set(page_id, self.clock.monotonic() + page.interval_s)
        self._bell.set()

    async def poll(self, page: Page) -> None:
        """Everything that happens when a page is due: look, take, and say when next."""
        result = await self._looker.look(page)
        self.counters.count(result)
        await self._take_failure(page, result)
        self._set_next(page, result)

    async def _take_failure(self, page: Page, result: Result) -> None:
        """A failure is the page's only when it is not ours."""
        failure = result.failure
        if failure is None or failure.fault is not Fault.UNREACHABLE:
            self._note_answer(host_of(page))
        elif self.network.failed(host_of(page), failure.reason):
            log.warning("offline, trying again quietly (%s)", self.network.reason)
            self._redraw.set()
        if failure is not None and not self._is_ours(failure):
            await self._take_miss(page, failure)

    def _is_ours(self, failure: Failure) -> bool:
        return self.network.offline and failure.fault is Fault.UNREACHABLE

    async def _take_miss(self, page: Page, failure: Failure) -> None:
        before = self.ledger.memory(page.id)
        try:
            await self.ledger.take(page.id, failure)
        except StoreError:
            return
        except Exception as error:  # noqa: BLE001 - a fault of ours: the page is due again all the same
            self._looker.fault(page, error)
            return
        after = self.ledger.memory(page.id)
        told_at_once = before.read_at is None and failure.fault is not Fault.UNREACHABLE
        if (after.unreadable and not before.unreadable) or (told_at_once and not before.misses):
            log.warning("cannot be read: %s", failure.reason, extra={"page": page.id})

    def _note_answer(self, host: str) -> None:
        dead_before = self.network.dead
        if self.network.answered(host):
            log.warning("online again: refreshing every page")
            self._redraw.set()
            self._refresh(leaving_out=dead_before)

    def _set_next(self, page: Page, result: Result) -> None:
        pace = self._pace.get(page.id, Next(0.0, 0, 0.0))
        pace = self._pace[page.id] = after(
            result.outcome,
            interval_s=self._interval_s(page),
            failures=pace.failures,
            gone=pace.gone,
            jitter=self.clock.dice(),
        )
        now, host = self.clock.monotonic(), host_of(page)
        if pace.host_wait_s:
            self._timetable.pause_host(host, now + pace.host_wait_s)
        probing = self.network.offline and host not in self.network.dead
        wait_s = min(FLOOR_S, page.interval_s) if probing else pace.wait_s
        self._timetable.set(page.id, now + wait_s)

    def _interval_s(self, page: Page) -> float:
        return effective_interval_s(page.interval_s, self._is_incident_open(page))

    def _is_incident_open(self, page: Page) -> bool:
        memory, scope = self.ledger.memory(page.id), self._watching[page.id]
        return any(
            phase_of(known) is Phase.OPEN and scope.concerns(known, memory)
            for known in memory.incidents.values()
        )

    # ------------------------------------------------ the other loops, and the end

    def _ring_drains(self) -> None:
        for drain in self.drains:
            drain.ring()

    async def _prune(self, beat: Beat) -> None:
        """Forget what is old, now and then."""
        while True:
            await asyncio.sleep(PRUNE_S)
            try:
                self._store.prune(self.clock.now())
            except StoreError as error:
                log.debug("not pruned: %s", error)

    async def _show(self, beat: Beat) -> None:
        """Hand on the overview whenever something in it may have changed."""
        shown: Overview | None = None
        while True:
            current = self.overview()
            if current != shown and self._on_overview:
                self._on_overview(current)
            shown = current
            await asyncio.sleep(REDRAW_S)
            await self._redraw.wait()
            self._redraw.clear()

    async def _end(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Let the sinks catch up for a moment, stop everything, write down what is left."""
        for look in tuple(self._looks):
            look.cancel()
        await _within(FAREWELL_S, [drain.idle.wait() for drain in self.drains])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._looks, return_exceptions=True)
        for drain in self.drains:
            drain.close()


def host_of(page: Page) -> str:
    """The host a page lives on, for what holds host-wide."""
    return urlsplit(page.url).netloc.rpartition("@")[2].lower()


async def _within(seconds: float, waits: Sequence[object]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*waits)  # type: ignore[call-overload]
    except TimeoutError:
        log.warning("not everything could be delivered in time: what is stored, at the next start")
