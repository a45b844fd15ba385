"""What a relay wraps around a webhook -> the webhook's own headers and body. Pure.

smee (probot/smee.io, lib/server.js) parses what it is sent and puts it, with every request header
beside it, into one JSON object:

    {"x-hub-signature-256": "sha256=...", ..., "body": {...}, "query": {...}, "timestamp": 17...}

The body's own bytes are lost, so a signature can be checked only against the body written anew as
``JSON.stringify`` does it: without blanks and unescaped, which is also what most vendors send.
Numbers such as ``1.0`` do not survive that, and such a body is refused when a secret is set.
Servers that keep the bytes hand them over under another name, which goes first: ``bodyB``
(gosmee, base64) and ``rawbody`` / ``rawdata`` (smee since 2024, text; not on smee.io).

ntfy (docs.ntfy.sh/subscribe/api) sends a JSON object a line; of those with ``"event": "message"``
the text in ``message`` is what was posted, byte for byte, and the headers are lost: what is to be
checked by signature must be posted to ntfy in smee's envelope. What is over 4,096 bytes becomes an
attachment, a file on the same host.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from traywatch.listener.signatures import Headers


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A webhook as it was before it was wrapped."""

    headers: Headers
    bodies: tuple[bytes, ...]
    """What its bytes may have been, likeliest first; a signature decides. Never empty."""


@dataclass(frozen=True, slots=True)
class NtfyMessage:
    """One line of an ntfy stream that somebody published."""

    id: str
    """For ``since``."""
    text: str
    attachment: str | None = None
    """The address of what was posted, where it was too long for a message."""


def unwrap(text: str) -> Enclosed | None:
    """A smee envelope; None where it is none."""
    document = _object(text)
    bodies = tuple(_bodies(document))
    return Enclosed(_headers(document), bodies) if bodies else None


def ntfy_message(line: bytes) -> NtfyMessage | None:
    """A published message; None for keep-alives and everything else."""
    document = _object(line)
    text, message_id = document.get("message"), document.get("id")
    if document.get("event") != "message" or not isinstance(text, str):
        return None
    if document.get("encoding") == "base64":
        text = (_from_base64(text) or b"").decode("utf-8", "replace")
    attachment = document.get("attachment")
    url = attachment.get("url") if isinstance(attachment, dict) else None
    return NtfyMessage(
        message_id if isinstance(message_id, str) else "",
        text,
        url if isinstance(url, str) else None,
    )


def enclosed_in(posted: str) -> Enclosed:
    """What was posted to a topic: an envelope (a relay always has the body's content type), or
    the webhook's body itself."""
    enclosed = unwrap(posted)
    if enclosed is not None and b"content-type" in enclosed.headers:
        return enclosed
    return Enclosed({}, (posted.encode("utf-8", "replace"),))


def _object(text: str | bytes) -> Mapping[str, object]:
    """Empty where it is no JSON object."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _headers(document: Mapping[str, object]) -> Headers:
    """Every text beside the body: the names of headers are already in lower case."""
    return {
        name.encode("utf-8", "replace"): value.encode("utf-8", "replace")
        for name, value in document.items()
        if isinstance(value, str)
    }


def _bodies(document: Mapping[str, object]) -> Iterator[bytes]:
    encoded = document.get("bodyB")
    if isinstance(encoded, str) and (decoded := _from_base64(encoded)) is not None:
        yield decoded
    for name in ("rawbody", "rawdata", "body"):
        text = document.get(name)
        if isinstance(text, str):
            yield text.encode("utf-8", "replace")
    body = document.get("body")
    if isinstance(body, dict):
        anew = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        yield anew.encode("utf-8", "replace")


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
