"""What the store's tests store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from traywatch.core.memory import KnownComponent, KnownIncident, Memory, Seen, overlaid, seen_key
from traywatch.core.model import (
    ComponentStatus,
    Impact,
    IncidentOpened,
    IncidentStatus,
    IncidentUpdated,
)
from traywatch.core.reply import Validators
from traywatch.store import Commit, PageRecord
from traywatch.store.sqlite import SqliteStore

NOW: Final = datetime(2025, 11, 18, 12, 34, 56, 789012, UTC)
TODAY: Final = NOW.toordinal()
DAY: Final = timedelta(days=1)
URL: Final = "https://status.example.com"


def opened(number: int, page_id: str = "example") -> IncidentOpened:
    """An event that tells its number."""
    return IncidentOpened(
        page_id=page_id,
        page_name="Example",
        at=NOW,
        incident_id=f"incident-{number}",
        incident_name="Elevated errors",
        incident_status=IncidentStatus.INVESTIGATING,
        impact=Impact.MINOR,
        body=f"number {number}",
    )


def updated(body: str, page_id: str = "example") -> IncidentUpdated:
    return IncidentUpdated(
        page_id=page_id,
        page_name="Example",
        at=NOW,
        incident_id="incident",
        incident_name="Elevated errors",
        incident_status=IncidentStatus.MONITORING,
        impact=Impact.MINOR,
        body=body,
    )


def record(page_id: str = "example", **memory: object) -> PageRecord:
    """A page that was read once."""
    known = KnownComponent("c1", "Chat Completions", ComponentStatus.OPERATIONAL, "API")
    whole = Memory(page_id, "Example", baselined=True, components={"c1": known}, read_at=NOW)
    return PageRecord(
        page_id,
        URL,
        replace(whole, **memory),  # type: ignore[arg-type]
        platform="statuspage",
        address=f"{URL}/api/v2/summary.json",
        detected_at=NOW,
        validators=Validators(f"{URL}/api/v2/summary.json", NOW, etag='W/"1"'),
    )


def incident(incident_id: str, *, listed_at: datetime = NOW) -> KnownIncident:
    return KnownIncident(
        id=incident_id,
        name="Elevated errors",
        incident_status=IncidentStatus.RESOLVED,
        impact=Impact.MINOR,
        is_maintenance=False,
        opened_at=listed_at,
        changed_at=listed_at,
        listed_at=listed_at,
    )


def key(identity: object, page_id: str = "example") -> int:
    return seen_key(page_id, str(identity))


def with_seen(page: PageRecord, fresh: Mapping[int, Seen]) -> PageRecord:
    """The page after a look that listed these, as ``advance`` leaves it."""
    return replace(page, memory=replace(page.memory, seen=overlaid(page.memory.seen, fresh)))


def looked(page: PageRecord, at: datetime) -> PageRecord:
    """The page after a look that brought nothing: 304."""
    return replace(page, memory=replace(page.memory, read_at=at))


def fresh_store(directory: Path, now: datetime = NOW) -> SqliteStore:
    """A store that was opened without a word."""
    store, notices = SqliteStore.open(directory, now, busy_timeout_s=0)
    assert notices == ()
    return store


def take(store: SqliteStore, page: PageRecord, *numbers: int, now: datetime = NOW) -> None:
    """Commit a page with events of these numbers."""
    store.commit([Commit(page, tuple(opened(number) for number in numbers))], now)


def logged(store: SqliteStore, after: int = 0) -> list[str]:
    """The words of every event in the log."""
    return [
        r.event.body for r in store.events_after(after, -1) if isinstance(r.event, IncidentOpened)
    ]
