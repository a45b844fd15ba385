"""A vendor that does to us whatever a script says: a raw server on loopback, one act a request.

    async with Vendor(reply(b"one"), cut(b"HTTP/1.1 20"), reply(b"two")) as vendor:
        await fetcher.get(vendor.url)

An act gets the connection after the head of a request was read, and writes what it likes. When it
returns True the connection stays open for the next request. A script that has run out answers
with its last act.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, byte for byte."""

    head: bytes
    connection: int
    """Counts up from 1: equal numbers came over the same connection."""

    @property
    def target(self) -> bytes:
        return self.head.split(b" ")[1]

    def header(self, name: bytes) -> bytes | None:
        """The value of a field; None: it was not sent."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b": ")
            if key.lower() == name.lower():
                return value
        return None


@dataclass(frozen=True, slots=True)
class Caller:
    """One connection, as an act sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        raw: socket.socket = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Act = Callable[[Caller], Awaitable[bool]]


class Vendor:
    """The server, its script and its log."""

    def __init__(
        self,
        *acts: Act,
        greeting: Act | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``greeting`` is done as soon as somebody connects, before any request is read."""
        self.acts = list(acts)
        self.greeting = greeting
        self.host = host
        self.port = port
        self.tls = tls
        self.requests: list[Request] = []
        self.connections = 0
        self.open_now = 0
        self.most_open = 0
        self._callers: dict[asyncio.Task[Any], Caller] = {}
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}/summary.json"

    @property
    def last(self) -> Request:
        return self.requests[-1]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._accept, self.host, self.port, ssl=self.tls, limit=2**17
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task, caller in self._callers.items():
            caller.writer.transport.abort()  # TLS would wait for the other side's good-bye
            task.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)
        await self._server.wait_closed()

    def then(self, *acts: Act) -> None:
        """From the next request on, these."""
        self.acts = list(acts)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._callers[task] = caller = Caller(reader, writer)
        self.connections += 1
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            with suppress(OSError, EOFError, asyncio.CancelledError):
                await self._serve(caller, self.connections)
        finally:
            self.open_now -= 1
            del self._callers[task]
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(self, caller: Caller, connection: int) -> None:
        if self.greeting is not None and not await self.greeting(caller):
            return
        while True:
            head = await caller.reader.readuntil(b"\r\n\r\n")
            self.requests.append(Request(head, connection))
            act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
            if not await act(caller):
                return


# ---------------------------------------------------------------- acts


def message(http_status: int, *fields: str, body: bytes = b"", length: int | None = None) -> bytes:
    """A whole answer; ``length`` is what Content-Length claims, where it is not the truth."""
    length = len(body) if length is None else length
    head = [f"HTTP/1.1 {http_status} Whatever", f"Content-Length: {length}", *fields]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def reply(body: bytes = b"{}", *fields: str, http_status: int = 200) -> Act:
    """An honest answer."""
    return say(message(http_status, *fields, body=body))


def answer(http_status: int, *fields: str) -> Act:
    """An answer without a body."""
    return say(message(http_status, *fields))


def not_modified(*fields: str) -> Act:
    """A 304, which has no body and says no length."""
    head = ["HTTP/1.1 304 Not Modified", *fields]
    return say("\r\n".join(head).encode("latin-1") + b"\r\n\r\n")


def say(data: bytes) -> Act:
    """Exactly these bytes, and stay."""

    async def act(caller: Caller) -> bool:
        await caller.send(data)
        return True

    return act


def cut(data: bytes) -> Act:
    """These bytes, then an orderly end."""

    async def act(caller: Caller) -> bool:
        await caller.send(data)
        return False

    return act


def reset(data: bytes = b"") -> Act:
    """These bytes, then a reset."""

    async def act(caller: Caller) -> bool:
        await caller.send(data)
        caller.reset()
        return False

    return act


def hang(data: bytes = b"") -> Act:
    """These bytes, then silence until the other side goes away."""

    async def act(caller: Caller) -> bool:
        await caller.send(data)
        while await caller.reader.read(2**16):
            pass
        return False

    return act


def flood(head: bytes, pieces: Iterable[bytes]) -> Act:
    """A head, then pieces for as long as somebody takes them."""

    async def act(caller: Caller) -> bool:
        await caller.send(head)
        for piece in pieces:
            await caller.send(piece)
        return True

    return act


def drip(head: bytes, drop: bytes, every_s: float) -> Act:
    """A head, then a drop at a time while somebody listens: never quite silent, never done."""

    async def act(caller: Caller) -> bool:
        await caller.send(head)
        while not await gone(caller, every_s):
            await caller.send(drop)
        return False

    return act


def late(data: bytes, after_s: float) -> Act:
    """These bytes, but only after a while."""

    async def act(caller: Caller) -> bool:
        if await gone(caller, after_s):
            return False
        await caller.send(data)
        return True

    return act


async def gone(caller: Caller, within_s: float) -> bool:
    """Does the other side go away in this time?"""
    try:
        async with asyncio.timeout(within_s):
            return not await caller.reader.read(2**16)
    except TimeoutError:
        return False
