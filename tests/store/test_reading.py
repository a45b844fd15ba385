"""What ``traywatch status`` sees from another process."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.store.build import NOW, TODAY, fresh_store, key, looked, record, take, with_seen
from traywatch.core.errors import StoreError
from traywatch.core.memory import Seen
from traywatch.store.reading import read_pages, read_profile
from traywatch.store.rows import without_look
from traywatch.store.sqlite import LOOKS_EVERY, SqliteStore

PAGE = with_seen(record(), {key(1): Seen(1, TODAY)})


@pytest.fixture
def running(store: SqliteStore) -> SqliteStore:
    take(store, PAGE, 1)
    store.put_setting("paused", "yes")
    return store


def contents(directory: Path) -> dict[str, bytes]:
    """Everything but what SQLite keeps beside the database while anyone has it open."""
    return {path.name: path.read_bytes() for path in directory.glob("*.db")}


def test_beside_a_running_watcher(running: SqliteStore, directory: Path) -> None:
    running._connection.execute("BEGIN IMMEDIATE")  # even in the middle of a commit
    profile = read_profile(directory)
    running._connection.execute("ROLLBACK")
    assert profile.looked_at == {"example": NOW}
    assert profile.settings == {"paused": "yes"}
    assert without_look(profile.pages["example"]) == without_look(PAGE)
    assert profile.pages["example"].memory.read_at == NOW
    assert dict(profile.pages["example"].memory.seen) == {}


def test_a_running_watcher_is_a_minute_behind_at_most(
    running: SqliteStore, directory: Path
) -> None:
    soon, late = NOW + timedelta(seconds=30), NOW + LOOKS_EVERY
    take(running, looked(PAGE, soon), now=soon)
    assert read_profile(directory).looked_at == {"example": NOW}
    take(running, looked(PAGE, late), now=late)
    assert read_profile(directory).looked_at == {"example": late}
    assert read_pages(directory)["example"].memory.read_at == late


def test_without_a_watcher_and_without_a_trace(running: SqliteStore, directory: Path) -> None:
    running.close()
    before = contents(directory)
    assert list(read_pages(directory)) == ["example"]
    assert contents(directory) == before
    store = fresh_store(directory)
    assert list(store.pages()) == ["example"]
    store.close()


@pytest.mark.parametrize("exists", [True, False])
def test_where_nothing_is_stored_yet_it_says_so(directory: Path, exists: bool) -> None:
    if exists:
        directory.mkdir()
    with pytest.raises(StoreError, match=r"nothing has been stored in .*profile yet"):
        read_profile(directory)
    assert directory.exists() == exists


@pytest.mark.parametrize("spoilt", [b"", b"x" * 5000])
def test_a_damaged_file_is_one_line_and_stays_where_it_is(directory: Path, spoilt: bytes) -> None:
    directory.mkdir()
    (directory / "traywatch.db").write_bytes(spoilt)
    with pytest.raises(StoreError, match=r"traywatch\.db cannot be read: it is"):
        read_profile(directory)
    assert contents(directory) == {"traywatch.db": spoilt}


def test_a_page_that_cannot_be_understood_is_one_line(
    running: SqliteStore, directory: Path
) -> None:
    running._connection.execute("UPDATE pages SET record = '[]'")
    with pytest.raises(StoreError, match="cannot be read"):
        read_profile(directory)
