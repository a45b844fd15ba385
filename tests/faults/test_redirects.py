"""Where a vendor may send us, and where it may not, in every spelling.

Everything runs on loopback. So that there is something public to be sent on from, 127.0.0.2 counts
as public here (``outside``); the judging of real addresses is in tests/fetch/test_guard.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.arena import Names, failure, play
from tests.faults.hostile import Vendor, answer, reply
from traywatch.core.model import Fault
from traywatch.fetch import Fetcher, guard

INWARD = "it leads into a private network"
_judge = guard.is_private


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "is_private", lambda a: a != "127.0.0.2" and _judge(a))


def to(location: str, http_status: int = 302) -> tuple[int, str]:
    return http_status, f"Location: {location}"


@asynccontextmanager
async def two_vendors() -> AsyncIterator[tuple[Vendor, Vendor]]:
    """On one port: the public one and the one inside."""
    async with (
        Vendor(host="127.0.0.2") as outer,
        Vendor(reply(b"secret"), port=outer.port) as inner,
    ):
        yield outer, inner


SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0.0.0.0",
    "0",
    "localhost",
    "LOCALHOST.",
    "status.localhost",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::169.254.169.254]",
    "[2002:a9fe:a9fe::1]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "10.0.0.1",
    "192.168.1.1",
    "100.100.100.200",
    "user:password@127.0.0.1",
]


@pytest.mark.parametrize("host", SPELLINGS)
@pytest.mark.usefixtures("outside")
def test_a_public_page_cannot_send_us_inward(host: str) -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"secret")) as inner, Vendor(host="127.0.0.2") as outer:
            outer.then(answer(*to(f"http://{host}:{inner.port}/")))
            names = Names({"status.example": [["127.0.0.2"]]})
            fetcher = Fetcher(resolver=names)
            url = f"http://status.example:{outer.port}/"
            error = await failure(fetcher, url)
            assert error.fault is Fault.UNREADABLE
            assert str(error).endswith(INWARD)
            assert "password" not in str(error)
            assert inner.connections == 0
            outer.then(reply(b"well"))
            assert (await fetcher.get(url)).body == b"well"
            await fetcher.aclose()

    play(scenario)


@pytest.mark.usefixtures("outside")
def test_a_name_that_leads_inward_is_no_way_in() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"secret")) as inner, Vendor(host="127.0.0.2") as outer:
            outer.then(answer(*to(f"http://innocent.example:{inner.port}/")))
            names = Names(
                {"status.example": [["127.0.0.2"]], "innocent.example": [["127.0.0.1", "::1"]]}
            )
            fetcher = Fetcher(resolver=names)
            error = await failure(fetcher, f"http://status.example:{outer.port}/")
            assert str(error) == f"innocent.example: {INWARD}"
            assert inner.connections == 0
            await fetcher.aclose()

    play(scenario)


@pytest.mark.usefixtures("outside")
def test_a_name_that_answers_both_ways_is_asked_at_its_public_address_only() -> None:
    async def scenario() -> None:
        async with two_vendors() as (outer, inner):
            outer.then(answer(*to(f"http://both.example:{outer.port}/")), reply(b"public"))
            names = Names(
                {
                    "status.example": [["127.0.0.2"]],
                    "both.example": [["127.0.0.1", "127.0.0.2"]],
                }
            )
            fetcher = Fetcher(resolver=names)
            got = await fetcher.get(f"http://status.example:{outer.port}/")
            assert got.body == b"public"
            assert inner.connections == 0
            await fetcher.aclose()

    play(scenario)


@pytest.mark.usefixtures("outside")
def test_dns_rebinding_gains_nothing() -> None:
    """The first look-up is judged and the second never happens: the number is connected to."""

    async def scenario() -> None:
        async with two_vendors() as (outer, inner):
            outer.then(answer(*to(f"http://flips.example:{outer.port}/")), reply(b"public"))
            names = Names(
                {
                    "status.example": [["127.0.0.2"]],
                    "flips.example": [["127.0.0.2"], ["127.0.0.1"]],
                }
            )
            fetcher = Fetcher(resolver=names)
            got = await fetcher.get(f"http://status.example:{outer.port}/")
            assert (got.body, inner.connections) == (b"public", 0)
            assert names.asked.count("flips.example") == 1
            fetcher.forget_connections()
            outer.then(answer(*to(f"http://flips.example:{outer.port}/")))
            error = await failure(fetcher, f"http://status.example:{outer.port}/")
            assert str(error) == f"flips.example: {INWARD}"
            assert inner.connections == 0
            await fetcher.aclose()

    play(scenario)


@pytest.mark.usefixtures("outside")
def test_a_connection_kept_for_a_private_page_serves_no_public_redirect() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"secret")) as inner, Vendor(host="127.0.0.2") as outer:
            names = Names({"status.example": [["127.0.0.2"]], "intranet": [["127.0.0.1"]]})
            fetcher = Fetcher(resolver=names)
            assert (await fetcher.get(f"http://intranet:{inner.port}/")).body == b"secret"
            outer.then(answer(*to(f"http://intranet:{inner.port}/")))
            error = await failure(fetcher, f"http://status.example:{outer.port}/")
            assert str(error) == f"intranet: {INWARD}"
            assert len(inner.requests) == 1
            assert (await fetcher.get(f"http://intranet:{inner.port}/")).body == b"secret"
            assert inner.connections == 1, "it is still kept"
            await fetcher.aclose()

    play(scenario)


def test_a_private_page_may_send_us_on_within_the_private_network() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"there")) as there, Vendor(answer(*to(there.url))) as here:
            fetcher = Fetcher()
            got = await fetcher.get(here.url)
            assert (got.body, got.moved_to) == (b"there", there.url)
            await fetcher.aclose()

    play(scenario)


def test_a_caller_can_forbid_private_addresses_altogether() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"secret")) as inner:
            fetcher = Fetcher(resolver=Names({"page.example": [["127.0.0.1"]]}))
            for host in ("127.0.0.1", "page.example"):
                error = await failure(fetcher, f"http://{host}:{inner.port}/", private_ok=False)
                assert (error.fault, str(error)) == (Fault.UNREADABLE, f"{host}: {INWARD}")
            assert inner.connections == 0
            await fetcher.aclose()

    play(scenario)


REFUSED_REDIRECTS = [
    (to("/again"), "it redirects more than 3 times"),
    (to("//127.0.0.1:{port}/again"), "it redirects more than 3 times"),
    (to(""), "it redirects more than 3 times"),
    (to("?round-and-round"), "it redirects more than 3 times"),
    (to("ftp://127.0.0.1/"), "it redirects to what is no http or https address"),
    (to("file:///etc/passwd"), "it redirects to what is no http or https address"),
    (to("javascript:alert(1)"), "it redirects to what is no http or https address"),
    (to("http://0177.0.0.1/"), "it redirects to what is no http or https address"),
    (to("http://127.000.000.001/"), "it redirects to what is no http or https address"),
    (to("http://0251.0376.0251.0376/"), "it redirects to what is no http or https address"),
    (to("http://a:0/"), "it redirects to what is no http or https address"),
    (to("http://a:-1/"), "it redirects to what is no http or https address"),
    (to("http://[::1"), "it redirects to what is no http or https address"),
    (to("http://a:99999999/"), "it redirects to what is no http or https address"),
    (to("http://\xff\xfe\x80/"), "it redirects to what is no http or https address"),
    (to("http://" + "a" * 40_000), "it redirects to what is no http or https address"),
    (to("http://status.invalid/"), "its name cannot be found"),
    ((302, "Content-Type: text/plain"), "it redirects without saying where"),
]


@pytest.mark.parametrize("http_status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("redirect", "words"), REFUSED_REDIRECTS, ids=[case[0][1][:40] for case in REFUSED_REDIRECTS]
)
def test_a_redirect_that_leads_nowhere(
    http_status: int, redirect: tuple[int, str], words: str
) -> None:
    async def scenario() -> None:
        async with Vendor() as vendor:
            vendor.then(answer(http_status, redirect[1].replace("{port}", str(vendor.port))))
            fetcher = Fetcher(resolver=Names())
            error = await failure(fetcher, vendor.url)
            assert str(error).endswith(words)
            assert len(str(error)) < 100
            assert len(vendor.requests) <= 4
            vendor.then(reply(b"well"))
            assert (await fetcher.get(vendor.url)).body == b"well"
            await fetcher.aclose()

    play(scenario)


def test_three_redirects_are_followed() -> None:
    async def scenario() -> None:
        hops = [answer(301, "Location: /1"), answer(302, "Location: 2"), answer(308, "Location: 3")]
        async with Vendor(*hops, reply(b"there")) as vendor:
            fetcher = Fetcher()
            got = await fetcher.get(vendor.url)
            assert got.body == b"there"
            assert got.moved_to == got.url == vendor.url.replace("summary.json", "3")
            assert [request.target for request in vendor.requests] == [
                b"/summary.json",
                b"/1",
                b"/2",
                b"/3",
            ]
            await fetcher.aclose()

    play(scenario)


def test_credentials_go_to_their_own_origin_only_and_are_never_shown() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"there")) as there:
            acts = (answer(302, "Location: /moved"), answer(302, f"Location: {there.url}"))
            async with Vendor(*acts) as here:
                fetcher = Fetcher()
                address = here.url.replace("http://", "http://me:pass%20word@")
                got = await fetcher.get(address)
                basic = b"Basic bWU6cGFzcyB3b3Jk"
                assert [r.header(b"Authorization") for r in here.requests] == [basic, basic]
                assert there.last.header(b"Authorization") is None
                assert got.validators is not None
                assert "pass" not in f"{got.url} {got.moved_to} {got.validators.url}"
                here.then(answer(403))
                assert "pass" not in str(await failure(fetcher, address))
                await fetcher.aclose()

    play(scenario)


def test_no_cookie_is_ever_sent_back() -> None:
    async def scenario() -> None:
        acts = (answer(302, "Location: /2", "Set-Cookie: a=b"), reply(b"", "Set-Cookie: c=d"))
        async with Vendor(*acts) as vendor:
            fetcher = Fetcher()
            await fetcher.get(vendor.url)
            await fetcher.get(vendor.url)
            assert all(request.header(b"Cookie") is None for request in vendor.requests)
            await fetcher.aclose()

    play(scenario)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "status.example",
        "ftp://a/",
        "http://",
        "http://[::1",
        "http://a:b/",
        "http://a:0/",
        "http://a:65536/",
        "//a/",
        "x:",
    ],
)
def test_what_is_no_address_is_told_as_such(url: str) -> None:
    async def scenario() -> None:
        fetcher = Fetcher()
        error = await failure(fetcher, url)
        assert (error.fault, str(error)) == (
            Fault.UNREADABLE,
            "this is no http or https address",
        )
        await fetcher.aclose()

    play(scenario)
