"""Comparing components with what is known of them: only what changes by itself is told.

A change is explained, and stays silent, when an open incident names the component and either
brought words in this very look or the component did not get worse. A component that gets worse
under an incident that says nothing is told: nobody else would.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from traywatch.core.draft import CLOCK_SKEW, Draft
from traywatch.core.incidents import Phase, phase_of
from traywatch.core.memory import KnownComponent, KnownIncident
from traywatch.core.model import (
    Component,
    ComponentChanged,
    ComponentRef,
    ComponentStatus,
    Severity,
    Snapshot,
)

TOLD_SINGLY: Final = 3
"""Up to so many components that change alike in one look are told one by one, more as one event:
a person wants one line of a region that went down, not sixty."""


@dataclass(frozen=True, slots=True)
class _Change:
    component: Component
    old: ComponentStatus | None
    at: datetime


def compare(draft: Draft, snapshot: Snapshot, *, first_look: bool = False) -> None:
    """Take the components of a look; tell those that changed by themselves."""
    changes = [
        change
        for component in snapshot.components
        if (change := _take(draft, component, snapshot)) is not None
    ]
    if changes:
        naming = _Naming(draft)
        unexplained = [change for change in changes if not naming.explains(change)]
        _tell(draft, unexplained, first_look=first_look)
    if snapshot.exhaustive and snapshot.components and snapshot.components_whole:
        _drop_absent(draft, snapshot.components)


def _take(draft: Draft, component: Component, snapshot: Snapshot) -> _Change | None:
    """Remember the component; a change is returned where there is one worth telling."""
    known = draft.components.get(component.id)
    if known and _is_older(component, known):
        return None
    in_doubt = component.component_status is ComponentStatus.UNKNOWN
    after = KnownComponent(
        id=component.id,
        name=component.name,
        component_status=_understood(component, known),
        group=component.group,
        in_doubt=in_doubt,
        updated_at=_dated(draft, component, known, heard=not snapshot.exhaustive),
    )
    if after == known:  # keeping the old one spares a thousand pages' worth of garbage
        return None
    draft.components[component.id] = after
    old = _before(component, known)
    calm = old or ComponentStatus.OPERATIONAL
    if in_doubt or component.component_status is calm:
        return None
    at = component.updated_at or snapshot.page_updated_at or draft.now
    return _Change(component, old, at)


def _dated(
    draft: Draft, component: Component, known: KnownComponent | None, *, heard: bool
) -> datetime | None:
    """When it became so. A date that is not believed takes nothing back of one that was: else a
    clock of ours that is a day behind would make late words look new."""
    before = known.updated_at if known else None
    if component.updated_at is None:
        return before
    at = draft.believed(component.updated_at, None if heard else draft.now + CLOCK_SKEW)
    return at if before is None else max(at, before)


def _is_older(component: Component, known: KnownComponent) -> bool:
    if component.updated_at is None or known.updated_at is None:
        return False
    return component.updated_at < known.updated_at


def _understood(component: Component, known: KnownComponent | None) -> ComponentStatus:
    """The status, or the last one understood where the vendor says a word we do not know."""
    if component.component_status is ComponentStatus.UNKNOWN and known:
        return known.component_status
    return component.component_status


def _before(component: Component, known: KnownComponent | None) -> ComponentStatus | None:
    """What it was; None at the first sight of it."""
    old = known.component_status if known else component.previous
    return None if old is ComponentStatus.UNKNOWN else old


class _Naming:
    """Which incidents name a component, of those that are going on or were just spoken of."""

    def __init__(self, draft: Draft) -> None:
        self._touched = draft.touched()
        self._by_id: dict[str, list[KnownIncident]] = {}
        self._by_name: dict[str, list[KnownIncident]] = {}
        """Names repeat on a page: they count where an incident gives no id alone."""
        for incident in draft.incidents.values():
            if phase_of(incident) is Phase.OPEN or incident.id in self._touched:
                self._index(incident)

    def _index(self, incident: KnownIncident) -> None:
        for ref in incident.components:
            if ref.id is not None:
                self._by_id.setdefault(ref.id, []).append(incident)
            else:
                self._by_name.setdefault(ref.name, []).append(incident)

    def explains(self, change: _Change) -> bool:
        """True when nobody needs to hear of this change by itself."""
        component = change.component
        return any(
            incident.id in self._touched or not _is_worse(change) or _is_planned(incident, change)
            for incident in chain(
                self._by_id.get(component.id, ()), self._by_name.get(component.name, ())
            )
        )


def _is_worse(change: _Change) -> bool:
    new = change.component.component_status.severity or Severity.OPERATIONAL
    old = (change.old.severity if change.old else None) or Severity.OPERATIONAL
    return new > old and change.old is not None


def _is_planned(incident: KnownIncident, change: _Change) -> bool:
    maintained = change.component.component_status is ComponentStatus.UNDER_MAINTENANCE
    return incident.is_maintenance and maintained


def _tell(draft: Draft, changes: list[_Change], *, first_look: bool) -> None:
    alike: dict[tuple[ComponentStatus | None, ComponentStatus], list[_Change]] = {}
    for change in changes:
        pair = (change.old, change.component.component_status)
        alike.setdefault(pair, []).append(change)
    for (old, new), group in alike.items():
        singly = len(group) <= TOLD_SINGLY
        for told in [[change] for change in group] if singly else [group]:
            draft.events.append(
                ComponentChanged(
                    page_id=draft.memory.page_id,
                    page_name=draft.page_name,
                    at=max(change.at for change in told),
                    first_look=first_look,
                    components=tuple(ComponentRef(c.component.name, c.component.id) for c in told),
                    new=new,
                    old=old,
                )
            )


def _drop_absent(draft: Draft, components: tuple[Component, ...]) -> None:
    listed = {component.id for component in components}
    for gone in draft.components.keys() - listed:
        del draft.components[gone]
