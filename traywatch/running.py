"""A conductor at work: built from the settings and the profile, with all it stands on.

SQLite is opened and used on the thread that runs ``watch``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import (
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from traywatch.config import Config
from traywatch.core.errors import StoreError, StoreLocked
from traywatch.core.model import Page
from traywatch.core.overview import Overview
from traywatch.fetch import Fetcher
from traywatch.profile import Profile
from traywatch.sinks import Sink
from traywatch.sinks.console import ConsoleSink
from traywatch.sinks.logfile import LogFileSink
from traywatch.store.lock import ProfileBusy, ProfileLock
from traywatch.store.schema import OtherVersion
from traywatch.store.sqlite import SqliteStore
from traywatch.watch.conductor import Conductor

log = logging.getLogger(__name__)

SPARE_FILES: Final = 256
MOVE_S: Final = 60.0
"""How often it is tried to leave memory for a disk that could not be written."""
LOCKED_S: Final = 15.0
"""How long a store that another program holds (a backup, say) is waited for at start."""
RETRY_S: Final = 0.5


class Running:
    """A conductor at work, as other threads see it."""

    def __init__(self, conductor: Conductor, stop: asyncio.Event) -> None:
        self.conductor = conductor
        self._stop = stop
        self._loop = asyncio.get_running_loop()

    def call(self, command: Callable[[], object]) -> None:
        """Have something done on the watch thread, soon; nothing when that has ended."""
        try:
            self._loop.call_soon_threadsafe(command)
        except RuntimeError:
            log.debug("the watch thread has ended")

    def end(self) -> None:
        """Stop watching."""
        self.call(self._stop.set)

    def end_soon(self, seconds: float) -> None:
        """Stop watching after a while."""
        self.call(partial(self._loop.call_later, seconds, self._stop.set))


async def watch(
    config: Config,
    profile: Profile,
    sinks: Sequence[Sink],
    *,
    handed: Callable[[Running], None],
    on_overview: Callable[[Overview], None] | None = None,
) -> None:
    """Watch until told to stop through the Running that is ``handed`` out."""
    stop = asyncio.Event()
    async with conductor_for(config, profile, sinks, on_overview) as conductor:
        handed(Running(conductor, stop))
        neighbours = [asyncio.create_task(job) for job in _neighbours(config, conductor, stop)]
        log.info("watching %s; Ctrl-C ends it", _names(config.pages))
        await conductor.run(stop)
        for task in neighbours:
            task.cancel()
        await asyncio.gather(*neighbours, return_exceptions=True)


@asynccontextmanager
async def conductor_for(
    config: Config,
    profile: Profile,
    sinks: Sequence[Sink],
    on_overview: Callable[[Overview], None] | None = None,
) -> AsyncIterator[Conductor]:
    """A conductor with its store and its HTTP client, put away at the end."""
    _allow_connections(len(config.pages))
    store, fetcher = await _open_store(profile), Fetcher()
    moving = asyncio.create_task(_move_to_disk(store, profile))
    try:
        yield Conductor(
            pages=config.pages, store=store, sinks=sinks, fetch=fetcher, on_overview=on_overview
        )
    finally:
        moving.cancel()
        await asyncio.gather(moving, return_exceptions=True)
        await fetcher.aclose()
        store.close()


def _neighbours(
    config: Config, conductor: Conductor, stop: asyncio.Event
) -> Iterator[Coroutine[Any, Any, None]]:
    """What else runs on the watch thread's loop, imported only when it is switched on."""
    if config.listener is None and not config.relays:
        return iter(())
    from traywatch.hearing import neighbours

    return neighbours(config, conductor, stop)


@contextmanager
def held(profile: Profile) -> Iterator[None]:
    """The profile is ours. Raises ProfileBusy when another process holds it.

    A folder that cannot be written cannot be held either; watching goes on without.
    """
    try:
        profile.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = ProfileLock.acquire(profile.state_dir)
    except ProfileBusy:
        raise
    except (StoreError, OSError):
        yield
    else:
        with lock:
            yield


def line_sinks(profile: Profile) -> list[Sink]:
    """Where records are printed: standard output and the log file."""
    return [ConsoleSink(sys.stdout), LogFileSink(profile.records_file)]


async def _open_store(profile: Profile) -> SqliteStore:
    """The profile's store; where it cannot be written, one in memory, with a warning.

    Raises StoreError for a database of a newer version: it is left alone.
    """
    try:
        store, notices = await _open_unlocked(profile)
    except OtherVersion:
        raise
    except StoreError as error:
        log.warning(
            "%s; until that is mended, what is told may be told again after the next start", error
        )
        return SqliteStore.in_memory(profile.state_dir)
    for notice in notices:
        log.warning("%s", notice)
    return store


async def _open_unlocked(profile: Profile) -> tuple[SqliteStore, tuple[str, ...]]:
    """The store and its notices, once nobody else holds it. Raises StoreError."""
    clock = asyncio.get_running_loop().time
    until, told = clock() + LOCKED_S, False
    while True:
        try:
            return SqliteStore.open(profile.state_dir, datetime.now(UTC))
        except StoreLocked:
            if clock() > until:
                raise
        if not told:
            log.warning("another program holds what is remembered, waiting for it")
            told = True
        await asyncio.sleep(RETRY_S)


async def _move_to_disk(store: SqliteStore, profile: Profile) -> None:
    """A store in memory is only there until the profile can be written."""
    while store.in_memory_only:
        await asyncio.sleep(MOVE_S)
        with suppress(StoreError, OSError), _held_by_us(profile):
            store.move_to(profile.state_dir)
            log.warning("what is told is remembered again")
            await asyncio.Event().wait()


def _held_by_us(profile: Profile) -> AbstractContextManager[object]:
    """The profile's lock, where the folder could not even be locked at start.

    Raises ProfileBusy when another process came first, OSError or StoreError when it still cannot.
    """
    profile.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return ProfileLock.acquire(profile.state_dir)
    except ProfileBusy as busy:
        if busy.pid != os.getpid():
            raise
        return nullcontext()


def _allow_connections(pages: int) -> None:
    """A kept connection a page, where the system lets us: its soft limit is often 1,024 files, of
    which ``fetch`` uses half. Without, the rest shake hands at every poll."""
    try:
        import resource
    except ImportError:  # Windows counts sockets elsewhere
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * pages + SPARE_FILES
    if soft not in (resource.RLIM_INFINITY, -1) and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _names(pages: Sequence[Page]) -> str:
    """Whom we watch, in a few words."""
    named = [page.name or page.url for page in pages[:3]]
    more = len(pages) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")
