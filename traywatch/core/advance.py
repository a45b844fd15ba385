"""The heart: (memory, observation, now) -> (memory', events). Pure, and the only place where it is
decided that something is news.

    Snapshot, exhaustive        the page was read: follow every incident and component,
                                close what left the list
    Snapshot, not exhaustive    a history, a webhook: follow what it names, nothing more
    Unchanged                   the page says what it said: what had left the list stays away
    NoWords                     the history was asked for closing words in vain: wait, close, or
                                let go of what was none of the page's
    NoHistory                   no closing words are to be had: close without
    Failure                     a miss; the third in a row makes the page unreadable

A closing by absence is told in the vendor's words: ``leaving`` names the incidents whose words
are wanted, the caller reads the page's history and advances with it.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from traywatch.core.components import compare
from traywatch.core.draft import CLOCK_SKEW, Draft
from traywatch.core.incidents import close, follow, follow_quietly
from traywatch.core.memory import KnownIncident, Memory
from traywatch.core.model import (
    Event,
    Failure,
    NoHistory,
    NoWords,
    Observation,
    PageReadable,
    PageUnreadable,
    Snapshot,
    Unchanged,
)

MISSES: Final = 3
"""So many failures in a row make a page unreadable: one is a hiccup."""
PATIENCE: Final = 2
"""So often the history may be asked for closing words in vain, while it lags or fails."""
BEHIND: Final = timedelta(hours=1)
"""After so long of nothing but old copies the page's clock went back, not its content."""
STRANGE: Final = timedelta(minutes=10)
"""For so long, and so many tries, a history may yet come to list what a webhook told of."""
STRANGE_TRIES: Final = 10
HEARSAY: Final = timedelta(minutes=5)
"""How long a page may lag behind what we heard of it elsewhere: CDNs serve minutes-old copies."""


def advance(
    memory: Memory, observation: Observation, now: datetime, told: Container[int] = frozenset()
) -> tuple[Memory, tuple[Event, ...]]:
    """Take one observation of a page.

    told: keys already told by webhooks that named no page (the ``seen`` of the bare memory); the
        page that lists the same updates later does not tell them again.
    Returns the memory to commit together with the events, oldest first by the vendor's time.
    """
    if isinstance(observation, Failure):
        return _miss(memory, observation, now)
    if isinstance(observation, Unchanged) and _is_quiet(memory):
        return replace(memory, read_at=now), ()
    draft = Draft(memory, now, told)
    match observation:
        case Snapshot(exhaustive=True):
            _read(draft)
            _look(draft, observation)
        case Snapshot():
            _hear(draft, observation)
        case Unchanged():
            _read(draft)
            _stay(draft)
        case NoWords():
            _wait_for_words(draft, observation)
        case NoHistory():
            for known in leaving(draft.memory):
                close(draft, known)
    return draft.finish()


def _is_quiet(memory: Memory) -> bool:
    """Nothing hangs in the air, so "unchanged" changes nothing: the path of nearly every poll."""
    hangs = memory.misses or memory.behind_since
    return not hangs and not any(map(_is_restless, memory.incidents.values()))


def leaving(memory: Memory) -> tuple[KnownIncident, ...]:
    """The incidents that left the list and whose closing words are wanted now.

    Without a watermark a single absence may be an old copy, so it takes two.
    """
    enough = 1 if memory.watermark_at else 2
    return tuple(i for i in memory.incidents.values() if not i.closed and i.absences >= enough)


def _read(draft: Draft) -> None:
    """The page answered: whatever was wrong with reading it is over."""
    before = draft.memory
    draft.memory = replace(before, misses=0, failure=None, unreadable=False, read_at=draft.now)
    if before.unreadable:
        draft.events.append(
            PageReadable(page_id=before.page_id, page_name=draft.page_name, at=draft.now)
        )


def _look(draft: Draft, snapshot: Snapshot) -> None:
    if _is_old_copy(draft, snapshot):
        return
    first_look = not draft.memory.baselined
    _take_page(draft, snapshot)
    for incident in snapshot.incidents:
        (follow_quietly if first_look else follow)(draft, incident)
    _confirm_listed(draft, snapshot)
    _count_absent(draft, snapshot)
    compare(draft, snapshot, first_look=first_look)


def _hear(draft: Draft, snapshot: Snapshot) -> None:
    draft.memory = replace(draft.memory, page_name=draft.memory.page_name or snapshot.page_name)
    for incident in snapshot.incidents:
        was_listed = _is_listed(draft.incidents.get(incident.id))
        follow(draft, incident, heard=True)
        if not was_listed:
            draft.incidents[incident.id] = replace(draft.incidents[incident.id], heard=True)
    compare(draft, snapshot)


def _is_listed(known: KnownIncident | None) -> bool:
    """Did the page itself list it as open when it was last read?"""
    return known is not None and not (known.closed or known.heard or known.absences)


def _is_old_copy(draft: Draft, snapshot: Snapshot) -> bool:
    """Reject a copy older than one already seen, unless there is nothing else for an hour."""
    memory = draft.memory
    updated_at = _clock(snapshot, draft.now)
    if updated_at is None or memory.watermark_at is None or updated_at >= memory.watermark_at:
        return False
    since = memory.behind_since or draft.now
    draft.memory = replace(memory, behind_since=since)
    return draft.now - since < BEHIND


def _clock(snapshot: Snapshot, now: datetime) -> datetime | None:
    """The page's own time; None where it dates itself too far into the future to be believed."""
    updated_at = snapshot.page_updated_at
    return None if updated_at is None or updated_at > now + CLOCK_SKEW else updated_at


def _take_page(draft: Draft, snapshot: Snapshot) -> None:
    draft.memory = replace(
        draft.memory,
        page_name=snapshot.page_name or draft.memory.page_name,
        page_url=snapshot.page_url or draft.memory.page_url,
        baselined=True,
        watermark_at=_clock(snapshot, draft.now) or draft.memory.watermark_at,
        behind_since=None,
        severity=snapshot.severity,
    )


def _confirm_listed(draft: Draft, snapshot: Snapshot) -> None:
    """What is listed is not absent; and a page newer than a closing that still lists the incident
    as open takes the closing back: silently, for its words were told."""
    updated_at = _clock(snapshot, draft.now)
    for incident in snapshot.incidents:
        known = replace(draft.incidents[incident.id], absences=0, tries=0, heard=False)
        closed_before = updated_at is not None and updated_at > known.changed_at
        if known.closed and not incident.incident_status.closed and closed_before:
            known = replace(known, incident_status=incident.incident_status, wordless=False)
        draft.incidents[incident.id] = known


def _count_absent(draft: Draft, snapshot: Snapshot) -> None:
    if snapshot.hollow and draft.components:  # half a document: its other half is in doubt as well
        return
    listed = {incident.id for incident in snapshot.incidents}
    for known in tuple(draft.incidents.values()):
        expected = snapshot.lists_maintenances or not known.is_maintenance
        if not known.closed and known.id not in listed and expected and _should_list(draft, known):
            draft.incidents[known.id] = replace(known, absences=known.absences + 1)


def _should_list(draft: Draft, known: KnownIncident) -> bool:
    """False while the page may simply not know yet what a webhook told us."""
    watermark = draft.memory.watermark_at
    if watermark is None and not known.heard:
        return True
    if watermark is not None and watermark >= known.changed_at:
        return True
    return not timedelta(0) <= draft.now - known.listed_at <= HEARSAY


def _stay(draft: Draft) -> None:
    """The same as what was last taken: what it did not list is absent once more."""
    draft.memory = replace(draft.memory, behind_since=None)
    for known in tuple(draft.incidents.values()):
        if _is_restless(known) and (known.absences or _should_list(draft, known)):
            draft.incidents[known.id] = replace(known, absences=known.absences + 1)


def _is_restless(known: KnownIncident) -> bool:
    """Open, and not simply listed as it was: the same bytes again mean something for it."""
    return not known.closed and (known.absences > 0 or known.heard)


def _wait_for_words(draft: Draft, observation: NoWords) -> None:
    """The history had one more chance; in the end better a closing without words than none.

    What only a webhook told of, and neither page nor history lists for longer than caches last, is
    none of the page's: an incident of the product behind it, a post of the person's own. Nobody
    said that it is over, and it is not told.

    Counted by answers of the history and not by looks at the page: however often we are killed
    between the two, the words are asked for.
    """
    for known in leaving(draft.memory):
        if known.tries < PATIENCE:
            draft.incidents[known.id] = replace(known, tries=known.tries + 1)
        elif not (known.heard and known.id in observation.unlisted):
            close(draft, known)
        elif not _is_strange(draft, known):
            draft.incidents[known.id] = replace(known, tries=known.tries + 1)
        else:
            del draft.incidents[known.id]


def _is_strange(draft: Draft, known: KnownIncident) -> bool:
    """Tries are counted besides, for our clock may be set."""
    is_fresh = timedelta(0) <= draft.now - known.listed_at < STRANGE
    return known.tries >= STRANGE_TRIES and not is_fresh


def _miss(memory: Memory, failure: Failure, now: datetime) -> tuple[Memory, tuple[Event, ...]]:
    misses = memory.misses + 1
    unreadable = misses >= MISSES
    after = replace(memory, misses=misses, failure=failure, unreadable=unreadable)
    if not unreadable or memory.unreadable:
        return after, ()
    name = memory.page_name or memory.page_id or None
    event = PageUnreadable(page_id=memory.page_id, page_name=name, at=now, reason=failure.reason)
    return after, (event,)
