"""The files of a profile's database: private from their first byte, set aside, never deleted.

    traywatch.db         the database; appears under this name only once it is whole
    traywatch.db-wal     the newest transactions; belongs to the database
    traywatch.db-shm     SQLite's index of the WAL; worthless by itself
    traywatch.db.damaged-20251118T123456Z   what was found broken or strange

Every function raises StoreError where the system refuses.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from traywatch import failpoints
from traywatch.core.errors import StoreError
from traywatch.store import database, schema
from traywatch.store.database import Damaged

FILE_NAME: Final = "traywatch.db"
_COMPANIONS: Final = ("-wal", "-shm", "-journal")
_HEADER_SIZE: Final = 100
_MAGIC: Final = b"SQLite format 3\x00"


def make_private(directory: Path) -> None:
    """Make the folder, or close it to others.

    One that belongs to somebody else, or that is shared on purpose (sticky, like /tmp), is left
    as it is: the files in it are private by themselves. So is the owner's own right to write:
    a folder made read-only stays so.
    """
    with _refusal(f"the profile folder {directory} cannot be made"):
        is_new = not directory.exists()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        found = directory.stat()
        if found.st_uid == os.getuid() and not found.st_mode & stat.S_ISVTX:
            with suppress(OSError):
                directory.chmod(0o700 if is_new else found.st_mode & 0o700)


def close_to_others(path: Path) -> None:
    """Give a database that came with wider permissions (a restored backup) 0600 again."""
    if os.name == "posix":
        for file in (path, *_companions(path)):
            with suppress(OSError):
                file.chmod(0o600)


def create(path: Path) -> None:
    """Make an empty database.

    It is made under another name and renamed, so that a kill leaves nothing or all of it: an
    empty file under the final name has always lost something. Not yet in WAL mode, for the
    same reason: it is one file.
    """
    new = path.with_name(path.name + ".new")
    with _refusal(f"the profile folder {path.parent} cannot be written"):
        for leftover in (new, *_companions(new)):
            leftover.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        os.close(descriptor)
        new.chmod(0o600)  # whatever the umask took away
        with (
            database.explained(str(new)),
            closing(database.connect(new, busy_timeout_s=0)) as connection,
        ):
            schema.upgrade(connection)
        failpoints.hit("store.create.before")
        os.replace(new, path)
        failpoints.hit("store.create.after")


def inspect(path: Path) -> None:
    """Raises Damaged unless the file says in its header that it is ours.

    Read with plain means: a stranger's database is not so much as opened by SQLite, which
    would work off its WAL. https://www.sqlite.org/fileformat2.html, "The Database Header".
    """
    if not path.is_file():
        raise Damaged("it is no file")
    with _refusal(f"{path} cannot be read"), path.open("rb") as file:
        header = file.read(_HEADER_SIZE)
    if not header:
        raise Damaged("it is empty")
    if len(header) < _HEADER_SIZE or not header.startswith(_MAGIC):
        raise Damaged("it is no database")
    if int.from_bytes(header[68:72], "big") != schema.APPLICATION_ID:
        raise Damaged("it is the database of another program")
    if not set(header[18:20]) <= {1, 2}:
        raise Damaged("its format is not known")


def has_orphans(path: Path) -> bool:
    """Is there a WAL or a journal without its database? SQLite would play it into a new one."""
    return not path.exists() and any(file.exists() for file in _companions(path))


def set_aside(path: Path, now: datetime) -> Path:
    """Rename the database and what belongs to it; returns its new name.

    The database goes first. Killed in between, we find orphans and set those aside too; the
    other way round an old state without its newest transactions would pass for a whole one.
    """
    aside = _unused(f"{path}.damaged-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    with _refusal(f"{path} is damaged and cannot be set aside"):
        if path.exists():
            path.rename(aside)
        failpoints.hit("store.aside.between")
        for suffix, file in zip(_COMPANIONS, _companions(path), strict=True):
            if file.exists():
                file.rename(f"{aside}{suffix}")
    return aside


def _unused(name: str) -> Path:
    """The name, or with a number where it is taken."""
    names = (Path(name if n == 1 else f"{name}-{n}") for n in count(1))
    return next(p for p in names if not p.exists() and not has_orphans(p))


def _companions(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in _COMPANIONS)


@contextmanager
def _refusal(what: str) -> Iterator[None]:
    """An OSError becomes a StoreError that begins with ``what``."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{what}: {error.strerror or error}") from error
