"""Which document of a page is polled: the best one there is, and what that costs to find out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.watch.timelapse import live
from traywatch.core.errors import FetchError, FormatError
from traywatch.core.model import Fault, Page
from traywatch.core.reply import Reply
from traywatch.watch.discovery import Found, discover

HOST = "status.example.ai"
URL = f"https://{HOST}"
SUMMARY, NATIVE, WIDGET = (
    f"{URL}/api/v2/summary.json",
    f"{URL}/proxy/{HOST}",
    f"{URL}/api/v1/summary",
)
CHAT = {"id": "01HV3Q4RK1SM4EMK445GGPC001", "name": "Chat", "status": "operational"}
LOOKALIKE = {
    "page": {"id": "01HV3Q4RK1SM4EMK445GGPP001", "name": "Example AI"},
    "status": {"indicator": "none"},
    "components": [CHAT],
    "incidents": [],
}
HOLLOW = LOOKALIKE | {"components": []}
FULL = {
    "name": "Example AI",
    "components": [{"id": CHAT["id"], "name": "Chat"}],
    "affected_components": [],
    "ongoing_incidents": [],
    "scheduled_maintenances": [],
}
PARENT = {"summary": FULL | {"page_type": "parent", "components": []}}
STATUSPAGE = {
    "page": {"id": "kctbh9vrtdwd"},
    "components": [{"id": "8l4ygp009s5s", "name": "API", "status": "operational"}],
    "incidents": [],
}


@dataclass
class Host:
    """What lies where: a document, the status of an HTTP error, or None: no answer."""

    documents: dict[str, Any]
    led_to: dict[str, str] = field(default_factory=dict)
    """Where an address redirects to."""
    asked: list[str] = field(default_factory=list)

    async def get(self, url: str) -> Reply:
        self.asked.append(url)
        found = self.documents.get(url, 404)
        if found is None:
            raise FetchError("no route to host")
        if isinstance(found, int):
            raise FetchError(f"HTTP {found}", fault=Fault.REFUSED, http_status=found)
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        return Reply(self.led_to.get(url, url), 200, body)

    def found(self, url: str = URL, platform: str | None = None) -> Found:
        return live(lambda _: discover(Page("p", url, platform=platform), self.get))


NO_BETTER: dict[str, Any] = {
    "absent": 404,
    "refused": 429,
    "silent": None,
    "a web page": b"<!doctype html>",
    "damaged": {"summary": FULL | {"components": [{}]}},
    "another platform's": STATUSPAGE,
    "nobody's": {"summary": {}},
}


def test_the_native_document_is_polled_where_it_is_there() -> None:
    host = Host({SUMMARY: LOOKALIKE, NATIVE: {"summary": FULL}})
    found = host.found()
    assert (found.platform.name, found.address) == ("incidentio", NATIVE)
    assert [c.name for c in found.snapshot.components] == ["Chat"]
    assert host.asked == [SUMMARY, NATIVE]


@pytest.mark.parametrize("native", NO_BETTER)
def test_where_there_is_nothing_better_what_was_found_is_polled(native: str) -> None:
    host = Host({SUMMARY: LOOKALIKE, NATIVE: NO_BETTER[native]})
    found = host.found()
    assert (found.platform.name, found.address) == ("incidentio", SUMMARY)
    assert host.asked == [SUMMARY, NATIVE]


@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.REFUSED])
def test_a_host_that_gives_no_answer_is_asked_once_and_told_as_it_is(fault: Fault) -> None:
    asked: list[str] = []

    async def get(url: str) -> Reply:
        asked.append(url)
        raise FetchError("openai.example: silent for 15 s", fault=fault)

    with pytest.raises(FetchError, match=r"^openai\.example: silent for 15 s$"):
        live(lambda _: discover(Page("p", URL), get))
    assert len(asked) == 1


def test_a_page_of_statuspage_costs_one_request() -> None:
    host = Host({SUMMARY: STATUSPAGE, NATIVE: {"summary": FULL}})
    assert host.found().platform.name == "statuspage"
    assert host.asked == [SUMMARY]


def test_what_was_asked_already_is_not_asked_again() -> None:
    host = Host({WIDGET: {"ongoing_incidents": []}})
    assert host.found().address == WIDGET
    assert host.asked == [SUMMARY, NATIVE, WIDGET]
    named = Host({SUMMARY: LOOKALIKE})
    assert named.found(platform="incidentio").address == SUMMARY
    assert named.asked == [NATIVE, SUMMARY]


def test_a_page_that_redirects_is_asked_for_its_better_document_all_the_same() -> None:
    www = f"https://www.{HOST}"
    led_to = {SUMMARY: f"{www}/api/v2/summary.json", NATIVE: f"{www}/proxy/{HOST}"}
    host = Host({SUMMARY: LOOKALIKE, NATIVE: {"summary": FULL}}, led_to)
    assert host.found().address == f"{www}/proxy/{HOST}"
    assert host.asked == [SUMMARY, NATIVE]


def test_the_address_of_a_document_leads_to_the_better_one() -> None:
    host = Host({SUMMARY: LOOKALIKE, NATIVE: {"summary": FULL}})
    assert host.found(SUMMARY).address == NATIVE
    assert host.asked == [SUMMARY, NATIVE]


@pytest.mark.parametrize("platform", [None, "incidentio"])
def test_a_hollow_page_is_told_what_it_truly_is(platform: str | None) -> None:
    """The look-alike of a parent page lists no component; the native document says why."""
    host = Host({SUMMARY: HOLLOW, NATIVE: PARENT})
    with pytest.raises(FormatError, match="watch one of its sub pages"):
        host.found(platform=platform)
    assert Host({SUMMARY: HOLLOW}).found(platform=platform).address == SUMMARY
