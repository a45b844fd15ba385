"""The native document and the widget: what is missing, hidden, or on another page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.platforms.golden import reply
from traywatch.core.errors import FormatError
from traywatch.core.model import ComponentRef, ComponentStatus, Impact, Severity, Snapshot
from traywatch.platforms import detect
from traywatch.platforms.incidentio import INCIDENTIO

CHAT, LOGIN = "01HV3Q4RK1SM4EMK445GGPC001", "01HV3Q4RK1SM4EMK445GGPC002"
CALM: dict[str, Any] = {
    "name": "Example AI",
    "components": [{"id": CHAT, "name": "Chat"}, {"id": LOGIN, "name": "Login"}],
    "affected_components": [],
    "ongoing_incidents": [],
    "scheduled_maintenances": [],
}


def understood(value: Any) -> Snapshot:
    return INCIDENTIO.parse(reply(json.dumps(value).encode()))


def native(**fields: Any) -> Snapshot:
    return understood({"summary": CALM | fields})


def states(snapshot: Snapshot) -> dict[str, ComponentStatus]:
    return {component.name: component.component_status for component in snapshot.components}


@pytest.mark.parametrize(
    ("affected", "chat", "login"),
    [
        ([], ComponentStatus.OPERATIONAL, ComponentStatus.OPERATIONAL),
        ([{"component_id": CHAT, "status": "full_outage"}], ComponentStatus.MAJOR_OUTAGE,
         ComponentStatus.OPERATIONAL),
        ([{"component_id": CHAT, "status": "full_outage", "current_status": "operational"}],
         ComponentStatus.OPERATIONAL, ComponentStatus.OPERATIONAL),
        ([{"component_id": CHAT, "status": "odd"}], ComponentStatus.UNKNOWN,
         ComponentStatus.OPERATIONAL),
        ([{"component_id": CHAT}], ComponentStatus.UNKNOWN, ComponentStatus.OPERATIONAL),
        (None, ComponentStatus.UNKNOWN, ComponentStatus.UNKNOWN),
        ([{"component_id": CHAT, "status": "full_outage"},
          {"component_id": CHAT, "status": "degraded_performance"}],
         ComponentStatus.MAJOR_OUTAGE, ComponentStatus.OPERATIONAL),
        ([{"component_id": CHAT, "current_status": "odd"},
          {"component_id": CHAT, "current_status": "operational"}],
         ComponentStatus.UNKNOWN, ComponentStatus.OPERATIONAL),
        ([{"component_id": "elsewhere", "status": "full_outage"}],
         ComponentStatus.UNKNOWN, ComponentStatus.UNKNOWN),
        ([{"id": CHAT, "status": "full_outage"}, None],
         ComponentStatus.UNKNOWN, ComponentStatus.UNKNOWN),
        ([{"component_id": "elsewhere"}, {"component_id": CHAT, "status": "full_outage"}],
         ComponentStatus.MAJOR_OUTAGE, ComponentStatus.OPERATIONAL),
    ],
)  # fmt: skip
def test_a_component_is_operational_only_where_the_affected_are_listed(
    affected: Any, chat: ComponentStatus, login: ComponentStatus
) -> None:
    assert states(native(affected_components=affected)) == {"Chat": chat, "Login": login}


@pytest.mark.parametrize(
    ("fields", "exhaustive"),
    [
        ({}, True),
        ({"scheduled_maintenances": None}, False),
        ({"ongoing_incidents": None}, False),
        ({"components": None}, False),
        ({"ongoing_incidents": [{"name": "no id"}]}, False),
        ({"scheduled_maintenances": ["text"]}, False),
    ],
)
def test_absence_means_something_only_where_all_was_read(
    fields: dict[str, Any], exhaustive: bool
) -> None:
    assert native(**fields).exhaustive is exhaustive


@pytest.mark.parametrize(
    ("fields", "is_whole"),
    [
        ({}, True),
        ({"affected_components": [{"component_id": CHAT, "status": "full_outage"}]}, True),
        ({"affected_components": [{"component_id": "elsewhere"}]}, False),
        ({"affected_components": [{"component_id": CHAT}, {"status": "full_outage"}]}, False),
        ({"affected_components": ["text"]}, False),
        ({"components": [{"id": CHAT, "name": "Chat"}, {"name": "no id"}]}, False),
    ],
)
def test_where_a_row_cannot_be_placed_an_absent_component_is_not_gone(
    fields: dict[str, Any], is_whole: bool
) -> None:
    assert native(**fields).components_whole is is_whole


def test_a_list_of_components_with_nothing_in_it_is_hollow() -> None:
    assert native(components=[]).hollow
    assert not native(components=None).hollow
    assert not native().hollow


@pytest.mark.parametrize("key", ["components", "ongoing_incidents", "scheduled_maintenances"])
def test_a_list_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(FormatError, match=f"{key}: a list was expected"):
        native(**{key: {"a": 1}})


def test_components_none_of_which_can_be_read_are_refused() -> None:
    with pytest.raises(FormatError, match=r"summary\.components\[0\]\.id: missing"):
        native(components=[{"name": "Chat"}, 7])


PARENTS = [
    ({"page_type": "parent", "components": []}, "watch one of its sub pages$"),
    ({"page_type": "parent", "components": None}, "watch one of its sub pages$"),
    ({"components": [], "structure": {"items": [
        {"component": None, "group": None, "sub_page": {"id": "x", "name": "Europe"}},
        {"sub_page": {"public_url": "https://status.example.ai/us"}},
     ]}}, r"sub pages \(Europe, https://status\.example\.ai/us\)$"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "reason"), PARENTS)
def test_a_parent_page_is_refused_with_the_way_out(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        native(**fields)


def test_the_widget_of_a_parent_page_is_refused_with_the_way_out() -> None:
    widget = {"page_title": "Example", "subpages": [{"page_title": "EU\x1b[2J\n"}, {"name": "US"}]}
    assert detect(reply(json.dumps(widget).encode())) is INCIDENTIO
    with pytest.raises(FormatError, match=r"sub pages \(EU, US\)$"):
        understood(widget)


def test_a_widget_without_incidents_and_sub_pages_is_refused_with_what_is_missing() -> None:
    for value in (widget(ongoing_incidents=None), widget(ongoing_incidents=None, subpages=None)):
        with pytest.raises(FormatError, match=r"^ongoing_incidents: missing$"):
            understood(value)


def test_a_page_whose_sub_pages_stand_beside_components_is_read() -> None:
    structure = {"items": [{"sub_page": {"name": "Europe"}}]}
    assert len(native(structure=structure).components) == 2


def incident(**fields: Any) -> dict[str, Any]:
    return {"id": "01HV3Q4RK1SM4EMK445GGPA001", "name": "Errors", "status": "monitoring"} | fields


def impact(*words: str) -> list[dict[str, str]]:
    return [{"component_id": CHAT, "status": word} for word in words]


@pytest.mark.parametrize(
    ("fields", "worst"),
    [
        ({"component_impacts": impact("degraded_performance", "full_outage")}, Impact.CRITICAL),
        ({"component_impacts": impact("partial_outage", "odd")}, Impact.MAJOR),
        ({"component_impacts": impact("odd", "operational")}, Impact.UNKNOWN),
        ({"component_impacts": impact("operational")}, Impact.NONE),
        ({"component_impacts": impact("odd")}, Impact.UNKNOWN),
        ({"component_impacts": []}, Impact.NONE),
        ({"affected_components": impact("degraded_performance")}, Impact.MINOR),
        ({"component_impacts": [], "affected_components": impact("full_outage")}, Impact.CRITICAL),
        ({}, Impact.UNKNOWN),
        ({"component_impacts": impact("full_outage"), "type": "maintenance"}, Impact.MAINTENANCE),
    ],
)
def test_the_impact_of_an_incident_is_the_worst_on_any_component(
    fields: dict[str, Any], worst: Impact
) -> None:
    (found,) = native(ongoing_incidents=[incident(**fields)]).incidents
    assert found.impact is worst


def test_the_components_of_an_incident_stand_in_whichever_list_is_filled() -> None:
    row = incident(component_impacts=[], affected_components=impact("full_outage"))
    (found,) = native(ongoing_incidents=[row]).incidents
    assert found.components == (ComponentRef("Chat", CHAT),)


def test_names_are_told_as_they_are_meant() -> None:
    places = {"items": [{"group": {"name": "R&amp;D", "components": [{"component_id": CHAT}]}}]}
    row = incident(name="Errors &gt; 5 %", component_impacts=impact("full_outage"))
    rows = [{"id": CHAT, "name": "Chat &amp; Voice"}]
    snapshot = native(name="A&amp;B", components=rows, structure=places, ongoing_incidents=[row])
    (component,), (found,) = snapshot.components, snapshot.incidents
    names = (snapshot.page_name, component.group, component.name, found.name)
    assert names == ("A&B", "R&D", "Chat & Voice", "Errors > 5 %")
    assert found.components == (ComponentRef("Chat & Voice", CHAT),)
    assert understood(widget(page_title="A&amp;B")).page_name == "A&B"


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def block(kind: str, *content: Any) -> dict[str, Any]:
    return {"type": kind, "content": list(content)}


DEEP: dict[str, Any] = text("Deep.")
for _ in range(200):
    DEEP = block("paragraph", DEEP)

MESSAGES: list[tuple[Any, str]] = [
    (block("doc", block("paragraph", text("We look "), text("into it."))), "We look into it."),
    (block("doc", block("paragraph", text("One.")), block("paragraph", text("Two."))),
     "One.\nTwo."),
    (block("doc", block("paragraph", text("One."), {"type": "hardBreak"}, text("Two."))),
     "One.\nTwo."),
    (block("doc", block("bulletList", block("listItem", block("paragraph", text("a"))),
                        block("listItem", block("paragraph", text("b"))))), "a\n\nb"),
    (block("doc", block("paragraph", text("a < b && <b>"))), "a < b && <b>"),
    (DEEP, "Deep."),
    (block("doc", 7, None, ["x"], "y", {"text": 7}, {"content": 7}), ""),
    ("Plain words.", "Plain words."),
    (["no document"], ""),
]  # fmt: skip


@pytest.mark.parametrize(("message", "words"), MESSAGES, ids=range(len(MESSAGES)))
def test_where_the_message_is_a_document_alone_its_words_are_told(message: Any, words: str) -> None:
    update = {"id": "u", "to_status": "monitoring", "message_string": None, "message": message}
    (found,) = native(ongoing_incidents=[incident(updates=[update])]).incidents
    assert [u.body for u in found.updates] == [words]


def test_an_incident_of_a_type_is_a_maintenance_in_either_list() -> None:
    maintenance = incident(type="maintenance", status="odd")
    assert native(ongoing_incidents=[maintenance]).incidents[0].is_maintenance
    assert native(scheduled_maintenances=[incident()]).incidents[0].is_maintenance
    assert not native(ongoing_incidents=[incident(type="incident")]).incidents[0].is_maintenance


def widget(**lists: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "ongoing_incidents": [],
        "in_progress_maintenances": [],
        "scheduled_maintenances": [],
    }
    return empty | lists


ROW = {"id": "01HV3Q4RK1SM4EMK445GGPA001"}


@pytest.mark.parametrize(
    ("lists", "severity"),
    [
        ({}, Severity.OPERATIONAL),
        ({"scheduled_maintenances": [ROW]}, Severity.OPERATIONAL),
        ({"in_progress_maintenances": [ROW]}, Severity.MAINTENANCE),
        ({"ongoing_incidents": [ROW | {"current_worst_impact": "partial_outage"}]},
         Severity.PARTIAL_OUTAGE),
        ({"ongoing_incidents": [ROW | {"current_worst_impact": "operational"}]},
         Severity.OPERATIONAL),
        ({"ongoing_incidents": [ROW | {"current_worst_impact": "odd"}]}, None),
        ({"ongoing_incidents": [ROW], "in_progress_maintenances": [ROW | {"id": "2"}]},
         Severity.MAINTENANCE),
    ],
)  # fmt: skip
def test_the_widget_is_as_bad_as_the_worst_that_is_going_on(
    lists: dict[str, Any], severity: Severity | None
) -> None:
    assert understood(widget(**lists)).severity is severity


@pytest.mark.parametrize(
    ("lists", "exhaustive"),
    [
        ({}, True),
        ({"scheduled_maintenances": None}, False),
        ({"in_progress_maintenances": [{"name": "no id"}]}, False),
    ],
)
def test_what_is_absent_from_a_widget_is_over_only_where_all_was_read(
    lists: dict[str, Any], exhaustive: bool
) -> None:
    assert understood(widget(**lists)).exhaustive is exhaustive
