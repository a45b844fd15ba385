"""The vocabulary: what a status page says, and what we tell of it.

Everything here is a frozen value. Instants end in ``_at`` (or are called ``at``) and are aware
UTC datetimes. A field called ``status`` does not exist: it is always the status *of* something.

    Component, Incident, Update   what a vendor publishes
    Snapshot, Unchanged, ...      one look at a page (an Observation)
    IncidentOpened, ...           what changed between two looks (an Event), in the past tense
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final


class Severity(IntEnum):
    """How bad it is, comparable across every platform. "Cannot be read" is not on this scale."""

    OPERATIONAL = 0
    MAINTENANCE = 1
    DEGRADED = 2
    PARTIAL_OUTAGE = 3
    MAJOR_OUTAGE = 4

    @property
    def word(self) -> str:
        """The snake_case word used in JSON."""
        return self.name.lower()


class ComponentStatus(StrEnum):
    """What a component says of itself, in the words of Atlassian Statuspage v2."""

    OPERATIONAL = "operational"
    UNDER_MAINTENANCE = "under_maintenance"
    DEGRADED_PERFORMANCE = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"
    UNKNOWN = "unknown"

    @property
    def severity(self) -> Severity | None:
        """The comparable severity; None where the vendor used a word we do not know."""
        return _COMPONENT_SEVERITY.get(self)


class IncidentStatus(StrEnum):
    """Where an incident (first five) or a maintenance (next four) stands."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    UNKNOWN = "unknown"

    @property
    def closed(self) -> bool:
        """True when nothing more is going on. An unknown word leaves an incident open."""
        return self in _CLOSED


class Impact(StrEnum):
    """How much an incident hurts, in the words of Atlassian Statuspage v2."""

    NONE = "none"
    MAINTENANCE = "maintenance"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"
    UNKNOWN = "unknown"

    @property
    def severity(self) -> Severity | None:
        """The comparable severity; ``none`` is informational, an unknown word is None."""
        return _IMPACT_SEVERITY.get(self)


_CLOSED: Final = frozenset(
    {IncidentStatus.RESOLVED, IncidentStatus.POSTMORTEM, IncidentStatus.COMPLETED}
)
_COMPONENT_SEVERITY: Final = {
    ComponentStatus.OPERATIONAL: Severity.OPERATIONAL,
    ComponentStatus.UNDER_MAINTENANCE: Severity.MAINTENANCE,
    ComponentStatus.DEGRADED_PERFORMANCE: Severity.DEGRADED,
    ComponentStatus.PARTIAL_OUTAGE: Severity.PARTIAL_OUTAGE,
    ComponentStatus.MAJOR_OUTAGE: Severity.MAJOR_OUTAGE,
}
_IMPACT_SEVERITY: Final = {
    Impact.NONE: Severity.OPERATIONAL,
    Impact.MAINTENANCE: Severity.MAINTENANCE,
    Impact.MINOR: Severity.DEGRADED,
    Impact.MAJOR: Severity.PARTIAL_OUTAGE,
    Impact.CRITICAL: Severity.MAJOR_OUTAGE,
}


@dataclass(frozen=True, slots=True)
class Page:
    """One watched site, as the person configured it."""

    id: str
    """Short and unique in a profile: the key of everything stored about the page."""
    url: str
    """Where a person reads it, without a trailing slash; a path is kept (sub pages have one)."""
    name: str | None = None
    """None: the name the page gives itself."""
    platform: str | None = None
    """None: detected at the first look, then remembered."""
    interval_s: float = 60.0
    components: tuple[str, ...] = ()
    """Names, ids or globs of the components to watch; empty: all of them."""
    ignore: tuple[str, ...] = ()
    """Names, ids or globs of components never to speak of."""


# ---------------------------------------------------------------- what a vendor publishes


@dataclass(frozen=True, slots=True)
class ComponentRef:
    """A component as an incident names it. Names repeat on a page, so the id decides."""

    name: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """One row of a page's component list. Rows that only group others are not components."""

    id: str
    name: str
    component_status: ComponentStatus
    group: str | None = None
    """The name of the component group it stands in."""
    updated_at: datetime | None = None
    """When the vendor last touched it: what is older than what we know is an old copy."""
    previous: ComponentStatus | None = None
    """What it was before, where the document itself says so (a component webhook)."""


@dataclass(frozen=True, slots=True)
class Update:
    """One dated message of an incident."""

    incident_status: IncidentStatus
    body: str
    """Plain text as the vendor wrote it (markup removed), not yet sanitized; may be empty."""
    at: datetime | None
    """When the vendor says it was published; None where it does not say."""
    id: str | None = None
    """The vendor's own id; None on platforms that have none."""
    components: tuple[ComponentRef, ...] = ()
    """The components this very message names."""
    only_if_moved: bool = False
    """True: it says where the incident stands, and is news only where that is elsewhere by now."""


UNNAMED_INCIDENT: Final = "Unnamed incident"
UNNAMED_MAINTENANCE: Final = "Unnamed maintenance"
"""What stands for a name where a document gives none."""


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident or a maintenance, with its messages oldest first."""

    id: str
    name: str
    incident_status: IncidentStatus
    impact: Impact = Impact.UNKNOWN
    is_maintenance: bool = False
    url: str | None = None
    components: tuple[ComponentRef, ...] = ()
    updates: tuple[Update, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    starts_at: datetime | None = None
    """Begin of a maintenance's window."""
    ends_at: datetime | None = None
    """Planned end of a maintenance's window."""


# ---------------------------------------------------------------- one look at a page


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one document says, understood. Made by ``platforms``, consumed by ``advance``."""

    platform: str
    exhaustive: bool
    """True: an open incident that is absent is over, a component that is absent is gone.
    False: a history, a webhook, one page of several; absence says nothing."""
    page_name: str | None = None
    page_url: str | None = None
    page_updated_at: datetime | None = None
    """The page's own clock, the watermark that tells an old copy; None where it has none."""
    severity: Severity | None = None
    """What the page says of itself as a whole (its indicator); None: it does not say."""
    components: tuple[Component, ...] = ()
    """Empty also where the document does not list components at all."""
    incidents: tuple[Incident, ...] = ()
    """Incidents and maintenances, in the vendor's order."""
    lists_maintenances: bool = True
    """False: an exhaustive document of a kind that never lists them; their absence says nothing."""
    hollow: bool = False
    """True: the document has a list of components, and nothing is in it."""
    components_whole: bool = True
    """False: a row of it could not be read, so a component that is absent is not gone."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The page answered that it says what it said last time (304, or the same bytes)."""


@dataclass(frozen=True, slots=True)
class NoHistory:
    """The closing words of incidents that left the list are not to be had anywhere."""


@dataclass(frozen=True, slots=True)
class NoWords:
    """The history was asked, and has no closing words yet for what left the list."""

    unlisted: frozenset[str] = frozenset()
    """The ids of those that it does not list at all, where it was read whole."""


class Fault(StrEnum):
    """Why a page could not be read, as far as it matters to anyone."""

    UNREACHABLE = "unreachable"
    """No connection: name, route, time-out, a certificate that is not the host's. Perhaps it is
    our network."""
    REFUSED = "refused"
    """An HTTP error, or a connection that was taken and brought no whole answer. The vendor's host
    is there and will not serve us."""
    UNREADABLE = "unreadable"
    """An answer that is no status page: a captive portal, a challenge, a changed format."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The page could not be read."""

    fault: Fault
    reason: str
    """One line for a person, credentials masked."""


Observation = Snapshot | Unchanged | NoHistory | NoWords | Failure


# ---------------------------------------------------------------- what changed


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEvent:
    """What every event knows."""

    page_id: str
    page_name: str | None
    """None: a bare webhook, no page is known."""
    at: datetime
    """The vendor's own time where it gives one, else when we saw it."""
    first_look: bool = False
    """True for what was already going on when the page was first read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEvent(PageEvent):
    """One update of one incident. Subclasses say what it means for the incident."""

    incident_id: str
    incident_name: str
    incident_status: IncidentStatus
    impact: Impact
    body: str
    is_maintenance: bool = False
    update_id: str | None = None
    url: str | None = None
    components: tuple[ComponentRef, ...] = ()
    """What the update names; where it names none, what the incident names."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class IncidentOpened(IncidentEvent):
    """It broke (or broke again: an update that reopens a closed incident)."""

    __slots__ = ()


class IncidentUpdated(IncidentEvent):
    """News of something already known, maintenances included."""

    __slots__ = ()


class IncidentEdited(IncidentEvent):
    """A known update has another text. Recorded and shown, never announced."""

    __slots__ = ()


class IncidentClosed(IncidentEvent):
    """It is over, with the vendor's closing words where they are to be had."""

    __slots__ = ()


class MaintenanceScheduled(IncidentEvent):
    """A maintenance was announced, or its window moved."""

    __slots__ = ()


class MaintenanceStarted(IncidentEvent):
    """A maintenance is under way."""

    __slots__ = ()


class MaintenanceCompleted(IncidentEvent):
    """A maintenance is over."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentChanged(PageEvent):
    """Components changed by themselves: no open incident names them.

    One component an event, unless more than three changed alike in one look.
    """

    components: tuple[ComponentRef, ...]
    new: ComponentStatus
    old: ComponentStatus | None
    """None at the first look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageUnreadable(PageEvent):
    """The page could not be read three times running."""

    reason: str


class PageReadable(PageEvent):
    """A page that could not be read can be read again."""

    __slots__ = ()


IncidentNews = (
    IncidentOpened
    | IncidentUpdated
    | IncidentEdited
    | IncidentClosed
    | MaintenanceScheduled
    | MaintenanceStarted
    | MaintenanceCompleted
)

Event = IncidentNews | ComponentChanged | PageUnreadable | PageReadable


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event in the append-only log."""

    seq: int
    """Counts up from 1 over the life of the store; never reused."""
    recorded_at: datetime
    event: Event
