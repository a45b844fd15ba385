"""The whole program: what is posted to it, what it prints, what it still knows afterwards."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import socket
import time
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.listener.inbox import DEMO, webhook
from tests.listener.serving import Line, post
from tests.process.conftest import Start, clock, profile, run, vendor, watch
from tests.process.harness import PATIENCE_S, Program, polled_again, records_in
from traywatch.demo import SUMMARY, DemoVendor

__all__ = ["clock", "profile", "run", "vendor", "watch"]  # fixtures

RECORD = """
[2025-11-18 12:34:56] Product: OpenAI API - Chat Completions
Status: Investigating degraded performance
"""
SECRET = b"secret"
_HEARING = re.compile(r"hearing webhooks at http://127\.0\.0\.1:(\d+)/webhook")


def port_of(program: Program) -> int:
    """Where it listens, once it does."""
    said = program.stderr.wait_for(lambda text: bool(_HEARING.search(text)))
    found = _HEARING.search(said)
    assert found, said
    return int(found[1])


def send(program: Program, *posts: bytes, connections: int = 1) -> list[int]:
    """Post them over so many connections at once; the status of each answer."""
    return asyncio.run(_send(port_of(program), posts, connections))


async def _send(port: int, posts: Sequence[bytes], connections: int) -> list[int]:
    shares = [posts[start::connections] for start in range(connections)]
    answered = await asyncio.gather(*(_send_share(port, share) for share in shares))
    return [code for codes in answered for code in codes]


async def _send_share(port: int, posts: Sequence[bytes]) -> list[int]:
    line = Line(*await asyncio.open_connection("127.0.0.1", port))
    codes = []
    for one in posts:
        line.send(one)
        codes.append((await line.answer())[0])
    await line.hang_up()
    return codes


@pytest.fixture
def listen(watch: Start) -> Start:
    """The program watching the vendor, and listening."""

    def start_one(*arguments: str, **options: object) -> Program:
        return watch("--listen", "0", *arguments, **options)

    return start_one


def test_the_record_of_the_readme_once_for_ever(listen: Start) -> None:
    program = listen()
    assert send(program, post(DEMO)) == [204]
    program.prints(RECORD)
    assert send(program, post(DEMO)) == [204]
    program.stop()
    again = listen()
    assert send(again, post(DEMO)) == [204]
    again.stop()


def test_as_curl_sends_it(listen: Start) -> None:
    program = listen()
    head = (
        b"POST /webhook HTTP/1.1\r\nHost: localhost:%d\r\nUser-Agent: curl/8.5.0\r\n"
        b"Accept: */*\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    assert send(program, head % (port_of(program), len(DEMO)) + DEMO) == [204]
    program.prints(RECORD)
    program.stop()


def test_the_same_on_64_connections_at_once_is_printed_once(listen: Start) -> None:
    program = listen()
    assert send(program, *[post(DEMO)] * 64, connections=64) == [204] * 64
    program.prints(RECORD)
    program.stop()


def test_a_burst_of_a_thousand_is_printed_whole(listen: Start) -> None:
    program = listen()
    posts = [post(webhook(f"upd_{number}")) for number in range(1000)]
    assert send(program, *posts, connections=16) == [204] * 1000
    program.prints(*[RECORD] * 1000)
    program.stop()


def test_what_was_answered_outlives_a_kill(listen: Start) -> None:
    program = listen()
    posts = [post(webhook(f"upd_{number}")) for number in range(50)]
    assert send(program, *posts, connections=8) == [204] * 50
    program.kill()
    before = len(records_in(_whole_records(program.stdout.all())))
    again = listen()
    port_of(again)
    wanted = 50 - before
    printed = again.stdout.wait_for(lambda text: text.count("\n\n") >= wanted)
    assert wanted <= len(records_in(printed)) <= wanted + 1
    again.kill()


def _whole_records(text: str) -> str:
    return text[: text.rfind("\n\n") + 2] if "\n\n" in text else ""


def test_a_webhook_and_the_poll_that_finds_the_same_are_one(
    listen: Start, vendor: DemoVendor
) -> None:
    program = listen()
    polled_again(vendor)
    vendor.open_incident("Errors", "We are looking into it.")
    with urlopen(vendor.url + SUMMARY) as answer:
        summary = json.load(answer)
    (incident,) = summary["incidents"]
    body = json.dumps({"meta": {}, "page": summary["page"], "incident": incident}).encode()
    assert send(program, *[post(body)] * 3) == [204] * 3
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - Errors
Status: We are looking into it.
""")
    polled_again(vendor)
    program.stop()


def test_signed_and_replayed(listen: Start) -> None:
    secrets = {"environment": {"TRAYWATCH_SIGNING_SECRET": SECRET.decode()}}
    program = listen(**secrets)
    timestamp = b"%d" % time.time()
    mac = hmac.digest(SECRET, b"msg_1.%b.%b" % (timestamp, DEMO), "sha256")
    signed = post(
        DEMO,
        b"webhook-id: msg_1",
        b"webhook-timestamp: " + timestamp,
        b"webhook-signature: v1," + b64encode(mac),
    )
    assert send(program, post(DEMO), signed, signed) == [401, 204, 204]
    program.prints(RECORD)
    program.stop()
    again = listen(**secrets)
    assert send(again, signed) == [204]
    with urlopen(f"http://127.0.0.1:{port_of(again)}/metrics") as answer:
        assert b'traywatch_webhooks_total{verdict="repeated"} 1.0' in answer.read()
    again.stop()


def test_no_secret_in_what_the_program_says(listen: Start) -> None:
    program = listen(environment={"TRAYWATCH_SIGNING_SECRET": "hush-hush"})
    path = b"/webhook/openai/" + b"5" * 64
    bad = b"X-Signature: " + b"5" * 64
    assert send(program, post(DEMO, path=path), post(DEMO, bad)) == [401, 401]
    program.stop()
    said = program.stderr.text
    assert "hush" not in said
    assert "5555" not in said


def test_a_taken_port_is_one_line_and_watching_goes_on(watch: Start, vendor: DemoVendor) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        program = watch("--listen", str(port))
        program.says(f"cannot listen on 127.0.0.1:{port}: another program uses the port")
        polled_again(vendor)
        program.stop()
    assert "Traceback" not in program.stderr.text


def test_memory_with_the_listener_on(listen: Start) -> None:
    program = listen()
    send(program, post(DEMO))
    program.prints(RECORD)
    table = Path(f"/proc/{program.pid}/status")
    if not table.exists():
        pytest.skip("this system has no /proc")
    resident = next(line for line in table.read_text().splitlines() if line.startswith("VmRSS"))
    assert int(resident.split()[1]) / 1024 <= 55
    program.stop()


def test_a_relay(run: Start, profile: Path) -> None:
    """Smee's protocol, as one connection that stays open."""
    payload = {"host": "smee.io", "content-type": "application/json", "body": json.loads(DEMO)}
    stream = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        b"id: 0\nevent: ready\ndata: {}\n\nid: 1\ndata: %b\n\n" % json.dumps(payload).encode()
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        profile.mkdir()
        (profile / "config.toml").write_text(
            f'[[pages]]\nid = "none"\nurl = "http://127.0.0.1:9"\nplatform = "statuspage"\n'
            f'[[relay]]\nkind = "smee"\nurl = "http://127.0.0.1:{server.getsockname()[1]}/x"\n'
        )
        program = run("--console", "--profile", str(profile))
        server.settimeout(PATIENCE_S)
        channel, _ = server.accept()
        with channel:
            channel.sendall(stream)
            program.prints(RECORD)
            program.stop()


def test_stopping_with_connections_open(listen: Start) -> None:
    program = listen()
    with _dialled(port_of(program)) as silent, _dialled(port_of(program)) as half:
        silent.sendall(b"P")
        half.sendall(post(DEMO)[:-3])
        send(program, post(webhook("other")))
        program.prints(RECORD)
        program.stop()


def _dialled(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE_S)
