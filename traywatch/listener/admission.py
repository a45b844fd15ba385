"""May this request come in at all? Pure, over the headers; the body is not read for it.

A port on localhost is open to every web page the person visits: a browser sends a simple POST
anywhere without asking, and a page that rebinds its own DNS name to 127.0.0.1 may read the
answers too. What keeps them out, without a password:

- the ``Host`` must be a name of this machine (DNS rebinding keeps the foreign name);
- an ``Origin`` must be the very host that is asked, and ``Sec-Fetch-Site`` nothing else either
  (every current browser sends one of them with a POST; programs send neither);
- the body must be declared as JSON, which a page cannot send without a CORS preflight, and the
  preflight is answered like any other wrong method: there is no CORS here.

A header that comes twice is folded into a value that passes no check: two Hosts are no Host.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from traywatch.listener.signatures import Headers

FOREIGN_HOST: Final = "the Host header is not a name of this machine"
HEAD_LIMIT: Final = 16 * 1024
"""Bytes of a request's head: request line and headers, as requirement W6 counts them."""

_TWICE: Final = b"\x00"
"""No well-formed value of any header, so nothing that is checked accepts it."""

_HOST: Final = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::[0-9]{1,5})?")
_JSON: Final = re.compile(rb"application/(?:[!#$&^_.+a-z0-9-]{1,64}\+)?json[ \t]*(?:;.*)?")


class Hosts:
    """The names this machine is asked by."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(name.lower().strip("[]") for name in allowed)
        # Every request asks the same: remembering the answer saves two regular expressions.
        self.include = lru_cache(maxsize=64)(self._include)

    def _include(self, host: bytes) -> bool:
        """Is the value of a ``Host`` header one of ours? A port is not looked at."""
        named = _HOST.fullmatch(host.decode("latin-1").lower())
        if named is None:
            return False
        name = named[1].strip("[]").rstrip(".")
        return name == "localhost" or name in self._allowed or _is_loopback(name)


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def fold(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers by name; one that came twice passes no check."""
    folded = dict(headers)
    if len(folded) != len(headers):
        times = Counter(name for name, _ in headers)
        folded.update({name: _TWICE for name, count in times.items() if count > 1})
    return folded


def head_bytes(target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> int:
    """How large the head was on the wire, give or take blanks and the fixed words."""
    return len(target) + sum([len(name) + len(value) + 4 for name, value in headers])


def foreign(headers: Headers, hosts: Hosts) -> str | None:
    """Why the request is not from a program that means us; None: it may be."""
    host = headers.get(b"host", b"")
    if not hosts.include(host):
        return FOREIGN_HOST
    origin = headers.get(b"origin")
    if origin is not None and origin.lower() != b"http://" + host.lower():
        return "web pages may not use this"
    if headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin"):
        return "web pages may not use this"
    return None


def not_json(headers: Headers) -> str | None:
    """Why the body is not plain JSON by its headers; None: it is."""
    if not _JSON.fullmatch(headers.get(b"content-type", b"").lower()):
        return "the content type must be application/json"
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        return "compressed bodies are not taken"
    return None
