"""Requests nobody should send, by the thousand, from a seed: as bytes for a socket.

Two in five are proper posts but for their body, so that it reaches the parser behind the signature;
of the others half are whole HTTP with odd paths and headers, and half not even that.
"""

from __future__ import annotations

import hmac
import json
from random import Random
from typing import Final

from tests.listener.inbox import DEMO

SECRET: Final = b"secret"
LAST: Final = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
"""Sent after each: whatever it made of what came before, the server now has something to say."""

WORDS: Final = [
    "incident", "incident_updates", "incident_update", "component", "component_update", "page",
    "meta", "id", "name", "status", "impact", "body", "created_at", "updated_at", "display_at",
    "affected_components", "code", "new_status", "old_status", "component_id", "message", "text",
    "event_type", "public_incident.incident_created_v2", "scheduled_for", "shortlink",
]  # fmt: skip
LEAVES: Final[list[object]] = [
    None, True, 0, -1, 1e308, 10**400, "", "resolved", "investigating", "2025-11-18T12:34:56Z",
    "2025-99-99", "0001-01-01T00:00:00+23:59", "\ud800", "\x00\x1b[31m", "\u202e", "x" * 3000,
    "major_outage", "kqp3", float("nan"), float("inf"), [], {}, "9" * 5000,
]  # fmt: skip
PATHS: Final = [
    b"/webhook", b"/webhook", b"/webhook", b"/webhook/openai", b"/webhook/nobody", b"/webhook/",
    b"/webhook/openai/" + b"0" * 64, b"/webhook/%00/%ff", b"/health", b"/metrics", b"/api/status",
    b"/", b"//", b"/..%2f..", b"*", b"http://localhost/webhook", b"/webhook?a=b", b"/\xff", b"?",
    b"/webhook#x", b"/" + b"x" * 20_000,
]  # fmt: skip
METHODS: Final = [
    b"POST", b"POST", b"POST", b"POST", b"GET", b"HEAD", b"PUT", b"OPTIONS", b"CONNECT", b"PRI",
    b"BREW", b"post",
]  # fmt: skip
HEADERS: Final = [
    b"Host: localhost", b"Host: evil.example", b"Host: \xff", b"Host:", b"Host: [::1]:8000",
    b"Origin: http://localhost", b"Origin: null", b"Sec-Fetch-Site: cross-site",
    b"Content-Type: application/json", b"Content-Type: text/plain", b"Content-Type: \xff/json",
    b"Content-Encoding: gzip", b"Expect: 100-continue", b"Expect: x", b"Connection: close",
    b"Connection: upgrade\r\nUpgrade: websocket", b"Connection: upgrade\r\nUpgrade: h2c",
    b"X-Signature: sha256=zz", b"X-Signature: " + b"0" * 64, b"X-Hub-Signature-256: \xe9",
    b"webhook-id: a\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,x", b"svix-signature: v1,",
    b"X: " + b"y" * 9000, b"Cookie: a=b", b" folded", b"No colon", b": no name", b"Nul: \x00",
    b"X-Forwarded-For: 1.2.3.4", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip",
    b"Content-Length: 5", b"Content-Length: -5", b"Content-Length: 5, 5", b"Content-Length: 300000",
]  # fmt: skip


def document(random: Random, depth: int = 0) -> object:
    """Something near the shapes of real webhooks."""
    kind = random.random()
    if depth > 5 or kind < 0.25:
        return random.choice(LEAVES)
    if kind < 0.4:
        return [document(random, depth + 1) for _ in range(random.randrange(4))]
    return {random.choice(WORDS): document(random, depth + 1) for _ in range(random.randrange(5))}


def body(random: Random) -> bytes:
    """JSON, nearly JSON, or noise."""
    kind = random.random()
    if kind < 0.15:
        return DEMO
    if kind < 0.2:
        return random.randbytes(random.randrange(300))
    if kind < 0.22:
        return b"[" * random.randrange(50_000)
    whole = json.dumps(document(random)).encode() if kind < 0.8 else DEMO
    return mutated(random, whole) if kind > 0.6 else whole


def mutated(random: Random, data: bytes) -> bytes:
    """A few bytes changed, cut out or doubled."""
    changed = bytearray(data)
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(changed) + 1)
        end = at + random.randrange(8)
        changed[at:end] = random.choice([b"", random.randbytes(3), changed[at:end] * 2, b"\r\n"])
    return bytes(changed)


def request(random: Random) -> bytes:
    """One request: a proper one with an odd body, an odd one in whole HTTP, or not even that."""
    content = body(random)
    signature = b"X-Signature: " + hmac.digest(SECRET, content, "sha256").hex().encode()
    proper = [
        b"Host: localhost",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(content),
        signature,
    ]
    kind = random.random()
    if kind < 0.4:
        return _written(b"POST", random.choice(PATHS[:4]), proper, content)
    some = random.sample(proper, k=random.randrange(5))
    headers = some + random.choices(HEADERS, k=random.randrange(4))
    random.shuffle(headers)
    whole = _written(random.choice(METHODS), random.choice(PATHS), headers, content)
    return whole if kind < 0.7 else mutated(random, whole)


def _written(method: bytes, path: bytes, headers: list[bytes], content: bytes) -> bytes:
    return b"\r\n".join([b"%b %b HTTP/1.1" % (method, path), *headers]) + b"\r\n\r\n" + content
