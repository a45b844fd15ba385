"""(policy, events, state, now) -> what reaches the person: toasts, one digest, or silence and why.

A toast says that something breaks, gets worse or recovers. All else is printed and shown in the
menu, and stays silent:

    IncidentOpened                     breaks
    IncidentUpdated                    only if it is worse than when we last heard of it, or if
                                       it is the first we hear of it
    IncidentClosed                     recovers; an incident already closed has no news for us
    Maintenance...                     when scheduled (once, however often it moves), begun, over
    ComponentChanged                   to a worse state, or to operational
    IncidentEdited, Page...            never

What is older than an hour is not shown as if it were happening: all of it becomes one digest, and
so does what would be more than three toasts at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from traywatch.core.memory import seen_key
from traywatch.core.model import (
    ComponentChanged,
    Event,
    IncidentClosed,
    IncidentEdited,
    IncidentEvent,
    IncidentOpened,
    IncidentStatus,
    IncidentUpdated,
    MaintenanceCompleted,
    MaintenanceScheduled,
    PageReadable,
    PageUnreadable,
    Recorded,
    Severity,
)
from traywatch.core.wording import Toast, digest, toast

KEEP_HEARD: Final = 256
"""So many incidents are remembered, the last heard of; it bounds the state's size."""
_TURNS: Final = (IncidentOpened, IncidentClosed, MaintenanceCompleted)
"""What holds whenever it was dated: ``advance`` saw to that."""


class Silence(StrEnum):
    """Why an event does not reach the person, for the program's own log."""

    PAUSED = "paused"
    NOT_ANNOUNCED = "not announced"
    ALREADY_CLOSED = "already closed"
    ALREADY_SCHEDULED = "already scheduled"
    NOT_WORSE = "not worse"
    LATE = "older than what was heard"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a person wants to be disturbed by."""

    paused: bool = False
    most_toasts: int = 3
    """More than so many at once become one digest."""
    too_old: timedelta = timedelta(hours=1)
    """By the vendor's time or by ours, whichever is the older."""


class Heard(NamedTuple):
    """What an incident was like when we last heard of it."""

    at: float
    """The update's time in POSIX seconds."""
    incident_status: IncidentStatus
    severity: int | None
    """None: its impact was never a word we know."""

    @classmethod
    def read(cls, at: object, incident_status: object, severity: object) -> Heard:
        """Raises ValueError or TypeError where the parts are not what ``State.text`` wrote."""
        known = None if severity is None else int(str(severity))
        return cls(float(str(at)), IncidentStatus(str(incident_status)), known)


@dataclass(frozen=True, slots=True)
class State:
    """What must be known to tell "gets worse": the incidents as last heard of, their ends included,
    so that late words of one that is over are known to be late.

    Kept as ``text`` in the position of the sink's cursor: it moves with the cursor or not at all.
    """

    heard: Mapping[int, Heard] = field(default_factory=dict)
    """By ``seen_key`` of page and incident, the last heard of last."""

    @property
    def text(self) -> str:
        """One line, at most about 20 kB."""
        return json.dumps(self.heard, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> State:
        """The state of a ``text``; anything else is an empty one, which costs a toast at most."""
        try:
            return cls({int(key): Heard.read(*kept) for key, kept in json.loads(text).items()})
        except (ValueError, TypeError, AttributeError):
            return cls()

    def of(self, event: IncidentEvent) -> Heard | None:
        """What was heard of the event's incident; None: nothing, or it is over."""
        last = self.last(event)
        return None if last is None or last.incident_status.closed else last

    def last(self, event: IncidentEvent) -> Heard | None:
        """What was last heard of it, its end included."""
        return self.heard.get(_key(event))

    def after(self, event: Event) -> State:
        """The state once this event was heard, whether or not the person heard it."""
        if not isinstance(event, IncidentEvent) or isinstance(event, IncidentEdited):
            return self
        last = self.last(event)
        if last and _is_late(event, last) and not isinstance(event, _TURNS):
            return self
        heard = {key: value for key, value in self.heard.items() if key != _key(event)}
        heard[_key(event)] = _heard(event, last)
        return State(dict(list(heard.items())[-KEEP_HEARD:]))


@dataclass(frozen=True, slots=True)
class Decision:
    """What to show, what not and why, and the state to go on with."""

    toasts: tuple[Toast, ...]
    """In the order to show them; a digest is the last."""
    silenced: tuple[tuple[int, Silence], ...]
    """By the event's sequence number."""
    state: State


def decide(policy: Policy, batch: Sequence[Recorded], state: State, now: datetime) -> Decision:
    """Decide on events in the order of the log.

    The larger the batch, the fewer the digests: hand over all there is.
    """
    fresh: list[Event] = []
    stale: list[Event] = []
    silenced: list[tuple[int, Silence]] = []
    for recorded in batch:
        event = recorded.event
        silence = Silence.PAUSED if policy.paused else _silence(event, state)
        state = state.after(event)
        if silence:
            silenced.append((recorded.seq, silence))
        elif now - min(event.at, recorded.recorded_at) > policy.too_old:
            stale.append(event)
        else:
            fresh.append(event)
    return Decision(_toasts(policy, fresh, stale), tuple(silenced), state)


def _toasts(policy: Policy, fresh: list[Event], stale: list[Event]) -> tuple[Toast, ...]:
    if len(fresh) + bool(stale) > policy.most_toasts:
        return (digest(stale + fresh, away=bool(stale)),)
    return (*map(toast, fresh), *([digest(stale)] if stale else []))


def _silence(event: Event, state: State) -> Silence | None:
    """Why the event stays silent; None: it breaks, gets worse or recovers."""
    match event:
        case IncidentEdited() | PageUnreadable() | PageReadable():
            return Silence.NOT_ANNOUNCED
        case ComponentChanged():
            return None if _is_worse_or_well(event) else Silence.NOT_WORSE
        case IncidentUpdated():
            return _silence_of_update(event, state)
        case MaintenanceScheduled():
            return Silence.ALREADY_SCHEDULED if state.of(event) else None
        case IncidentClosed(incident_status=IncidentStatus.POSTMORTEM):
            return None if state.of(event) else Silence.ALREADY_CLOSED
    return None


def _silence_of_update(event: IncidentUpdated, state: State) -> Silence | None:
    if event.incident_status.closed:
        return Silence.ALREADY_CLOSED
    last, before = state.last(event), state.of(event)
    if last and _is_late(event, last):
        return Silence.LATE
    return None if before is None or _is_worse(event, before) else Silence.NOT_WORSE


def _is_worse(event: IncidentEvent, before: Heard) -> bool:
    """A higher impact, or a mend that did not hold."""
    severity = event.impact.severity
    if severity is not None and before.severity is not None and severity > before.severity:
        return True
    broken_again = (IncidentStatus.INVESTIGATING, IncidentStatus.IDENTIFIED)
    return (
        before.incident_status is IncidentStatus.MONITORING
        and event.incident_status in broken_again
    )


def _is_worse_or_well(event: ComponentChanged) -> bool:
    if event.new.severity is None:
        return False
    before = event.old.severity if event.old else None
    if event.new.severity is Severity.OPERATIONAL:
        return bool(before)
    return before is None or event.new.severity > before


def _is_late(event: IncidentEvent, before: Heard) -> bool:
    """It tells of a time before what was heard already, as a repeated webhook may."""
    return event.at.timestamp() < before.at


def _heard(event: IncidentEvent, last: Heard | None) -> Heard:
    """An unknown word does not make us forget the known one before it, and an end that is dated
    back comes after all that was heard."""
    at, severity = event.at.timestamp(), event.impact.severity
    if last and event.incident_status.closed:
        at = max(at, last.at)
    if severity is None and last and not last.incident_status.closed:
        return Heard(at, event.incident_status, last.severity)
    return Heard(at, event.incident_status, severity)


def _key(event: IncidentEvent) -> int:
    return seen_key(event.page_id, event.incident_id)
