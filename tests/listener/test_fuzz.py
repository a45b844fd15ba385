"""Whatever is sent: 2xx, 4xx or 503, no traceback, and the next one is served (W1).

In process every request gets through to the application; over a real socket uvicorn and llhttp
are part of what is tested. ``make soak`` sends 100,000 over the socket.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.listener import junk
from tests.listener.asking import JSON, Desk
from tests.listener.inbox import DEMO
from tests.listener.serving import Served, dialling, listening, post
from tests.listener.test_asgi import signature, standard
from traywatch.listener import ListenerSettings, Verdict, connection

FINAL_STATUS = re.compile(rb"HTTP/1\.1 ([2-9]\d\d) ")
"""Not the 100 that a sender may have waited for."""
CONNECTIONS = 64

names = st.sampled_from(
    [b"host", b"origin", b"sec-fetch-site", b"content-type", b"content-encoding", b"expect",
     b"content-length", b"x-signature", b"x-hub-signature-256", b"webhook-id", b"svix-id",
     b"webhook-timestamp", b"webhook-signature", b"svix-signature", b"cookie"]
)  # fmt: skip
values = st.binary(max_size=80) | st.sampled_from(
    [b"localhost", b"application/json", b"http://localhost", b"none", b"v1,AAAA", b"99999999"]
)
bodies = st.one_of(
    st.just(DEMO),
    st.binary(max_size=400),
    st.randoms(use_true_random=False).map(junk.body),
)


def is_allowed(code: int) -> bool:
    return 200 <= code < 300 or 400 <= code < 500 or code == 503


@settings(max_examples=400)
@given(
    st.sampled_from(["POST", "POST", "GET", "HEAD", "PUT", "\ud800"]),
    st.sampled_from(["/webhook", "/webhook/openai", "/health", "/metrics", "/api/status"])
    | st.text(max_size=30).map(lambda tail: "/webhook/" + tail),
    st.lists(st.tuples(names, values), max_size=6),
    st.lists(bodies, max_size=3),
    st.booleans(),
)
def test_any_request(
    method: str,
    path: str,
    headers: list[tuple[bytes, bytes]],
    chunks: list[bytes],
    proper: bool,
) -> None:
    desk = Desk(junk.SECRET) if len(headers) % 2 else Desk()
    everything = [*(JSON if proper else ()), *headers]
    assert is_allowed(desk.ask(method, path, everything, chunks).code)
    assert desk.verdicts[Verdict.UNAVAILABLE] == 0


@settings(max_examples=400)
@given(bodies, st.sampled_from(["body", "standard", "none"]))
def test_any_body_of_a_good_sender(body: bytes, scheme: str) -> None:
    signed = {"body": [signature(body)], "standard": standard(body), "none": []}[scheme]
    desk = Desk(junk.SECRET) if signed else Desk()
    answered = desk.post(body, *signed)
    assert answered.code in (204, 400)
    assert len(desk.inbox.deliveries) == desk.verdicts[Verdict.ACCEPTED]


def test_junk_over_a_socket(caplog: pytest.LogCaptureFixture) -> None:
    codes = fuzz(2_000, seed=1, caplog=caplog)
    assert codes[204] > 100
    assert {400, 401, 403, 404, 405, 415, 431} <= set(codes)


@pytest.mark.soak
def test_a_hundred_thousand_over_a_socket(caplog: pytest.LogCaptureFixture) -> None:
    codes = fuzz(100_000, seed=20251118, caplog=caplog)
    print(dict(sorted(codes.items())))


def fuzz(requests: int, seed: int, caplog: pytest.LogCaptureFixture) -> Counter[int]:
    """Send them, and see that every answer is one of the allowed, and that nothing was logged but
    why: a line a kind in ten minutes."""
    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.WARNING):
        # Whoever promises more than it sends is dropped after this instead of 20 s.
        patch.setattr(connection, "EXCHANGE_S", 0.1)
        codes = asyncio.run(_send_all(requests, seed))
    assert all(is_allowed(code) for code in codes), codes
    said = [record.getMessage() for record in caplog.records]
    assert all(line.startswith("a webhook was refused: ") for line in said), said
    assert {record.levelno for record in caplog.records} <= {logging.WARNING}
    assert len(said) < 40 and all(line.isprintable() and len(line) < 300 for line in said), said
    return codes


async def _send_all(requests: int, seed: int) -> Counter[int]:
    async with listening(ListenerSettings(port=0, secrets=(junk.SECRET,))) as served:
        # What uvicorn would say of us: serve() silences it, as its warnings are one a request.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        shares = [range(start, requests, CONNECTIONS) for start in range(CONNECTIONS)]
        counts = await asyncio.gather(*(_send_some(served, seed, share) for share in shares))
        async with dialling(served) as line:
            line.send(post(DEMO, b"X-Signature: " + signature(DEMO)[1]))
            assert (await line.answer())[0] == 204
    return sum(counts, Counter())


async def _send_some(served: Served, seed: int, numbers: range) -> Counter[int]:
    codes: Counter[int] = Counter()
    for number in numbers:
        sent = junk.request(Random(seed + number))
        async with dialling(served) as line:
            line.send(sent + junk.LAST)
            answered = await line.until(FINAL_STATUS)
        assert answered, f"no answer to {seed + number}: {sent!r}"
        codes[int(answered[1])] += 1
    return codes
