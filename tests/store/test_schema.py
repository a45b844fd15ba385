"""From an older version to this one, and never from a newer one back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.store.build import NOW, fresh_store, logged, record, take
from traywatch.core.errors import StoreError
from traywatch.store import schema
from traywatch.store.opening import open_to_read
from traywatch.store.reading import read_profile
from traywatch.store.schema import OtherVersion
from traywatch.store.sqlite import SqliteStore

NEXT = (
    "ALTER TABLE settings ADD COLUMN put_at INTEGER",
    "UPDATE settings SET put_at = 7",
    "CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT",
)


@pytest.fixture
def old(directory: Path) -> Path:
    """A profile this version wrote."""
    store = fresh_store(directory)
    take(store, record(), 1, 2)
    store.put_setting("paused", "yes")
    store.close()
    return directory


def test_the_tables_of_the_first_version_never_change() -> None:
    """Whoever edits a released migration makes two kinds of version 1. Add another instead."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.upgrade(connection)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'")
    assert {name for (name,) in tables} == {
        "pages",
        "looks",
        "seen",
        "events",
        "cursors",
        "receipts",
        "settings",
    }
    assert schema.version(connection) == len(schema.MIGRATIONS)
    connection.close()


def test_an_older_database_is_brought_up_to_date_with_all_it_holds(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, NEXT))
    store = fresh_store(old)
    assert logged(store) == ["number 1", "number 2"]
    assert store.setting("paused") == "yes"
    assert schema.version(store._connection) == 2
    assert store._connection.execute("SELECT put_at FROM settings").fetchone() == (7,)
    store.close()


def test_an_upgrade_that_fails_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, (*NEXT, "SELECT fail()")))
    connection = sqlite3.connect(old / "traywatch.db", isolation_level=None)
    before = list(connection.iterdump())
    with pytest.raises(sqlite3.OperationalError, match="no such function"):
        schema.upgrade(connection)
    assert list(connection.iterdump()) == before
    assert schema.version(connection) == 1
    connection.close()


def test_a_newer_database_is_refused_by_name_and_left_as_it_is(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, NEXT))
        fresh_store(old).close()
    before = (old / "traywatch.db").read_bytes()
    for attempt in (lambda: SqliteStore.open(old, NOW), lambda: read_profile(old)):
        with pytest.raises(OtherVersion, match=r"traywatch\.db .*newer .*update traywatch"):
            attempt()
    assert (old / "traywatch.db").read_bytes() == before
    assert not list(old.glob("*.damaged-*"))


def test_a_reader_does_not_upgrade(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, NEXT))
    with pytest.raises(StoreError, match="older"):
        open_to_read(old)
