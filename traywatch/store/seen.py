"""The keys of what was told: on disk, looked up one by one, never held in RAM.

A row is 24 bytes (``schema``); a look at a page asks for the handful of keys the page lists, at
some microseconds each. What a memory carries is a ``SeenOnDisk`` overlaid with what is news.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Final

from traywatch.core.memory import KEEP_SEEN, Overlay, Seen
from traywatch.store import database

_FIRST_DAY: Final = date(2020, 1, 1).toordinal()
_HALF: Final = 1 << 31


class SeenOnDisk(Mapping[int, Seen]):
    """The stored keys of one page, as they are now. Raises StoreError where the disk does."""

    __slots__ = ("_connection", "_page", "_place")

    def __init__(self, connection: sqlite3.Connection, place: str, page: int) -> None:
        self._connection = connection
        self._place = place
        self._page = page

    def move(self, connection: sqlite3.Connection, place: str) -> None:
        """The same keys are elsewhere now. In place: memories lie over this very mapping."""
        self._connection = connection
        self._place = place

    def __getitem__(self, key: int) -> Seen:
        for fingerprint, listed_on in self._rows(
            "SELECT fingerprint, listed_on FROM seen WHERE key = ? AND page = ?", key, self._page
        ):
            return Seen(fingerprint + _HALF, listed_on + _FIRST_DAY)
        raise KeyError(key)

    def __iter__(self) -> Iterator[int]:
        """Reads the whole table: there is no index by page, it would cost as much again."""
        return (key for (key,) in self._rows("SELECT key FROM seen WHERE page = ?", self._page))

    def __len__(self) -> int:
        """Reads the whole table."""
        ((count,),) = self._rows("SELECT count(*) FROM seen WHERE page = ?", self._page)
        return int(count)

    def _rows(self, statement: str, *values: int) -> list[tuple[int, ...]]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except database.SqlError as error:
            raise database.explain(self._place, error) from error


def difference(
    committed: Mapping[int, Seen], after: Mapping[int, Seen], on_disk: Mapping[int, Seen]
) -> tuple[Mapping[int, Seen], frozenset[int]]:
    """What to write and what to delete so that the disk holds ``after``.

    committed: what was committed last, as it was given.
    Where ``after`` lies over what is on disk, or grew from what was committed, only what lies on
    top is looked at. Anything else (a page that starts anew) is the whole truth, and is compared
    with the disk key by key.
    """
    if after is committed or after is on_disk:
        return {}, frozenset()
    base, fresh = _layers(after)
    old_base, old_fresh = _layers(committed)
    if base is on_disk or base is old_base:
        known = old_fresh if base is old_base else {}
        return {key: seen for key, seen in fresh.items() if known.get(key) != seen}, frozenset()
    written = {key: seen for key, seen in after.items() if on_disk.get(key) != seen}
    return written, frozenset(key for key in on_disk if key not in after)


def _layers(seen: Mapping[int, Seen]) -> tuple[Mapping[int, Seen], Mapping[int, Seen]]:
    """What is underneath, and what was laid over it."""
    return (seen.base, seen.fresh) if isinstance(seen, Overlay) else (seen, {})


# ---------------------------------------------------------------- writing, inside a transaction


def write(connection: sqlite3.Connection, page: int, seen: Mapping[int, Seen]) -> None:
    """Add keys, or replace them. In their order, which is kind to the tree."""
    connection.executemany(
        "INSERT OR REPLACE INTO seen (key, page, fingerprint, listed_on) VALUES (?, ?, ?, ?)",
        [
            (key, page, fingerprint - _HALF, listed_on - _FIRST_DAY)
            for key, (fingerprint, listed_on) in sorted(seen.items())
        ],
    )


def delete(connection: sqlite3.Connection, keys: frozenset[int]) -> None:
    """Forget keys."""
    connection.executemany("DELETE FROM seen WHERE key = ?", [(key,) for key in sorted(keys)])


def prune(connection: sqlite3.Connection, now: datetime) -> None:
    """Forget the keys the vendor has not listed for ninety days.

    Counted from the last time the page was read: while the machine slept or the network was
    away, a vendor went on listing what it lists. (What is listed is touched at least every
    eight days, when validators are dropped and the page is read whole.)
    """
    connection.execute(
        """
        DELETE FROM seen
        WHERE listed_on < :horizon
        AND listed_on < (
            SELECT coalesce(read_at, looked_at) / 86400000000 + :epoch - :kept
            FROM looks WHERE looks.page = seen.page
        )
        """,
        {
            "horizon": (now - KEEP_SEEN).toordinal() - _FIRST_DAY,
            "epoch": date(1970, 1, 1).toordinal() - _FIRST_DAY,
            "kept": KEEP_SEEN.days,
        },
    )
