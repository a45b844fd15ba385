"""Dates of every make become the one instant they mean, or None; never a guess, never an error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traywatch.platforms.instants import any_instant, iso_instant, loose_instant

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

ISO = [
    "2026-03-02T12:00:00Z",
    "2026-03-02T12:00:00.000Z",
    "2026-03-02T12:00:00.0000009Z",  # finer than a microsecond: cut
    "2026-03-02T12:00:00",
    "2026-03-02 12:00:00+00:00",
    "2026-03-02T13:00:00+01:00",
    "2026-03-02T13:00:00+0100",
    "2026-03-02T02:30:00-09:30",
    "20260302T120000Z",
    " 2026-03-02T12:00Z\n",
]
LOOSE = [
    "Mon, 02 Mar 2026 12:00:00 GMT",
    "Mon, 02 Mar 2026 12:00:00 Z",
    "Mon, 2 Mar 2026 13:00:00 +0100",
    "03/02/2026 04:00 PST",
    "2026-03-02 05:00 PDT",
    "March 2, 2026 at 13:00 CET",
    "2026-03-02 15:00 UTC+3",
    "2026-03-02 09:00 GMT-03:00",
    "2 March 2026 12:00",
]
NO_DATE = [
    "",
    "soon",
    "12",
    "2026",
    "10:30",
    "Monday 10:30",
    "March 2026",
    "2 March 10:00",
    "2026-13-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-03-02 12:00 XYZ",  # a zone we do not know is not UTC
    "2026-03-02T12:00+99:99",
    "1999-12-31T23:59:59Z",
    "2101-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",  # before the first year there is, in UTC
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00",
    "1e400",
    "1.2.3e9",
    "9" * 60,
    "\ud800",
    "2026-03-02T12:00:00Z" + " " * 50_000,
    "1" * 50_000,
    "2026" + ":" * 50_000,
]


@pytest.mark.parametrize("text", ISO)
def test_iso_8601_is_read_and_an_offset_converted(text: str) -> None:
    assert iso_instant(text) == NOON
    assert any_instant(text) == NOON


@pytest.mark.parametrize("text", LOOSE)
def test_other_forms_are_read_with_their_zone(text: str) -> None:
    assert iso_instant(text) is None
    assert any_instant(text) == NOON


@pytest.mark.parametrize("text", NO_DATE, ids=lambda text: repr(text[:40]))
def test_what_is_no_date_is_none(text: str) -> None:
    assert iso_instant(text) is None
    assert any_instant(text) is None


def test_a_time_without_a_zone_is_in_the_one_it_is_said_to_be_in() -> None:
    ahead = timezone(timedelta(hours=2))
    assert iso_instant("2026-03-02T14:00:00", ahead) == NOON
    assert any_instant("2 March 2026 14:00", ahead) == NOON
    assert any_instant("Mon, 02 Mar 2026 12:00:00 GMT", ahead) == NOON


@pytest.mark.parametrize("at", ["2000-01-01T00:00:00Z", "2100-12-31T23:59:59Z"])
def test_the_first_and_the_last_second_of_our_time_are_dates(at: str) -> None:
    assert iso_instant(at) is not None


@settings(deadline=None)
@given(st.text(max_size=80) | st.text("0123456789 -:/.,+TZPSUMondayFebCE", max_size=64))
def test_any_text_is_an_instant_in_our_time_or_none(text: str) -> None:
    for read in (iso_instant, any_instant):
        at = read(text)
        assert at is None or (at.tzinfo is UTC and 2000 <= at.year <= 2100)


@settings(deadline=None)
@given(st.datetimes(datetime(2000, 1, 2), datetime(2100, 12, 30)), st.integers(-720, 720))
def test_an_instant_survives_any_offset(naive: datetime, offset_minutes: int) -> None:
    at = naive.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    assert iso_instant(at.isoformat()) == at


EPOCHS: list[tuple[object, str | None]] = [
    (1_767_225_600, "2026-01-01 00:00:00"),
    (1_767_225_600.5, "2026-01-01 00:00:00.500000"),
    (1_767_225_600_123, "2026-01-01 00:00:00.123000"),
    ("1767225600", "2026-01-01 00:00:00"),
    (" 1767225600123 ", "2026-01-01 00:00:00.123000"),
    (946_684_800, "2000-01-01 00:00:00"),
    (946_684_799, None),
    (4_133_980_799, "2100-12-31 23:59:59"),
    (4_133_980_800, None),
    (4_133_980_799_000, "2100-12-31 23:59:59"),
    (0, None),
    (-1_767_225_600, None),
    ("20260302", "2026-03-02 00:00:00"),
    ("20260302101500", "2026-03-02 10:15:00"),
    ("2026-03-02 10:15 UTC", "2026-03-02 10:15:00"),
    (True, None),
    (False, None),
    (None, None),
    ([1_767_225_600], None),
    (float("nan"), None),
    (float("inf"), None),
    (float("-inf"), None),
    (1e308, None),
    (10**4_000, None),
    (-(10**4_000), None),
    ("9" * 64, None),
    ("9" * 5_000, None),
    ("\N{SUPERSCRIPT TWO}", None),
    ("\N{ARABIC-INDIC DIGIT ONE}" * 10, None),
]


@pytest.mark.parametrize(("value", "at"), EPOCHS, ids=range(len(EPOCHS)))
def test_seconds_and_milliseconds_since_1970_are_told_apart_by_the_year(
    value: object, at: str | None
) -> None:
    found = loose_instant(value)
    assert found == (datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None)
