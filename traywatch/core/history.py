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
    away_since: after a gap, how new what we last read was: whatever began since is taken, and
        what is known and was spoken of since.
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
    """Of a known one only what was not told is told; any other must have begun since."""
    times = [update.at for update in incident.updates if update.at is not None]
    began_at = incident.created_at or min(times, default=None)
    at = max(times, default=None) if incident.id in known else began_at
    return at is not None and at >= since
