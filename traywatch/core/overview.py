"""What the person sees at a glance: one state for the icon, one row a page.

The icon shows the worst severity over all *watched* components. A page that cannot be read keeps
its last known state and never turns the icon green.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from traywatch.core.memory import KnownComponent, KnownIncident, Memory
from traywatch.core.model import ComponentStatus, Impact, IncidentStatus, Page, Severity
from traywatch.core.scope import Scope


class IconState(StrEnum):
    """The six faces of the tray icon."""

    OPERATIONAL = "operational"
    MAINTENANCE = "maintenance"
    DEGRADED = "degraded"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"
    UNREADABLE = "unreadable"
    """Cannot be read, or we are offline."""


@dataclass(frozen=True, slots=True)
class ComponentView:
    """A watched component that is in trouble."""

    name: str
    group: str | None
    component_status: ComponentStatus
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An open incident or a maintenance, for a menu row."""

    id: str
    name: str
    incident_status: IncidentStatus
    impact: Impact
    is_maintenance: bool
    url: str | None
    body: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


NOT_READ_YET: Final = "not read yet"
"""The reason where nobody has tried to read a page."""


@dataclass(frozen=True, slots=True)
class PageView:
    """One page at a glance."""

    page_id: str
    name: str
    url: str
    severity: Severity | None
    """The worst watched component; None: unknown."""
    readable: bool
    """False: what is shown is the last known state."""
    reason: str | None
    """Why it cannot be read, or NOT_READ_YET."""
    troubled: tuple[ComponentView, ...] = ()
    incidents: tuple[IncidentView, ...] = ()
    """Open ones, newest first; then maintenances to come, soonest first."""
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at a glance. Comparable: an equal overview need not be drawn again."""

    state: IconState
    pages: tuple[PageView, ...] = ()
    offline: bool = False
    paused: bool = False
    """Notifications are paused by the person."""


def overview(
    pages: Sequence[tuple[Page, Memory]], *, offline: bool, paused: bool, now: datetime
) -> Overview:
    """Every page at a glance, in the order given."""
    views = tuple(_view(page, memory, now) for page, memory in pages)
    return Overview(_icon(views, offline), views, offline=offline, paused=paused)


_ICON_OF: Final = {severity: IconState(severity.word) for severity in Severity}


def _icon(views: Sequence[PageView], offline: bool) -> IconState:
    """The worst of all pages; calm only where every page was read and understood."""
    known = [view.severity for view in views if view.severity is not None]
    worst = max(known, default=Severity.OPERATIONAL)
    if worst >= Severity.DEGRADED:
        return _ICON_OF[worst]
    all_read = views and all(view.readable for view in views)
    if offline or not all_read or len(known) < len(views):
        return IconState.UNREADABLE
    return _ICON_OF[worst]


def _view(page: Page, memory: Memory, now: datetime) -> PageView:
    scope = Scope.of(page)
    watched = tuple(scope.watched(memory))
    current = tuple(
        incident
        for incident in memory.incidents.values()
        if _is_current(incident, now) and scope.concerns(incident, memory)
    )
    return PageView(
        page_id=page.id,
        name=page.name or memory.page_name or page.id,
        url=page.url,
        severity=_severity(memory, watched, current),
        readable=memory.read_at is not None and not memory.unreadable,
        reason=_reason(memory),
        troubled=_troubled(watched),
        incidents=_incidents(current),
        read_at=memory.read_at,
    )


def _severity(
    memory: Memory, watched: Sequence[KnownComponent], current: Sequence[KnownIncident]
) -> Severity | None:
    """The worst watched component; on a page that lists none, what the page says as a whole, else
    the worst of what goes on. Nothing at all is unknown: that all is well somebody has to say."""
    if memory.components:
        return _worst(
            (component.component_status.severity for component in watched),
            in_doubt=any(map(_in_doubt, watched)),
        )
    if memory.read_at is None or memory.severity is not None:
        return memory.severity
    impacts = [incident.impact.severity for incident in current if not _is_planned(incident)]
    return _worst(impacts, in_doubt=None in impacts)


def _worst(severities: Iterable[Severity | None], *, in_doubt: bool) -> Severity | None:
    """The worst known one. What is in doubt may be worse than calm, so calm it cannot be called."""
    worst = max((known for known in severities if known is not None), default=None)
    if worst is None or (in_doubt and worst <= Severity.MAINTENANCE):
        return None
    return worst


def _in_doubt(component: KnownComponent) -> bool:
    return component.in_doubt or component.component_status is ComponentStatus.UNKNOWN


def _reason(memory: Memory) -> str | None:
    """Why the page cannot be read. One or two misses of a page once read are not worth a word."""
    if memory.failure and (memory.unreadable or memory.read_at is None):
        return memory.failure.reason
    return NOT_READ_YET if memory.read_at is None else None


def _troubled(watched: Iterable[KnownComponent]) -> tuple[ComponentView, ...]:
    """The components that are not fine, worst first, else in the page's order."""
    views = [
        ComponentView(known.name, known.group, known.component_status, _in_doubt(known))
        for known in watched
        if _in_doubt(known) or known.component_status is not ComponentStatus.OPERATIONAL
    ]
    return tuple(sorted(views, key=lambda view: -(view.component_status.severity or 0)))


def _is_current(incident: KnownIncident, now: datetime) -> bool:
    """Going on or to come. A window that passed without the vendor starting it is neither."""
    if incident.closed:
        return False
    return not (_is_planned(incident) and incident.ends_at and incident.ends_at < now)


def _is_planned(incident: KnownIncident) -> bool:
    return incident.incident_status is IncidentStatus.SCHEDULED


def _incidents(current: Sequence[KnownIncident]) -> tuple[IncidentView, ...]:
    """What goes on, newest first; then what is planned, soonest first."""
    open_ = [incident for incident in current if not _is_planned(incident)]
    planned = [incident for incident in current if _is_planned(incident)]
    open_.sort(key=lambda incident: incident.opened_at, reverse=True)
    planned.sort(key=lambda incident: incident.starts_at or incident.opened_at)
    return tuple(map(_incident, open_ + planned))


def _incident(known: KnownIncident) -> IncidentView:
    return IncidentView(
        id=known.id,
        name=known.name,
        incident_status=known.incident_status,
        impact=known.impact,
        is_maintenance=known.is_maintenance,
        url=known.url,
        body=known.body,
        starts_at=known.starts_at,
        ends_at=known.ends_at,
    )
