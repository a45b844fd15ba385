"""Nothing a vendor, or whoever poses as one, can send does harm.

For any bytes, any JSON and any damage done to real-shaped documents: a Snapshot that keeps its
promises and that ``advance`` takes, or a FormatError.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.platforms.golden import EXPECTED, FIXTURES, reply
from traywatch.core.advance import advance
from traywatch.core.errors import FormatError
from traywatch.core.memory import Memory
from traywatch.core.model import ComponentRef, Snapshot
from traywatch.platforms import PLATFORMS, detect
from traywatch.platforms.base import Platform
from traywatch.platforms.markup import LONGEST
from traywatch.platforms.reading import LONGEST_ID, LONGEST_TEXT
from traywatch.platforms.webhook import parse_webhook

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DOCUMENTS = [
    json.loads(file.read_text("utf-8"))
    for file in sorted(FIXTURES.rglob("*.json"))
    if not file.name.endswith(EXPECTED)
]


def reader(platform: Platform) -> Callable[[bytes], Snapshot]:
    return lambda body: platform.parse(reply(body))


READERS = [*map(reader, PLATFORMS), parse_webhook]
KEYS = [
    "page", "status", "indicator", "components", "incidents", "scheduled_maintenances", "id",
    "name", "group", "group_id", "incident_updates", "body", "display_at", "affected_components",
    "code", "summary", "ongoing_incidents", "in_progress_maintenances", "structure", "items",
    "updates", "component", "component_id", "component_update", "new_status", "incident",
    "incident_update", "maintenance", "event_type", "message", "text", "url", "impact",
    "incident_id", "subpages", "timestamp",
]  # fmt: skip
WORDS = [
    "", "operational", "full_outage", "resolved", "scheduled", "none", "critical", "\ud800", "\0",
    "2026-03-02T12:00:00Z", "2026-03-02T12:00:00+99:99", "9999-12-31T23:59:59-23:00", "\x1b[2J",
    "https://a.example/", "javascript:x", "<a href=\"https://a.example\">", "&#xD800;", "**x**",
    "public_incident.incident_created_v2", "status_page_incident.update_shared_v1",
]  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(max_size=20)
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda values: (
        st.lists(values, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), values, max_size=6)
    ),
    max_leaves=30,
)

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no fault of what is tested."""


def check(body: bytes) -> None:
    """Every reader, on these bytes."""
    for platform in PLATFORMS:
        assert platform.recognises(reply(body)) in (True, False)
    assert detect(reply(body)) in (None, *PLATFORMS)
    for read in READERS:
        refusal = ""
        try:
            keeps_its_promises(read(body))
        except FormatError as error:
            refusal = str(error) or "no reason given"
        assert "\n" not in refusal
        assert refusal != "no reason given"


def keeps_its_promises(snapshot: Snapshot) -> None:
    for at in instants(snapshot):
        assert at.tzinfo is UTC
        assert 2000 <= at.year <= 2100
    for text in texts(snapshot):
        text.encode()
        assert len(text) <= max(LONGEST, LONGEST_TEXT)
    ids = [component.id for component in snapshot.components]
    assert len(set(ids)) == len(ids)
    ids = [incident.id for incident in snapshot.incidents]
    assert len(set(ids)) == len(ids)
    assert all(0 < len(each) <= LONGEST_ID for each in ids)
    for incident in snapshot.incidents:
        timed = [update.at for update in incident.updates if update.at]
        assert timed == sorted(timed)
    memory, _ = advance(Memory("page"), snapshot, NOW)
    advance(memory, snapshot, NOW)


def instants(snapshot: Snapshot) -> Iterator[datetime]:
    found = [snapshot.page_updated_at, *(c.updated_at for c in snapshot.components)]
    for i in snapshot.incidents:
        found += [i.created_at, i.updated_at, i.starts_at, i.ends_at, *(u.at for u in i.updates)]
    return (at for at in found if at is not None)


def texts(snapshot: Snapshot) -> Iterator[str]:
    found: list[str | None] = [snapshot.page_name, snapshot.page_url]
    refs: list[ComponentRef] = []
    for c in snapshot.components:
        found += [c.id, c.name, c.group]
    for i in snapshot.incidents:
        found += [i.id, i.name, i.url, *(u.body for u in i.updates), *(u.id for u in i.updates)]
        refs += [*i.components, *(ref for u in i.updates for ref in u.components)]
    found += [text for ref in refs for text in (ref.name, ref.id)]
    return (text for text in found if text is not None)


@unhurried
@given(st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    check(body)


@unhurried
@given(ANY_JSON)
def test_any_json(value: Any) -> None:
    check(json.dumps(value).encode())


@settings(unhurried, max_examples=400)
@given(st.sampled_from(DOCUMENTS), st.randoms(use_true_random=False), ANY_JSON, st.integers(1, 5))
def test_a_document_with_some_of_its_values_replaced(
    document: Any, dice: random.Random, value: Any, damages: int
) -> None:
    damaged = copy.deepcopy(document)
    for _ in range(damages):
        damage(damaged, dice, value)
    check(json.dumps(damaged).encode())


def damage(value: Any, dice: random.Random, replacement: Any) -> None:
    """Walk down at random; replace, remove or double what is found there."""
    while isinstance(value, dict | list) and value:
        key = dice.choice(list(value)) if isinstance(value, dict) else dice.randrange(len(value))
        if not (isinstance(value[key], dict | list) and value[key]) or dice.random() < 0.2:
            act = dice.randrange(3)
            if act == 0:
                value[key] = copy.deepcopy(replacement)
            elif act == 1:
                del value[key]
            elif isinstance(value, list):
                value.insert(key, copy.deepcopy(value[key]))
            return
        value = value[key]


@unhurried
@given(st.sampled_from(DOCUMENTS), st.floats(0, 1), st.binary(max_size=3))
def test_a_document_cut_off_or_with_foreign_bytes_in_it(
    document: Any, place: float, junk: bytes
) -> None:
    body = json.dumps(document, ensure_ascii=False).encode()
    at = int(len(body) * place)
    check(body[:at])
    check(body[:at] + junk + body[at:])


def rows(row: bytes, count: int, *, before: bytes, after: bytes) -> bytes:
    return before + b",".join([row] * count) + after


UPDATES = b'{"incidents": [{"id": "i", "name": "x", "incident_updates": ['
COMPONENTS = b'{"incidents": [], "components": ['
BOMBS = {
    "100,000 levels": b"[" * 100_000 + b"]" * 100_000,
    "100,000 levels in a list": COMPONENTS + b"[" * 100_000 + b"]" * 100_000 + b"]}",
    "100,000 levels of objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "5,000 digits": b'{"incidents": [], "components": [{"id": ' + b"9" * 5_000 + b"}]}",
    "5 MiB of digits": b"9" * 5_242_880,
    "5 MiB of decimals": COMPONENTS + b"0." + b"9" * 5_242_880 + b"]}",
    "an exponent of 5,000 digits": COMPONENTS + b"1e" + b"9" * 5_000 + b"]}",
    "a million nulls": rows(b"null", 1_000_000, before=COMPONENTS, after=b"]}"),
    "a million empty lists": rows(b"[]", 1_000_000, before=COMPONENTS, after=b"]}"),
    "a million empty objects": rows(b"{}", 1_000_000, before=COMPONENTS, after=b"]}"),
    "two million updates that are numbers": rows(b"0", 2_000_000, before=UPDATES, after=b"]}]}"),
    "dates of 50 kB": rows(
        b'{"body": "x", "display_at": "' + b"1" * 50_000 + b'"}', 100, before=UPDATES, after=b"]}]}"
    ),
    "a name of 5 MiB": COMPONENTS + b'{"id": "c", "name": "' + b"x" * 5_242_880 + b'"}]}',
    "a body of 5 MiB": UPDATES + b'{"body": "' + b"<a " * 1_700_000 + b'"}]}]}',
    "bodies of openings": rows(
        b'{"body": "' + b"<br>" * 2_500 + b'"}', 500, before=UPDATES, after=b"]}]}"
    ),
}
TAKEN = {"dates of 50 kB", "a name of 5 MiB", "a body of 5 MiB", "bodies of openings"} | {
    "two million updates that are numbers"
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_refused_or_taken_for_what_little_they_say(bomb: str) -> None:
    statuspage = READERS[0]
    if bomb not in TAKEN:
        with pytest.raises(FormatError):
            statuspage(BOMBS[bomb])
    else:
        keeps_its_promises(statuspage(BOMBS[bomb]))


def test_a_date_of_50_kb_costs_the_update_its_time_and_nothing_else() -> None:
    (incident,) = READERS[0](BOMBS["dates of 50 kB"]).incidents
    assert [(u.body, u.at) for u in incident.updates] == [("x", None)] * 100


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_no_words(constant: str) -> None:
    row = f'{{"id": "c", "name": "API", "status": {constant}, "updated_at": {constant}}}'
    snapshot = READERS[0](f'{{"incidents": [], "components": [{row}]}}'.encode())
    assert [(c.component_status.value, c.updated_at) for c in snapshot.components] == [
        ("unknown", None)
    ]


def test_lone_surrogates_can_be_stored_as_utf_8() -> None:
    body = rb'{"incidents": [], "components": [{"id": "\ud800", "name": "\udc00 \ud83d\ude00"}]}'
    (component,) = READERS[0](body).components
    assert component.name == "\N{REPLACEMENT CHARACTER} 😀"
    assert component.id == "\N{REPLACEMENT CHARACTER}"
