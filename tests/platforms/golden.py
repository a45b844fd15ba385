"""A snapshot as JSON that can be read and written by hand: what says nothing is left out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from traywatch.core.model import Component, ComponentRef, Incident, Snapshot, Update
from traywatch.core.reply import Reply

Json = dict[str, Any]

FIXTURES: Final = Path(__file__).parents[1] / "fixtures"
EXPECTED: Final = ".expected.json"


def cases(platform: str) -> list[str]:
    """The names of a platform's fixture pairs."""
    files = sorted((FIXTURES / platform).glob("*.json"))
    return [f.stem for f in files if not f.name.endswith(EXPECTED)]


def reply(body: bytes, url: str = "https://status.example.com/api/v2/summary.json") -> Reply:
    return Reply(url=url, http_status=200, body=body)


def as_json(snapshot: Snapshot) -> Json:
    return _said(
        exhaustive=snapshot.exhaustive,
        page=_said(
            name=snapshot.page_name,
            url=snapshot.page_url,
            updated_at=_instant(snapshot.page_updated_at),
        ),
        severity=None if snapshot.severity is None else snapshot.severity.word,
        components=[_component(component) for component in snapshot.components],
        incidents=[_incident(incident) for incident in snapshot.incidents],
    )


def _component(component: Component) -> Json:
    return _said(
        id=component.id,
        name=component.name,
        status=component.component_status,
        was=component.previous,
        group=component.group,
        updated_at=_instant(component.updated_at),
    )


def _incident(incident: Incident) -> Json:
    return _said(
        id=incident.id,
        name=incident.name,
        status=incident.incident_status,
        impact=incident.impact,
        is_maintenance=incident.is_maintenance,
        url=incident.url,
        components=_refs(incident.components),
        created_at=_instant(incident.created_at),
        updated_at=_instant(incident.updated_at),
        starts_at=_instant(incident.starts_at),
        ends_at=_instant(incident.ends_at),
        updates=[_update(update) for update in incident.updates],
    )


def _update(update: Update) -> Json:
    return _said(
        id=update.id,
        at=_instant(update.at),
        status=update.incident_status,
        body=update.body,
        components=_refs(update.components),
    )


def _refs(refs: Iterable[ComponentRef]) -> list[str]:
    """``name (id)``, one line each."""
    return [f"{ref.name} ({ref.id})" if ref.id else ref.name for ref in refs]


def _instant(at: datetime | None) -> str | None:
    return at.isoformat(sep=" ").replace("+00:00", " UTC") if at else None


def _said(**fields: object) -> Json:
    return {key: value for key, value in fields.items() if value not in (None, False, [], {}, "")}
