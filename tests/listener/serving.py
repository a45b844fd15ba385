"""The listener on a real port, and a client that sends it any bytes."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.listener.inbox import ListInbox
from traywatch.listener import ListenerSettings, Verdict
from traywatch.listener.server import serve

PATIENCE_S = 30.0
"""A test that waits longer than this has failed."""


@dataclass
class Served:
    host: str
    port: int
    inbox: ListInbox
    verdicts: Counter[Verdict]
    stop: asyncio.Event
    task: asyncio.Future[None]


@asynccontextmanager
async def listening(
    settings: ListenerSettings | None = None, inbox: ListInbox | None = None
) -> AsyncIterator[Served]:
    """Up and running inside, stopped after."""
    settings = settings or ListenerSettings(port=0)
    inbox = inbox or ListInbox()
    verdicts: Counter[Verdict] = Counter()
    stop = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(serve(settings, inbox, stop, ready.set_result, verdicts))
    try:
        waiting: set[asyncio.Future[Any]] = {task, ready}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        address = urlsplit(ready.result())
        assert address.hostname
        assert address.port
        yield Served(address.hostname, address.port, inbox, verdicts, stop, task)
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.shield(task), PATIENCE_S)


class Line:
    """One TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer."""
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").lower().split("\r\n")
            length = next((int(v[16:]) for v in lines if v.startswith("content-length: ")), 0)
            return int(lines[0][9:12]), await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """Everything until the other side closes; a reset is a close too."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    async def until(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """The first place where it matches; None: the other side closed before."""
        received = b""
        async with asyncio.timeout(PATIENCE_S):
            while (found := pattern.search(received)) is None:
                try:
                    chunk = await self.reader.read(65_536)
                except ConnectionResetError:
                    return None
                if not chunk:
                    return None
                received += chunk
        return found

    def pause(self) -> None:
        """Read no more."""
        self.writer.transport.pause_reading()  # type: ignore[attr-defined]

    def resume(self) -> None:
        self.writer.transport.resume_reading()  # type: ignore[attr-defined]

    async def hang_up(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


@asynccontextmanager
async def dialling(served: Served) -> AsyncIterator[Line]:
    line = Line(*await asyncio.open_connection(served.host, served.port))
    try:
        yield line
    finally:
        await line.hang_up()


def post(body: bytes, *extra: bytes, path: bytes = b"/webhook") -> bytes:
    """A proper POST as it goes over the wire."""
    headers = [
        b"Host: localhost",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
        *extra,
    ]
    return b"POST %b HTTP/1.1\r\n%b\r\n\r\n%b" % (path, b"\r\n".join(headers), body)
