"""What the headers of a request and its reply mean. Pure; bytes stay the bytes they were.

Header values are read and written as Latin-1, which maps every byte to one character and back:
an entity tag goes out exactly as it came in (RFC 9110, 8.8.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from traywatch.core.reply import Validators

Fields = list[tuple[bytes, bytes]]

KEEP_VALIDATORS: Final = timedelta(days=8)
"""Counted from the last whole body, so that a server stuck at 304 is found out."""
_LONGEST_VALIDATOR: Final = 2048
"""Servers answer 400 or 431 to long headers: sending it back would lock us out."""
_DIGITS: Final = re.compile(r"[0-9]{1,15}")
_MAX_AGE: Final = re.compile(r'(?:^|[,\s])max-age\s*=\s*"?([0-9]{1,15})', re.IGNORECASE)


def received(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case; of repeated fields the last."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


def conditional(validators: Validators | None, url: str, now: datetime) -> Fields:
    """The fields that let ``url`` answer 304; none where the validators are not for it."""
    if validators is None or validators.url != url:
        return []
    if abs(now - validators.stored_at) > KEEP_VALIDATORS:
        return []
    tags = (
        (b"If-None-Match", validators.etag),
        (b"If-Modified-Since", validators.last_modified),
    )
    return [(name, value.encode("latin-1")) for name, value in tags if value]


def learned(headers: Mapping[str, str], url: str, now: datetime, sha256: str) -> Validators:
    """The validators a whole body came with."""
    return Validators(
        url=url,
        stored_at=now,
        etag=_validator(headers, "etag"),
        last_modified=_validator(headers, "last-modified"),
        body_sha256=sha256,
    )


def refreshed(known: Validators, headers: Mapping[str, str]) -> Validators:
    """``known`` after a 304: what it brings replaces, what it leaves out stays (RFC 9111, 4.3.4).

    ``stored_at`` stays too: it is the time of the body.
    """
    return replace(
        known,
        etag=_validator(headers, "etag") or known.etag,
        last_modified=_validator(headers, "last-modified") or known.last_modified,
    )


def _validator(headers: Mapping[str, str], name: str) -> str | None:
    value = headers.get(name, "")
    return value if 0 < len(value) <= _LONGEST_VALIDATOR else None


def caching_wait_s(headers: Mapping[str, str]) -> float:
    """Cache-Control max-age less Age, in seconds, never below 0 (RFC 9111, 4.2)."""
    fresh = _MAX_AGE.search(headers.get("cache-control", ""))
    if fresh is None:
        return 0.0
    age = headers.get("age", "")
    spent_s = int(age) if _DIGITS.fullmatch(age) else 0
    return float(max(0, int(fresh[1]) - spent_s))


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Retry-After in seconds from ``now`` (RFC 9110, 10.2.3); None: absent or neither form.

    ``str.isdigit`` would let Arabic and superscript digits through; the rule knows ASCII only.
    """
    value = headers.get("retry-after", "").strip()
    if _DIGITS.fullmatch(value):
        return float(value)
    at = _http_date(value)
    return None if at is None else max(0.0, (at - now).total_seconds())


def _http_date(value: str) -> datetime | None:
    """Any of the three forms of RFC 9110, 5.6.7. The shortest has 24 characters."""
    if not 24 <= len(value) <= 40:
        return None
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):  # it raises all of these
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return at if 2000 <= at.year <= 2100 else None
