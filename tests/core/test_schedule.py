"""When a page is polled next, as tables; the rules are those of the module's docstring."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traywatch.core.schedule import (
    FLOOR_S,
    LOOPBACK_FLOOR_S,
    Next,
    Outcome,
    after,
    clamp_interval_s,
    effective_interval_s,
    first_wait_s,
    spread_s,
)

READ = Outcome(succeeded=True, http_status=200)
TIMED_OUT = Outcome(succeeded=False)
ALMOST_ONE = 1 - 1e-12


def failed(http_status: int | None, retry_after_s: float | None = None) -> Outcome:
    return Outcome(succeeded=False, http_status=http_status, retry_after_s=retry_after_s)


def span(
    outcome: Outcome, interval_s: float = 60, failures: int = 0, gone: int = 0
) -> tuple[object, object]:
    """The shortest and the longest wait the dice allow, approximately."""
    low, high = (
        after(outcome, interval_s=interval_s, failures=failures, jitter=jitter, gone=gone).wait_s
        for jitter in (0.0, ALMOST_ONE)
    )
    return pytest.approx(low), pytest.approx(high)


# ------------------------------------------------------------------ a page that is read


@pytest.mark.parametrize(
    ("interval_s", "shortest", "longest"), [(60, 54, 66), (30, 27, 33), (3600, 3240, 3960)]
)
def test_the_interval_is_kept_within_a_tenth(
    interval_s: float, shortest: float, longest: float
) -> None:
    assert span(READ, interval_s) == (shortest, longest)


@pytest.mark.parametrize(
    ("wait_s", "waited"),
    [(0, 60), (10, 60), (61, 61), (300, 300), (900, 900), (901, 900), (31_536_000, 900)],
)
def test_caching_headers_slow_us_down_to_a_quarter_of_an_hour(wait_s: float, waited: float) -> None:
    outcome = Outcome(succeeded=True, http_status=200, wait_s=wait_s)
    assert after(outcome, interval_s=60, failures=0, jitter=0.5) == Next(waited, 0, 0.0)


@pytest.mark.parametrize(
    ("retry_after_s", "waited"), [(0, 60), (90, 90), (1200, 1200), (86_400, 3600)]
)
def test_retry_after_counts_beside_a_reply_too(retry_after_s: float, waited: float) -> None:
    outcome = Outcome(succeeded=True, http_status=200, retry_after_s=retry_after_s)
    assert after(outcome, interval_s=60, failures=0, jitter=0.5) == Next(waited, 0, 0.0)


def test_success_forgets_every_failure() -> None:
    assert after(READ, interval_s=60, failures=40, jitter=0.5, gone=40) == Next(60, 0, 0.0, 0)


# ------------------------------------------------------------------ a page that fails


@pytest.mark.parametrize(
    ("failures", "shortest", "longest"),
    [(0, 30, 60), (1, 30, 120), (2, 30, 240), (3, 30, 300), (9, 30, 300), (5000, 30, 300)],
)
@pytest.mark.parametrize("outcome", [TIMED_OUT, failed(200), failed(403), failed(500), failed(503)])
def test_failures_back_off_to_five_minutes(
    outcome: Outcome, failures: int, shortest: float, longest: float
) -> None:
    assert span(outcome, failures=failures) == (shortest, longest)


@pytest.mark.parametrize(
    ("interval_s", "failures", "shortest", "longest"),
    [
        (1, 0, 0.5, 1),
        (1, 3, 0.5, 8),
        (1, 20, 0.5, 300),
        (30, 0, 15, 30),
        (120, 0, 60, 60),
        (120, 2, 60, 240),
        (1200, 7, 600, 600),
    ],
)
def test_backoff_starts_from_the_interval(
    interval_s: float, failures: int, shortest: float, longest: float
) -> None:
    assert span(TIMED_OUT, interval_s, failures) == (shortest, longest)


@pytest.mark.parametrize("http_status", [404, 410])
def test_a_page_that_is_gone_is_asked_hourly_after_five_failures(http_status: int) -> None:
    gone = failures = 0
    waits = []
    for _ in range(6):
        poll = after(failed(http_status), interval_s=60, failures=failures, jitter=0.0, gone=gone)
        gone, failures = poll.gone, poll.failures
        waits.append(poll.wait_s)
    assert waits == [30, 30, 30, 30, 3600, 3600]


def test_one_404_in_the_middle_of_an_outage_does_not_blind_us_for_an_hour() -> None:
    assert span(failed(404), failures=50) == (30, 300)
    assert after(failed(500), interval_s=60, failures=5, jitter=0, gone=5).gone == 0


def test_gone_never_means_sooner_than_the_interval() -> None:
    assert span(failed(410), interval_s=7200, failures=9, gone=9) == (6480, 7920)


# ------------------------------------------------------------------ a vendor that asks for peace


@pytest.mark.parametrize("http_status", [429, 503])
@pytest.mark.parametrize(
    ("retry_after_s", "waited", "host_waits"),
    [
        (-5, 60, 1),
        (0, 60, 1),
        (1, 60, 1),
        (59, 60, 59),
        (120, 120, 120),
        (3600, 3600, 3600),
        (86_400, 3600, 3600),
        (float("inf"), 3600, 3600),
    ],
)
def test_retry_after_holds_for_the_whole_host(
    http_status: int, retry_after_s: float, waited: float, host_waits: float
) -> None:
    poll = after(failed(http_status, retry_after_s), interval_s=60, failures=0, jitter=0.5)
    assert poll == Next(waited, 1, host_waits)


def test_429_without_a_time_closes_the_host_for_ten_minutes() -> None:
    assert after(failed(429), interval_s=60, failures=0, jitter=0.5) == Next(600, 1, 600)


def test_503_without_a_time_is_an_ordinary_failure() -> None:
    assert after(failed(503), interval_s=60, failures=0, jitter=0.5) == Next(45, 1, 0)


def test_retry_after_beside_another_error_is_for_this_page_alone() -> None:
    assert after(failed(500, 400), interval_s=60, failures=0, jitter=0.5) == Next(400, 1, 0)


# ------------------------------------------------------------------ start, resume, intervals


@pytest.mark.parametrize(
    ("interval_s", "pages", "longest"),
    [(60, 1, 0.05), (60, 100, 5), (60, 1000, 50), (60, 5000, 60), (1, 100, 1)],
)
def test_the_first_polls_go_out_at_once_but_not_together(
    interval_s: float, pages: int, longest: float
) -> None:
    assert first_wait_s(interval_s, 0.0, pages) == 0
    assert first_wait_s(interval_s, ALMOST_ONE, pages) == pytest.approx(longest)


@given(st.integers(1, 2000))
def test_after_a_sleep_no_second_sees_more_than_ten_requests(pages: int) -> None:
    waits = [spread_s(pages, place / pages) for place in range(pages)]
    gaps = [later - sooner for sooner, later in pairwise(waits)]
    assert waits[0] == 0
    assert all(gap == pytest.approx(0.1) for gap in gaps)


def test_intervals_have_a_floor() -> None:
    assert clamp_interval_s(5, loopback=False) == FLOOR_S == 30
    assert clamp_interval_s(0.01, loopback=True) == LOOPBACK_FLOOR_S == 1
    assert clamp_interval_s(90, loopback=False) == clamp_interval_s(90, loopback=True) == 90


@pytest.mark.parametrize(
    ("interval_s", "incident_open", "effective"),
    [(60, False, 60), (60, True, 30), (600, True, 30), (30, True, 30), (1, True, 1)],
)
def test_an_open_incident_makes_us_faster_never_slower(
    interval_s: float, incident_open: bool, effective: float
) -> None:
    assert effective_interval_s(interval_s, incident_open) == effective


# ------------------------------------------------------------------ whatever happens

outcomes = st.builds(
    Outcome,
    succeeded=st.booleans(),
    http_status=st.none() | st.integers(100, 599),
    wait_s=st.floats(0, allow_nan=False),
    retry_after_s=st.none() | st.floats(allow_nan=False),
)


@given(
    outcomes,
    st.floats(1, 86_400),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.floats(0, 1, exclude_max=True),
)
def test_no_page_is_ever_given_up_and_none_is_hammered(
    outcome: Outcome, interval_s: float, failures: int, gone: int, jitter: float
) -> None:
    poll = after(outcome, interval_s=interval_s, failures=failures, jitter=jitter, gone=gone)
    assert interval_s / 2 <= poll.wait_s <= max(3600.0, 1.1 * interval_s)
    assert 0 <= poll.host_wait_s <= 3600
    assert poll.wait_s >= poll.host_wait_s
    assert poll.failures == (0 if outcome.succeeded else failures + 1)
