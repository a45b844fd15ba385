"""What the list of a page no longer says, asked of its history: in turn, and within bounds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard

from traywatch.core.advance import leaving
from traywatch.core.errors import FetchError, FormatError
from traywatch.core.history import wanted
from traywatch.core.model import NoHistory, NoWords, Page
from traywatch.core.reply import Reply
from traywatch.core.schedule import BACKOFF_BASE_S, BACKOFF_CAP_S, COME_BACK_LATER, GONE
from traywatch.platforms.base import Platform
from traywatch.watch.clock import Clock
from traywatch.watch.ledger import Ledger

log = logging.getLogger(__name__)

TURN_S: Final = 0.1
"""At most ten histories a second are asked for, of all pages together."""

Get = Callable[[Page, str], Awaitable[Reply]]
"""A page, and the address of one of its documents -> Reply; raises FetchError."""


@dataclass(frozen=True, slots=True)
class _Vain:
    """A history that could not be read."""

    times: int
    """In a row."""
    until: float
    """When it may be asked again, on the monotonic clock."""


class Histories:
    """Finds the closing words of what left the list, and what came and went while nobody looked."""

    def __init__(self, ledger: Ledger, get: Get, clock: Clock) -> None:
        self._ledger = ledger
        self._get = get
        self._clock = clock
        self._turn = 0.0
        self._vain: dict[str, _Vain] = {}

    def refreshing(self, seconds: float) -> None:
        """So long every turn is taken by looks: histories come after them."""
        self._turn = max(self._turn, self._clock.monotonic() + seconds)

    async def follow_up(self, page: Page, platform: Platform, address: str) -> FetchError | None:
        """Fetch the words of what left the list, and after a gap what we missed.

        Returned is the answer of a host that wants to be left alone, for that is meant for all we
        ask of it. Raises StoreError.
        """
        record = self._ledger.record(page.id)
        gone = {known.id for known in leaving(record.memory)}
        if not gone and (record.away_since is None or self._is_left_alone(page)):
            return None
        sources = platform.history(address)
        failures, listed = await self._read(page, platform, sources, gone)
        lost = sum(map(_is_gone, failures))
        if lost == len(sources):
            await self._ledger.take(page.id, NoHistory(), away_since=None)
            return None
        whole = lost == len(failures)
        self._note(page, whole)
        if whole and record.away_since is not None:
            await self._ledger.take(page.id, away_since=None)
        if leaving(self._ledger.record(page.id).memory):
            unlisted = frozenset(gone - listed) if whole else frozenset()
            await self._ledger.take(page.id, NoWords(unlisted))
        return next(filter(_wants_rest, failures), None)

    async def _read(
        self, page: Page, platform: Platform, sources: Sequence[str], gone: set[str]
    ) -> tuple[list[FetchError | FormatError], set[str]]:
        """Take what is wanted of each. Returns what went wrong, and the ids of all they list."""
        record = self._ledger.record(page.id)
        failures: list[FetchError | FormatError] = []
        listed: set[str] = set()
        for source in sources:
            try:
                await self._politely()
                history = platform.parse(await self._get(page, source))
            except (FetchError, FormatError) as error:
                log.debug("%s: no history: %s", page.id, error)
                failures.append(error)
                if _wants_rest(error):
                    break
                continue
            listed.update(incident.id for incident in history.incidents)
            part = wanted(history, gone, record.away_since, record.memory.incidents)
            if part is not None:
                await self._ledger.take(page.id, part)
        return failures, listed

    async def _politely(self) -> None:
        """Histories take their turn, behind the looks of a refresh that is under way."""
        now = self._clock.monotonic()
        self._turn = max(now, self._turn + TURN_S)
        await asyncio.sleep(self._turn - now)

    def _is_left_alone(self, page: Page) -> bool:
        vain = self._vain.get(page.id)
        return vain is not None and self._clock.monotonic() < vain.until

    def _note(self, page: Page, whole: bool) -> None:
        before = self._vain.pop(page.id, None)
        if not whole:
            times = before.times + 1 if before else 1
            wait_s = min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0 ** min(times - 1, 10))
            self._vain[page.id] = _Vain(times, self._clock.monotonic() + wait_s)


def _is_gone(failure: FetchError | FormatError) -> bool:
    return isinstance(failure, FetchError) and failure.http_status in GONE


def _wants_rest(failure: FetchError | FormatError) -> TypeGuard[FetchError]:
    return isinstance(failure, FetchError) and failure.http_status in COME_BACK_LATER
