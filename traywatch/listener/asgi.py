"""One request, one answer: the ASGI application.

The order in which a webhook is looked at, cheapest and least trusting first:

    head size -> Host -> Origin, Sec-Fetch-Site -> path -> method -> content type and encoding
    -> length, while it is read -> signature over the raw bytes -> page -> JSON

What holds true:
- The answer is decided whole before a byte of it is sent, so a fault on the way is a clean 503:
  never a 500, never a traceback, never half an answer.
- A path is not logged: it may hold a token.

A plain callable and not a Starlette application: four fixed paths need no router, and in
benchmarks/webhook.py Starlette's request, routing and middleware cost as much again as uvicorn
itself (30 us a post become 53), and 1.4 MB.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from traywatch.listener import Inbox, ListenerSettings, Verdict
from traywatch.listener.admission import HEAD_LIMIT, Hosts, fold, foreign, head_bytes, not_json
from traywatch.listener.endpoints import Readings
from traywatch.listener.intake import BODY_LIMIT, Answer, Clock, Intake, utc_now
from traywatch.listener.refusals import Refusals
from traywatch.listener.reply import RawHeaders, Reply, reply_to
from traywatch.listener.signatures import Headers

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)

_CLOSE: Final = (b"connection", b"close")
_NOT_FOUND: Final = Answer(Verdict.UNKNOWN_PAGE, "there is nothing here")
_TOO_LARGE: Final = Answer(Verdict.TOO_LARGE, f"the body is over {BODY_LIMIT} bytes")
_HEAD_TOO_LARGE: Final = Answer(Verdict.HEAD_TOO_LARGE, f"the head is over {HEAD_LIMIT} bytes")
_BROKEN_OFF: Final = Answer(Verdict.BROKEN_OFF, "the body broke off")
_UNAVAILABLE: Final = Answer(Verdict.UNAVAILABLE, "try again later")
_POST_ONLY: Final = Answer(Verdict.WRONG_METHOD, "webhooks are sent with POST")
_GET_ONLY: Final = Answer(Verdict.WRONG_METHOD, "this can only be read")


class Application:
    """The listener as an ASGI callable."""

    def __init__(
        self,
        settings: ListenerSettings,
        inbox: Inbox,
        verdicts: Counter[Verdict],
        clock: Clock = utc_now,
    ) -> None:
        """``verdicts`` is counted up with every webhook. Raises ConfigError on a bad secret."""
        self._hosts = Hosts((*settings.allowed_hosts, *_own_name(settings.host)))
        self._intake = Intake(inbox, settings.secrets)
        self._verdicts = verdicts
        self._refusals = Refusals()
        self._clock = clock
        self._readings = Readings(inbox, verdicts, signed=self._intake.needs_signature)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Never raises, but for being cancelled."""
        if scope["type"] != "http":
            return
        try:
            reply = await self._decide(scope, receive)
        except asyncio.CancelledError:  # we are stopping, and it did not get done in time
            await _send(send, reply_to(_UNAVAILABLE, (_CLOSE,)))
            raise
        except Exception as error:
            log.error("a request failed: %s: %s", type(error).__name__, error, exc_info=error)
            reply = reply_to(_UNAVAILABLE)
        await _send(send, reply)

    async def _decide(self, scope: Scope, receive: Receive) -> Reply:
        path: str = scope["path"]
        headers = fold(scope["headers"])
        refusal = self._refuse(scope, headers)
        if path == "/webhook" or path.startswith("/webhook/"):
            taken = refusal or await self._webhook(path, scope["method"], headers, receive)
            self._verdicts[taken.verdict] += 1
            reply = reply_to(taken, _also(taken, headers))
            if taken.reason:
                self._refusals.note(taken, reply.http_status, headers, self._clock())
            return reply
        refusal = refusal or self._unreadable(path, scope["method"])
        if refusal is None:
            return self._readings.at[path]()
        return reply_to(refusal, _also(refusal, headers))

    def _refuse(self, scope: Scope, headers: Headers) -> Answer | None:
        """For reasons that hold whatever is asked for."""
        target: bytes = scope.get("raw_path") or b""
        size = head_bytes(target + scope.get("query_string", b""), scope["headers"])
        if size > HEAD_LIMIT:
            return _HEAD_TOO_LARGE
        why = foreign(headers, self._hosts)
        return Answer(Verdict.FOREIGN, why) if why else None

    def _unreadable(self, path: str, method: str) -> Answer | None:
        if path not in self._readings.at:
            return _NOT_FOUND
        return None if method in ("GET", "HEAD") else _GET_ONLY

    async def _webhook(self, path: str, method: str, headers: Headers, receive: Receive) -> Answer:
        address = _address(path)
        if address is None:
            return _NOT_FOUND
        if method != "POST":
            return _POST_ONLY
        if (why := not_json(headers)) is not None:
            return Answer(Verdict.WRONG_TYPE, why)
        if _declared_length(headers) > BODY_LIMIT:
            return _TOO_LARGE
        body = await _read(receive)
        if isinstance(body, Answer):
            return body
        return await self._intake.take(headers, body, self._clock(), *address)


def _own_name(host: str) -> tuple[str, ...]:
    """What we listen on is a name of ours, unless it stands for every address there is."""
    return () if host in ("0.0.0.0", "::") else (host,)  # noqa: S104 - compared, not bound


def _address(path: str) -> tuple[str | None, str | None] | None:
    """``/webhook[/{page-id}[/{token}]]`` -> page id and token; None: there is no such path."""
    match path.split("/")[2:]:
        case []:
            return None, None
        case [page_id] if page_id:
            return page_id, None
        case [page_id, token] if page_id and token:
            return page_id, token
    return None


def _declared_length(headers: Headers) -> int:
    """0 where it does not say, or not in plain digits: what arrives is counted all the same."""
    declared = headers.get(b"content-length", b"0")
    if not declared.isdigit():
        return 0
    return int(declared) if len(declared) < 12 else BODY_LIMIT + 1


async def _read(receive: Receive) -> bytes | Answer:
    """The body, however it comes, as far as the limit."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return _BROKEN_OFF
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > BODY_LIMIT:
            return _TOO_LARGE
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _also(answer: Answer, headers: Headers) -> RawHeaders:
    """The headers that depend on the request."""
    extra: list[tuple[bytes, bytes]] = []
    if answer.verdict is Verdict.WRONG_METHOD:
        extra.append((b"allow", b"POST" if answer is _POST_ONLY else b"GET, HEAD"))
    if b"expect" in headers and answer.verdict is not Verdict.ACCEPTED:
        # It waits for our 100 before it sends the body; refused, it may never send it, and its
        # next request would be read as that body.
        extra.append(_CLOSE)
    return tuple(extra)


async def _send(send: Send, reply: Reply) -> None:
    headers: Iterable[tuple[bytes, bytes]] = list(reply.headers)
    await send({"type": "http.response.start", "status": reply.http_status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
