"""The Store protocol, kept over a restart."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.store.build import (
    DAY,
    NOW,
    TODAY,
    fresh_store,
    incident,
    key,
    logged,
    looked,
    opened,
    record,
    take,
    updated,
    with_seen,
)
from traywatch import failpoints
from traywatch.core.errors import StoreError
from traywatch.core.memory import Seen
from traywatch.core.model import Failure, Fault
from traywatch.core.reply import Validators
from traywatch.store import Commit, Cursor, PageRecord, codec
from traywatch.store.rows import Look, without_look
from traywatch.store.sqlite import LOOKS_EVERY, SqliteStore

MISSED = Failure(Fault.UNREACHABLE, "no answer")


def reopened(store: SqliteStore, directory: Path, after: timedelta = timedelta(0)) -> SqliteStore:
    store.close()
    return fresh_store(directory, NOW + after)


def whole(page: PageRecord) -> tuple[PageRecord, object, dict[int, Seen]]:
    """Everything of a record, comparable."""
    memory = page.memory
    look = (memory.read_at, memory.misses, memory.failure, page.validators)
    return without_look(page), look, dict(memory.seen)


# ---------------------------------------------------------------- one commit


def test_a_new_store_is_empty(store: SqliteStore) -> None:
    assert dict(store.pages()) == {}
    assert store.last_seq() == 0
    assert store.events_after(0, 10) == []
    assert store.setting("paused") is None
    assert not store.has_receipt("r")


def test_a_commit_holds_everything_over_a_restart(store: SqliteStore, directory: Path) -> None:
    page = record(
        incidents={"i": incident("i")},
        seen={key(1): Seen(7, TODAY), key(2): Seen(2**32 - 1, TODAY)},
        misses=2,
        failure=MISSED,
    )
    store.commit([Commit(page, (opened(1), updated("two")), ("delivery",))], NOW)
    assert whole(store.pages()["example"]) == whole(page)
    store = reopened(store, directory)
    assert whole(store.pages()["example"]) == whole(page)
    assert [r.seq for r in store.events_after(0, 10)] == [1, 2]
    assert [r.event for r in store.events_after(0, 10)] == [opened(1), updated("two")]
    assert {r.recorded_at for r in store.events_after(0, 10)} == {NOW}
    assert store.has_receipt("delivery")
    store.close()


def test_several_commits_are_one_transaction(store: SqliteStore) -> None:
    good = Commit(record("a"), (opened(1, "a"),), ("ra",))
    naive = replace(record("b"), detected_at=NOW.replace(tzinfo=None))
    with pytest.raises(StoreError, match="without a time zone"):
        store.commit([good, Commit(naive, (opened(2, "b"),), ("rb",))], NOW)
    assert dict(store.pages()) == {}
    assert store.events_after(0, 10) == []
    assert store.last_seq() == 0
    assert not store.has_receipt("ra")
    store.commit([good], NOW)
    assert store.last_seq() == 1
    assert list(store.pages()) == ["a"]


def test_of_a_page_twice_in_a_batch_the_last_word_counts_and_every_event(
    store: SqliteStore, directory: Path
) -> None:
    first, second = record(page_name="One"), record(page_name="Two")
    store.commit([Commit(first, (opened(1),)), Commit(second, (opened(2),))], NOW)
    store = reopened(store, directory)
    assert store.pages()["example"].memory.page_name == "Two"
    assert logged(store) == ["number 1", "number 2"]
    store.close()


def test_the_page_without_an_id_is_a_page(store: SqliteStore, directory: Path) -> None:
    """What bare webhooks told is remembered under the empty id."""
    store.commit([Commit(with_seen(record(""), {key(1, ""): Seen(1, TODAY)}))], NOW)
    store = reopened(store, directory)
    assert store.pages()[""].memory.seen[key(1, "")] == Seen(1, TODAY)
    store.close()


def test_a_receipt_twice_is_one(store: SqliteStore) -> None:
    for _ in range(2):
        store.commit([Commit(record(), (), ("r", "r"))], NOW)
    assert store.has_receipt("r")


def test_what_matters_is_flushed_and_what_does_not_is_not(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flush is what a commit costs (0.3 ms here, 10 ms on a disk that turns)."""
    flushed: list[tuple[str, bool]] = []

    def note(point: str) -> None:
        (level,) = store._connection.execute("PRAGMA synchronous").fetchone()
        flushed.append((point, level >= 2))

    monkeypatch.setattr(failpoints, "hit", note)
    take(store, record(), 1)
    take(store, looked(record(), NOW), now=NOW + LOOKS_EVERY)
    store.move_cursor("console", Cursor(1))
    store.prune(NOW)
    assert [(point, level) for point, level in flushed if not point.endswith(".before")] == [
        ("store.commit.inside", True),
        ("store.commit.after", True),
        ("store.commit.inside", False),
        ("store.commit.after", False),
        ("store.cursor.after", False),
        ("store.prune.inside", True),
    ]
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


# ---------------------------------------------------------------- a look without news


def test_a_look_without_news_is_known_at_once_and_written_within_a_minute(
    store: SqliteStore, directory: Path
) -> None:
    take(store, record())
    pages, looks = rows_of(directory, "pages"), rows_of(directory, "looks")
    quiet = looked(record(), NOW + timedelta(seconds=30))
    take(store, quiet, now=NOW + timedelta(seconds=30))
    assert store.pages()["example"].memory.read_at == NOW + timedelta(seconds=30)
    assert rows_of(directory, "looks") == looks
    late = NOW + LOOKS_EVERY
    take(store, looked(record(), late), now=late)
    assert rows_of(directory, "looks") != looks
    assert rows_of(directory, "pages") == pages


def test_looks_that_wait_are_written_together_with_those_of_other_pages(
    store: SqliteStore, directory: Path
) -> None:
    for page_id in "abc":
        take(store, record(page_id))
    before = rows_of(directory, "looks")
    for second, page_id in enumerate("ab", 1):
        at = NOW + timedelta(seconds=second)
        take(store, looked(record(page_id), at), now=at)
    assert rows_of(directory, "looks") == before
    late = NOW + LOOKS_EVERY
    take(store, looked(record("c"), late), now=late)
    assert len(set(rows_of(directory, "looks")) - set(before)) == 3


def test_looks_are_written_at_close_and_when_the_clock_went_back(
    store: SqliteStore, directory: Path
) -> None:
    take(store, record())
    yesterday = NOW - DAY
    take(store, looked(record(), yesterday), now=yesterday)
    assert len(rows_of(directory, "looks")) == 1
    validators = Validators("u", NOW, etag='"2"')
    misses = replace(record(misses=2, failure=MISSED), validators=validators)
    take(store, misses, now=yesterday + timedelta(seconds=1))
    store = reopened(store, directory)
    again = store.pages()["example"]
    assert (again.memory.misses, again.memory.failure) == (2, MISSED)
    assert again.validators == validators
    store.close()


def test_a_look_with_news_writes_its_validators_with_the_news(
    store: SqliteStore, directory: Path
) -> None:
    """Never apart: a stored validator without its news would be answered 304 for ever."""
    take(store, record())
    validators = Validators("u", NOW, etag='"2"')
    take(store, replace(record(), validators=validators), 1)
    assert codec.load(Look, str(rows_of(directory, "looks")[0][-1])).validators == validators


def rows_of(directory: Path, table: str) -> list[tuple[object, ...]]:
    """What another connection sees."""
    other = sqlite3.connect(directory / "traywatch.db")
    found = other.execute(f"SELECT * FROM {table}").fetchall()
    other.close()
    return found


# ---------------------------------------------------------------- the log and its cursors


def test_events_come_in_order_and_in_portions(store: SqliteStore) -> None:
    take(store, record(), *range(1, 8))
    assert [r.seq for r in store.events_after(2, 3)] == [3, 4, 5]
    assert store.events_after(7, 3) == []
    assert store.last_seq() == 7


def test_a_sink_never_heard_of_starts_at_the_end_and_stays_there(
    store: SqliteStore, directory: Path
) -> None:
    take(store, record(), 1, 2)
    assert store.cursor("console") == Cursor(2)
    take(store, record(), 3)
    assert store.cursor("console") == Cursor(2)
    store = reopened(store, directory)
    assert store.cursor("console") == Cursor(2)
    assert logged(store, after=2) == ["number 3"]
    store.close()


def test_a_new_sink_does_not_slide_while_its_place_cannot_be_stored(store: SqliteStore) -> None:
    store._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError):
        store.cursor("console")
    store._connection.execute("PRAGMA query_only = OFF")
    take(store, record(), 1)
    assert store.cursor("console") == Cursor(0)


def test_each_sink_moves_alone(store: SqliteStore, directory: Path) -> None:
    take(store, record(), 1, 2, 3)
    store.move_cursor("console", Cursor(1))
    store.move_cursor("log", Cursor(2, "1234"))
    store.move_cursor("log", Cursor(3, "2345"))
    store = reopened(store, directory)
    assert store.cursor("console") == Cursor(1)
    assert store.cursor("log") == Cursor(3, "2345")
    store.close()


def test_a_sequence_number_is_never_given_twice(store: SqliteStore, directory: Path) -> None:
    take(store, record(), 1, 2, 3)
    store.move_cursor("console", Cursor(3))
    store = reopened(store, directory)  # prunes what the cursor has passed
    assert store.events_after(0, 10) == []
    assert store.last_seq() == 3
    take(store, record(), 4)
    assert [r.seq for r in store.events_after(0, 10)] == [4]
    store.close()


# ---------------------------------------------------------------- small things


def test_settings_are_kept_replaced_and_forgotten(store: SqliteStore, directory: Path) -> None:
    store.put_setting("paused", "until noon")
    store.put_setting("paused", "yes")
    store = reopened(store, directory)
    assert store.setting("paused") == "yes"
    store.put_setting("paused", None)
    assert store.setting("paused") is None
    store.close()


def test_a_surrogate_in_a_key_is_a_store_error(store: SqliteStore) -> None:
    """SQLite's text is UTF-8. (What vendors write goes through the codec, which bears it.)"""
    with pytest.raises(StoreError):
        store.put_setting("\ud800", "x")
    store.put_setting("a", "x")
    assert store.setting("a") == "x"


def test_closed_twice_is_fine_and_used_after_it_is_a_store_error(store: SqliteStore) -> None:
    take(store, record(), 1)
    pages = store.pages()
    store.close()
    store.close()
    with pytest.raises(StoreError):
        store.events_after(0, 1)
    with pytest.raises(StoreError):
        take(store, record(), 2)
    with pytest.raises(StoreError):
        pages["example"].memory.seen.get(1)


def test_in_memory_it_works_as_well() -> None:
    store = SqliteStore.in_memory()
    take(store, with_seen(record(), {key(1): Seen(1, TODAY)}), 1)
    store.move_cursor("console", Cursor(1))
    store.prune(NOW)
    assert store.pages()["example"].memory.seen[key(1)] == Seen(1, TODAY)
    assert store.cursor("console") == Cursor(1)
    store.close()


def test_in_memory_it_begins_with_what_is_stored_and_changes_none_of_it(
    store: SqliteStore, directory: Path
) -> None:
    take(store, with_seen(record(), {key(1): Seen(1, TODAY)}), 1)
    copy = SqliteStore.in_memory(directory)
    assert copy.pages()["example"].memory.seen[key(1)] == Seen(1, TODAY)
    take(copy, record("another"), 2)
    assert copy.last_seq() == 2
    copy.close()
    assert list(store.pages()) == ["example"]
    assert logged(store) == ["number 1"]


@pytest.mark.parametrize("contents", [None, b"", b"SQLite format 3\0" + b"x" * 4096])
def test_in_memory_it_begins_empty_where_nothing_can_be_read(
    directory: Path, contents: bytes | None
) -> None:
    directory.mkdir()
    if contents is not None:
        (directory / "traywatch.db").write_bytes(contents)
    store = SqliteStore.in_memory(directory)
    assert dict(store.pages()) == {}
    store.close()


# ---------------------------------------------------------------- upkeep


def test_pruning_forgets_events_only_when_every_cursor_has_passed(store: SqliteStore) -> None:
    take(store, record(), 1, 2, 3)
    store.prune(NOW)
    assert logged(store) == ["number 1", "number 2", "number 3"]  # nobody was told of anything
    store.move_cursor("console", Cursor(3))
    store.move_cursor("log", Cursor(1))
    store.prune(NOW)
    assert logged(store) == ["number 2", "number 3"]


def test_a_sink_that_is_gone_does_not_keep_the_log_for_ever(store: SqliteStore) -> None:
    store.cursor("tray")
    take(store, record(), 1)
    later = NOW + 91 * DAY
    store.prune(later)
    assert logged(store) == ["number 1"]  # it was off for a season: nothing waited in vain
    take(store, record(), 2, now=later)
    store.prune(later)
    assert logged(store) == ["number 2"]


def test_pruning_forgets_receipts_after_a_week(store: SqliteStore) -> None:
    store.commit([Commit(record(), (), ("old",))], NOW)
    store.commit([Commit(record(), (), ("new",))], NOW + 2 * DAY)
    store.prune(NOW + 8 * DAY)
    assert not store.has_receipt("old")
    assert store.has_receipt("new")


def test_a_page_nobody_watches_is_forgotten_with_its_keys(
    store: SqliteStore, directory: Path
) -> None:
    take(store, with_seen(record("dropped"), {key(1, "dropped"): Seen(1, TODAY)}))
    later = NOW + 91 * DAY
    take(store, record("kept"), now=later)
    store.prune(later)
    assert list(store.pages()) == ["kept"]
    assert rows_of(directory, "seen") == []
    store = reopened(store, directory, 91 * DAY)
    assert list(store.pages()) == ["kept"]
    store.close()


def test_after_a_season_switched_off_nothing_is_forgotten(
    store: SqliteStore, directory: Path
) -> None:
    page = with_seen(record(incidents={"i": incident("i")}), {key(1): Seen(1, TODAY)})
    take(store, page, 1)
    store = reopened(store, directory, after=200 * DAY)
    assert whole(store.pages()["example"]) == whole(page)
    assert logged(store) == ["number 1"]
    store.close()


def test_incidents_the_vendor_has_not_listed_for_ninety_days_are_forgotten(
    store: SqliteStore, directory: Path
) -> None:
    later = NOW + 91 * DAY
    listed = {"old": incident("old"), "new": incident("new", listed_at=later)}
    take(store, looked(record(incidents=listed), later), now=later)
    store.prune(later)
    assert list(store.pages()["example"].memory.incidents) == ["new"]
    store = reopened(store, directory, 91 * DAY)
    assert list(store.pages()["example"].memory.incidents) == ["new"]
    store.close()
