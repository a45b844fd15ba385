"""Which platform a page is, and which of its documents to poll: asked once, then remembered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass
from itertools import takewhile

from traywatch import platforms
from traywatch.core.errors import FetchError, FormatError
from traywatch.core.model import Fault, Page, Snapshot
from traywatch.core.reply import Reply
from traywatch.core.schedule import COME_BACK_LATER
from traywatch.platforms.base import Platform

Get = Callable[[str], Awaitable[Reply]]
"""Address -> Reply; raises FetchError."""


class Unrecognised(FormatError):
    """A document of no platform we know. Another address may have a better one."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document that was recognised and read."""

    platform: Platform
    address: str
    reply: Reply
    snapshot: Snapshot


async def discover(page: Page, get: Get) -> Found:
    """Try the documents a page of any platform would have, best first; once the platform is known,
    those it would rather have read.

    Raises FetchError when the host does not answer or asks us to come back later, FormatError
    when it answers and nothing there is a status page we can read.
    """
    last: FetchError | FormatError | None = None
    damaged: FormatError | None = None
    asked: set[str] = set()
    for address in _candidates(page):
        asked.add(address)
        try:
            found = _read(page, address, await get(address))
        except FetchError as error:
            gave_no_answer = error.http_status is None and error.fault is not Fault.UNREADABLE
            if gave_no_answer or error.http_status in COME_BACK_LATER:
                raise
            last = last or error
        except Unrecognised as error:
            last = error
        except FormatError as error:
            damaged = damaged or error
        else:
            if damaged is not None and found.snapshot.hollow:
                break
            return await _best(page, found, asked, get)
    if damaged is not None:
        raise damaged
    raise FormatError(f"{page.url} is no status page that can be read ({last})")


async def _best(page: Page, found: Found, asked: Container[str], get: Get) -> Found:
    """What its platform would rather have read of the page than this, if that can be read.

    incident.io is known by its look-alike of Statuspage's document, and has a fuller one. What was
    asked for is compared, not where a redirect led. Raises FormatError where what was found lists
    no component, and the better document says why: a parent page is watched by its sub pages.
    """
    for address in takewhile(lambda a: a not in asked, found.platform.addresses(page.url)):
        try:
            better = _read(page, address, await get(address))
        except (FetchError, Unrecognised):
            continue
        except FormatError:
            if found.snapshot.hollow:
                raise
        else:
            if better.platform is found.platform:
                return better
    return found


def _candidates(page: Page) -> tuple[str, ...]:
    if page.platform is None:
        return platforms.probe_addresses(page.url)
    platform = platforms.by_name(page.platform)
    return (*(platform.addresses(page.url) if platform else ()), page.url)


def _read(page: Page, address: str, reply: Reply) -> Found:
    named = platforms.by_name(page.platform) if page.platform else None
    platform = named or platforms.detect(reply)
    if platform is None:
        raise Unrecognised(f"{address} is no document of a known platform")
    return Found(platform, reply.url or address, reply, platform.parse(reply))
