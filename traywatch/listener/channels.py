"""How the two kinds of relay are spoken to: what to ask for, and what a line of the answer means.

    smee   Server-Sent Events of https://smee.io/<channel>, or of a server of one's own
    ntfy   the JSON stream of https://ntfy.sh/<topic>, or of a server of one's own

A channel remembers where the stream was left off, so that it can be taken up there again.
"""

from __future__ import annotations

from typing import Protocol

import httpx

from traywatch.listener import RelaySettings
from traywatch.listener.envelopes import Enclosed, NtfyMessage, enclosed_in, ntfy_message, unwrap
from traywatch.listener.intake import BODY_LIMIT
from traywatch.listener.streams import ServerSentEvents


class Channel(Protocol):
    """One subscription, over as many connections as it takes."""

    @property
    def retry_s(self) -> float | None:
        """How long the server wants us to wait before the next connection."""

    def subscribe(self) -> httpx.Request:
        """The request of the next connection. Half an event of the last one is forgotten."""

    async def read(self, line: bytes) -> Enclosed | None:
        """The webhook that is whole with this line. Raises httpx.HTTPError."""


def channel(settings: RelaySettings, client: httpx.AsyncClient) -> Channel:
    """The channel of the settings; ``client`` carries its requests."""
    if settings.kind == "smee":
        return _Smee(settings.url, client)
    return _Ntfy(settings.url, client)


class _Smee:
    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url
        self._client = client
        self._events = ServerSentEvents()

    @property
    def retry_s(self) -> float | None:
        return self._events.retry_s

    def subscribe(self) -> httpx.Request:
        self._events.start_over()
        # To the letter: smee.io serves its web page to any other Accept.
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if self._events.last_id:
            headers["Last-Event-ID"] = self._events.last_id
        return self._client.build_request("GET", self._url, headers=headers)

    async def read(self, line: bytes) -> Enclosed | None:
        event = self._events.feed(line)
        return unwrap(event.data) if event is not None and event.name == "message" else None


class _Ntfy:
    retry_s = None

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        topic = httpx.URL(url)
        self._url = topic.copy_with(path=topic.path.rstrip("/") + "/json")
        self._client = client
        self._last_id = ""

    def subscribe(self) -> httpx.Request:
        since = {"since": self._last_id} if self._last_id else {}
        return self._client.build_request("GET", self._url.copy_merge_params(since))

    async def read(self, line: bytes) -> Enclosed | None:
        message = ntfy_message(line)
        if message is None:
            return None
        posted = await self._posted(message)
        self._last_id = message.id or self._last_id
        return None if posted is None else enclosed_in(posted)

    async def _posted(self, message: NtfyMessage) -> str | None:
        """The text, or the file it became; None where that is gone or too large."""
        if message.attachment is None:
            return message.text
        address = self._url.join(message.attachment)
        # A message may name any address, and we would fetch it from inside the person's network.
        if _origin(address) != _origin(self._url):
            return None
        async with self._client.stream("GET", address) as response:
            body = b""
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > BODY_LIMIT:
                    return None
        return body.decode("utf-8", "replace") if response.is_success else None


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
