"""Following one incident or maintenance: which of its updates are news, and what they mean.

What a new update means is a table of (where it stood, where it stands). The newest update by the
vendor's own time decides where an incident stands; one that arrives late is told, and moves
nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from traywatch.core.draft import Draft, Novelty
from traywatch.core.memory import KnownIncident
from traywatch.core.model import (
    UNNAMED_INCIDENT,
    UNNAMED_MAINTENANCE,
    ComponentRef,
    Impact,
    Incident,
    IncidentClosed,
    IncidentEdited,
    IncidentNews,
    IncidentOpened,
    IncidentStatus,
    IncidentUpdated,
    MaintenanceCompleted,
    MaintenanceScheduled,
    MaintenanceStarted,
    Update,
)
from traywatch.core.updates import Dated, dated_updates, is_said_anew, is_where_it_stands

BACKDATED: Final = timedelta(hours=1)
"""How far before the newest known update a closing may be dated and still close: people write the
resolution when they get to it and date it when it was."""


LISTED_EVERY: Final = timedelta(minutes=1)
"""How exactly it is known when an incident was last listed: a repeated webhook that says nothing
new would otherwise be written down every time."""


MOST_NAMED: Final = 1_000
"""Components remembered of one incident: what bounds it where each webhook names others."""


class Phase(Enum):
    """Where an incident or maintenance stands, as far as events go."""

    ABSENT = auto()
    PLANNED = auto()
    OPEN = auto()
    CLOSED = auto()


_INCIDENT: Final[dict[tuple[Phase, Phase], type[IncidentNews]]] = {
    (Phase.ABSENT, Phase.OPEN): IncidentOpened,
    (Phase.CLOSED, Phase.OPEN): IncidentOpened,
    (Phase.ABSENT, Phase.CLOSED): IncidentClosed,
    (Phase.OPEN, Phase.CLOSED): IncidentClosed,
}
_MAINTENANCE: Final[dict[tuple[Phase, Phase], type[IncidentNews]]] = {
    (Phase.ABSENT, Phase.PLANNED): MaintenanceScheduled,
    (Phase.OPEN, Phase.PLANNED): MaintenanceScheduled,
    (Phase.CLOSED, Phase.PLANNED): MaintenanceScheduled,
    (Phase.ABSENT, Phase.OPEN): MaintenanceStarted,
    (Phase.PLANNED, Phase.OPEN): MaintenanceStarted,
    (Phase.CLOSED, Phase.OPEN): MaintenanceStarted,
    (Phase.ABSENT, Phase.CLOSED): MaintenanceCompleted,
    (Phase.PLANNED, Phase.CLOSED): MaintenanceCompleted,
    (Phase.OPEN, Phase.CLOSED): MaintenanceCompleted,
}
"""Every other pair is an IncidentUpdated."""


def phase_of(known: KnownIncident | None) -> Phase:
    """Where a known incident stands."""
    if known is None:
        return Phase.ABSENT
    return _phase(known.incident_status, known.is_maintenance)


def follow(draft: Draft, incident: Incident, *, heard: bool = False) -> None:
    """Take what a document says of one incident; tell every update not told before.

    heard: it does not come from the page's own list, but from a webhook or a history.
    """
    told_from = len(draft.events)
    known = draft.incidents.get(incident.id)
    incident = _completed(incident, known)
    dated = dated_updates(incident, draft.now)
    stands = is_where_it_stands(incident, known)
    is_anew = heard and is_said_anew(incident, known, draft.now)
    if is_anew:
        draft.incidents.pop(incident.id, None)
    for item in dated:
        is_news = _is_news(draft, incident, item) or is_anew
        if is_news and not stands:
            _tell(draft, incident, item)
        elif known is None:  # told before, or elsewhere; where it stands is all we learn
            so_far = draft.incidents.get(incident.id)
            draft.incidents[incident.id] = _stand(draft, incident, item, so_far)
    _adopt(draft, incident, dated)
    _follow_phase(draft, incident, dated[-1].at)
    _follow_window(draft, incident, told_from)


def follow_quietly(draft: Draft, incident: Incident) -> None:
    """The first look: what is going on is told by its newest update, the backlog is not.

    What a webhook told of before goes on from there."""
    dated = dated_updates(incident, draft.now)
    news = [_is_news(draft, incident, item) for item in dated][-1]
    newest = dated[-1] = _as_it_stands(incident, dated[-1])
    was_heard = incident.id in draft.incidents
    if news and was_heard:
        _tell(draft, incident, newest)
    _adopt(draft, incident, dated)
    if news and not was_heard and phase_of(draft.incidents[incident.id]) is Phase.OPEN:
        opening = MaintenanceStarted if incident.is_maintenance else IncidentOpened
        draft.events.append(_event(draft, incident, newest, opening, first_look=True))
    _follow_window(draft, incident, len(draft.events), quietly=True)


def close(draft: Draft, known: KnownIncident) -> None:
    """It left the list of open ones, and the vendor's own closing words are not to be had."""
    if known.heard and known.incident_status is IncidentStatus.UNKNOWN:
        # A bare message: the page never listed it, and its sender never said how it goes on.
        del draft.incidents[known.id]
        return
    over = IncidentStatus.COMPLETED if known.is_maintenance else IncidentStatus.RESOLVED
    closing = MaintenanceCompleted if known.is_maintenance else IncidentClosed
    draft.incidents[known.id] = replace(
        known, incident_status=over, changed_at=draft.now, absences=0, wordless=True
    )
    draft.events.append(
        closing(
            page_id=draft.memory.page_id,
            page_name=draft.page_name,
            at=draft.now,
            incident_id=known.id,
            incident_name=known.name,
            incident_status=over,
            impact=known.impact,
            body="",
            is_maintenance=known.is_maintenance,
            url=known.url,
            components=known.components,
            starts_at=known.starts_at,
            ends_at=known.ends_at,
        )
    )


def _completed(incident: Incident, known: KnownIncident | None) -> Incident:
    """A lone update says little of its incident: what is known of that stays."""
    if known is None:
        return incident
    unnamed = incident.name in (UNNAMED_INCIDENT, UNNAMED_MAINTENANCE)
    return replace(
        incident,
        name=known.name if unnamed else incident.name,
        impact=known.impact if incident.impact is Impact.UNKNOWN else incident.impact,
        url=incident.url or known.url,
        is_maintenance=incident.is_maintenance or known.is_maintenance,
        components=incident.components or known.components,
    )


def _is_news(draft: Draft, incident: Incident, item: Dated) -> bool:
    text = f"{item.update.incident_status}\n{item.update.body}"
    novelty = draft.mark(*item.key, text=text)
    if novelty is Novelty.EDITED:
        draft.events.append(_event(draft, incident, item, IncidentEdited))
    return novelty is Novelty.NEW


def _as_it_stands(incident: Incident, newest: Dated) -> Dated:
    """The newest update, under the incident's own status where that went on without a word."""
    told = _phase(newest.update.incident_status, incident.is_maintenance)
    stands = _phase(incident.incident_status, incident.is_maintenance, told)
    if stands.value <= told.value:
        return newest
    update = replace(newest.update, incident_status=incident.incident_status)
    return replace(newest, update=update)


def _tell(draft: Draft, incident: Incident, item: Dated) -> None:
    """One event for one update, and the state it leaves behind."""
    known = draft.incidents.get(incident.id)
    before = phase_of(known)
    after = _phase(item.update.incident_status, incident.is_maintenance, before)
    late = known is not None and item.at < known.changed_at
    if late and known and after is Phase.CLOSED:
        # What we closed by our own clock is dated by the vendor's closing words once they come.
        late = not known.wordless and item.at < known.changed_at - BACKDATED
    table = _MAINTENANCE if incident.is_maintenance else _INCIDENT
    kind = IncidentUpdated if late else table.get((before, after), IncidentUpdated)
    draft.events.append(_event(draft, incident, item, kind))
    if not late:
        draft.incidents[incident.id] = _stand(draft, incident, item, known)


def _adopt(draft: Draft, incident: Incident, dated: list[Dated]) -> None:
    """What is not an update: name, impact, address, components, and that it is listed."""
    known = draft.incidents.get(incident.id)
    if known is None:
        known = _stand(draft, incident, dated[-1], None)
    is_fresh = timedelta(0) <= draft.now - known.listed_at < LISTED_EVERY
    draft.incidents[incident.id] = replace(
        known,
        name=incident.name,
        impact=incident.impact,
        url=incident.url or known.url,
        components=_ever_named(incident, known),
        listed_at=known.listed_at if is_fresh else draft.now,
    )


def _stand(
    draft: Draft, incident: Incident, item: Dated, known: KnownIncident | None
) -> KnownIncident:
    """Where the incident stands after this update."""
    incident_status = item.update.incident_status
    if known and incident_status is IncidentStatus.UNKNOWN:
        incident_status = known.incident_status
    return KnownIncident(
        id=incident.id,
        name=incident.name,
        incident_status=incident_status,
        impact=incident.impact,
        is_maintenance=incident.is_maintenance,
        opened_at=known.opened_at if known else incident.created_at or item.at,
        changed_at=draft.believed(item.at, incident.updated_at),
        listed_at=draft.now,
        body=item.update.body,
        url=incident.url,
        components=_ever_named(incident, known),
        starts_at=known.starts_at if known else None,
        ends_at=known.ends_at if known else None,
    )


def _follow_phase(draft: Draft, incident: Incident, newest_at: datetime) -> None:
    """A vendor may close or start something without a word: its status field moves alone.

    Only forward, and never back in time: a closed incident that is listed as open without a new
    update is an old copy, not news, and so is one without the update that reopened it.
    """
    known = draft.incidents[incident.id]
    before = phase_of(known)
    after = _phase(incident.incident_status, incident.is_maintenance, before)
    said_at = max(newest_at, incident.updated_at or newest_at)
    if after.value <= before.value or said_at < known.changed_at:
        return
    at = max(incident.updated_at or draft.now, known.changed_at)
    key = (incident.id, "phase", incident.incident_status, known.changed_at.isoformat())
    if draft.mark(*key) is Novelty.NEW:
        wordless = Update(incident.incident_status, body="", at=at)
        _tell(draft, incident, Dated(wordless, at, key))
        moved = replace(
            draft.incidents[incident.id], changed_at=draft.believed(said_at, incident.updated_at)
        )
        draft.incidents[incident.id] = moved


def _follow_window(
    draft: Draft, incident: Incident, told_from: int, *, quietly: bool = False
) -> None:
    """A maintenance that moves is announced once a window, whether or not an update says so.

    told_from: where among the events those of this incident begin.
    """
    known = draft.incidents[incident.id]
    window = (incident.starts_at, incident.ends_at)
    if window == (known.starts_at, known.ends_at) or incident.starts_at is None:
        return
    draft.incidents[incident.id] = replace(known, starts_at=window[0], ends_at=window[1])
    key = (incident.id, "window", *(str(at) for at in window))
    news = draft.mark(*key) is Novelty.NEW
    if not news or quietly or known.closed:
        return
    if not _upgrade_to_scheduled(draft, told_from):
        moved = Dated(Update(known.incident_status, body="", at=None), draft.now, key)
        draft.events.append(_event(draft, incident, moved, MaintenanceScheduled))


def _upgrade_to_scheduled(draft: Draft, told_from: int) -> bool:
    """An update told in this very look carries the new window; it need not be told again."""
    told = draft.events[told_from:]
    for index, event in enumerate(told, told_from):
        if isinstance(event, IncidentUpdated):
            fields = {name: getattr(event, name) for name in event.__dataclass_fields__}
            draft.events[index] = MaintenanceScheduled(**fields)
            return True
    return any(isinstance(event, MaintenanceScheduled | MaintenanceStarted) for event in told)


def _event(
    draft: Draft,
    incident: Incident,
    item: Dated,
    kind: type[IncidentNews],
    *,
    first_look: bool = False,
) -> IncidentNews:
    return kind(
        page_id=draft.memory.page_id,
        page_name=draft.page_name,
        at=item.at,
        first_look=first_look,
        incident_id=incident.id,
        incident_name=incident.name,
        incident_status=item.update.incident_status,
        impact=incident.impact,
        body=item.update.body,
        is_maintenance=incident.is_maintenance,
        update_id=item.update.id,
        url=incident.url,
        components=item.update.components or incident.components,
        starts_at=incident.starts_at,
        ends_at=incident.ends_at,
    )


def _ever_named(incident: Incident, known: KnownIncident | None) -> tuple[ComponentRef, ...]:
    """Every component it names or ever named: who watches one of them hears how it ends."""
    before = known.components if known else ()
    said = (ref for update in incident.updates for ref in update.components)
    return tuple(dict.fromkeys((*before, *incident.components, *said)))[:MOST_NAMED]


def _phase(
    incident_status: IncidentStatus, is_maintenance: bool, before: Phase = Phase.ABSENT
) -> Phase:
    """An unknown word moves nothing; of an incident never heard of it means open."""
    if incident_status.closed:
        return Phase.CLOSED
    if incident_status is IncidentStatus.SCHEDULED:
        return Phase.PLANNED
    if incident_status is IncidentStatus.UNKNOWN and before is not Phase.ABSENT:
        return before
    if incident_status is IncidentStatus.UNKNOWN and is_maintenance:
        return Phase.PLANNED
    return Phase.OPEN
