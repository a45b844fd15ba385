"""A board's state as the documents a real vendor serves. Pure: state in, bytes out.

Two shapes: Atlassian Statuspage v2, and the look-alike that incident.io serves at the same paths.
The look-alike has ULIDs for ids, whole seconds, no groups, no maintenances, no components on an
incident, and one ``updated_at`` for every component.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final

from traywatch.core.model import IncidentStatus, Severity
from traywatch.demo.board import BoardComponent, BoardIncident, BoardState, BoardUpdate

Json = dict[str, Any]

SUMMARY: Final = "/api/v2/summary.json"
INCIDENTS: Final = "/api/v2/incidents.json"
MAINTENANCES: Final = "/api/v2/scheduled-maintenances.json"

_INDICATORS: Final = {
    Severity.OPERATIONAL: ("none", "All Systems Operational"),
    Severity.MAINTENANCE: ("maintenance", "Service Under Maintenance"),
    Severity.DEGRADED: ("minor", "Partially Degraded Service"),
    Severity.PARTIAL_OUTAGE: ("major", "Partial System Outage"),
    Severity.MAJOR_OUTAGE: ("critical", "Major Service Outage"),
}
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Shape(StrEnum):
    """Whose documents they are."""

    STATUSPAGE = "statuspage"
    INCIDENTIO = "incidentio"


def document(path: str, state: BoardState, url: str, shape: Shape) -> tuple[str, bytes] | None:
    """The content type and the bytes at ``path``; None: nothing is there."""
    if path == "/" or path.startswith("/incidents/"):
        return "text/html; charset=utf-8", _page(state).encode()
    made = _DOCUMENTS[shape].get(path)
    if made is None:
        return None
    text = json.dumps(made(state, url), ensure_ascii=False, separators=(",", ":"))
    return "application/json; charset=utf-8", text.encode()


# ---------------------------------------------------------------- Atlassian Statuspage v2


def _summary(state: BoardState, url: str) -> Json:
    return {
        "page": _page_row(state, url),
        "components": _component_rows(state),
        "incidents": [_incident_row(i, state, url) for i in _open(state, False)],
        "scheduled_maintenances": [_incident_row(i, state, url) for i in _open(state, True)],
        "status": _indicator_row(state),
    }


def _incidents(state: BoardState, url: str) -> Json:
    rows = [_incident_row(i, state, url) for i in state.incidents if not i.is_maintenance]
    return {"page": _page_row(state, url), "incidents": rows}


def _maintenances(state: BoardState, url: str) -> Json:
    rows = [_incident_row(i, state, url) for i in state.incidents if i.is_maintenance]
    return {"page": _page_row(state, url), "scheduled_maintenances": rows}


def _page_row(state: BoardState, url: str) -> Json:
    return {
        "id": state.page_id,
        "name": state.page_name,
        "url": url,
        "time_zone": "Etc/UTC",
        "updated_at": _milliseconds(state.updated_at),
    }


def _indicator_row(state: BoardState) -> Json:
    indicator, description = _INDICATORS[_worst(state)]
    return {"indicator": indicator, "description": description}


def _component_rows(state: BoardState) -> list[Json]:
    """Groups are rows as well: a group before its first member, naming its members' ids."""
    rows: list[Json] = []
    for position, component in enumerate(state.components, start=1):
        if component.group and not any(r["name"] == component.group for r in rows):
            rows.append(_group_row(component.group, state, position))
        rows.append(_component_row(component, state, position))
    return rows


def _component_row(component: BoardComponent, state: BoardState, position: int) -> Json:
    return {
        "id": component.id,
        "name": component.name,
        "status": component.component_status.value,
        "created_at": _milliseconds(component.created_at),
        "updated_at": _milliseconds(component.updated_at),
        "position": position,
        "description": None,
        "showcase": False,
        "start_date": component.created_at.date().isoformat(),
        "group_id": _group_id(component.group, state) if component.group else None,
        "page_id": state.page_id,
        "group": False,
        "only_show_if_degraded": False,
    }


def _group_row(group: str, state: BoardState, position: int) -> Json:
    members = [c for c in state.components if c.group == group]
    worst = max(members, key=lambda c: c.component_status.severity or Severity.OPERATIONAL)
    return _component_row(worst, state, position) | {
        "id": _group_id(group, state),
        "name": group,
        "group_id": None,
        "group": True,
        "components": [c.id for c in members],
    }


def _group_id(group: str, state: BoardState) -> str:
    return blake2b(f"{state.page_id}/{group}".encode(), digest_size=6).hexdigest()


def _incident_row(incident: BoardIncident, state: BoardState, url: str) -> Json:
    """The components an incident names are listed whole, with their live state."""
    window: Json = {}
    if incident.starts_at and incident.ends_at:
        window["scheduled_for"] = _milliseconds(incident.starts_at)
        window["scheduled_until"] = _milliseconds(incident.ends_at)
    return {
        "id": incident.id,
        "name": incident.name,
        "status": incident.incident_status.value,
        "created_at": _milliseconds(incident.created_at),
        "updated_at": _milliseconds(incident.updated_at),
        "monitoring_at": _milliseconds(incident.first_at(IncidentStatus.MONITORING)),
        "resolved_at": _milliseconds(incident.closed_at),
        "impact": incident.impact.value,
        "shortlink": f"{url}/incidents/{incident.id}",
        "started_at": _milliseconds(incident.created_at),
        "page_id": state.page_id,
        "incident_updates": [_update_row(u, incident) for u in reversed(incident.updates)],
        "components": [
            _component_row(component, state, position)
            for position, component in enumerate(state.components, start=1)
            if component.id in incident.component_ids
        ],
        "reminder_intervals": None,
        **window,
    }


def _update_row(update: BoardUpdate, incident: BoardIncident) -> Json:
    affected = [
        {
            "code": a.component_id,
            "name": a.full_name,
            "old_status": a.old.value,
            "new_status": a.new.value,
        }
        for a in update.affected
    ]
    return {
        "id": update.id,
        "status": update.incident_status.value,
        "body": update.body,
        "incident_id": incident.id,
        "created_at": _milliseconds(update.at),
        "updated_at": _milliseconds(update.updated_at),
        "display_at": _milliseconds(update.at),
        "affected_components": affected or None,
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
    }


# ---------------------------------------------------------------- incident.io's look-alike


def _lookalike_summary(state: BoardState, url: str) -> Json:
    page = _page_row(state, url) | {
        "id": _ulid(state.page_id, state.created_at),
        "updated_at": _seconds(state.updated_at),
    }
    return {
        "page": page,
        "status": _indicator_row(state),
        "components": [
            {
                "id": _ulid(component.id, component.created_at),
                "name": component.name,
                "status": component.component_status.value,
                "description": None,
                "position": position,
                "created_at": _seconds(component.created_at),
                "updated_at": _seconds(state.updated_at),
            }
            for position, component in enumerate(state.components)
        ],
        "incidents": [_lookalike_incident(i, state) for i in _open(state, False)],
    }


def _lookalike_incidents(state: BoardState, url: str) -> Json:
    rows = [_lookalike_incident(i, state) for i in state.incidents if not i.is_maintenance]
    return {"page": _lookalike_summary(state, url)["page"], "incidents": rows}


def _lookalike_incident(incident: BoardIncident, state: BoardState) -> Json:
    incident_id = _ulid(incident.id, incident.created_at)
    reached = {
        "monitoring_at": incident.first_at(IncidentStatus.MONITORING),
        "resolved_at": incident.closed_at,
    }
    return {
        "id": incident_id,
        "name": incident.name,
        "status": incident.incident_status.value,
        "impact": incident.impact.value,
        "created_at": _seconds(incident.created_at),
        "updated_at": _seconds(incident.updated_at),
        "page_id": _ulid(state.page_id, state.created_at),
        "incident_updates": [
            {
                "id": _ulid(update.id, update.at),
                "incident_id": incident_id,
                "status": update.incident_status.value,
                "body": update.body,
                "created_at": _seconds(update.at),
                "updated_at": _seconds(update.updated_at),
                "display_at": _seconds(update.at),
            }
            for update in reversed(incident.updates)
        ],
        **{key: _seconds(at) for key, at in reached.items() if at},
    }


_DOCUMENTS: Final[dict[Shape, dict[str, Callable[[BoardState, str], Json]]]] = {
    Shape.STATUSPAGE: {SUMMARY: _summary, INCIDENTS: _incidents, MAINTENANCES: _maintenances},
    Shape.INCIDENTIO: {SUMMARY: _lookalike_summary, INCIDENTS: _lookalike_incidents},
}


# ---------------------------------------------------------------- what both share


def _open(state: BoardState, is_maintenance: bool) -> list[BoardIncident]:
    return [
        i
        for i in state.incidents
        if i.is_maintenance is is_maintenance and not i.incident_status.closed
    ]


def _worst(state: BoardState) -> Severity:
    """The page's indicator: the worst of its components and of its open incidents' impacts."""
    found = [c.component_status.severity for c in state.components]
    found += [i.impact.severity for i in _open(state, False)]
    return max((s for s in found if s is not None), default=Severity.OPERATIONAL)


def _milliseconds(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ulid(board_id: str, at: datetime) -> str:
    """26 characters: ten of the time in milliseconds, sixteen that are the id's own."""
    digest = int.from_bytes(blake2b(board_id.encode(), digest_size=10).digest(), "big")
    number = int(at.timestamp() * 1000) << 80 | digest
    return "".join(_CROCKFORD[number >> 5 * place & 31] for place in range(25, -1, -1))


def _page(state: BoardState) -> str:
    """The page for a person's browser."""
    components = "".join(
        f"<li>{html.escape(c.full_name)}: {c.component_status.value.replace('_', ' ')}</li>"
        for c in state.components
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(state.page_name)} status</title></head><body>"
        f"<h1>{html.escape(state.page_name)}: {_INDICATORS[_worst(state)][1]}</h1>"
        f"<ul>{components}</ul>{''.join(map(_article, state.incidents))}</body></html>"
    )


def _article(incident: BoardIncident) -> str:
    updates = "".join(
        f"<p>{u.at:%Y-%m-%d %H:%M:%S} UTC, {u.incident_status.value.replace('_', ' ')}: "
        f"{html.escape(u.body)}</p>"
        for u in reversed(incident.updates)
    )
    return f"<h2>{html.escape(incident.name)}</h2>{updates}"
