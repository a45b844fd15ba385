"""Which page is due when: transcripts in seconds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from traywatch.watch.timetable import NEVER, Timetable


def _due(table: Timetable, now: float) -> list[str]:
    due = []
    while (page_id := table.pop_due(now)) is not None:
        table.started(page_id, now)
        due.append(page_id)
    return due


def test_pages_come_in_the_order_of_their_times() -> None:
    table = Timetable()
    for page_id, at in (("b", 20.0), ("a", 10.0), ("c", 30.0)):
        table.set(page_id, at)
    assert _due(table, 9.0) == []
    assert table.next_due() == 10.0
    assert _due(table, 25.0) == ["a", "b"]
    assert table.next_due() == 30.0


def test_the_last_word_on_a_page_counts() -> None:
    table = Timetable()
    table.set("a", 10.0)
    table.set("a", 50.0)
    assert _due(table, 49.0) == []
    assert _due(table, 50.0) == ["a"]
    assert table.next_due() == NEVER


def test_the_doorbell_brings_a_page_forward_but_not_twice_in_ten_seconds() -> None:
    table = Timetable()
    table.set("a", 60.0)
    table.ring("a", 5.0)
    assert _due(table, 5.0) == ["a"]
    table.set("a", 65.0)
    table.ring("a", 6.0)
    table.ring("a", 7.0)
    assert _due(table, 14.9) == []
    assert _due(table, 15.0) == ["a"]


def test_a_ring_never_puts_a_page_off() -> None:
    table = Timetable()
    table.set("a", 0.0)
    table.started("a", 0.0)
    table.set("a", 4.0)
    table.ring("a", 1.0)
    assert _due(table, 4.0) == ["a"]


def test_echoes_come_after_fifteen_and_fortyfive_seconds_whatever_the_interval() -> None:
    table = Timetable()
    table.ring("a", 0.0, again_after_s=(15.0, 45.0))
    looked_at = []
    for now in range(100):
        for page_id in _due(table, float(now)):
            looked_at.append(now)
            table.set(page_id, now + 60.0)
    assert looked_at == [0, 15, 45]


def test_a_ring_without_echoes_leaves_those_that_are_to_come() -> None:
    table = Timetable()
    table.ring("a", 0.0, again_after_s=(15.0, 45.0))
    looked_at = []
    for now in range(100):
        if now == 5:
            table.ring("a", 5.0)
        for page_id in _due(table, float(now)):
            looked_at.append(now)
            table.set(page_id, now + 60.0)
    assert looked_at == [0, 10, 20, 45]


def test_a_page_that_may_not_be_asked_yet_is_not_due_before_whatever_echoes_have_passed() -> None:
    table = Timetable()
    table.ring("a", 0.0, again_after_s=(15.0, 45.0))
    assert _due(table, 0.0) == ["a"]
    table.set("a", 60.0)
    assert table.pop_due(20.0) == "a"
    table.postpone("a", 30.0)
    assert table.pop_due(29.0) is None
    assert _due(table, 30.0) == ["a"]
    table.set("a", 90.0)
    assert _due(table, 44.0) == []
    assert _due(table, 45.0) == ["a"], "the second echo is still to come"


def test_lateness_is_told() -> None:
    table = Timetable()
    table.set("a", 10.0)
    assert table.pop_due(13.0) == "a"
    assert table.started("a", 13.0) == 3.0


def test_the_longer_pause_of_a_host_holds() -> None:
    table = Timetable()
    table.pause_host("h", 100.0)
    table.pause_host("h", 50.0)
    assert table.host_until("h") == 100.0
    assert table.host_until("other") == 0.0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1e6)), min_size=1))
def test_every_page_that_was_set_comes_due_once(times: list[tuple[str, float]]) -> None:
    table = Timetable()
    for page_id, at in times:
        table.set(page_id, at)
    assert sorted(_due(table, 1e6)) == sorted({page_id for page_id, _ in times})
