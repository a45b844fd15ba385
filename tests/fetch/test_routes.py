"""Proxies: chosen as the environment says, and what still holds behind one."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from tests.faults.arena import Names, failure, play
from tests.faults.hostile import Act, Caller, Vendor, answer, cut, message, not_modified, reply, say
from traywatch.core.model import Fault
from traywatch.fetch import Fetcher


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP", "HTTPS", "ALL", "NO"):
        for spelled in (f"{name}_PROXY", f"{name}_proxy".lower()):
            monkeypatch.delenv(spelled, raising=False)


def address(proxy: Vendor) -> str:
    return f"{proxy.host}:{proxy.port}"


@pytest.mark.parametrize("setting", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_page_is_read_through_the_proxy(
    monkeypatch: pytest.MonkeyPatch, setting: str, scheme: str
) -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"one", 'ETag: "a"'), not_modified()) as proxy:
            monkeypatch.setenv(setting, scheme + address(proxy))
            fetcher = Fetcher()
            first = await fetcher.get("http://status.example/summary.json")
            assert first.body == b"one"
            assert proxy.last.target == b"http://status.example/summary.json"
            assert proxy.last.header(b"Host") == b"status.example"
            second = await fetcher.get("http://status.example/summary.json", first.validators)
            assert second.unchanged
            assert proxy.last.header(b"If-None-Match") == b'"a"'
            assert proxy.connections == 1
            await fetcher.aclose()

    play(scenario)


def test_https_goes_through_a_tunnel_and_is_verified_to_the_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    def certified(name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        return context

    async def scenario() -> None:
        vendor = Vendor(reply(b"well"), tls=certified("status.example"))
        async with vendor, Vendor(tunnel(vendor)) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@{address(proxy)}")
            fetcher = Fetcher()
            assert (await fetcher.get("https://status.example/")).body == b"well"
            assert proxy.last.target == b"status.example:443"
            assert proxy.last.header(b"Proxy-Authorization") == b"Basic bWU6c2VjcmV0"
            assert vendor.last.header(b"Proxy-Authorization") is None
            error = await failure(fetcher, "https://another.example/")
            assert error.fault is Fault.UNREACHABLE
            assert "its certificate is not trusted" in str(error)
            await fetcher.aclose()

    play(scenario)


def tunnel(vendor: Vendor) -> Act:
    """What a proxy does on CONNECT, to wherever it was asked for."""

    async def act(caller: Caller) -> bool:
        reader, writer = await asyncio.open_connection(vendor.host, vendor.port)
        await caller.send(b"HTTP/1.1 200 Connected\r\n\r\n")

        async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(2**16):
                sink.write(data)
                await sink.drain()

        try:
            carried = {
                asyncio.create_task(carry(reader, caller.writer)),
                asyncio.create_task(carry(caller.reader, writer)),
            }
            _, others = await asyncio.wait(carried, return_when=asyncio.FIRST_COMPLETED)
            for other in others:
                other.cancel()
            await asyncio.wait(carried)
        finally:
            writer.close()
        return False

    return act


@pytest.mark.parametrize(
    "exempt", ["status.example", "*", "a.b, .example", "status.example:{port}"]
)
def test_no_proxy_is_honoured(monkeypatch: pytest.MonkeyPatch, exempt: str) -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"direct")) as vendor, Vendor(reply(b"proxied")) as proxy:
            monkeypatch.setenv("HTTP_PROXY", f"http://{address(proxy)}")
            monkeypatch.setenv("NO_PROXY", exempt.format(port=vendor.port))
            fetcher = Fetcher(resolver=Names({"status.example": [["127.0.0.1"]]}))
            url = f"http://status.example:{vendor.port}/"
            assert (await fetcher.get(url)).body == b"direct"
            assert proxy.connections == 0
            await fetcher.aclose()

    play(scenario)


def test_loopback_is_never_proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"direct")) as vendor, Vendor(reply(b"proxied")) as proxy:
            monkeypatch.setenv("ALL_PROXY", f"http://{address(proxy)}")
            fetcher = Fetcher()
            for host in ("127.0.0.1", "localhost"):
                assert (await fetcher.get(f"http://{host}:{vendor.port}/")).body == b"direct"
            await fetcher.aclose()

    play(scenario)


@pytest.mark.parametrize("inward", ["127.0.0.1", "169.254.169.254", "localhost", "0x7f.1"])
def test_behind_a_proxy_what_is_spelled_out_is_still_judged(
    monkeypatch: pytest.MonkeyPatch, inward: str
) -> None:
    async def scenario() -> None:
        async with Vendor(answer(302, f"Location: http://{inward}/")) as proxy:
            monkeypatch.setenv("HTTP_PROXY", f"http://{address(proxy)}")
            fetcher = Fetcher()
            error = await failure(fetcher, "http://status.example/")
            assert (error.fault, str(error)) == (
                Fault.UNREADABLE,
                f"{inward}: it leads into a private network",
            )
            assert len(proxy.requests) == 1
            await fetcher.aclose()

    play(scenario)


def test_behind_a_proxy_names_are_in_its_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    """It resolves and connects, we do not: nothing there could be judged."""

    async def scenario() -> None:
        async with Vendor(answer(302, "Location: http://intranet/"), reply(b"there")) as proxy:
            monkeypatch.setenv("HTTP_PROXY", f"http://{address(proxy)}")
            fetcher = Fetcher()
            assert (await fetcher.get("http://status.example/")).url == "http://intranet/"
            await fetcher.aclose()

    play(scenario)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("socks5://me:secret@127.0.0.1:1", "SOCKS proxies are not supported"),
        ("gopher://me:secret@127.0.0.1:1", "the proxy setting is no address of an HTTP proxy"),
        ("http://me:secret@[::1", "the proxy setting is no address of an HTTP proxy"),
    ],
)
def test_a_proxy_setting_that_makes_no_sense_is_told(
    monkeypatch: pytest.MonkeyPatch, setting: str, words: str
) -> None:
    async def scenario() -> None:
        monkeypatch.setenv("HTTPS_PROXY", setting)
        fetcher = Fetcher()
        error = await failure(fetcher, "https://status.example/")
        assert (error.fault, str(error)) == (Fault.UNREACHABLE, f"status.example: {words}")
        await fetcher.aclose()

    play(scenario)


@pytest.mark.parametrize("act", [cut(b""), cut(b"HTTP/1.1 2"), cut(message(200, length=9))])
def test_a_connection_to_a_proxy_says_nothing_of_the_vendor(
    monkeypatch: pytest.MonkeyPatch, act: Act
) -> None:
    async def scenario() -> None:
        async with Vendor(act) as proxy:
            monkeypatch.setenv("HTTP_PROXY", f"http://{address(proxy)}")
            fetcher = Fetcher()
            error = await failure(fetcher, "http://status.example/")
            assert error.fault is not Fault.REFUSED
            await fetcher.aclose()

    play(scenario)


@pytest.mark.parametrize(
    "act",
    [
        say(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n"),
        cut(b""),
        cut(b"nonsense\r\n\r\n"),
    ],
    ids=["407", "closed", "nonsense"],
)
def test_a_proxy_that_fails(monkeypatch: pytest.MonkeyPatch, act: Act) -> None:
    async def scenario() -> None:
        async with Vendor(act) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@{address(proxy)}")
            fetcher = Fetcher()
            error = await failure(fetcher, "https://status.example/")
            assert str(error).startswith("status.example: ")
            assert "secret" not in str(error)
            await fetcher.aclose()

    play(scenario)
