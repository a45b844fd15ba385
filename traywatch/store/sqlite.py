"""The Store on SQLite: one file in the profile, one connection, one transaction a change.

What holds true:

- A commit is durable on return, power cut included (WAL, ``synchronous=FULL``), and holds memory,
  seen keys, validators and events together.
- A cursor moves without a flush: safe from a kill; after a power cut it may have stayed behind.
- A commit without events in which nothing changed but when and how a page was last looked at
  (``read_at``, ``misses``, ``failure``, validators) writes nothing. A thousand pages answering
  304 would otherwise be a thousand flushes a minute. Once a minute, and at close, what came
  together is written in one transaction, without a flush. What a kill takes of it is what the
  next look brings: an older validator costs one reply, and ``unreadable``, which is told, is
  not among it.
- ``SqliteStore.open`` gives a store that works, whatever it found, or says why it cannot.

The failpoints are ``store.{create,upgrade,aside,commit,cursor,prune}.*``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Final

from traywatch import failpoints
from traywatch.core.errors import StoreError
from traywatch.core.memory import KEEP_SEEN, Seen
from traywatch.core.model import Recorded
from traywatch.store import Commit, Cursor, PageRecord, database, files, opening, rows, seen
from traywatch.store.opening import Opened
from traywatch.store.rows import StoredPage
from traywatch.store.seen import SeenOnDisk

BUSY_TIMEOUT_S: Final = 0.2
"""How long a commit waits for another program's lock. It blocks the loop, so: hardly."""
LOOKS_EVERY: Final = timedelta(minutes=1)
"""How often looks without news are written."""
KEEP_RECEIPTS: Final = timedelta(days=7)
"""How long a webhook delivery is known by its id. Repeated later, by what it says."""
KEEP_PAGES: Final = KEEP_SEEN
"""How long a page is remembered that is not watched any more."""
KEEP_EVENTS: Final = KEEP_SEEN
"""How long an event waits for a sink that does not come (one that was taken out of use)."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to be done about one page."""

    page: StoredPage
    fresh: Mapping[int, Seen]
    """Keys to write."""
    gone: frozenset[int]
    """Keys to delete."""
    is_news: bool
    """False where only the look differs."""


class SqliteStore:
    """See ``traywatch.store.Store``. Belongs to the thread that opened it."""

    def __init__(self, opened: Opened, place: str) -> None:
        """Use ``open`` or ``in_memory``."""
        self._connection = connection = opened.connection
        self._place = place
        """What error messages call it."""
        self._pages = {
            page_id: page.with_seen(SeenOnDisk(connection, place, page.number))
            for page_id, page in opened.pages.items()
        }
        """What is committed; the ``seen`` of each memory is what is on disk."""
        self._committed_seen: dict[str, Mapping[int, Seen]] = {}
        """``seen`` as it was last committed, to tell what a later one adds."""
        self._numbers = count(1 + max((page.number for page in self._pages.values()), default=0))
        self._last_seq = rows.last_seq(connection)
        self._newcomers: dict[str, int] = {}
        """Where the log stood when a sink never heard of first asked for its cursor, as long as
        that is not stored: with the next events at the latest."""
        self._unwritten: set[str] = set()
        """Pages whose last look is not on disk."""
        self._looks_written_at: datetime | None = None
        self._known_seq: int | None = None
        """How new the file was whose contents a store in memory began with; None: it is no such."""

    @classmethod
    def open(
        cls, directory: Path, now: datetime, *, busy_timeout_s: float = BUSY_TIMEOUT_S
    ) -> tuple[SqliteStore, tuple[str, ...]]:
        """The store of a profile, made where there is none, and what the person should know.

        A file that is damaged, or is not ours, is set aside with a notice. Raises StoreError where
        the folder cannot be written, the file is locked, or it was written by a newer version:
        that one is left as it is.
        """
        path = directory / files.FILE_NAME
        opened, notices = opening.open_or_replace(path, now)
        opened.connection.execute(f"PRAGMA busy_timeout = {int(busy_timeout_s * 1000)}")
        store = cls(opened, str(path))
        with suppress(StoreError):  # housekeeping: a full disk must not keep us from reading
            store.prune(now)
        return store, notices

    @classmethod
    def in_memory(cls, directory: Path | None = None) -> SqliteStore:
        """A store that is gone with the process, for a profile that cannot be written.

        directory: what can be read there it begins with, so that nothing is told again.
        """
        store = cls(opening.open_in_memory(directory), "the store in memory")
        store._known_seq = store._last_seq
        return store

    @property
    def in_memory_only(self) -> bool:
        """Is all of it lost when the process ends?"""
        return self._known_seq is not None

    def move_to(self, directory: Path) -> None:
        """From memory to disk, with everything: what could not be written at start can be now.

        Raises StoreError: nothing moved, and it may be tried again.
        """
        path = directory / files.FILE_NAME
        connection = opening.copy_to_disk(self._connection, path, self._known_seq or 0)
        self._connection, left = connection, self._connection
        self._place = str(path)
        for page in self._pages.values():
            if isinstance(page.memory.seen, SeenOnDisk):
                page.memory.seen.move(connection, self._place)
        left.close()
        self._known_seq = None

    # ---------------------------------------------------------------- pages

    def pages(self) -> Mapping[str, PageRecord]:
        """Every stored page by its id.

        The ``seen`` of a memory is read from disk key by key. Going on from here after a commit,
        instead of from the memory that was committed, lets go of the keys that lay over it.
        """
        return MappingProxyType({page_id: page.record for page_id, page in self._pages.items()})

    def seen(self, page_id: str) -> Mapping[int, Seen]:
        """What is committed of a page's seen keys, as a view of the disk."""
        return self._pages[page_id].memory.seen

    def commit(self, commits: Sequence[Commit], now: datetime) -> None:
        """Take several observations in one transaction; durable on return, power cut included.

        Where there is no news nothing is written (see above). Raises StoreError: nothing happened,
        and the same may be tried again.
        """
        changes = [self._change(page) for page in self._numbered(commits, now).values()]
        recorded = self._recorded(commits, now)
        receipts = [receipt for commit in commits for receipt in commit.receipts]
        durable = bool(recorded or receipts or any(change.is_news for change in changes))
        looks = self._looks_to_write(changes, now, durable)
        if durable or looks:
            failpoints.hit("store.commit.before")
            with self._transaction(durable=durable):
                for change in changes:
                    self._write(change)
                for page in looks.values():
                    rows.write_look(self._connection, page)
                rows.write_newcomers(self._connection, self._newcomers)
                rows.write_events(self._connection, recorded)
                rows.write_receipts(self._connection, receipts, now)
                failpoints.hit("store.commit.inside")
            failpoints.hit("store.commit.after")
            self._newcomers.clear()
        self._last_seq += len(recorded)
        self._take(changes)
        self._note_written(looks, now)

    def _numbered(self, commits: Sequence[Commit], now: datetime) -> dict[str, StoredPage]:
        """The last word on each page of a batch."""
        pages: dict[str, StoredPage] = {}
        for commit in commits:
            page_id = commit.record.page_id
            before = pages.get(page_id) or self._pages.get(page_id)
            number = before.number if before else next(self._numbers)
            pages[page_id] = StoredPage(number, commit.record, looked_at=now)
        return pages

    def _change(self, page: StoredPage) -> _Change:
        before = self._pages.get(page.page_id)
        if before is None:
            return _Change(page, page.memory.seen, frozenset(), is_news=True)
        on_disk = before.memory.seen
        committed = self._committed_seen.get(page.page_id, on_disk)
        fresh, gone = seen.difference(committed, page.memory.seen, on_disk)
        is_news = bool(fresh or gone) or not page.says_the_same_as(before)
        return _Change(page, fresh, gone, is_news)

    def _recorded(self, commits: Sequence[Commit], now: datetime) -> list[Recorded]:
        events = [event for commit in commits for event in commit.events]
        return [Recorded(seq, now, event) for seq, event in enumerate(events, self._last_seq + 1)]

    def _looks_to_write(
        self, changes: Sequence[_Change], now: datetime, news: bool
    ) -> dict[str, StoredPage]:
        """These where there is news among them, and all that waited when it is time."""
        these = {change.page.page_id: change.page for change in changes}
        last = self._looks_written_at
        if last is not None and timedelta(0) <= now - last < LOOKS_EVERY:
            return these if news else {}
        return {page_id: self._pages[page_id] for page_id in self._unwritten} | these

    def _write(self, change: _Change) -> None:
        if change.is_news:
            rows.write_page(self._connection, change.page)
            seen.delete(self._connection, change.gone)
            seen.write(self._connection, change.page.number, change.fresh)

    def _take(self, changes: Sequence[_Change]) -> None:
        """What was committed is what is known now."""
        for change in changes:
            page, page_id = change.page, change.page.page_id
            before = self._pages.get(page_id)
            on_disk = (
                before.memory.seen
                if before
                else SeenOnDisk(self._connection, self._place, page.number)
            )
            self._committed_seen[page_id] = page.memory.seen
            self._pages[page_id] = page.with_seen(on_disk)
            self._unwritten.add(page_id)

    def _note_written(self, looks: Mapping[str, StoredPage], now: datetime) -> None:
        self._unwritten -= looks.keys()
        if not self._unwritten:
            self._looks_written_at = now

    # ---------------------------------------------------------------- the log and its cursors

    def events_after(self, seq: int, limit: int) -> Sequence[Recorded]:
        """The next events of the log, oldest first."""
        with database.explained(self._place):
            return list(rows.read_events(self._connection, seq, limit))

    def last_seq(self) -> int:
        """The sequence number of the newest event, pruned or not; 0 before the first."""
        return self._last_seq

    def cursor(self, sink: str) -> Cursor:
        """Where the sink stands. One never heard of starts at the end of the log, and stays
        there: its place is kept from the first time it is asked for, stored by then or not."""
        with database.explained(self._place):
            found = self._connection.execute(
                "SELECT seq, position FROM cursors WHERE sink = ?", (sink,)
            ).fetchone()
        if found is not None:
            return Cursor(*found)
        seq = self._newcomers.setdefault(sink, self._last_seq)
        with self._transaction():
            rows.write_newcomers(self._connection, self._newcomers)
        self._newcomers.clear()
        return Cursor(seq)

    def move_cursor(self, sink: str, cursor: Cursor) -> None:
        """Durable against a kill; after a power cut it may have stayed behind, never ahead."""
        failpoints.hit("store.cursor.before")
        with self._transaction(durable=False):
            rows.write_cursor(self._connection, sink, cursor)
        failpoints.hit("store.cursor.after")

    # ---------------------------------------------------------------- small things

    def has_receipt(self, receipt: str) -> bool:
        """Was this webhook delivery dealt with already?"""
        with database.explained(self._place):
            found = self._connection.execute(
                "SELECT 1 FROM receipts WHERE receipt = ?", (receipt,)
            ).fetchone()
        return found is not None

    def setting(self, key: str) -> str | None:
        """Something small that is kept between runs."""
        with database.explained(self._place):
            return rows.read_settings(self._connection).get(key)

    def put_setting(self, key: str, value: str | None) -> None:
        """Keep it; None forgets it."""
        with self._transaction():
            rows.write_setting(self._connection, key, value)

    # ---------------------------------------------------------------- upkeep

    def prune(self, now: datetime) -> None:
        """Forget what has had its time: seen keys and incidents not listed for ninety days, pages
        not watched as long, receipts, events every cursor has passed.

        Ninety days in which this ran: a holiday, or a clock that jumps ahead, forgets nothing of
        what will be looked at next.
        """
        newest = max((page.looked_at for page in self._pages.values()), default=now)
        horizon = min(now, newest) - KEEP_PAGES
        kept = {i: page.pruned(now) for i, page in self._pages.items() if page.looked_at >= horizon}
        with self._transaction():
            for page_id, page in self._pages.items():
                if page_id not in kept:
                    rows.forget_page(self._connection, page)
                elif kept[page_id] is not page:
                    rows.write_page(self._connection, kept[page_id])
            self._write_looks(kept[page_id] for page_id in self._unwritten & kept.keys())
            seen.prune(self._connection, now)
            rows.prune_receipts(self._connection, now - KEEP_RECEIPTS)
            rows.prune_events(self._connection, now, KEEP_EVENTS)
            failpoints.hit("store.prune.inside")
        self._pages = kept
        self._unwritten.clear()

    def close(self) -> None:
        """Flush and let go. Calling it twice is fine."""
        with suppress(StoreError), self._transaction(durable=False):
            self._write_looks(self._pages[page_id] for page_id in self._unwritten)
        with suppress(sqlite3.Error):
            self._connection.close()
        self._unwritten.clear()

    def _write_looks(self, pages: Iterable[StoredPage]) -> None:
        for page in pages:
            rows.write_look(self._connection, page)

    @contextmanager
    def _transaction(self, *, durable: bool = True) -> Iterator[None]:
        """All of the block or nothing. Raises StoreError."""
        with (
            database.explained(self._place),
            database.transaction(self._connection, durable=durable),
        ):
            yield
