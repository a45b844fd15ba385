"""The vendor on its port: conditional requests, the log, and each misbehaviour it can show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import httpx
import pytest

from traywatch.demo import INCIDENTS, SUMMARY, Canned, Cut, DemoVendor, Drop, Hang, Shape, Stale


@pytest.fixture
def vendor() -> Iterator[DemoVendor]:
    with DemoVendor() as running:
        yield running


@pytest.fixture
def client(vendor: DemoVendor) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=vendor.url, trust_env=False, timeout=10.0) as opened:
        yield opened


def test_a_known_etag_is_answered_with_304_until_something_changes(
    vendor: DemoVendor, client: httpx.Client
) -> None:
    first = client.get(SUMMARY)
    etag = first.headers["etag"]
    assert etag == f'W/"{hashlib.md5(first.content).hexdigest()}"'
    again = client.get(SUMMARY, headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    vendor.open_incident("Errors", "We look into it.")
    assert client.get(SUMMARY, headers={"If-None-Match": etag}).status_code == 200


def test_the_log_holds_what_was_asked_and_answered(
    vendor: DemoVendor, client: httpx.Client
) -> None:
    client.get(SUMMARY, headers={"If-None-Match": 'W/"old"'}, params={"page": "2"})
    client.get("/nowhere")
    (asked, lost) = vendor.wait_for(lambda log: len(log) == 2)
    assert (asked.path, asked.http_status) == (SUMMARY, 200)
    assert asked.headers["if-none-match"] == 'W/"old"'
    assert (lost.path, lost.http_status) == ("/nowhere", 404)
    vendor.forget_requests()
    assert vendor.requests == ()


def test_a_log_that_never_satisfies_is_a_time_out(vendor: DemoVendor) -> None:
    with pytest.raises(TimeoutError):
        vendor.wait_for(bool, timeout_s=0.01)


def test_a_stale_copy_is_the_older_document_with_its_own_etag(
    vendor: DemoVendor, client: httpx.Client
) -> None:
    before = client.get(SUMMARY)
    vendor.open_incident("Errors", "We look into it.")
    vendor.next(Stale(), times=2)
    stale = [client.get(SUMMARY) for _ in range(2)]
    assert [r.content for r in stale] == [before.content] * 2
    assert stale[0].headers["etag"] == before.headers["etag"]
    assert client.get(SUMMARY).json()["incidents"][0]["name"] == "Errors"


def test_a_history_can_lag_behind_the_live_document(
    vendor: DemoVendor, client: httpx.Client
) -> None:
    vendor.open_incident("Errors", "We look into it.").resolve("Over.")
    vendor.next(Stale(), path=INCIDENTS)
    assert client.get(SUMMARY).json()["incidents"] == []
    lagging, caught_up = (client.get(INCIDENTS).json()["incidents"][0] for _ in range(2))
    assert (lagging["status"], caught_up["status"]) == ("investigating", "resolved")


def test_a_canned_reply_comes_as_it_is(vendor: DemoVendor, client: httpx.Client) -> None:
    vendor.next(Canned(429, b"slow down", {"Retry-After": "7"}))
    vendor.next(Canned(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}))
    refused, portal = client.get(SUMMARY), client.get(SUMMARY)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert (portal.status_code, portal.content) == (200, b"<html>Sign in</html>")
    assert client.get(SUMMARY).json()["page"]["name"] == "Example Cloud"


def test_a_cut_reply_ends_in_the_middle(vendor: DemoVendor, client: httpx.Client) -> None:
    etag = client.get(SUMMARY).headers["etag"]
    vendor.next(Cut(after_bytes=20))
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(SUMMARY, headers={"If-None-Match": etag})
    assert client.get(SUMMARY).status_code == 200


def test_a_dropped_connection_is_reset(vendor: DemoVendor, client: httpx.Client) -> None:
    vendor.next(Drop(), times=2)
    for _ in range(2):
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            client.get(SUMMARY)
    assert [r.http_status for r in vendor.requests] == [None, None]
    assert client.get(SUMMARY).status_code == 200


def test_a_hanging_vendor_says_nothing_and_still_stops_at_once(client: httpx.Client) -> None:
    with DemoVendor() as hanging:
        hanging.next(Hang())
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(hanging.url + SUMMARY, timeout=0.1, trust_env=False)
        hanging.wait_for(lambda log: len(log) == 1)
        assert httpx.get(hanging.url + SUMMARY, trust_env=False).status_code == 200


def test_stopped_it_refuses_and_hangs_up_and_comes_back_at_the_same_address(
    vendor: DemoVendor, client: httpx.Client
) -> None:
    client.get(SUMMARY)
    vendor.stop()
    vendor.stop()
    with pytest.raises(httpx.TransportError):
        client.get(SUMMARY)
    with pytest.raises(httpx.ConnectError):
        client.get(SUMMARY)
    vendor.start()
    assert client.get(SUMMARY).status_code == 200


def test_one_guest_too_many_is_turned_away_and_the_others_are_served(
    monkeypatch: pytest.MonkeyPatch, vendor: DemoVendor, client: httpx.Client
) -> None:
    monkeypatch.setattr("traywatch.demo.vendor.CONNECTIONS", 1)
    client.get(SUMMARY)
    with pytest.raises(httpx.TransportError):
        httpx.get(vendor.url + SUMMARY, trust_env=False)
    assert client.get(SUMMARY).status_code == 200


def test_it_looks_like_the_vendor_it_plays() -> None:
    for shape, marked in ((Shape.STATUSPAGE, True), (Shape.INCIDENTIO, False)):
        with DemoVendor(shape=shape, cache_control="max-age=10") as vendor:
            reply = httpx.get(vendor.url + SUMMARY, trust_env=False)
        assert ("x-statuspage-version" in reply.headers) is marked
        assert reply.headers["cache-control"] == "max-age=10"
        assert reply.json()["page"]["url"] == vendor.url


def test_the_script_is_played_and_its_end_is_announced(client: httpx.Client) -> None:
    with DemoVendor() as vendor:
        vendor.start_script(speed=1_000.0)
        assert vendor.done.wait(10.0)
        history = httpx.get(vendor.url + INCIDENTS, trust_env=False)
    assert json.loads(history.content)["incidents"][0]["status"] == "resolved"


def test_stopping_ends_the_script_before_its_end() -> None:
    vendor = DemoVendor()
    vendor.start()
    vendor.start_script()
    vendor.stop()
    assert not vendor.done.is_set()
    assert vendor.state().incidents == ()
