"""What a made-up vendor says: components, incidents, maintenances, and every earlier state of it.

A board is a row of immutable states. Each change puts a newer one at the end and moves the page's
``updated_at``; the older ones are kept for a while, because real vendors' CDNs serve them.

    outage = board.open_incident("Errors", "We look into it.", components={"API": MAJOR_OUTAGE})
    outage.update(IncidentStatus.IDENTIFIED, "A bad deployment.").resolve("Rolled back.")

As on a real page an update carries its components' new status with it, and a resolved incident
leaves the live list but stays in the history. Thread-safe; time comes from the clock it is given.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final, Self

from traywatch.core.model import ComponentStatus, Impact, IncidentStatus

KEPT_STATES: Final = 64
"""How many earlier states can still be served as a stale copy."""
KEPT_INCIDENTS: Final = 50
"""How many closed ones are kept; Statuspage's incidents.json lists the last 50."""
_TICK: Final = timedelta(milliseconds=1)
"""Two changes never share an instant: Statuspage dates to the millisecond."""

Clock = Callable[[], datetime]
Components = Mapping[str, ComponentStatus]
"""Component name -> what an update sets it to."""


@dataclass(frozen=True, slots=True)
class BoardComponent:
    """One row of the component list."""

    id: str
    name: str
    component_status: ComponentStatus
    group: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def full_name(self) -> str:
        """As an update's ``affected_components`` name it: "Group - Name"."""
        return f"{self.group} - {self.name}" if self.group else self.name


@dataclass(frozen=True, slots=True)
class Affected:
    """What an update says of one component."""

    component_id: str
    full_name: str
    old: ComponentStatus
    new: ComponentStatus


@dataclass(frozen=True, slots=True)
class BoardUpdate:
    """One message. ``updated_at`` is later than ``at`` once it was edited."""

    id: str
    incident_status: IncidentStatus
    body: str
    at: datetime
    updated_at: datetime
    affected: tuple[Affected, ...] = ()


@dataclass(frozen=True, slots=True)
class BoardIncident:
    """An incident, or a maintenance (which has a window). Updates are oldest first."""

    id: str
    name: str
    impact: Impact
    created_at: datetime
    updated_at: datetime
    updates: tuple[BoardUpdate, ...]
    component_ids: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def is_maintenance(self) -> bool:
        """True for what was planned."""
        return self.impact is Impact.MAINTENANCE

    @property
    def incident_status(self) -> IncidentStatus:
        """Where it stands: where its newest update says."""
        return self.updates[-1].incident_status

    @property
    def closed_at(self) -> datetime | None:
        """When it was over; None while it is open."""
        return self.updates[-1].at if self.incident_status.closed else None

    def first_at(self, incident_status: IncidentStatus) -> datetime | None:
        """When it first got there; None: not yet."""
        found = (u.at for u in self.updates if u.incident_status is incident_status)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class BoardState:
    """Everything the vendor says at one instant. Incidents are newest first."""

    page_id: str
    page_name: str
    created_at: datetime
    updated_at: datetime
    components: tuple[BoardComponent, ...] = ()
    incidents: tuple[BoardIncident, ...] = ()


def utc_now() -> datetime:
    """The wall clock, the default clock of a board."""
    return datetime.now(UTC)


class Board:
    """A vendor's status page that says what it is told to say."""

    def __init__(
        self,
        name: str = "Example Cloud",
        *,
        components: Iterable[str] = ("API",),
        clock: Clock = utc_now,
    ) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._made = 0
        at = _to_milliseconds(clock())
        first = BoardState(self._new_id(), name, created_at=at, updated_at=at)
        self._states: deque[BoardState] = deque([first], maxlen=KEPT_STATES)
        for component in components:
            self.component(component)
        self._states = deque([self.state()], maxlen=KEPT_STATES)

    def state(self, back: int = 0) -> BoardState:
        """What it says, or what it said ``back`` changes ago (at most ``KEPT_STATES``)."""
        with self._lock:
            return self._states[max(0, len(self._states) - 1 - back)]

    def component(
        self,
        name: str,
        component_status: ComponentStatus = ComponentStatus.OPERATIONAL,
        *,
        group: str | None = None,
    ) -> Self:
        """Set a component by itself, without an incident; a new name adds a row."""
        with self._lock:
            self._set_components({name: component_status}, self._next_instant(), group)
        return self

    def open_incident(
        self,
        name: str,
        body: str,
        *,
        impact: Impact = Impact.MINOR,
        components: Components | None = None,
    ) -> IncidentHandle:
        """Publish a new incident, "investigating"."""
        with self._lock:
            at = self._next_instant()
            incident = BoardIncident(self._new_id(), name, impact, at, at, ())
            return IncidentHandle(
                self, self._say(incident, IncidentStatus.INVESTIGATING, body, at, components)
            )

    def schedule_maintenance(
        self,
        name: str,
        body: str,
        *,
        starts_at: datetime,
        ends_at: datetime,
        components: Iterable[str] = (),
    ) -> MaintenanceHandle:
        """Announce a maintenance; nothing changes for its components until it starts."""
        with self._lock:
            at = self._next_instant()
            incident = BoardIncident(
                self._new_id(), name, Impact.MAINTENANCE, at, at, (), (), starts_at, ends_at
            )
            as_they_are = {c.name: c.component_status for c in self._rows(components, at)}
            scheduled = IncidentStatus.SCHEDULED
            return MaintenanceHandle(self, self._say(incident, scheduled, body, at, as_they_are))

    def incident(self, name: str) -> IncidentHandle:
        """The newest incident of this name. Raises KeyError where there is none."""
        return IncidentHandle(self, self._newest(name, is_maintenance=False).id)

    def maintenance(self, name: str) -> MaintenanceHandle:
        """The newest maintenance of this name. Raises KeyError where there is none."""
        return MaintenanceHandle(self, self._newest(name, is_maintenance=True).id)

    # ------------------------------------------------------------ one change, under the lock

    def _next_instant(self) -> datetime:
        return max(_to_milliseconds(self._clock()), self.state().updated_at + _TICK)

    def _new_id(self) -> str:
        """Twelve letters and digits, the same in every run (Statuspage's ids look so)."""
        self._made += 1
        number = int.from_bytes(blake2b(b"%d" % self._made, digest_size=8).digest(), "big")
        alphabet = "0123456789bcdfghjklmnpqrstvwxyz"
        return "".join(alphabet[number // 31**place % 31] for place in range(12))

    def _newest(self, name: str, *, is_maintenance: bool) -> BoardIncident:
        for incident in self.state().incidents:
            if incident.name == name and incident.is_maintenance is is_maintenance:
                return incident
        raise KeyError(name)

    def _rows(self, names: Iterable[str], at: datetime) -> list[BoardComponent]:
        """The rows of these names; those that are missing are added."""
        known = {c.name for c in self.state().components}
        missing = {n: ComponentStatus.OPERATIONAL for n in names if n not in known}
        if missing:
            self._set_components(missing, at)
        return [c for c in self.state().components if c.name in names]

    def _set_components(self, wanted: Components, at: datetime, group: str | None = None) -> None:
        rows = list(self.state().components)
        known = {c.name: index for index, c in enumerate(rows)}
        for name, new in wanted.items():
            if name not in known:
                rows.append(BoardComponent(self._new_id(), name, new, group, at, at))
            elif rows[known[name]].component_status is not new:
                rows[known[name]] = replace(rows[known[name]], component_status=new, updated_at=at)
        self._publish(replace(self.state(), components=tuple(rows), updated_at=at))

    def _publish(self, state: BoardState) -> None:
        if state.updated_at == self.state().updated_at:
            self._states[-1] = state
        else:
            self._states.append(state)

    def _say(
        self,
        incident: BoardIncident,
        incident_status: IncidentStatus,
        body: str,
        at: datetime,
        components: Components | None,
    ) -> str:
        """Add an update, with its components' new status, in one change. Returns the id."""
        wanted = components or {}
        before = self._rows(wanted, at)
        if wanted:
            self._set_components(wanted, at)
        affected = tuple(
            Affected(c.id, c.full_name, c.component_status, wanted[c.name]) for c in before
        )
        update = BoardUpdate(self._new_id(), incident_status, body, at, at, affected)
        ids = dict.fromkeys((*incident.component_ids, *(c.id for c in before)))
        self._put(
            replace(
                incident,
                updated_at=at,
                updates=(*incident.updates, update),
                component_ids=tuple(ids),
            )
        )
        return incident.id

    def _put(self, incident: BoardIncident) -> None:
        """Replace an incident, or set a new one before all others."""
        rows = list(self.state().incidents)
        place = next((i for i, other in enumerate(rows) if other.id == incident.id), None)
        if place is None:
            rows.insert(0, incident)
        else:
            rows[place] = incident
        closed = [i for i in rows if i.incident_status.closed][KEPT_INCIDENTS:]
        kept = tuple(i for i in rows if i not in closed)
        self._publish(replace(self.state(), incidents=kept, updated_at=incident.updated_at))


class IncidentHandle:
    """What can be done with a published incident. Every method is one change of the page."""

    def __init__(self, board: Board, incident_id: str) -> None:
        self._board = board
        self.id = incident_id

    @property
    def now(self) -> BoardIncident:
        """As it stands. Raises KeyError once it was deleted or fell out of the history."""
        for incident in self._board.state().incidents:
            if incident.id == self.id:
                return incident
        raise KeyError(self.id)

    def update(
        self,
        incident_status: IncidentStatus,
        body: str,
        *,
        components: Components | None = None,
        impact: Impact | None = None,
    ) -> Self:
        """Publish another message; one that is not closing reopens a closed incident."""
        board = self._board
        with board._lock:
            incident = replace(self.now, impact=impact or self.now.impact)
            board._say(incident, incident_status, body, board._next_instant(), components)
        return self

    def edit(self, body: str, *, update: int = -1) -> Self:
        """Rewrite a message under its old id; ``update`` counts from the oldest."""
        board = self._board
        with board._lock:
            incident, at = self.now, board._next_instant()
            updates = list(incident.updates)
            updates[update] = replace(updates[update], body=body, updated_at=at)
            board._put(replace(incident, updates=tuple(updates), updated_at=at))
        return self

    def resolve(self, body: str) -> Self:
        """It is over, and its components are operational."""
        return self.update(IncidentStatus.RESOLVED, body, components=self._all_operational())

    def delete(self) -> None:
        """Take it back: it leaves the live list and the history."""
        board = self._board
        with board._lock:
            at = board._next_instant()
            left = tuple(i for i in board.state().incidents if i.id != self.id)
            board._publish(replace(board.state(), incidents=left, updated_at=at))

    def _all_operational(self) -> Components:
        return self._all(ComponentStatus.OPERATIONAL)

    def _all(self, component_status: ComponentStatus) -> Components:
        ids = self.now.component_ids
        return {c.name: component_status for c in self._board.state().components if c.id in ids}


class MaintenanceHandle(IncidentHandle):
    """What can be done with an announced maintenance."""

    def start(self, body: str) -> Self:
        """It is under way, and its components are under maintenance."""
        under_way = self._all(ComponentStatus.UNDER_MAINTENANCE)
        return self.update(IncidentStatus.IN_PROGRESS, body, components=under_way)

    def verify(self, body: str) -> Self:
        """The work is done and is being checked."""
        return self.update(IncidentStatus.VERIFYING, body)

    def complete(self, body: str) -> Self:
        """It is over, and its components are operational."""
        return self.update(IncidentStatus.COMPLETED, body, components=self._all_operational())

    def move(self, starts_at: datetime, ends_at: datetime) -> Self:
        """Another window, without a message."""
        board = self._board
        with board._lock:
            at = board._next_instant()
            board._put(replace(self.now, starts_at=starts_at, ends_at=ends_at, updated_at=at))
        return self


def _to_milliseconds(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
