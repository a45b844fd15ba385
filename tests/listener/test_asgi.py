"""One request, one answer: every status code, the order of the checks, and faults on the way."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from itertools import repeat

import pytest

from tests.listener.asking import JSON, Desk
from tests.listener.inbox import DEMO, NOW, ListInbox, store_down, webhook
from traywatch.listener import Verdict
from traywatch.listener.signatures import path_token

HOST, TYPE = JSON
SECRET = b"secret"


def signature(body: bytes, secret: bytes = SECRET) -> tuple[bytes, bytes]:
    return b"x-signature", hmac.digest(secret, body, "sha256").hex().encode()


def standard(body: bytes, message_id: bytes = b"msg_1") -> list[tuple[bytes, bytes]]:
    """Signed with a secret that is no base64, so its bytes are the key."""
    from base64 import b64encode

    timestamp = b"%d" % NOW.timestamp()
    mac = hmac.digest(SECRET, b"%b.%b.%b" % (message_id, timestamp, body), "sha256")
    return [
        (b"webhook-id", message_id),
        (b"webhook-timestamp", timestamp),
        (b"webhook-signature", b"v1," + b64encode(mac)),
    ]


# ------------------------------------------------------------------ what is taken


def test_the_curl_of_the_readme() -> None:
    desk = Desk()
    answered = desk.post(DEMO)
    assert (answered.code, answered.headers, answered.body) == (204, {}, b"")
    (delivery,) = desk.inbox.deliveries
    assert delivery.page_id is None
    assert delivery.receipt is None
    assert delivery.received_at == NOW
    assert delivery.snapshot.incidents[0].updates[0].body == "Investigating degraded performance"
    assert not delivery.snapshot.exhaustive
    assert desk.verdicts == {Verdict.ACCEPTED: 1}


def test_a_page_of_its_own() -> None:
    desk = Desk()
    assert desk.post(DEMO, path="/webhook/openai").code == 204
    assert desk.inbox.deliveries[0].page_id == "openai"


def test_signed_and_sent_again() -> None:
    desk = Desk(SECRET)
    for expected in (204, 204):
        assert desk.post(DEMO, *standard(DEMO)).code == expected
    assert [delivery.receipt for delivery in desk.inbox.deliveries] == ["msg_1"]
    assert desk.verdicts == {Verdict.ACCEPTED: 1, Verdict.REPEATED: 1}


def test_one_message_for_two_pages_is_two_deliveries() -> None:
    """A sender gives a message one id, and posts it to each of its endpoints."""
    desk = Desk(SECRET)
    desk.inbox.page_ids = {"openai", "github"}
    for path in ("/webhook/openai", "/webhook/github", "/webhook/github", "/webhook"):
        assert desk.post(DEMO, *standard(DEMO), path=path).code == 204
    receipts = [delivery.receipt for delivery in desk.inbox.deliveries]
    assert receipts == ["openai/msg_1", "github/msg_1", "msg_1"]


def test_a_body_in_chunks() -> None:
    desk = Desk(SECRET)
    chunks = [DEMO[:7], b"", DEMO[7:]]
    assert desk.ask("POST", "/webhook", [*JSON, signature(DEMO)], chunks).code == 204
    assert desk.inbox.update_ids == ["upd_001"]


def test_a_token_in_the_path_stands_for_a_signature() -> None:
    desk = Desk(b"older", SECRET)
    token = path_token(SECRET, "openai")
    assert desk.post(DEMO, path=f"/webhook/openai/{token}").code == 204
    assert desk.inbox.deliveries[0].page_id == "openai"
    assert desk.inbox.deliveries[0].receipt is None


# ------------------------------------------------------------------ what is not


@pytest.mark.parametrize(
    ("code", "method", "path", "headers"),
    [
        (403, "POST", "/webhook", [TYPE]),
        (403, "POST", "/webhook", [(b"host", b"evil.example"), TYPE]),
        (403, "POST", "/webhook", [*JSON, (b"origin", b"http://evil.example")]),
        (403, "POST", "/webhook", [*JSON, (b"sec-fetch-site", b"cross-site")]),
        (403, "GET", "/health", [(b"host", b"evil.example")]),
        (403, "GET", "/nothing", [(b"host", b"evil.example")]),
        (404, "POST", "/", JSON),
        (404, "POST", "/webhook/", JSON),
        (404, "POST", "/webhook//", JSON),
        (404, "POST", "/webhook/openai/", JSON),
        (404, "POST", "/webhook/a/b/c", JSON),
        (404, "POST", "/webhookx", JSON),
        (404, "POST", "/webhook/unwatched", JSON),
        (404, "GET", "/metrics/", JSON),
        (405, "GET", "/webhook", JSON),
        (405, "PUT", "/webhook/openai", JSON),
        (405, "OPTIONS", "/webhook", JSON),
        (405, "POST", "/health", JSON),
        (405, "DELETE", "/api/status", JSON),
        (415, "POST", "/webhook", [HOST]),
        (415, "POST", "/webhook", [HOST, (b"content-type", b"text/plain")]),
        (415, "POST", "/webhook", [*JSON, TYPE]),
        (415, "POST", "/webhook", [*JSON, (b"content-encoding", b"gzip")]),
        (431, "POST", "/webhook", [*JSON, (b"x", b"y" * 16_384)]),
        (431, "POST", "/webhook", [*JSON, *[(b"x%d" % n, b"y" * 12) for n in range(1000)]]),
        (431, "GET", "/health" + "x" * 16_384, JSON),
    ],
)
def test_refusals(code: int, method: str, path: str, headers: list[tuple[bytes, bytes]]) -> None:
    desk = Desk()
    answered = desk.ask(method, path, headers, [DEMO])
    assert answered.code == code
    assert answered.body.endswith(b"\n")
    assert desk.inbox.deliveries == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b'{"incident"',
        b"[1]",
        b"null",
        b'"text"',
        b"NaN",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"incident": ' + b"9" * 5_000 + b"}",
        b'"\\ud800"',
    ],
)
def test_what_is_no_json_object(body: bytes) -> None:
    desk = Desk()
    assert desk.post(body).code == 400
    assert desk.verdicts == {Verdict.MALFORMED: 1}
    assert desk.inbox.deliveries == []


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"incident": []}', b'{"incident": {}}', b'{"event_type": "x", "x": {}}'],
)
def test_what_is_nothing_to_us_is_no_fault_of_the_sender(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Refused, it would come back for days, and then the vendor would give the endpoint up."""
    desk = Desk()
    with caplog.at_level(logging.INFO, "traywatch"):
        assert desk.post(body).code == 204
    assert desk.verdicts == {Verdict.IGNORED: 1}
    assert desk.inbox.deliveries == []
    assert caplog.records[0].getMessage().startswith("a webhook was ignored: ")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [signature(DEMO, b"other")],
        [signature(DEMO + b" ")],
        [signature(DEMO), signature(DEMO)],
        [signature(DEMO), (b"x-signature", b"")],
        [(b"x-signature", "é".encode())],
        [(b"x-signature", b"0" * 10_000)],
        standard(DEMO)[:2],
        standard(DEMO)[1:],
        standard(DEMO) + standard(DEMO)[2:],
        [*standard(DEMO)[:2], (b"webhook-signature", b"v1,AAAA"), signature(DEMO)],
    ],
)
def test_unsigned_once_there_is_a_secret(headers: list[tuple[bytes, bytes]]) -> None:
    desk = Desk(SECRET)
    answered = desk.post(DEMO, *headers)
    assert answered.code == 401
    assert answered.headers[b"www-authenticate"]
    assert desk.verdicts == {Verdict.UNSIGNED: 1}
    assert desk.inbox.deliveries == []


@pytest.mark.parametrize("token", ["secret", "0" * 64, path_token(SECRET, "github")])
def test_a_wrong_token_is_unsigned(token: str) -> None:
    assert Desk(SECRET).post(DEMO, path=f"/webhook/openai/{token}").code == 401
    assert Desk().post(DEMO, path=f"/webhook/openai/{token}").code == 401


def test_no_answer_holds_what_would_have_been_right() -> None:
    good = signature(DEMO)[1]
    for headers in ([], [(b"x-signature", b"0" * 64)], [*standard(DEMO)[:2]]):
        answered = Desk(SECRET).post(DEMO, *headers)
        assert good not in answered.body + b"".join(answered.headers.values())
        assert SECRET not in answered.body


def test_a_stranger_does_not_learn_what_is_watched() -> None:
    desk = Desk(SECRET)
    known, unknown = (desk.post(DEMO, path=f"/webhook/{page}") for page in ("openai", "nobody"))
    assert known == unknown
    assert known.code == 401


def test_the_order_of_the_checks() -> None:
    """Each request is wrong in one point fewer than the one before."""
    desk = Desk(SECRET)
    bad: dict[str, tuple[bytes, bytes]] = {
        "host": (b"host", b"evil.example"),
        "origin": (b"origin", b"http://evil.example"),
        "type": (b"content-type", b"text/plain"),
        "length": (b"content-length", b"999999999"),
        "signature": (b"x-signature", b"0"),
    }
    good = {
        "host": HOST,
        "origin": (b"origin", b"http://localhost:8000"),
        "type": TYPE,
        "length": (b"content-length", b"7"),
        "signature": signature(b"no json"),
    }
    ladder = [
        (403, "PUT", ()),
        (403, "PUT", ("host",)),
        (405, "PUT", ("host", "origin")),
        (415, "POST", ("host", "origin")),
        (413, "POST", ("host", "origin", "type")),
        (401, "POST", ("host", "origin", "type", "length")),
        (400, "POST", ("host", "origin", "type", "length", "signature")),
    ]
    for code, method, mended in ladder:
        headers = [good[name] if name in mended else bad[name] for name in bad]
        assert desk.ask(method, "/webhook", headers, [b"no json"]).code == code


# ------------------------------------------------------------------ sizes


@pytest.mark.parametrize(
    ("size", "code"), [(256 * 1024, 400), (256 * 1024 + 1, 413), (10 * 1024 * 1024, 413)]
)
def test_a_quarter_of_a_mebibyte(size: int, code: int) -> None:
    chunks = [b" " * min(65_536, size - start) for start in range(0, size, 65_536)]
    assert Desk().ask("POST", "/webhook", JSON, chunks).code == code


@pytest.mark.parametrize(
    ("declared", "code"),
    [(b"262144", 204), (b"262145", 413), (b"9" * 5_000, 413), (b"-1", 204), (b"\xb2", 204)],
)
def test_a_declared_length_is_believed_when_it_is_too_large(declared: bytes, code: int) -> None:
    """A wrong one that is small is the parser's business: what arrives is counted."""
    assert Desk().post(DEMO, (b"content-length", declared)).code == code


def test_an_endless_body_is_not_read_to_its_end() -> None:
    """A quarter of a mebibyte is four of these chunks: the fifth is one too many."""
    desk = Desk()
    chunks = repeat(b"x" * 65_536, 8)
    assert desk.ask("POST", "/webhook", JSON, chunks).code == 413
    assert len(list(chunks)) == 3
    assert desk.verdicts == {Verdict.TOO_LARGE: 1}


def test_a_sender_that_leaves() -> None:
    desk = Desk()
    desk.ask("POST", "/webhook", JSON, [DEMO[:10]], breaks_off=True)
    assert desk.verdicts == {Verdict.BROKEN_OFF: 1}
    assert desk.inbox.deliveries == []


def test_who_waits_to_be_told_to_go_on_is_told_to_leave() -> None:
    refused = Desk(SECRET).post(DEMO, (b"expect", b"100-continue"))
    assert refused.headers[b"connection"] == b"close"
    taken = Desk().post(DEMO, (b"expect", b"100-continue"))
    assert b"connection" not in taken.headers


# ------------------------------------------------------------------ faults on the way


def test_the_store_is_down(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.inbox.fault = store_down()
    answered = desk.post(DEMO)
    assert answered.code == 503
    assert int(answered.headers[b"retry-after"]) > 0
    assert b"/home" not in answered.body
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.exc_info is None
    desk.inbox.fault = None
    assert desk.post(DEMO).code == 204


def test_a_fault_of_ours_is_one_line_and_a_503(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.inbox.fault = RuntimeError("a\nbug")
    assert desk.post(DEMO).code == 503
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage() == "a webhook was turned away: RuntimeError: a bug"


def test_a_fault_in_a_reading_is_a_503(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: ListInbox) -> object:
        raise RuntimeError("bug")

    for name in ("health", "counters", "status_json"):
        monkeypatch.setattr(ListInbox, name, broken)
    for path in ("/health", "/metrics", "/api/status"):
        assert Desk().get(path).code == 503
    assert len(caplog.records) == 3


def test_a_parser_with_a_fault_is_not_asked_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 would bring the same body back for days."""

    def broken(_: bytes) -> object:
        raise RecursionError("bug")

    monkeypatch.setattr("traywatch.listener.intake.parse_webhook", broken)
    assert Desk().post(DEMO).code == 400
    assert len(caplog.records) == 1


def test_stopping_in_the_middle_is_a_503() -> None:
    """uvicorn cancels what is not done in time, and would answer 500 itself."""
    desk = Desk()
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def stop_in_the_middle() -> None:
        scope = {"type": "http", "method": "POST", "path": "/webhook", "headers": list(JSON)}
        task = asyncio.ensure_future(desk.application(scope, receive, send))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stop_in_the_middle())
    assert sent[0]["status"] == 503


def test_nothing_but_http_is_answered() -> None:
    async def never(*_: object) -> dict[str, object]:
        raise AssertionError

    for kind in ("websocket", "lifespan"):
        asyncio.run(Desk().application({"type": kind}, never, never))  # type: ignore[arg-type]


# ------------------------------------------------------------------ what can be read


def test_health() -> None:
    desk = Desk(SECRET)
    desk.post(webhook("1"))
    answered = desk.get("/health")
    assert answered.code == 200
    assert answered.headers[b"content-type"] == b"application/json"
    health = json.loads(answered.body)
    assert health["state"] == "ok"
    assert health["version"] == "1.2.3"
    assert health["uptime_s"] == 12.5
    assert health["pages"] == {"operational": 2, "unreadable": 1}
    assert health["last_poll_at"] == "2025-11-18T12:34:56Z"
    assert health["store"] == "ok"
    assert health["sinks"]["log"] == {"behind": 3, "oldest_s": 1.5, "trouble": "disk full"}
    assert health["listener"]["signature_required"] is True
    assert health["listener"]["webhooks"]["unsigned"] == 1


def test_degraded_health() -> None:
    desk = Desk()
    desk.inbox.degraded = True
    answered = desk.get("/health")
    assert answered.code == 503
    assert json.loads(answered.body)["store"] == "cannot be written"


def test_status() -> None:
    answered = Desk().get("/api/status")
    assert json.loads(answered.body) == Desk().inbox.status_json()


def test_metrics() -> None:
    desk = Desk()
    desk.post(DEMO)
    desk.post(b"no json")
    answered = desk.get("/metrics")
    assert answered.headers[b"content-type"] == b"text/plain; version=0.0.4; charset=utf-8"
    lines = answered.body.decode().splitlines()
    for line in (
        'traywatch_polls_total{result="changed"} 3.0',
        "traywatch_polls_not_modified_total 7.0",
        "traywatch_received_bytes_total 1234.0",
        "traywatch_updates_total 5.0",
        "traywatch_toasts_total 2.0",
        "traywatch_poll_lateness_seconds 0.25",
        'traywatch_sink_behind_events{sink="log"} 3.0',
        'traywatch_page_severity{page="openai"} 4.0',
        'traywatch_page_readable{page="new"} 0.0',
        'traywatch_webhooks_total{verdict="accepted"} 1.0',
        'traywatch_webhooks_total{verdict="malformed"} 1.0',
        'traywatch_webhooks_total{verdict="unsigned"} 0.0',
    ):
        assert line in lines
    assert 'traywatch_page_severity{page="new"}' not in answered.body.decode()
    assert "python_info" not in answered.body.decode()


@pytest.mark.parametrize("path", ["/health", "/metrics", "/api/status"])
def test_readings_are_not_kept_by_anyone(path: str) -> None:
    answered = Desk().get(path)
    assert answered.headers[b"cache-control"] == b"no-store"
    assert int(answered.headers[b"content-length"]) == len(answered.body)
    assert Desk().ask("HEAD", path, JSON, []).code == 200


@pytest.mark.parametrize(
    ("listens_on", "asked_for", "code"),
    [
        ("192.168.1.5", b"192.168.1.5:8000", 204),
        ("192.168.1.5", b"192.168.1.6:8000", 403),
        ("0.0.0.0", b"0.0.0.0:8000", 403),  # what web pages use to get past a block of loopback
        ("::", b"[::]:8000", 403),
    ],
)
def test_the_address_it_listens_on(listens_on: str, asked_for: bytes, code: int) -> None:
    assert Desk(host=listens_on).post(DEMO, headers=[(b"host", asked_for), TYPE]).code == code


def test_other_names_of_this_machine() -> None:
    desk = Desk(allowed_hosts=("status.example.org",))
    assert desk.post(DEMO, headers=[(b"host", b"status.example.org"), TYPE]).code == 204
