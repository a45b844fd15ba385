"""From the address of a page to those of its documents, and back. Never raises.

The path of a page is kept: incident.io's sub pages live under one (``host/us-hosting``).
"""

from __future__ import annotations

import re
from typing import Final

_QUERY: Final = re.compile(r"[?#].*", re.DOTALL)
_PART: Final = re.compile(
    r"(?:/api/v2(?:/.+)?|/api/v1/summary|/(?:history|feed)\.(?:atom|rss)|/history|/incidents/[^/]+)$"
)
"""What stands under a page and is no page: documents, feeds, what a person reads. No sub page can
be called so, for its parent has these itself."""
_USER: Final = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*://)[^/@]*@")
_HOST: Final = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/@]*@)?([^/:]*)")


def bare(address: str) -> str:
    """The address without query, fragment and trailing slash."""
    return _QUERY.sub("", address).rstrip("/")


def without_access(address: str) -> str:
    """What tells one page from another: the address without user, password, query and slash."""
    return _USER.sub(r"\1", bare(address))


def page_of(address: str) -> str:
    """The page an address belongs to: the address itself, bare, or the page above it where it is
    that of a document, a feed, the history or an incident (people paste those as well)."""
    page = _PART.sub("", bare(address))
    return page.removesuffix(f"/proxy/{host_of(page)}")


def host_of(address: str) -> str:
    """The host name; empty where there is none."""
    found = _HOST.match(address)
    return found[1] if found else ""
