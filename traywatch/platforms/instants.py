"""Dates of every make -> aware UTC datetimes. Pure: the present day fills no gap.

What holds: a result lies in the years 2000 to 2100 (requirements O4: anything else is no date);
a zone is converted, never dropped; text that is not understood, or longer than a date can be,
is None, and nothing is raised.
"""

from __future__ import annotations

import decimal
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

LONGEST: Final = 64
"""Characters. The longest honest date is about 40; dateutil takes minutes over 50 kB."""

_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2100
_MILLISECONDS: Final = 100_000_000_000
"""Since 1970: as milliseconds in 1973, as seconds in 5138. Neither counts."""
_GAPS: Final = (datetime(2001, 2, 3, tzinfo=UTC), datetime(2004, 7, 9, tzinfo=UTC))
"""Two fillers that differ in year, month and day: a date that comes out the same by both took
nothing from them. Their zone never shows: ``_zone`` answers for every text."""
_ZONE_HOURS: Final = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "JST": 9, "AEST": 10, "AEDT": 11,
}  # fmt: skip
"""Abbreviations vendors write, in the meaning they have there (AWS: PST and PDT)."""

_OFFSET_NAME: Final = re.compile(r"\b(?:UTC|GMT) ?(?=[+-]\d)")
"""dateutil reads "UTC+3" as POSIX does, three hours *behind*; nobody who writes it means that."""


def iso_instant(text: str, naive_in: tzinfo = UTC) -> datetime | None:
    """An ISO 8601 time, as every JSON platform writes it. Microseconds at most, a finer fraction
    is cut. naive_in: the zone of a time that names none."""
    if len(text) > LONGEST:
        return None
    try:
        return _in_range(datetime.fromisoformat(text.strip()), naive_in)
    except (ValueError, OverflowError):
        return None


def any_instant(text: str, naive_in: tzinfo = UTC) -> datetime | None:
    """A time in any usual form: ISO 8601, RFC 2822, ``11/18/2025 04:34 PST``.

    One with an unknown zone, or without a year, a month or a day, is None rather than a guess.
    """
    if len(text) > LONGEST:
        return None
    return iso_instant(text, naive_in) or _parsed(text, naive_in)


def loose_instant(value: object) -> datetime | None:
    """A time as people and programs write it: in any usual form, or in seconds or milliseconds
    since 1970, a number or digits. Digits that make no such time may be a date: ``20260302``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _since_1970(value)
    if not isinstance(value, str) or len(value) > LONGEST:
        return None
    digits = value.strip()
    is_number = digits.isascii() and digits.isdigit()
    return (_since_1970(int(digits)) if is_number else None) or any_instant(value)


def _since_1970(number: float) -> datetime | None:
    """NaN, infinity and what a clock cannot show are no time."""
    try:
        seconds = number if number < _MILLISECONDS else number / 1_000
        return _in_range(datetime.fromtimestamp(seconds, UTC), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _parsed(text: str, naive_in: tzinfo) -> datetime | None:
    from dateutil import parser  # 20 ms and 2 MB that most runs never need

    try:
        plain = _OFFSET_NAME.sub("", text)
        readings = [parser.parse(plain, default=gap, tzinfos=_zone) for gap in _GAPS]
        if readings[0].date() != readings[1].date():
            return None
        return _in_range(readings[0], naive_in)
    except (ValueError, OverflowError, decimal.InvalidOperation, TypeError, AttributeError):
        # Seen: ParserError, OverflowError on 400-digit years, InvalidOperation on "1.2.3e9".
        return None


def _zone(name: str | None, offset_s: int | None) -> tzinfo | None:
    """What dateutil is to make of a zone. It drops the ones it does not know without a word."""
    if offset_s is not None:
        return timezone(timedelta(seconds=offset_s))
    if name is None:
        return None
    if name.upper() not in _ZONE_HOURS:
        raise ValueError(f"unknown zone {name}")
    return timezone(timedelta(hours=_ZONE_HOURS[name.upper()]))


def _in_range(at: datetime, naive_in: tzinfo) -> datetime | None:
    aware = at if at.tzinfo else at.replace(tzinfo=naive_in)
    utc = aware.astimezone(UTC)
    return utc if _FIRST_YEAR <= utc.year <= _LAST_YEAR else None
