"""What of a page's history is wanted: the words of closings, and what happened while we were away.

A history lists weeks of incidents. All but a few are backlog, and advancing with it whole would
tell it.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from traywatch.core.model import Incident, Snapshot

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


def wanted(
    history: Snapshot,
    ids: Container[str],
    away_since: datetime | None = None,
    known: Container[str] = frozenset(),
) -> Snapshot | None:
    """The part of a history to advance with; None when there is nothing in it for us.

    ids: the incidents that left the list of open ones. Taken only once the history, too, says
        that they are over: it lags behind the list now and then.
    away_since: after a gap, how new what we last read was: whatever began since is taken, what is
        known and was spoken of since, and of what was reopened since what was said since.
    """
    parts = (_part(incident, ids, away_since, known) for incident in history.incidents)
    taken = tuple(part for part in parts if part is not None)
    if not taken:
        return None
    return replace(history, exhaustive=False, components=(), incidents=taken)


def _part(
    incident: Incident, ids: Container[str], since: datetime | None, known: Container[str]
) -> Incident | None:
    """What of one incident is wanted."""
    if incident.id in ids and incident.incident_status.closed:
        return incident
    if since is None:
        return None
    fresh = tuple(u for u in incident.updates if u.at is not None and u.at >= since)
    if incident.id in known:  # only what was not told is told
        return incident if fresh else None
    if _began_at(incident) >= since:
        return incident
    was_reopened = any(not update.incident_status.closed for update in fresh)
    return replace(incident, updates=fresh) if was_reopened else None


def _began_at(incident: Incident) -> datetime:
    """When it is said to have begun; where that is not said, long ago."""
    times = [update.at for update in incident.updates if update.at is not None]
    return incident.created_at or min(times, default=_LONG_AGO)
