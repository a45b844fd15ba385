"""What of a page's history is wanted: the words of closings, and what happened while we were away.

A history lists weeks of incidents. All but a few are backlog, and advancing with it whole would
tell it.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from datetime import datetime

from traywatch.core.model import Incident, Snapshot


def wanted(
    history: Snapshot,
    ids: Container[str],
    away_since: datetime | None = None,
    known: Container[str] = frozenset(),
) -> Snapshot | None:
    """The part of a history to advance with; None when there is nothing in it for us.

    ids: the incidents that left the list of open ones. Taken only once the history, too, says
        that they are over: it lags behind the list now and then.
    away_since: after a gap, how new what we last read was: whatever began or was reopened since is
        taken, and what is known and was spoken of since.
    """
    taken = tuple(
        incident
        for incident in history.incidents
        if (incident.id in ids and incident.incident_status.closed)
        or (away_since is not None and _is_news(incident, away_since, known))
    )
    if not taken:
        return None
    return replace(history, exhaustive=False, components=(), incidents=taken)


def _is_news(incident: Incident, since: datetime, known: Container[str]) -> bool:
    """Of a known one only what was not told is told. One never heard of that was over before is
    backlog; but not when it was reopened: a look at the page would have told it whole."""
    fresh = [u for u in incident.updates if u.at is not None and u.at >= since]
    if incident.id in known:
        return bool(fresh)
    times = [update.at for update in incident.updates if update.at is not None]
    began_at = incident.created_at or min(times, default=None)
    began_since = began_at is not None and began_at >= since
    return began_since or any(not update.incident_status.closed for update in fresh)
