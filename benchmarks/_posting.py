"""A closed loop of posts: as many connections as told, each sending its next when it is answered.

As thin as asyncio allows, so that the load costs the second core and not the one that is measured.
"""

from __future__ import annotations

import asyncio
import functools
import hmac
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BODY = (
    b'{"incident":{"id":"%b","name":"OpenAI API - Chat Completions","incident_updates":'
    b'[{"id":"%b","created_at":"2025-11-18T12:34:56Z",'
    b'"body":"Investigating degraded performance"}]}}'
)


@dataclass(frozen=True, slots=True)
class Posted:
    """What a run came to."""

    seconds: float
    latencies_s: Sequence[float]
    """Sorted."""

    @property
    def rate(self) -> float:
        """Posts a second."""
        return len(self.latencies_s) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """So many of a hundred were answered within."""
        return 1000 * self.latencies_s[int((len(self.latencies_s) - 1) * percent / 100)]


def requests(
    update_ids: Sequence[bytes], secret: bytes | None = None, incident_id: bytes = b"demo_001"
) -> list[bytes]:
    """One post for each update, made ready beforehand."""
    return [_request(BODY % (incident_id, update_id), secret) for update_id in update_ids]


def _request(body: bytes, secret: bytes | None) -> bytes:
    signature = b""
    if secret is not None:
        mac = hmac.digest(secret, body, "sha256").hex().encode()
        signature = b"X-Signature: sha256=%b\r\n" % mac
    return (
        b"POST /webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"%bContent-Length: %d\r\n\r\n%b" % (signature, len(body), body)
    )


def post_all(port: int, posts: Sequence[bytes], connections: int) -> Posted:
    """Send every post once; each must be answered with 204."""
    return asyncio.run(_post_all(port, posts, connections))


async def _post_all(port: int, posts: Sequence[bytes], connections: int) -> Posted:
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    queue = iter(posts)
    done: list[asyncio.Future[None]] = [loop.create_future() for _ in range(connections)]
    began_at = time.perf_counter()
    for finished in done:
        sender = functools.partial(_Sender, queue, latencies, finished)
        await loop.create_connection(sender, "127.0.0.1", port)
    await asyncio.gather(*done)
    seconds = time.perf_counter() - began_at
    return Posted(seconds, sorted(latencies))


def post_paced(port: int, posts: Sequence[bytes], rate: float) -> Posted:
    """Send so many a second, each when its time has come, on a connection of its own."""
    return asyncio.run(_post_paced(port, posts, rate))


async def _post_paced(port: int, posts: Sequence[bytes], rate: float) -> Posted:
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    done: list[asyncio.Future[None]] = []
    began_at = time.perf_counter()
    for number, post in enumerate(posts):
        await asyncio.sleep(began_at + number / rate - time.perf_counter())
        done.append(loop.create_future())
        sender = functools.partial(_Sender, iter([post]), latencies, done[-1])
        await loop.create_connection(sender, "127.0.0.1", port)
    await asyncio.gather(*done)
    return Posted(time.perf_counter() - began_at, sorted(latencies))


class _Sender(asyncio.Protocol):
    def __init__(
        self, queue: Iterator[bytes], latencies: list[float], finished: asyncio.Future[None]
    ) -> None:
        self._queue = queue
        self._latencies = latencies
        self._finished = finished
        self._transport: asyncio.Transport
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send_next()

    def _send_next(self) -> None:
        post = next(self._queue, None)
        if post is None:
            self._transport.close()
            self._finished.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(post)

    def data_received(self, data: bytes) -> None:
        self._latencies.append(time.perf_counter() - self._sent_at)
        if data[9:12] != b"204":
            self._finished.set_exception(RuntimeError(f"answered {data[:200]!r}"))
            self._transport.close()
            return
        self._send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._finished.done():
            self._finished.set_exception(exc or ConnectionError("hung up"))
