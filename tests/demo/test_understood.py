"""What the made-up vendor serves is understood by the platforms as what it means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from traywatch.core.model import (
    ComponentRef,
    ComponentStatus,
    Impact,
    IncidentStatus,
    Severity,
    Snapshot,
)
from traywatch.core.reply import Reply
from traywatch.demo import INCIDENTS, MAINTENANCES, SUMMARY, Board, Shape
from traywatch.demo.documents import document
from traywatch.platforms import detect

NOON = datetime(2025, 11, 18, 12, tzinfo=UTC)
URL = "http://status.example"


def board() -> Board:
    made = Board(components=("API", "Web"), clock=lambda: NOON)
    made.open_incident("Old", "It broke.").resolve("It is mended.")
    made.open_incident(
        "Errors",
        "We look into it.",
        impact=Impact.CRITICAL,
        components={"API": ComponentStatus.PARTIAL_OUTAGE},
    ).update(IncidentStatus.MONITORING, "Better.")
    made.schedule_maintenance(
        "Upgrade",
        "Soon.",
        starts_at=NOON + timedelta(days=1),
        ends_at=NOON + timedelta(days=2),
        components=("Web",),
    )
    return made


def understood(path: str, shape: Shape) -> Snapshot:
    found = document(path, board().state(), URL, shape)
    assert found
    headers = {"x-statuspage-version": "demo"} if shape is Shape.STATUSPAGE else {}
    reply = Reply(URL + path, 200, found[1], headers)
    platform = detect(reply)
    assert platform
    assert platform.name == shape.value
    return platform.parse(reply)


@pytest.mark.parametrize("shape", list(Shape))
def test_the_live_document(shape: Shape) -> None:
    snapshot = understood(SUMMARY, shape)
    assert snapshot.exhaustive
    assert snapshot.page_name == "Example Cloud"
    assert snapshot.severity is Severity.MAJOR_OUTAGE
    assert [(c.name, c.component_status.value) for c in snapshot.components] == [
        ("API", "partial_outage"),
        ("Web", "operational"),
    ]
    incident = snapshot.incidents[0]
    assert (incident.name, incident.impact) == ("Errors", Impact.CRITICAL)
    assert [(u.incident_status.value, u.body) for u in incident.updates] == [
        ("investigating", "We look into it."),
        ("monitoring", "Better."),
    ]


@pytest.mark.parametrize("shape", list(Shape))
def test_the_history_ends_with_the_closing_words(shape: Shape) -> None:
    snapshot = understood(INCIDENTS, shape)
    assert not snapshot.exhaustive
    (old,) = (i for i in snapshot.incidents if i.name == "Old")
    assert old.incident_status is IncidentStatus.RESOLVED
    assert [u.body for u in old.updates] == ["It broke.", "It is mended."]


def test_statuspage_names_components_and_windows() -> None:
    live, history = (understood(path, Shape.STATUSPAGE) for path in (SUMMARY, MAINTENANCES))
    api = next(c for c in live.components if c.name == "API")
    assert live.incidents[0].updates[0].components == (ComponentRef("API", api.id),)
    for snapshot in (live, history):
        (upgrade,) = (i for i in snapshot.incidents if i.is_maintenance)
        assert (upgrade.starts_at, upgrade.ends_at) == (
            NOON + timedelta(days=1),
            NOON + timedelta(days=2),
        )
