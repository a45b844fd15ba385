"""What holds of ``advance`` for any vendor, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.core.play import heard, minute, page
from traywatch.core.advance import advance
from traywatch.core.memory import KEEP_TOMBSTONES, Memory
from traywatch.core.model import (
    Component,
    ComponentRef,
    ComponentStatus,
    Event,
    Failure,
    Fault,
    Impact,
    Incident,
    IncidentClosed,
    IncidentEdited,
    IncidentEvent,
    IncidentStatus,
    NoHistory,
    Observation,
    Severity,
    Snapshot,
    Unchanged,
    Update,
)

TALK = (
    IncidentStatus.INVESTIGATING,
    IncidentStatus.IDENTIFIED,
    IncidentStatus.MONITORING,
    IncidentStatus.RESOLVED,
)

# ---------------------------------------------------------------- an orderly vendor


@st.composite
def stories(draw: st.DrawFn, *, incident_id: str = "A") -> Incident:
    """An incident with a minute between its updates, as it stands in the end."""
    statuses = draw(st.lists(st.sampled_from(TALK), min_size=1, max_size=5))
    updates = tuple(
        Update(status, f"words {n}", minute(n), f"{incident_id}{n}")
        for n, status in enumerate(statuses)
    )
    return _as_of(Incident(incident_id, incident_id, statuses[-1], updates=updates), len(updates))


def _as_of(incident: Incident, count: int) -> Incident:
    """The incident when it had so many updates."""
    updates = incident.updates[:count]
    return replace(
        incident,
        updates=updates,
        incident_status=updates[-1].incident_status,
        created_at=updates[0].at,
        updated_at=updates[-1].at,
    )


def _run(
    memory: Memory, observations: Iterable[Observation], at: float = 10.0
) -> tuple[Memory, list[Event]]:
    told: list[Event] = []
    for n, observation in enumerate(observations):
        memory, events = advance(memory, observation, minute(at + n))
        told += events
    return memory, told


def _updates(events: Iterable[Event]) -> Counter[str | None]:
    """How often each update was told."""
    return Counter(
        event.update_id
        for event in events
        if isinstance(event, IncidentEvent) and not isinstance(event, IncidentEdited)
    )


def _calm() -> Memory:
    memory, _ = advance(Memory("p"), page(0, api="operational"), minute(0))
    return memory


@given(stories(), st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_the_order_of_webhooks_does_not_matter(story: Incident, counts: list[int]) -> None:
    copies = [heard(_as_of(story, min(count, len(story.updates)))) for count in counts]
    newest = max(copies, key=lambda copy: len(copy.incidents[0].updates)).incidents[0]
    memory, told = _run(_calm(), copies)
    assert _updates(told) == Counter(update.id for update in newest.updates)
    assert memory.incidents["A"].incident_status is newest.incident_status
    assert memory.incidents["A"].body == newest.updates[-1].body


@given(stories(), st.randoms(use_true_random=False))
def test_nor_that_of_updates_that_come_alone(story: Incident, chance: object) -> None:
    """Unless it was reopened: then a late resolution looks like one that was written late."""
    assume(all(u.incident_status is not IncidentStatus.RESOLVED for u in story.updates[:-1]))
    alone = [
        heard(replace(story, updates=(update,), incident_status=update.incident_status))
        for update in story.updates
    ]
    chance.shuffle(alone)  # type: ignore[attr-defined]
    memory, told = _run(_calm(), alone)
    assert _updates(told) == Counter(update.id for update in story.updates)
    assert memory.incidents["A"].closed is story.incident_status.closed
    assert sum(isinstance(event, IncidentClosed) for event in told) <= 1


@given(st.lists(stories(), min_size=1, max_size=3), st.data())
def test_an_older_snapshot_says_nothing(stories_: list[Incident], data: st.DataObject) -> None:
    """However much older: for an hour nothing the page's clock dates back is believed."""
    named = [replace(s, id=f"{n}", name=f"{n}") for n, s in enumerate(stories_)]
    newest = page(20, *named, api="operational")
    memory, _ = _run(_calm(), [newest])
    cut = [_as_of(s, data.draw(st.integers(1, len(s.updates)))) for s in named]
    kept = cut[: data.draw(st.integers(0, len(cut)))]
    older = page(data.draw(st.integers(1, 19)), *kept, api="major_outage")
    after, told = _run(memory, [older] * 5, at=21)
    assert not told
    assert (after.incidents, after.components) == (memory.incidents, memory.components)
    assert after.seen is memory.seen


@given(st.lists(stories(), max_size=3), st.booleans())
def test_the_same_again_says_nothing(stories_: list[Incident], dated: bool) -> None:
    named = [replace(s, id=f"{n}", name=f"{n}") for n, s in enumerate(stories_)]
    said = page(20 if dated else None, *named, api="major_outage")
    memory, _ = _run(_calm(), [said])
    _, told = _run(memory, [said, Unchanged(), said], at=21)
    assert not told


# ---------------------------------------------------------------- any vendor

words = st.text(max_size=8)
ids = st.sampled_from(["a", "b", "c", "", "\ud800", "x\x1fy"])
instants = st.none() | st.datetimes(
    datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)
)
near = st.none() | st.integers(-100, 100).map(minute)
refs = st.lists(st.builds(ComponentRef, words, st.none() | ids), max_size=2).map(tuple)
updates = st.builds(
    Update,
    incident_status=st.sampled_from(IncidentStatus),
    body=words,
    at=near | instants,
    id=st.none() | ids,
    components=refs,
)
incidents = st.builds(
    Incident,
    id=ids,
    name=words,
    incident_status=st.sampled_from(IncidentStatus),
    impact=st.sampled_from(Impact),
    is_maintenance=st.booleans(),
    components=refs,
    updates=st.lists(updates, max_size=3).map(tuple),
    created_at=near | instants,
    updated_at=near | instants,
    starts_at=near,
    ends_at=near,
)
components = st.builds(
    Component,
    id=ids,
    name=words,
    component_status=st.sampled_from(ComponentStatus),
    updated_at=near | instants,
    previous=st.none() | st.sampled_from(ComponentStatus),
)
snapshots = st.builds(
    Snapshot,
    platform=st.just("test"),
    exhaustive=st.booleans(),
    page_name=st.none() | words,
    page_updated_at=near | instants,
    severity=st.none() | st.sampled_from(Severity),
    components=st.lists(components, max_size=3, unique_by=lambda c: c.id).map(tuple),
    incidents=st.lists(incidents, max_size=3, unique_by=lambda i: i.id).map(tuple),
    lists_maintenances=st.booleans(),
)
observations: st.SearchStrategy[Observation] = st.one_of(
    snapshots,
    snapshots,
    snapshots,
    st.just(Unchanged()),
    st.just(NoHistory()),
    st.just(Failure(Fault.UNREADABLE, "a portal")),
)
steps = st.lists(st.tuples(observations, st.integers(-10, 100)), min_size=1, max_size=8)


@settings(max_examples=300)
@given(steps)
def test_whatever_a_vendor_says_is_taken_and_nothing_is_told_twice(
    steps_: list[tuple[Observation, int]],
) -> None:
    """Clocks included: ours goes back now and then, and theirs are anything."""
    memory, now, told = Memory("p"), minute(0), Counter[object]()
    for observation, minutes in steps_:
        now += timedelta(minutes=minutes)
        memory, events = advance(memory, observation, now)
        assert [event.at for event in events] == sorted(event.at for event in events)
        told.update(_identities(events))
        assert memory.page_id == "p"
    assert not [identity for identity, times in told.items() if times > 1]


def _identities(events: Iterable[Event]) -> list[object]:
    """Updates that can be told apart: by their ids."""
    return [
        (event.incident_id, event.update_id)
        for event in events
        if isinstance(event, IncidentEvent)
        and not isinstance(event, IncidentEdited)
        and event.update_id is not None
    ]


@settings(max_examples=300)
@given(steps)
def test_whatever_a_vendor_says_is_told(steps_: list[tuple[Observation, int]]) -> None:
    """Every update of every snapshot that was believed, the backlog of the first one excepted."""
    memory, now, told = _calm(), minute(0), set[object]()
    for observation, minutes in steps_:
        now += timedelta(minutes=minutes)
        before = memory
        memory, events = advance(memory, observation, now)
        told.update(_identities(events))
        if isinstance(observation, Snapshot) and not _is_refused(before, memory, observation):
            for incident in observation.incidents:
                said = {(incident.id, u.id) for u in incident.updates if u.id is not None}
                assert said <= told


def _is_refused(before: Memory, after: Memory, snapshot: Snapshot) -> bool:
    """It was older than what is known, so the page's clock did not move."""
    is_behind = after.behind_since is not None
    return snapshot.exhaustive and is_behind and after.watermark_at == before.watermark_at


@settings(max_examples=20)
@given(st.lists(st.sampled_from(TALK), min_size=1, max_size=2), st.integers(100, 300))
def test_memory_stays_bounded_under_a_flood(statuses: list[IncidentStatus], count: int) -> None:
    memory = _calm()
    for n in range(count):
        updates = tuple(Update(s, "words", minute(i), f"{n}/{i}") for i, s in enumerate(statuses))
        flood = Incident(f"A{n}", "A", statuses[-1], updates=updates)
        memory, _ = advance(memory, heard(flood), minute(n))
    assert len(memory.incidents) <= 2 * KEEP_TOMBSTONES
