"""The ways to run, each with its threads and its end.

    run_console      the conductor on the main thread, until interrupted
    run_once         one round; the exit code tells the worst severity
    run_tray         the conductor on a thread named "watch", the tray icon on the main thread
    run_demo         either of them against the made-up vendor, in a profile that is thrown away
    read_page        one page, read once, nothing stored
    stored_overview  what the last run left behind

Every ``run_*`` returns the exit code and raises TraywatchError where it cannot even begin.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from traywatch.config import Config
from traywatch.core.errors import AutostartError
from traywatch.core.memory import Memory
from traywatch.core.model import Page
from traywatch.core.overview import Overview, overview
from traywatch.ending import Signals, hurry
from traywatch.fetch import Fetcher
from traywatch.profile import Profile
from traywatch.report import EXIT_CANNOT_READ, exit_code
from traywatch.running import Running, conductor_for, held, line_sinks, watch
from traywatch.store.lock import ProfileBusy
from traywatch.store.reading import read_profile
from traywatch.watch.conductor import PAUSED
from traywatch.watch.discovery import Found, discover

if TYPE_CHECKING:
    from traywatch.autostart import Autostart

log = logging.getLogger(__name__)

LAST_WORDS_S: Final = 4.0
"""Between the last thing a demonstration says and its end: time for a look or two."""


def run_console(config: Config, profile: Profile, over: threading.Event | None = None) -> int:
    """Print what happens until interrupted; or until ``over`` is set and all is printed."""
    signals = Signals()

    def handed(running: Running) -> None:
        signals.install(running.end)
        if over is not None:
            threading.Thread(target=_end_after, args=(over, running), daemon=True).start()

    async def run() -> None:
        await watch(config, profile, line_sinks(profile), handed=handed)
        hurry(signals.exit_code)

    with held(profile):
        asyncio.run(run())
    return signals.exit_code


def run_once(config: Config, profile: Profile) -> int:
    """Look at every page once, print what is new; the exit code tells the worst severity."""

    async def run() -> int:
        async with conductor_for(config, profile, line_sinks(profile)) as conductor:
            results = await conductor.once()
            for page_id, result in results.items():
                if result.failure is not None:
                    log.error("cannot be read: %s", result.failure.reason, extra={"page": page_id})
            failed = any(result.failure for result in results.values())
            code = EXIT_CANNOT_READ if failed else exit_code(conductor.overview())
        hurry(code)
        return code

    with held(profile):
        return asyncio.run(run())


def run_tray(config: Config, profile: Profile) -> int:
    """Show the icon until the person quits. Where no tray can be shown, go on on the console.

    Where a tray runs already, that one is asked to show itself.
    """
    from traywatch.autostart import autostart
    from traywatch.presence import call

    try:
        login = autostart(profile.folder)
    except AutostartError as error:
        log.info("%s", error)
        login = None
    try:
        return _run_tray(config, profile, login)
    except ProfileBusy as busy:
        if not call(profile.state_dir, busy.pid):
            raise
        log.info("%s; it shows itself", busy)
        return 0


def _run_tray(config: Config, profile: Profile, login: Autostart | None) -> int:
    from traywatch.sinks.tray import why_no_tray  # brings pystray, and pystray Pillow

    if reason := why_no_tray():
        log.warning("no tray icon, going on without: %s", reason)
        return run_console(config, profile)
    from traywatch.trayapp import TrayApp

    with held(profile):
        return TrayApp(config, profile, login).run()


def run_demo(console: bool) -> int:
    """Play a whole outage, against a vendor on loopback and in a profile that is thrown away.

    On the console it ends when the play is over; the tray stays until the person quits.
    """
    from traywatch.demo import DemoVendor  # an HTTP server, which nothing else needs

    with tempfile.TemporaryDirectory(prefix="traywatch-demo-") as folder, DemoVendor() as vendor:
        config = Config(pages=(Page(id="demo", url=vendor.url, interval_s=1.0),))
        profile = Profile(Path(folder), Path(folder), Path(folder))
        vendor.start_script()
        if console:
            return run_console(config, profile, over=vendor.done)
        return _run_tray(config, profile, login=None)


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


def _end_after(over: threading.Event, running: Running) -> None:
    over.wait()
    running.end_soon(LAST_WORDS_S)
