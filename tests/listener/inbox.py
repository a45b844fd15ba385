"""A conductor that only takes notes, and a few webhooks to send it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from traywatch.core.errors import StoreError
from traywatch.core.model import Severity
from traywatch.listener import Counters, Delivery, Health, SinkHealth

NOW = datetime(2025, 11, 18, 12, 34, 56, tzinfo=UTC)

DEMO = (
    b'{"incident":{"id":"demo_001","name":"OpenAI API - Chat Completions","incident_updates":'
    b'[{"id":"upd_001","created_at":"2025-11-18T12:34:56Z",'
    b'"body":"Investigating degraded performance"}]}}'
)
"""The body of the curl that issue 5 wants to work verbatim."""


def webhook(update_id: str) -> bytes:
    """One more like it."""
    document = json.loads(DEMO)
    document["incident"]["incident_updates"][0]["id"] = update_id
    return json.dumps(document).encode()


@dataclass
class ListInbox:
    """Everything delivered, in order; the store can be taken down, and worse."""

    deliveries: list[Delivery] = field(default_factory=list)
    receipts: set[str] = field(default_factory=set)
    page_ids: set[str] = field(default_factory=lambda: {"openai"})
    fault: Exception | None = None
    """Raised by every ``receive``."""
    degraded: bool = False
    on_receive: Callable[[Delivery], None] | None = None

    async def receive(self, delivery: Delivery) -> bool:
        if self.fault is not None:
            raise self.fault
        if self.on_receive is not None:
            self.on_receive(delivery)
        if delivery.receipt is not None and delivery.receipt in self.receipts:
            return False
        if delivery.receipt is not None:
            self.receipts.add(delivery.receipt)
        self.deliveries.append(delivery)
        return True

    def knows(self, page_id: str) -> bool:
        return page_id in self.page_ids

    def health(self) -> Health:
        return Health(
            state="degraded" if self.degraded else "ok",
            version="1.2.3",
            uptime_s=12.5,
            pages={"operational": 2, "unreadable": 1},
            last_poll_at=NOW,
            store="cannot be written" if self.degraded else "ok",
            sinks={"console": SinkHealth(0), "log": SinkHealth(3, 1.5, "disk full")},
        )

    def status_json(self) -> object:
        return {"pages": [{"id": "openai", "name": "lone \ud800 surrogate"}]}

    def counters(self) -> Counters:
        return Counters(
            polls={"changed": 3, "failed": 1},
            not_modified=7,
            received_bytes=1234,
            updates=5,
            toasts=2,
            lateness_s=0.25,
            sinks_behind={"console": 0, "log": 3},
            page_severity={"openai": Severity.MAJOR_OUTAGE, "new": None},
            page_readable={"openai": True, "new": False},
        )

    @property
    def update_ids(self) -> list[str | None]:
        return [
            update.id
            for delivery in self.deliveries
            for incident in delivery.snapshot.incidents
            for update in incident.updates
        ]


def store_down() -> StoreError:
    return StoreError("the database of /home/joe cannot be written: disk full")
