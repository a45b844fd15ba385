"""A memory while it is being advanced: the one mutable thing in ``core``, never seen outside it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from traywatch.core.memory import (
    KnownComponent,
    KnownIncident,
    Memory,
    Seen,
    bounded,
    fingerprint,
    overlaid,
    seen_key,
)
from traywatch.core.model import Event, IncidentEvent

BARE = ""
"""The page id of webhooks that name no page we know."""
AHEAD: Final = timedelta(minutes=10)
"""By how much a vendor's clock may be ahead of ours and still be believed."""
CLOCK_SKEW: Final = timedelta(days=2)
"""The same for a page that was read, not heard of: people set their clocks wrong by a day."""


class Novelty(Enum):
    """What is new about something a vendor lists."""

    NEW = auto()
    EDITED = auto()
    KNOWN = auto()


class Draft:
    """Collects what one observation changes, then ``finish`` makes a Memory of it."""

    def __init__(self, memory: Memory, now: datetime, told: Container[int]) -> None:
        self.memory = memory
        self.now = now
        self.components: dict[str, KnownComponent] = dict(memory.components)
        self.incidents: dict[str, KnownIncident] = dict(memory.incidents)
        self.events: list[Event] = []
        self._fresh: dict[int, Seen] = {}
        self._told = told

    @property
    def page_name(self) -> str | None:
        """What events call the page; None for a bare webhook."""
        return self.memory.page_name or self.memory.page_id or None

    def mark(self, *identity: str, text: str = "") -> Novelty:
        """Note that the vendor lists this, and say whether that is news.

        What a bare webhook told under the same identity is known, whichever page lists it.
        """
        key = seen_key(self.memory.page_id, *identity)
        seen = Seen(fingerprint(text), self.now.toordinal())
        before = self._fresh.get(key) or self.memory.seen.get(key)
        if before != seen:
            self._fresh[key] = seen
        if before is None:
            told = seen_key(BARE, *identity) in self._told
            return Novelty.KNOWN if told else Novelty.NEW
        return Novelty.KNOWN if before.fingerprint == seen.fingerprint else Novelty.EDITED

    def believed(self, at: datetime, clock: datetime | None = None) -> datetime:
        """The vendor's time; now instead of the far future, where a false date would make
        everything true look old. What is a little ahead stays: two such times are in order.

        clock: until when it is believed anyhow, where there is something to go by but our clock.
        """
        latest = self.now + AHEAD
        return at if at <= max(latest, clock or latest) else self.now

    def touched(self) -> frozenset[str]:
        """The incidents this observation brought words of."""
        return frozenset(e.incident_id for e in self.events if isinstance(e, IncidentEvent))

    def finish(self) -> tuple[Memory, tuple[Event, ...]]:
        """The advanced memory, and what happened, oldest first."""
        memory = replace(
            self.memory,
            components=self.components,
            incidents=bounded(self.incidents),
            seen=overlaid(self.memory.seen, self._fresh),
        )
        return memory, tuple(sorted(self.events, key=lambda event: event.at))
