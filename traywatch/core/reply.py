"""What one conditional GET brought back: the seam between ``fetch`` and ``platforms``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Validators:
    """What lets the next request of the same address be answered with 304.

    Kept byte for byte as they came (RFC 9110, 8.8: a weak tag stays weak).
    """

    url: str
    """The final address they belong to; they are never sent anywhere else."""
    stored_at: datetime
    """They are dropped after eight days."""
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    """Of the decoded body: an unchanged body need not be parsed, whatever the headers say."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that was read whole, within the limits.

    http_status is 200 (any 2xx with a body) or 304.
    """

    url: str
    """The final address, after redirects."""
    http_status: int
    body: bytes
    """Decoded (gunzipped) bytes; empty on 304."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; of repeated headers the last."""
    validators: Validators | None = None
    """To be stored once the body was used, never before. On 304: refreshed from it."""
    unchanged: bool = False
    """True for a 304, and for a body with the hash the validators already held."""
    wait_s: float = 0.0
    """How long the vendor's caching headers ask us to wait, in seconds: max-age less Age."""
    moved_to: str | None = None
    """The final address when a redirect was followed."""
    received_bytes: int = 0
    """On the wire, still compressed."""
    retry_after_s: float | None = None
    """What Retry-After asks for, in seconds from now, not yet clamped; rare beside a 200."""
