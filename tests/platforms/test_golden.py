"""Each fixture is understood as the expectation beside it says, whatever it is encoded in."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable

import pytest

from tests.platforms.golden import EXPECTED, FIXTURES, Json, as_json, cases, reply
from traywatch.core.model import Snapshot
from traywatch.platforms import by_name, detect
from traywatch.platforms.webhook import parse_webhook

POLLED = [(name, case) for name in ("statuspage", "incidentio") for case in cases(name)]
POSTED = cases("webhook")
AS_IT_STANDS = "utf-8"
ENCODINGS: dict[str, Callable[[str], bytes]] = {
    AS_IT_STANDS: str.encode,
    "utf-8 with a BOM": lambda text: codecs.BOM_UTF8 + text.encode(),
    "utf-16, little end first": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "utf-16, big end first": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
}
UNDER = "https://status.example.com/api/v2/"
ADDRESSES = {
    "unresolved": UNDER + "incidents/unresolved.json",
    "maintenance_completed": UNDER + "scheduled-maintenances.json",
    "status_only": UNDER + "status.json",
    "lookalike_status_only": UNDER + "status.json",
}
"""Where a document lies decides what absence from it means."""


def text(platform: str, case: str) -> str:
    return (FIXTURES / platform / f"{case}.json").read_text("utf-8")


def expected(platform: str, case: str) -> Json:
    value = json.loads((FIXTURES / platform / (case + EXPECTED)).read_text("utf-8"))
    assert isinstance(value, dict)
    return value


def understood(platform: str, case: str, body: bytes) -> Snapshot:
    known = by_name(platform)
    assert known is not None
    return known.parse(reply(body, ADDRESSES.get(case, UNDER + "summary.json")))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("platform", "case"), POLLED)
def test_a_document_is_understood(platform: str, case: str, encoding: str) -> None:
    body = ENCODINGS[encoding](text(platform, case))
    snapshot = understood(platform, case, body)
    assert as_json(snapshot) == expected(platform, case)
    assert snapshot.platform == platform


@pytest.mark.parametrize(("platform", "case"), POLLED)
def test_a_document_is_recognised_as_that_platforms_alone(platform: str, case: str) -> None:
    found = detect(reply(text(platform, case).encode()))
    assert found is by_name(platform)


@pytest.mark.parametrize("case", POSTED)
def test_a_webhook_is_understood(case: str) -> None:
    snapshot = parse_webhook(text("webhook", case).encode())
    assert as_json(snapshot) == expected("webhook", case)
    assert not snapshot.exhaustive
    assert snapshot.page_updated_at is None


@pytest.mark.parametrize("case", POSTED)
def test_a_webhook_is_no_document_that_is_polled(case: str) -> None:
    assert detect(reply(text("webhook", case).encode())) is None


def test_there_is_an_expectation_for_each_fixture_and_a_fixture_for_each_expectation() -> None:
    files = {f.relative_to(FIXTURES).as_posix() for f in FIXTURES.rglob("*.json")}
    expectations = {f for f in files if f.endswith(EXPECTED)}
    assert {f.removesuffix(EXPECTED) + ".json" for f in expectations} == files - expectations
    assert len(expectations) >= len(POLLED) + len(POSTED) > 40
