"""Telling platforms apart, and where their documents lie."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.platforms.golden import FIXTURES, reply
from traywatch import platforms
from traywatch.core.model import ComponentStatus, Impact, IncidentStatus, Severity
from traywatch.core.reply import Reply
from traywatch.demo import INCIDENTS, MAINTENANCES, SUMMARY, Board, Shape
from traywatch.demo.documents import document
from traywatch.platforms import PLATFORMS, by_name, detect, probe_addresses
from traywatch.platforms.addresses import host_of, page_of
from traywatch.platforms.base import Platform
from traywatch.platforms.incidentio import INCIDENTIO
from traywatch.platforms.statuspage import STATUSPAGE

PAGE = "https://status.example.com"


def test_every_platform_has_a_name_of_its_own() -> None:
    assert [by_name(platform.name) for platform in PLATFORMS] == list(PLATFORMS)
    assert by_name("nobody") is None


OTHERS: dict[str, bytes] = {
    "nothing": b"",
    "a web page": b"<!doctype html><html>",
    "a feed": b'<?xml version="1.0"?><rss/>',
    "cut off": b'{"page": {"id": "p"}, "components": [',
    "a word": b'"incidents"',
    "an empty list": b"[]",
    "an empty object": b"{}",
    "Instatus, summary": b'{"page": {"name": "X", "url": "https://x.example", "status": "UP"}}',
    "Instatus, components": b'{"components": [{"id": "1", "name": "A", "status": "OPERATIONAL"}]}',
    "Statuspal": b'{"status_page": {}, "services": [], "incidents": [{"id": 1, "type": "minor"}]}',
    "Slack": b'{"status": "ok", "active_incidents": []}',
    "Slack, history": b'[{"id": 1, "title": "x", "status": "resolved", "notes": []}]',
    "Google Cloud": b'[{"id": "x", "number": "1", "status_impact": "SERVICE_OUTAGE"}]',
    "Upptime": b'[{"name": "x", "slug": "x", "status": "up", "uptime": "100%"}]',
    "Better Stack": b'{"data": {"attributes": {"aggregate_state": "operational"}}}',
    "PagerDuty": b'{"summary": {"open_incidents": []}}',
    "only an empty list of incidents": b'{"incidents": []}',
}


@pytest.mark.parametrize("product", OTHERS)
def test_documents_of_others_are_not_recognised(product: str) -> None:
    assert [p.name for p in PLATFORMS if p.recognises(reply(OTHERS[product]))] == []
    assert detect(reply(OTHERS[product])) is None


def test_the_header_of_statuspage_outweighs_the_look_of_the_ids() -> None:
    body = (FIXTURES / "incidentio" / "lookalike_operational.json").read_bytes()
    assert detect(Reply(PAGE, 200, body)) is INCIDENTIO
    assert detect(Reply(PAGE, 200, body, headers={"x-statuspage-version": "abc"})) is STATUSPAGE


def test_the_lookalike_is_known_by_one_ulid_anywhere() -> None:
    row = {"id": "x", "name": "A", "status": "operational", "page_id": "p"}
    ulid = "01HV3Q4RK1SM4EMK445GGPC001"
    documents: list[tuple[Any, object]] = [
        ({"components": [row]}, STATUSPAGE),
        ({"components": [row | {"id": ulid}]}, INCIDENTIO),
        ({"components": [row], "incidents": [row | {"id": ulid}]}, INCIDENTIO),
        ({"page": {"id": ulid}, "status": {"indicator": "none"}}, INCIDENTIO),
        ({"page": {"id": "p"}, "status": {"indicator": "none"}}, STATUSPAGE),
        ([row | {"id": ulid, "incident_updates": []}], INCIDENTIO),
    ]
    for value, platform in documents:
        assert detect(reply(json.dumps(value).encode())) is platform, value


def test_a_document_that_two_platforms_claim_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    document = reply((FIXTURES / "statuspage" / "operational.json").read_bytes())
    assert detect(document) is STATUSPAGE
    monkeypatch.setattr(platforms, "PLATFORMS", (STATUSPAGE, replace(STATUSPAGE, name="twin")))
    assert detect(document) is None


PROBES = [
    (PAGE, "https://status.example.com", "status.example.com"),
    (PAGE + "/", "https://status.example.com", "status.example.com"),
    (PAGE + "/us-hosting/", PAGE + "/us-hosting", "status.example.com"),
    (PAGE + "/?lang=de#top", PAGE, "status.example.com"),
    ("http://127.0.0.1:8123", "http://127.0.0.1:8123", "127.0.0.1"),
    ("https://me:pw@status.example.com", "https://me:pw@status.example.com", "status.example.com"),
]


@pytest.mark.parametrize(("url", "page", "host"), PROBES)
def test_the_documents_of_a_page_are_tried_best_first_and_the_address_itself_last(
    url: str, page: str, host: str
) -> None:
    assert probe_addresses(url) == (
        f"{page}/api/v2/summary.json",
        f"{page}/proxy/{host}",
        f"{page}/api/v1/summary",
        url,
    )


@pytest.mark.parametrize(
    "path",
    ["/api/v2/summary.json", "/api/v2/incidents/unresolved.json", "/api/v1/summary",
     "/proxy/status.example.com", "/api/v2/status.json?x=1"],
)  # fmt: skip
def test_from_the_address_of_a_document_the_better_ones_are_found(path: str) -> None:
    assert page_of(PAGE + path) == PAGE
    probes = probe_addresses(PAGE + path)
    assert probes[0] == PAGE + "/api/v2/summary.json"
    assert PAGE + path in probes
    assert len(set(probes)) == len(probes)


@pytest.mark.parametrize("page", [PAGE, PAGE + "/us-hosting", "http://127.0.0.1:8123"])
@pytest.mark.parametrize(
    "path",
    ["/history", "/history/", "/history.atom", "/history.rss", "/history?page=2", "/feed.atom",
     "/feed.rss", "/incidents/01HV3Q4RK1SM4EMK445GGPA001", "/incidents/x1y2z3#update", "/api/v2",
     "/api/v2/"],
)  # fmt: skip
def test_from_the_address_of_a_part_of_a_page_the_page_is_found(page: str, path: str) -> None:
    assert page_of(page + path) == page
    assert probe_addresses(page + path)[0] == page + "/api/v2/summary.json"


@pytest.mark.parametrize(
    "path", ["/us-hosting", "/incidents", "/us/history-of-ours", "/prehistory", "/api", "/feed"]
)
def test_the_path_of_a_sub_page_is_kept(path: str) -> None:
    assert page_of(PAGE + path) == PAGE + path


def test_a_path_that_only_looks_like_a_document_is_kept() -> None:
    assert page_of(PAGE + "/proxy/other.example") == PAGE + "/proxy/other.example"
    assert page_of(PAGE + "/api/v1/summary/eu") == PAGE + "/api/v1/summary/eu"


@pytest.mark.parametrize("odd", ["", "/", "no address", "http://[::1", "://", "a:b@c/d?e#f", "\0"])
def test_odd_addresses_do_no_harm(odd: str) -> None:
    assert probe_addresses(odd)[-1] == odd
    assert host_of("no address") == ""
    for platform in PLATFORMS:
        platform.history(odd)


def test_a_configured_platform_is_probed_alone() -> None:
    assert probe_addresses(PAGE, (STATUSPAGE,)) == (PAGE + "/api/v2/summary.json", PAGE)


def test_the_history_of_statuspage_is_two_documents() -> None:
    both = (PAGE + "/api/v2/incidents.json", PAGE + "/api/v2/scheduled-maintenances.json")
    assert STATUSPAGE.history(PAGE + "/api/v2/summary.json") == both
    assert STATUSPAGE.history(PAGE + "/api/v2/incidents/unresolved.json") == both
    assert STATUSPAGE.history(PAGE + "/saved.json") == ()


def test_the_history_of_incident_io_is_one_whichever_document_is_polled() -> None:
    for address in INCIDENTIO.addresses(PAGE + "/eu"):
        assert INCIDENTIO.history(address) == (PAGE + "/eu/api/v2/incidents.json",)
    assert INCIDENTIO.history(PAGE + "/saved.json") == ()


@pytest.mark.parametrize(
    "address",
    ["https://www.status.example.com/eu/proxy/status.example.com", PAGE + "/eu/proxy/a.example?v=2",
     PAGE + "/eu/api/v1/summary?v=2", PAGE + "/eu/api/v2/summary.json?v=2"],
)  # fmt: skip
def test_the_history_is_found_from_another_host_name_and_from_a_query(address: str) -> None:
    host = host_of(address)
    assert INCIDENTIO.history(address) == (f"https://{host}/eu/api/v2/incidents.json",)


def test_what_the_native_document_is_polled_for_comes_before_the_lookalike() -> None:
    assert probe_addresses(PAGE, (INCIDENTIO,)) == (
        PAGE + "/proxy/status.example.com",
        PAGE + "/api/v2/summary.json",
        PAGE + "/api/v1/summary",
        PAGE,
    )


@pytest.mark.parametrize(
    ("shape", "platform"), [(Shape.STATUSPAGE, STATUSPAGE), (Shape.INCIDENTIO, INCIDENTIO)]
)
def test_the_vendor_of_the_demo_is_understood(shape: Shape, platform: Platform) -> None:
    board = Board(components=("API",), clock=lambda: datetime(2025, 11, 18, 12, tzinfo=UTC))
    board.component("Login", group="Europe")
    board.open_incident("Old", "It broke.").resolve("It is mended.")
    board.open_incident(
        "Errors", "A & a line\nbreak.", impact=Impact.CRITICAL,
        components={"Login": ComponentStatus.PARTIAL_OUTAGE},
    ).update(IncidentStatus.MONITORING, "Better.")  # fmt: skip

    def served(path: str) -> Reply:
        made = document(path, board.state(), PAGE, shape)
        assert made is not None
        return reply(made[1], PAGE + path)

    live = served(SUMMARY)
    assert detect(live) is platform
    snapshot = platform.parse(live)
    assert snapshot.exhaustive
    assert snapshot.severity is Severity.MAJOR_OUTAGE
    assert [c.name for c in snapshot.components] == ["API", "Login"]
    (incident,) = snapshot.incidents
    assert [u.body for u in incident.updates] == ["A & a line\nbreak.", "Better."]

    history = [platform.parse(served(a.removeprefix(PAGE))) for a in platform.history(live.url)]
    closed = [i for past in history for i in past.incidents if i.incident_status.closed]
    assert [i.updates[-1].body for i in closed] == ["It is mended."]
    assert not any(past.exhaustive for past in history)
    assert (MAINTENANCES in platform.history(SUMMARY)) == (shape is Shape.STATUSPAGE)
    assert INCIDENTS in platform.history(SUMMARY)
