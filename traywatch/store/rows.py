"""A page's record <-> its rows, and what of them has to be written.

pages   the record without what follows: written when it changes, and durably
looks   what every look changes, news or not: small, written in passing
seen    Memory.seen, a row a key (``seen``)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from traywatch.core.errors import StoreError
from traywatch.core.memory import Memory, Seen, prune
from traywatch.core.model import Failure, Recorded
from traywatch.core.reply import Validators
from traywatch.store import Cursor, PageRecord, codec

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LAST_SEQ: Final = 1 << 53
"""A sequence number beyond this was not counted, it was damaged."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the last look at a page changed although the page said nothing new.

    With ``Memory.read_at``, which has a column of its own.
    """

    misses: int = 0
    failure: Failure | None = None
    validators: Validators | None = None


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page as it is stored, or is about to be."""

    number: int
    """Stands for the page id in looks and seen."""
    record: PageRecord
    looked_at: datetime
    """When it was last committed, news or not."""

    @property
    def page_id(self) -> str:
        """Its key everywhere else."""
        return self.record.page_id

    @property
    def memory(self) -> Memory:
        """What is remembered of it."""
        return self.record.memory

    def says_the_same_as(self, before: StoredPage) -> bool:
        """True where nothing but the look, and perhaps the keys, differs."""
        return without_look(self.record) == without_look(before.record)

    def with_seen(self, seen: Mapping[int, Seen]) -> StoredPage:
        """The same with other keys."""
        memory = replace(self.memory, seen=seen)
        return replace(self, record=replace(self.record, memory=memory))

    def pruned(self, now: datetime) -> StoredPage:
        """Without the incidents the vendor has not listed for ninety days, counted from the last
        time the page was read; itself where nothing goes."""
        kept = prune(self.memory, min(now, self.memory.read_at or self.looked_at))
        if kept is self.memory:
            return self
        return replace(self, record=replace(self.record, memory=kept))


def without_look(record: PageRecord) -> PageRecord:
    """What the pages table holds: no look, and no seen keys."""
    memory = replace(record.memory, seen={}, read_at=None, misses=0, failure=None)
    return replace(record, memory=memory, validators=None)


def micros(at: datetime) -> int:
    """Microseconds since 1970, exactly. Raises StoreError without a time zone."""
    if at.tzinfo is None:
        raise StoreError(f"a time without a time zone cannot be stored: {at}")
    return (at - _EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    """The inverse of ``micros``. Raises StoreError where there is no such time."""
    try:
        return _EPOCH + timedelta(microseconds=stored)
    except OverflowError as error:
        raise StoreError(f"a stored time is out of range: {stored}") from error


# ---------------------------------------------------------------- reading
# Each raises SqlError, or StoreError where a row cannot be understood.


def read_pages(connection: sqlite3.Connection) -> dict[str, StoredPage]:
    """Every page by its id; the seen keys are left on disk."""
    pages = {}
    for number, text, looked_at, read_at, look_text in connection.execute(
        "SELECT number, record, looked_at, read_at, look"
        " FROM pages LEFT JOIN looks ON page = number"
    ):
        bare, look = codec.load(PageRecord, text), codec.load(Look, look_text)
        memory = replace(
            bare.memory,
            read_at=None if read_at is None else instant(read_at),
            misses=look.misses,
            failure=look.failure,
        )
        record = replace(bare, memory=memory, validators=look.validators)
        pages[record.page_id] = StoredPage(number, record, instant(looked_at))
    return pages


def read_events(connection: sqlite3.Connection, after: int, limit: int = -1) -> Iterator[Recorded]:
    """The log behind a sequence number, oldest first; a negative limit is none."""
    for seq, recorded_at, event in connection.execute(
        "SELECT seq, recorded_at, event FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, limit),
    ):
        yield Recorded(seq, instant(recorded_at), codec.load_event(event))


def last_seq(connection: sqlite3.Connection) -> int:
    """The newest sequence number that was ever given. Raises StoreError where it is absurd.

    A cursor counts too: should the log's own counter be damaged, nothing new must hide behind
    a cursor.
    """
    (newest,) = connection.execute(
        "SELECT max("
        " coalesce((SELECT max(CAST(seq AS INTEGER)) FROM sqlite_sequence), 0),"
        " coalesce((SELECT max(seq) FROM events), 0),"
        " coalesce((SELECT max(seq) FROM cursors), 0))"
    ).fetchone()
    if newest > _LAST_SEQ:
        raise StoreError(f"the log cannot have come to number {newest}")
    return int(newest)


def read_settings(connection: sqlite3.Connection) -> dict[str, str]:
    """Every setting."""
    return dict(connection.execute("SELECT key, value FROM settings"))


# ---------------------------------------------------------------- writing, inside a transaction


def write_page(connection: sqlite3.Connection, page: StoredPage) -> None:
    """The record; its look and its keys have tables of their own."""
    connection.execute(
        "INSERT OR REPLACE INTO pages (number, record) VALUES (?, ?)",
        (page.number, codec.dump(without_look(page.record))),
    )


def write_look(connection: sqlite3.Connection, page: StoredPage) -> None:
    """What the last look changed."""
    memory = page.memory
    look = Look(memory.misses, memory.failure, page.record.validators)
    read_at = None if memory.read_at is None else micros(memory.read_at)
    connection.execute(
        "INSERT OR REPLACE INTO looks (page, looked_at, read_at, look) VALUES (?, ?, ?, ?)",
        (page.number, micros(page.looked_at), read_at, codec.dump(look)),
    )


def write_events(connection: sqlite3.Connection, recorded: Sequence[Recorded]) -> None:
    """Append to the log."""
    connection.executemany(
        "INSERT INTO events (seq, recorded_at, event) VALUES (?, ?, ?)",
        [(r.seq, micros(r.recorded_at), codec.dump_event(r.event)) for r in recorded],
    )


def forget_page(connection: sqlite3.Connection, page: StoredPage) -> None:
    """The page with all its rows."""
    for statement in (
        "DELETE FROM pages WHERE number = ?",
        "DELETE FROM looks WHERE page = ?",
        "DELETE FROM seen WHERE page = ?",
    ):
        connection.execute(statement, (page.number,))


def write_cursor(connection: sqlite3.Connection, sink: str, cursor: Cursor) -> None:
    """Where a sink stands."""
    connection.execute(
        "INSERT OR REPLACE INTO cursors (sink, seq, position) VALUES (?, ?, ?)",
        (sink, cursor.seq, cursor.position),
    )


def write_newcomers(connection: sqlite3.Connection, begins: Mapping[str, int]) -> None:
    """Where sinks begin that have no cursor yet."""
    connection.executemany("INSERT OR IGNORE INTO cursors VALUES (?, ?, '')", begins.items())


def write_receipts(connection: sqlite3.Connection, receipts: Sequence[str], now: datetime) -> None:
    """Note webhook deliveries; one that is noted already keeps its time."""
    connection.executemany(
        "INSERT OR IGNORE INTO receipts (receipt, received_at) VALUES (?, ?)",
        [(receipt, micros(now)) for receipt in receipts],
    )


def write_setting(connection: sqlite3.Connection, key: str, value: str | None) -> None:
    """Keep a setting; None forgets it."""
    connection.execute("DELETE FROM settings WHERE key = ?", (key,))
    if value is not None:
        connection.execute("INSERT INTO settings (key, value) VALUES (?, ?)", (key, value))


def prune_receipts(connection: sqlite3.Connection, horizon: datetime) -> None:
    """Forget the deliveries before the horizon."""
    connection.execute("DELETE FROM receipts WHERE received_at < ?", (micros(horizon),))


def prune_events(connection: sqlite3.Connection, now: datetime, keep: timedelta) -> None:
    """Forget what every cursor has passed, and what waited too long for a sink that is gone.

    Too long as the log itself counts: while the program did not run, nothing waited in vain.
    """
    connection.execute(
        "DELETE FROM events WHERE seq <= (SELECT min(seq) FROM cursors)"
        " OR recorded_at < min(:now, (SELECT max(recorded_at) FROM events)) - :keep",
        {"now": micros(now), "keep": keep // _MICROSECOND},
    )
