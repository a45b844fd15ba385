"""Lines and events out of chunks, however they are cut, however long they are."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traywatch.listener.streams import Lines, ServerSentEvent, ServerSentEvents


def lines_of(*chunks: bytes, limit: int = 100) -> list[bytes]:
    lines = Lines(limit)
    return [line for chunk in chunks for line in lines.feed(chunk)]


def events_of(text: str, limit: int = 1000) -> list[ServerSentEvent]:
    events = ServerSentEvents(limit)
    fed = [events.feed(line) for line in lines_of(text.encode(), limit=10_000)]
    return [event for event in fed if event is not None]


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ((b"a\nb\n",), [b"a", b"b"]),
        ((b"a\r\n\r\nb",), [b"a", b""]),
        ((b"a", b"b", b"\n"), [b"ab"]),
        ((b"a\r", b"\nb\n"), [b"a", b"b"]),
        ((b"", b"\n", b""), [b""]),
        ((b"x" * 100 + b"\n",), [b"x" * 100]),
        ((b"x" * 101 + b"\nshort\n",), [b"short"]),
        ((b"x" * 60, b"x" * 60, b"x" * 60 + b"\nshort\n"), [b"short"]),
    ],
)
def test_lines(chunks: tuple[bytes, ...], lines: list[bytes]) -> None:
    assert lines_of(*chunks) == lines


def test_a_line_without_end_is_not_kept() -> None:
    lines = Lines(limit=1000)
    for _ in range(1000):
        assert list(lines.feed(b"x" * 1000)) == []
    assert lines.passed_over == 1
    assert list(lines.feed(b"\nnext\n")) == [b"next"]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=10))
def test_where_the_chunks_are_cut_does_not_matter(stream: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    chunks = [stream[start:end] for start, end in pairwise(places)]
    assert lines_of(*chunks, limit=20) == lines_of(stream, limit=20)


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("data: a\n\n", [ServerSentEvent("message", "a")]),
        ("data:a\n\n", [ServerSentEvent("message", "a")]),
        ("data:  a\n\n", [ServerSentEvent("message", " a")]),
        ("event: ping\ndata: {}\n\n", [ServerSentEvent("ping", "{}")]),
        ("data: a\ndata: b\n\n", [ServerSentEvent("message", "a\nb")]),
        (": comment\n\n:\n\n", []),
        ("event: ready\n\n", []),
        ("data: half", []),
        ("data\n\n", [ServerSentEvent("message", "")]),
        ("unknown: x\ndata: a\n\n", [ServerSentEvent("message", "a")]),
        ("event: x\n\ndata: a\n\n", [ServerSentEvent("message", "a")]),
        ("\ufeffdata: a\n\n", [ServerSentEvent("message", "a")]),
    ],
)
def test_events(text: str, events: list[ServerSentEvent]) -> None:
    assert events_of(text) == events


def test_what_is_remembered_of_a_stream() -> None:
    events = ServerSentEvents()
    for line in (b"id: 7", b"retry: 2500", b"data: a", b"id: bad\x00id", b"retry: soon", b""):
        events.feed(line)
    assert events.last_id == "7"
    assert events.retry_s == 2.5


def test_half_an_event_does_not_outlive_its_stream() -> None:
    events = ServerSentEvents()
    events.feed(b"data: half")
    events.start_over()
    events.feed(b"data: whole")
    assert events.feed(b"") == ServerSentEvent("message", "whole")


def test_an_event_of_many_lines_is_bounded_too() -> None:
    assert events_of("data: " + "x" * 600 + "\ndata: " + "x" * 600 + "\n\ndata: a\n\n") == [
        ServerSentEvent("message", "a")
    ]


@given(st.lists(st.binary(max_size=50)))
def test_nothing_raises(lines: list[bytes]) -> None:
    events = ServerSentEvents()
    for line in lines:
        events.feed(line)
