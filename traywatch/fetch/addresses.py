"""Addresses as they are configured and as vendors send us on. Pure."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

import httpx

from traywatch.core.errors import FetchError
from traywatch.core.model import Fault

_SCHEMES: Final = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A configured address."""

    url: httpx.URL
    """Without credentials and fragment, so that it can be shown and stored."""
    authorization: bytes | None
    """The header its credentials make; None: it has none."""


@lru_cache(maxsize=4096)
def asked(address: str) -> Asked:
    """Take a configured address apart. Raises FetchError when it is no http(s) address."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL()
    if not _can_be_asked(url):
        raise FetchError("this is no http or https address", fault=Fault.UNREADABLE)
    login = b":".join(unquote_to_bytes(part) for part in url.userinfo.partition(b":")[::2])
    authorization = b"Basic " + b64encode(login) if url.userinfo else None
    return Asked(_bare(url), authorization)


def next_hop(here: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads. Raises ValueError with the reason when we do not follow it.

    Credentials a vendor puts into it are dropped: nobody asked for them.
    """
    try:
        there = here.join(location.encode("latin-1").decode("utf-8", "replace"))
    except (httpx.InvalidURL, ValueError):
        there = httpx.URL()
    if not _can_be_asked(there):
        raise ValueError("it redirects to what is no http or https address")
    if here.scheme == "https" and there.scheme == "http":
        raise ValueError("it redirects from https to http")
    return _bare(there)


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Scheme, host and port are the same: credentials may be sent to both."""
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


def _can_be_asked(url: httpx.URL) -> bool:
    """httpx lets any number pass as a port and any length as a name (RFC 1035, 2.3.4)."""
    port = 80 if url.port is None else url.port
    return url.scheme in _SCHEMES and 0 < len(url.raw_host) < 256 and 0 < port < 65536


def _bare(url: httpx.URL) -> httpx.URL:
    return url.copy_with(userinfo=b"", fragment=None)
