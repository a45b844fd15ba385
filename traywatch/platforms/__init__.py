"""Status-page platforms: bytes -> ``Snapshot``. Pure; one file a platform, one line here each.

How a page of an unknown platform is found out (by whoever polls):

    for address in probe_addresses(page.url):     # best first; the page's own address last
        reply = fetch(address)                    # an HTTP error: try the next one
        platform = detect(reply)                  # None: no document of ours, try the next one
        if platform: remember platform.name and address, and parse this very reply

A platform that is known by a lesser document (incident.io by its look-alike of Statuspage's) is
asked for those it puts before it, and the first that is there is read and remembered instead. A
page of Statuspage costs one request, one of incident.io two.

What is remembered is the address that answered. Where the platform is configured,
``probe_addresses(page.url, (platform,))`` walks its own documents alone, and the first reply that
``platform.parse`` takes without a FormatError decides. The tries are few (four requests for a page
that is none), and they are only made again when nothing is remembered or it stopped working.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from traywatch.core.reply import Reply
from traywatch.platforms.base import Platform
from traywatch.platforms.incidentio import INCIDENTIO
from traywatch.platforms.statuspage import STATUSPAGE

PLATFORMS: Final[tuple[Platform, ...]] = (STATUSPAGE, INCIDENTIO)


def by_name(name: str) -> Platform | None:
    """The platform of that name; None: there is none."""
    return next((platform for platform in PLATFORMS if platform.name == name), None)


def detect(reply: Reply) -> Platform | None:
    """The platform whose document this is; None where none, or more than one, recognises it."""
    found = [platform for platform in PLATFORMS if platform.recognises(reply)]
    return found[0] if len(found) == 1 else None


def probe_addresses(page_url: str, platforms: Iterable[Platform] = PLATFORMS) -> tuple[str, ...]:
    """The documents that may be had of a page, each once, best first; last the address itself,
    for it may be that of a document. Never raises."""
    candidates = (address for platform in platforms for address in platform.addresses(page_url))
    return tuple(dict.fromkeys((*candidates, page_url)))
