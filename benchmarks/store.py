"""What storing costs: a commit, a look without news, a cursor, a million seen keys.

The baseline is a bare SQLite transaction of one row, flushed and not, on the same disk.
"""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from traywatch.core.memory import KnownComponent, Memory, Seen, overlaid
from traywatch.core.model import ComponentStatus, Impact, IncidentStatus, IncidentUpdated
from traywatch.store import Commit, Cursor, PageRecord
from traywatch.store.sqlite import SqliteStore

NOW: Final = datetime(2025, 11, 18, 12, 34, 56, tzinfo=UTC)
ROUNDS: Final = 500
PAGES: Final = 100
KEYS: Final = 1_000_000
DICE: Final = random.Random(1)


def main() -> None:
    """Print each figure."""
    with tempfile.TemporaryDirectory() as name:
        for flush in ("FULL", "NORMAL"):
            tell(f"bare SQLite, one row, synchronous={flush}", bare(Path(name), flush))
        store, _ = SqliteStore.open(Path(name) / "small", NOW)
        store.commit([Commit(page("page"))], NOW)
        tell("commit: 50 components, 1 event, 5 keys", lambda number: news(store))
        tell("commit: a look without news", lambda number: look(store, number))
        tell("move_cursor", lambda number: store.move_cursor("log", Cursor(number)))
        tell("events_after: 10 events", lambda number: store.events_after(number, 10))
        store.close()
        a_million_keys(Path(name) / "large")


def tell(what: str, act: Callable[[int], object]) -> None:
    """The median of many."""
    spent = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        act(number)
        spent.append(time.perf_counter() - began)
    print(f"{what:45} {sorted(spent)[ROUNDS // 2] * 1e3:8.3f} ms")


def bare(directory: Path, flush: str) -> Callable[[int], object]:
    connection = sqlite3.connect(directory / f"bare-{flush}", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {flush}")
    connection.execute("CREATE TABLE t (a)")
    return lambda number: connection.execute("INSERT INTO t VALUES (?)", (number,))


def page(page_id: str) -> PageRecord:
    known = {
        str(number): KnownComponent(str(number), "Component", ComponentStatus.OPERATIONAL)
        for number in range(50)
    }
    memory = Memory(page_id, baselined=True, components=known, read_at=NOW)
    return PageRecord(page_id, "https://status.example.com", memory)


def listing(record: PageRecord, count: int) -> PageRecord:
    """The record after a look that listed so many updates for the first time."""
    fresh = {
        DICE.getrandbits(63): Seen(DICE.getrandbits(32), NOW.toordinal() - DICE.randrange(90))
        for _ in range(count)
    }
    memory = replace(record.memory, seen=overlaid(record.memory.seen, fresh))
    return replace(record, memory=memory)


def news(store: SqliteStore) -> None:
    event = IncidentUpdated(
        page_id="page",
        page_name="Page",
        at=NOW,
        incident_id="incident",
        incident_name="Elevated errors",
        incident_status=IncidentStatus.MONITORING,
        impact=Impact.MINOR,
        body="We are watching the recovery. " * 10,
    )
    store.commit([Commit(listing(store.pages()["page"], 5), (event,))], NOW)


def look(store: SqliteStore, number: int) -> None:
    record = store.pages()["page"]
    memory = replace(record.memory, read_at=NOW + timedelta(milliseconds=number))
    store.commit([Commit(replace(record, memory=memory))], NOW)


def a_million_keys(directory: Path) -> None:
    """Inserted in random order, over a hundred pages."""
    store, _ = SqliteStore.open(directory, NOW)
    ids = [f"page-{number}" for number in range(PAGES)]
    store.commit([Commit(page(page_id)) for page_id in ids], NOW)
    for _ in range(KEYS // (PAGES * 100)):
        known = store.pages()
        store.commit([Commit(listing(known[page_id], 100)) for page_id in ids], NOW)
    tell("seen key, found among a million", lambda number: number in store.seen("page-1"))
    store.close()
    size = (directory / "traywatch.db").stat().st_size
    print(f"{'a million keys on disk':45} {size / 1e6:8.1f} MB (at most 40)")
    began = time.perf_counter()
    store, _ = SqliteStore.open(directory, NOW)
    print(f"{'opened and checked, a million keys':45} {time.perf_counter() - began:8.3f} s")
    began = time.perf_counter()
    store.prune(NOW + timedelta(days=1))
    print(f"{'pruned, a million keys':45} {time.perf_counter() - began:8.3f} s")
    store.close()


if __name__ == "__main__":
    main()
