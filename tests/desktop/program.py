"""A program with a tray icon and nothing else, told by its standard input what to show.

    {"show": {"state": "degraded", ...}}    see ``_overview``
    {"flood": 2000, "then": {...}}          so many others before it, from several threads
    {"toast": ["title", "body"]}            by way of the icon
    {"stop": true}

and telling on its standard output what was clicked, one JSON list a line.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from typing import Any

from traywatch.core.model import ComponentStatus, Impact, IncidentStatus, Severity
from traywatch.core.overview import ComponentView, IconState, IncidentView, Overview, PageView
from traywatch.core.wording import Toast
from traywatch.sinks.backends import backend_for
from traywatch.sinks.tray import Commands, Tray, why_no_tray


def _say(*words: object) -> None:
    print(json.dumps(words), flush=True)


def _overview(said: dict[str, Any]) -> Overview:
    pages = tuple(_page(**page) for page in said.get("pages", ()))
    return Overview(IconState(said["state"]), pages, paused=said.get("paused", False))


def _page(name: str, severity: str, **said: Any) -> PageView:
    components = [ComponentView(n, None, ComponentStatus(s)) for n, s in said.get("troubled", ())]
    incidents = [
        IncidentView(name, name, IncidentStatus.IDENTIFIED, Impact.MAJOR, False, url)
        for name, url in said.get("incidents", ())
    ]
    return PageView(
        page_id=name,
        name=name,
        url=f"https://{name.lower()}.test",
        severity=Severity[severity.upper()],
        readable=True,
        reason=None,
        troubled=tuple(components),
        incidents=tuple(incidents),
        read_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def _obey(tray: Tray) -> None:
    for line in sys.stdin:
        match json.loads(line):
            case {"show": said}:
                tray.show(_overview(said))
            case {"flood": times, "then": said}:
                _flood(tray, times)
                tray.show(_overview(said))
                _say("flooded")
            case {"toast": [title, body]}:
                tray.pop_up(Toast(title, body))
            case {"stop": _}:
                tray.stop()


def _flood(tray: Tray, times: int) -> None:
    """Four threads show one thing after another as fast as they can."""

    def show() -> None:
        for number in range(times // 4):
            state = [*IconState][number % len(IconState)]
            tray.show(Overview(state, paused=number % 100 == 0))

    threads = [threading.Thread(target=show) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    """Run until told to stop; exit code 3 where there can be no tray."""
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    if reason := why_no_tray():
        _say("no tray", reason)
        sys.exit(3)
    import pystray

    _say("backend", backend_for(pystray.Icon).__name__)
    tray: Tray

    def leave() -> None:
        _say("quit")
        tray.stop()

    commands = Commands(
        check_now=lambda: _say("check now"),
        set_paused=lambda paused: _say("paused", paused),
        open_log=lambda: _say("open log"),
        quit=leave,
        open_link=lambda link: _say("link", link),
    )
    tray = Tray(commands)
    threading.Thread(target=_obey, args=(tray,), name="obeying", daemon=True).start()
    reason = tray.run()
    # Nothing but ourselves may be left: a thread that never ends would keep a program alive.
    left = {thread.name for thread in threading.enumerate() if not thread.daemon}
    assert left == {"MainThread"}, left
    _say("ended", reason)


if __name__ == "__main__":
    main()
