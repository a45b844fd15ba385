"""A connected socket, with TLS or without, that waits for nothing between two requests.

It lives on ``loop.sock_*``, so an idle connection is a file descriptor and nothing else: no task,
no reader, no buffer. asyncio's own TLS streams keep a read buffer of 256 KiB for each connection
(``sslproto.SSLProtocol.max_size``), a quarter of a gigabyte for a thousand pages.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final, TypeVar

_AT_ONCE: Final = 64 * 1024
_AT_ONCE_TLS: Final = 8 * 1024
"""OpenSSL's memory buffers keep the size they once grew to: with 64 KiB at a time a thousand
connections held 25 MB more, for a 30 kB body that was no faster."""

T = TypeVar("T")


class Stream:
    """Bytes out, bytes in. Every method may raise OSError (ssl.SSLError is one)."""

    __slots__ = ("_incoming", "_loop", "_outgoing", "_socket", "_tls")

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Shake hands and verify that the peer is ``host``."""
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        await self._pump(self._tls.do_handshake)

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        if self._tls is None:
            await self._loop.sock_sendall(self._socket, data)
        else:
            tls = self._tls
            await self._pump(lambda: tls.write(data))

    async def receive(self) -> bytes:
        """What has come, at least one byte; nothing at the end.

        An end without TLS's own good-bye counts as an end: HTTP knows its length and notices.
        """
        if self._tls is None:
            return await self._loop.sock_recv(self._socket, _AT_ONCE)
        tls = self._tls
        try:
            return await self._pump(lambda: tls.read(_AT_ONCE_TLS))
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return b""

    def quiet(self) -> bool:
        """Is it still open with nothing waiting to be read? Then it can be used again."""
        if self._incoming.pending:
            return False
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        """Let go at once; twice is fine. TLS's good-bye is left out, as everybody does."""
        self._socket.close()

    async def _pump(self, step: Callable[[], T]) -> T:
        """Do a step of TLS, carrying bytes between it and the socket until it is done."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._loop.sock_recv(self._socket, _AT_ONCE_TLS)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            else:
                await self._flush()
                return result

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._loop.sock_sendall(self._socket, self._outgoing.read())
