"""Starting and stopping: addresses, ports, refusals, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Coroutine

import pytest

from tests.listener.inbox import DEMO, ListInbox
from tests.listener.serving import dialling, listening, post
from traywatch.core.errors import ConfigError, ListenError
from traywatch.listener import ListenerSettings
from traywatch.listener.server import serve


def run(test: Coroutine[None, None, None]) -> None:
    asyncio.run(test)


async def start(settings: ListenerSettings) -> None:
    async with listening(settings):
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_loopback_needs_no_secret(host: str, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        async with listening(ListenerSettings(host=host, port=0)) as served, dialling(served) as a:
            a.send(post(DEMO))
            assert (await a.answer())[0] == 204

    with caplog.at_level(logging.INFO, "traywatch"):
        run(test())
    said = [record.getMessage() for record in caplog.records if record.name.startswith("traywatch")]
    assert said == ["no secret is set: webhooks are taken unsigned, from this machine only"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_beyond_loopback_a_secret_is_needed(host: str) -> None:
    with pytest.raises(ConfigError) as refused:
        run(start(ListenerSettings(host=host, port=0)))
    assert "TRAYWATCH_SIGNING_SECRET" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_beyond_loopback_with_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    run(start(ListenerSettings(host="0.0.0.0", port=0, secrets=(b"secret",))))
    assert not any("unsigned" in record.getMessage() for record in caplog.records)


def test_a_useless_secret() -> None:
    with pytest.raises(ConfigError):
        run(start(ListenerSettings(port=0, secrets=(b"",))))


def test_localhost_is_every_address_of_that_name() -> None:
    """A program that asks for localhost may mean ::1 first."""
    if not socket.has_ipv6 or not _has_ipv6_loopback():
        pytest.skip("this machine has no ::1")
    names = {info[4][0] for info in socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)}

    async def test() -> None:
        async with listening(ListenerSettings(host="localhost", port=0)) as served:
            for name in names:
                served.host = str(name)
                async with dialling(served) as line:
                    line.send(post(DEMO))
                    assert (await line.answer())[0] == 204

    run(test())


def _has_ipv6_loopback() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ListenError) as refused:
            run(start(ListenerSettings(port=port)))
    assert f"127.0.0.1:{port}: another program uses the port" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1", "a" * 300, "é" * 80])
def test_a_host_that_is_not_ours(host: str) -> None:
    with pytest.raises(ListenError) as refused:
        run(start(ListenerSettings(host=host, port=0, secrets=(b"secret",))))
    assert "\n" not in str(refused.value)


def test_the_port_is_free_again_at_once() -> None:
    async def test() -> None:
        async with listening() as served, dialling(served) as line:
            line.send(post(DEMO))
            await line.answer()
        async with listening(ListenerSettings(port=served.port)):
            pass

    run(test())


def test_stopping_does_not_wait_for_the_slow() -> None:
    """One silent, one between two posts, one in the middle of its body: out within 3 s (L2)."""

    async def test() -> None:
        async with listening() as served, contextlib.AsyncExitStack() as stack:
            silent, half, idle = [await stack.enter_async_context(dialling(served)) for _ in "123"]
            silent.send(b"P")
            half.send(post(DEMO)[:-5])
            idle.send(post(DEMO))
            await idle.answer()
            served.stop.set()
            await asyncio.wait_for(asyncio.shield(served.task), 3.0)
            assert (await half.answer())[0] == 503
            assert await silent.rest() == await idle.rest() == b""

    run(test())


def test_cancelling_closes_the_port() -> None:
    async def test() -> None:
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        settings = ListenerSettings(port=0)
        task = asyncio.ensure_future(
            serve(settings, ListInbox(), asyncio.Event(), ready.set_result)
        )
        port = int((await ready).rpartition(":")[2])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)

    run(test())


def test_signals_are_left_alone() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    async def test() -> None:
        async with listening():
            during = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
            # SIGINT is asyncio.run's on the main thread
            assert during[1] == before[1]

    run(test())


def test_the_vocabulary_costs_nothing() -> None:
    """The conductor imports the package whether or not anyone listens."""
    probe = (
        "import sys, traywatch.listener; "
        "print([m for m in ('uvicorn', 'httptools', 'prometheus_client', 'httpx') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
