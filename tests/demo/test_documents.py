"""The documents have the shapes that platforms.md lists, in both dialects."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from traywatch.core.model import ComponentStatus, Impact, IncidentStatus
from traywatch.demo import INCIDENTS, MAINTENANCES, SUMMARY, Board, Shape
from traywatch.demo.documents import document

NOON = datetime(2025, 11, 18, 12, 0, 0, 654_321, tzinfo=UTC)
URL = "http://status.example"


def busy_board() -> Board:
    """One resolved incident, one open, one maintenance, a group."""
    board = Board(components=("API",), clock=lambda: NOON)
    board.component("Login", group="Europe").component("Login", group="Europe")
    board.component("Search", group="Europe")
    board.open_incident("Old", "It broke.").resolve("It is mended.")
    board.open_incident(
        "Errors",
        "We look into it.",
        impact=Impact.CRITICAL,
        components={"Login": ComponentStatus.PARTIAL_OUTAGE},
    ).update(IncidentStatus.MONITORING, "Better.")
    board.schedule_maintenance(
        "Upgrade", "Soon.", starts_at=NOON + timedelta(days=1), ends_at=NOON + timedelta(days=2)
    )
    return board


def read(path: str, shape: Shape = Shape.STATUSPAGE) -> Any:
    found = document(path, busy_board().state(), URL, shape)
    assert found is not None
    content_type, body = found
    assert content_type == "application/json; charset=utf-8"
    return json.loads(body)


def test_the_live_document_lists_what_is_open_and_not_what_is_over() -> None:
    summary = read(SUMMARY)
    assert [i["name"] for i in summary["incidents"]] == ["Errors"]
    assert [m["name"] for m in summary["scheduled_maintenances"]] == ["Upgrade"]
    assert summary["status"] == {"indicator": "critical", "description": "Major Service Outage"}
    assert summary["page"]["updated_at"] == "2025-11-18T12:00:00.663Z"


def test_the_history_lists_both_newest_first_and_their_updates_newest_first() -> None:
    incidents = read(INCIDENTS)["incidents"]
    assert [i["name"] for i in incidents] == ["Errors", "Old"]
    assert [u["status"] for u in incidents[1]["incident_updates"]] == ["resolved", "investigating"]
    assert [m["name"] for m in read(MAINTENANCES)["scheduled_maintenances"]] == ["Upgrade"]


def test_groups_are_rows_and_members_point_to_them() -> None:
    rows = read(SUMMARY)["components"]
    group = next(r for r in rows if r["group"])
    assert (group["name"], group["status"]) == ("Europe", "partial_outage")
    assert [r["name"] for r in rows if r["group_id"] == group["id"]] == ["Login", "Search"]
    assert group["components"] == [r["id"] for r in rows if r["group_id"]]


def test_an_update_names_what_it_changed_with_group_and_old_status() -> None:
    monitoring, investigating = read(SUMMARY)["incidents"][0]["incident_updates"]
    (affected,) = investigating["affected_components"]
    assert affected["name"] == "Europe - Login"
    assert (affected["old_status"], affected["new_status"]) == ("operational", "partial_outage")
    assert monitoring["affected_components"] is None


def test_the_lookalike_differs_as_incident_io_does() -> None:
    summary = read(SUMMARY, Shape.INCIDENTIO)
    assert "scheduled_maintenances" not in summary
    assert not {"group", "group_id"} & set(summary["components"][0])
    assert {c["updated_at"] for c in summary["components"]} == {"2025-11-18T12:00:00Z"}
    assert [c["position"] for c in summary["components"]] == [0, 1, 2]
    (incident,) = summary["incidents"]
    assert not {"components", "shortlink", "started_at", "resolved_at"} & set(incident)
    assert "monitoring_at" in incident
    assert "affected_components" not in incident["incident_updates"][0]


def test_the_lookalikes_ids_are_ulids_of_their_time() -> None:
    (incident,) = read(SUMMARY, Shape.INCIDENTIO)["incidents"]
    assert re.fullmatch("01[0-9A-HJKMNP-TV-Z]{24}", incident["id"])
    newest, oldest = (u["id"] for u in incident["incident_updates"])
    assert oldest < newest, "ULIDs sort by time"


def test_the_page_for_a_person_escapes_what_it_shows() -> None:
    board = Board("Tom & Jerry", clock=lambda: NOON)
    board.open_incident("<b>", "<script>alert(1)</script>")
    found = document("/", board.state(), URL, Shape.STATUSPAGE)
    assert found is not None
    assert found[0] == "text/html; charset=utf-8"
    assert b"<script>" not in found[1]
    assert b"Tom &amp; Jerry" in found[1]


@pytest.mark.parametrize("path", ["/api/v2/nothing.json", "/proxy/status.example"])
def test_nothing_else_is_there(path: str) -> None:
    assert document(path, busy_board().state(), URL, Shape.STATUSPAGE) is None


def test_the_lookalike_has_no_maintenances_document() -> None:
    assert document(MAINTENANCES, busy_board().state(), URL, Shape.INCIDENTIO) is None
