"""Atlassian Statuspage, API v2. Format: https://metastatuspage.com/api

    {page}/api/v2/summary.json                 components, open incidents, maintenances, indicator
                  status.json                  the indicator alone
                  components.json              the components alone
                  incidents.json               the last fifty, resolved ones included
                  incidents/unresolved.json    the open ones
                  scheduled-maintenances.json  the last fifty, completed ones included

Every one of them is understood; the summary is the one that is polled. ``v2`` reads them.
"""

from __future__ import annotations

from typing import Final

from traywatch.core.errors import FormatError
from traywatch.core.model import Snapshot
from traywatch.core.reply import Reply
from traywatch.platforms.addresses import page_of
from traywatch.platforms.base import Platform
from traywatch.platforms.reading import read_json
from traywatch.platforms.v2 import (
    INCIDENTS,
    MAINTENANCES,
    SUMMARY,
    has_ulids,
    is_v2,
    read_v2,
    rooted,
)

NAME: Final = "statuspage"
VERSION_HEADER: Final = "x-statuspage-version"
"""Sent by Statuspage with every document, and by nobody else."""


def _parse(reply: Reply) -> Snapshot:
    return read_v2(rooted(read_json(reply.body)), reply.url, NAME)


def _recognises(reply: Reply) -> bool:
    try:
        root = rooted(read_json(reply.body))
    except FormatError:
        return False
    return is_v2(root) and (VERSION_HEADER in reply.headers or not has_ulids(root))


def _addresses(page_url: str) -> tuple[str, ...]:
    return (page_of(page_url) + SUMMARY,)


def _history(address: str) -> tuple[str, ...]:
    """Two documents: the words of a completed maintenance stand in one of their own."""
    if "/api/v2/" not in address:
        return ()
    return page_of(address) + INCIDENTS, page_of(address) + MAINTENANCES


STATUSPAGE: Final = Platform(
    name=NAME,
    addresses=_addresses,
    history=_history,
    recognises=_recognises,
    parse=_parse,
)
