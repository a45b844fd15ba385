"""What can be read: GET /health, /metrics and /api/status. Nothing here changes anything."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from traywatch.listener import Inbox, Verdict
from traywatch.listener.metrics import CONTENT_TYPE, Exposition
from traywatch.listener.reply import Reply

_JSON: Final = b"application/json"
_OK: Final = 200
_DEGRADED: Final = 503


class Readings:
    """The read-only documents by their paths."""

    def __init__(self, inbox: Inbox, verdicts: Counter[Verdict], *, signed: bool) -> None:
        self._inbox = inbox
        self._verdicts = verdicts
        self._signed = signed
        self._exposition = Exposition(inbox, verdicts)
        self.at: dict[str, Callable[[], Reply]] = {
            "/health": self._health,
            "/metrics": self._metrics,
            "/api/status": self._status,
        }

    def _health(self) -> Reply:
        """Health as JSON, and what only the listener knows: that it answers, and to whom."""
        health = self._inbox.health()
        document = dataclasses.asdict(health) | {
            "listener": {
                "state": "ok",
                "signature_required": self._signed,
                "webhooks": {verdict.value: self._verdicts[verdict] for verdict in Verdict},
            }
        }
        return _json(document, _OK if health.state == "ok" else _DEGRADED)

    def _metrics(self) -> Reply:
        return _document(_OK, CONTENT_TYPE, self._exposition.text())

    def _status(self) -> Reply:
        return _json(self._inbox.status_json(), _OK)


def _json(document: object, http_status: int) -> Reply:
    text = json.dumps(document, default=_iso)  # ASCII: a lone surrogate stays an escape
    return _document(http_status, _JSON, text.encode("ascii") + b"\n")


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} is no JSON")


def _document(http_status: int, content_type: bytes, body: bytes) -> Reply:
    headers = (
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    )
    return Reply(http_status, headers, body)
