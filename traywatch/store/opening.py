"""How a database is opened at start, whatever became of it.

Damage (``Damaged``) is what waiting will not mend: the file is set aside and a new one made. What
may pass (a lock, a full disk, a folder without write permission) is a StoreError and touches
nothing, and so is a file of a newer version.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from traywatch.core.errors import StoreError
from traywatch.store import database, files, rows, schema
from traywatch.store.database import Damaged, SqlError
from traywatch.store.rows import StoredPage

OPEN_TIMEOUT_S: Final = 0.5
"""How long one try to open waits for another program's lock; nothing else is done meanwhile."""
CHECK_FOR_S: Final = 1.5
"""How long contents are checked: enough for some 500 MB, what is larger is not ours to expect."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A database that was checked."""

    connection: sqlite3.Connection
    pages: dict[str, StoredPage]
    """Its pages: the check reads them anyway."""


def open_or_replace(path: Path, now: datetime) -> tuple[Opened, tuple[str, ...]]:
    """The database in the file, or a new one, and what the person should know.

    Raises StoreError.
    """
    files.make_private(path.parent)
    try:
        return _open(path), ()
    except Damaged as damage:
        aside = files.set_aside(path, now)
        notice = (
            f"{path} could not be used: {damage}. It was set aside as {aside.name}; "
            "what is going on now is the new starting point."
        )
        return _open(path), (notice,)


def open_in_memory(directory: Path | None) -> Opened:
    """A database in memory: a copy of the one in the directory where that can be read."""
    if directory is not None:
        with suppress(StoreError, *SqlError):
            return _copy_in_memory(directory)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.upgrade(connection)
    return Opened(connection, {})


def copy_to_disk(source: sqlite3.Connection, path: Path, known_seq: int) -> sqlite3.Connection:
    """Replace what the file holds by all of the source, in one transaction.

    known_seq: the newest event of the file when the source was begun with its contents.
    Raises StoreError, and the file is as it was; also where it is damaged: that is for a start.
    """
    files.make_private(path.parent)
    opened = _open(path)
    with _closed_on_error(opened.connection), database.explained(str(path)):
        if rows.last_seq(opened.connection) != known_seq:
            raise StoreError(f"{path}: another program wrote to it meanwhile")
        opened.connection.execute("PRAGMA synchronous = FULL")
        source.backup(opened.connection)
    return opened.connection


def open_to_read(directory: Path) -> sqlite3.Connection:
    """A read-only connection, beside a watcher that is running or without one.

    A WAL database needs its shared memory file, which cannot be made in a read-only folder. Where
    it is missing nobody is writing, and SQLite is told so (``immutable``).
    Raises StoreError, also where nothing was stored yet.
    """
    path = directory / files.FILE_NAME
    if not path.exists():
        raise StoreError(f"nothing has been stored in {directory} yet: start traywatch first")
    try:
        files.inspect(path)
        with _judged(path):
            try:
                return _open_read_only(path, "mode=ro")
            except sqlite3.OperationalError as error:
                if not database.cannot_open(error):
                    raise
                return _open_read_only(path, "mode=ro&immutable=1")
    except Damaged as damage:
        raise StoreError(f"{path} cannot be read: {damage}") from damage


def _open(path: Path) -> Opened:
    """Raises Damaged where the file is to be set aside, else StoreError."""
    if files.has_orphans(path):
        raise Damaged("the database is gone, what is left is its journal")
    if not path.exists():
        files.create(path)
    files.inspect(path)
    files.close_to_others(path)
    with _judged(path):
        connection = database.connect(path, busy_timeout_s=OPEN_TIMEOUT_S)
        with _closed_on_error(connection):
            schema.refuse_newer(connection, path)
            database.set_up(connection)
            schema.upgrade(connection)
            with database.transaction(connection):
                pass  # a lock, or a file that cannot be written, shows here
            return Opened(connection, _check(connection))


def _open_read_only(path: Path, query: str) -> sqlite3.Connection:
    connection = database.connect(path, busy_timeout_s=OPEN_TIMEOUT_S, query=query)
    with _closed_on_error(connection):
        schema.refuse_newer(connection, path)
        schema.refuse_older(connection, path)
    return connection


def _copy_in_memory(directory: Path) -> Opened:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    with _closed_on_error(connection), closing(open_to_read(directory)) as source:
        source.backup(connection)
        return Opened(connection, _check(connection))


def _check(connection: sqlite3.Connection) -> dict[str, StoredPage]:
    """The pages. Raises Damaged, StoreError or SqlError where anything cannot be read.

    ``quick_check`` sees the trees and the types; what is in the texts shows when they are read.
    Every event that is waiting is read, or a sink would stumble over it for ever.
    """
    deadline = time.monotonic() + CHECK_FOR_S
    connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if database.speaks_of_contents(error):
            raise
        verdict = "ok"  # out of time
    finally:
        connection.set_progress_handler(None, 0)
    if verdict != "ok":
        raise Damaged(str(verdict).splitlines()[-1])
    if not schema.is_whole(connection):
        raise Damaged("its tables are not those of traywatch")
    pages = rows.read_pages(connection)
    rows.last_seq(connection)
    for _ in rows.read_events(connection, after=0):
        if time.monotonic() > deadline:
            break
    return pages


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


@contextmanager
def _judged(path: Path) -> Iterator[None]:
    """Tells damage from what may pass. A row that cannot be understood is damage."""
    try:
        yield
    except (Damaged, schema.OtherVersion):
        raise
    except StoreError as error:
        raise Damaged(str(error)) from error
    except SqlError as error:
        if database.speaks_of_contents(error):
            raise Damaged(str(error)) from error
        raise database.explain(str(path), error) from error
