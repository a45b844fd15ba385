"""Certificates and handshakes. The authority is made for the test, and is the only one trusted."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.faults.arena import QUICK_CONNECT, Names, at_most, failure, play
from tests.faults.hostile import (
    Act,
    Caller,
    Vendor,
    answer,
    cut,
    flood,
    hang,
    message,
    not_modified,
    reply,
    reset,
    say,
)
from traywatch.core.model import Fault
from traywatch.fetch import Fetcher

HOST = "status.example"
PAST = datetime.now(UTC) - timedelta(days=3)


@dataclass(frozen=True)
class Authority:
    ca: trustme.CA

    def vouches(self, *names: str, not_after: datetime | None = None) -> ssl.SSLContext:
        """What a server with such a certificate speaks TLS with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*names, not_after=not_after).configure_cert(context)
        return context


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(trustme.CA())


@pytest.fixture(autouse=True)
def trusted(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operating system's store, as OpenSSL lets it be named."""
    authority.ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


def fetcher() -> Fetcher:
    return Fetcher(resolver=Names({HOST: [["127.0.0.1"]]}))


def secure_url(vendor: Vendor) -> str:
    return f"https://{HOST}:{vendor.port}/summary.json"


def test_a_trusted_page_is_read_and_its_connection_kept(authority: Authority) -> None:
    async def scenario() -> None:
        acts = (reply(b"one", 'ETag: "a"'), not_modified(), reply(b"x" * 300_000))
        async with Vendor(*acts, tls=authority.vouches(HOST)) as vendor:
            fetch = fetcher()
            first = await fetch.get(secure_url(vendor))
            assert first.body == b"one"
            second = await fetch.get(secure_url(vendor), first.validators)
            assert second.http_status == 304
            third = await fetch.get(secure_url(vendor), second.validators)
            assert third.body == b"x" * 300_000
            assert vendor.connections == 1
            await fetch.aclose()

    play(scenario)


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        ("expired", "certificate has expired"),
        ("for another host", "Hostname mismatch"),
        ("self-signed", "unable to get local issuer certificate"),
    ],
)
def test_a_bad_certificate_is_never_accepted(
    authority: Authority, certificate: str, words: str
) -> None:
    context = {
        "expired": lambda: authority.vouches(HOST, not_after=PAST),
        "for another host": lambda: authority.vouches("other.example"),
        "self-signed": lambda: Authority(trustme.CA()).vouches(HOST),
    }[certificate]()

    async def scenario() -> None:
        fetch = fetcher()
        async with Vendor(reply(b"secret"), tls=context) as vendor:
            error = await failure(fetch, secure_url(vendor))
            assert error.fault is Fault.UNREACHABLE, "it may be a captive portal's"
            assert str(error).startswith(f"{HOST}: its certificate is not trusted: {words}")
            assert vendor.requests == [], "nothing was asked"
            port = vendor.port
        async with Vendor(reply(b"well"), tls=authority.vouches(HOST), port=port) as vendor:
            assert (await fetch.get(secure_url(vendor))).body == b"well"
        await fetch.aclose()

    play(scenario)


NO_AGREEMENT = "no secure connection can be agreed on"
BROKEN = "the connection broke off"


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        (cut(b"HTTP/1.1 400 Bad Request\r\n\r\n"), NO_AGREEMENT),
        (cut(b"\x16\x03\x03\xff\xff" + b"\x00" * 99), NO_AGREEMENT),
        (cut(b"\x15\x03\x03\x00\x02\x02\x28"), NO_AGREEMENT),
        (flood(b"\x16\x03\x03\x40\x00", [b"\x00" * 2**16] * 99), NO_AGREEMENT),
        (cut(b""), NO_AGREEMENT),
        (reset(), BROKEN),
    ],
    ids=["HTTP", "nonsense", "alert", "flood", "closed", "reset"],
)
def test_a_handshake_that_fails(authority: Authority, greeting: Act, words: str) -> None:
    async def scenario() -> None:
        fetch = fetcher()
        async with Vendor(greeting=after_hello(greeting)) as vendor:
            with at_most(1):
                error = await failure(fetch, secure_url(vendor))
            assert (error.fault, str(error)) == (Fault.REFUSED, f"{HOST}: {words}")
            port = vendor.port
        async with Vendor(reply(b"well"), tls=authority.vouches(HOST), port=port) as vendor:
            assert (await fetch.get(secure_url(vendor))).body == b"well"
        await fetch.aclose()

    play(scenario)


def after_hello(act: Act) -> Act:
    """Wait for the first bytes of the other side, so that what follows answers them."""

    async def greeting(caller: Caller) -> bool:
        await caller.reader.read(2**16)
        await act(caller)
        return False

    return greeting


def test_a_handshake_that_never_ends() -> None:
    async def scenario() -> None:
        fetch = Fetcher(resolver=Names({HOST: [["127.0.0.1"]]}), limits=QUICK_CONNECT)
        async with Vendor(greeting=hang()) as vendor:
            error = await failure(fetch, secure_url(vendor))
            assert error.fault is Fault.REFUSED
            assert str(error) == f"{HOST}: no secure connection within 0.3 s"
        await fetch.aclose()

    play(scenario)


@pytest.mark.parametrize(
    ("act", "fault", "words"),
    [
        (cut(b""), Fault.REFUSED, BROKEN),
        (reset(b"HTTP/1.1 200"), Fault.REFUSED, BROKEN),
        (cut(message(200, body=b"{}", length=9)), Fault.REFUSED, BROKEN),
        (say(b"SSH-2.0-OpenSSH\r\n\r\n"), Fault.UNREADABLE, "its answer is no valid HTTP"),
        (
            answer(302, "Location: http://status.example/"),
            Fault.UNREADABLE,
            "it redirects from https to http",
        ),
        (say(message(200, length=10**8)), Fault.UNREADABLE, "the answer is larger than 5 MiB"),
    ],
)
def test_a_bad_answer_under_tls(authority: Authority, act: Act, fault: Fault, words: str) -> None:
    async def scenario() -> None:
        async with Vendor(act, tls=authority.vouches(HOST)) as vendor:
            fetch = fetcher()
            error = await failure(fetch, secure_url(vendor))
            assert (error.fault, str(error)) == (fault, f"{HOST}: {words}")
            vendor.then(reply(b"well"))
            assert (await fetch.get(secure_url(vendor))).body == b"well"
            await fetch.aclose()

    play(scenario)


def test_a_redirect_from_http_to_https_is_followed(authority: Authority) -> None:
    async def scenario() -> None:
        secure = Vendor(reply(b"there"), tls=authority.vouches(HOST))
        async with secure, Vendor(answer(301, f"Location: {secure_url(secure)}")) as plain:
            fetch = fetcher()
            got = await fetch.get(f"http://{HOST}:{plain.port}/")
            assert (got.body, got.moved_to) == (b"there", secure_url(secure))
            await fetch.aclose()

    play(scenario)


def test_the_store_is_not_read_for_pages_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading it costs 20 ms at start."""

    async def scenario() -> None:
        async with Vendor(reply(b"well")) as vendor:
            monkeypatch.setattr(ssl, "SSLContext", None)
            fetch = fetcher()
            assert (await fetch.get(vendor.url)).body == b"well"
            await fetch.aclose()

    play(scenario)
