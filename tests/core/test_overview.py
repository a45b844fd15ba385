"""What the icon and the menu are made from: worst watched component, and unknown is never green."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traywatch.core.memory import KnownComponent, KnownIncident, Memory
from traywatch.core.model import (
    ComponentRef,
    ComponentStatus,
    Failure,
    Fault,
    Impact,
    IncidentStatus,
    Page,
    Severity,
)
from traywatch.core.overview import IconState, Overview, PageView, overview

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = Page("acme", "https://status.acme.test")
CALM = ("operational",)


def memory(*statuses: str, in_doubt: bool = False, **known: Any) -> Memory:
    """A page that was read, with components called a, b, c... ; all in doubt or none."""
    components = {
        f"id-{name}": KnownComponent(f"id-{name}", name, ComponentStatus(said), None, in_doubt)
        for name, said in zip("abcdefgh", statuses, strict=False)
    }
    fields: dict[str, Any] = {"page_id": "acme", "read_at": NOW, "components": components} | known
    return Memory(**fields)


def incident(
    number: int = 1, incident_status: str = "investigating", impact: str = "minor", **known: Any
) -> KnownIncident:
    fields: dict[str, Any] = {
        "id": f"inc-{number}",
        "name": f"Incident {number}",
        "incident_status": IncidentStatus(incident_status),
        "impact": Impact(impact),
        "is_maintenance": impact == "maintenance",
        "opened_at": NOW - timedelta(hours=number),
        "changed_at": NOW,
        "listed_at": NOW,
    } | known
    return KnownIncident(**fields)


def with_incidents(*incidents: KnownIncident, **known: Any) -> Memory:
    return memory(incidents={each.id: each for each in incidents}, **known)


def see(*memories: Memory, offline: bool = False) -> Overview:
    pages = [(replace(PAGE, id=f"page-{n}"), each) for n, each in enumerate(memories)]
    return overview(pages, offline=offline, paused=False, now=NOW)


def view(page_memory: Memory, page: Page = PAGE) -> PageView:
    return overview([(page, page_memory)], offline=False, paused=False, now=NOW).pages[0]


UNREADABLE = Failure(Fault.REFUSED, "the server said 500")
BROKEN: dict[str, Any] = {"unreadable": True, "misses": 3, "failure": UNREADABLE}

# ------------------------------------------------------------------ one page


@pytest.mark.parametrize(
    ("statuses", "severity"),
    [
        (("operational",), Severity.OPERATIONAL),
        (("operational", "under_maintenance"), Severity.MAINTENANCE),
        (("degraded_performance", "under_maintenance"), Severity.DEGRADED),
        (("partial_outage", "degraded_performance"), Severity.PARTIAL_OUTAGE),
        (("operational", "major_outage", "partial_outage"), Severity.MAJOR_OUTAGE),
        (("unknown",), None),
        (("operational", "unknown"), None),
        (("under_maintenance", "unknown"), None),
        (("degraded_performance", "unknown"), Severity.DEGRADED),
    ],
)
def test_a_page_is_as_bad_as_its_worst_component(
    statuses: tuple[str, ...], severity: Severity | None
) -> None:
    assert view(memory(*statuses)).severity is severity


@pytest.mark.parametrize(
    ("status_word", "severity"),
    [("operational", None), ("under_maintenance", None), ("major_outage", Severity.MAJOR_OUTAGE)],
)
def test_a_component_in_doubt_keeps_its_last_state_but_is_never_calm(
    status_word: str, severity: Severity | None
) -> None:
    assert view(memory(status_word, in_doubt=True)).severity is severity


def test_only_watched_components_count() -> None:
    page = replace(PAGE, components=("a",))
    seen = view(memory("operational", "major_outage"), page)
    assert (seen.severity, seen.troubled) == (Severity.OPERATIONAL, ())
    seen = view(memory("operational", "major_outage"), replace(PAGE, ignore=("b",)))
    assert (seen.severity, seen.troubled) == (Severity.OPERATIONAL, ())


def test_a_watched_component_that_is_not_there_is_unknown_not_fine() -> None:
    assert view(memory("operational"), replace(PAGE, components=("gone",))).severity is None


@pytest.mark.parametrize(
    ("known", "severity"),
    [
        (memory(severity=Severity.PARTIAL_OUTAGE), Severity.PARTIAL_OUTAGE),
        (memory(severity=Severity.OPERATIONAL), Severity.OPERATIONAL),
        (memory(), None),
        (memory(read_at=None), None),
        (with_incidents(incident(impact="major")), Severity.PARTIAL_OUTAGE),
        (with_incidents(incident(impact="none")), Severity.OPERATIONAL),
        (with_incidents(incident(impact="unknown")), None),
        (with_incidents(incident(), incident(2, impact="unknown")), Severity.DEGRADED),
        (with_incidents(incident(incident_status="resolved")), None),
        (with_incidents(incident(1, "in_progress", "maintenance")), Severity.MAINTENANCE),
        (with_incidents(incident(1, "scheduled", "maintenance")), None),
        (with_incidents(incident(), severity=Severity.OPERATIONAL), Severity.OPERATIONAL),
    ],
)
def test_a_page_without_components_is_as_bad_as_it_says_or_its_incidents_say(
    known: Memory, severity: Severity | None
) -> None:
    assert view(known).severity is severity


@pytest.mark.parametrize(
    ("known", "readable", "reason"),
    [
        (memory(*CALM), True, None),
        (memory(read_at=None), False, "not read yet"),
        (memory(read_at=None, failure=UNREADABLE, misses=1), False, "the server said 500"),
        (memory(*CALM, failure=UNREADABLE, misses=2), True, None),
        (memory(*CALM, **BROKEN), False, "the server said 500"),
    ],
)
def test_a_page_says_why_it_cannot_be_read(
    known: Memory, readable: bool, reason: str | None
) -> None:
    seen = view(known)
    assert (seen.readable, seen.reason) == (readable, reason)


def test_the_persons_name_for_a_page_wins_over_its_own() -> None:
    assert view(memory(page_name="Acme"), replace(PAGE, name="Mine")).name == "Mine"
    assert view(memory(page_name="Acme")).name == "Acme"
    assert view(memory()).name == "acme"


def test_troubled_components_come_worst_first() -> None:
    words = ("unknown", "degraded_performance", "operational", "major_outage", "major_outage")
    assert [each.name for each in view(memory(*words)).troubled] == ["d", "e", "b", "a"]


def test_what_goes_on_comes_newest_first_then_what_is_planned_soonest_first() -> None:
    soon, later = NOW + timedelta(hours=1), NOW + timedelta(days=3)
    known = with_incidents(
        incident(1, "scheduled", "maintenance", starts_at=later),
        incident(2, "scheduled", "maintenance", starts_at=soon),
        incident(4),
        incident(3),
        incident(5, "completed", "maintenance"),
    )
    assert [each.id for each in view(known).incidents] == ["inc-3", "inc-4", "inc-2", "inc-1"]


def test_a_maintenance_that_never_started_leaves_the_menu_when_its_window_is_over() -> None:
    past, future = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)
    for ends_at, shown in [(past, 0), (NOW, 1), (future, 1), (None, 1)]:
        known = with_incidents(incident(1, "scheduled", "maintenance", ends_at=ends_at))
        assert len(view(known).incidents) == shown
    late = incident(1, "in_progress", "maintenance", ends_at=past)
    assert len(view(with_incidents(late)).incidents) == 1, "it goes on, whatever was planned"


def test_incidents_of_unwatched_components_are_not_shown() -> None:
    about_b = incident(1, components=(ComponentRef("b", "id-b"),))
    known = memory("operational", "operational", incidents={about_b.id: about_b})
    assert view(known, replace(PAGE, components=("a",))).incidents == ()
    assert [each.id for each in view(known).incidents] == ["inc-1"]


# ------------------------------------------------------------------ the icon


@pytest.mark.parametrize(
    ("memories", "icon"),
    [
        ([memory(*CALM)], IconState.OPERATIONAL),
        ([memory(*CALM), memory("under_maintenance")], IconState.MAINTENANCE),
        ([memory(*CALM), memory("degraded_performance")], IconState.DEGRADED),
        ([memory("partial_outage"), memory("degraded_performance")], IconState.PARTIAL_OUTAGE),
        ([memory("major_outage")], IconState.MAJOR_OUTAGE),
        ([memory(*CALM), memory("unknown")], IconState.UNREADABLE),
        ([memory(*CALM), memory(read_at=None)], IconState.UNREADABLE),
        ([memory(*CALM), memory(*CALM, **BROKEN)], IconState.UNREADABLE),
        ([memory("major_outage", **BROKEN)], IconState.MAJOR_OUTAGE),
        ([memory("degraded_performance"), memory(read_at=None)], IconState.DEGRADED),
        ([], IconState.UNREADABLE),
    ],
)
def test_the_icon_shows_the_worst_and_is_calm_only_when_all_is_known(
    memories: list[Memory], icon: IconState
) -> None:
    assert see(*memories).state is icon


def test_offline_is_told_only_where_nothing_worse_is_known() -> None:
    assert see(memory(*CALM), offline=True).state is IconState.UNREADABLE
    assert see(memory("major_outage"), offline=True).state is IconState.MAJOR_OUTAGE


_pages = st.builds(
    memory,
    st.sampled_from([*ComponentStatus]),
    st.sampled_from([*ComponentStatus]),
    in_doubt=st.booleans(),
    read_at=st.sampled_from([NOW, None]),
    unreadable=st.booleans(),
)


@given(st.lists(_pages, max_size=4), st.booleans())
def test_green_means_that_every_page_was_read_and_every_component_said_so(
    memories: list[Memory], offline: bool
) -> None:
    fine = all(
        each.read_at
        and not each.unreadable
        and all(
            component.component_status is ComponentStatus.OPERATIONAL and not component.in_doubt
            for component in each.components.values()
        )
        for each in memories
    )
    green = see(*memories, offline=offline).state is IconState.OPERATIONAL
    assert green == (bool(memories) and fine and not offline)


@given(st.lists(_pages, max_size=4), _pages)
def test_another_page_never_makes_the_icon_look_better_than_an_outage(
    memories: list[Memory], another: Memory
) -> None:
    severity = {IconState(each.word): each for each in Severity}
    before, after = see(*memories).state, see(*memories, another).state
    if severity.get(before, Severity.OPERATIONAL) >= Severity.DEGRADED:
        assert severity[after] >= severity[before]
