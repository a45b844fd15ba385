"""Whatever is found where the database should be: it is used whole, or set aside with one line."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.build import (
    DAY,
    NOW,
    TODAY,
    fresh_store,
    key,
    logged,
    record,
    take,
    with_seen,
)
from traywatch.core.memory import Seen
from traywatch.store import Cursor, opening
from traywatch.store.schema import OtherVersion
from traywatch.store.sqlite import SqliteStore

HEADER: Final = 100
FOREIGN: Final = "CREATE TABLE notes (note TEXT)"


class Files(dict[str, bytes]):
    """Names and contents."""

    def __repr__(self) -> str:
        return f"Files({', '.join(self)})"


def written(directory: Path, *, closed: bool) -> Files:
    """The files of a profile with something of everything, closed in order or killed."""
    store = fresh_store(directory)
    for page_id in "abc":
        fresh = {key(n, page_id): Seen(n, TODAY) for n in range(150)}
        take(store, with_seen(record(page_id), fresh), *range(10))
    store.move_cursor("log", Cursor(12, "345"))
    store.cursor("console")
    store.put_setting("paused", "yes")
    if closed:
        store.close()
    files = Files({path.name: path.read_bytes() for path in directory.iterdir()})
    store.close()
    return files


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, Files]:
    """One profile that was closed, one that was killed: the second has a WAL."""
    base = tmp_path_factory.mktemp("sound")
    return written(base / "closed", closed=True), written(base / "killed", closed=False)


@contextmanager
def profile_of(files: Mapping[str, bytes]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "profile"
        directory.mkdir()
        for file, contents in files.items():
            (directory / file).write_bytes(contents)
        yield directory


def works(store: SqliteStore) -> None:
    """It takes news and gives it, to a sink it knows and to itself."""
    cursor = store.cursor("log")
    take(store, with_seen(record("new"), {key("new"): Seen(1, TODAY)}), 77)
    assert logged(store, cursor.seq)[-1] == "number 77"
    assert store.pages()["new"].memory.seen[key("new")] == Seen(1, TODAY)
    store.move_cursor("log", Cursor(store.last_seq()))
    store.prune(NOW)
    assert store._connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def opens_and_works(directory: Path) -> tuple[str, ...]:
    """Returns the notices."""
    store, notices = SqliteStore.open(directory, NOW)
    works(store)
    store.close()
    store, again = SqliteStore.open(directory, NOW)
    store.close()
    assert again == ()
    return notices


# ---------------------------------------------------------------- what is found


def test_a_sound_profile_opens_without_a_word(sound: tuple[Files, Files]) -> None:
    for files in sound:
        with profile_of(files) as directory:
            assert opens_and_works(directory) == ()


def test_a_killed_profile_has_lost_nothing(sound: tuple[Files, Files]) -> None:
    _, killed = sound
    assert set(killed) == {"traywatch.db", "traywatch.db-wal", "traywatch.db-shm"}
    with profile_of(killed) as directory:
        store = fresh_store(directory)
        assert store.last_seq() == 30
        assert len(logged(store, 12)) == 18
        assert store.cursor("log") == Cursor(12, "345")
        store.close()


def a_stranger() -> bytes:
    """A database of another program."""
    with tempfile.TemporaryDirectory() as name:
        connection = sqlite3.connect(Path(name) / "x")
        connection.execute(FOREIGN)
        connection.close()
        return (Path(name) / "x").read_bytes()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda whole: b"", "it is empty"),
        (lambda whole: whole[:50], "it is no database"),
        (lambda whole: b"not a database at all" * 500, "it is no database"),
        (lambda whole: b"\0" * len(whole), "it is no database"),
        (lambda whole: a_stranger(), "it is the database of another program"),
        (lambda whole: whole[:HEADER], "malformed|not a database"),
        (lambda whole: whole[: len(whole) // 2], "malformed|Page|invalid"),
        (lambda whole: whole[:4096] + b"\xff" * (len(whole) - 4096), "malformed|Page|btree"),
        (lambda whole: whole[:18] + b"\7\7" + whole[20:], "its format is not known"),
        (lambda whole: whole.replace(b"fingerprint INT", b"fingerprinX INT"), "not those of"),
        (lambda whole: whole.replace(b") STRICT", b"\x80 STRICT"), "can't decode byte"),
        (lambda whole: whole.replace(b'"page_id":"a"', b'"page_id":"\xff"'), "UTF-8"),
        (lambda whole: whole.replace(b'"IncidentOpened"', b'"IncidentOpenex"'), "not know"),
        (lambda whole: whole.replace(b'"baselined":true', b'"baselined":7777'), "bool expected"),
    ],
)
def test_what_cannot_be_used_is_set_aside_whole_with_one_line(
    sound: tuple[Files, Files], spoil: Callable[[bytes], bytes], reason: str
) -> None:
    contents = spoil(sound[0]["traywatch.db"])
    with profile_of({"traywatch.db": contents}) as directory:
        store, notices = SqliteStore.open(directory, NOW)
        (notice,) = notices
        assert "\n" not in notice
        assert any(word in notice for word in reason.split("|")), notice
        assert "set aside as traywatch.db.damaged-20251118T123456Z" in notice
        aside = directory / "traywatch.db.damaged-20251118T123456Z"
        assert aside.read_bytes() == contents
        assert dict(store.pages()) == {}
        works(store)
        store.close()


def test_a_folder_in_its_place_is_set_aside(directory: Path) -> None:
    (directory / "traywatch.db").mkdir(parents=True)
    assert "it is no file" in opens_and_works(directory)[0]


def test_the_wal_goes_with_its_database(sound: tuple[Files, Files]) -> None:
    """Played into the new database it would be the damage all over again."""
    spoilt = {**sound[1], "traywatch.db": b"x" * 8192}
    with profile_of(spoilt) as directory:
        assert "it is no database" in opens_and_works(directory)[0]
        aside = directory / "traywatch.db.damaged-20251118T123456Z-wal"
        assert aside.read_bytes() == sound[1]["traywatch.db-wal"]


def test_a_wal_without_its_database_is_set_aside(sound: tuple[Files, Files]) -> None:
    orphans = {name: contents for name, contents in sound[1].items() if name != "traywatch.db"}
    with profile_of(orphans) as directory:
        assert "the database is gone" in opens_and_works(directory)[0]
        assert (directory / "traywatch.db.damaged-20251118T123456Z-wal").exists()


def test_what_was_set_aside_is_never_overwritten(directory: Path) -> None:
    for text in (b"first", b"second"):
        directory.mkdir(exist_ok=True)
        (directory / "traywatch.db").write_bytes(text)
        store, _ = SqliteStore.open(directory, NOW)
        store.close()
    kept = sorted(path.read_bytes() for path in directory.glob("*.damaged-*"))
    assert kept == [b"first", b"second"]


def test_leftovers_of_a_database_in_the_making_are_no_harm(directory: Path) -> None:
    directory.mkdir()
    (directory / "traywatch.db.new").write_bytes(b"half")
    (directory / "traywatch.db.new-journal").write_bytes(b"half")
    assert opens_and_works(directory) == ()
    assert not list(directory.glob("*.new*"))


def test_a_check_that_takes_too_long_is_given_up(
    sound: tuple[Files, Files], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Running within five seconds counts for more than the last page of a gigabyte."""
    monkeypatch.setattr(opening, "CHECK_FOR_S", -1.0)
    with profile_of(sound[0]) as directory:
        connection = sqlite3.connect(directory / "traywatch.db")
        connection.executemany(
            "INSERT INTO seen VALUES (?, 1, 1, 2000)", [(n * 7919,) for n in range(200_000)]
        )
        connection.commit()
        connection.close()
        store = fresh_store(directory)
        assert len(store.pages()) == 3
        store.close()


def test_a_log_that_lost_its_counter_hides_nothing_behind_a_cursor(
    sound: tuple[Files, Files],
) -> None:
    with profile_of(sound[0]) as directory:
        connection = sqlite3.connect(directory / "traywatch.db")
        connection.execute("DELETE FROM events")
        connection.execute("UPDATE sqlite_sequence SET seq = 3")
        connection.commit()
        connection.close()
        assert opens_and_works(directory) == ()


def test_an_absurd_counter_is_damage(sound: tuple[Files, Files]) -> None:
    """One more than the largest row id cannot be given: nothing would ever be stored again."""
    with profile_of(sound[0]) as directory:
        connection = sqlite3.connect(directory / "traywatch.db")
        connection.execute("UPDATE sqlite_sequence SET seq = 9223372036854775807")
        connection.commit()
        connection.close()
        assert "cannot have come to" in opens_and_works(directory)[0]


# ---------------------------------------------------------------- at random


places = st.one_of(st.integers(0, 4095), st.integers(0, 1 << 20))
"""An offset; the first page, where the header and the schema are, half of the time."""
patches = st.one_of(st.binary(min_size=1, max_size=1), st.binary(min_size=512, max_size=512))


@settings(max_examples=300, deadline=None)
@given(
    victim=st.sampled_from(
        [(0, "traywatch.db"), (1, "traywatch.db"), (1, "traywatch.db-wal")],
    ),
    spots=st.lists(st.tuples(places, patches), max_size=8),
    cut=st.none() | places,
)
def test_damage_anywhere_leaves_a_store_that_works(
    sound: tuple[Files, Files],
    victim: tuple[int, str],
    spots: list[tuple[int, bytes]],
    cut: int | None,
) -> None:
    which, name = victim
    files = Files(sound[which])
    files[name] = damaged(files[name], spots, cut)
    with profile_of(files) as directory:
        try:
            store, notices = SqliteStore.open(directory, NOW)
        except OtherVersion:
            return  # the very bytes of the version were hit: refused with one line
        assert len(notices) <= 1
        works(store)
        store.close()


def damaged(contents: bytes, spots: list[tuple[int, bytes]], cut: int | None) -> bytes:
    """Some places overwritten, perhaps cut short."""
    spoilt = bytearray(contents)
    for place, patch in spots:
        offset = place % len(contents)
        spoilt[offset : offset + len(patch)] = patch
    return bytes(spoilt[: len(contents) if cut is None else cut % len(contents)])


def test_time_moves_on_after_damage(sound: tuple[Files, Files]) -> None:
    """The new store goes on like any other: what it took is there the next day."""
    with profile_of({"traywatch.db": b"x"}) as directory:
        store, _ = SqliteStore.open(directory, NOW)
        take(store, record(), 1)
        store.close()
        store = fresh_store(directory, NOW + DAY)
        assert logged(store) == ["number 1"]
        store.close()
