"""The words vendors use for how things stand, as tables. A word in none of them is UNKNOWN.

One table each serves Atlassian Statuspage, incident.io and Instatus: they differ in case and
underscores (``major_outage``, ``MAJOROUTAGE``, ``Under maintenance``), and nowhere does one word
mean two things. Platforms that give these words another meaning keep a table of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from traywatch.core.model import ComponentStatus, Impact, IncidentStatus, Severity

T = TypeVar("T")

_JOINTS: Final = str.maketrans("", "", " _-")


def _spoken(meanings: Mapping[str, T]) -> dict[str, T]:
    return {word.translate(_JOINTS): meaning for word, meaning in meanings.items()}


_COMPONENT: Final = _spoken(
    {status.value: status for status in ComponentStatus}
    | {
        "full_outage": ComponentStatus.MAJOR_OUTAGE,  # incident.io
        "minor_outage": ComponentStatus.PARTIAL_OUTAGE,  # Instatus, between partial and major
    }
)
_INCIDENT: Final = _spoken(
    {status.value: status for status in IncidentStatus}
    | {
        "maintenance_scheduled": IncidentStatus.SCHEDULED,  # incident.io
        "maintenance_in_progress": IncidentStatus.IN_PROGRESS,
        "maintenance_complete": IncidentStatus.COMPLETED,
        "maintenance_completed": IncidentStatus.COMPLETED,
        "not_started_yet": IncidentStatus.SCHEDULED,  # Instatus, documented
        "planned": IncidentStatus.SCHEDULED,  # Instatus, observed
    }
)
_IMPACT: Final = _spoken(
    {impact.value: impact for impact in Impact}
    | {
        "operational": Impact.NONE,
        "under_maintenance": Impact.MAINTENANCE,
        "degraded_performance": Impact.MINOR,
        "partial_outage": Impact.MAJOR,
        "minor_outage": Impact.MAJOR,
        "full_outage": Impact.CRITICAL,
        "major_outage": Impact.CRITICAL,
    }
)
_INDICATOR: Final = _IMPACT | {"up": Impact.NONE}  # Instatus; its "HASISSUES" says how bad nowhere

MAINTENANCE_STATUSES: Final = frozenset(
    {
        IncidentStatus.SCHEDULED,
        IncidentStatus.IN_PROGRESS,
        IncidentStatus.VERIFYING,
        IncidentStatus.COMPLETED,
    }
)
"""What only a maintenance can be."""


_FROM_BEST_TO_WORST: Final = (
    ComponentStatus.OPERATIONAL,
    ComponentStatus.UNKNOWN,
    ComponentStatus.UNDER_MAINTENANCE,
    ComponentStatus.DEGRADED_PERFORMANCE,
    ComponentStatus.PARTIAL_OUTAGE,
    ComponentStatus.MAJOR_OUTAGE,
)
"""An unknown word beside "operational" leaves it unknown how things stand."""


def worse(one: ComponentStatus, other: ComponentStatus) -> ComponentStatus:
    """The worse of two things that are said of one component."""
    return max(one, other, key=_FROM_BEST_TO_WORST.index)


def component_status(word: str | None) -> ComponentStatus:
    """``degraded_performance`` -> DEGRADED_PERFORMANCE."""
    return _COMPONENT.get(_plain(word), ComponentStatus.UNKNOWN)


def incident_status(word: str | None) -> IncidentStatus:
    """``investigating`` -> INVESTIGATING, ``maintenance_in_progress`` -> IN_PROGRESS."""
    return _INCIDENT.get(_plain(word), IncidentStatus.UNKNOWN)


def impact(word: str | None) -> Impact:
    """``minor`` -> MINOR; the word for a component gives the impact that it amounts to."""
    return _IMPACT.get(_plain(word), Impact.UNKNOWN)


def indicated(word: str | None) -> Severity | None:
    """The severity a page's indicator stands for; None for an unknown word."""
    return _INDICATOR.get(_plain(word), Impact.UNKNOWN).severity


def _plain(word: str | None) -> str:
    return word.lower().translate(_JOINTS) if word else ""
