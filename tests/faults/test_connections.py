"""Connections between polls: kept, found dead, counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.arena import QUICK, Names, failure, play
from tests.faults.hostile import Act, Caller, Vendor, answer, cut, hang, message, reply, reset, say
from traywatch.core.model import Fault
from traywatch.fetch import Fetcher, Limits


def test_one_connection_serves_every_poll() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"well")) as vendor:
            fetcher = Fetcher()
            for _ in range(5):
                assert (await fetcher.get(vendor.url)).body == b"well"
            assert vendor.connections == 1
            await fetcher.aclose()
            assert (await fetcher.get(vendor.url)).body == b"well", "it can be used after a close"
            assert vendor.connections == 2
            await fetcher.aclose()

    play(scenario)


DEAD = [
    ("closed after the answer", cut(message(200, body=b"one"))),
    ("reset after the answer", reset(message(200, body=b"one"))),
    ("says it will close", cut(message(200, "Connection: close", body=b"one"))),
    ("more than the answer", say(message(200, body=b"one") + b"HTTP/1.1 200 OK\r\n")),
    ("a body behind a 204", say(b"HTTP/1.1 204 No Content\r\n\r\nsurprise")),
]


@pytest.mark.parametrize("act", [act for _, act in DEAD], ids=[name for name, _ in DEAD])
def test_a_connection_that_is_not_clean_is_not_used_again(act: Act) -> None:
    async def scenario() -> None:
        async with Vendor(act, reply(b"two")) as vendor:
            fetcher = Fetcher()
            await fetcher.get(vendor.url)
            assert (await fetcher.get(vendor.url)).body == b"two"
            assert vendor.connections == 2
            await fetcher.aclose()

    play(scenario)


@pytest.mark.parametrize("act", [cut(b""), reset()], ids=["closed", "reset"])
def test_a_kept_connection_closed_under_the_question_is_no_failure(act: Act) -> None:
    """It crosses with our request on the wire; asked again on a new one, once."""

    async def scenario() -> None:
        async with Vendor(reply(b"one"), act, reply(b"two")) as vendor:
            fetcher = Fetcher()
            await fetcher.get(vendor.url)
            assert (await fetcher.get(vendor.url)).body == b"two"
            assert [request.connection for request in vendor.requests] == [1, 1, 2]
            await fetcher.aclose()

    play(scenario)


def test_an_answer_nobody_asked_for_is_not_taken_for_the_next_one() -> None:
    """It lies in the socket between two polls, where some proxy mixed up its callers."""

    async def scenario() -> None:
        between, said = asyncio.Event(), asyncio.Event()

        async def act(caller: Caller) -> bool:
            await caller.send(message(200, body=b"one"))
            await between.wait()
            await caller.send(message(200, body=b"somebody else's"))
            said.set()
            return True

        async with Vendor(act, reply(b"two")) as vendor:
            fetcher = Fetcher()
            await fetcher.get(vendor.url)
            between.set()
            await said.wait()
            assert (await fetcher.get(vendor.url)).body == b"two"
            await fetcher.aclose()

    play(scenario)


def test_a_kept_connection_that_fell_silent_is_replaced() -> None:
    """So it is after a sleep, or when the network changed under us."""

    async def scenario() -> None:
        async with Vendor(reply(b"one"), hang(), reply(b"two")) as vendor:
            fetcher = Fetcher(limits=replace(Limits(), reused_s=0.05))
            await fetcher.get(vendor.url)
            assert (await fetcher.get(vendor.url)).body == b"two"
            assert vendor.connections == 2
            await fetcher.aclose()

    play(scenario)


def test_a_vendor_that_hangs_up_on_everybody_is_asked_twice_at_most() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"one"), cut(b"")) as vendor:
            fetcher = Fetcher()
            await fetcher.get(vendor.url)
            error = await failure(fetcher, vendor.url)
            assert error.fault is Fault.REFUSED
            assert len(vendor.requests) == 3
            await fetcher.aclose()

    play(scenario)


@pytest.mark.parametrize("end", [cut, reset, hang], ids=["closed", "reset", "silent"])
def test_half_an_answer_on_a_kept_connection_is_not_asked_again(
    end: Callable[[bytes], Act],
) -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"one"), end(b"HTTP/1.1 2"), reply(b"two")) as vendor:
            fetcher = Fetcher(limits=QUICK)
            await fetcher.get(vendor.url)
            error = await failure(fetcher, vendor.url)
            assert error.fault is Fault.REFUSED, "it answers, so our network is there"
            assert len(vendor.requests) == 2
            await fetcher.aclose()

    play(scenario)


@pytest.mark.parametrize("limits", [replace(QUICK, reused_s=0.05), replace(QUICK, total_s=0.5)])
def test_a_kept_connection_into_a_network_that_is_gone_says_nothing_of_the_vendor(
    limits: Limits,
) -> None:
    """What was once connected swallows the question, and no new connection is had."""

    async def scenario() -> None:
        async with Vendor(reply(b"one"), hang()) as vendor:
            names = Names({"status.example": [["127.0.0.1"], OSError("no way to ask")]})
            fetcher = Fetcher(resolver=names, limits=limits)
            url = f"http://status.example:{vendor.port}/"
            await fetcher.get(url)
            assert (await failure(fetcher, url)).fault is Fault.UNREACHABLE
            await fetcher.aclose()

    play(scenario)


def test_idle_connections_are_let_go_in_time_and_on_demand() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"well")) as vendor:
            at_once = Fetcher(limits=replace(Limits(), keep_idle_s=0))
            await at_once.get(vendor.url)
            await at_once.get(vendor.url)
            assert vendor.connections == 2
            await at_once.aclose()
            on_demand = Fetcher()
            await on_demand.get(vendor.url)
            on_demand.forget_connections()
            await on_demand.get(vendor.url)
            assert vendor.connections == 4
            await on_demand.aclose()

    play(scenario)


class Gate:
    """An act that answers only when it is opened, and counts who waits."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.waiting = 0
        self.most = 0
        self.arrived = asyncio.Condition()

    async def __call__(self, caller: Caller) -> bool:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        async with self.arrived:
            self.arrived.notify_all()
        await self.opened.wait()
        self.waiting -= 1
        await caller.send(message(200, body=b"well"))
        return True

    async def reached(self, count: int) -> None:
        async with self.arrived:
            await self.arrived.wait_for(lambda: self.waiting >= count)


def test_a_host_never_sees_more_than_two_connections() -> None:
    async def scenario() -> None:
        gate = Gate()
        async with Vendor(gate) as vendor:
            fetcher = Fetcher()
            polls = [asyncio.create_task(fetcher.get(vendor.url)) for _ in range(20)]
            await gate.reached(2)
            gate.opened.set()
            assert {(await poll).body for poll in polls} == {b"well"}
            assert (gate.most, vendor.most_open, vendor.connections) == (2, 2, 2)
            await fetcher.aclose()

    play(scenario)


def test_idle_ones_of_another_port_count_against_the_host() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"a")) as one, Vendor(reply(b"b")) as two, Vendor(reply(b"c")) as x:
            fetcher = Fetcher()
            for vendor in (one, two, x, one):
                await fetcher.get(vendor.url)
            assert (one.connections, two.connections, x.connections) == (2, 1, 1)
            await fetcher.aclose()

    play(scenario)


def test_no_more_than_fifty_requests_are_under_way_in_all() -> None:
    async def scenario() -> None:
        gate = Gate()
        names = Names({f"h{n}.example": [["127.0.0.1"]] for n in range(80)})
        async with Vendor(gate) as vendor:
            fetcher = Fetcher(resolver=names)
            urls = [f"http://h{n}.example:{vendor.port}/" for n in range(80)]
            polls = [asyncio.create_task(fetcher.get(url)) for url in urls]
            await gate.reached(50)
            gate.opened.set()
            assert {(await poll).body for poll in polls} == {b"well"}
            assert gate.most == 50
            await fetcher.aclose()

    play(scenario)


def test_waiting_for_a_turn_is_not_a_time_out() -> None:
    async def scenario() -> None:
        async with Vendor(hang(), hang(), reply(b"well")) as vendor:
            fetcher = Fetcher(limits=replace(QUICK, read_s=0.2, total_s=0.25))
            polls = [asyncio.create_task(fetcher.get(vendor.url)) for _ in range(5)]
            results = await asyncio.gather(*polls, return_exceptions=True)
            assert [getattr(result, "body", None) for result in results] == [None, None] + [
                b"well"
            ] * 3
            await fetcher.aclose()

    play(scenario)


def test_a_cancelled_poll_gives_its_turn_and_its_connection_back() -> None:
    async def scenario() -> None:
        async with Vendor(hang(), hang(b"HTTP/1.1 200 OK\r\n\r\nx"), reply(b"well")) as vendor:
            fetcher = Fetcher()
            for expected in (1, 2):
                poll = asyncio.create_task(fetcher.get(vendor.url))
                while len(vendor.requests) < expected:
                    await asyncio.wait([poll], timeout=0.001)
                poll.cancel()
                await asyncio.wait([poll])
                assert poll.cancelled()
            assert (await fetcher.get(vendor.url)).body == b"well"
            await fetcher.aclose()

    play(scenario)


def test_hosts_met_on_the_way_are_not_remembered_for_ever() -> None:
    async def scenario() -> None:
        names = Names({f"h{n}.example": [["127.0.0.1"]] for n in range(300)})
        async with Vendor(say(message(200, "Connection: close", body=b""))) as vendor:
            fetcher = Fetcher(resolver=names)
            for n in range(300):
                await fetcher.get(f"http://h{n}.example:{vendor.port}/")
            assert len(fetcher._wire._hosts) == 0
            assert len(fetcher._host_turns) == 0
            await fetcher.aclose()

    play(scenario)


def test_when_there_is_no_room_the_newest_connection_goes() -> None:
    """Pages are polled in a circle: throwing out the oldest would keep none that is needed."""

    async def scenario() -> None:
        names = Names({f"h{n}.example": [["127.0.0.1"]] for n in range(6)})
        async with Vendor(reply(b"well")) as vendor:
            fetcher = Fetcher(resolver=names)
            fetcher._wire._room = 4
            for _ in range(3):
                for n in range(6):
                    await fetcher.get(f"http://h{n}.example:{vendor.port}/")
            assert vendor.connections == 4 + 3 * 2
            await fetcher.aclose()

    play(scenario)


def test_the_request_says_who_we_are() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"well"), answer(304)) as vendor:
            fetcher = Fetcher(user_agent="traywatch/9 (+https://example.org)")
            await fetcher.get(vendor.url)
            head = vendor.last.head.decode()
            assert head.splitlines() == [
                "GET /summary.json HTTP/1.1",
                f"Host: 127.0.0.1:{vendor.port}",
                "User-Agent: traywatch/9 (+https://example.org)",
                "Accept: */*",
                "Accept-Encoding: gzip",
                "",
            ]
            await fetcher.aclose()

    play(scenario)
