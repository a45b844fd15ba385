"""Names that do not resolve, or flip, and addresses that do not answer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence

import pytest

from tests.faults.arena import QUICK_CONNECT, Names, failure, play
from tests.faults.hostile import Vendor, reply
from traywatch.core.model import Fault
from traywatch.fetch import Fetcher, Limits
from traywatch.fetch.dial import _in_turns

PATIENT = Limits(connect_s=5.0, stagger_s=0.02)
NOWHERE = "2001:db8::1"
"""Reserved for documentation: nothing is there, and without IPv6 there is no way to it."""


@pytest.fixture
def deaf() -> Iterator[socket.socket]:
    """A port on 127.0.0.3 whose queue is full: connecting to it hangs."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.3", 0))
        listening.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield listening


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "its name cannot be found"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "its name cannot be looked up at the moment"),
        (OSError("whatever"), "its name cannot be found"),
        ([], "its name has no address"),
        (["not-a-number"], "its name has no address"),
    ],
)
def test_a_name_that_fails_and_comes_back(answer: Sequence[str] | OSError, words: str) -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"well")) as vendor:
            names = Names({"status.example": [answer, ["127.0.0.1"], answer]})
            fetcher = Fetcher(resolver=names)
            url = f"http://status.example:{vendor.port}/"
            error = await failure(fetcher, url)
            assert (error.fault, str(error)) == (Fault.UNREACHABLE, f"status.example: {words}")
            assert (await fetcher.get(url)).body == b"well"
            assert (await fetcher.get(url)).body == b"well", "a kept connection needs no name"
            assert len(names.asked) == 2
            fetcher.forget_connections()
            assert str(await failure(fetcher, url)) == f"status.example: {words}"
            await fetcher.aclose()

    play(scenario)


def test_a_look_up_that_hangs_is_given_up() -> None:
    async def scenario() -> None:
        async def hanging(host: str) -> Sequence[str]:
            await asyncio.Event().wait()
            raise AssertionError

        fetcher = Fetcher(resolver=hanging, limits=QUICK_CONNECT)
        error = await failure(fetcher, "http://status.example/")
        assert (error.fault, str(error)) == (
            Fault.UNREACHABLE,
            "status.example: no connection within 0.3 s",
        )
        await fetcher.aclose()

    play(scenario)


@pytest.mark.parametrize("host", ["status.invalid", "a" * 64 + ".invalid", "x..invalid"])
def test_the_system_resolver_knows_no_such_name(host: str) -> None:
    async def scenario() -> None:
        fetcher = Fetcher()
        error = await failure(fetcher, f"http://{host}/")
        assert error.fault is Fault.UNREACHABLE
        assert str(error).startswith(f"{host}: its name cannot be ")
        await fetcher.aclose()

    play(scenario)


def test_the_system_resolver_knows_localhost() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"well")) as vendor:
            fetcher = Fetcher()
            assert (await fetcher.get(f"http://localhost:{vendor.port}/")).body == b"well"
            await fetcher.aclose()

    play(scenario)


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6, not even on loopback")
def test_a_page_at_an_ipv6_address() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"well"), host="::1") as vendor:
            fetcher = Fetcher()
            assert (await fetcher.get(vendor.url)).url == vendor.url
            assert vendor.last.header(b"Host") == f"[::1]:{vendor.port}".encode()
            await fetcher.aclose()

    play(scenario)


def test_nobody_listens() -> None:
    async def scenario() -> None:
        async with Vendor(reply()) as vendor:
            url = vendor.url
        fetcher = Fetcher()
        error = await failure(fetcher, url)
        assert (error.fault, str(error)) == (Fault.UNREACHABLE, "127.0.0.1: connection refused")
        await fetcher.aclose()

    play(scenario)


def test_nobody_answers(deaf: socket.socket) -> None:
    async def scenario() -> None:
        fetcher = Fetcher(limits=QUICK_CONNECT)
        host, port = deaf.getsockname()
        error = await failure(fetcher, f"http://{host}:{port}/")
        assert (error.fault, str(error)) == (
            Fault.UNREACHABLE,
            "127.0.0.3: no connection within 0.3 s",
        )
        await fetcher.aclose()

    play(scenario)


@pytest.mark.parametrize(
    "addresses",
    [
        [NOWHERE, "127.0.0.1"],
        ["::1", "127.0.0.1"],
        ["127.0.0.3", "127.0.0.1"],
        ["127.0.0.3", NOWHERE, "127.0.0.3", "127.0.0.1"],
        [*(f"2001:db8::{n}" for n in range(1, 20)), "127.0.0.1"],
    ],
    ids=[
        "IPv6 without a way",
        "IPv6 refused",
        "silence first",
        "silence, no way, silence",
        "much IPv6 without a way",
    ],
)
def test_one_good_address_is_enough(deaf: socket.socket, addresses: list[str]) -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"well"), port=deaf.getsockname()[1]) as vendor:
            fetcher = Fetcher(resolver=Names({"status.example": [addresses]}), limits=PATIENT)
            got = await fetcher.get(f"http://status.example:{vendor.port}/")
            assert got.body == b"well"
            await fetcher.aclose()

    play(scenario)


def test_a_broken_family_costs_one_head_start() -> None:
    assert _in_turns(["::1", "::2", "::3", "10.0.0.1"]) == ["::1", "10.0.0.1", "::2", "::3"]
    assert _in_turns(["10.0.0.1", "10.0.0.2", "::1"]) == ["10.0.0.1", "::1", "10.0.0.2"]


def test_all_addresses_bad(deaf: socket.socket) -> None:
    async def scenario() -> None:
        names = Names({"status.example": [[NOWHERE, "127.0.0.4", "127.0.0.5"]]})
        fetcher = Fetcher(resolver=names, limits=PATIENT)
        error = await failure(fetcher, f"http://status.example:{deaf.getsockname()[1]}/")
        assert error.fault is Fault.UNREACHABLE
        await fetcher.aclose()

    play(scenario)
