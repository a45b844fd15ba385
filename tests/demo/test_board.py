"""What a board says after each change, and that its earlier states stay what they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from traywatch.core.model import ComponentStatus, Impact, IncidentStatus
from traywatch.demo import Board
from traywatch.demo.board import KEPT_INCIDENTS, KEPT_STATES
from traywatch.demo.script import COMPONENTS, OUTAGE, OUTAGE_SCRIPT, UPGRADE, play

NOON = datetime(2025, 11, 18, 12, tzinfo=UTC)
DOWN = {"API": ComponentStatus.MAJOR_OUTAGE}


def stopped_clock() -> datetime:
    return NOON


def board() -> Board:
    return Board(components=("API", "Web"), clock=stopped_clock)


def component_status(of: Board, name: str) -> ComponentStatus:
    return next(c.component_status for c in of.state().components if c.name == name)


def test_every_change_moves_the_pages_own_clock_even_where_time_stands_still() -> None:
    vendor = board()
    seen = [vendor.state().updated_at]
    outage = vendor.open_incident("Errors", "We look into it.", components=DOWN)
    seen.append(vendor.state().updated_at)
    for change in (
        lambda: outage.update(IncidentStatus.IDENTIFIED, "Found."),
        lambda: outage.edit("Found it."),
        lambda: outage.resolve("Over."),
        lambda: vendor.component("Web", ComponentStatus.DEGRADED_PERFORMANCE),
        outage.delete,
    ):
        change()
        seen.append(vendor.state().updated_at)
    assert seen == sorted(set(seen))
    assert seen[-1] - seen[0] == timedelta(milliseconds=6), "one change, one tick"


def test_an_update_sets_its_components_and_resolving_mends_them() -> None:
    vendor = board()
    outage = vendor.open_incident("Errors", "We look into it.", components=DOWN)
    assert component_status(vendor, "API") is ComponentStatus.MAJOR_OUTAGE
    affected = outage.now.updates[0].affected[0]
    assert (affected.old, affected.new) == (
        ComponentStatus.OPERATIONAL,
        ComponentStatus.MAJOR_OUTAGE,
    )
    outage.resolve("Over.")
    assert component_status(vendor, "API") is ComponentStatus.OPERATIONAL
    assert outage.now.closed_at == outage.now.updates[-1].at


def test_an_edit_keeps_the_updates_id_and_time() -> None:
    outage = board().open_incident("Errors", "We look into it.")
    before = outage.now.updates[0]
    after = outage.edit("We are looking into it.", update=0).now.updates[0]
    assert (after.id, after.at) == (before.id, before.at)
    assert after.updated_at > before.updated_at
    assert after.body == "We are looking into it."


def test_an_earlier_state_is_what_was_said_then() -> None:
    vendor = board()
    outage = vendor.open_incident("Errors", "We look into it.", components=DOWN)
    outage.resolve("Over.")
    assert [len(i.updates) for i in vendor.state(back=1).incidents] == [1]
    assert vendor.state(back=2).incidents == ()
    assert vendor.state(back=1_000) == vendor.state(back=2), "the oldest kept"


def test_what_is_kept_is_bounded_and_open_incidents_are_never_dropped() -> None:
    vendor = board()
    lasting = vendor.open_incident("Lasting", "It goes on.")
    for number in range(KEPT_INCIDENTS + 5):
        vendor.open_incident(f"Short {number}", "It broke.").resolve("It is mended.")
    assert len(vendor.state().incidents) == KEPT_INCIDENTS + 1
    assert lasting.now.name == "Lasting"
    assert vendor.state(back=10_000) == vendor.state(back=KEPT_STATES - 1)
    with pytest.raises(KeyError):
        vendor.incident("Short 0")


def test_two_incidents_of_one_name_are_two_and_the_newest_is_found() -> None:
    vendor = board()
    first = vendor.open_incident("Errors", "We look into it.").resolve("Over.")
    second = vendor.open_incident("Errors", "We look into it.")
    assert first.id != second.id
    assert vendor.incident("Errors").id == second.id


def test_a_maintenance_goes_through_its_four_states() -> None:
    vendor = board()
    window = vendor.schedule_maintenance(
        "Upgrade",
        "We will upgrade.",
        starts_at=NOON + timedelta(hours=1),
        ends_at=NOON + timedelta(hours=2),
        components=("Web",),
    )
    assert component_status(vendor, "Web") is ComponentStatus.OPERATIONAL
    assert window.now.impact is Impact.MAINTENANCE
    window.start("Begun.")
    assert component_status(vendor, "Web") is ComponentStatus.UNDER_MAINTENANCE
    window.move(NOON, NOON + timedelta(hours=3)).verify("Done, checking.").complete("Well.")
    assert [u.incident_status.value for u in window.now.updates] == [
        "scheduled",
        "in_progress",
        "verifying",
        "completed",
    ]
    assert window.now.ends_at == NOON + timedelta(hours=3)
    assert component_status(vendor, "Web") is ComponentStatus.OPERATIONAL


def test_the_script_tells_a_whole_outage_and_leaves_everything_well() -> None:
    vendor = Board(components=COMPONENTS, clock=stopped_clock)
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return False

    assert play(vendor, pause, speed=2.0)
    assert sum(pauses) * 2.0 == OUTAGE_SCRIPT[-1].at_s <= 60.0
    assert min(pauses) * 2.0 >= 4.0, "a page polled every second is seen in every step"
    said = [u.incident_status.value for u in vendor.incident(OUTAGE).now.updates]
    assert said == ["investigating", "investigating", "identified", "monitoring", "resolved"]
    assert vendor.maintenance(UPGRADE).now.closed_at
    assert {c.component_status for c in vendor.state().components} == {ComponentStatus.OPERATIONAL}


def test_the_script_stops_when_it_is_told_to() -> None:
    vendor = Board(components=COMPONENTS, clock=stopped_clock)
    answers = iter([False, True])
    assert not play(vendor, lambda _seconds: next(answers))
    assert component_status(vendor, "API") is ComponentStatus.DEGRADED_PERFORMANCE
    assert vendor.state().incidents == ()
