"""Keys of what was told: what is new is written, all is found again, little of it weighs."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.build import (
    DAY,
    NOW,
    TODAY,
    fresh_store,
    key,
    looked,
    opened,
    record,
    take,
    with_seen,
)
from traywatch.core.errors import StoreError
from traywatch.core.memory import Overlay, Seen
from traywatch.store import Commit, seen
from traywatch.store.sqlite import SqliteStore

TOLD = Seen(7, TODAY)
EDITED = Seen(8, TODAY)

keys = st.dictionaries(st.integers(0, 9), st.builds(Seen, st.integers(0, 2), st.just(TODAY)))


# ---------------------------------------------------------------- the difference


def test_the_same_keys_are_no_difference() -> None:
    disk = {1: TOLD}
    assert seen.difference(disk, disk, disk) == ({}, frozenset())
    assert seen.difference({}, disk, disk) == ({}, frozenset())


def test_what_lies_over_the_disk_is_written() -> None:
    disk = {1: TOLD, 2: TOLD}
    after = Overlay(disk, {2: EDITED, 3: TOLD})
    assert seen.difference(disk, after, disk) == ({2: EDITED, 3: TOLD}, frozenset())


def test_what_was_committed_before_is_not_written_again() -> None:
    disk = {1: TOLD, 2: TOLD}
    committed = Overlay(disk, {2: TOLD})
    after = Overlay(disk, {**committed.fresh, 3: TOLD})
    assert seen.difference(committed, after, disk) == ({3: TOLD}, frozenset())


def test_the_base_of_what_was_committed_has_nothing_new() -> None:
    """A page's first commit lies over an empty base: going on from that base loses nothing."""
    base: dict[int, Seen] = {}
    committed = Overlay(base, {1: TOLD})
    disk = {1: TOLD}
    assert seen.difference(committed, base, disk) == ({}, frozenset())
    assert seen.difference(committed, Overlay(base, {2: TOLD}), disk) == ({2: TOLD}, frozenset())


def test_a_page_that_starts_anew_takes_its_old_keys_with_it() -> None:
    disk = {1: TOLD, 2: TOLD}
    after = Overlay({}, {2: EDITED, 3: TOLD})
    assert seen.difference(disk, after, disk) == ({2: EDITED, 3: TOLD}, frozenset({1}))


@given(keys, keys, keys, st.booleans())
def test_the_difference_makes_the_disk_what_the_memory_says(
    known: dict[int, Seen], first: dict[int, Seen], second: dict[int, Seen], anew: bool
) -> None:
    disk = dict(known)
    committed = Overlay(disk, first)
    apply(disk, *seen.difference(disk, committed, disk))
    base = {} if anew else disk
    after = Overlay(base, second if anew else {**first, **second})
    expected = dict(after)
    apply(disk, *seen.difference(committed, after, disk))
    assert disk == expected


def apply(disk: dict[int, Seen], fresh: object, gone: frozenset[int]) -> None:
    disk.update(fresh)  # type: ignore[call-overload]
    for gone_key in gone:
        del disk[gone_key]


# ---------------------------------------------------------------- on disk


def test_keys_add_up_over_looks_whether_one_goes_on_from_the_store_or_not(
    store: SqliteStore, directory: Path
) -> None:
    page = with_seen(record(), {key(1): TOLD})
    take(store, page)
    page = with_seen(page, {key(2): TOLD})  # goes on from what was committed
    take(store, page)
    page = with_seen(store.pages()["example"], {key(3): TOLD})  # goes on from what is stored
    take(store, page)
    take(store, with_seen(page, {key(1): EDITED}))
    expected = {key(1): EDITED, key(2): TOLD, key(3): TOLD}
    assert dict(store.pages()["example"].memory.seen) == expected
    store.close()
    store = fresh_store(directory)
    assert dict(store.pages()["example"].memory.seen) == expected
    store.close()


def test_a_look_without_news_is_told_apart_whether_one_goes_on_from_the_store_or_not(
    store: SqliteStore,
) -> None:
    page = record()
    for number in range(4):
        page = with_seen(page, {key(number): TOLD})
        take(store, page)
        for onward in (page, store.pages()["example"]):
            written = store._connection.total_changes
            take(store, looked(onward, NOW + timedelta(seconds=1)))
            assert store._connection.total_changes == written
        if number == 1:
            page = store.pages()["example"]
    assert len(store.pages()["example"].memory.seen) == 4


def test_what_is_stored_is_the_same_object_over_looks(store: SqliteStore) -> None:
    """So a look without news is told apart without reading a key."""
    take(store, with_seen(record(), {key(1): TOLD}))
    before = store.pages()["example"].memory.seen
    take(store, with_seen(store.pages()["example"], {key(2): TOLD}))
    assert store.pages()["example"].memory.seen is before
    assert store.seen("example") is before
    assert len(before) == 2


def test_each_page_has_its_own_keys(store: SqliteStore) -> None:
    take(store, with_seen(record("a"), {key(1, "a"): TOLD}))
    take(store, with_seen(record("b"), {key(1, "b"): EDITED}))
    pages = store.pages()
    assert dict(pages["a"].memory.seen) == {key(1, "a"): TOLD}
    assert dict(pages["b"].memory.seen) == {key(1, "b"): EDITED}
    assert key(1, "b") not in pages["a"].memory.seen


def test_a_page_that_points_elsewhere_starts_without_keys(store: SqliteStore) -> None:
    take(store, with_seen(record(), {key(1): TOLD}))
    take(store, replace(with_seen(record(), {key(2): TOLD}), url="https://elsewhere"))
    assert dict(store.pages()["example"].memory.seen) == {key(2): TOLD}


def test_keys_of_a_commit_that_failed_are_written_with_the_next(store: SqliteStore) -> None:
    take(store, record())
    page = with_seen(store.pages()["example"], {key(1): TOLD})
    store._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError):
        store.commit([Commit(page, (opened(1),))], NOW)
    store._connection.execute("PRAGMA query_only = OFF")
    assert key(1) not in store.pages()["example"].memory.seen
    take(store, with_seen(page, {key(2): TOLD}), 1)
    assert dict(store.pages()["example"].memory.seen) == {key(1): TOLD, key(2): TOLD}
    assert store.last_seq() == 1


def test_extremes_come_back(store: SqliteStore, directory: Path) -> None:
    extremes = {0: Seen(0, TODAY), 2**63 - 1: Seen(2**32 - 1, TODAY), 5: Seen(2**31, 3_652_059)}
    take(store, with_seen(record(), extremes))
    store.close()
    store = fresh_store(directory)
    assert dict(store.pages()["example"].memory.seen) == extremes
    store.close()


# ---------------------------------------------------------------- pruning (requirement S4)


def test_keys_are_forgotten_ninety_days_after_they_were_last_listed(store: SqliteStore) -> None:
    later = NOW + 90 * DAY
    old = {key(1): Seen(1, TODAY - 1), key(2): Seen(2, TODAY), key(3): Seen(3, TODAY + 90)}
    take(store, looked(with_seen(record(), old), later), now=later)
    store.prune(later)
    assert set(store.pages()["example"].memory.seen) == {key(2), key(3)}


def test_keys_of_a_page_that_cannot_be_read_are_kept(store: SqliteStore) -> None:
    """It was last read ninety days ago; nobody knows what it lists."""
    later = NOW + 100 * DAY
    take(store, with_seen(record(read_at=NOW), {key(1): TOLD}), now=later)
    store.prune(later)
    assert set(store.pages()["example"].memory.seen) == {key(1)}


def test_keys_of_bare_webhooks_are_forgotten_though_no_page_is_ever_read(
    store: SqliteStore,
) -> None:
    later = NOW + 91 * DAY
    take(store, with_seen(record("", read_at=None), {key(1, ""): TOLD}))
    take(store, with_seen(store.pages()[""], {key(2, ""): Seen(1, TODAY + 91)}), now=later)
    store.prune(later)
    assert set(store.pages()[""].memory.seen) == {key(2, "")}


def test_a_clock_that_jumps_ahead_forgets_nothing(store: SqliteStore) -> None:
    take(store, with_seen(record(), {key(1): TOLD}), 1)
    store.prune(NOW + 4_000 * DAY)
    assert set(store.pages()["example"].memory.seen) == {key(1)}


# ---------------------------------------------------------------- size (requirement S4)


def test_a_million_keys_in_random_order_take_at_most_40_mb(
    store: SqliteStore, directory: Path
) -> None:
    """A fifth of it: the share of full pages in a tree that grows at random does not change."""
    values = random.Random(4)
    pages = [f"page-{number}" for number in range(100)]
    store.commit([Commit(record(page_id)) for page_id in pages], NOW)
    for _ in range(200):
        known = store.pages()
        chosen = values.sample(pages, 10)
        looks = [with_seen(known[page_id], listed(values, 100)) for page_id in chosen]
        store.commit([Commit(look) for look in looks], NOW)
    (count,) = store._connection.execute("SELECT count(*) FROM seen").fetchone()
    assert count == 200_000
    store.close()
    assert (directory / "traywatch.db").stat().st_size <= 40_000_000 * count / 1_000_000


def listed(values: random.Random, count: int) -> dict[int, Seen]:
    return {
        values.getrandbits(63): Seen(values.getrandbits(32), TODAY - values.randrange(90))
        for _ in range(count)
    }
