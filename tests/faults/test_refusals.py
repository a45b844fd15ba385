"""HTTP errors, and every form of Retry-After."""

from __future__ import annotations

import pytest

from tests.faults.arena import Clock, failure, play
from tests.faults.hostile import Vendor, answer, reply
from traywatch.core.model import Fault
from traywatch.fetch import Fetcher

RETRY_AFTER = [
    ("0", 0),
    ("1", 1),
    ("120", 120),
    ("  120  ", 120),
    ("00120", 120),
    ("999999999", 999_999_999),
    ("9" * 4000, None),
    ("", None),
    ("soon", None),
    ("-5", None),
    ("+5", None),
    ("1.5", None),
    ("1e3", None),
    ("0x10", None),
    ("1_000", None),
    ("120, 240", None),
    ("\u00b9\u00b2", None),
    ("Tue, 18 Nov 2025 12:02:00 GMT", 120),
    ("Tuesday, 18-Nov-25 12:02:00 GMT", 120),
    ("Tue Nov 18 12:02:00 2025", 120),
    ("Tue, 18 Nov 2025 13:02:00 +0100", 120),
    ("Tue, 18 Nov 2025 11:59:00 GMT", 0),
    ("Thu, 01 Jan 1970 00:00:00 GMT", None),
    ("Fri, 31 Dec 9999 23:59:59 GMT", None),
    ("Tue, 99 Nov 2025 12:02:00 GMT", None),
    ("Tue, 18 Nov 2025 12:02:00 " + "GMT" * 1000, None),
    ("2025-11-18T12:02:00.000000Z", None),
]


@pytest.mark.parametrize("http_status", [429, 503])
@pytest.mark.parametrize(
    ("field", "seconds"), RETRY_AFTER, ids=[repr(field[:32]) for field, _ in RETRY_AFTER]
)
def test_retry_after_is_read_in_both_forms_and_no_other(
    http_status: int, field: str, seconds: float | None
) -> None:
    async def scenario() -> None:
        async with Vendor(answer(http_status, f"Retry-After: {field}")) as vendor:
            fetcher = Fetcher(now=Clock())
            error = await failure(fetcher, vendor.url)
            assert (error.fault, error.http_status) == (Fault.REFUSED, http_status)
            assert error.retry_after_s == seconds
            assert str(error) == f"127.0.0.1: it answers {http_status}"
            vendor.then(reply(b"well", f"Retry-After: {field}"))
            well = await fetcher.get(vendor.url)
            assert (well.body, well.retry_after_s) == (b"well", seconds)
            await fetcher.aclose()

    play(scenario)


@pytest.mark.parametrize(
    "http_status", [300, 305, 400, 401, 403, 404, 410, 418, 451, 500, 502, 599]
)
def test_an_error_is_a_refusal_and_its_body_is_not_waited_for(http_status: int) -> None:
    async def scenario() -> None:
        act = reply(b"<html>" + b"x" * 200_000, http_status=http_status)
        async with Vendor(act) as vendor:
            fetcher = Fetcher()
            error = await failure(fetcher, vendor.url)
            assert (error.fault, error.http_status) == (Fault.REFUSED, http_status)
            assert error.retry_after_s is None
            vendor.then(reply(b"well"))
            assert (await fetcher.get(vendor.url)).body == b"well"
            await fetcher.aclose()

    play(scenario)


def test_a_short_error_does_not_cost_the_connection() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"sorry", http_status=503), reply(b"well")) as vendor:
            fetcher = Fetcher()
            await failure(fetcher, vendor.url)
            assert (await fetcher.get(vendor.url)).body == b"well"
            assert vendor.connections == 1
            await fetcher.aclose()

    play(scenario)


@pytest.mark.parametrize(
    ("fields", "wait_s"),
    [
        ((), 0),
        (("Cache-Control: max-age=90",), 90),
        (("Cache-Control: public, MAX-AGE = 90 , must-revalidate",), 90),
        (('Cache-Control: max-age="90"',), 90),
        (("Cache-Control: max-age=90", "Age: 30"), 60),
        (("Cache-Control: max-age=90", "Age: 91"), 0),
        (("Cache-Control: max-age=90", "Age: old"), 90),
        (("Cache-Control: s-maxage=90",), 0),
        (("Cache-Control: no-store",), 0),
        (("Cache-Control: max-age=-1",), 0),
        (("Cache-Control: max-age=" + "9" * 3000,), 999_999_999_999_999),
        (("Age: 30",), 0),
    ],
)
def test_caching_headers_say_how_long_to_wait(fields: tuple[str, ...], wait_s: float) -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"{}", *fields)) as vendor:
            fetcher = Fetcher()
            assert (await fetcher.get(vendor.url)).wait_s == wait_s
            await fetcher.aclose()

    play(scenario)
