"""What the golden pairs cannot show: orders, refusals, and what absence means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traywatch.core.errors import FormatError
from traywatch.core.model import (
    ComponentRef,
    ComponentStatus,
    IncidentStatus,
    Severity,
    Snapshot,
    Update,
)
from traywatch.platforms.instants import iso_instant
from traywatch.platforms.reading import Node
from traywatch.platforms.v2 import component_refs, has_ulids, oldest_first, read_v2, rooted

UNDER = "https://status.example.com/api/v2/"
COMPONENT = {"id": "c1", "name": "API", "status": "operational"}
INCIDENT = {"id": "i1", "name": "Errors", "status": "investigating", "incident_updates": []}


def understood(value: Any, address: str = UNDER + "summary.json") -> Snapshot:
    return read_v2(rooted(value), address, "statuspage")


REFUSED: list[tuple[Any, str]] = [
    ("text", "neither an object nor a list"),
    (None, "neither an object nor a list"),
    (7, "neither an object nor a list"),
    ([], "a list of neither"),
    (["a", 1], "a list of neither"),
    ([{"id": 1, "title": "another platform's", "status": "ok"}], "a list of neither"),
    ({}, "neither components nor incidents nor an indicator"),
    ({"page": {"id": "p", "name": "Example"}}, "neither components nor incidents"),
    ({"status": "UP"}, "neither components nor incidents"),
    ({"status": {"indicator": None}}, "neither components nor incidents"),
    ({"components": None, "incidents": None}, "neither components nor incidents"),
    ({"components": {}, "incidents": []}, "components: a list was expected"),
    ({"components": [], "incidents": "none"}, "incidents: a list was expected"),
    ({"scheduled_maintenances": 0}, "scheduled_maintenances: a list was expected"),
    ({"components": ["API", None], "incidents": []}, r"components\[0\]\.id: missing"),
    ({"components": [{"name": "API", "status": "operational"}]}, r"components\[0\]\.id: missing"),
]


@pytest.mark.parametrize(("value", "reason"), REFUSED)
def test_a_document_of_the_wrong_shape_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        understood(value)


WHOLE = {"components": [COMPONENT], "incidents": []}
EXHAUSTIVE: list[tuple[Any, str, bool]] = [
    (WHOLE, "summary.json", True),
    (WHOLE, "anything/at?all", True),
    ({"components": [], "incidents": []}, "summary.json", True),
    ({"components": [COMPONENT]}, "components.json", False),
    ({"components": [COMPONENT], "incidents": None}, "summary.json", False),
    ({"incidents": []}, "incidents.json", False),
    ({"incidents": []}, "incidents/unresolved.json", True),
    ({"incidents": []}, "incidents/unresolved.json?since=1", True),
    ([INCIDENT], "incidents/unresolved.json", True),
    ([INCIDENT], "incidents.json", False),
    ({"scheduled_maintenances": []}, "scheduled-maintenances.json", False),
    ({"scheduled_maintenances": []}, "incidents/unresolved.json", False),
    ({"status": {"indicator": "none"}}, "status.json", False),
    ({"components": [COMPONENT], "incidents": [INCIDENT, {}]}, "summary.json", False),
    ({"components": [COMPONENT], "incidents": [INCIDENT, None]}, "summary.json", False),
    (WHOLE | {"scheduled_maintenances": [INCIDENT, "x"]}, "summary.json", False),
    ({"components": [COMPONENT, {}], "incidents": [INCIDENT]}, "summary.json", True),
]


@pytest.mark.parametrize(("value", "address", "exhaustive"), EXHAUSTIVE)
def test_absence_means_something_only_where_all_is_listed_and_all_was_read(
    value: Any, address: str, exhaustive: bool
) -> None:
    assert understood(value, UNDER + address).exhaustive is exhaustive


INDICATORS = [
    ("none", Severity.OPERATIONAL),
    ("minor", Severity.DEGRADED),
    ("major", Severity.PARTIAL_OUTAGE),
    ("critical", Severity.MAJOR_OUTAGE),
    ("maintenance", Severity.MAINTENANCE),
    ("None ", Severity.OPERATIONAL),
    ("fine", None),
    ("operational?", None),
    ("", None),
    (None, None),
]


@pytest.mark.parametrize(("word", "severity"), INDICATORS)
def test_an_indicator_is_a_severity_or_unknown(word: str | None, severity: Severity | None) -> None:
    assert understood(WHOLE | {"status": {"indicator": word}}).severity is severity


@pytest.mark.parametrize(("word", "severity"), INDICATORS)
def test_an_empty_component_list_is_never_all_good(
    word: str | None, severity: Severity | None
) -> None:
    hollow = {"components": [], "incidents": [], "status": {"indicator": word}}
    believed = None if severity is Severity.OPERATIONAL else severity
    assert understood(hollow).severity is believed


NEITHER: list[dict[str, Any]] = [
    {},
    {"components": None, "incidents": None},
    {"components": None, "incidents": None, "scheduled_maintenances": []},
]


@pytest.mark.parametrize("lists", NEITHER)
@pytest.mark.parametrize("address", ["summary.json", "summary.json/", "summary.json?lang=de"])
def test_a_summary_with_neither_components_nor_incidents_is_never_all_good(
    lists: dict[str, Any], address: str
) -> None:
    calm = {"page": {"id": "p"}, "status": {"indicator": "none"}}
    with pytest.raises(FormatError, match="neither components nor incidents in the summary"):
        understood(calm | lists, UNDER + address)
    assert understood(calm | lists, UNDER + "status.json").severity is Severity.OPERATIONAL


@pytest.mark.parametrize(
    ("value", "is_hollow"),
    [
        ({"components": [], "incidents": []}, True),
        ({"components": [], "incidents": [INCIDENT]}, True),
        ({"components": None, "incidents": []}, False),
        (WHOLE, False),
    ],
)
def test_a_list_of_components_with_nothing_in_it_is_hollow(value: Any, is_hollow: bool) -> None:
    assert understood(value).hollow is is_hollow


def test_names_are_told_as_they_are_meant() -> None:
    group = {"id": "g", "name": "R&amp;D", "group": True}
    row = COMPONENT | {"name": "Web &amp; API", "group_id": "g"}
    affected = [{"code": "c1", "name": "Web &amp; API"}]
    errors = INCIDENT | {"name": "Errors &gt; 5 %", "components": affected}
    value = {"page": {"name": "A&amp;B"}, "components": [group, row], "incidents": [errors]}
    snapshot = understood(value)
    (component,), (incident,) = snapshot.components, snapshot.incidents
    names = (snapshot.page_name, component.group, component.name, incident.name)
    assert names == ("A&B", "R&D", "Web & API", "Errors > 5 %")
    assert incident.components == (ComponentRef("Web & API", "c1"),)


def test_a_row_without_an_id_is_called_by_its_name() -> None:
    rows = [{"name": "Web", "status": "major_outage"}, COMPONENT]
    snapshot = understood({"components": rows, "incidents": []})
    found = [(c.id, c.name, c.component_status.value) for c in snapshot.components]
    assert found == [("Web", "Web", "major_outage"), ("c1", "API", "operational")]
    assert snapshot.components_whole


@pytest.mark.parametrize("row", [None, {}, "A", {"status": "odd"}, {"name": "B"}])
def test_where_a_row_cannot_be_read_an_absent_component_is_not_gone(row: Any) -> None:
    snapshot = understood({"components": [row, COMPONENT], "incidents": []})
    assert [c.id for c in snapshot.components] == ["c1"]
    assert not snapshot.components_whole
    assert understood(WHOLE).components_whole


@pytest.mark.parametrize(
    ("words", "worst"),
    [
        (("operational", "major_outage", "degraded_performance"), "major_outage"),
        (("under_maintenance", "operational"), "under_maintenance"),
        (("operational", "odd"), "unknown"),
        (("odd", "degraded_performance"), "degraded_performance"),
    ],
)
def test_a_component_listed_twice_is_as_bad_as_its_worst_row(
    words: tuple[str, ...], worst: str
) -> None:
    rows = [COMPONENT | {"status": word} for word in words]
    last = {"id": "c2", "name": "Web", "status": "operational"}
    found = understood({"components": [*rows, last], "incidents": []}).components
    assert [(c.id, c.component_status.value) for c in found] == [
        ("c1", worst),
        ("c2", "operational"),
    ]


def test_a_group_is_a_component_only_where_nothing_points_to_it() -> None:
    rows = [
        {"id": "g", "name": "Group", "status": "operational", "group": True, "group_id": None},
        {"id": "a", "name": "A", "status": "operational", "group_id": "g"},
        {"id": "b", "name": "B", "status": "operational", "group_id": "nowhere"},
        {"id": "own", "name": "Own", "status": "operational", "group": True, "group_id": "own"},
        {"id": "not", "name": "Not flagged", "status": "operational"},
        {"id": "c", "name": "C", "status": "operational", "group_id": "not"},
    ]
    found = understood({"components": rows, "incidents": []}).components
    assert [(c.id, c.group) for c in found] == [
        ("a", "Group"),
        ("b", None),
        ("own", None),
        ("not", None),
        ("c", None),
    ]


def test_rows_without_an_id_do_not_become_a_group_of_all_that_stand_alone() -> None:
    rows = [{"name": "Group", "group": True}, COMPONENT | {"group_id": None}]
    (found,) = understood({"components": rows, "incidents": []}).components
    assert (found.name, found.group) == ("API", None)


@pytest.mark.parametrize(
    ("word", "component_status"),
    [(s.value, s) for s in ComponentStatus]
    + [
        ("Under Maintenance", ComponentStatus.UNDER_MAINTENANCE),
        ("full_outage", ComponentStatus.MAJOR_OUTAGE),
        ("degraded", ComponentStatus.UNKNOWN),
        ("ok", ComponentStatus.UNKNOWN),
        (1, ComponentStatus.UNKNOWN),
    ],
)
def test_a_word_that_is_not_in_the_table_is_unknown(
    word: object, component_status: ComponentStatus
) -> None:
    (found,) = understood({"components": [COMPONENT | {"status": word}]}).components
    assert found.component_status is component_status


MAINTENANCE = [
    ({"status": "scheduled"}, True),
    ({"status": "verifying"}, True),
    ({"impact": "maintenance"}, True),
    ({"scheduled_for": "2026-03-05T23:00:00Z"}, True),
    ({"scheduled_for": None, "impact": "none", "status": "resolved"}, False),
    ({"status": "investigating", "impact": "critical"}, False),
]


@pytest.mark.parametrize(("fields", "is_maintenance"), MAINTENANCE)
def test_a_maintenance_among_incidents_is_known_by_its_words(
    fields: dict[str, Any], is_maintenance: bool
) -> None:
    (found,) = understood({"incidents": [INCIDENT | fields]}).incidents
    assert found.is_maintenance is is_maintenance


def test_an_incident_without_a_status_stands_where_its_newest_update_stands() -> None:
    updates = [{"status": "monitoring", "body": "b"}, {"status": "identified", "body": "a"}]
    row = {"id": "i1", "name": "Errors", "incident_updates": updates}
    (found,) = understood({"incidents": [row]}).incidents
    assert found.incident_status is IncidentStatus.MONITORING


def test_the_address_of_an_incident_is_made_up_where_only_the_page_gives_one() -> None:
    page = {"id": "p", "url": "https://status.example.com/eu/"}
    (found,) = understood({"page": page, "incidents": [INCIDENT | {"id": "a/../b"}]}).incidents
    assert found.url == "https://status.example.com/eu/incidents/a%2F..%2Fb"


def test_an_id_listed_twice_is_one_thing() -> None:
    again = COMPONENT | {"name": "again"}
    maintenance = INCIDENT | {"name": "again"}
    twice = {"components": [COMPONENT, again], "incidents": [INCIDENT, maintenance]}
    snapshot = understood(twice | {"scheduled_maintenances": [maintenance]})
    assert [c.name for c in snapshot.components] == ["API"]
    assert [i.name for i in snapshot.incidents] == ["Errors"]
    assert not snapshot.incidents[0].is_maintenance


def test_placeholders_are_not_components_and_repeated_ones_are_named_once() -> None:
    rows = [
        {"name": "No components were affected by this update."},
        {"code": "c1", "name": "API", "new_status": "operational"},
        {"code": "c1", "name": "API", "new_status": "operational"},
        {"code": "c2", "name": "API"},
        {"name": "Without a code", "status": "operational"},
        {"code": "c3", "name": None},
    ]
    found = component_refs(Node({"rows": rows}).rows("rows"))
    assert found == (
        ComponentRef("API", "c1"),
        ComponentRef("API", "c2"),
        ComponentRef("Without a code"),
    )


def update(name: str, minute: int | None) -> Update:
    at = None if minute is None else iso_instant(f"2026-03-02T10:{minute:02}:00Z")
    return Update(IncidentStatus.UNKNOWN, name, at)


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ([("a", 1), ("b", 2), ("c", 3)], "abc"),
        ([("a", 3), ("b", 2), ("c", 1)], "cba"),
        ([("a", 1), ("b", 1), ("c", 1)], "abc"),
        ([("a", 2), ("b", None), ("c", 1)], "cab"),
        ([("a", None), ("b", 1), ("c", None)], "abc"),
        ([("a", None), ("b", None)], "ab"),
    ],
)
def test_updates_are_put_oldest_first_and_equal_ones_left_in_order(
    listed: list[tuple[str, int | None]], told: str
) -> None:
    assert "".join(u.body for u in oldest_first(update(*u) for u in listed)) == told


@settings(deadline=None)
@given(st.permutations(range(6)))
def test_the_order_of_the_list_decides_nothing_where_there_are_times(order: list[int]) -> None:
    rows = [
        {"id": f"u{n}", "body": f"{n}", "display_at": f"2026-03-02T10:{n:02}:00Z"} for n in order
    ]
    value = {"incidents": [INCIDENT | {"incident_updates": rows}]}
    (found,) = understood(json.loads(json.dumps(value))).incidents
    assert [u.id for u in found.updates] == [f"u{n}" for n in range(6)]


@pytest.mark.parametrize(
    ("page_id", "is_ulid"),
    [
        ("01JMDK9XYNY6RXSED6SDWW50WY", True),
        ("kctbh9vrtdwd", False),
        ("01JMDK9XYNY6RXSED6SDWW50WI", False),  # I, L, O and U are not in the alphabet
        ("01jmdk9xyny6rxsed6sdww50wy", False),
        (None, False),
    ],
)
def test_ulids_are_told_from_other_ids(page_id: str | None, is_ulid: bool) -> None:
    assert has_ulids(Node({"page": {"id": page_id}})) is is_ulid
    assert has_ulids(Node({"components": [{"id": page_id}]})) is is_ulid
    assert has_ulids(Node({"incidents": [{"id": page_id}]})) is is_ulid
