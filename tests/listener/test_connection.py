"""On a real socket: slow, silent, endless and malformed senders, and the one who means well."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine

import pytest

from tests.listener.inbox import DEMO, ListInbox, webhook
from tests.listener.serving import PATIENCE_S, Line, Served, dialling, listening, post
from traywatch.listener import Delivery, Verdict, connection

HEAD = b"POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def run(test: Coroutine[None, None, None]) -> None:
    asyncio.run(test)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exchanges that must be over at once, so that a test need not wait."""
    monkeypatch.setattr(connection, "EXCHANGE_S", 0.05)


def test_posts_on_one_connection() -> None:
    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            for number in range(3):
                line.send(post(webhook(str(number))))
                assert await line.answer() == (204, b"")
            assert served.inbox.update_ids == ["0", "1", "2"]

    run(test())


def test_pipelined_posts_are_answered_in_order() -> None:
    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            line.send(post(webhook("0")) + post(b"no json") + post(webhook("1")))
            assert [(await line.answer())[0] for _ in range(3)] == [204, 400, 204]
            assert served.inbox.update_ids == ["0", "1"]

    run(test())


def test_a_chunked_body() -> None:
    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            line.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
            line.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(DEMO), DEMO))
            assert (await line.answer())[0] == 204
            assert served.inbox.update_ids == ["upd_001"]

    run(test())


def test_a_byte_at_a_time() -> None:
    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            for byte in post(DEMO):
                line.send(bytes([byte]))
                await line.writer.drain()
            assert (await line.answer())[0] == 204
            assert served.inbox.update_ids == ["upd_001"]

    run(test())


def test_no_word_about_the_software() -> None:
    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            line.send(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            head = (await line.rest()).lower()
            assert head.startswith(b"http/1.1 404")
            assert b"server:" not in head
            assert b"uvicorn" not in head

    run(test())


# ------------------------------------------------------------------ malformed


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /webhook HTTP/9.9\r\n\r\n",
        b"POST \xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /webhook HTTP/1.1\r\nHost: local\x00host\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Content-Length: 99999999999999999999999999\r\n\r\n",
    ],
)
def test_what_is_no_request_is_a_400(sent: bytes) -> None:
    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            line.send(sent)
            answers = await line.rest()
            assert answers.startswith(b"HTTP/1.1 400 ")
            assert served.inbox.deliveries == []

    run(test())


@pytest.mark.parametrize("upgrade", [b"websocket", b"h2c"])
def test_an_upgrade_is_no_upgrade(upgrade: bytes) -> None:
    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            line.send(
                b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\n"
                b"Upgrade: %b\r\nSec-WebSocket-Key: AAAA\r\nSec-WebSocket-Version: 13\r\n\r\n"
                % upgrade
            )
            assert (await line.answer())[0] == 200

    run(test())


# ------------------------------------------------------------------ too large


@pytest.mark.parametrize(("fits", "code"), [(True, 204), (False, 431)])
def test_sixteen_kibibytes_of_head(fits: bool, code: int) -> None:
    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            line.send(post(DEMO, b"X: " + b"y" * (16_000 if fits else 16_384)))
            assert (await line.answer())[0] == code

    run(test())


@pytest.mark.parametrize("endless", [b"X: ", b"X", b"X: y\r\n"])
def test_a_head_without_end_is_cut(endless: bytes) -> None:
    """httptools would gather it for as long as it goes on."""

    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            line.send(HEAD + endless)
            sent = 0
            with contextlib.suppress(ConnectionError):
                while not line.reader.at_eof() and sent < 64 * 2**20:
                    line.send(b"y" * 65_536 if not endless.endswith(b"\n") else endless * 10_000)
                    await line.writer.drain()
                    sent += 65_536
            assert sent < 16 * 2**20
            assert served.inbox.deliveries == []

    run(test())


def test_the_413_reaches_who_is_still_sending() -> None:
    """The connection stays, the rest of the body is read past, the next post is answered."""

    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            line.send(post(b" " * 2**20))
            line.send(post(DEMO))
            assert [(await line.answer())[0] for _ in range(2)] == [413, 204]

    run(test())


# ------------------------------------------------------------------ too slow


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    "sent",
    [b"", b"P", HEAD, HEAD + b"Content-Length: 5\r\n\r\n", HEAD + b"Content-Length: 5\r\n\r\nabc"],
)
def test_the_slow_and_the_silent_are_told_and_dropped(sent: bytes) -> None:
    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            line.send(sent)
            assert (await line.rest()).startswith(b"HTTP/1.1 408 ")
            assert served.inbox.deliveries == []

    run(test())


@pytest.mark.usefixtures("hurried")
def test_a_body_after_its_answer_may_not_go_on_for_ever() -> None:
    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            line.send(HEAD.replace(b"localhost", b"evil") + b"Content-Length: 99999\r\n\r\n")
            assert (await line.answer())[0] == 403
            assert await line.rest() == b""

    run(test())


@pytest.mark.usefixtures("hurried")
def test_an_answer_that_is_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing would wait for the peer; the connection is aborted, with what it held."""
    lost = asyncio.Event()
    connection_lost = connection.Connection.connection_lost

    def told(self: connection.Connection, exc: Exception | None) -> None:
        connection_lost(self, exc)
        lost.set()

    monkeypatch.setattr(connection.Connection, "connection_lost", told)

    async def test() -> None:
        inbox = ListInbox()
        inbox.status_json = lambda: "x" * (64 * 2**20)  # type: ignore[method-assign]
        async with listening(inbox=inbox) as served, dialling(served) as line:
            line.send(b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
            line.pause()
            await asyncio.wait_for(lost.wait(), PATIENCE_S)
            line.resume()
            assert len(await line.rest()) < 64 * 2**20

    run(test())


@pytest.mark.usefixtures("hurried")
def test_quick_exchanges_outlive_the_deadline() -> None:
    """It is one exchange that must be quick, not the connection that must be short."""

    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            began_at = asyncio.get_running_loop().time()
            while asyncio.get_running_loop().time() < began_at + 0.2:
                line.send(post(DEMO))
                assert (await line.answer())[0] == 204

    run(test())


# ------------------------------------------------------------------ too many


def test_300_slow_and_silent_connections_hold_nobody_up() -> None:
    async def test() -> None:
        async with listening() as served, contextlib.AsyncExitStack() as stack:
            lines = [await stack.enter_async_context(dialling(served)) for _ in range(300)]
            _keep_busy(lines)
            async with dialling(served) as line:
                async with asyncio.timeout(1.0):
                    line.send(post(DEMO))
                    assert (await line.answer())[0] == 204
                    line.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    assert (await line.answer())[0] == 200
            for other in lines:
                assert not other.reader.at_eof()

    run(test())


def _keep_busy(lines: list[Line]) -> None:
    """A third silent, a third in its head, a third in its body."""
    for number, line in enumerate(lines):
        line.send([b"", HEAD, HEAD + b"Content-Length: 50\r\n\r\nhalf"][number % 3])


def test_more_connections_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_CONNECTIONS", 3)

    async def test() -> None:
        async with listening() as served, contextlib.AsyncExitStack() as stack:
            kept = [await _served(stack, served) for _ in range(3)]
            async with dialling(served) as line:
                assert await line.rest() == b""
            kept[0].send(post(DEMO))
            assert (await kept[0].answer())[0] == 204

    run(test())


async def _served(stack: contextlib.AsyncExitStack, served: Served) -> Line:
    """A connection that has been taken for certain."""
    line = await stack.enter_async_context(dialling(served))
    line.send(post(DEMO))
    assert (await line.answer())[0] == 204
    return line


# ------------------------------------------------------------------ many at once


def test_a_burst_of_a_thousand_loses_none() -> None:
    async def test() -> None:
        async with listening() as served:
            shares = [range(start, 1000, 16) for start in range(16)]
            await asyncio.gather(*(_post_each(served, share) for share in shares))
            assert len(served.inbox.deliveries) == 1000
            assert len(set(served.inbox.update_ids)) == 1000
            assert served.verdicts == {Verdict.ACCEPTED: 1000}

    run(test())


async def _post_each(served: Served, numbers: range) -> None:
    async with dialling(served) as line:
        for number in numbers:
            line.send(post(webhook(str(number))))
            assert (await line.answer())[0] == 204


def test_a_post_is_answered_after_the_commit_only() -> None:
    async def test() -> None:
        committed = asyncio.Event()

        class Slow(ListInbox):
            async def receive(self, delivery: Delivery) -> bool:
                await committed.wait()
                return await super().receive(delivery)

        async with listening(inbox=Slow()) as served, dialling(served) as line:
            line.send(post(DEMO))
            answer = asyncio.ensure_future(line.answer())
            async with dialling(served) as other:  # meanwhile others are served
                other.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert (await other.answer())[0] == 200
            assert not answer.done()
            committed.set()
            assert (await answer)[0] == 204

    run(test())
