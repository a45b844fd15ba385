"""What is remembered of one page between two looks: the accumulated side of every diff.

A memory is never shrunk by an observation, only by ``prune``. It is what makes us neither repeat
ourselves nor miss a closing: a plain diff of two snapshots repeats when a CDN serves an old copy,
a plain set of seen ids never notices that an incident left the list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from traywatch.core.model import (
    ComponentRef,
    ComponentStatus,
    Failure,
    Impact,
    IncidentStatus,
    Severity,
)

KEEP_SEEN: Final = timedelta(days=90)
"""How long after a vendor last listed something we still know that we told of it."""


KEEP_TOMBSTONES: Final = 16
"""How many incidents that are over, or were only heard of, a memory holds. The keys of their
updates are kept all the same; this only bounds what a flood of webhooks can make of one page."""


class Seen(NamedTuple):
    """That an update was dealt with, and what it said."""

    fingerprint: int
    """32 bits of its text: a known key with another text is an edit."""
    listed_on: int
    """The proleptic ordinal of the UTC day on which the vendor last listed it."""


class Overlay(Mapping[int, Seen]):
    """Keys over keys: ``fresh`` is news, ``base`` is what was known and is never copied.

    ``base`` may hold a million keys on disk; an observation touches a handful.
    """

    __slots__ = ("base", "fresh")

    def __init__(self, base: Mapping[int, Seen], fresh: Mapping[int, Seen]) -> None:
        self.base = base
        self.fresh = dict(fresh)

    def __getitem__(self, key: int) -> Seen:
        fresh = self.fresh.get(key)
        return self.base[key] if fresh is None else fresh

    def __iter__(self) -> Iterator[int]:
        yield from self.fresh
        yield from (key for key in self.base if key not in self.fresh)

    def __len__(self) -> int:
        return len(self.fresh) + sum(key not in self.fresh for key in self.base)


def overlaid(base: Mapping[int, Seen], fresh: Mapping[int, Seen]) -> Mapping[int, Seen]:
    """``base`` with ``fresh`` laid over it; overlays do not pile up."""
    if not fresh:
        return base
    if isinstance(base, Overlay):
        return Overlay(base.base, {**base.fresh, **fresh})
    return Overlay(base, fresh)


@dataclass(frozen=True, slots=True)
class KnownComponent:
    """The last state of a component that was understood."""

    id: str
    name: str
    component_status: ComponentStatus
    """Never UNKNOWN once a known word was read; UNKNOWN until then."""
    group: str | None = None
    in_doubt: bool = False
    """True while the vendor says a word we do not know."""
    updated_at: datetime | None = None
    """The vendor's own time of that state, where it gives one."""


@dataclass(frozen=True, slots=True)
class KnownIncident:
    """An incident or maintenance as it stands, closed ones included until they are pruned."""

    id: str
    name: str
    incident_status: IncidentStatus
    impact: Impact
    is_maintenance: bool
    opened_at: datetime
    """The vendor's begin where it says one, else when we first saw it."""
    changed_at: datetime
    """The time of the newest update known: what is older does not change the state."""
    listed_at: datetime
    """When the vendor last listed it."""
    body: str = ""
    """The newest words, for the menu."""
    url: str | None = None
    components: tuple[ComponentRef, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    absences: int = 0
    """How many exhaustive looks in a row did not list it while it was open."""
    tries: int = 0
    """How often the history was asked for its closing words in vain."""
    heard: bool = False
    """True while only a webhook told of it: the page itself has not listed it yet."""
    wordless: bool = False
    """True while it is closed by its absence alone: dated by our clock, not by the vendor's."""

    @property
    def closed(self) -> bool:
        """True when it is over."""
        return self.incident_status.closed


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything ``advance`` knows of one page."""

    page_id: str
    page_name: str | None = None
    page_url: str | None = None
    baselined: bool = False
    """True after the first exhaustive snapshot."""
    watermark_at: datetime | None = None
    """The newest ``updated_at`` the page itself gave."""
    behind_since: datetime | None = None
    """Since when every snapshot is older than the watermark; None: the last one was not."""
    severity: Severity | None = None
    """What the page last said of itself as a whole."""
    components: Mapping[str, KnownComponent] = field(default_factory=dict)
    """By component id."""
    incidents: Mapping[str, KnownIncident] = field(default_factory=dict)
    """By incident id."""
    seen: Mapping[int, Seen] = field(default_factory=dict)
    """By ``seen_key``: a view of what is stored, overlaid with what is not stored yet."""
    misses: int = 0
    """How many looks in a row failed."""
    failure: Failure | None = None
    """The last one; None once the page could be read again."""
    unreadable: bool = False
    """True from the third miss until the page is read again."""
    read_at: datetime | None = None
    """When the page was last read with success; None: never."""


def seen_key(page_id: str, *identity: str) -> int:
    """The key of something told: 63 bits, so that SQLite takes it as a row id.

    A million keys collide with a chance of 5e-8.
    """
    digest = hashlib.blake2b("\x1f".join((page_id, *identity)).encode("utf-8", "replace"))
    return int.from_bytes(digest.digest()[:8], "big") >> 1


def fingerprint(text: str) -> int:
    """32 bits of a text, to notice that it was edited."""
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def prune(memory: Memory, now: datetime) -> Memory:
    """Forget the incidents the vendor has not listed for ninety days. The store prunes the keys.

    What is listed is touched at least every eight days, when validators are dropped and the page
    is read whole: nothing that is still listed gets this old.
    """
    horizon = now - KEEP_SEEN
    kept = {k: v for k, v in memory.incidents.items() if v.listed_at >= horizon}
    return memory if len(kept) == len(memory.incidents) else replace(memory, incidents=kept)


def bounded(incidents: Mapping[str, KnownIncident]) -> Mapping[str, KnownIncident]:
    """Without the oldest of those nobody lists any more: KEEP_TOMBSTONES of them are left once
    there are twice as many, so that a flood does not sort them for every drop."""
    if len(incidents) <= 2 * KEEP_TOMBSTONES:
        return incidents
    spare = [known for known in incidents.values() if known.closed or known.heard]
    spare.sort(key=lambda known: known.listed_at)
    surplus = {known.id for known in spare[: max(0, len(spare) - KEEP_TOMBSTONES)]}
    return {k: v for k, v in incidents.items() if k not in surplus}
