"""Builds everything, owns threads and signals.

    run_console   the conductor on the main thread, until interrupted
    run_once      one round; the exit code tells the worst severity
    run_tray      the conductor on a thread named "watch", the tray icon on the main thread
    run_demo      either of them against the made-up vendor, in a profile that is thrown away
    read_page     one page, read once, nothing stored
    stored_overview  what the last run left behind

Every ``run_*`` returns the exit code and raises TraywatchError where it cannot even begin. SQLite
is opened and used on the thread that watches.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from traywatch.config import Config
from traywatch.core.errors import StoreError
from traywatch.core.memory import Memory
from traywatch.core.model import Page
from traywatch.core.overview import Overview, overview
from traywatch.demo import DemoVendor
from traywatch.fetch import Fetcher
from traywatch.profile import Profile
from traywatch.report import EXIT_CANNOT_READ, exit_code
from traywatch.sinks import Sink
from traywatch.sinks.console import ConsoleSink
from traywatch.sinks.logfile import LogFileSink
from traywatch.store.lock import ProfileBusy, ProfileLock
from traywatch.store.reading import read_profile
from traywatch.store.schema import OtherVersion
from traywatch.store.sqlite import SqliteStore
from traywatch.watch.conductor import PAUSED, Conductor
from traywatch.watch.discovery import Found, discover

log = logging.getLogger(__name__)

EXIT_INTERRUPTED: Final = 130
LAST_WORDS_S: Final = 4.0
"""Between the last thing a demonstration says and its end: time for a look or two."""
FAREWELL_S: Final = 2.5
"""From being told to end to being gone, at the most."""
HURRY_S: Final = 0.5
"""How long Python may tidy up once we are done. A name look-up that hangs on a thread of the
standard library's would otherwise be waited for."""


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


# ---------------------------------------------------------------- the ways to run


def run_console(config: Config, profile: Profile) -> int:
    """Print what happens until interrupted."""
    return _run_console(config, profile, None)


def _run_console(config: Config, profile: Profile, over: threading.Event | None) -> int:
    """... or until ``over`` is set, and what was said last is printed."""
    signals = _Signals()

    def handed(running: Running) -> None:
        signals.install(running)
        if over is not None:
            _start_thread("end", partial(_end_after, over, running))

    async def watch() -> None:
        await _watch(config, profile, _line_sinks(profile), handed=handed)
        _hurry(signals.exit_code)

    with _held(profile):
        asyncio.run(watch())
        return signals.exit_code


def run_once(config: Config, profile: Profile) -> int:
    """Look at every page once, print what is new; the exit code tells the worst severity."""
    with _held(profile):
        return asyncio.run(_watch_once(config, profile, _line_sinks(profile)))


def run_demo(console: bool) -> int:
    """Play a whole outage, against a vendor on loopback and in a profile that is thrown away.

    On the console it ends when the play is over; the tray stays until the person quits.
    """
    with tempfile.TemporaryDirectory(prefix="traywatch-demo-") as folder, DemoVendor() as vendor:
        page = Page(id="demo", url=vendor.url, interval_s=1.0)
        config = Config(pages=(page,))
        profile = Profile(Path(folder), Path(folder), Path(folder))
        vendor.start_script()
        return _run_console(config, profile, vendor.done) if console else run_tray(config, profile)


async def read_page(url: str, platform: str | None) -> Found:
    """Read one page. Raises FetchError or FormatError."""
    fetcher = Fetcher()
    try:
        page = Page(id="check", url=url.rstrip("/"), platform=platform)
        return await discover(page, fetcher.get)
    finally:
        await fetcher.aclose()


def stored_overview(config: Config, profile: Profile) -> Overview:
    """What is stored of the configured pages, without asking the network.

    Raises StoreError where nothing was stored yet.
    """
    stored = read_profile(profile.state_dir)
    rows = []
    for page in config.pages:
        record = stored.pages.get(page.id)
        known = record is not None and record.url == page.url
        rows.append((page, record.memory if record and known else Memory(page.id)))
    paused = PAUSED in stored.settings
    return overview(rows, offline=False, paused=paused, now=datetime.now(UTC))


# ---------------------------------------------------------------- what they are made of


async def _watch(
    config: Config,
    profile: Profile,
    sinks: Sequence[Sink],
    *,
    handed: Callable[[Running], None],
    on_overview: Callable[[Overview], None] | None = None,
) -> None:
    """Watch until told to stop through the Running that is ``handed`` out."""
    stop = asyncio.Event()
    async with _conductor(config, profile, sinks, on_overview) as conductor:
        handed(Running(conductor, stop))
        neighbours = [asyncio.create_task(job) for job in _neighbours(config, conductor, stop)]
        log.info("watching %s; Ctrl-C ends it", _names(config.pages))
        await conductor.run(stop)
        for task in neighbours:
            task.cancel()
        await asyncio.gather(*neighbours, return_exceptions=True)


async def _watch_once(config: Config, profile: Profile, sinks: Sequence[Sink]) -> int:
    async with _conductor(config, profile, sinks, None) as conductor:
        results = await conductor.once()
        for page_id, result in results.items():
            if result.failure is not None:
                log.error("%s: cannot be read: %s", page_id, result.failure.reason)
        failed = any(result.failure for result in results.values())
        code = EXIT_CANNOT_READ if failed else exit_code(conductor.overview())
    _hurry(code)
    return code


@asynccontextmanager
async def _conductor(
    config: Config,
    profile: Profile,
    sinks: Sequence[Sink],
    on_overview: Callable[[Overview], None] | None,
) -> AsyncIterator[Conductor]:
    """A conductor with its store and its HTTP client, put away at the end."""
    store, fetcher = _open_store(profile), Fetcher()
    try:
        yield Conductor(
            pages=config.pages, store=store, sinks=sinks, fetch=fetcher, on_overview=on_overview
        )
    finally:
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
def _held(profile: Profile) -> Iterator[None]:
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


def _line_sinks(profile: Profile) -> list[Sink]:
    return [ConsoleSink(sys.stdout), LogFileSink(profile.records_file)]


def _open_store(profile: Profile) -> SqliteStore:
    """The profile's store; where it cannot be written, one in memory, with a warning.

    Raises StoreError for a database of a newer version: it is left alone.
    """
    try:
        store, notices = SqliteStore.open(profile.state_dir, datetime.now(UTC))
    except OtherVersion:
        raise
    except StoreError as error:
        log.warning("%s; what is told now may be told again after the next start", error)
        return SqliteStore.in_memory(profile.state_dir)
    for notice in notices:
        log.warning("%s", notice)
    return store


def _end_after(over: threading.Event, running: Running) -> None:
    over.wait()
    running.end_soon(LAST_WORDS_S)


def _start_thread(name: str, run: Callable[[], object]) -> None:
    threading.Thread(target=run, name=name, daemon=True).start()


def _names(pages: Sequence[Page]) -> str:
    """Whom we watch, in a few words."""
    named = [page.name or page.url for page in pages[:3]]
    more = len(pages) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


class _Signals:
    """Ends a run in good order, and knows what ended it."""

    def __init__(self) -> None:
        self.exit_code = 0
        self._running: Running | None = None

    def install(self, running: Running) -> None:
        """Take over what the terminal, the system or a service manager sends (main thread)."""
        self._running = running
        for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, self._end)

    def _end(self, number: int, frame: object) -> None:
        self.exit_code = EXIT_INTERRUPTED if number == signal.SIGINT else 0
        _hurry(self.exit_code, FAREWELL_S)
        if self._running:
            self._running.end()


def _hurry(code: int, after_s: float = HURRY_S) -> None:
    """End the process after so long, whatever still hangs: what was told to be kept is kept."""

    def leave() -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code)

    timer = threading.Timer(after_s, leave)
    timer.daemon = True
    timer.start()
