"""One TCP connection, bounded in bytes and in time. uvicorn bounds neither.

httptools (llhttp, the parser of Node.js) and not h11: in benchmarks/webhook.py uvicorn answers a
post in 30 us with it and in 101 us with h11, and 6,000 posts a second leave 166 us for all of it.
h11 would bound the head of a request; httptools gathers a header for as long as it goes on, so
that is done here. What holds true of a connection:

- a head that is not whole takes at most HEAD_LIMIT bytes more than one read of the socket;
- an exchange, from its first byte (or the connecting) to the end of the answer, takes at most
  EXCHANGE_S, however slowly either side is spoken to; between two, uvicorn's keep-alive decides;
- there are at most MAX_CONNECTIONS of them, or the file descriptors would run out under the
  polling and the store: 1,024 is what most systems give a process.
"""

from __future__ import annotations

import asyncio
from typing import Final

import httptools  # noqa: F401 - uvicorn has it as an extra: what we need is named where it is used
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from traywatch.listener.admission import HEAD_LIMIT

EXCHANGE_S: Final = 20.0
MAX_CONNECTIONS: Final = 512

_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with an end to everything.

    The deadline is looked at by one timer a connection that sets itself anew, not by one an
    exchange: posts that are quick pay one reading of the clock for it.
    """

    _began_at = 0.0
    """On the loop's clock: the last exchange, the connecting included."""
    _unread = True
    """True while there is more to come of a request, the first one included."""
    _unfinished_head = False
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wind up the clock; hang up where there are too many."""
        super().connection_made(transport)
        self._began_at = self.loop.time()
        self._timer = self.loop.call_at(self._began_at + EXCHANGE_S, self._look_at_clock)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is left to be looked at."""
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what a head gathers that does not come to its end."""
        was_unfinished = self._unfinished_head
        super().data_received(data)
        if was_unfinished and self._unfinished_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_LIMIT and not self.transport.is_closing():
                self.send_400_response("The head is too large.")

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._began_at = self.loop.time()
        self._unread = self._unfinished_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole; what it may be like is for ``admission``."""
        self._unfinished_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        super().on_message_complete()
        self._unread = False

    def _under_way(self) -> bool:
        """Is there more to read or to send? An early answer leaves a body to be read past, and
        a peer who does not read leaves an answer that counts as sent in our buffer."""
        answering = self.cycle is not None and not self.cycle.response_complete
        return self._unread or answering or self.transport.get_write_buffer_size() > 0

    def _look_at_clock(self) -> None:
        now = self.loop.time()
        due_at = (self._began_at if self._under_way() else now) + EXCHANGE_S
        if due_at > now:
            self._timer = self.loop.call_at(due_at, self._look_at_clock)
            return
        if self.cycle is None or not self.cycle.response_started:
            self.transport.write(_TOO_SLOW)
        self.transport.abort()  # not close: that waits for a peer who may never read
