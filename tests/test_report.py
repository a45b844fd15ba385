"""The JSON that other programs rely on, the text that people read, the exit code of --once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from traywatch.core.memory import Memory
from traywatch.core.model import (
    Component,
    ComponentRef,
    ComponentStatus,
    Impact,
    Incident,
    IncidentStatus,
    Page,
    Severity,
    Snapshot,
    Update,
)
from traywatch.core.overview import (
    ComponentView,
    IconState,
    IncidentView,
    Overview,
    PageView,
    overview,
)
from traywatch.report import (
    check_document,
    check_text,
    exit_code,
    snapshot_severity,
    status_document,
    status_table,
    to_json,
)

AT = datetime(2025, 11, 18, 12, 34, 56, tzinfo=UTC)
LATER = datetime(2025, 11, 18, 14, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=1)))

OUTAGE = Incident(
    id="i1",
    name="Elevated errors",
    incident_status=IncidentStatus.IDENTIFIED,
    impact=Impact.MAJOR,
    url="https://stspg.io/1",
    components=(ComponentRef("API", "c1"), ComponentRef("Login")),
    updates=(
        Update(IncidentStatus.INVESTIGATING, "We look\ninto it.", AT, "u1"),
        Update(IncidentStatus.IDENTIFIED, "", None),
    ),
)
UPGRADE = Incident(
    id="m1",
    name="Upgrade",
    incident_status=IncidentStatus.SCHEDULED,
    impact=Impact.MAINTENANCE,
    is_maintenance=True,
    starts_at=AT,
    ends_at=AT + timedelta(hours=2),
)
SNAPSHOT = Snapshot(
    platform="statuspage",
    exhaustive=True,
    page_name="Example",
    page_url="https://status.example.com",
    page_updated_at=LATER,
    severity=Severity.PARTIAL_OUTAGE,
    components=(
        Component("c1", "API", ComponentStatus.MAJOR_OUTAGE, "Europe"),
        Component("c2", "Login", ComponentStatus.DEGRADED_PERFORMANCE),
        Component("c3", "Billing", ComponentStatus.UNDER_MAINTENANCE),
        Component("c4", "Search", ComponentStatus.UNKNOWN),
    ),
    incidents=(OUTAGE, UPGRADE),
)


# ---------------------------------------------------------------- check


def test_the_json_of_check() -> None:
    assert check_document(SNAPSHOT, "https://ignored.example") == {
        "page": {
            "name": "Example",
            "url": "https://status.example.com",
            "updated_at": "2025-11-18T13:00:00.250Z",
        },
        "platform": "statuspage",
        "severity": "major_outage",
        "components": [
            {"id": "c1", "name": "API", "group": "Europe", "status": "major_outage"},
            {"id": "c2", "name": "Login", "group": None, "status": "degraded"},
            {"id": "c3", "name": "Billing", "group": None, "status": "maintenance"},
            {"id": "c4", "name": "Search", "group": None, "status": "unknown"},
        ],
        "incidents": [
            {
                "id": "i1",
                "name": "Elevated errors",
                "status": "identified",
                "impact": "major",
                "url": "https://stspg.io/1",
                "components": ["API", "Login"],
                "updates": [
                    {
                        "id": "u1",
                        "status": "investigating",
                        "body": "We look\ninto it.",
                        "at": "2025-11-18T12:34:56Z",
                    },
                    {"id": None, "status": "identified", "body": "", "at": None},
                ],
            }
        ],
        "maintenances": [
            {
                "id": "m1",
                "name": "Upgrade",
                "status": "scheduled",
                "impact": "maintenance",
                "url": None,
                "components": [],
                "updates": [],
                "starts_at": "2025-11-18T12:34:56Z",
                "ends_at": "2025-11-18T14:34:56Z",
            }
        ],
    }


def test_a_page_that_does_not_give_its_address_has_the_one_it_was_read_from() -> None:
    bare = Snapshot(platform="statuspage", exhaustive=True)
    page = check_document(bare, "https://joe:pw@status.example.com?token=abc")["page"]
    assert page == {
        "name": None,
        "url": "https://***@status.example.com?token=***",
        "updated_at": None,
    }


def test_any_text_becomes_json_that_strict_readers_take() -> None:
    written = to_json({"text": "\ud83d \ud83d\ude00 \u202e ü", "list": ["\udc00"]})
    assert written.isascii()
    assert json.loads(written) == {"text": "\ufffd \U0001f600 \u202e ü", "list": ["\ufffd"]}


def component(component_status: ComponentStatus) -> Component:
    return Component("c", "C", component_status)


@pytest.mark.parametrize(
    ("components", "own", "incidents", "severity"),
    [
        (["operational", "partial_outage"], Severity.DEGRADED, (), Severity.PARTIAL_OUTAGE),
        (["operational"], Severity.MAJOR_OUTAGE, (), Severity.OPERATIONAL),
        (["operational", "unknown"], Severity.OPERATIONAL, (), None),
        (["under_maintenance", "unknown"], None, (), None),
        (["degraded_performance", "unknown"], None, (), Severity.DEGRADED),
        ([], Severity.MAINTENANCE, (OUTAGE,), Severity.MAINTENANCE),
        ([], None, (OUTAGE, UPGRADE), Severity.PARTIAL_OUTAGE),
        ([], None, (UPGRADE,), None),
        ([], None, (), None),
    ],
)
def test_how_bad_a_page_is(
    components: list[str],
    own: Severity | None,
    incidents: tuple[Incident, ...],
    severity: Severity | None,
) -> None:
    listed = tuple(component(ComponentStatus(word)) for word in components)
    snapshot = Snapshot("x", exhaustive=True, severity=own, components=listed, incidents=incidents)
    assert snapshot_severity(snapshot) is severity


def test_check_for_reading() -> None:
    assert check_text(SNAPSHOT, None).splitlines() == [
        "Example https://status.example.com",
        "Platform: statuspage, as of 2025-11-18 13:00:00 UTC",
        "Severity: major outage",
        "",
        "Components: 4",
        "  major outage  Europe - API",
        "  degraded      Login",
        "  maintenance   Billing",
        "  unknown       Search",
        "",
        "Incidents: 1",
        "  Elevated errors (Identified, impact major)",
        "    on API, Login",
        "    2025-11-18 12:34:56 UTC  Investigating: We look into it.",
        "    no date  Identified",
        "",
        "Maintenances: 1",
        "  Upgrade (Scheduled, 2025-11-18 12:34 - 14:34 UTC)",
    ]


def test_vendors_words_cannot_drive_the_terminal() -> None:
    evil = "\x1b[2J\u202eevil\nline\r\x07"
    snapshot = Snapshot(
        platform="statuspage",
        exhaustive=True,
        page_name=evil,
        page_url=f"https://x.example/{evil}",
        components=(Component("c", evil, ComponentStatus.OPERATIONAL, evil),),
        incidents=(
            Incident(
                "i",
                evil,
                IncidentStatus.RESOLVED,
                components=(ComponentRef(evil),),
                updates=(Update(IncidentStatus.RESOLVED, evil, AT),),
            ),
        ),
    )
    text = check_text(snapshot, None)
    assert all(char == "\n" or char.isprintable() for char in text)
    assert len(text.splitlines()) == 11


# ---------------------------------------------------------------- status

CALM = PageView("a", "Alpha", "https://a.example", Severity.OPERATIONAL, True, None, read_at=AT)
TROUBLED = PageView(
    "b",
    "Beta\x1b[31m",
    "https://joe:pw@b.example",
    Severity.DEGRADED,
    readable=False,
    reason="no answer",
    troubled=(ComponentView("API", "Europe", ComponentStatus.DEGRADED_PERFORMANCE),),
    incidents=(
        IncidentView(
            "i1",
            "Slow",
            IncidentStatus.MONITORING,
            Impact.MINOR,
            False,
            "https://b.example/i1",
            "ok",
        ),
        IncidentView(
            "m1", "Upgrade", IncidentStatus.SCHEDULED, Impact.MAINTENANCE, True, None, starts_at=AT
        ),
    ),
    read_at=AT,
)
NEW = PageView("c", "Gamma", "https://c.example", None, False, "not read yet")
FAILED = PageView("d", "Delta", "https://d.example", None, False, "no answer")
OVERVIEW = Overview(IconState.DEGRADED, (CALM, TROUBLED, NEW), offline=False, paused=True)


def test_the_json_of_status() -> None:
    document = status_document(OVERVIEW)
    assert list(document) == ["state", "offline", "paused", "pages"]
    assert (document["state"], document["offline"], document["paused"]) == ("degraded", False, True)
    pages = document["pages"]
    assert isinstance(pages, list)
    assert pages[1:] == [
        {
            "id": "b",
            "name": "Beta\x1b[31m",
            "url": "https://***@b.example",
            "severity": "degraded",
            "readable": False,
            "reason": "no answer",
            "read_at": "2025-11-18T12:34:56Z",
            "components": [{"name": "API", "group": "Europe", "status": "degraded"}],
            "incidents": [
                {
                    "id": "i1",
                    "name": "Slow",
                    "status": "monitoring",
                    "impact": "minor",
                    "url": "https://b.example/i1",
                    "body": "ok",
                }
            ],
            "maintenances": [
                {
                    "id": "m1",
                    "name": "Upgrade",
                    "status": "scheduled",
                    "impact": "maintenance",
                    "url": None,
                    "body": "",
                    "starts_at": "2025-11-18T12:34:56Z",
                    "ends_at": None,
                }
            ],
        },
        {
            "id": "c",
            "name": "Gamma",
            "url": "https://c.example",
            "severity": "unknown",
            "readable": False,
            "reason": "not read yet",
            "read_at": None,
            "components": [],
            "incidents": [],
            "maintenances": [],
        },
    ]


def test_the_table_of_status() -> None:
    shown = replace(OVERVIEW, pages=(*OVERVIEW.pages, FAILED))
    assert status_table(shown).splitlines() == [
        "PAGE   STATE                         LAST READ",
        "Alpha  operational                   2025-11-18 12:34:56 UTC",
        "Beta   cannot be read, was degraded  2025-11-18 12:34:56 UTC",
        "  no answer",
        "  Europe - API: degraded",
        "  Slow (Monitoring)",
        "  Upgrade (Scheduled, from 2025-11-18 12:34 UTC)",
        "Gamma  not read yet                  never",
        "Delta  cannot be read                never",
        "  no answer",
    ]


def test_a_page_without_a_memory_is_not_read_yet() -> None:
    page = Page("c", "https://c.example", "Gamma")
    fresh = overview([(page, Memory("c"))], offline=False, paused=False, now=AT)
    assert status_table(fresh).splitlines()[1:] == ["Gamma  not read yet  never"]
    assert status_document(fresh)["state"] == "unknown"


@pytest.mark.parametrize(
    ("pages", "offline", "state"),
    [
        (["new"], False, "unknown"),
        (["calm", "new"], False, "unknown"),
        (["new", "failed"], False, "unreadable"),
        (["new"], True, "unreadable"),
        (["unknown"], False, "unknown"),
        ([], False, "unknown"),
    ],
)
def test_what_nobody_tried_to_read_is_unknown_and_not_unreadable(
    pages: list[str], offline: bool, state: str
) -> None:
    views = {"calm": CALM, "new": NEW, "failed": FAILED, "unknown": replace(CALM, severity=None)}
    shown = Overview(IconState.UNREADABLE, tuple(views[name] for name in pages), offline=offline)
    assert status_document(shown)["state"] == state


@pytest.mark.parametrize(
    ("pages", "code"),
    [
        ([(Severity.OPERATIONAL, True), (Severity.MAINTENANCE, True)], 0),
        ([(Severity.OPERATIONAL, True), (Severity.DEGRADED, True)], 1),
        ([(Severity.PARTIAL_OUTAGE, True), (Severity.DEGRADED, True)], 2),
        ([(Severity.MAJOR_OUTAGE, True)], 3),
        ([(Severity.MAJOR_OUTAGE, True), (Severity.OPERATIONAL, False)], 4),
        ([(None, True)], 4),
    ],
)
def test_the_exit_code_is_that_of_the_worst_page(
    pages: list[tuple[Severity | None, bool]], code: int
) -> None:
    views = tuple(
        PageView(str(number), "P", "https://p.example", severity, readable, None)
        for number, (severity, readable) in enumerate(pages)
    )
    assert exit_code(Overview(IconState.OPERATIONAL, views)) == code
