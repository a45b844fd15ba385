"""HTTP/1.1 over our own sockets: a transport under httpx that keeps connections between polls.

Why not httpx's own: it costs 0.7 ms of CPU for a 304 where this costs 0.25, its name look-up
cannot be judged before it connects, and its one big pool grows slow with every open connection
(all measured, 1,000 hosts). h11 does the protocol, as it does under httpx.

What holds true: a connection is used by one request at a time; only one that ended its last
answer cleanly is kept; a host never has more than ``per_host`` of them, idle ones included.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

import h11
import httpx

from traywatch.fetch.dial import PORTS, Contact, Dialler, Forbidden
from traywatch.fetch.limits import Limits
from traywatch.fetch.stream import Stream

Origin = tuple[str, str, int]
"""Scheme, host and port."""

_MOST_INFORMATIONAL: Final = 10


@dataclass(slots=True, eq=False)
class _Line:
    """One connection and where its conversation stands."""

    origin: Origin
    stream: Stream
    private: bool
    http: h11.Connection
    kept_at: float = 0.0
    heard: bool = False
    """A first byte of the current answer has come."""
    ended: bool = False
    """The peer has closed its side."""


@dataclass(slots=True)
class _Host:
    """The connections of one host, whatever their port."""

    open: int = 0
    idle: list[_Line] = field(default_factory=list)


class Wire(httpx.AsyncBaseTransport):
    """GETs straight to the host, no proxy between.

    A request's extension ``private_ok`` (default True) says whether it may reach a private
    address, and its ``contact``, a Contact, learns how far it came; a response's extension
    ``private`` says whether it came from a private one.
    """

    def __init__(self, limits: Limits, dialler: Dialler) -> None:
        self._limits = limits
        self._dialler = dialler
        self._hosts: dict[str, _Host] = {}
        self._idle: dict[_Line, None] = {}
        """All of them, the longest kept first."""
        self._room = _room_for_idle()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.TransportError."""
        url = request.url
        origin = (url.scheme, url.host, url.port or PORTS[url.scheme])
        private_ok = bool(request.extensions.get("private_ok", True))
        contact: Contact = request.extensions.get("contact") or Contact()
        kept = self._take(origin)
        if kept is not None:
            if kept.private and not private_ok:
                self._keep(kept)
                raise Forbidden("it leads into a private network")
            try:
                return await self._ask(kept, request, self._limits.reused_s)
            except (httpx.NetworkError, httpx.ReadTimeout):
                if kept.heard:
                    raise
                # It was closed while it lay idle; a GET may be sent again (RFC 9110, 9.2.2).
            finally:
                contact.made = kept.heard  # that it was once taken says nothing of today
        line = await self._open(origin, url, private_ok, contact)
        return await self._ask(line, request, self._limits.read_s)

    async def aclose(self) -> None:
        """Close what lies idle. Requests under way close theirs themselves."""
        self.forget()

    def forget(self) -> None:
        """Close every idle connection: after a sleep or in another network they are dead."""
        for line in list(self._idle):
            self._wake(line)
            self._drop(line)

    # ------------------------------------------------------------ connections

    def _take(self, origin: Origin) -> _Line | None:
        """An idle connection that can be used again; it is not idle any more."""
        self._expire()
        host = self._hosts.get(origin[1])
        for line in list(host.idle) if host else ():
            if line.origin != origin:
                continue
            self._wake(line)
            if line.stream.quiet():
                line.heard = False
                return line
            self._drop(line)
        return None

    def _expire(self) -> None:
        longest = asyncio.get_running_loop().time() - self._limits.keep_idle_s
        while self._idle and (line := next(iter(self._idle))).kept_at <= longest:
            self._wake(line)
            self._drop(line)

    def _wake(self, line: _Line) -> None:
        del self._idle[line]
        self._hosts[line.origin[1]].idle.remove(line)

    def _keep(self, line: _Line) -> None:
        """When there is no room for one more, the newest goes: pages are polled in a circle, and
        whoever throws out the oldest there never meets a connection again."""
        if len(self._idle) >= self._room:
            self._drop(line)
            return
        line.kept_at = asyncio.get_running_loop().time()
        self._idle[line] = None
        self._hosts[line.origin[1]].idle.append(line)

    async def _open(
        self, origin: Origin, url: httpx.URL, private_ok: bool, contact: Contact
    ) -> _Line:
        host = self._hosts.setdefault(origin[1], _Host())
        host.open += 1
        while host.idle and host.open > self._limits.per_host:
            other = host.idle[0]
            self._wake(other)
            self._drop(other)
        try:
            stream, private = await self._dialler.dial(url, private_ok, contact)
        except BaseException:
            self._count_out(origin)
            raise
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=self._limits.head_bytes)
        return _Line(origin, stream, private, http)

    def _drop(self, line: _Line) -> None:
        line.stream.close()
        self._count_out(line.origin)

    def _count_out(self, origin: Origin) -> None:
        host = self._hosts[origin[1]]
        host.open -= 1
        if not host.open:  # hosts met on redirects would pile up
            del self._hosts[origin[1]]

    # ------------------------------------------------------------ the conversation

    async def _ask(
        self, line: _Line, request: httpx.Request, first_byte_s: float
    ) -> httpx.Response:
        """Send the request and read as far as the head of the answer."""
        try:
            await self._send(line, _spoken(request, line.http))
            head = await self._head(line, first_byte_s)
        except BaseException:
            self._drop(line)
            raise
        return httpx.Response(
            head.status_code,
            headers=list(head.headers),
            stream=_Body(self, line),
            extensions={"private": line.private},
        )

    async def _send(self, line: _Line, data: bytes) -> None:
        try:
            async with asyncio.timeout(self._limits.read_s):
                await line.stream.send(data)
        except TimeoutError:
            raise httpx.WriteTimeout("takes no request") from None
        except OSError as error:
            raise httpx.WriteError("the connection broke off") from error

    async def _head(self, line: _Line, first_byte_s: float) -> h11.Response:
        for _ in range(_MOST_INFORMATIONAL):
            event = await self.next_event(line, self._limits.read_s if line.heard else first_byte_s)
            if isinstance(event, h11.Response):
                return event
        raise httpx.RemoteProtocolError("its answer is no valid HTTP")

    async def next_event(self, line: _Line, silence_s: float) -> h11.Event:
        """The next part of the answer, read from the wire as far as needed."""
        while True:
            try:
                event = line.http.next_event()
            except h11.RemoteProtocolError as error:
                if line.ended:
                    raise httpx.ReadError("the connection broke off") from error
                raise httpx.RemoteProtocolError("its answer is no valid HTTP") from error
            if isinstance(event, h11.Event):
                return event
            line.http.receive_data(await self._receive(line, silence_s))

    async def _receive(self, line: _Line, silence_s: float) -> bytes:
        try:
            async with asyncio.timeout(silence_s):
                data = await line.stream.receive()
        except TimeoutError:
            raise httpx.ReadTimeout(f"silent for {silence_s:g} s") from None
        except OSError as error:
            raise httpx.ReadError("the connection broke off") from error
        line.ended = not data
        line.heard = line.heard or bool(data)
        return data

    async def body(self, line: _Line) -> AsyncIterator[bytes]:
        """The rest of the answer, piece by piece."""
        for _ in range(self._limits.pieces):
            event = await self.next_event(line, self._limits.read_s)
            if not isinstance(event, h11.Data):
                return
            yield bytes(event.data)
        raise httpx.RemoteProtocolError("its answer comes in too many pieces")

    def release(self, line: _Line) -> None:
        """The answer is done with: keep the connection if it ended cleanly.

        A body that nobody wants is read only as far as it has already come.
        """
        http = line.http
        try:
            while isinstance(http.next_event(), h11.Data):
                pass
        except h11.RemoteProtocolError:
            pass
        over = http.our_state is h11.DONE and http.their_state is h11.DONE
        if over and http.trailing_data == (b"", False):
            http.start_next_cycle()
            self._keep(line)
        else:
            self._drop(line)


def _spoken(request: httpx.Request, http: h11.Connection) -> bytes:
    try:
        asking = h11.Request(
            method=request.method, target=request.url.raw_path, headers=request.headers.raw
        )
        return http.send(asking) + http.send(h11.EndOfMessage())
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError("its address cannot be asked for") from error


class _Body(httpx.AsyncByteStream):
    """The body of one answer. Closing it, read or unread, releases the connection."""

    def __init__(self, wire: Wire, line: _Line) -> None:
        self._wire = wire
        self._line: _Line | None = line

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._line is not None:
            async for piece in self._wire.body(self._line):
                yield piece

    async def aclose(self) -> None:
        if self._line is not None:
            line, self._line = self._line, None
            self._wire.release(line)


def _room_for_idle() -> int:
    """Half of the file descriptors this process may have: 512 on an ordinary Linux."""
    if sys.platform == "win32":
        return 4096
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft // 2 if soft > 0 else 4096
