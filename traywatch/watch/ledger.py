"""Advance and commit: the only place where memory changes.

What is taken is advanced and committed together with whatever else is waiting, in ONE
transaction, with no await between deciding that something is news and writing it down. Memory
moves only when the transaction is durable: a store that fails leaves it where it was, and the
next look finds the same news again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from traywatch.core.advance import advance
from traywatch.core.draft import BARE
from traywatch.core.errors import StoreError
from traywatch.core.memory import Memory, Overlay
from traywatch.core.model import Event, Observation, Page, Snapshot
from traywatch.core.scope import Scope
from traywatch.platforms.addresses import without_access
from traywatch.store import Commit, PageRecord, Store
from traywatch.watch.clock import Clock
from traywatch.watch.supervise import raisable

log = logging.getLogger(__name__)

_SHOWN: Final = tuple(f.name for f in fields(Memory) if f.name != "read_at")


MOST_TOGETHER: Final = 256
"""So many deliveries share a transaction at most, so that the first of them is not kept waiting."""


@dataclass(slots=True)
class Entry:
    """One thing taken: the observations of one look or delivery, in their order."""

    page_id: str
    observations: tuple[Observation, ...]
    changes: Mapping[str, Any]
    """Fields of the PageRecord to replace: validators, platform, address."""
    receipt: str | None
    done: asyncio.Future[bool]
    repeated: bool = False
    """Its receipt is known: a replay, to be answered and otherwise passed over."""


class Ledger:
    """Every page's record, and the road from an observation to the event log."""

    def __init__(self, store: Store, pages: Iterable[Page], clock: Clock) -> None:
        self.store = store
        self.pages = {page.id: page for page in pages}
        self._clock = clock
        self._scopes = {page.id: Scope.of(page) for page in self.pages.values()}
        self._records = self._known_records()
        self._uncommitted: dict[str, Memory] = {}
        self._waiting: list[Entry] = []
        self._flush_due = False
        self.failure: StoreError | None = None
        """Why the last commit failed; None: it did not."""
        self.events = 0
        """How many were appended to the log since the start."""
        self.on_events: Callable[[], None] = lambda: None
        """Called after events were appended to the log."""
        self.on_change: Callable[[], None] = lambda: None
        """Called after any memory changed."""

    def record(self, page_id: str) -> PageRecord:
        """What is committed of a page."""
        return self._records[page_id]

    def memory(self, page_id: str) -> Memory:
        """What is known of a page, also while the store cannot take it."""
        return self._uncommitted.get(page_id) or self._records[page_id].memory

    async def take(
        self, page_id: str, *observations: Observation, receipt: str | None = None, **changes: Any
    ) -> bool:
        """Advance a page and wait until that is durable. Raises StoreError; then nothing moved.

        False: the receipt is known, nothing was done.
        """
        loop = asyncio.get_running_loop()
        entry = Entry(page_id, observations, changes, receipt, loop.create_future())
        self._waiting.append(entry)
        if not self._flush_due:
            self._flush_due = True
            loop.call_soon(self._gather, 0)
        return await entry.done

    def _known_records(self) -> dict[str, PageRecord]:
        """Stored records of the configured pages; a page that now points elsewhere starts anew."""
        stored = self.store.pages()
        records = {BARE: stored.get(BARE) or PageRecord(BARE, "", Memory(BARE))}
        for page in self.pages.values():
            records[page.id] = _at_its_address(stored.get(page.id), page)
        return records

    def _gather(self, gathered: int) -> None:
        """Flush once a turn of the loop brought nothing more: under load one durable write is
        shared by whatever came in meanwhile, alone a delivery waits for a turn and no time."""
        if gathered < len(self._waiting) < MOST_TOGETHER:
            asyncio.get_running_loop().call_soon(self._gather, len(self._waiting))
        else:
            self._flush()

    def _flush(self) -> None:
        """Commit everything that waits, together: one durable write for many deliveries."""
        self._flush_due = False
        entries, self._waiting = self._waiting, []
        staged: dict[str, Commit] = {}
        try:
            staged = self._stage(entries)
            self.store.commit(tuple(staged.values()), self._clock.now())
        except StoreError as error:
            self._fail(entries, staged, error)
        except Exception as error:  # noqa: BLE001 - a fault of ours: nobody may wait for ever
            reason = StoreError(f"storing failed: {type(error).__name__}: {error}")
            self._fail(entries, staged, reason, unforeseen=error)
        else:
            _resolve(entries)
            self._adopt(staged)

    def _stage(self, entries: list[Entry]) -> dict[str, Commit]:
        """One commit a page, every entry advanced on top of the ones before it."""
        staged: dict[str, Commit] = {}
        receipts: set[str] = set()
        for entry in entries:
            if entry.receipt is not None:
                entry.repeated = entry.receipt in receipts or self.store.has_receipt(entry.receipt)
            if entry.repeated:
                continue
            page_id = _home(entry, staged)
            try:
                staged[page_id] = self._advance(page_id, entry, staged)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - one page's bug stops no other's commit
                _resolve([entry], raisable(error))
            else:
                receipts.update(filter(None, (entry.receipt,)))
        return staged

    def _advance(self, page_id: str, entry: Entry, staged: Mapping[str, Commit]) -> Commit:
        base = staged.get(page_id) or Commit(self._records[page_id])
        bare = staged[BARE].record if BARE in staged else self._records[BARE]
        record, told = base.record, bare.memory.seen
        memory, events = record.memory, list(base.events)
        now = self._clock.now()
        for observation in entry.observations:
            named = self._named(page_id, observation)
            memory, news = advance(memory, named, now, () if page_id == BARE else told)
            events += self._relevant(page_id, news, memory)
        receipts = base.receipts + ((entry.receipt,) if entry.receipt else ())
        record = replace(record, memory=memory, **_kept(entry.changes, memory))
        return Commit(record, tuple(events), receipts)

    def _named(self, page_id: str, observation: Observation) -> Observation:
        """The person's own name for a page goes before the page's."""
        page = self.pages.get(page_id)
        if page and page.name and isinstance(observation, Snapshot):
            return replace(observation, page_name=page.name)
        return observation

    def _relevant(self, page_id: str, events: tuple[Event, ...], memory: Memory) -> Iterable[Event]:
        scope = self._scopes.get(page_id)
        if scope is None:
            return events
        return [kept for event in events if (kept := scope.relevant(event, memory)) is not None]

    def _adopt(self, staged: Mapping[str, Commit]) -> None:
        if self.failure is not None:
            log.info("stored again")
        self.failure = None
        events = sum(len(commit.events) for commit in staged.values())
        changed = any(self._moves(commit) for commit in staged.values())
        for page_id, commit in staged.items():
            self._uncommitted.pop(page_id, None)
            self._records[page_id] = self._rebased(commit.record)
        self.events += events
        if events:
            self.on_events()
        if changed:
            self.on_change()

    def _rebased(self, record: PageRecord) -> PageRecord:
        """The record once it is committed: its fresh keys are in the store's own view."""
        if not isinstance(record.memory.seen, Overlay):
            return record
        seen = self.store.seen(record.page_id)
        return replace(record, memory=replace(record.memory, seen=seen))

    def _moves(self, commit: Commit) -> bool:
        """True when anything but the time of the look changed. A quiet look keeps every field."""
        before = self.memory(commit.record.page_id)
        after = commit.record.memory
        return not all(getattr(before, name) is getattr(after, name) for name in _SHOWN)

    def _fail(
        self,
        entries: list[Entry],
        staged: Mapping[str, Commit],
        error: StoreError,
        unforeseen: Exception | None = None,
    ) -> None:
        """Nothing moved, but the person may see what we saw."""
        if self.failure is None:
            log.error(
                "%s; watching goes on, news is kept back until it can be stored",
                error,
                exc_info=unforeseen,
            )
        self.failure = error
        for page_id, commit in staged.items():
            self._uncommitted[page_id] = commit.record.memory
        _resolve(entries, error)
        self.on_change()


def _at_its_address(record: PageRecord | None, page: Page) -> PageRecord:
    """The record, if it is this page's. Under an address that was only rewritten (a token, a slash)
    the page is known, and its documents are looked for again."""
    if record is None or without_access(record.url) != without_access(page.url):
        return PageRecord(page.id, page.url, Memory(page.id))
    if record.url == page.url:
        return record
    return PageRecord(page.id, page.url, record.memory, away_since=record.away_since)


def _kept(changes: Mapping[str, Any], memory: Memory) -> Mapping[str, Any]:
    """All that a look found out, less the validators of an old copy that was put aside: asking by
    them would be answered with "unchanged" and hide what the page says now."""
    if memory.behind_since is None:
        return changes
    return {name: value for name, value in changes.items() if name != "validators"}


def _home(entry: Entry, staged: Mapping[str, Commit]) -> str:
    """The page it is about. A delivery that named none may be about an incident or a component that
    a page came to know since, in this very batch: told under both, it would be told twice."""
    if entry.page_id != BARE:
        return entry.page_id
    snapshots = [said for said in entry.observations if isinstance(said, Snapshot)]
    incidents = {incident.id for snapshot in snapshots for incident in snapshot.incidents}
    components = {component.id for snapshot in snapshots for component in snapshot.components}
    memories = {page_id: commit.record.memory for page_id, commit in staged.items()}
    known = [
        page_id
        for page_id, memory in memories.items()
        if incidents & memory.incidents.keys() or components & memory.components.keys()
    ]
    return known[0] if len(known) == 1 else BARE


def _resolve(entries: Iterable[Entry], error: Exception | None = None) -> None:
    """Answer those who wait; one that was answered, or went away, is passed over."""
    for entry in entries:
        if entry.done.done():
            continue
        if error is None:
            entry.done.set_result(not entry.repeated)
        else:
            entry.done.set_exception(error)
