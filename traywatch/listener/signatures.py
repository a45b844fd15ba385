"""Who vouches for a body: HMAC-SHA256 in the three ways webhooks carry it. Pure, over raw bytes.

    X-Signature: <hex>, or sha256=<hex>      of the body
    X-Hub-Signature-256: sha256=<hex>        of the body (GitHub, WebSub)
    webhook-id, webhook-timestamp,           of ``id.timestamp.body``: Standard Webhooks 1.0;
    webhook-signature: v1,<base64> ...       Svix calls the three ``svix-*``

What holds true:
- Where several are sent, the first of webhook-, svix-, X-Hub-, X-Signature decides alone: a
  sender's timestamped signature cannot be traded for one that can be replayed.
- Any of the secrets may have signed (rotation), any of the listed v1 signatures may match.
- A header is what its scheme says to the letter, or it is no signature: the published
  ``standardwebhooks`` package takes ``int(" 161_4265330 ")`` for a timestamp.
- The expected MAC is compared in constant time and stands in no message.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from traywatch.core.errors import ConfigError

TOLERANCE_S: Final = 300
"""How far a timestamp may be from now, either way (Standard Webhooks leaves it to us: 5 min)."""

Headers = Mapping[bytes, bytes]
"""Names in lower case; a header that came twice holds something no scheme accepts."""

_WHSEC: Final = b"whsec_"
_HEX: Final = re.compile(rb"(?:sha256=)?([0-9a-fA-F]{64})")
_HUB: Final = re.compile(rb"sha256=([0-9a-fA-F]{64})")
_TIMESTAMP: Final = re.compile(rb"[1-9][0-9]{0,11}")
_MESSAGE_ID: Final = re.compile(rb"[!-~]{1,256}")
_SIGNATURE_LIST: Final = re.compile(rb"[ -~]{1,4096}")
_PATH_TOKEN: Final = re.compile(rb"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Key:
    """One secret, as each scheme reads it."""

    plain: bytes = field(repr=False)
    """The secret itself, for signatures of a body."""
    standard: tuple[bytes, ...] = field(repr=False)
    """For Standard Webhooks: what ``whsec_`` or plain base64 stands for; else the bytes."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A signature that holds."""

    message_id: str | None = None
    """What the signature says is this message's own id; None: the scheme has none."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """There is no signature that holds."""

    reason: str
    """In fixed words: nothing of the request, nothing secret."""


NO_SIGNATURE: Final = Flaw("there is no signature")
NO_MATCH: Final = Flaw("the signature does not match")
NO_TOKEN: Final = Flaw("the address is not ours")
OFF_TIME: Final = Flaw("the timestamp is more than five minutes off")


def keys(secrets: Iterable[bytes]) -> tuple[Key, ...]:
    """The secrets made ready. Raises ConfigError on one that could never verify anything."""
    return tuple(_key(secret, place) for place, secret in enumerate(secrets, 1))


def _key(secret: bytes, place: int) -> Key:
    if not secret:
        raise ConfigError([f"signing secret {place} is empty"])
    if not secret.startswith(_WHSEC):
        decoded = _from_base64(secret)
        return Key(secret, (secret, decoded) if decoded else (secret,))
    decoded = _from_base64(secret.removeprefix(_WHSEC))
    if not decoded:
        raise ConfigError([f"signing secret {place} starts with whsec_ and is no base64 after it"])
    return Key(secret, (decoded,))


def _from_base64(text: bytes) -> bytes:
    """Empty where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def verify(headers: Headers, body: bytes, keys: Sequence[Key], now_s: int) -> Proof | Flaw:
    """Does a signature among the headers hold for the body?

    ``now_s`` is seconds since 1970. Never raises, whatever the bytes are.
    """
    for family in (b"webhook", b"svix"):
        if (listed := headers.get(family + b"-signature")) is not None:
            return _verify_standard(headers, family, listed, body, keys, now_s)
    if (given := headers.get(b"x-hub-signature-256")) is not None:
        return _verify_body(_HUB.fullmatch(given), body, keys)
    if (given := headers.get(b"x-signature")) is not None:
        return _verify_body(_HEX.fullmatch(given), body, keys)
    return NO_SIGNATURE


def _verify_body(given: re.Match[bytes] | None, body: bytes, keys: Sequence[Key]) -> Proof | Flaw:
    if given is None:
        return Flaw("the signature header is malformed")
    if _matches(bytes.fromhex(given[1].decode("ascii")), body, keys):
        return Proof()
    return NO_MATCH


def _verify_standard(
    headers: Headers, family: bytes, listed: bytes, body: bytes, keys: Sequence[Key], now_s: int
) -> Proof | Flaw:
    message_id = headers.get(family + b"-id", b"")
    timestamp = headers.get(family + b"-timestamp", b"")
    if not (
        _MESSAGE_ID.fullmatch(message_id)
        and _TIMESTAMP.fullmatch(timestamp)
        and _SIGNATURE_LIST.fullmatch(listed)
    ):
        return Flaw("the signature headers are malformed")
    if abs(now_s - int(timestamp)) > TOLERANCE_S:
        return OFF_TIME
    signed = b"%b.%b.%b" % (message_id, timestamp, body)
    offered = [item[3:] for item in listed.split(b" ") if item.startswith(b"v1,")]
    for key in keys:
        for standard in key.standard:
            expected = binascii.b2a_base64(hmac.digest(standard, signed, "sha256"), newline=False)
            if any(hmac.compare_digest(expected, one) for one in offered):
                return Proof(message_id.decode("ascii"))
    return NO_MATCH


def path_token(secret: bytes, page_id: str) -> str:
    """What makes ``/webhook/{page-id}/{token}`` an address only its owner can know.

    Statuspage signs nothing and posts from anywhere; its documentation advises a secret in the
    address. The token is the signature of the path in place of the body, so that an address that
    leaks opens one page and does not give away the secret:

        printf /webhook/openai | openssl dgst -sha256 -hmac "$TRAYWATCH_SIGNING_SECRET" -r
    """
    return hmac.digest(secret, _path(page_id), "sha256").hex()


def opens(token: str, page_id: str, keys: Sequence[Key]) -> bool:
    """Is it the page's token under one of the keys?"""
    given = token.encode("utf-8", "replace")
    if not _PATH_TOKEN.fullmatch(given):
        return False
    return _matches(bytes.fromhex(given.decode("ascii")), _path(page_id), keys)


def _path(page_id: str) -> bytes:
    """Never a JSON document, so no body's signature is a token and no token a body's signature."""
    return b"/webhook/" + page_id.encode("utf-8", "replace")


def _matches(given: bytes, signed: bytes, keys: Sequence[Key]) -> bool:
    return any(hmac.compare_digest(hmac.digest(k.plain, signed, "sha256"), given) for k in keys)
