"""What the person sees at a glance: one state for the icon, one row a page.

The icon shows the worst severity over all *watched* components. A page that cannot be read keeps
its last known state and never turns the icon green.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from traywatch.core.model import ComponentStatus, Impact, IncidentStatus, Severity


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
    """Why it cannot be read, or "not read yet"."""
    troubled: tuple[ComponentView, ...] = ()
    incidents: tuple[IncidentView, ...] = ()
    """Open ones and maintenances to come, newest first."""
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at a glance. Comparable: an equal overview need not be drawn again."""

    state: IconState
    pages: tuple[PageView, ...] = ()
    offline: bool = False
    paused: bool = False
    """Notifications are paused by the person."""
