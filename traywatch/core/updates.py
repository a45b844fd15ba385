"""The updates of one incident as a document gives them: when each was, and what tells it from the
others. Documents leave out ids, times, or the updates altogether.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from traywatch.core.memory import KnownIncident
from traywatch.core.model import Incident, Update

SAID_ANEW: Final = timedelta(minutes=10)
"""After so long the same words, without id and time, are said anew; before, they are delivered a
second time."""


@dataclass(frozen=True, slots=True)
class Dated:
    """An update with the time we go by and what it is known by."""

    update: Update
    at: datetime
    key: tuple[str, ...]


def dated_updates(incident: Incident, now: datetime) -> list[Dated]:
    """The updates oldest first. An incident without any is its own only update."""
    if not incident.updates:
        at = incident.updated_at or incident.created_at or now
        only = Update(incident.incident_status, body="", at=at)
        return [Dated(only, at, (incident.id, "status", incident.incident_status))]
    times = _times(incident.updates, now)
    dated = [
        Dated(u, at, _identity(incident, u)) for u, at in zip(incident.updates, times, strict=True)
    ]
    return sorted(dated, key=lambda item: item.at)


def _times(updates: Sequence[Update], now: datetime) -> list[datetime]:
    """When each was published. One that does not say was there before the one that follows it: a
    date that cannot be read makes no old words the newest."""
    times: list[datetime] = []
    for update in reversed(updates):
        times.append(update.at or (times[-1] if times else now))
    return times[::-1]


def _identity(incident: Incident, update: Update) -> tuple[str, ...]:
    """The vendor's id; else incident, time and status. Not the text, for texts are edited: only
    where there is no time either, it is all that tells one update from another."""
    if update.id is not None:
        return (incident.id, "id", update.id)
    if update.at is None:
        return (incident.id, "words", update.incident_status, update.body)
    return (incident.id, "at", update.at.isoformat(), update.incident_status)


def is_said_anew(incident: Incident, known: KnownIncident | None, now: datetime) -> bool:
    """Is it nothing but words ("db-1 is down"), last heard of so long ago that they are not simply
    delivered a second time?"""
    bare = [update.id is None and update.at is None for update in incident.updates]
    if not bare or not all(bare):
        return False
    return known is None or (known.heard and now - known.listed_at >= SAID_ANEW)


def is_where_it_stands(incident: Incident, known: KnownIncident | None) -> bool:
    """It says its status and no more, and that is the one we know."""
    if known is None or known.incident_status is not incident.incident_status:
        return False
    return all(update.only_if_moved for update in incident.updates)
