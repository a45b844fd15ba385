"""Who may come in: tables of Host, Origin, Sec-Fetch-Site and content types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traywatch.listener.admission import Hosts, fold, foreign, head_bytes, not_json

HOSTS = Hosts(["status.example.org", "192.168.1.5", "[fd00::5]"])


@pytest.mark.parametrize(
    "host",
    [
        b"localhost",
        b"localhost:8000",
        b"LocalHost:8000",
        b"localhost.",
        b"127.0.0.1",
        b"127.0.0.1:80",
        b"127.1.2.3:8000",
        b"[::1]",
        b"[::1]:8000",
        b"status.example.org",
        b"STATUS.example.org:443",
        b"192.168.1.5:8000",
        b"[fd00::5]:8000",
    ],
)
def test_names_of_this_machine(host: bytes) -> None:
    assert foreign({b"host": host}, HOSTS) is None


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"evil.example",
        b"localhost.evil.example",
        b"evil.localhost",
        b"127.0.0.1.evil.example",
        b"127.0.0.1@evil.example",
        b"127.1",
        b"0.0.0.0",
        b"2130706433",
        b"0x7f000001",
        b"::1",
        b"[::1",
        b"[::]",
        b"[::ffff:10.0.0.1]",
        b"10.0.0.1",
        b"localhost:",
        b"localhost:80:80",
        b"localhost:8o",
        b"localhost ",
        b" localhost",
        b"localhost\n",
        b"local\xffhost",
        b"localhost, localhost",
        b"localhost/",
        b"xlocalhost",
        b"a" * 10_000,
        b"\x00",
    ],
)
def test_names_of_somewhere_else(host: bytes) -> None:
    assert foreign({b"host": host}, HOSTS) is not None


def test_no_host_is_no_name() -> None:
    assert foreign({}, HOSTS) is not None


@pytest.mark.parametrize(
    ("headers", "comes_in"),
    [
        ({}, True),
        ({b"origin": b"http://localhost:8000"}, True),
        ({b"origin": b"http://localhost:3000"}, False),
        ({b"origin": b"http://localhost"}, False),
        ({b"origin": b"https://localhost:8000"}, False),
        ({b"origin": b"http://evil.example"}, False),
        ({b"origin": b"null"}, False),
        ({b"origin": b""}, False),
        ({b"origin": b"chrome-extension://abc"}, False),
        ({b"origin": b"http://localhost:8000.evil.example"}, False),
        ({b"origin": b"\x00"}, False),
        ({b"sec-fetch-site": b"none"}, True),
        ({b"sec-fetch-site": b"same-origin"}, True),
        ({b"sec-fetch-site": b"same-site"}, False),
        ({b"sec-fetch-site": b"cross-site"}, False),
        ({b"sec-fetch-site": b"Cross-Site"}, False),
        ({b"sec-fetch-site": b""}, False),
        ({b"sec-fetch-site": b"\x00"}, False),
        ({b"sec-fetch-site": b"cross-site", b"origin": b"http://localhost:8000"}, False),
    ],
)
def test_web_pages_stay_out(headers: dict[bytes, bytes], comes_in: bool) -> None:
    assert (foreign({b"host": b"localhost:8000"} | headers, HOSTS) is None) is comes_in


@pytest.mark.parametrize(
    ("content_type", "is_json"),
    [
        (b"application/json", True),
        (b"Application/JSON; charset=utf-8", True),
        (b"application/json;charset=utf-8", True),
        (b"application/json ; charset=latin-1", True),
        (b"application/cloudevents+json", True),
        (b"application/vnd.x.v1+json; a=b", True),
        (b"text/plain", False),
        (b"text/json", False),
        (b"application/x-www-form-urlencoded", False),
        (b"multipart/form-data; boundary=application/json", False),
        (b"text/plain; application/json", False),
        (b"application/jsonp", False),
        (b"application/json, text/plain", False),
        (b"application/json\n", False),
        (b"application/json\xff", False),
        (b"application/+json", False),
        (b"json", False),
        (b"", False),
        (b"\x00", False),
    ],
)
def test_content_types(content_type: bytes, is_json: bool) -> None:
    assert (not_json({b"content-type": content_type}) is None) is is_json


def test_no_content_type_is_not_json() -> None:
    assert not_json({}) is not None


@pytest.mark.parametrize(
    ("coding", "plain"),
    [(b"identity", True), (b"gzip", False), (b"br", False), (b"", False), (b"\x00", False)],
)
def test_no_compressed_bodies(coding: bytes, plain: bool) -> None:
    headers = {b"content-type": b"application/json", b"content-encoding": coding}
    assert (not_json(headers) is None) is plain


@pytest.mark.parametrize(
    "name", [b"host", b"origin", b"sec-fetch-site", b"content-type", b"content-encoding"]
)
def test_doubled_headers_pass_no_check(name: bytes) -> None:
    good = {
        b"host": b"localhost:8000",
        b"origin": b"http://localhost:8000",
        b"sec-fetch-site": b"none",
        b"content-type": b"application/json",
        b"content-encoding": b"identity",
    }
    once = fold(list(good.items()))
    assert foreign(once, HOSTS) is None
    assert not_json(once) is None
    twice = fold([*good.items(), (name, good[name])])
    assert foreign(twice, HOSTS) or not_json(twice)


def test_doubled_headers_that_nobody_asks_for_harm_nobody() -> None:
    headers = fold([(b"host", b"localhost"), (b"accept", b"a"), (b"accept", b"b")])
    assert foreign(headers, HOSTS) is None


def test_size_of_a_head() -> None:
    assert head_bytes(b"/webhook", [(b"host", b"localhost")]) == len("/webhookhost: localhost\r\n")


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=300))
def test_nothing_raises(host: bytes, origin: bytes, content_type: bytes) -> None:
    headers = {b"host": host, b"origin": origin, b"content-type": content_type}
    assert foreign(headers, HOSTS) != ""
    assert not_json(headers) != ""
