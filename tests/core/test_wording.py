"""The printed record, the toast and the digest, as they read."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traywatch.core.model import (
    ComponentChanged,
    ComponentRef,
    ComponentStatus,
    Event,
    Impact,
    IncidentClosed,
    IncidentEdited,
    IncidentNews,
    IncidentOpened,
    IncidentStatus,
    IncidentUpdated,
    MaintenanceCompleted,
    MaintenanceScheduled,
    MaintenanceStarted,
    PageReadable,
    PageUnreadable,
)
from traywatch.core.wording import Toast, digest, record, toast, window, words

AT = datetime(2025, 11, 18, 12, 34, 56, tzinfo=UTC)
PRINTED: tuple[type[IncidentNews], ...] = (
    IncidentOpened,
    IncidentUpdated,
    IncidentClosed,
    MaintenanceScheduled,
    MaintenanceStarted,
    MaintenanceCompleted,
)


def named(*names: str) -> tuple[ComponentRef, ...]:
    return tuple(ComponentRef(name, f"id-{name}") for name in names)


def news(
    kind: type[IncidentNews] = IncidentOpened,
    *,
    page: str | None = "OpenAI",
    name: str = "Elevated errors",
    body: str = "We are looking into it.",
    stands: IncidentStatus = IncidentStatus.INVESTIGATING,
    components: tuple[ComponentRef, ...] = (),
    at: datetime = AT,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    first_look: bool = False,
) -> IncidentNews:
    return kind(
        page_id="openai",
        page_name=page,
        at=at,
        first_look=first_look,
        incident_id=name,
        incident_name=name,
        incident_status=stands,
        impact=Impact.MINOR,
        body=body,
        components=components,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def change(
    new: ComponentStatus, old: ComponentStatus | None = None, *names: str
) -> ComponentChanged:
    components = named(*names or ("Login",))
    return ComponentChanged(
        page_id="openai", page_name="OpenAI", at=AT, components=components, new=new, old=old
    )


UNREADABLE = PageUnreadable(page_id="openai", page_name="OpenAI", at=AT, reason="timed out")
READABLE = PageReadable(page_id="openai", page_name="OpenAI", at=AT)


def printed(event: Event) -> tuple[str, str]:
    """The text of the Product line and of the Status line."""
    found = re.fullmatch(
        r"\[2025-11-18 12:34:56\] Product: (.+)\nStatus: (.+)\n\n", record(event) or ""
    )
    assert found, record(event)
    return found[1], found[2]


# ------------------------------------------------------------------ the record


def test_the_record_of_the_design_character_by_character() -> None:
    event = news(
        page=None, name="OpenAI API - Chat Completions", body="Investigating degraded performance"
    )
    assert record(event) == (
        "[2025-11-18 12:34:56] Product: OpenAI API - Chat Completions\n"
        "Status: Investigating degraded performance\n"
        "\n"
    )


def test_an_offset_is_converted() -> None:
    tokyo = AT.astimezone(timezone(timedelta(hours=9)))
    assert record(news(at=tokyo)) == record(news(at=AT))


@pytest.mark.parametrize(
    ("event", "product", "told"),
    [
        (news(), "OpenAI - Elevated errors", "We are looking into it."),
        (
            news(components=named("API")),
            "OpenAI - API",
            "Elevated errors: We are looking into it.",
        ),
        (
            news(components=named("A", "B", "C")),
            "OpenAI - A, B, C",
            "Elevated errors: We are looking into it.",
        ),
        (
            news(components=named("A", "B", "C", "D", "E")),
            "OpenAI - A, B, C and 2 more",
            "Elevated errors: We are looking into it.",
        ),
        (
            news(components=(ComponentRef("API", "1"), ComponentRef("API", "2"))),
            "OpenAI - API",
            "Elevated errors: We are looking into it.",
        ),
        (news(components=named("\u200b")), "OpenAI - Elevated errors", "We are looking into it."),
        (news(body=" \n"), "OpenAI - Elevated errors", "Investigating: Elevated errors"),
        (
            news(body="", components=named("API")),
            "OpenAI - API",
            "Investigating: Elevated errors",
        ),
        (
            news(page=None, components=named("API")),
            "API",
            "Elevated errors: We are looking into it.",
        ),
        (news(page="", name=""), "unnamed", "We are looking into it."),
        (news(body="One.\r\n\r\nTwo.\n- three"), "OpenAI - Elevated errors", "One. Two. - three"),
    ],
)
def test_what_the_two_lines_say_of_an_incident(event: Event, product: str, told: str) -> None:
    assert printed(event) == (product, told)


@pytest.mark.parametrize(
    ("kind", "stands", "told"),
    [
        (IncidentClosed, IncidentStatus.RESOLVED, "Resolved: Elevated errors"),
        (IncidentClosed, IncidentStatus.MONITORING, "Resolved: Elevated errors"),
        (IncidentClosed, IncidentStatus.UNKNOWN, "Resolved: Elevated errors"),
        (IncidentClosed, IncidentStatus.POSTMORTEM, "Postmortem: Elevated errors"),
        (IncidentOpened, IncidentStatus.UNKNOWN, "Opened: Elevated errors"),
        (IncidentUpdated, IncidentStatus.UNKNOWN, "Updated: Elevated errors"),
        (IncidentUpdated, IncidentStatus.IDENTIFIED, "Identified: Elevated errors"),
        (MaintenanceStarted, IncidentStatus.IN_PROGRESS, "In progress: Elevated errors"),
        (MaintenanceStarted, IncidentStatus.UNKNOWN, "In progress: Elevated errors"),
        (MaintenanceCompleted, IncidentStatus.COMPLETED, "Completed: Elevated errors"),
    ],
)
def test_an_update_without_words_says_where_the_incident_stands(
    kind: type[IncidentNews], stands: IncidentStatus, told: str
) -> None:
    assert printed(news(kind, stands=stands, body=""))[1] == told


@pytest.mark.parametrize(
    ("event", "product", "told"),
    [
        (change(ComponentStatus.DEGRADED_PERFORMANCE), "OpenAI - Login", "Degraded performance"),
        (
            change(ComponentStatus.MAJOR_OUTAGE, ComponentStatus.OPERATIONAL),
            "OpenAI - Login",
            "Major outage (was operational)",
        ),
        (
            change(ComponentStatus.OPERATIONAL, ComponentStatus.UNDER_MAINTENANCE),
            "OpenAI - Login",
            "Operational (was under maintenance)",
        ),
        (
            change(ComponentStatus.PARTIAL_OUTAGE, None, "a", "b", "c", "d"),
            "OpenAI - a, b, c and 1 more",
            "Partial outage",
        ),
    ],
)
def test_what_the_two_lines_say_of_components(event: Event, product: str, told: str) -> None:
    assert printed(event) == (product, told)


def test_what_is_no_news_from_the_vendor_is_not_printed() -> None:
    assert record(news(IncidentEdited)) is None
    assert record(UNREADABLE) is None
    assert record(READABLE) is None


# ------------------------------------------------------------------ maintenances

THREE = datetime(2026, 1, 2, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "shown"),
    [
        (THREE, THREE + timedelta(hours=2), "2026-01-02 03:00 - 05:00 UTC"),
        (THREE, THREE + timedelta(hours=22), "2026-01-02 03:00 - 2026-01-03 01:00 UTC"),
        (THREE.astimezone(timezone(timedelta(hours=-8))), None, "from 2026-01-02 03:00 UTC"),
        (None, THREE, "until 2026-01-02 03:00 UTC"),
        (None, None, ""),
    ],
)
def test_a_window_in_words(
    starts_at: datetime | None, ends_at: datetime | None, shown: str
) -> None:
    assert window(starts_at, ends_at) == shown


@pytest.mark.parametrize(
    ("body", "components", "told"),
    [
        ("Routine work.", (), "Routine work. (2026-01-02 03:00 - 05:00 UTC)"),
        ("", (), "Scheduled: Database upgrade (2026-01-02 03:00 - 05:00 UTC)"),
        (
            "Routine work.",
            named("API"),
            "Database upgrade: Routine work. (2026-01-02 03:00 - 05:00 UTC)",
        ),
    ],
)
def test_a_maintenance_adds_its_window_when_it_is_scheduled(
    body: str, components: tuple[ComponentRef, ...], told: str
) -> None:
    event = news(
        MaintenanceScheduled,
        name="Database upgrade",
        body=body,
        stands=IncidentStatus.SCHEDULED,
        components=components,
        starts_at=THREE,
        ends_at=THREE + timedelta(hours=2),
    )
    assert printed(event)[1] == told


def test_a_maintenance_does_not_repeat_its_window_later() -> None:
    event = news(MaintenanceStarted, body="It begins.", starts_at=THREE, ends_at=THREE)
    assert printed(event)[1] == "It begins."


# ------------------------------------------------------------------ whatever is sent

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80) | st.sampled_from(
    ["a\n\nb", "\x1b[2J", "\r[2025-11-18 12:34:56] Product: forged\nStatus: forged\n\n", "\ud800"]
)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
REFS = st.lists(st.builds(ComponentRef, name=ANY_TEXT), max_size=5).map(tuple)
INCIDENT_NEWS = st.builds(
    news,
    st.sampled_from(PRINTED),
    page=st.none() | ANY_TEXT,
    name=ANY_TEXT,
    body=ANY_TEXT,
    stands=st.sampled_from(IncidentStatus),
    components=REFS,
    at=INSTANTS,
    starts_at=st.none() | INSTANTS,
    ends_at=st.none() | INSTANTS,
)
CHANGES = st.builds(
    ComponentChanged,
    page_id=st.just("openai"),
    page_name=st.none() | ANY_TEXT,
    at=INSTANTS,
    components=REFS,
    new=st.sampled_from(ComponentStatus),
    old=st.none() | st.sampled_from(ComponentStatus),
)


@given(INCIDENT_NEWS | CHANGES)
def test_one_event_is_one_record_of_two_lines_and_an_empty_one(event: Event) -> None:
    text = record(event)
    assert text is not None
    assert re.fullmatch(
        r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] Product: \S[^\n]*\nStatus: \S[^\n]*\n\n", text
    )
    assert len(text.splitlines()) == 3
    assert text.encode("utf-8").decode("utf-8") == text


@given(st.lists(INCIDENT_NEWS | CHANGES, max_size=6))
def test_toasts_and_digests_are_short_single_lines(events: list[Event]) -> None:
    for shown in (*map(toast, events), digest(events)):
        for line, limit in ((shown.title, 200), (shown.body, 200)):
            assert len(line) <= limit
            assert len(line.splitlines()) <= 1
            line.encode("utf-8")


def test_lengths_end_where_the_requirements_say() -> None:
    event = news(page="p" * 999, name="n" * 999, body="b" * 9_999)
    product, told = printed(event)
    assert len(product) == 200
    assert len(told) == 2_000
    assert product.startswith("p" * 99)
    assert product.endswith("n…")
    assert len(toast(event).body) == 200


def test_ten_megabytes_take_no_longer_than_fifty_milliseconds() -> None:
    huge = "\x1b[0m \u202e\n" * (10_000_000 // 7)
    event = news(page=huge, name=huge, body=huge, components=named(huge, huge + "2"))
    began = time.process_time()
    record(event)
    assert time.process_time() - began <= 0.05


# ------------------------------------------------------------------ toasts


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (
            news(),
            Toast("OpenAI - Elevated errors", "Investigating: We are looking into it."),
        ),
        (
            news(components=named("API", "Login")),
            Toast(
                "OpenAI - Elevated errors", "Investigating (API, Login): We are looking into it."
            ),
        ),
        (
            news(IncidentClosed, stands=IncidentStatus.RESOLVED, body=""),
            Toast("OpenAI - Elevated errors", "Resolved"),
        ),
        (
            news(
                MaintenanceScheduled,
                stands=IncidentStatus.SCHEDULED,
                components=named("API"),
                starts_at=THREE,
            ),
            Toast(
                "OpenAI - Elevated errors",
                "Scheduled (from 2026-01-02 03:00 UTC, API): We are looking into it.",
            ),
        ),
        (
            change(ComponentStatus.MAJOR_OUTAGE, ComponentStatus.OPERATIONAL),
            Toast("OpenAI - Login", "Major outage (was operational)"),
        ),
        (
            UNREADABLE,
            Toast("OpenAI", "Cannot be read: timed out"),
        ),
        (
            READABLE,
            Toast("OpenAI", "Can be read again"),
        ),
    ],
)
def test_a_toast_says_what_it_is_about_and_what_happened(event: Event, shown: Toast) -> None:
    assert toast(event) == shown


OPENED_AND_RESOLVED = (
    news(name="Errors"),
    news(IncidentUpdated, name="Errors"),
    news(IncidentClosed, name="Errors"),
    news(name="Delays", page="GitHub"),
)


@pytest.mark.parametrize(
    ("events", "away", "shown"),
    [
        (
            OPENED_AND_RESOLVED,
            True,
            Toast(
                "While you were away",
                "2 opened, 1 updated, 1 resolved: GitHub - Delays; OpenAI - Errors",
            ),
        ),
        (
            (
                news(MaintenanceScheduled, name="Upgrade"),
                news(MaintenanceStarted, name="Move"),
                news(MaintenanceStarted, name="Swap"),
                change(ComponentStatus.OPERATIONAL, ComponentStatus.MAJOR_OUTAGE),
                change(ComponentStatus.MAJOR_OUTAGE, None, "x", "y"),
            ),
            False,
            Toast(
                "Several changes at once",
                "1 maintenance scheduled, 2 maintenances started, 3 components changed: "
                "OpenAI - Upgrade; OpenAI - Move; OpenAI - Swap; OpenAI - x, y; OpenAI - Login",
            ),
        ),
        (
            (news(first_look=True),),
            True,
            Toast("Already going on", "1 opened: OpenAI - Elevated errors"),
        ),
    ],
)
def test_a_digest_counts_and_names_what_is_still_on_first(
    events: tuple[Event, ...], away: bool, shown: Toast
) -> None:
    assert digest(events, away=away) == shown


def test_the_same_component_twice_is_counted_once() -> None:
    worse = change(ComponentStatus.MAJOR_OUTAGE)
    better = replace(worse, new=ComponentStatus.OPERATIONAL)
    assert digest((worse, better)).body == "1 component changed: OpenAI - Login"


def test_statuses_in_words() -> None:
    assert [words(s) for s in (ComponentStatus.UNDER_MAINTENANCE, IncidentStatus.IN_PROGRESS)] == [
        "Under maintenance",
        "In progress",
    ]
