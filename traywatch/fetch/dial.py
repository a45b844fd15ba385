"""From an address to a connected, trusted stream.

The name is resolved here and the connection goes to the very number that was judged, so that a
name which answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest
from typing import Final

import httpx

from traywatch.fetch import guard, words
from traywatch.fetch.limits import Limits
from traywatch.fetch.race import first_to_succeed
from traywatch.fetch.resolve import Resolver
from traywatch.fetch.stream import Stream
from traywatch.fetch.trust import Trust

_MOST_ADDRESSES: Final = 8
PORTS: Final = {"http": 80, "https": 443}


@dataclass(slots=True)
class Contact:
    """How far a request came, for whoever has to say whose fault it is that it failed."""

    made: bool = False
    """The host took the connection: our network is there, and what fails now is the vendor's."""


class Forbidden(httpx.TransportError):
    """The host has only private addresses, and whoever sent us there may not do that."""


class Dialler:
    """Opens connections."""

    def __init__(self, limits: Limits, resolver: Resolver, trust: Trust) -> None:
        self._limits = limits
        self._resolve = resolver
        self._trust = trust

    async def dial(self, url: httpx.URL, private_ok: bool, contact: Contact) -> tuple[Stream, bool]:
        """A stream to the host of ``url``, and whether the address it leads to is private.

        Raises httpx.ConnectError, httpx.ConnectTimeout, Forbidden.
        """
        host, port = url.raw_host.decode("ascii"), url.port or PORTS[url.scheme]
        try:
            async with asyncio.timeout(self._limits.connect_s):
                addresses = guard.allowed(await self._addresses(host), private_ok)
                if not addresses:
                    raise Forbidden("it leads into a private network")
                stream, address = await self._connect(_in_turns(addresses), port)
                contact.made = True
                if url.scheme == "https":
                    await self._secure(stream, host, contact)
        except TimeoutError:
            what = "no secure connection" if contact.made else "no connection"
            raise httpx.ConnectTimeout(f"{what} within {self._limits.connect_s:g} s") from None
        return stream, guard.is_private(address)

    async def _addresses(self, host: str) -> Sequence[str]:
        """Numbers are understood here in every spelling, names are resolved."""
        if (spelled := guard.literal(host)) is not None:
            return [spelled]
        try:
            found = await self._resolve(host)
        except OSError as error:
            raise httpx.ConnectError(words.of_lookup(error)) from error
        addresses = [a for a in found if guard.literal(a)]  # anything else would be looked up again
        if not addresses:
            raise httpx.ConnectError("its name has no address")
        return addresses

    async def _connect(self, addresses: Sequence[str], port: int) -> tuple[Stream, str]:
        attempts = [partial(_attempt, a, port) for a in addresses[:_MOST_ADDRESSES]]
        try:
            return await first_to_succeed(attempts, self._limits.stagger_s, _discard)
        except TimeoutError as error:  # the system's own, not ours
            raise httpx.ConnectError("no answer") from error
        except OSError as error:
            raise httpx.ConnectError(words.of_connect(error)) from error

    async def _secure(self, stream: Stream, host: str, contact: Contact) -> None:
        try:
            await stream.start_tls(self._trust.context, host.strip("[]").rstrip("."))
        except OSError as error:
            stream.close()
            # A captive portal shows a certificate of its own: then it was not the host at all.
            contact.made = not isinstance(error, ssl.SSLCertVerificationError)
            raise httpx.ConnectError(words.of_tls(error)) from error
        except BaseException:
            stream.close()
            raise


def _in_turns(addresses: Sequence[str]) -> list[str]:
    """IPv6 and IPv4 by turns, so that a broken family costs one head start (RFC 8305, 4)."""
    same = [a for a in addresses if (":" in a) == (":" in addresses[0])]
    other = [a for a in addresses if (":" in a) != (":" in addresses[0])]
    return [a for a in chain.from_iterable(zip_longest(same, other)) if a is not None]


async def _attempt(address: str, port: int) -> tuple[Stream, str]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # asyncio's loop on Windows takes a pair for IPv4: "Invalid argument".
    place = (address, port, 0, 0) if family == socket.AF_INET6 else (address, port)
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connecting, place)
    except BaseException:
        connecting.close()
        raise
    return Stream(connecting), address


def _discard(won_too_late: tuple[Stream, str]) -> None:
    won_too_late[0].close()
