"""Validators, and vendors that are confused about what has changed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.faults.arena import NOW, Clock, failure, play
from tests.faults.hostile import Vendor, answer, not_modified, reply
from traywatch.core.model import Fault
from traywatch.fetch import Fetcher

WEAK = 'W/"0a1-\xe9\'2"'
"""Weak, and with a byte that is no ASCII: entity tags may hold it (RFC 9110, 8.8.3)."""


@pytest.mark.parametrize(
    ("fields", "etag", "since"),
    [
        (("ETag: " + WEAK,), WEAK.encode("latin-1"), None),
        (('ETag: "strong"', "Last-Modified: some day"), b'"strong"', b"some day"),
        (("Last-Modified: Tue, 18 Nov 2025 11:00:00 GMT",), None, b"Tue, 18 Nov 2025 11:00:00 GMT"),
        (("ETag: no quotes at all",), b"no quotes at all", None),
        (("ETag: ",), None, None),
        (('ETag: "' + "x" * 5000 + '"',), None, None),
    ],
)
def test_validators_come_back_byte_for_byte(
    fields: tuple[str, ...], etag: bytes | None, since: bytes | None
) -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"one", *fields)) as vendor:
            fetcher = Fetcher(now=Clock())
            first = await fetcher.get(vendor.url)
            assert vendor.last.header(b"If-None-Match") is None
            await fetcher.get(vendor.url, first.validators)
            assert vendor.last.header(b"If-None-Match") == etag
            assert vendor.last.header(b"If-Modified-Since") == since
            await fetcher.aclose()

    play(scenario)


def test_a_304_is_a_reply_that_refreshes_the_validators() -> None:
    async def scenario() -> None:
        acts = (
            reply(b"one", 'ETag: "a"', "Last-Modified: then"),
            not_modified('ETag: W/"a2"', "Cache-Control: max-age=90"),
            not_modified(),
        )
        async with Vendor(*acts) as vendor:
            clock = Clock()
            fetcher = Fetcher(now=clock)
            first = await fetcher.get(vendor.url)
            clock.turn(minutes=1)
            second = await fetcher.get(vendor.url, first.validators)
            assert (second.http_status, second.unchanged, second.body) == (304, True, b"")
            assert second.wait_s == 90
            assert second.validators is not None
            assert (second.validators.etag, second.validators.last_modified) == ('W/"a2"', "then")
            assert second.validators.stored_at == NOW, "the body is as old as it was"
            third = await fetcher.get(vendor.url, second.validators)
            assert third.validators == second.validators, "a 304 without validators keeps them"
            assert len({request.connection for request in vendor.requests}) == 1
            await fetcher.aclose()

    play(scenario)


def test_an_unexpected_304_is_asked_again_once_past_all_caches() -> None:
    async def scenario() -> None:
        async with Vendor(not_modified('ETag: "a"'), reply(b"one")) as vendor:
            fetcher = Fetcher(now=Clock())
            assert (await fetcher.get(vendor.url)).body == b"one"
            first, second = vendor.requests
            assert first.header(b"Cache-Control") is None
            assert second.header(b"Cache-Control") == b"no-cache"
            assert second.header(b"If-None-Match") is None
            await fetcher.aclose()

    play(scenario)


def test_304_for_ever_is_found_out_after_eight_days() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"one", 'ETag: "a"'), not_modified('ETag: "a"')) as vendor:
            clock = Clock()
            fetcher = Fetcher(now=clock)
            reply_ = await fetcher.get(vendor.url)
            for _ in range(8):
                clock.turn(days=1)
                reply_ = await fetcher.get(vendor.url, reply_.validators)
                assert reply_.http_status == 304
            clock.turn(minutes=1)
            error = await failure(fetcher, vendor.url, validators=reply_.validators)
            assert error.fault is Fault.UNREADABLE
            assert str(error) == "127.0.0.1: it answers 304 to a request without a condition"
            assert [r.header(b"If-None-Match") for r in vendor.requests[-2:]] == [None, None]
            vendor.then(reply(b"two", 'ETag: "b"'))
            well = await fetcher.get(vendor.url, reply_.validators)
            assert (well.body, well.unchanged) == (b"two", False)
            assert well.validators is not None
            assert well.validators.stored_at == clock.at
            await fetcher.aclose()

    play(scenario)


def test_validators_from_the_future_are_dropped_too() -> None:
    """The wall clock was wrong when they were stored, by more than a CDN's whim can excuse."""

    async def scenario() -> None:
        async with Vendor(reply(b"one", 'ETag: "a"')) as vendor:
            clock = Clock(NOW + timedelta(days=400))
            fetcher = Fetcher(now=clock)
            first = await fetcher.get(vendor.url)
            clock.at = NOW
            await fetcher.get(vendor.url, first.validators)
            assert vendor.last.header(b"If-None-Match") is None
            await fetcher.aclose()

    play(scenario)


def test_an_etag_that_changes_every_time_does_not_make_news() -> None:
    async def scenario() -> None:
        acts = [reply(b"the same", f'ETag: "{n}"') for n in range(3)]
        async with Vendor(*acts) as vendor:
            fetcher = Fetcher(now=Clock())
            known = await fetcher.get(vendor.url)
            assert not known.unchanged
            for n in (1, 2):
                known = await fetcher.get(vendor.url, known.validators)
                assert (known.http_status, known.unchanged) == (200, True)
                assert known.validators is not None
                assert known.validators.etag == f'"{n}"'
            vendor.then(reply(b"another"))
            assert not (await fetcher.get(vendor.url, known.validators)).unchanged
            await fetcher.aclose()

    play(scenario)


def test_validators_are_bound_to_the_final_address() -> None:
    async def scenario() -> None:
        moved = answer(302, "Location: /v2/summary.json")
        acts = (moved, reply(b"one", 'ETag: "a"'), moved, not_modified(), reply(b"two"))
        async with Vendor(*acts) as vendor:
            fetcher = Fetcher(now=Clock())
            first = await fetcher.get(vendor.url)
            assert first.validators is not None
            assert first.moved_to == first.url == first.validators.url
            assert first.url.endswith("/v2/summary.json")
            second = await fetcher.get(vendor.url, first.validators)
            assert (second.http_status, second.moved_to) == (304, first.url)
            await fetcher.get(vendor.url + "?other", second.validators)
            sent = [(r.target, r.header(b"If-None-Match")) for r in vendor.requests]
            assert sent == [
                (b"/summary.json", None),
                (b"/v2/summary.json", None),
                (b"/summary.json", None),
                (b"/v2/summary.json", b'"a"'),
                (b"/summary.json?other", None),
            ]
            await fetcher.aclose()

    play(scenario)


def test_the_same_body_from_another_address_is_not_unchanged() -> None:
    async def scenario() -> None:
        async with Vendor(reply(b"one")) as vendor:
            fetcher = Fetcher(now=Clock())
            first = await fetcher.get(vendor.url)
            assert not (await fetcher.get(vendor.url + "?other", first.validators)).unchanged
            await fetcher.aclose()

    play(scenario)
