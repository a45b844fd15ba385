"""No body, however it comes in, is held beyond the limits."""

from __future__ import annotations

import gzip
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traywatch.fetch.limits import BodyReader, Limits, TooMuch

SMALL = Limits(body_bytes=1000, ratio=10, free_bytes=100)
GZIP = {"content-encoding": "gzip"}


def read(pieces: list[bytes], headers: dict[str, str], limits: Limits = SMALL) -> bytes:
    reader = BodyReader(limits)
    reader.expect(headers)
    for piece in pieces:
        reader.feed(piece)
    return reader.finish()


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(places)]


@given(st.binary(max_size=1000), st.lists(st.integers(0, 1100), max_size=5))
def test_any_body_within_the_limits_comes_out_whole(body: bytes, cuts: list[int]) -> None:
    assert read(split(body, cuts), {}) == body
    packed = zlib.compress(body, 0, wbits=31)
    roomy = Limits(body_bytes=len(packed) + len(body))
    assert read(split(packed, cuts), GZIP, roomy) == body


@given(st.binary(max_size=3000), st.lists(st.integers(0, 3000), max_size=5), st.booleans())
def test_whatever_comes_in_nothing_but_too_much_is_raised(
    data: bytes, cuts: list[int], packed: bool
) -> None:
    try:
        body = read(split(gzip.compress(data) if packed else data, cuts), GZIP)
    except TooMuch:
        return
    assert len(body) <= SMALL.body_bytes


@pytest.mark.parametrize(
    ("size", "fits"), [(0, True), (100, True), (999, True), (1000, True), (1001, False)]
)
def test_the_limit_itself_is_allowed(size: int, fits: bool) -> None:
    for pieces in ([b"x" * size], [b"x"] * size):
        if fits:
            assert len(read(pieces, {})) == size
        else:
            with pytest.raises(TooMuch, match="larger than"):
                read(pieces, {})


def test_the_ratio_counts_from_the_free_bytes_on() -> None:
    assert read([gzip.compress(bytes(100))], GZIP) == bytes(100)
    packed = gzip.compress(bytes(900))
    assert SMALL.ratio * len(packed) < 900
    with pytest.raises(TooMuch, match="more than 10:1"):
        read([packed], GZIP)


@pytest.mark.parametrize(
    "encoding", ["br", "gzip, gzip", "gzip,", "deflate", "zstd", "*", "x", "gzipp"]
)
def test_only_what_was_asked_for_is_decoded(encoding: str) -> None:
    with pytest.raises(TooMuch, match="not asked for"):
        read([], {"content-encoding": encoding})


@pytest.mark.parametrize(
    ("length", "refused"),
    [
        ("1000", False),
        ("1001", True),
        ("9" * 20, True),
        ("", False),
        ("many", False),
        ("\u0661", False),
    ],
)
def test_an_announced_length_is_believed_when_it_is_too_long(length: str, refused: bool) -> None:
    if refused:
        with pytest.raises(TooMuch):
            read([], {"content-length": length})
    else:
        assert read([], {"content-length": length}) == b""
