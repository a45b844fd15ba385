"""A disk that is full, read-only, locked or open to others (requirements S3, S5).

What a commit could not do it has not begun: the same commit succeeds once the disk is back.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.build import (
    NOW,
    TODAY,
    URL,
    fresh_store,
    key,
    logged,
    opened,
    record,
    take,
    with_seen,
)
from tests.store.disks import fill, mount
from traywatch.core.errors import StoreError
from traywatch.core.memory import Seen, overlaid
from traywatch.store import Commit, Cursor, opening
from traywatch.store.reading import read_profile
from traywatch.store.sqlite import SqliteStore

posix = pytest.mark.skipif(os.name != "posix", reason="there are no modes on Windows")


def commit_of(*numbers: int, size: int = 10) -> Commit:
    """Events that take so many bytes, with as many keys."""
    fresh = {key(number): Seen(number, TODAY) for number in numbers}
    return Commit(
        with_seen(record(page_name="x" * size), fresh), tuple(opened(number) for number in numbers)
    )


def holds(store: SqliteStore, *numbers: int) -> bool:
    """Exactly these, in the log and among the keys."""
    log = logged(store) == [f"number {number}" for number in numbers]
    return log and set(store.pages()["example"].memory.seen) == {key(n) for n in numbers}


# ---------------------------------------------------------------- full


def test_a_full_disk_refuses_and_half_does_nothing_and_takes_it_all_later(
    small_disk: Path,
) -> None:
    directory = small_disk / "profile"
    store = fresh_store(directory)
    store.commit([commit_of(1)], NOW)
    store.move_cursor("log", Cursor(1))
    ballast = fill(small_disk)
    large = commit_of(1, 2, 3, size=50_000)
    for _ in range(3):
        with pytest.raises(StoreError, match="the disk is full"):
            store.commit([large, Commit(record("another"))], NOW)
        assert holds(store, 1)
        assert list(store.pages()) == ["example"]
    ballast.unlink()
    store.commit([Commit(large.record, large.events[1:])], NOW)
    assert holds(store, 1, 2, 3)
    assert store.cursor("log") == Cursor(1)
    store.close()
    store = fresh_store(directory)
    assert [r.seq for r in store.events_after(1, 10)] == [2, 3]
    assert store._connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    store.close()


def test_a_disk_that_fills_up_stops_cursors_without_harm(small_disk: Path) -> None:
    store = fresh_store(small_disk / "profile")
    store.commit([commit_of(1)], NOW)
    fill(small_disk)
    with pytest.raises(StoreError, match="the disk is full"):
        move_on_and_on(store)
    assert holds(store, 1)
    store.close()


def move_on_and_on(store: SqliteStore) -> None:
    for seq in range(10_000):
        store.move_cursor("log", Cursor(seq, "x" * 200))


def test_on_a_full_disk_it_cannot_begin_and_says_so(small_disk: Path) -> None:
    directory = small_disk / "profile"
    directory.mkdir()
    ballast = fill(small_disk)
    with pytest.raises(StoreError, match=r"full|No space"):
        SqliteStore.open(directory, NOW)
    ballast.unlink()
    fresh_store(directory).close()


def test_what_is_stored_opens_on_a_full_disk_or_is_refused_but_never_set_aside(
    small_disk: Path,
) -> None:
    directory = small_disk / "profile"
    store = fresh_store(directory)
    take(store, record(), 1)
    store.close()
    ballast = fill(small_disk)
    with pytest.raises(StoreError, match=r"disk|cannot be opened"):
        SqliteStore.open(directory, NOW)
    assert [path.name for path in directory.glob("*damaged*")] == []
    ballast.unlink()
    store = fresh_store(directory)
    assert logged(store) == ["number 1"]
    store.close()


def test_full_wherever_the_limit_falls_nothing_is_half_done(directory: Path) -> None:
    """The same without a mount: SQLite's own page limit, at every height."""
    store = fresh_store(directory)
    store.commit([commit_of(1)], NOW)
    connection = store._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    many = commit_of(*range(1, 200), size=9_000)
    later = Commit(many.record, many.events[1:])
    refused = 0
    for limit in range(pages, pages + 40):
        connection.execute(f"PRAGMA max_page_count = {limit}")
        try:
            store.commit([later], NOW)
        except StoreError:
            assert holds(store, 1)
            refused += 1
        else:
            break
    assert refused > 5
    assert holds(store, *range(1, 200))
    store.close()


# ---------------------------------------------------------------- read-only


@pytest.fixture
def read_only(small_disk: Path) -> Iterator[Path]:
    """A profile with one event, on a file system that was then mounted read-only."""
    store = fresh_store(small_disk / "profile")
    take(store, with_seen(record(), {key(1): Seen(1, TODAY)}), 1)
    store.put_setting("paused", "yes")
    store.close()
    mount("-o", "remount,ro", str(small_disk))
    yield small_disk / "profile"
    mount("-o", "remount,rw", str(small_disk))


def test_a_read_only_profile_is_refused_and_read_all_the_same(read_only: Path) -> None:
    with pytest.raises(StoreError, match="cannot be"):
        SqliteStore.open(read_only, NOW)
    profile = read_profile(read_only)
    assert profile.pages["example"].url == URL
    assert profile.settings == {"paused": "yes"}
    store = SqliteStore.in_memory(read_only)
    assert holds(store, 1)
    store.close()


def test_a_read_only_folder_without_a_profile_is_refused_by_name(read_only: Path) -> None:
    with pytest.raises(StoreError, match=r"profile folder .*other cannot be made: Read-only"):
        SqliteStore.open(read_only / "other", NOW)


def test_a_damaged_file_in_a_read_only_folder_is_refused_with_both_reasons(
    small_disk: Path,
) -> None:
    (small_disk / "traywatch.db").write_bytes(b"x")
    mount("-o", "remount,ro", str(small_disk))
    with pytest.raises(StoreError, match=r"cannot be set aside: Read-only"):
        SqliteStore.open(small_disk, NOW)
    with pytest.raises(StoreError, match="it is no database"):
        read_profile(small_disk)
    mount("-o", "remount,rw", str(small_disk))


def test_a_store_that_turns_read_only_and_back_loses_nothing(store: SqliteStore) -> None:
    store.commit([commit_of(1)], NOW)
    store._connection.execute("PRAGMA query_only = ON")
    for attempt in (
        lambda: store.commit([commit_of(2)], NOW),
        lambda: store.move_cursor("log", Cursor(1)),
        lambda: store.put_setting("paused", "yes"),
        lambda: store.prune(NOW),
        lambda: store.cursor("unheard of"),
    ):
        with pytest.raises(StoreError, match="cannot be written"):
            attempt()
    assert holds(store, 1)
    store._connection.execute("PRAGMA query_only = OFF")
    page = commit_of(2)
    store.commit(
        [Commit(with_seen(store.pages()["example"], page.record.memory.seen), page.events)], NOW
    )
    assert holds(store, 1, 2)


# ---------------------------------------------------------------- in memory meanwhile


def tells(store: SqliteStore, *numbers: int) -> None:
    """More of the page, on top of what the store knows of it."""
    page = store.pages()["example"]
    fresh = {key(number): Seen(number, TODAY) for number in numbers}
    memory = replace(page.memory, seen=overlaid(page.memory.seen, fresh))
    events = tuple(opened(number) for number in numbers)
    store.commit([Commit(replace(page, memory=memory), events)], NOW)


def in_memory(profile: Path, *numbers: int) -> SqliteStore:
    """Begun with what could be read, and told more since."""
    store = SqliteStore.in_memory(profile)
    tells(store, *numbers)
    store.move_cursor("log", Cursor(0, "so far"))
    return store


def test_once_the_disk_can_be_written_what_was_in_memory_is_kept(read_only: Path) -> None:
    store = in_memory(read_only, 2, 3)
    with pytest.raises(StoreError):
        store.move_to(read_only)
    assert holds(store, 1, 2, 3), "nothing moved"
    before = store.pages()["example"].memory
    mount("-o", "remount,rw", str(read_only.parent))
    store.move_to(read_only)
    assert not store.in_memory_only
    assert set(before.seen) == {key(n) for n in (1, 2, 3)}, "what was laid over memory still holds"
    tells(store, 4)
    store.close()
    store = fresh_store(read_only)
    assert holds(store, 1, 2, 3, 4)
    assert store.cursor("log") == Cursor(0, "so far")
    assert store.setting("paused") == "yes"
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()


def test_what_another_program_wrote_meanwhile_is_not_overwritten(read_only: Path) -> None:
    store = in_memory(read_only, 2)
    mount("-o", "remount,rw", str(read_only.parent))
    other = fresh_store(read_only)
    other.commit([commit_of(1, 7)], NOW)
    other.close()
    with pytest.raises(StoreError, match="another program wrote to it meanwhile"):
        store.move_to(read_only)
    assert holds(store, 1, 2)
    store.close()


def test_a_disk_too_full_to_move_to_is_left_as_it_was(small_disk: Path) -> None:
    profile = small_disk / "profile"
    store = fresh_store(profile)
    store.commit([commit_of(1)], NOW)
    store.close()
    store = in_memory(profile, *range(2, 200))
    ballast = fill(small_disk)
    with pytest.raises(StoreError):
        store.move_to(profile)
    assert holds(store, *range(1, 200))
    ballast.unlink()
    store.move_to(profile)
    store.close()
    store = fresh_store(profile)
    assert holds(store, *range(1, 200))
    store.close()


# ---------------------------------------------------------------- locked


@pytest.fixture
def rival(store: SqliteStore, directory: Path) -> Iterator[sqlite3.Connection]:
    """Another program that holds the write lock for as long as the test likes."""
    connection = sqlite3.connect(directory / "traywatch.db", isolation_level=None)
    yield connection
    connection.close()


def test_a_locked_store_refuses_at_once_and_takes_it_all_later(
    store: SqliteStore, rival: sqlite3.Connection
) -> None:
    store.commit([commit_of(1)], NOW)
    rival.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        with pytest.raises(StoreError, match="another program holds it locked"):
            store.commit([commit_of(1, 2)], NOW)
        with pytest.raises(StoreError, match="another program holds it locked"):
            store.move_cursor("log", Cursor(1))
    assert holds(store, 1)  # reading goes on
    rival.execute("COMMIT")
    later = commit_of(1, 2)
    store.commit([Commit(later.record, later.events[1:])], NOW)
    assert holds(store, 1, 2)


def test_a_profile_that_is_locked_at_start_is_refused_not_set_aside(
    store: SqliteStore,
    rival: sqlite3.Connection,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take(store, record(), 1)
    store.close()
    monkeypatch.setattr(opening, "OPEN_TIMEOUT_S", 0.0)
    rival.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="another program holds it locked"):
        SqliteStore.open(directory, NOW)
    rival.execute("COMMIT")
    rival.close()
    store = fresh_store(directory)
    assert logged(store) == ["number 1"]
    store.close()


# ---------------------------------------------------------------- private


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277, 0o777])
def test_everything_is_private_whatever_the_umask(directory: Path, umask: int) -> None:
    directory.mkdir()
    profile = directory / "profile"
    before = os.umask(umask)
    try:
        store = fresh_store(profile)
        take(store, record(), 1)
        modes = {path.name: mode(path) for path in profile.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert modes == {
        "traywatch.db": 0o600,
        "traywatch.db-wal": 0o600,
        "traywatch.db-shm": 0o600,
    }
    assert mode(profile) == 0o700


@posix
def test_what_was_open_to_others_is_closed_to_them(store: SqliteStore, directory: Path) -> None:
    store.close()
    (directory / "traywatch.db").chmod(0o644)
    directory.chmod(0o755)
    store = fresh_store(directory)
    take(store, record(), 1)
    assert {mode(path) for path in directory.iterdir()} == {0o600}
    assert mode(directory) == 0o700
    store.close()


@posix
def test_a_folder_that_is_shared_on_purpose_stays_so(directory: Path) -> None:
    """``--profile /tmp``, as root: closing it would break the machine."""
    directory.mkdir()
    directory.chmod(0o1777)
    fresh_store(directory).close()
    assert mode(directory) == 0o1777
    assert mode(directory / "traywatch.db") == 0o600


@posix
def test_a_folder_its_owner_made_read_only_stays_so(store: SqliteStore, directory: Path) -> None:
    store.close()
    directory.chmod(0o555)
    with suppress(StoreError):  # root is not stopped by modes
        SqliteStore.open(directory, NOW)[0].close()
    assert mode(directory) == 0o500
    directory.chmod(0o700)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
