"""Why webhooks are refused, for whoever sets them up: the sender's side often does not show it.

What holds true:
- Of each kind, a status and its reason, one line in ten minutes is a warning; the rest is for
  debugging. A stranger who knocks all day fills no log.
- Every reason is in fixed words. Nothing of a body, a path, a signature or a secret is told; a
  foreign ``Host`` is, sanitized and cut: it is what has to be put into the settings.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from traywatch.core.masking import mask_credentials
from traywatch.core.text import one_line
from traywatch.listener import Verdict
from traywatch.listener.admission import FOREIGN_HOST
from traywatch.listener.intake import Answer
from traywatch.listener.signatures import NO_MATCH, NO_SIGNATURE, NO_TOKEN, OFF_TIME, Headers

QUIET: Final = timedelta(minutes=10)
"""So long nothing more of a kind is a warning."""

_HOST_LIMIT: Final = 80
_NONE_FITS: Final = "no secret fits: see listener.secrets and TRAYWATCH_SIGNING_SECRET"
_ADVICE: Final = {
    NO_MATCH.reason: _NONE_FITS,
    NO_TOKEN.reason: _NONE_FITS,
    NO_SIGNATURE.reason: "a secret is set, so posts must be signed",
    OFF_TIME.reason: "compare the sender's clock with this machine's",
    FOREIGN_HOST: "if senders are to use that name, put it into listener.allowed_hosts",
}

log = logging.getLogger(__name__)


class Refusals:
    """Says them in the log."""

    def __init__(self) -> None:
        self._warned_at: dict[tuple[int, str], datetime] = {}
        """By kind; there are as many as there are fixed words."""

    def note(self, answer: Answer, http_status: int, headers: Headers, now: datetime) -> None:
        """Say why a webhook was refused, unless that was said where it happened."""
        if answer.is_logged:
            return
        reason = _in_fixed_words(answer)
        level = self._level((http_status, reason), now)
        if log.isEnabledFor(level):
            shown = _with_advice(reason, headers)
            log.log(level, "a webhook was refused: %d, %s", http_status, shown)

    def _level(self, kind: tuple[int, str], now: datetime) -> int:
        """Either way from now: a clock that is set back keeps nothing quiet for longer."""
        warned_at = self._warned_at.get(kind)
        if warned_at is not None and abs(now - warned_at) < QUIET:
            return logging.DEBUG
        self._warned_at[kind] = now
        return logging.WARNING


def _in_fixed_words(answer: Answer) -> str:
    """What the sender is told of a malformed body may quote it."""
    malformed = answer.verdict is Verdict.MALFORMED
    return "the body is no JSON object" if malformed else answer.reason


def _with_advice(reason: str, headers: Headers) -> str:
    advice = _ADVICE.get(reason)
    if reason == FOREIGN_HOST:
        reason = f'{reason} ("{_shown(headers.get(b"host", b""))}")'
    return f"{reason}; {advice}" if advice else reason


def _shown(host: bytes) -> str:
    """Masked before it is cut, or the cut might take away what tells a password from a name."""
    return one_line(mask_credentials(host.decode("latin-1")), _HOST_LIMIT)
