"""What is posted to the listener -> ``Snapshot``. Every shape that vendors send, told by its keys:

    incident, page, meta              Atlassian Statuspage, also what it calls a maintenance
    component, component_update       Atlassian Statuspage, Instatus
    maintenance                       Instatus
    incident_update                   an update alone, or beside its incident
    event_type                        incident.io, where the key of that name holds the event
    message or text                   whatever else can post a line

Formats: https://support.atlassian.com/statuspage/docs/enable-webhook-notifications,
https://instatus.com/help/webhooks, https://docs.incident.io/api-reference (webhooks).

What holds: never exhaustive, for a webhook names one thing; never with the page's clock, for one
false date in a body nobody signed would make every true copy look old.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from typing import Any, Final, TypeVar

from traywatch.core.errors import FormatError
from traywatch.core.model import (
    Component,
    ComponentStatus,
    Incident,
    IncidentStatus,
    Snapshot,
    Update,
)
from traywatch.platforms import words
from traywatch.platforms.incidentio_native import read_native_incident
from traywatch.platforms.instants import iso_instant, loose_instant
from traywatch.platforms.reading import Node, read_json
from traywatch.platforms.v2 import page_link, read_incident

NAME: Final = "webhook"

_STATUS_PAGE_EVENT: Final = "status_page_incident."
_UPDATED: Final = "public_incident.incident_updated_v2"
_PRODUCT_EVENTS: Final = frozenset(
    {
        "public_incident.incident_created_v2",
        _UPDATED,
        "public_incident.incident_status_updated_v2",
    }
)
"""Of incident.io's some thirty events, those about how an incident stands."""
_CATEGORIES: Final = {
    "triage": IncidentStatus.INVESTIGATING,
    "learning": IncidentStatus.RESOLVED,
    "closed": IncidentStatus.RESOLVED,
    "declined": IncidentStatus.RESOLVED,
    "merged": IncidentStatus.RESOLVED,
    "canceled": IncidentStatus.RESOLVED,
}
"""Where a status of incident.io's product stands, for every customer names them as he likes.
"live" and "paused" are missing: those are open, and how far along nobody can tell."""

_DATES: Final = frozenset(
    {
        *("created_at", "updated_at", "display_at", "started_at", "published_at"),
        *("scheduled_for", "scheduled_until", "maintenance_start_date", "maintenance_end_date"),
    }
)
MOST_ODD_DATES: Final = 32
"""So many dates of one body are looked at that are not ISO 8601: each may take a millisecond."""

T = TypeVar("T")


class MalformedBody(FormatError):
    """The body is no JSON object: the sender is at fault (400)."""


def parse_webhook(body: bytes) -> Snapshot:
    """What one posted body says; what of it cannot be read is dropped.

    Raises MalformedBody for anything but a JSON object, and FormatError for an object in which
    nothing is understood: well-formed, news to us, worth a line in the log.
    """
    root = _root(body)
    incidents, incident_fault = _found(root, (_incident, _maintenance, _event))
    components, component_fault = _found(root, (_component,))
    if not (incidents or components):
        incidents, _ = _found(root, (_message,))
    if not (incidents or components):
        nothing = FormatError("no incident, component or message in it")
        raise incident_fault or component_fault or nothing
    page = root.node("page") or Node({})
    return Snapshot(
        platform=NAME,
        exhaustive=False,
        page_name=page.name("name"),
        page_url=page_link(page, "url"),
        severity=words.indicated(page.text("status_indicator")),
        components=tuple(components),
        incidents=tuple(incidents),
    )


def _root(body: bytes) -> Node:
    try:
        value = read_json(body)
    except FormatError as fault:
        raise MalformedBody(str(fault)) from None
    if not isinstance(value, dict):
        raise MalformedBody("no JSON object")
    _rewrite_dates(value)
    return Node(value)


def _rewrite_dates(body: dict[str, Any]) -> None:
    """Make the dates of a body ISO 8601, in place. Vendors write nothing else; whoever else posts
    in their shape writes ``2026-02-28 10:00:00 UTC``, RFC 2822 or seconds since 1970, and an update
    whose date is not understood is told as of now."""
    dates = ((row, key) for row in _objects(body) for key in row if key in _DATES)
    odd = ((row, key) for row, key in dates if _is_odd(row[key]))
    for row, key in islice(odd, MOST_ODD_DATES):
        if at := loose_instant(row[key]):
            row[key] = at.isoformat()


def _is_odd(date: object) -> bool:
    return iso_instant(date) is None if isinstance(date, str) else isinstance(date, int | float)


def _objects(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object of a body, from the outside in and in the order of its lists, of which those of
    updates begin with the newest."""
    waiting: deque[Any] = deque([body])
    while waiting:
        value = waiting.popleft()
        members = value
        if isinstance(value, dict):
            yield value
            members = value.values()
        waiting.extend(member for member in members if isinstance(member, dict | list))


def _found(
    root: Node, readers: Iterable[Callable[[Node], T | None]]
) -> tuple[list[T], FormatError | None]:
    """What the readers find, and the first thing one of them stumbled over."""
    good: list[T] = []
    fault: FormatError | None = None
    for read in readers:
        try:
            found = read(root)
        except FormatError as error:
            fault = fault or error
        else:
            good += [] if found is None else [found]
    return good, fault


# ---------------------------------------------------------------- Statuspage, Instatus


def _incident(root: Node) -> Incident | None:
    """The incident, the update that stands alone, or both as one."""
    incident, update = root.node("incident"), root.node("incident_update")
    if incident and update:
        incident = _with_update(incident, "incident_updates", update)
    row = incident or update
    return read_incident(row, page_url=_page_url(root)) if row else None


def _maintenance(root: Node) -> Incident | None:
    row = root.node("maintenance")
    return read_incident(row, is_maintenance=True, page_url=_page_url(root)) if row else None


def _component(root: Node) -> Component | None:
    """A component in its new state. Without a name it would rename the one that is known."""
    row, update = root.node("component"), root.node("component_update")
    if row is None and update is None:
        return None
    row, update = row or Node({}), update or Node({})
    name, word = row.name("name"), update.text("new_status") or row.text("status")
    if name is None or word is None:
        raise FormatError("component: the name or the status is missing")
    previous = words.component_status(update.text("old_status"))
    return Component(
        id=row.identity("id") or update.identity("component_id") or name,
        name=name,
        component_status=words.component_status(word),
        # The component's own time: the update's is some milliseconds later, and would make the
        # page, which shows the former, look old.
        updated_at=row.instant("updated_at") or update.instant("created_at"),
        previous=None if previous is ComponentStatus.UNKNOWN else previous,
    )


def _page_url(root: Node) -> str | None:
    page = root.node("page")
    return page_link(page, "url") if page else None


def _with_update(incident: Node, key: str, update: Node) -> Node:
    """The incident with one update more. Which end it is put at decides nothing: it has a time,
    and if it is listed already, its id."""
    listed = incident.fields.get(key)
    updates = [update.fields, *(listed if isinstance(listed, list) else ())]
    return Node({**incident.fields, key: updates}, incident.path)


# ---------------------------------------------------------------- incident.io


def _event(root: Node) -> Incident | None:
    """An event of incident.io, bare or in the envelope that Svix shows and relays it in."""
    data = root.node("data")
    envelope = data if data and "event_type" not in root.fields else root
    kind = envelope.text("event_type") or ""
    event = envelope.node(kind)
    if event is None:
        return None
    if kind.startswith(_STATUS_PAGE_EVENT):
        return _status_page_event(event)
    return _product_event(event, kind) if kind in _PRODUCT_EVENTS else None


def _status_page_event(event: Node) -> Incident:
    """An update of an incident on a status page. Its components are ids alone."""
    incident, update = event.node("status_page_incident"), event.node("update")
    if incident is None:
        raise FormatError(f"{event.where('status_page_incident')}: missing")
    row = _with_update(incident, "updates", update) if update else incident
    return read_native_incident(row, names={})


def _product_event(event: Node, kind: str) -> Incident:
    """An incident of the product behind the status page, as its owners see it.

    A change of status may be told by two events, in either order. They are one update: the same
    status within the same minute. And one that was merely updated has most often moved nowhere.
    """
    incident = event.node("incident") or event
    name = incident.name("name")
    if name is None:
        raise FormatError(f"{incident.where('name')}: missing (a private incident?)")
    stage = event.node("new_status") or incident.node("incident_status") or Node({})
    severity = incident.node("severity") or Node({})
    stage_name = stage.text("name") or ""
    incident_status = words.incident_status(stage_name)
    if incident_status is IncidentStatus.UNKNOWN:
        incident_status = _CATEGORIES.get(stage.text("category") or "", IncidentStatus.UNKNOWN)
    changed_at = incident.instant("updated_at", "created_at")
    update = Update(
        incident_status=incident_status,
        body=event.body("message") or incident.body("summary"),
        at=changed_at,
        id=f"status:{stage_name}" + (f"@{changed_at:%Y-%m-%dT%H:%M}" if changed_at else ""),
        only_if_moved=kind == _UPDATED,
    )
    return Incident(
        id=incident.required("id"),
        name=name,
        incident_status=incident_status,
        impact=words.impact(severity.text("name")),
        url=incident.link("permalink"),
        updates=(update,),
        created_at=incident.instant("created_at"),
        updated_at=changed_at,
    )


# ---------------------------------------------------------------- anything else


def _message(root: Node) -> Incident | None:
    """A line somebody posted. It is told once: the same line at the same time is the same one. One
    without a time has no id either, so that it can be said anew."""
    body = root.body("message", "text")
    if not body:
        return None
    at = root.loose_instant("timestamp", "time", "date", "created_at")
    digest = blake2b(f"{at}\n{body}".encode(), digest_size=8).hexdigest()
    incident_status = words.incident_status(root.text("status"))
    return Incident(
        id=f"message:{digest}",
        name=root.name("title", "subject") or "Message",
        incident_status=incident_status,
        updates=(Update(incident_status, body, at, digest if at else None),),
        created_at=at,
    )
