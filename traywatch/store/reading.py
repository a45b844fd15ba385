"""What another process reads of a profile, while a watcher runs or not: ``traywatch status``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from traywatch.store import PageRecord, database, files, opening, rows


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """What was stored at one moment."""

    pages: Mapping[str, PageRecord]
    """By page id; without the seen keys. What a running watcher read without finding news
    (``read_at``, ``misses``) is up to a minute old."""
    looked_at: Mapping[str, datetime]
    """When each page was last polled, with or without success; up to a minute old."""
    settings: Mapping[str, str]


def read_profile(directory: Path) -> StoredProfile:
    """Read the profile in the directory, which may be read-only. Changes nothing.

    Raises StoreError, also where nothing was stored yet.
    """
    place = str(directory / files.FILE_NAME)
    with closing(opening.open_to_read(directory)) as connection, database.explained(place):
        connection.execute("BEGIN")  # pages and settings of the same moment
        stored = rows.read_pages(connection)
        settings = rows.read_settings(connection)
    return StoredProfile(
        pages={page_id: page.record for page_id, page in stored.items()},
        looked_at={page_id: page.looked_at for page_id, page in stored.items()},
        settings=settings,
    )


def read_pages(directory: Path) -> Mapping[str, PageRecord]:
    """Only the pages of ``read_profile``."""
    return read_profile(directory).pages
