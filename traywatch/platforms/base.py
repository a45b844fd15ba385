"""What a platform is: a name, where to look, and how to read what is there.

Pure: bytes in, ``Snapshot`` out, ``FormatError`` and nothing else on anything odd.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from traywatch.core.model import Snapshot
from traywatch.core.reply import Reply


@dataclass(frozen=True, slots=True)
class Platform:
    """One status-page product."""

    name: str
    """What ``platform =`` in the settings and ``--platform`` say."""
    addresses: Callable[[str], tuple[str, ...]]
    """Page address (no trailing slash) -> the documents that can be polled, best first."""
    history: Callable[[str], tuple[str, ...]]
    """Polled address -> the documents of past incidents with their updates; empty: there are none.

    More than one: Statuspage keeps the words of closed maintenances apart from those of incidents.
    """
    recognises: Callable[[Reply], bool]
    """Is this a document of the platform? Cheap, never raises."""
    parse: Callable[[Reply], Snapshot]
    """Any document of the platform. Raises FormatError."""
