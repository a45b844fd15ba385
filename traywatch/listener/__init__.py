"""The local HTTP server: webhooks in, health and metrics out; and the relays that reach outward.

This file is the vocabulary only, and imports nothing of the server: the conductor implements
``Inbox`` whether or not anyone listens. ``server.serve`` and ``relay.relay`` are imported when
they are switched on.

    __init__     what the listener and the conductor say to each other
    signatures   is this body signed by someone who holds a secret?       pure
    admission    may this request come in at all? host, origin, type      pure
    intake       a body -> verified, understood, handed to the Inbox: one road, posted or relayed
    refusals     why a webhook was refused, in the log: a line a kind in ten minutes
    metrics      the Inbox's counters as Prometheus text
    endpoints    /health, /metrics, /api/status
    reply        an HTTP answer as a value
    asgi         one request -> one answer, whatever happens
    connection   one TCP connection, bounded in bytes and in time
    server       sockets, start and stop
    streams      bytes -> Server-Sent Events and JSON lines               pure
    envelopes    what smee and ntfy wrap around a webhook -> the webhook  pure
    channels     how smee and ntfy are spoken to
    relay        keeps a subscription alive and feeds the same intake
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from traywatch.core.model import Severity, Snapshot


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """Where to listen, and to whom."""

    host: str = "127.0.0.1"
    """An address or a name; anything but loopback needs a secret."""
    port: int = 8000
    """0: any free one."""
    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    """Any one of them signs a post. Empty: unsigned posts are taken from this machine."""
    allowed_hosts: tuple[str, ...] = ()
    """What a ``Host`` header may say besides localhost and loopback addresses; no port."""


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """A channel the person owns, to which vendors post in our place."""

    kind: Literal["smee", "ntfy"]
    url: str = field(repr=False)
    """The channel's address. Whoever knows it can post: it is treated as a secret."""
    page_id: str | None = None
    """The page its deliveries are about; None: they say so themselves."""
    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    """As for the listener."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook that was verified and understood."""

    page_id: str | None
    """The page of the path it came by; None: any."""
    snapshot: Snapshot
    receipt: str | None
    """What makes this delivery itself unique where its signature covers that, against replay."""
    received_at: datetime


class Verdict(StrEnum):
    """What became of a delivery: the label in /metrics, and what decides the HTTP status."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    """Known already, by its receipt."""
    IGNORED = "ignored"
    """A JSON object, but nothing in it is ours to tell: vendors send events of many kinds, and
    give up an endpoint that refuses some of them."""
    MALFORMED = "malformed"
    """No JSON object."""
    UNSIGNED = "unsigned"
    """No signature, or not one of ours."""
    FOREIGN = "foreign"
    """Sent by a web page, or to a name that is not ours."""
    UNKNOWN_PAGE = "unknown_page"
    WRONG_METHOD = "wrong_method"
    BROKEN_OFF = "broken_off"
    """The sender left, or was cut off for taking too long, before the body was whole."""
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    HEAD_TOO_LARGE = "head_too_large"
    UNAVAILABLE = "unavailable"
    """Not stored: the sender should try again."""


@dataclass(frozen=True, slots=True)
class SinkHealth:
    """How far a sink is behind the event log."""

    behind: int
    """Events it has not emitted yet."""
    oldest_s: float = 0.0
    """The age of the oldest of them; 0 when there is none."""
    trouble: str | None = None
    """Why it is not getting on; None: it is."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the program is doing."""

    state: Literal["ok", "degraded"]
    version: str
    uptime_s: float
    pages: Mapping[str, int]
    """How many pages are in which state: a word of Severity, "unknown" or "unreadable"."""
    last_poll_at: datetime | None
    """When a page was last read with success."""
    store: str = "ok"
    """"ok", or what is wrong with it in one line."""
    sinks: Mapping[str, SinkHealth] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counters:
    """What /metrics tells besides the webhooks, each counted since the program started."""

    polls: Mapping[str, int] = field(default_factory=dict)
    """By result: "changed", "unchanged", "failed" or whatever the conductor calls it."""
    not_modified: int = 0
    """Polls that were answered with 304."""
    received_bytes: int = 0
    """On the wire, compressed."""
    updates: int = 0
    """Events appended to the log."""
    toasts: int = 0
    lateness_s: float = 0.0
    """How much later than planned the last poll was sent."""
    sinks_behind: Mapping[str, int] = field(default_factory=dict)
    """By sink: events not emitted yet."""
    page_severity: Mapping[str, Severity | None] = field(default_factory=dict)
    """By page; None: not known."""
    page_readable: Mapping[str, bool] = field(default_factory=dict)
    """By page."""


class Inbox(Protocol):
    """What the listener asks of the conductor. Everything is called on the watch thread's loop."""

    async def receive(self, delivery: Delivery) -> bool:
        """Take it on the one road; returns after the commit.

        False: a receipt that is known already, nothing was done. Raises StoreError when it could
        not be stored.
        """

    def knows(self, page_id: str) -> bool:
        """Is this the id of a watched page?"""

    def health(self) -> Health:
        """For /health. Cheap, never raises."""

    def status_json(self) -> object:
        """What ``traywatch status --json`` prints, for ``json.dumps``."""

    def counters(self) -> Counters:
        """For /metrics."""
