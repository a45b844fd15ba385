"""The tables, and how a database of an older version becomes one of this version.

``user_version`` counts the migrations a database has been through. A new table or column is a new
entry at the end of MIGRATIONS; an entry that was released is never changed. An event type or an
enum word that older versions do not know is a new entry too, even an empty one: it is what makes
them refuse the file instead of failing in the middle of it.

No table has an index beside its own tree, so what ``quick_check`` passes is whole.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from traywatch import failpoints
from traywatch.core.errors import StoreError
from traywatch.store.database import transaction

APPLICATION_ID: Final = 0x74726179
"""``tray``: in the file's header (byte 68), so that a stranger's database is told apart."""

Migration = tuple[str, ...]
"""The statements that lead from one version to the next."""

MIGRATIONS: Final[tuple[Migration, ...]] = (
    (
        # PageRecord without what the next two tables hold
        """CREATE TABLE pages (
            number INTEGER PRIMARY KEY,
            record TEXT NOT NULL
        ) STRICT""",
        # what changes with every look at a page, news or not
        """CREATE TABLE looks (
            page INTEGER PRIMARY KEY,
            looked_at INTEGER NOT NULL,
            read_at INTEGER,
            look TEXT NOT NULL
        ) STRICT""",
        # Memory.seen in 24 bytes a row: the fingerprint less 2^31 fits a signed int32,
        # the day since 2020 fits an int16
        """CREATE TABLE seen (
            key INTEGER PRIMARY KEY,
            page INTEGER NOT NULL,
            fingerprint INTEGER NOT NULL,
            listed_on INTEGER NOT NULL
        ) STRICT""",
        # AUTOINCREMENT: the newest number is known when every event was pruned
        """CREATE TABLE events (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            recorded_at INTEGER NOT NULL,
            event TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE cursors (
            sink TEXT PRIMARY KEY,
            seq INTEGER NOT NULL,
            position TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE receipts (
            receipt TEXT PRIMARY KEY,
            received_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE settings (
            key TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""",
    ),
)


class OtherVersion(StoreError):
    """The database is whole, and of another version than this program."""


def version(connection: sqlite3.Connection) -> int:
    """How many migrations the database has been through."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return int(found)


def is_whole(connection: sqlite3.Connection) -> bool:
    """Are the tables there as the migrations make them? A changed name of a column is not seen by
    ``quick_check``, but by the first statement that uses it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as sample:
        upgrade(sample)
        return _tables(sample) <= _tables(connection)


def _tables(connection: sqlite3.Connection) -> set[tuple[str, ...]]:
    return set(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))


def refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    """What a newer version wrote is left as it is. Raises OtherVersion, or SqlError."""
    found, known = version(connection), len(MIGRATIONS)
    if found > known:
        raise OtherVersion(
            f"{path} was written by a newer traywatch (schema {found}, this one knows {known}): "
            "update traywatch, or start it with another profile"
        )


def refuse_older(connection: sqlite3.Connection, path: Path) -> None:
    """A reader cannot upgrade. Raises OtherVersion, or SqlError."""
    if version(connection) < len(MIGRATIONS):
        raise OtherVersion(f"{path} was written by an older traywatch: start this one once")


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring a database to the newest version; each step whole or not at all.

    Raises SqlError.
    """
    for number in range(version(connection), len(MIGRATIONS)):
        with transaction(connection):
            for statement in MIGRATIONS[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number + 1}")
            failpoints.hit("store.upgrade.inside")
