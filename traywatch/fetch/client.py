"""One conditional GET: an address in, a Reply out, FetchError and nothing else on anything odd.

What holds true: nothing is sent to an address that ``guard`` does not allow, no validator to any
but its own, and no vendor can cost us more than ``Limits`` say, in bytes or in seconds.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast
from weakref import WeakValueDictionary

import httpx

from traywatch import __version__
from traywatch.core.errors import FetchError
from traywatch.core.model import Fault
from traywatch.core.reply import Reply, Validators
from traywatch.fetch import guard, headers
from traywatch.fetch.addresses import Asked, asked, next_hop, same_origin
from traywatch.fetch.aside import Aside
from traywatch.fetch.dial import Contact, Dialler, Forbidden
from traywatch.fetch.limits import DEFAULTS, BodyReader, Limits, TooMuch
from traywatch.fetch.resolve import Resolver, SystemResolver
from traywatch.fetch.routes import Routes
from traywatch.fetch.trust import Trust
from traywatch.fetch.wire import Wire

USER_AGENT: Final = f"traywatch/{__version__} (+https://pypi.org/project/traywatch/)"
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one address answered."""

    url: httpx.URL
    conditional: bool
    """It was asked with validators."""
    http_status: int
    headers: dict[str, str]
    private: bool
    """It came from a private address, as far as that is known."""
    body: bytes
    received: int


class Fetcher:
    """The only HTTP client: one for the whole program, used on one event loop."""

    def __init__(
        self,
        *,
        user_agent: str = USER_AGENT,
        resolver: Resolver | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], datetime] = _utc_now,
        limits: Limits = DEFAULTS,
    ) -> None:
        """``transport`` takes the place of everything below HTTP: names, sockets, TLS, proxies."""
        self._limits = limits
        self._now = now
        self._fields: headers.Fields = [
            (b"User-Agent", user_agent.encode("latin-1")),
            (b"Accept", b"*/*"),
            (b"Accept-Encoding", b"gzip"),
        ]
        trust, aside = Trust(), Aside()
        self._wire = Wire(limits, Dialler(limits, resolver or SystemResolver(aside), trust))
        self._routes = Routes(limits, trust, self._wire, aside)
        self._transport = transport
        self._turns = asyncio.Semaphore(limits.in_all)
        self._host_turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def get(
        self, url: str, validators: Validators | None = None, *, private_ok: bool | None = None
    ) -> Reply:
        """Read ``url``, or learn that it is unchanged since ``validators``.

        ``private_ok`` says whether private addresses may be reached. None, for an address its
        owner configured: it is asked wherever it is, and redirects may lead into a private
        network only if it was private itself.

        Raises FetchError: UNREACHABLE without a connection, REFUSED with an HTTP error or a
        connection over which no whole answer comes, UNREADABLE with an answer that breaks the
        rules or goes over the limits. Through a proxy no connection is known to be the host's.
        """
        start = asked(url)
        answer = await self._follow(start, validators, private_ok)
        if answer.http_status == 304 and not answer.conditional:
            # Some cache takes us for somebody else: ask past it, once.
            answer = await self._follow(start, None, private_ok, past_caches=True)
            if answer.http_status == 304:
                raise _unreadable(answer.url, "it answers 304 to a request without a condition")
        return self._reply(start, answer, validators)

    def forget_connections(self) -> None:
        """After a sleep or in another network, what lies idle is dead: do not try it again."""
        self._wire.forget()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._wire.aclose()
        await self._routes.aclose()
        if self._transport is not None:
            await self._transport.aclose()

    # ------------------------------------------------------------ the way there

    async def _follow(
        self,
        start: Asked,
        validators: Validators | None,
        private_ok: bool | None,
        *,
        past_caches: bool = False,
    ) -> _Answer:
        """Ask ``start`` and whatever it redirects to."""
        url, left_s = start.url, self._limits.total_s
        for _ in range(1 + self._limits.redirects):
            fields = [*self._fields, *headers.conditional(validators, str(url), self._now())]
            conditional = len(fields) > len(self._fields)
            if past_caches:
                fields.append((b"Cache-Control", b"no-cache"))
            if start.authorization and same_origin(url, start.url):
                fields.append((b"Authorization", start.authorization))
            async with self._turn(url.host):
                began = asyncio.get_running_loop().time()
                with _told_as_fetch_error(url, self._limits) as contact:
                    async with asyncio.timeout(left_s):
                        answer = await self._ask(url, fields, private_ok, conditional, contact)
                left_s -= asyncio.get_running_loop().time() - began
            if answer.http_status not in _REDIRECTS:
                return answer
            private_ok = answer.private if private_ok is None else private_ok
            url = _redirected(answer)
        raise _unreadable(url, f"it redirects more than {self._limits.redirects} times")

    @asynccontextmanager
    async def _turn(self, host: str) -> AsyncIterator[None]:
        """Wait until one more request may go to this host, and one more in all."""
        at_host = self._host_turns.get(host)
        if at_host is None:
            at_host = self._host_turns[host] = asyncio.Semaphore(self._limits.per_host)
        async with at_host, self._turns:
            yield

    async def _ask(
        self,
        url: httpx.URL,
        fields: headers.Fields,
        private_ok: bool | None,
        conditional: bool,
        contact: Contact,
    ) -> _Answer:
        """One request, one answer."""
        if private_ok is False and guard.looks_private(url.host):
            raise Forbidden("it leads into a private network")
        transport = self._transport or await self._routes.to(url)
        extensions = self._bounds(private_ok) | {"contact": contact}
        response = await transport.handle_async_request(
            httpx.Request("GET", url, headers=fields, extensions=extensions)
        )
        try:
            return await self._read(url, response, conditional)
        finally:
            await response.aclose()

    def _bounds(self, private_ok: bool | None) -> dict[str, object]:
        """What the transports need to know: ours of the address, httpx's own of the time."""
        limits = self._limits
        return {
            "private_ok": private_ok is not False,
            "timeout": {
                "connect": limits.connect_s,
                "read": limits.read_s,
                "write": limits.read_s,
                "pool": limits.connect_s,
            },
        }

    # ------------------------------------------------------------ what came back

    async def _read(self, url: httpx.URL, response: httpx.Response, conditional: bool) -> _Answer:
        """The answer, with its body where it is one to read. Raises FetchError on HTTP errors."""
        http_status, fields = response.status_code, headers.received(response.headers.raw)
        reader = BodyReader(self._limits)
        if response.is_success:
            reader.expect(fields)
            # Not aiter_raw: it refuses the ready-made responses of httpx.MockTransport.
            async for piece in cast(httpx.AsyncByteStream, response.stream):
                reader.feed(piece)
        elif http_status != 304 and http_status not in _REDIRECTS:
            raise FetchError(
                f"{url.host}: it answers {http_status}",
                fault=Fault.REFUSED,
                http_status=http_status,
                retry_after_s=headers.retry_after_s(fields, self._now()),
            )
        private = response.extensions.get("private")
        return _Answer(
            url=url,
            conditional=conditional,
            http_status=http_status,
            headers=fields,
            private=guard.looks_private(url.host) if private is None else bool(private),
            body=reader.finish(),
            received=reader.received,
        )

    def _reply(self, start: Asked, answer: _Answer, known: Validators | None) -> Reply:
        url, now = str(answer.url), self._now()
        if answer.http_status == 304 and known is not None:
            unchanged, validators = True, headers.refreshed(known, answer.headers)
        else:
            sha256 = hashlib.sha256(answer.body).hexdigest()
            unchanged = known is not None and (known.url, known.body_sha256) == (url, sha256)
            validators = headers.learned(answer.headers, url, now, sha256)
        return Reply(
            url=url,
            http_status=answer.http_status,
            body=answer.body,
            headers=answer.headers,
            validators=validators,
            unchanged=unchanged,
            wait_s=headers.caching_wait_s(answer.headers),
            retry_after_s=headers.retry_after_s(answer.headers, now),
            moved_to=None if answer.url == start.url else url,
            received_bytes=answer.received,
        )


def _redirected(answer: _Answer) -> httpx.URL:
    location = answer.headers.get("location")
    if location is None:
        raise _unreadable(answer.url, "it redirects without saying where")
    try:
        return next_hop(answer.url, location)
    except ValueError as reason:
        raise _unreadable(answer.url, str(reason)) from None


def _unreadable(url: httpx.URL, reason: str) -> FetchError:
    return FetchError(f"{url.host}: {reason}", fault=Fault.UNREADABLE)


@contextmanager
def _told_as_fetch_error(url: httpx.URL, limits: Limits) -> Iterator[Contact]:
    """Whatever goes wrong below becomes a FetchError that names the host. Without contact it may
    be our network."""
    contact = Contact()
    try:
        yield contact
    except (httpx.RemoteProtocolError, TooMuch, Forbidden) as broken:
        raise _unreadable(url, str(broken)) from broken
    except TimeoutError as late:
        reason = f"{url.host}: not done after {limits.total_s:g} s"
        raise FetchError(reason, fault=_fault(contact)) from late
    except (httpx.TransportError, OSError) as failed:
        reason = f"{url.host}: {str(failed) or 'no answer'}"
        raise FetchError(reason, fault=_fault(contact)) from failed


def _fault(contact: Contact) -> Fault:
    return Fault.REFUSED if contact.made else Fault.UNREACHABLE
