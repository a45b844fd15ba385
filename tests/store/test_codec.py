"""What is written is what is read, in this version and in the next."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.build import NOW, incident, opened, record
from traywatch.core.errors import StoreError
from traywatch.core.memory import Memory
from traywatch.core.model import Event, PageReadable, Severity
from traywatch.core.reply import Validators
from traywatch.store import PageRecord, codec
from traywatch.store.rows import Look, without_look

EVENTS = get_args(Event)
instants = st.datetimes(
    min_value=datetime(2000, 1, 1),
    max_value=datetime(2100, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))]),
)
words = st.text(st.characters())  # lone surrogates, NUL and all
st.register_type_strategy(datetime, instants)
st.register_type_strategy(str, words)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@given(st.data())
def test_every_event_comes_back_as_it_was(kind: Any, data: st.DataObject) -> None:
    event: Event = data.draw(st.builds(kind, **everything(kind)))
    again = codec.load_event(codec.dump_event(event))
    assert again == event
    assert type(again) is kind


@given(st.builds(PageRecord, memory=st.builds(Memory, seen=st.just({}))))
def test_a_page_comes_back_as_it_was(page: PageRecord) -> None:
    bare = without_look(page)
    assert codec.load(PageRecord, codec.dump(bare)) == bare


@given(st.from_type(Look))
def test_a_look_comes_back_as_it_was(look: Look) -> None:
    assert codec.load(Look, codec.dump(look)) == look


def everything(kind: type) -> dict[str, Any]:
    """Draw fields that have a default, too."""
    return {field.name: ... for field in fields(kind)}


def test_the_text_is_compact_ascii_without_what_is_a_default() -> None:
    text = codec.dump_event(PageReadable(page_id="é", page_name=None, at=NOW))
    assert text == (
        r'{"event":"PageReadable","page_id":"\u00e9","page_name":null,'
        r'"at":"2025-11-18T12:34:56.789012+00:00"}'
    )


def test_an_offset_is_converted_not_dropped() -> None:
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    again = codec.load(Validators, codec.dump(Validators("u", tokyo)))
    assert again.stored_at == NOW
    assert again.stored_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(StoreError, match="without a time zone"):
        codec.dump(Validators("u", datetime(2025, 1, 1)))


def test_seen_keys_are_not_in_the_text() -> None:
    page = record(seen={1: (2, 3)}, incidents={"i": incident("i")})
    assert "seen" not in codec.dump(without_look(page))


# ---------------------------------------------------------------- across versions


@dataclass(frozen=True)
class Old:
    name: str
    gone: int = 1


@dataclass(frozen=True)
class New:
    name: str
    severity: Severity | None = None
    parts: tuple[str, ...] = ("whole",)


def test_a_field_of_another_version_is_passed_over_and_a_missing_one_takes_its_default() -> None:
    assert codec.load(New, codec.dump(Old("a", gone=2))) == New("a")
    assert codec.load(Old, codec.dump(New("a", Severity.DEGRADED, ()))) == Old("a")


def test_a_missing_field_without_default_is_named() -> None:
    with pytest.raises(StoreError, match=r"a stored Old cannot be read: .*name"):
        codec.load(Old, "{}")


def test_an_unknown_event_is_named() -> None:
    with pytest.raises(StoreError, match="does not know: 'PageSang'"):
        codec.load_event('{"event":"PageSang","page_id":"p"}')


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        "[" * 100_000,
        '{"event":["a"]}',
        '{"event":{}}',
        '{"event":"PageReadable"}',
        '{"event":"PageReadable","page_id":7,"page_name":null,"at":"2025-11-18T12:34:56+00:00"}',
        '{"event":"PageReadable","page_id":"p","page_name":null,"at":"2025-11-18T12:34:56"}',
        '{"event":"PageReadable","page_id":"p","page_name":null,"at":"0001-01-01T00:00+23:59"}',
        '{"event":"PageReadable","page_id":"p","page_name":null,"at":1}',
    ],
)
def test_whatever_the_text_is_it_is_a_store_error(text: str) -> None:
    with pytest.raises(StoreError):
        codec.load_event(text)


@given(st.data())
def test_a_damaged_text_is_an_event_or_a_store_error(data: st.DataObject) -> None:
    text = codec.dump_event(opened(1))
    at = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:at] + data.draw(st.characters()) + text[at + 1 :]
    try:
        event = codec.load_event(damaged)
    except StoreError:
        return
    assert json.loads(codec.dump_event(event))
