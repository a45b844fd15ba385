"""What is watched and what is ignored: tables of patterns, and events seen through them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from traywatch.core.memory import KnownComponent, KnownIncident, Memory
from traywatch.core.model import (
    ComponentChanged,
    ComponentRef,
    ComponentStatus,
    Impact,
    IncidentClosed,
    IncidentOpened,
    IncidentStatus,
    Page,
    PageReadable,
    PageUnreadable,
)
from traywatch.core.scope import Scope

AT = datetime(2025, 11, 18, 12, 34, 56, tzinfo=UTC)


def known(component_id: str, name: str, group: str | None = None) -> KnownComponent:
    return KnownComponent(component_id, name, ComponentStatus.OPERATIONAL, group)


MEMORY = Memory(
    page_id="p",
    components={
        c.id: c
        for c in (
            known("1", "API", "Europe"),
            known("2", "API", "Asia"),
            known("3", "Login", "Europe"),
            known("4", "Docs [beta]"),
        )
    },
)


def scope(*watch: str, ignore: tuple[str, ...] = ()) -> Scope:
    return Scope.of(Page(id="p", url="https://p.example", components=watch, ignore=ignore))


def opened(*refs: ComponentRef) -> IncidentOpened:
    return IncidentOpened(
        page_id="p",
        page_name="P",
        at=AT,
        incident_id="i",
        incident_name="Errors",
        incident_status=IncidentStatus.INVESTIGATING,
        impact=Impact.MINOR,
        body="",
        components=refs,
    )


def changed(*refs: ComponentRef) -> ComponentChanged:
    return ComponentChanged(
        page_id="p",
        page_name="P",
        at=AT,
        components=refs,
        new=ComponentStatus.MAJOR_OUTAGE,
        old=None,
    )


@pytest.mark.parametrize(
    ("watch", "ignore", "ids"),
    [
        ((), (), "1234"),
        (("api",), (), "12"),
        (("API", "login"), (), "123"),
        (("2",), (), "2"),
        (("europe",), (), "13"),
        (("Eur*",), (), "13"),
        (("l?gin",), (), "3"),
        (("[al]*",), (), "123"),
        (("docs [BETA]",), (), "4"),
        (("  Login ",), (), "3"),
        (("log",), (), ""),
        ((), ("europe",), "24"),
        ((), ("*",), ""),
        (("api",), ("1",), "2"),
        (("europe",), ("login",), "1"),
    ],
)
def test_patterns_name_components_ids_groups_and_globs(
    watch: tuple[str, ...], ignore: tuple[str, ...], ids: str
) -> None:
    covered = scope(*watch, ignore=ignore).watched(MEMORY)
    assert "".join(c.id for c in covered) == ids


API_EUROPE = ComponentRef("API", "1")
API_ASIA = ComponentRef("API", "2")
API_SOMEWHERE = ComponentRef("API")
LOGIN = ComponentRef("Login", "3")
NEW = ComponentRef("Brand new", "99")


@pytest.mark.parametrize(
    ("watch", "ignore", "named", "kept"),
    [
        ((), (), [API_EUROPE, LOGIN], [API_EUROPE, LOGIN]),
        (("login",), (), [API_EUROPE, LOGIN], [LOGIN]),
        (("europe",), (), [API_EUROPE, API_ASIA], [API_EUROPE]),
        (("asia",), (), [API_SOMEWHERE], [API_SOMEWHERE]),
        (("brand*",), (), [NEW], [NEW]),
        (("99",), (), [NEW, LOGIN], [NEW]),
        ((), ("login",), [LOGIN, API_ASIA], [API_ASIA]),
        ((), ("login",), [API_SOMEWHERE], [API_SOMEWHERE]),
        (("login",), (), [API_EUROPE], None),
        (("asia",), (), [LOGIN, NEW], None),
        ((), ("login",), [LOGIN], None),
        (("asia",), ("2",), [API_SOMEWHERE], None),
    ],
)
def test_events_speak_of_watched_components_only(
    watch: tuple[str, ...],
    ignore: tuple[str, ...],
    named: list[ComponentRef],
    kept: list[ComponentRef] | None,
) -> None:
    seen_through = scope(*watch, ignore=ignore)
    for event in (opened(*named), changed(*named)):
        told = None if kept is None else replace(event, components=tuple(kept))
        assert seen_through.relevant(event, MEMORY) == told


def test_what_names_no_component_is_always_relevant() -> None:
    narrow = scope("login")
    unreadable = PageUnreadable(page_id="p", page_name="P", at=AT, reason="timed out")
    readable = PageReadable(page_id="p", page_name="P", at=AT)
    for event in (opened(), unreadable, readable):
        assert narrow.relevant(event, MEMORY) is event


def test_an_incident_that_named_a_watched_component_is_followed_to_its_end() -> None:
    incident = KnownIncident(
        id="i",
        name="Errors",
        incident_status=IncidentStatus.INVESTIGATING,
        impact=Impact.MINOR,
        is_maintenance=False,
        opened_at=AT,
        changed_at=AT,
        listed_at=AT,
        components=(LOGIN,),
    )
    memory = replace(MEMORY, incidents={"i": incident})
    closed = IncidentClosed(
        page_id="p",
        page_name="P",
        at=AT,
        incident_id="i",
        incident_name="Errors",
        incident_status=IncidentStatus.RESOLVED,
        impact=Impact.MINOR,
        body="",
        components=(API_ASIA,),
    )
    assert scope("login").relevant(closed, memory) == replace(closed, components=())
    assert scope("docs*").relevant(closed, memory) is None
