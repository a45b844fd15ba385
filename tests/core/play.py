"""Transcripts for ``advance``: what a page says, and what we tell of it, line by line.

    play = Play()
    play.sees(page(1, incident("A", investigating(0)))).tells(IncidentOpened, "A investigating")

Times are minutes after EPOCH. A told event is compared as (type, "incident update-status") or,
for components, (type, "component old->new").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from traywatch.core.advance import advance, leaving
from traywatch.core.memory import Memory, Seen
from traywatch.core.model import (
    Component,
    ComponentChanged,
    ComponentRef,
    ComponentStatus,
    Event,
    Failure,
    Fault,
    Impact,
    Incident,
    IncidentStatus,
    Observation,
    PageReadable,
    PageUnreadable,
    Snapshot,
    Unchanged,
    Update,
)

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNREACHABLE = Failure(Fault.UNREACHABLE, "no route to host")


def minute(n: float) -> datetime:
    """So many minutes after EPOCH."""
    return EPOCH + timedelta(minutes=n)


def update(
    status_word: str,
    at: float | None,
    *,
    id: str | None = "by time",
    body: str = "words",
    names: Sequence[str] = (),
) -> Update:
    """One update; its id is made of its status and time unless given."""
    chosen = f"{status_word}@{at}" if id == "by time" else id
    when = None if at is None else minute(at)
    refs = tuple(ComponentRef(name, name) for name in names)
    return Update(IncidentStatus(status_word), body, when, chosen, refs)


investigating = partial(update, "investigating")
identified = partial(update, "identified")
monitoring = partial(update, "monitoring")
resolved = partial(update, "resolved")
postmortem = partial(update, "postmortem")
scheduled = partial(update, "scheduled")
in_progress = partial(update, "in_progress")
verifying = partial(update, "verifying")
completed = partial(update, "completed")


def incident(
    id: str, *updates: Update, stands: str | None = None, names: Sequence[str] = ()
) -> Incident:
    """An incident; it stands where its last update says unless told otherwise."""
    last = updates[-1].incident_status if updates else IncidentStatus.INVESTIGATING
    return Incident(
        id=id,
        name=id,
        incident_status=IncidentStatus(stands) if stands else last,
        impact=Impact.MINOR,
        components=tuple(ComponentRef(name, name) for name in names),
        updates=updates,
        created_at=updates[0].at if updates else None,
    )


def maintenance(
    id: str,
    *updates: Update,
    stands: str | None = None,
    window: tuple[float, float] = (60, 120),
    names: Sequence[str] = (),
) -> Incident:
    """A maintenance with its window in minutes."""
    plain = incident(id, *updates, stands=stands, names=names)
    return Incident(
        id=id,
        name=id,
        incident_status=plain.incident_status,
        impact=Impact.MAINTENANCE,
        is_maintenance=True,
        components=plain.components,
        updates=updates,
        created_at=plain.created_at,
        starts_at=minute(window[0]),
        ends_at=minute(window[1]),
    )


def page(
    at: float | None, *incidents: Incident, exhaustive: bool = True, **components: str
) -> Snapshot:
    """What the page says; ``at`` is its own clock, None for a page that has none."""
    return components_page(at, components, *incidents, exhaustive=exhaustive)


def components_page(
    at: float | None, components: Mapping[str, str], *incidents: Incident, exhaustive: bool = True
) -> Snapshot:
    """The same with the components as a mapping of name to status word."""
    return Snapshot(
        platform="test",
        exhaustive=exhaustive,
        page_name="Page",
        page_updated_at=None if at is None else minute(at),
        components=tuple(
            Component(name, name, ComponentStatus(word)) for name, word in components.items()
        ),
        incidents=incidents,
    )


def heard(*incidents: Incident, **components: str) -> Snapshot:
    """What a webhook or a history says."""
    return page(None, *incidents, exhaustive=False, **components)


@dataclass
class Play:
    """A page's memory, advanced line by line."""

    memory: Memory
    now: float = 0.0
    told: tuple[Event, ...] = ()
    elsewhere: dict[int, Seen] | None = None

    @classmethod
    def baselined(cls) -> Play:
        """A page that was looked at once, with nothing going on."""
        play = cls(Memory("p"))
        play.sees(page(0, api="operational", web="operational"), at=0).tells()
        return play

    def sees(self, observation: Observation, *, at: float | None = None) -> Play:
        """One observation, a minute after the last unless ``at`` says when."""
        self.now = self.now + 1 if at is None else at
        told = self.elsewhere or {}
        self.memory, self.told = advance(self.memory, observation, minute(self.now), told)
        return self

    def stays(self, times: int = 1) -> Play:
        """The page answers "unchanged"."""
        for _ in range(times):
            self.sees(Unchanged())
        return self

    def misses(self, times: int = 1) -> Play:
        """The page cannot be read."""
        for _ in range(times):
            self.sees(UNREACHABLE)
        return self

    def tells(self, *expected: tuple[type, str] | type) -> Play:
        """Exactly these events came of the last observation, in this order."""
        assert [_line(event) for event in self.told] == [
            (item.__name__, "") if isinstance(item, type) else (item[0].__name__, item[1])
            for item in expected
        ]
        return self

    def wants_words_of(self, *ids: str) -> Play:
        """These incidents left the list, and their closing words are wanted."""
        assert {known.id for known in leaving(self.memory)} == set(ids)
        return self


def _line(event: Event) -> tuple[str, str]:
    match event:
        case PageUnreadable() | PageReadable():
            words = ""
        case ComponentChanged():
            names = "+".join(ref.name for ref in event.components)
            words = f"{names} {event.old or ''}->{event.new}"
        case _:
            words = f"{event.incident_id} {event.incident_status}"
    return type(event).__name__, words
