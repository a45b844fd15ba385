"""One look at one page, and what it leads to: the road of ``watch`` for a page that is due."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from traywatch import platforms
from traywatch.core.errors import FetchError, FormatError, StoreError
from traywatch.core.model import Failure, Fault, Page, Snapshot, Unchanged
from traywatch.core.reply import Reply, Validators
from traywatch.core.schedule import Outcome
from traywatch.fetch.guard import looks_private
from traywatch.platforms.base import Platform
from traywatch.store import PageRecord
from traywatch.watch.clock import Clock
from traywatch.watch.discovery import Found, discover
from traywatch.watch.histories import Histories
from traywatch.watch.ledger import Ledger
from traywatch.watch.patterns import Patterns

log = logging.getLogger(__name__)

AWAY: Final = timedelta(minutes=10)
"""After so long without a look, what opened and closed meanwhile is looked up in the history."""
SLACK: Final = timedelta(minutes=10)
"""How long before a look something may be dated that was not in it, where the page does not say
itself how new it is: caches lag, and no two clocks agree."""
REDISCOVER: Final = timedelta(days=1)
"""A page that cannot be read is searched for anew at most so often."""


class Fetch(Protocol):
    """The one HTTP client."""

    async def get(
        self, url: str, validators: Validators | None = None, *, private_ok: bool | None = None
    ) -> Reply:
        """One conditional GET. Raises FetchError.

        private_ok: whether it may lead into a private network; None: where its owner put it.
        """

    def forget_connections(self) -> None:
        """After a sleep or in another network, what lies idle is dead."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a look went. A failure is not recorded yet: perhaps it is us, not them."""

    outcome: Outcome
    failure: Failure | None = None
    not_modified: bool = False
    received_bytes: int = 0


class Looker:
    """Looks at pages. Everything it learns goes through the ledger."""

    def __init__(self, ledger: Ledger, fetch: Fetch, clock: Clock) -> None:
        self._ledger = ledger
        self._fetch = fetch
        self._clock = clock
        self._followed: set[str] = set()
        """Pages that were looked at since the start."""
        self._kept_back: set[str] = set()
        """Those whose news could not be stored the last time."""
        self._searched_at: dict[str, datetime] = {}
        self._faults: dict[str, str] = {}
        """What last went wrong with a page that nobody foresaw: it is reported once."""
        self._patterns = Patterns()
        self.histories = Histories(ledger, self._get, clock)

    async def look(self, page: Page) -> Result:
        """Read the page once. Never raises; a store that is down shows in the ledger."""
        was_unreadable = self._ledger.memory(page.id).unreadable
        try:
            result = await self._look(page)
        except FetchError as error:
            outcome = Outcome(
                False, http_status=error.http_status, retry_after_s=error.retry_after_s
            )
            return Result(outcome, Failure(error.fault, str(error)))
        except FormatError as error:
            return Result(Outcome(False, http_status=200), Failure(Fault.UNREADABLE, str(error)))
        except StoreError:
            self._kept_back.add(page.id)
            return Result(Outcome(True))
        except Exception as error:  # noqa: BLE001 - ours: the page cannot be read, the others can
            return Result(Outcome(False), self.fault(page, error))
        self._faults.pop(page.id, None)
        if was_unreadable and not self._ledger.memory(page.id).unreadable:
            log.warning("can be read again", extra={"page": page.id})
        self._patterns.check(page, self._ledger.memory(page.id))
        return result

    def fault(self, page: Page, error: Exception) -> Failure:
        """What nobody foresaw, as a failure of the page; reported once until it can be read."""
        reason = f"traywatch failed on it: {type(error).__name__}: {error}"
        again = self._faults.get(page.id) == reason
        self._faults[page.id] = reason
        level = logging.DEBUG if again else logging.ERROR
        log.log(level, "could not be taken", exc_info=error, extra={"page": page.id})
        return Failure(Fault.UNREADABLE, reason)

    async def _look(self, page: Page) -> Result:
        record = self._ledger.record(page.id)
        platform = platforms.by_name(page.platform or record.platform or "")
        if platform is None or record.address is None:
            return await self._find(page)
        if self._is_lost(page, record):
            return await self._find_again(page, record)
        reply = await self._get(page, record.address, record.validators)
        return _result(reply, await self._take(page, platform, reply))

    async def _get(self, page: Page, url: str, validators: Validators | None = None) -> Reply:
        """A document on another host than the page's is one the vendor chose, by a redirect once
        followed: it never leads into a private network the page is not in itself."""
        chosen_by_vendor = urlsplit(url).hostname != urlsplit(page.url).hostname
        if chosen_by_vendor and not looks_private(urlsplit(page.url).hostname or ""):
            return await self._fetch.get(url, validators, private_ok=False)
        return await self._fetch.get(url, validators)

    async def _find(self, page: Page) -> Result:
        self._searched_at[page.id] = self._clock.now()
        found = await discover(page, self._fetch.get)
        return _result(found.reply, await self._take_found(page, found))

    def _is_lost(self, page: Page, record: PageRecord) -> bool:
        """The page answers, and for some time not with what it used to be."""
        failure = record.memory.failure
        if not record.memory.unreadable or failure is None or failure.fault is Fault.UNREACHABLE:
            return False
        searched_at = self._searched_at.get(page.id) or record.detected_at
        return searched_at is None or self._clock.now() - searched_at > REDISCOVER

    async def _find_again(self, page: Page, record: PageRecord) -> Result:
        """Search for a page that moved or changed; the old address is not asked this once."""
        try:
            result = await self._find(replace(page, platform=None))
        except FormatError as error:
            raise FormatError(f"moved or changed: {error}") from error
        after = self._ledger.record(page.id)
        log.info("%s: now read as %s at %s", page.id, after.platform, after.address)
        return result

    async def _take_found(self, page: Page, found: Found) -> FetchError | None:
        await self._record(
            page,
            found.snapshot,
            platform=found.platform.name,
            address=found.address,
            detected_at=self._clock.now(),
            validators=found.reply.validators,
            away_since=self._away_since(page, found.reply),
        )
        self._note_followed(page)
        return await self.histories.follow_up(page, found.platform, found.address)

    async def _take(self, page: Page, platform: Platform, reply: Reply) -> FetchError | None:
        away_since = self._away_since(page, reply)
        changes: dict[str, Any] = {"validators": reply.validators, "away_since": away_since}
        if reply.unchanged:
            await self._ledger.take(page.id, Unchanged(), **changes)
        else:
            await self._record(page, platform.parse(reply), **changes)
        self._note_followed(page)
        address = self._ledger.record(page.id).address or reply.url
        return await self.histories.follow_up(page, platform, address)

    def _note_followed(self, page: Page) -> None:
        self._followed.add(page.id)
        self._kept_back.discard(page.id)

    async def _record(self, page: Page, snapshot: Snapshot, **changes: Any) -> None:
        """A polled document that lists no longer-open incidents too is still a look at the page:
        the first one is its baseline, and any one shows that the page can be read."""
        if snapshot.exhaustive:
            await self._ledger.take(page.id, snapshot, **changes)
        elif self._ledger.record(page.id).memory.baselined:
            await self._ledger.take(page.id, snapshot, Unchanged(), **changes)
        else:
            await self._ledger.take(page.id, replace(snapshot, exhaustive=True), **changes)

    def _away_since(self, page: Page, reply: Reply) -> datetime | None:
        """Since when something may have come and gone without our knowing, by the vendor's clock.

        A page that says something else after a long while may have said more in between, and so
        may one without a clock of its own that says the same; so may any page while we did not
        run, and one that says the same since we could not store what it said: that is an old copy.
        Kept with the page until its history was read: not even a kill in between loses it.
        """
        record = self._ledger.record(page.id)
        memory = record.memory
        if record.away_since or not memory.baselined or memory.read_at is None:
            return record.away_since
        now = self._clock.now()
        is_same = reply.unchanged and memory.watermark_at is not None
        is_gap = now - memory.read_at > AWAY or page.id not in self._followed
        if page.id not in self._kept_back and (is_same or not is_gap):
            return None
        return memory.watermark_at or min(memory.read_at, now) - SLACK


def _result(reply: Reply, refusal: FetchError | None) -> Result:
    """refusal: the answer to a question for the history by which the host wants to be left alone.
    The page was read all the same."""
    last = refusal or reply
    outcome = Outcome(
        True,
        http_status=last.http_status,
        wait_s=reply.wait_s,
        retry_after_s=last.retry_after_s,
    )
    return Result(outcome, None, reply.http_status == 304, reply.received_bytes)
