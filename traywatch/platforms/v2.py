"""The v2 documents: invented by Atlassian Statuspage, imitated by others, read here for all.

    page           name, url, updated_at (its own clock)
    status         indicator: how the page is as a whole
    components     rows; groups are rows as well, pointed to by their members' group_id
    incidents, scheduled_maintenances
                   rows with incident_updates, newest first

What absence means differs by document: only a summary (components *and* incidents) is exhaustive,
and unresolved.json is for incidents. A summary that has neither is refused, whatever its indicator
says: that of status.json stands alone by design, that of a summary by mistake. Bare lists and
single objects, as the manage API has them, are understood too.

Traps, each met in the wild: an incident's ``components`` hold the *live* state, not that of the
incident; names repeat; null stands anywhere; ``affected_components`` may hold a placeholder
without a code; ``display_at`` is the time a reader sees, ``created_at`` when it was typed (they
differ in one update of nine).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.parse import quote

from traywatch.core.errors import FormatError
from traywatch.core.model import (
    UNNAMED_INCIDENT,
    UNNAMED_MAINTENANCE,
    Component,
    ComponentRef,
    Impact,
    Incident,
    IncidentStatus,
    Severity,
    Snapshot,
    Update,
)
from traywatch.platforms import words
from traywatch.platforms.addresses import bare
from traywatch.platforms.reading import Node, readable, unique

SUMMARY: Final = "/api/v2/summary.json"
INCIDENTS: Final = "/api/v2/incidents.json"
MAINTENANCES: Final = "/api/v2/scheduled-maintenances.json"
UNRESOLVED: Final = "/unresolved.json"

_LISTS: Final = ("components", "incidents", "scheduled_maintenances")
_ROW_MARKS: Final = ({"id", "page_id"}, {"id", "incident_updates"}, {"incident_id", "body"})
"""A row of a list has all of one of these; other products' rows have not."""
_UPDATES: Final = ("incident_updates", "maintenance_updates")
"""The second is Instatus's."""
_INCIDENT_KEYS: Final = frozenset(
    {"incident_updates", "incident_id", "impact", "shortlink", "body"}
)
"""An incident has one of them, a component none."""
_STARTS: Final = ("scheduled_for", "maintenance_start_date")
_ENDS: Final = ("scheduled_until", "maintenance_end_date")
"""The second of each is Instatus's, in webhooks of this shape."""
_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


def read_v2(root: Node, address: str, platform: str) -> Snapshot:
    """Any v2 document. Raises FormatError."""
    lists = component_rows, incident_rows, maintenance_rows = [root.listed(k) for k in _LISTS]
    indicator = _indicator(root)
    if indicator is None and all(rows is None for rows in lists):
        raise FormatError("neither components nor incidents nor an indicator in the document")
    if component_rows is None and incident_rows is None and bare(address).endswith(SUMMARY):
        # Its indicator alone would make a half-written summary look calm.
        raise FormatError("neither components nor incidents in the summary")
    page = root.node("page") or Node({})
    page_url = page_link(page, "url")
    incidents, fault = read_incidents(incident_rows or (), maintenance_rows or (), page_url)
    components, components_whole = read_components(component_rows or ())
    is_whole = component_rows is not None or bare(address).endswith(UNRESOLVED)
    return Snapshot(
        platform=platform,
        # An incident that could not be read is not over.
        exhaustive=is_whole and incident_rows is not None and fault is None,
        page_name=page.name("name"),
        page_url=page_url,
        page_updated_at=page.instant("updated_at"),
        severity=_severity(indicator, component_rows, incidents),
        components=components,
        incidents=incidents,
        lists_maintenances=maintenance_rows is not None,
        hollow=component_rows is not None and not component_rows,
        components_whole=components_whole,
    )


def rooted(value: object) -> Node:
    """The document as one object: a bare list, or a lone incident, under the key it stands for."""
    if isinstance(value, list):
        first = next((row for row in value if isinstance(row, dict)), {})
        if _INCIDENT_KEYS & first.keys():
            return Node({"incidents": value})
        if {"name", "status"} <= first.keys():
            return Node({"components": value})
        raise FormatError("a list of neither incidents nor components")
    if not isinstance(value, dict):
        raise FormatError("neither an object nor a list")
    is_incident = "incident_updates" in value or {"incident_id", "body"} <= value.keys()
    return Node({"incidents": [value]} if is_incident else value)


def is_v2(root: Node) -> bool:
    """Does this look like a v2 document, whosever? Other products share single keys with it."""
    rows = filter(None, (root.first("incidents"), root.first("components")))
    if any(marks <= row.fields.keys() for row in rows for marks in _ROW_MARKS):
        return True
    page = root.node("page")
    is_listed = any(isinstance(root.fields.get(key), list) for key in _LISTS)
    has_content = is_listed or _indicator(root) is not None
    return has_content and page is not None and page.identity("id") is not None


def has_ulids(root: Node) -> bool:
    """Are the ids ULIDs (incident.io), not the twelve small letters and digits of Statuspage?"""
    rows = filter(None, (root.node("page"), root.first("components"), root.first("incidents")))
    return any(_ULID.fullmatch(row.identity("id") or "") for row in rows)


def page_link(row: Node, key: str) -> str | None:
    """The page's own address, as ``Page.url`` has it: without a trailing slash."""
    url = row.link(key)
    return url.rstrip("/") if url else None


# ---------------------------------------------------------------- components


def read_components(rows: Sequence[Node]) -> tuple[tuple[Component, ...], bool]:
    """The rows that are components, with the names of the groups they stand in, and whether every
    row could be read.

    Raises FormatError when there are rows and not one can be read, or not one has an id: those
    are another product's.
    """
    if rows and not any(row.identity("id") for row in rows):
        raise FormatError(f"{rows[0].where('id')}: missing")
    groups = _groups(rows)
    members = (row for row in rows if row.identity("id") not in groups)
    components, fault = readable(members, partial(_read_component, groups=groups))
    if fault and not components:
        raise fault
    return _worst_of_each(components), fault is None


def _worst_of_each(components: Iterable[Component]) -> tuple[Component, ...]:
    """Of several with one id one is left, in the place of the first and the worst of their states:
    which of them is true is not known, and an outage must not hide behind the other."""
    kept: dict[str, Component] = {}
    for component in components:
        first = kept.setdefault(component.id, component)
        worst = words.worse(first.component_status, component.component_status)
        kept[component.id] = replace(first, component_status=worst)
    return tuple(kept.values())


def _groups(rows: Sequence[Node]) -> Mapping[str | None, str | None]:
    """The names of the rows that only group others, by id. A group nothing points to is kept as
    a component: its state is all there is to see of it."""
    places = ((row.identity("group_id"), row.identity("id")) for row in rows)
    parents = {group_id for group_id, own_id in places if group_id and group_id != own_id}
    flagged = (row for row in rows if row.fields.get("group") is True)
    named = ((row.identity("id"), row.name("name")) for row in flagged)
    return {group_id: name for group_id, name in named if group_id in parents}


def _read_component(row: Node, groups: Mapping[str | None, str | None]) -> Component:
    """A component without a name is called by its id: something has to stand in a menu. One
    without an id is known by its name if it says how it is, for it may be the one that is down."""
    is_told = row.text("status") is not None and row.fields.get("group") is not True
    component_id = (row.identity("id", "name") if is_told else None) or row.required("id")
    return Component(
        id=component_id,
        name=row.name("name") or component_id,
        component_status=words.component_status(row.text("status")),
        group=groups.get(row.identity("group_id")),
        updated_at=row.instant("updated_at"),
    )


# ---------------------------------------------------------------- incidents and maintenances


def read_incidents(
    incident_rows: Iterable[Node], maintenance_rows: Iterable[Node], page_url: str | None
) -> tuple[tuple[Incident, ...], FormatError | None]:
    """What can be read of both lists, in the vendor's order, and what was wrong with the rest."""
    read = partial(read_incident, page_url=page_url)
    incidents, fault = readable(incident_rows, read)
    planned, planned_fault = readable(maintenance_rows, partial(read, is_maintenance=True))
    together = unique([*incidents, *planned], lambda incident: incident.id)
    return together, fault or planned_fault


def read_incident(
    row: Node, *, is_maintenance: bool = False, page_url: str | None = None
) -> Incident:
    """An incident, or an update that stands alone and names its incident. Raises FormatError."""
    incident_id = row.required("incident_id", "id")
    updates = _updates(row)
    incident_status = words.incident_status(row.text("status"))
    if row.text("status") is None and updates:
        incident_status = updates[-1].incident_status
    impact = words.impact(row.text("impact"))
    is_maintenance = is_maintenance or _is_maintenance(row, incident_status, impact)
    return Incident(
        id=incident_id,
        name=incident_name(row, is_maintenance),
        incident_status=incident_status,
        impact=impact,
        is_maintenance=is_maintenance,
        url=row.link("shortlink", "url") or incident_address(page_url, incident_id),
        components=component_refs(row.rows("components", "affected_components")),
        updates=updates,
        created_at=row.instant("created_at", "started_at"),
        updated_at=row.instant("updated_at"),
        starts_at=row.instant(*_STARTS) if is_maintenance else None,
        ends_at=row.instant(*_ENDS) if is_maintenance else None,
    )


def _is_maintenance(row: Node, incident_status: IncidentStatus, impact: Impact) -> bool:
    """incidents.json and webhooks list maintenances among incidents."""
    return (
        row.text("scheduled_for") is not None
        or impact is Impact.MAINTENANCE
        or incident_status in words.MAINTENANCE_STATUSES
    )


def _updates(row: Node) -> tuple[Update, ...]:
    rows = row.rows(*_UPDATES)
    if not rows and "body" in row.fields:
        rows = (row,)
    updates, _ = readable(reversed(rows), _read_update)
    return oldest_first(unique(updates, lambda update: update.id))


def _read_update(row: Node) -> Update:
    """Raises FormatError for one that says nothing at all."""
    body, word = row.body("body", "markdown"), row.text("status")
    if not body and word is None:
        raise FormatError(f"{row.where('body')}: missing")
    return Update(
        incident_status=words.incident_status(word),
        body=body,
        at=row.instant("display_at", "created_at", "updated_at"),
        id=row.identity("id"),
        components=component_refs(row.rows("affected_components")),
    )


def oldest_first(updates: Iterable[Update]) -> tuple[Update, ...]:
    """By their times; of equal ones, and of those without a time, in the order given."""
    timed: list[tuple[datetime, Update]] = []
    last = _LONG_AGO
    for update in updates:
        last = update.at or last
        timed.append((last, update))
    return tuple(update for _, update in sorted(timed, key=lambda pair: pair[0]))


def component_refs(rows: Iterable[Node]) -> tuple[ComponentRef, ...]:
    """Components as rows of ``code``/``id`` and ``name``.

    A row with nothing but a name is Statuspage's "No components were affected by this update."
    """
    named = ((row.name("name"), row.identity("code", "id"), row) for row in rows)
    refs = (
        ComponentRef(name, component_id)
        for name, component_id, row in named
        if name and (component_id or row.text("status", "new_status"))
    )
    return tuple(dict.fromkeys(refs))


def incident_name(row: Node, is_maintenance: bool) -> str:
    """What it is called; where it has no name, what it is: something has to stand in a menu."""
    return row.name("name") or (UNNAMED_MAINTENANCE if is_maintenance else UNNAMED_INCIDENT)


def incident_address(page_url: str | None, incident_id: str) -> str | None:
    """Where a person reads of it; None where the page does not give its own address."""
    return f"{page_url}/incidents/{quote(incident_id, safe='')}" if page_url else None


# ---------------------------------------------------------------- the page as a whole


def _indicator(root: Node) -> str | None:
    overall = root.node("status")
    return overall.text("indicator") if overall else None


def _severity(
    indicator: str | None,
    component_rows: Sequence[Node] | None,
    incidents: tuple[Incident, ...],
) -> Severity | None:
    """What the page says of itself. That all is well is not believed of a page that lists its
    components and has none: one real page (Atlassian's own) does just that. A bare history in
    which nothing is going on says it without a word."""
    severity = words.indicated(indicator)
    if component_rows is not None:
        is_hollow = not component_rows
        return None if is_hollow and severity is Severity.OPERATIONAL else severity
    if indicator is None and incidents and not any(map(_is_going_on, incidents)):
        return Severity.OPERATIONAL
    return severity


def _is_going_on(incident: Incident) -> bool:
    planned = incident.incident_status is IncidentStatus.SCHEDULED
    return not (incident.incident_status.closed or planned)
