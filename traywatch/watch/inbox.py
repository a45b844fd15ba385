"""What the listener and the relays hand in, and what they may ask of the conductor."""

from __future__ import annotations

from collections import Counter as Tally
from urllib.parse import urlsplit

from traywatch import __version__, report
from traywatch.core.draft import BARE
from traywatch.core.errors import StoreError
from traywatch.core.model import Snapshot
from traywatch.core.overview import PageView
from traywatch.listener import Counters, Delivery, Health, SinkHealth
from traywatch.sinks.notification import NotificationSink
from traywatch.watch.conductor import Conductor, host_of
from traywatch.watch.drain import Drain


class Inbox:
    """The listener's view of the conductor; see ``traywatch.listener.Inbox``."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor
        self._ledger = conductor.ledger

    async def receive(self, delivery: Delivery) -> bool:
        """Take a delivery on the one road, then look at the page itself, now and twice again.

        Validators are left alone: what a webhook says is no copy of any document.
        """
        page_id = delivery.page_id or self._page_of(delivery.snapshot)
        taken = await self._ledger.take(page_id, delivery.snapshot, receipt=delivery.receipt)
        if taken and page_id != BARE:
            self._conductor.ring(page_id, echoes=True)
        return taken

    def knows(self, page_id: str) -> bool:
        """Is this the id of a watched page?"""
        return page_id in self._conductor.pages

    def health(self) -> Health:
        """How the program is doing; degraded while something is not stored, read or emitted."""
        overview = self._conductor.overview()
        pages = Tally(_state_of(view) for view in overview.pages)
        sinks = {drain.sink.name: _sink_health(drain) for drain in self._conductor.drains}
        store = self._ledger.failure
        ok = not (store or overview.offline or pages["unreadable"] or _any_trouble(sinks))
        now = self._conductor.clock.now()
        return Health(
            state="ok" if ok else "degraded",
            version=__version__,
            uptime_s=(now - self._conductor.counters.started_at).total_seconds(),
            pages=dict(pages),
            last_poll_at=max((v.read_at for v in overview.pages if v.read_at), default=None),
            store=str(store) if store else "ok",
            sinks=sinks,
        )

    def status_json(self) -> object:
        """What ``traywatch status --json`` prints."""
        return report.status_document(self._conductor.overview())

    def counters(self) -> Counters:
        """For /metrics."""
        counters, overview = self._conductor.counters, self._conductor.overview()
        return Counters(
            polls=dict(counters.polls),
            not_modified=counters.polls["not_modified"],
            received_bytes=counters.received_bytes,
            updates=self._ledger.events,
            toasts=sum(map(_toasts, self._conductor.drains)),
            lateness_s=counters.lateness_s,
            sinks_behind={d.sink.name: _behind(d) for d in self._conductor.drains},
            page_severity={view.page_id: view.severity for view in overview.pages},
            page_readable={view.page_id: view.readable for view in overview.pages},
        )

    def _page_of(self, snapshot: Snapshot) -> str:
        """The watched page a delivery without one is about: by its address, else by an incident or
        a component that is known there. BARE where there is none, or more than one."""
        host = urlsplit(snapshot.page_url or "").netloc.lower()
        incidents = {incident.id for incident in snapshot.incidents}
        components = {component.id for component in snapshot.components}
        about = [
            page.id
            for page in self._conductor.pages.values()
            if host == host_of(page)
            or incidents & self._ledger.memory(page.id).incidents.keys()
            or components & self._ledger.memory(page.id).components.keys()
        ]
        return about[0] if len(about) == 1 else BARE


def _state_of(view: PageView) -> str:
    if not view.readable:
        return "unreadable"
    return view.severity.word if view.severity is not None else "unknown"


def _toasts(drain: Drain) -> int:
    return drain.sink.count if isinstance(drain.sink, NotificationSink) else 0


def _behind(drain: Drain) -> int:
    try:
        return drain.lag
    except StoreError:
        return 0


def _sink_health(drain: Drain) -> SinkHealth:
    return SinkHealth(behind=_behind(drain), trouble=drain.trouble)


def _any_trouble(sinks: dict[str, SinkHealth]) -> bool:
    return any(sink.trouble for sink in sinks.values())
