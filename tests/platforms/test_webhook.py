"""Whatever is posted: what it says, or whose fault it is that it says nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from traywatch.core.errors import FormatError
from traywatch.core.model import (
    Component,
    ComponentStatus,
    Impact,
    Incident,
    IncidentStatus,
    Snapshot,
    Update,
)
from traywatch.platforms.webhook import MOST_ODD_DATES, MalformedBody, parse_webhook

AS_DOCUMENTED = (
    '{"incident":{"id":"demo_001","name":"OpenAI API - Chat Completions","incident_updates":'
    '[{"id":"upd_001","created_at":"2025-11-18T12:34:56Z",'
    '"body":"Investigating degraded performance"}]}}'
)


def understood(value: Any) -> Snapshot:
    return parse_webhook(json.dumps(value).encode())


def test_the_post_of_the_manual() -> None:
    update = Update(
        IncidentStatus.UNKNOWN,
        "Investigating degraded performance",
        datetime(2025, 11, 18, 12, 34, 56, tzinfo=UTC),
        "upd_001",
    )
    name = "OpenAI API - Chat Completions"
    incident = Incident("demo_001", name, IncidentStatus.UNKNOWN, updates=(update,))
    assert parse_webhook(AS_DOCUMENTED.encode()) == Snapshot(
        "webhook", exhaustive=False, incidents=(incident,)
    )


SENDERS_FAULT = [
    b"", b" ", b"{", b"[", b"[]", b"null", b"7", b'"text"', b"{} {}", b"not json", b"\xff\xfe",
    b"<xml/>", b"[" * 100_000, b'{"a":' * 10_000, b'{"a": ' + b"9" * 5_000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("body", SENDERS_FAULT, ids=lambda body: repr(body[:20]))
def test_what_is_no_json_object_is_the_fault_of_the_sender(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        parse_webhook(body)


NEWS_TO_US: list[tuple[Any, str]] = [
    ({}, "no incident, component or message in it"),
    ({"hello": "world"}, "no incident, component or message in it"),
    ({"incident": None, "component": 7, "message": ["x"]}, "no incident, component"),
    ({"incident": {"name": "Errors"}}, r"incident\.id: missing"),
    ({"incident": {}, "component": {}}, r"incident\.id: missing"),
    ({"component": {"id": "c", "name": "API"}}, "component: the name or the status is missing"),
    ({"component_update": {"component_id": "c", "new_status": "operational"}}, "component: "),
    ({"event_type": "public_incident.incident_created_v2"}, "no incident, component"),
    ({"event_type": "private_incident.incident_created_v2",
      "private_incident.incident_created_v2": {"id": "p"}}, "no incident, component"),
    ({"event_type": "public_incident.incident_created_v2",
      "public_incident.incident_created_v2": {"id": "p"}}, r"v2\.name: missing"),
    ({"event_type": "public_incident.follow_up_created_v1",
      "public_incident.follow_up_created_v1": {"id": "f", "name": "Write it up"}},
     "no incident, component"),
    ({"event_type": "status_page_incident.update_shared_v1",
      "status_page_incident.update_shared_v1": {"update": {"id": "u"}}},
     r"status_page_incident: missing"),
    ({"meta": {}, "page": {"id": "p", "status_indicator": "none"}}, "no incident, component"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "reason"), NEWS_TO_US)
def test_an_object_in_which_nothing_is_understood_is_nobodys_fault(value: Any, reason: str) -> None:
    with pytest.raises(FormatError, match=reason) as refusal:
        understood(value)
    assert not isinstance(refusal.value, MalformedBody)


INCIDENT = {"id": "i1", "name": "Errors", "status": "investigating"}
COMPONENT = {"id": "c1", "name": "API", "status": "degraded_performance"}


def test_what_can_be_read_is_kept_beside_what_cannot() -> None:
    both = understood({"incident": {"name": "no id"}, "component": COMPONENT})
    assert [c.name for c in both.components] == ["API"]
    assert both.incidents == ()
    other = understood({"incident": INCIDENT, "component": {"id": "c1"}})
    assert [i.name for i in other.incidents] == ["Errors"]
    assert other.components == ()


def test_one_malformed_update_does_not_take_the_good_ones_with_it() -> None:
    updates = [{"id": "u1", "body": "One."}, None, 7, {"id": "u2"}, {"id": "u3", "body": "Three."}]
    (incident,) = understood({"incident": INCIDENT | {"incident_updates": updates}}).incidents
    assert [u.id for u in incident.updates] == ["u3", "u1"]


def test_an_update_that_its_incident_lists_already_is_one_update() -> None:
    update = {"id": "u1", "incident_id": "i1", "body": "One."}
    value = {"incident": INCIDENT | {"incident_updates": [update]}, "incident_update": update}
    assert [u.id for u in understood(value).incidents[0].updates] == ["u1"]
    value["incident"] = INCIDENT | {"incident_updates": None}
    assert [u.id for u in understood(value).incidents[0].updates] == ["u1"]


def test_a_component_is_in_its_new_state_and_keeps_the_name_and_time_of_the_page() -> None:
    value = {
        "component": COMPONENT
        | {"status": "operational", "updated_at": "2026-03-02T12:00:00.371Z"},
        "component_update": {
            "component_id": "other",
            "old_status": "fine",
            "new_status": "major_outage",
            "created_at": "2026-03-02T12:00:00.379Z",
        },
    }
    at = datetime(2026, 3, 2, 12, 0, 0, 371_000, tzinfo=UTC)
    down = Component("c1", "API", ComponentStatus.MAJOR_OUTAGE, updated_at=at, previous=None)
    assert understood(value).components == (down,)


@pytest.mark.parametrize(
    ("row", "update", "component_id"),
    [
        ({"name": "API"}, {"component_id": "c2", "new_status": "operational"}, "c2"),
        ({"name": "API", "status": "operational"}, None, "API"),
        ({"id": 7, "name": "API", "status": "operational"}, {}, "7"),
    ],
)
def test_the_id_of_a_component_is_found_somewhere(
    row: dict[str, Any], update: Any, component_id: str
) -> None:
    (found,) = understood({"component": row, "component_update": update}).components
    assert (found.id, found.name) == (component_id, "API")


def test_a_body_nobody_signed_sets_no_clock_and_no_dangerous_link() -> None:
    page = {
        "id": "p",
        "name": "Example",
        "url": "javascript:x",
        "updated_at": "2099-01-01T00:00:00Z",
    }
    snapshot = understood({"page": page, "incident": INCIDENT | {"shortlink": "file:///etc"}})
    assert snapshot.page_updated_at is None
    assert snapshot.page_url is None
    assert snapshot.page_name == "Example"
    assert snapshot.incidents[0].url is None


def test_names_are_told_as_they_are_meant() -> None:
    page = {"id": "p", "name": "A&amp;B"}
    snapshot = understood({"page": page, "component": COMPONENT | {"name": "R&amp;D"}})
    assert (snapshot.page_name, snapshot.components[0].name) == ("A&B", "R&D")
    assert understood({"text": "Down", "title": "R&amp;D"}).incidents[0].name == "R&D"


STAGES = [
    ("Investigating", "live", IncidentStatus.INVESTIGATING),
    ("Monitoring", "live", IncidentStatus.MONITORING),
    ("Fixing", "live", IncidentStatus.UNKNOWN),
    ("Is it one?", "triage", IncidentStatus.INVESTIGATING),
    ("Paused", "paused", IncidentStatus.UNKNOWN),
    ("Documenting", "learning", IncidentStatus.RESOLVED),
    ("Zu", "closed", IncidentStatus.RESOLVED),
    ("No incident", "declined", IncidentStatus.RESOLVED),
    ("", "", IncidentStatus.UNKNOWN),
]


@pytest.mark.parametrize(("name", "category", "incident_status"), STAGES)
def test_a_stage_of_incident_io_is_known_by_its_name_or_else_by_its_category(
    name: str, category: str, incident_status: IncidentStatus
) -> None:
    kind = "public_incident.incident_created_v2"
    stage = {"name": name, "category": category}
    event = {
        "id": "p",
        "name": "Errors",
        "incident_status": stage,
        "severity": {"name": "Critical"},
    }
    (incident,) = understood({"event_type": kind, kind: event}).incidents
    assert incident.incident_status is incident_status
    assert incident.impact is Impact.CRITICAL


def test_two_events_about_one_change_of_status_are_one_update() -> None:
    stage = {"name": "Closed", "category": "closed"}
    event = {"id": "p", "name": "Errors", "incident_status": stage, "summary": "It broke."}
    event["updated_at"] = "2026-03-01T12:00:01Z"
    updated, moved = (
        "public_incident.incident_updated_v2",
        "public_incident.incident_status_updated_v2",
    )
    one = understood({"event_type": updated, updated: event})
    other = understood(
        {"event_type": moved, moved: {"incident": event, "new_status": stage, "message": "Mended."}}
    )
    assert one.incidents[0].updates[0].id == other.incidents[0].updates[0].id
    assert other.incidents[0].updates[0].body == "Mended."
    assert one.incidents[0].updates[0].only_if_moved, "it may have been renamed and no more"
    assert not other.incidents[0].updates[0].only_if_moved


def test_a_status_that_comes_again_is_another_update() -> None:
    """A mend that did not hold: the stage alone is no identity."""
    kind = "public_incident.incident_status_updated_v2"

    def moved(minute: int) -> str | None:
        event = {"id": "p", "name": "Errors", "updated_at": f"2026-03-01T12:{minute:02}:00Z"}
        news = {"incident": event, "new_status": {"name": "Investigating", "category": "live"}}
        return understood({"event_type": kind, kind: news}).incidents[0].updates[0].id

    assert moved(1) != moved(20)


@pytest.mark.parametrize(
    "date",
    ["2026-02-28 10:00:00 UTC", "Sat, 28 Feb 2026 10:00:00 +0000", "2026-02-28T10:00:00Z",
     "1772272800", 1772272800, 1772272800000.0],
)  # fmt: skip
def test_what_is_posted_may_be_dated_as_people_and_programs_do(date: object) -> None:
    at = datetime(2026, 2, 28, 10, tzinfo=UTC)
    update = {"id": "u1", "body": "One.", "created_at": date}
    row = INCIDENT | {"created_at": date, "incident_updates": [update]}
    snapshot = understood({"incident": row, "component": COMPONENT | {"updated_at": date}})
    (incident,), (component,) = snapshot.incidents, snapshot.components
    assert (incident.created_at, incident.updates[0].at, component.updated_at) == (at, at, at)
    planned = {"id": "m", "name": "Move", "scheduled_for": date, "maintenance_end_date": date}
    (maintenance,) = understood({"maintenance": planned}).incidents
    assert (maintenance.starts_at, maintenance.ends_at) == (at, at)


def test_of_odd_dates_only_so_many_are_looked_at_and_those_of_the_newest_first() -> None:
    date = "Sat, 28 Feb 2026 10:00:00 +0000"
    updates = [{"id": f"u{n}", "body": "x", "created_at": date} for n in range(1_000)]
    row = INCIDENT | {"created_at": "soon", "incident_updates": updates}
    (incident,) = understood({"incident": row}).incidents
    dated = {u.id for u in incident.updates if u.at}
    assert dated == {f"u{n}" for n in range(MOST_ODD_DATES - 1)}


@pytest.mark.parametrize("date", [None, True, float("nan"), 10**4_000, "", "soon", "9" * 5_000, {}])
def test_what_is_no_date_costs_nothing_but_the_time(date: object) -> None:
    update = {"id": "u1", "body": "One.", "created_at": date}
    (incident,) = understood({"incident": INCIDENT | {"incident_updates": [update]}}).incidents
    assert [(u.body, u.at) for u in incident.updates] == [("One.", None)]


def test_a_maintenance_is_one_whatever_its_window_is_dated_by() -> None:
    (found,) = understood({"incident": INCIDENT | {"scheduled_for": "soon"}}).incidents
    assert (found.is_maintenance, found.starts_at) == (True, None)


def test_a_message_is_told_by_its_words_and_its_time() -> None:
    def told(**fields: str) -> str:
        return understood(fields).incidents[0].id

    assert told(text="Backup failed") == told(message="Backup failed")
    assert told(text="Backup failed") != told(text="Backup done")
    first = told(text="Backup failed", timestamp="2026-03-02 12:00 UTC")
    assert first != told(text="Backup failed", timestamp="2026-03-03 12:00 UTC")
    assert first == told(text="Backup failed", timestamp="Mon, 02 Mar 2026 12:00:00 GMT")


@pytest.mark.parametrize("timestamp", [1767225600, 1767225600000, 1767225600.0, "1767225600"])
def test_a_message_is_dated_by_seconds_and_milliseconds_too(timestamp: object) -> None:
    (found,) = understood({"text": "db-1 is DOWN", "timestamp": timestamp}).incidents
    assert found.updates[0].at == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_message_is_a_message_only_where_nothing_better_is_there() -> None:
    assert understood({"incident": INCIDENT, "message": "hi"}).incidents[0].id == "i1"
    assert understood({"incident": {}, "message": "hi"}).incidents[0].name == "Message"
    assert understood({"text": "hi", "status": "resolved"}).incidents[0].incident_status.closed
