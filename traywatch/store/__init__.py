"""Where everything that must survive is kept. ``sqlite`` is the default.

A store is opened and used on one thread, the watch thread. Every method is one transaction:
it happened whole and is durable when the method returns, or StoreError is raised and nothing
happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from traywatch.core.memory import Memory, Seen
from traywatch.core.model import Event, Recorded
from traywatch.core.reply import Validators


@dataclass(frozen=True, slots=True)
class PageRecord:
    """All that is stored of one page."""

    page_id: str
    url: str
    """The configured address: a page id that points to another page now starts anew."""
    memory: Memory
    platform: str | None = None
    """What was detected."""
    address: str | None = None
    """The document that is polled."""
    detected_at: datetime | None = None
    validators: Validators | None = None
    away_since: datetime | None = None
    """Since when something may have come and gone unseen; None: its history was read since."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What one observation changed."""

    record: PageRecord
    events: tuple[Event, ...] = ()
    receipts: tuple[str, ...] = ()
    """Ids of webhook deliveries that are herewith dealt with."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a sink has come."""

    seq: int
    position: str = ""
    """The sink's own note of where it stood after ``seq`` (the log file: its size in bytes)."""


class Store(Protocol):
    """The profile's memory, event log and cursors."""

    def pages(self) -> Mapping[str, PageRecord]:
        """Every stored page by its id."""

    def seen(self, page_id: str) -> Mapping[int, Seen]:
        """What is committed of a page's seen keys, as a view: what the next memory is laid over."""

    def commit(self, commits: Sequence[Commit], now: datetime) -> None:
        """Take several observations in one transaction; durable on return, power cut included."""

    def events_after(self, seq: int, limit: int) -> Sequence[Recorded]:
        """The next events of the log, oldest first."""

    def last_seq(self) -> int:
        """The sequence number of the newest event; 0 for an empty log."""

    def cursor(self, sink: str) -> Cursor:
        """Where the sink stands. One never heard of starts at the end of the log."""

    def move_cursor(self, sink: str, cursor: Cursor) -> None:
        """Durable against a kill; after a power cut it may have stayed behind, never ahead."""

    def has_receipt(self, receipt: str) -> bool:
        """Was this webhook delivery dealt with already?"""

    def setting(self, key: str) -> str | None:
        """Something small that is kept between runs (notifications paused)."""

    def put_setting(self, key: str, value: str | None) -> None:
        """Keep it; None forgets it."""

    def prune(self, now: datetime) -> None:
        """Forget events every cursor has passed, receipts and pages past their time."""

    def close(self) -> None:
        """Flush and let go. Calling it twice is fine."""
