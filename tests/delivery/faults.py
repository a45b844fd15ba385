"""Eight ways to get delivery wrong, each in the real program with one thing changed.

Each is what somebody might write in good faith. A fault is a context: inside, it is planted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from unittest.mock import patch

from tests.delivery import life
from tests.delivery.life import KeptStore
from traywatch.core import advance, incidents
from traywatch.core.draft import Draft, Novelty
from traywatch.core.errors import FetchError
from traywatch.core.memory import KnownIncident, Memory, Seen, seen_key
from traywatch.core.model import Event, Incident, Page
from traywatch.core.reply import Reply
from traywatch.core.updates import Dated
from traywatch.listener import Delivery
from traywatch.platforms.base import Platform
from traywatch.store import Commit, Cursor
from traywatch.watch import histories
from traywatch.watch.drain import Drain
from traywatch.watch.inbox import Inbox
from traywatch.watch.ledger import Entry, Ledger
from traywatch.watch.look import Looker

Fault = Callable[[], AbstractContextManager[object]]


def validators_stored_before_use() -> AbstractContextManager[object]:
    """The ETag is kept as soon as it is there."""
    take = Looker._take

    async def early(
        self: Looker, page: Page, platform: Platform, reply: Reply
    ) -> FetchError | None:
        await self._ledger.take(page.id, validators=reply.validators)
        return await take(self, page, platform, reply)

    return patch.object(Looker, "_take", early)


def no_outbox() -> AbstractContextManager[object]:
    """Memory is committed; what happened is noted after it, not with it."""

    class Store(KeptStore):
        def commit(self, commits: Sequence[Commit], now: datetime) -> None:
            super().commit([replace(commit, events=()) for commit in commits], now)
            super().commit(commits, now)

    return patch.object(life, "KeptStore", Store)


def cursor_moved_before_the_emit() -> AbstractContextManager[object]:
    """Better safe than twice."""

    async def emit_next(self: Drain) -> bool:
        batch = self._store.events_after(self._cursor.seq, self.sink.batch)
        if batch:
            self._cursor = Cursor(batch[-1].seq, self._cursor.position)
            self._note()
            await self._worker.do(lambda: self.sink.emit(batch))
        return bool(batch)

    return patch.object(Drain, "_emit_next", emit_next)


def novelty_decided_outside_the_transaction() -> AbstractContextManager[object]:
    """Each delivery is compared with what was committed before it came, not with what is
    committed together with it."""
    compare = Ledger._advance

    def advance_alone(
        self: Ledger, page_id: str, entry: Entry, staged: Mapping[str, Commit]
    ) -> Commit:
        alone = compare(self, page_id, entry, {})
        before = staged.get(page_id)
        return replace(alone, events=before.events + alone.events) if before else alone

    return patch.object(Ledger, "_advance", advance_alone)


def newest_timestamp_identity() -> AbstractContextManager[object]:
    """News is what is newer than the newest."""

    def is_news(draft: Draft, incident: Incident, item: Dated) -> bool:
        known = draft.incidents.get(incident.id)
        return known is None or item.at > known.changed_at

    return patch.object(incidents, "_is_news", is_news)


def webhook_touching_the_validators() -> AbstractContextManager[object]:
    """We just heard of it, so the page need not be read again."""
    receive = Inbox.receive

    async def receive_and_refresh(self: Inbox, delivery: Delivery) -> bool:
        taken = await receive(self, delivery)
        address = self._ledger.record(delivery.page_id).address if delivery.page_id else None
        if address is not None:
            with suppress(FetchError):
                reply = await self._conductor._looker._fetch.get(address)
                await self._ledger.take(delivery.page_id or "", validators=reply.validators)
        return taken

    return patch.object(Inbox, "receive", receive_and_refresh)


def plain_two_snapshot_diff() -> AbstractContextManager[object]:
    """What the last document listed is known, and nothing else."""
    mark, finish = Draft.mark, Draft.finish

    def mark_listed(self: Draft, *identity: str, text: str = "") -> Novelty:
        novelty = mark(self, *identity, text=text)
        key = seen_key(self.memory.page_id, *identity)
        self.__dict__.setdefault("listed", {})[key] = Seen(0, self.now.toordinal())
        return novelty

    def forget(self: Draft) -> tuple[Memory, tuple[Event, ...]]:
        memory, events = finish(self)
        return replace(memory, seen=self.__dict__.get("listed", {})), events

    return _both(patch.object(Draft, "mark", mark_listed), patch.object(Draft, "finish", forget))


def closing_by_a_single_absence() -> AbstractContextManager[object]:
    """What is not listed is over."""

    def leaving(memory: Memory) -> tuple[KnownIncident, ...]:
        return tuple(i for i in memory.incidents.values() if not i.closed and i.absences)

    return _both(
        patch.object(advance, "leaving", leaving), patch.object(histories, "leaving", leaving)
    )


@contextmanager
def _both(*planted: AbstractContextManager[Any]) -> Iterator[None]:
    with ExitStack() as stack:
        for fault in planted:
            stack.enter_context(fault)
        yield


FAULTS: Final[tuple[Fault, ...]] = (
    validators_stored_before_use,
    no_outbox,
    cursor_moved_before_the_emit,
    novelty_decided_outside_the_transaction,
    newest_timestamp_identity,
    webhook_touching_the_validators,
    plain_two_snapshot_diff,
    closing_by_a_single_absence,
)
