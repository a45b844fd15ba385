"""When a page is polled next.

Pure arithmetic over seconds: the clock and the dice are arguments. What holds true:

- No answer makes us come back sooner than half the interval, and no page is given up for good.
- What a vendor asks for (caching headers, Retry-After) only ever makes us slower, and only up to
  a bound, so that a header gone wrong cannot silence a page for a year.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FLOOR_S: Final = 30.0
"""The shortest interval for a page on the network."""
LOOPBACK_FLOOR_S: Final = 1.0
"""The shortest interval for a page on this very machine: the demonstration, the tests."""
WHILE_OPEN_S: Final = 30.0
"""The interval while a watched incident is open."""
DOORBELL_GAP_S: Final = 10.0
"""However often a person or a webhook rings: at most one poll of a page in this time."""
COME_BACK_LATER: Final = frozenset({429, 503})
"""Answers that say nothing of what is there: asking on would only annoy."""
GONE: Final = frozenset({404, 410})
"""Answers that say there is no such document, now or ever."""
BACKOFF_BASE_S: Final = 60.0
"""How long what could not be read is left alone at most the first time, then twice as long each,"""
BACKOFF_CAP_S: Final = 300.0
"""and never longer than this."""

_START_GAP_S: Final = 0.05
_RESUME_GAP_S: Final = 0.1
_JITTER: Final = 0.1
_CACHING_CAP_S: Final = 900.0
_RETRY_FLOOR_S: Final = 1.0
_RETRY_CAP_S: Final = 3600.0
_TOO_MANY_S: Final = 600.0
_GONE_AFTER: Final = 5
_GONE_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a poll went, as far as the next one depends on it."""

    succeeded: bool
    """The page was read or said it is unchanged."""
    http_status: int | None = None
    """Of the last answer, which after a page that was read may be that of its history; None: there
    was no answer at all."""
    wait_s: float = 0.0
    """What the caching headers ask for, in seconds from now."""
    retry_after_s: float | None = None
    """What Retry-After asks for, on success too; None: absent or unreadable."""


@dataclass(frozen=True, slots=True)
class Next:
    """When to come back, and what to hand to ``after`` then."""

    wait_s: float
    failures: int
    """How many polls in a row failed."""
    host_wait_s: float
    """Over 0: nothing at all is asked of this host for that long."""
    gone: int = 0
    """How many of the last failures in a row were 404 or 410."""


def clamp_interval_s(seconds: float, loopback: bool) -> float:
    """The interval a page gets when its owner asks for ``seconds``."""
    return max(seconds, LOOPBACK_FLOOR_S if loopback else FLOOR_S)


def effective_interval_s(interval_s: float, incident_open: bool) -> float:
    """The interval in force; ``incident_open`` is about a watched incident. Never a longer one."""
    return min(interval_s, WHILE_OPEN_S) if incident_open else interval_s


def first_wait_s(interval_s: float, phase: float, pages: int) -> float:
    """How long a page waits at start; ``phase`` in [0, 1) is drawn for each page.

    A single page is asked at once, a thousand are spread over fifty seconds; from then on the
    jitter takes care that they do not march in step.
    """
    return phase * min(interval_s, pages * _START_GAP_S)


def spread_s(n_pages: int, phase: float) -> float:
    """How long a page waits when all ``n_pages`` are due at once, as after a sleep.

    ``phase`` is the page's place in the queue divided by ``n_pages``: then no second sees more
    than ten requests, which phases drawn at random do not promise.
    """
    return phase * n_pages * _RESUME_GAP_S


def after(
    outcome: Outcome, *, interval_s: float, failures: int, jitter: float, gone: int = 0
) -> Next:
    """When to poll again.

    ``interval_s`` is the effective interval, ``failures`` and ``gone`` those of the last ``Next``
    of this page (0 at first), ``jitter`` is drawn from [0, 1).
    """
    steady_s = interval_s * (1 - _JITTER + 2 * _JITTER * jitter)
    pause_s = _host_pause_s(outcome)
    if outcome.succeeded:
        caching_s = min(outcome.wait_s, _CACHING_CAP_S)
        return Next(max(steady_s, caching_s, _asked_s(outcome) or 0.0, pause_s), 0, pause_s)
    failures += 1
    gone = gone + 1 if outcome.http_status in GONE else 0
    if pause_s:
        return Next(max(steady_s, pause_s), failures, pause_s)
    if gone >= _GONE_AFTER:
        return Next(max(steady_s, _GONE_S * (1 - _JITTER * jitter)), failures, 0.0, gone)
    backoff_s = _backoff_s(interval_s, failures, jitter)
    return Next(max(backoff_s, _asked_s(outcome) or 0.0), failures, 0.0, gone)


def _asked_s(outcome: Outcome) -> float | None:
    """Retry-After within bounds; None where it was not given."""
    if outcome.retry_after_s is None:
        return None
    return min(max(outcome.retry_after_s, _RETRY_FLOOR_S), _RETRY_CAP_S)


def _host_pause_s(outcome: Outcome) -> float:
    """For how long a 429 or 503 closes the whole host; 0: not at all, as a 503 alone."""
    if outcome.http_status not in COME_BACK_LATER:
        return 0.0
    asked_s = _asked_s(outcome)
    return _TOO_MANY_S if asked_s is None and outcome.http_status == 429 else asked_s or 0.0


def _backoff_s(interval_s: float, failures: int, jitter: float) -> float:
    """uniform(interval/2, min(300, 60 * 2^n)), n = 0 at the first failure.

    Pages polled faster than once a minute back off from their own interval, so that a page on
    loopback comes back as fast as it is polled.
    """
    low_s = interval_s / 2
    doublings = min(failures - 1, 10)  # 2.0 ** 1024 is an OverflowError
    high_s = min(BACKOFF_CAP_S, min(interval_s, BACKOFF_BASE_S) * 2.0**doublings)
    return low_s + jitter * max(0.0, high_s - low_s)
