"""The one road of a webhook, whether it was posted to us or fetched from a relay.

    signature over the raw bytes -> is the page ours? -> parse_webhook -> Inbox.receive (commits)

A page's id is looked up after the signature only: a stranger learns nothing of what is watched.
``take`` never raises: whatever fails is a verdict, and a line in the log where the fault is ours.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from traywatch.core.errors import FormatError, StoreError
from traywatch.core.model import Snapshot
from traywatch.core.text import one_line
from traywatch.listener import Delivery, Inbox, Verdict
from traywatch.listener.signatures import NO_TOKEN, Flaw, Headers, Proof, keys, opens, verify
from traywatch.platforms.webhook import MalformedBody, parse_webhook

BODY_LIMIT: Final = 256 * 1024
"""Bytes of a webhook's body (requirement W6)."""

Clock = Callable[[], datetime]
"""The time now, aware UTC."""

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The clock of everyday."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a delivery."""

    verdict: Verdict
    reason: str = ""
    """One line for the sender; empty where it was taken. Nothing secret, nothing of ours."""
    is_logged: bool = False
    """Why is in the log already: the fault is ours."""


_ACCEPTED: Final = Answer(Verdict.ACCEPTED)
_REPEATED: Final = Answer(Verdict.REPEATED)
_IGNORED: Final = Answer(Verdict.IGNORED)
_UNKNOWN_PAGE: Final = Answer(Verdict.UNKNOWN_PAGE, "no such page is watched")
_UNAVAILABLE: Final = Answer(
    Verdict.UNAVAILABLE, "it could not be stored, try again", is_logged=True
)
_UNREADABLE: Final = Answer(Verdict.MALFORMED, "it could not be read", is_logged=True)
_UNSIGNED_IS_FINE: Final = Proof()


class Intake:
    """Where every delivery comes in."""

    def __init__(self, inbox: Inbox, secrets: Sequence[bytes]) -> None:
        """Raises ConfigError on a secret that could never verify anything."""
        self._inbox = inbox
        self._keys = keys(secrets)

    @property
    def needs_signature(self) -> bool:
        """True once there is a secret."""
        return bool(self._keys)

    async def take(
        self,
        headers: Headers,
        body: bytes,
        received_at: datetime,
        page_id: str | None = None,
        token: str | None = None,
    ) -> Answer:
        """Verify, understand and hand over; returns after the commit. Never raises.

        ``token`` is the one in the path, where the delivery came by a path that has one.
        """
        proof = self._prove(headers, body, received_at, page_id, token)
        if isinstance(proof, Flaw):
            return Answer(Verdict.UNSIGNED, proof.reason)
        if page_id is not None and not self._inbox.knows(page_id):
            return _UNKNOWN_PAGE
        snapshot = _read(body)
        if isinstance(snapshot, Answer):
            return snapshot
        receipt = _receipt(proof, page_id)
        return await self._hand_over(Delivery(page_id, snapshot, receipt, received_at))

    def _prove(
        self,
        headers: Headers,
        body: bytes,
        received_at: datetime,
        page_id: str | None,
        token: str | None,
    ) -> Proof | Flaw:
        if token is not None and page_id is not None:
            return Proof() if opens(token, page_id, self._keys) else NO_TOKEN
        if not self._keys:
            return _UNSIGNED_IS_FINE
        return verify(headers, body, self._keys, int(received_at.timestamp()))

    async def _hand_over(self, delivery: Delivery) -> Answer:
        try:
            return _ACCEPTED if await self._inbox.receive(delivery) else _REPEATED
        except StoreError as error:
            log.warning("a webhook was turned away: %s", error)
        except Exception as error:  # a fault of ours is no reason for a 500: the sender tries again
            log.error("a webhook was turned away: %s", _name(error), exc_info=error)
        return _UNAVAILABLE


def _read(body: bytes) -> Snapshot | Answer:
    try:
        return parse_webhook(body)
    except MalformedBody as error:
        return Answer(Verdict.MALFORMED, one_line(str(error), 200))
    except FormatError as error:
        log.info("a webhook was ignored: %s", error)
        return _IGNORED
    except Exception as error:  # a parser's fault would come back with every try: not 503
        log.error("a webhook could not be read: %s", _name(error), exc_info=error)
        return _UNREADABLE


def _receipt(proof: Proof, page_id: str | None) -> str | None:
    """The message's id. Senders give one message to all their endpoints under the same id (Svix
    does), so it is unique only together with the path it came by."""
    if proof.message_id is None or page_id is None:
        return proof.message_id
    return f"{page_id}/{proof.message_id}"


def _name(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}", 200)
