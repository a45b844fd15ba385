"""Relays against a local server that speaks their protocols, and everything that goes wrong."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import pytest

from tests.listener.inbox import DEMO, NOW, ListInbox, store_down, webhook
from traywatch.core.errors import ConfigError
from traywatch.listener import Delivery, RelaySettings, Verdict
from traywatch.listener.relay import LONGEST_WAIT_S, backoff, relay

PATIENCE_S = 30.0
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
JSON_STREAM = STREAM.replace(b"text/event-stream", b"application/x-ndjson")
SECRET = b"secret"


@dataclass
class Server:
    """Plays one script a connection; the last one's connection is held open."""

    scripts: Sequence[bytes]
    requests: list[str] = field(default_factory=list)
    port: int = 0

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[Server]:
        held: list[asyncio.StreamWriter] = []

        async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            script = self.scripts[len(self.requests)]
            self.requests.append(head.decode())
            writer.write(script)
            if len(self.requests) == len(self.scripts):
                held.append(writer)
            else:
                writer.close()

        server = await asyncio.start_server(play, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in held:
                writer.close()
                await writer.wait_closed()

    def asked(self, place: int) -> dict[str, str]:
        """The headers of a request, and its target under ""."""
        first, *lines = self.requests[place].strip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return {name.lower(): value for name, value in headers.items()} | {"": first.split()[1]}


@dataclass
class Heard:
    """What came of it."""

    server: Server
    inbox: ListInbox
    verdicts: Counter[Verdict]
    waits: list[int]

    def at_once(self, failures: int) -> float:
        self.waits.append(failures)
        return 0.0


def hear(
    kind: Literal["smee", "ntfy"],
    *scripts: bytes,
    until: int = 1,
    secrets: tuple[bytes, ...] = (),
    page_id: str | None = None,
    prepare: Callable[[ListInbox], None] = lambda _: None,
) -> Heard:
    """Run a relay until so many webhooks were received."""

    async def run() -> Heard:
        stop = asyncio.Event()
        inbox = ListInbox()
        inbox.on_receive = lambda _: stop.set() if len(inbox.deliveries) + 1 >= until else None
        prepare(inbox)
        heard = Heard(Server(scripts), inbox, Counter(), [])
        async with heard.server.playing() as server:
            url = f"http://127.0.0.1:{server.port}/channel"
            settings = RelaySettings(kind, url, page_id, secrets)
            await asyncio.wait_for(
                relay(
                    settings,
                    inbox,
                    stop,
                    verdicts=heard.verdicts,
                    delay=heard.at_once,
                    clock=lambda: NOW,
                ),
                PATIENCE_S,
            )
        return heard

    return asyncio.run(run())


def event(body: object, headers: Mapping[str, str] | None = None, event_id: int = 1) -> bytes:
    """A webhook as smee hands it on."""
    payload: dict[str, object] = {
        "host": "smee.io",
        "content-type": "application/json",
        **(headers or {}),
    }
    payload |= {"body": body, "query": {}, "timestamp": 1763469296000}
    return b"id: %d\ndata: %b\n\n" % (event_id, json.dumps(payload).encode())


def line(message: str, message_id: str = "m1", **fields: object) -> bytes:
    """A message as ntfy hands it on."""
    document = {"id": message_id, "time": 1763469296, "event": "message", "topic": "channel"}
    return json.dumps(document | {"message": message} | fields).encode() + b"\n"


READY = b"id: 0\nevent: ready\ndata: {}\n\n"
PING = b"id: 9\nevent: ping\ndata: {}\n\n"
OPEN = b'{"id":"o","time":1,"event":"open","topic":"channel"}\n'
BODY = json.loads(DEMO)


def signed(body: bytes) -> str:
    return "sha256=" + hmac.digest(SECRET, body, "sha256").hex()


# ------------------------------------------------------------------ smee


def test_smee() -> None:
    heard = hear("smee", STREAM + READY + PING + event(BODY))
    (delivery,) = heard.inbox.deliveries
    assert heard.inbox.update_ids == ["upd_001"]
    assert delivery.received_at == NOW
    assert delivery.page_id is None
    asked = heard.server.asked(0)
    assert asked[""] == "/channel"
    assert asked["accept"] == "text/event-stream"
    assert asked["accept-encoding"] == "identity"
    assert "last-event-id" not in asked


def test_smee_for_a_page() -> None:
    heard = hear("smee", STREAM + event(BODY), page_id="openai")
    assert [delivery.page_id for delivery in heard.inbox.deliveries] == ["openai"]


def test_smee_is_taken_up_where_it_was_left() -> None:
    half = event({"incident": {"id": "lost"}}, event_id=8).removesuffix(b"\n")
    heard = hear(
        "smee",
        STREAM + READY + event(json.loads(webhook("1")), event_id=7) + half,
        STREAM + event(json.loads(webhook("2")), event_id=8),
        until=2,
    )
    assert heard.inbox.update_ids == ["1", "2"]
    assert heard.server.asked(1)["last-event-id"] == "8"


def test_smee_signed() -> None:
    good = json.dumps(BODY, separators=(",", ":")).encode()
    heard = hear(
        "smee",
        STREAM
        + event(BODY)
        + event(BODY, {"x-hub-signature-256": "sha256=" + "0" * 64})
        + event(BODY, {"x-hub-signature-256": signed(good)}),
        secrets=(b"older", SECRET),
    )
    assert heard.verdicts == {Verdict.UNSIGNED: 2, Verdict.ACCEPTED: 1}


def test_smee_with_the_bytes_themselves() -> None:
    """What JSON.stringify would not give back: blanks and 1.0."""
    raw = DEMO.replace(b'"id":"demo_001"', b'"id" : "demo_001", "n": 1.0')
    heard = hear(
        "smee",
        STREAM
        + event(json.loads(raw), {"x-signature": signed(raw)})
        + event({}, {"bodyB": base64.b64encode(raw).decode(), "x-signature": signed(raw)}),
        secrets=(SECRET,),
    )
    assert heard.verdicts == {Verdict.UNSIGNED: 1, Verdict.ACCEPTED: 1}


def test_a_replayed_message_is_not_news() -> None:
    timestamp = b"%d" % NOW.timestamp()
    body = json.dumps(BODY, separators=(",", ":")).encode()
    mac = hmac.digest(SECRET, b"msg_1." + timestamp + b"." + body, "sha256")
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": timestamp.decode(),
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }
    last = json.dumps(json.loads(webhook("2")), separators=(",", ":")).encode()
    good = event(json.loads(webhook("2")), {"x-signature": signed(last)})
    heard = hear("smee", STREAM + event(BODY, headers) * 2 + good, until=2, secrets=(SECRET,))
    assert heard.inbox.update_ids == ["upd_001", "2"]
    assert heard.verdicts == {Verdict.ACCEPTED: 2, Verdict.REPEATED: 1}


# ------------------------------------------------------------------ ntfy


def test_ntfy() -> None:
    heard = hear("ntfy", JSON_STREAM + OPEN + line(DEMO.decode()))
    assert heard.inbox.update_ids == ["upd_001"]
    assert heard.server.asked(0)[""] == "/channel/json"


def test_ntfy_is_taken_up_where_it_was_left() -> None:
    heard = hear(
        "ntfy",
        JSON_STREAM + OPEN + line(webhook("1").decode(), "m1"),
        JSON_STREAM + OPEN + line(webhook("2").decode(), "m2"),
        JSON_STREAM + OPEN + line(webhook("3").decode(), "m3"),
        until=3,
    )
    assert heard.inbox.update_ids == ["1", "2", "3"]
    assert heard.server.asked(1)[""] == "/channel/json?since=m1"
    assert heard.server.asked(2)[""] == "/channel/json?since=m2"


def test_ntfy_signed_needs_the_envelope() -> None:
    body = json.dumps(BODY, separators=(",", ":")).encode()
    envelope = {"content-type": "application/json", "x-signature": signed(body), "body": BODY}
    heard = hear(
        "ntfy",
        JSON_STREAM + line(DEMO.decode()) + line(json.dumps(envelope)),
        secrets=(SECRET,),
    )
    assert heard.verdicts == {Verdict.UNSIGNED: 1, Verdict.ACCEPTED: 1}


def attached(url: str) -> bytes:
    return line("You received a file: attachment.txt", "m1", attachment={"url": url})


def test_ntfy_keeps_long_messages_as_files() -> None:
    file = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(DEMO), DEMO)
    heard = hear("ntfy", JSON_STREAM + attached("/file/x.txt"), file, b"")
    assert heard.inbox.update_ids == ["upd_001"]
    assert heard.server.asked(1)[""] == "/file/x.txt"


@pytest.mark.parametrize(
    "file",
    [b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b" " * 300_000],
)  # fmt: skip
def test_a_file_that_is_gone_or_too_large_is_passed_over(file: bytes) -> None:
    heard = hear("ntfy", JSON_STREAM + attached("/file/x.txt") + line(DEMO.decode()), file, b"")
    assert heard.inbox.update_ids == ["upd_001"]


def test_a_message_cannot_make_us_ask_another_host() -> None:
    heard = hear("ntfy", JSON_STREAM + attached("http://127.0.0.1:1/x") + line(DEMO.decode()))
    assert heard.inbox.update_ids == ["upd_001"]
    assert len(heard.server.requests) == 1
    assert heard.waits == []


# ------------------------------------------------------------------ what goes wrong


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi",
        STREAM,
        STREAM + b"data: no json\n\n" + b"data: [1]\n\n" + b'data: {"body": 1}\n\n',
        STREAM + b"\xff\xfe\x00\n\n",
        STREAM + b"data: " + b"x" * 2_000_000 + b"\n\n",
        STREAM + (b"data: " + b"x" * 900_000 + b"\n") * 3 + b"\n",
        STREAM + event("[" * 100_000),
        STREAM + event({"incident": []}),
        STREAM + event({"text": "x" * 300_000}),
    ],
)
def test_a_relay_gets_over_it(broken: bytes) -> None:
    heard = hear("smee", broken, STREAM + event(BODY))
    assert heard.inbox.update_ids == ["upd_001"]
    assert heard.waits == [1]


def test_waits_grow_until_a_stream_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    flapping = [STREAM + READY] * 4
    assert hear("smee", *flapping, STREAM + event(BODY)).waits == [1, 2, 3, 4]
    monkeypatch.setattr("traywatch.listener.relay.STEADY_S", 0.0)
    assert hear("smee", *flapping, STREAM + event(BODY)).waits == [1, 1, 1, 1]


def test_the_waits() -> None:
    longest = [backoff(n, lambda _, high: high) for n in (1, 2, 3, 8, 9, 10_000)]
    assert longest == [2, 4, 8, 256, LONGEST_WAIT_S, LONGEST_WAIT_S]
    assert backoff(3, lambda low, _: low) == 4


@pytest.mark.parametrize(
    ("wish", "waited_s"),
    [
        (b"HTTP/1.1 429 Slow down\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 7.0),
        (b"HTTP/1.1 503 Later\r\nRetry-After: 999999\r\nContent-Length: 0\r\n\r\n", 3600.0),
        (b"HTTP/1.1 503 Later\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", 0.0),
        (STREAM + b"retry: 2500\n\n", 2.5),
    ],
)
def test_a_servers_own_wish(wish: bytes, waited_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(delay: float) -> None:
        waits.append(delay)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    hear("smee", wish, STREAM + event(BODY))
    assert waits == [waited_s]


def test_the_store_is_down_for_a_while() -> None:
    """The relay would not send it again, so it is kept at the door."""

    def down_twice(inbox: ListInbox) -> None:
        tries = []

        def take(_: Delivery) -> None:
            tries.append(1)
            if len(tries) < 3:
                raise store_down()
            inbox.on_receive = stopping

        stopping = inbox.on_receive
        inbox.on_receive = take

    first, second = (event(json.loads(webhook(number))) for number in "12")
    heard = hear("smee", STREAM + first + second, until=2, prepare=down_twice)
    assert heard.inbox.update_ids == ["1", "2"]
    assert heard.waits == [1, 2]
    assert heard.verdicts == {Verdict.ACCEPTED: 2}


def test_a_delivery_nobody_can_store_does_not_block_for_ever() -> None:
    def down_for_the_first(inbox: ListInbox) -> None:
        stopping = inbox.on_receive
        assert stopping is not None

        def take(delivery: Delivery) -> None:
            if delivery.snapshot.incidents[0].updates[0].id == "1":
                raise store_down()
            stopping(delivery)

        inbox.on_receive = take

    first, second = (event(json.loads(webhook(number))) for number in "12")
    heard = hear("smee", STREAM + first + second, prepare=down_for_the_first)
    assert heard.inbox.update_ids == ["2"]
    assert heard.verdicts == {Verdict.UNAVAILABLE: 1, Verdict.ACCEPTED: 1}


def test_an_address_that_is_none() -> None:
    settings = RelaySettings("smee", "http://smee.io:port/x")
    with pytest.raises(ConfigError):
        asyncio.run(relay(settings, ListInbox(), asyncio.Event()))


def test_stopping_while_it_waits() -> None:
    async def run() -> None:
        stop = asyncio.Event()
        waiting = asyncio.Event()

        def for_ever(_: int) -> float:
            waiting.set()
            return 10_000.0

        settings = RelaySettings("smee", "http://127.0.0.1:1/channel")
        task = asyncio.ensure_future(relay(settings, ListInbox(), stop, delay=for_ever))
        await waiting.wait()
        stop.set()
        await asyncio.wait_for(task, PATIENCE_S)

    asyncio.run(run())


def test_what_ends_a_subscription_ends_the_relay_with_its_reason() -> None:
    """Whoever keeps it running tells of it, and starts it again."""

    def broken(_: int) -> float:
        raise RuntimeError("nobody foresaw this")

    async def run() -> None:
        async with Server([b"", b""]).playing() as server:
            settings = RelaySettings("smee", f"http://127.0.0.1:{server.port}/channel")
            hearing = relay(settings, ListInbox(), asyncio.Event(), delay=broken)
            await asyncio.wait_for(hearing, PATIENCE_S)

    with pytest.raises(RuntimeError, match="nobody foresaw this"):
        asyncio.run(run())


def test_the_channel_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "traywatch"):
        hear("smee", b"", STREAM, STREAM + event([]) + event(BODY))
    said = [record.getMessage() for record in caplog.records]
    assert any("listening" in line for line in said)
    assert any("lost" in line for line in said)
    assert not any("channel" in line for line in said)
    assert "channel" not in repr(RelaySettings("smee", "https://smee.io/channel"))
