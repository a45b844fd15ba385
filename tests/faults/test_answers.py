"""Whatever a vendor answers: the right error or reply, bounded bytes and seconds, and recovery."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import pytest

from tests.faults.arena import LIFE, QUICK, at_most, failure, play
from tests.faults.hostile import (
    Act,
    Vendor,
    answer,
    cut,
    drip,
    flood,
    hang,
    late,
    message,
    reply,
    reset,
    say,
)
from traywatch.core.model import Fault
from traywatch.fetch import Fetcher, Limits

GOOD = message(200, "Content-Type: application/json", body=b'{"page":{"id":"x"}}' * 20)
BLOCK = b"x" * 2**16
ZEROS = bytes(2**20)


def chunked(*chunks: bytes) -> Iterator[bytes]:
    for chunk in chunks:
        yield b"%x\r\n%b\r\n" % (len(chunk), chunk)
    yield b"0\r\n\r\n"


def bomb(mebibytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(ZEROS) for _ in range(mebibytes)) + packer.flush()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GZIPPED = CHUNKED[:-2] + b"Content-Encoding: gzip\r\n\r\n"
ENDLESS = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
GZIP = "Content-Encoding: gzip"


@dataclass(frozen=True)
class Bad:
    """An act that must end in an error."""

    name: str
    act: Act
    fault: Fault
    words: str
    holds: float = 1.0
    """Mebibytes that may be held at most."""
    limits: Limits = LIFE


def broken(name: str, act: Act, words: str = "the connection broke off") -> Bad:
    """It took the connection: our network is there."""
    return Bad(name, act, Fault.REFUSED, words)


def too_slow(name: str, act: Act, words: str) -> Bad:
    return Bad(name, act, Fault.REFUSED, words, limits=QUICK)


def unreadable(name: str, act: Act, words: str, holds: float = 1.0) -> Bad:
    return Bad(name, act, Fault.UNREADABLE, words, holds)


NO_HTTP = "its answer is no valid HTTP"
TOO_LARGE = "the answer is larger than 5 MiB"
STRANGE = "the answer is encoded in a way that was not asked for"
BYTES = (0, 1, 8, 12, 17, 40, len(GOOD) // 2, len(GOOD) - 1)

BAD = [
    *(broken(f"reset at byte {n}", reset(GOOD[:n])) for n in BYTES),
    *(broken(f"closed at byte {n}", cut(GOOD[:n])) for n in BYTES),
    *(too_slow(f"hangs at byte {n}", hang(GOOD[:n]), "silent for 0.3 s") for n in BYTES),
    too_slow("drips its head", drip(b"HTTP/1.1 200 OK\r\nA: ", b"x", 0.05), "not done after 0.9 s"),
    too_slow("drips its body", drip(ENDLESS, b"x", 0.05), "not done after 0.9 s"),
    too_slow("drips hints", drip(b"", b"HTTP/1.1 103 Hint\r\n\r\n", 0.1), "not done after 0.9 s"),
    too_slow("first byte too late", late(GOOD, 0.5), "silent for 0.3 s"),
    broken("promises more than it sends", cut(message(200, body=b"{}", length=99))),
    broken("ends in a chunk", cut(CHUNKED + b"ff\r\nabc")),
    broken("ends between chunks", cut(CHUNKED + b"3\r\nabc\r\n")),
    unreadable("length is no number", say(message(200, "Content-Length: many")), NO_HTTP),
    unreadable("two lengths", say(message(200, "Content-Length: 7")), NO_HTTP),
    unreadable("negative length", cut(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), NO_HTTP),
    unreadable(
        "length of 5,000 digits", say(message(200, "Content-Length: " + "9" * 5000)), NO_HTTP
    ),
    unreadable("chunk size is no number", say(CHUNKED + b"zz\r\n\r\n"), NO_HTTP),
    unreadable("chunk longer than it says", say(CHUNKED + b"2\r\nabcdef\r\n0\r\n\r\n"), NO_HTTP),
    unreadable("SSH", cut(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n"), NO_HTTP),
    unreadable("HTTP/0.9", cut(b"<html>hello</html>\r\n\r\n"), NO_HTTP),
    unreadable("HTTP/2", cut(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\r\n\r\n"), NO_HTTP),
    unreadable("NUL in a field", say(message(200, "A: \x00")), NO_HTTP),
    unreadable("field without a name", say(message(200, ": x")), NO_HTTP),
    unreadable("status of four digits", say(message(2000)), NO_HTTP),
    unreadable("switches protocol", say(b"HTTP/1.1 101 Switch\r\nUpgrade: x\r\n\r\n"), NO_HTTP),
    unreadable(
        "a megabyte of head", flood(b"HTTP/1.1 200 OK\r\n", repeat(b"A: b\r\n" * 999, 200)), NO_HTTP
    ),
    unreadable("one endless field", flood(b"HTTP/1.1 200 OK\r\nA: ", repeat(BLOCK)), NO_HTTP),
    unreadable(
        "hints without end", flood(b"", repeat(b"HTTP/1.1 103 Hint\r\n\r\n" * 3000)), NO_HTTP
    ),
    unreadable("endless chunk extension", flood(CHUNKED + b"1;", repeat(BLOCK)), NO_HTTP),
    unreadable("endless trailer", flood(CHUNKED + b"0\r\nA: ", repeat(BLOCK)), NO_HTTP),
    unreadable(
        "chunks of one byte",
        flood(CHUNKED, repeat(b"1\r\nx\r\n" * 10_000, 50)),
        "its answer comes in too many pieces",
        holds=3,
    ),
    unreadable("announces 50 MB", say(message(200, length=50_000_000)), TOO_LARGE),
    unreadable("announces 10^19 bytes", say(message(200, length=10**19)), TOO_LARGE),
    unreadable(
        "50 MB in chunks", flood(CHUNKED, chunked(*repeat(BLOCK, 800))), TOO_LARGE, holds=16
    ),
    unreadable("50 MB and no length", flood(ENDLESS, repeat(BLOCK, 800)), TOO_LARGE, holds=16),
    unreadable(
        "50 MB of gzip",
        flood(
            ENDLESS[:-2] + b"Content-Encoding: gzip\r\n\r\n",
            [gzip.compress(b"")[:10], *repeat(b"\x00\xff\xff\x00\x00" + BLOCK[:-1], 800)],
        ),
        TOO_LARGE,
        holds=16,
    ),
    unreadable(
        "gzip bomb, 50 MB",
        say(message(200, GZIP, body=bomb(50))),
        "the answer is compressed more than 100:1",
        holds=16,
    ),
    unreadable(
        "gzip bomb, 1 MB",
        say(message(200, GZIP, body=bomb(1))),
        "the answer is compressed more than 100:1",
        holds=2,
    ),
    unreadable(
        "gzip of gzip, declared",
        say(message(200, "Content-Encoding: gzip, gzip", body=gzip.compress(bomb(1)))),
        STRANGE,
    ),
    unreadable("brotli", say(message(200, "Content-Encoding: br", body=b"\x1b")), STRANGE),
    unreadable(
        "deflate",
        say(message(200, "Content-Encoding: deflate", body=zlib.compress(b"{}"))),
        STRANGE,
    ),
    unreadable("zstd", say(message(200, "Content-Encoding: zstd", body=b"(")), STRANGE),
    unreadable(
        "gzip that is none", say(message(200, GZIP, body=b"{}")), "the compressed answer is damaged"
    ),
    unreadable(
        "gzip cut short",
        say(message(200, GZIP, body=gzip.compress(b"{}" * 500)[:-9])),
        "the compressed answer ends in the middle",
    ),
    unreadable(
        "gzip with a wrong sum",
        say(message(200, GZIP, body=gzip.compress(b"{}")[:-8] + bytes(8))),
        "the compressed answer is damaged",
    ),
    unreadable(
        "gzip with a tail",
        say(message(200, GZIP, body=gzip.compress(b"{}") + b"{}")),
        "something follows the compressed answer",
    ),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_bad_answer_is_told_in_one_line_and_forgotten_with_the_next_good_one(bad: Bad) -> None:
    async def scenario() -> None:
        async with Vendor(bad.act) as vendor:
            fetcher = Fetcher(limits=bad.limits)
            with at_most(bad.holds):
                error = await failure(fetcher, vendor.url)
            assert (error.fault, str(error)) == (bad.fault, f"127.0.0.1: {bad.words}")
            assert (error.http_status, error.retry_after_s) == (None, None)
            vendor.then(reply(b"well"))
            assert (await fetcher.get(vendor.url)).body == b"well"
            await fetcher.aclose()

    play(scenario)


ODD_BUT_GOOD = [
    ("slow first byte", late(message(200, body=b"{}"), 0.15), b"{}"),
    ("empty", reply(b""), b""),
    ("no content", answer(204), b""),
    (
        "a captive portal",
        reply(b"<html>Log in</html>", "Content-Type: text/html"),
        b"<html>Log in</html>",
    ),
    ("HTTP/1.0", cut(b"HTTP/1.0 200 OK\r\n\r\n{}"), b"{}"),
    ("until it closes", cut(ENDLESS + b"{}"), b"{}"),
    ("bare line feeds", say(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}"), b"{}"),
    ("no reason", say(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}"), b"{}"),
    ("some hints first", say(b"HTTP/1.1 103 Hint\r\n\r\n" * 9 + message(200, body=b"{}")), b"{}"),
    ("in chunks", say(CHUNKED + b"".join(chunked(b"{", b"}"))), b"{}"),
    ("gzip", reply(gzip.compress(b"{}"), GZIP), b"{}"),
    ("gzip under its old name", reply(gzip.compress(b"{}"), "content-encoding: X-GZIP"), b"{}"),
    ("gzip of nothing at all", reply(b"", GZIP), b""),
    (
        "gzip in single bytes",
        say(GZIPPED + b"".join(chunked(*(bytes([b]) for b in gzip.compress(b"{}"))))),
        b"{}",
    ),
    ("very repetitive but small", reply(gzip.compress(bytes(60_000)), GZIP), bytes(60_000)),
    ("as large as allowed", reply(ZEROS * 5), ZEROS * 5),
    ("shorter than it is", cut(message(200, body=b"{}garbage", length=2)), b"{}"),
]


@pytest.mark.parametrize(
    ("act", "body"), [case[1:] for case in ODD_BUT_GOOD], ids=[case[0] for case in ODD_BUT_GOOD]
)
def test_an_odd_answer_is_still_a_reply(act: Act, body: bytes) -> None:
    """What it says is judged by those who know status pages."""

    async def scenario() -> None:
        async with Vendor(act) as vendor:
            fetcher = Fetcher()
            got = await fetcher.get(vendor.url)
            assert (got.body, got.unchanged) == (body, False)
            vendor.then(reply(b"well"))
            assert (await fetcher.get(vendor.url)).body == b"well"
            await fetcher.aclose()

    play(scenario)
