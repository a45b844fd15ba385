"""Ask the ASGI application in process: any bytes, no socket and no parser in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.listener.inbox import NOW, ListInbox
from traywatch.listener import ListenerSettings, Verdict
from traywatch.listener.asgi import Application

JSON = ((b"host", b"localhost:8000"), (b"content-type", b"application/json"))
"""What every proper post says."""


@dataclass(frozen=True)
class Answered:
    code: int
    headers: dict[bytes, bytes]
    body: bytes


class Desk:
    """An application, its inbox and its verdicts."""

    def __init__(
        self, *secrets: bytes, host: str = "127.0.0.1", allowed_hosts: tuple[str, ...] = ()
    ) -> None:
        self.inbox = ListInbox()
        self.verdicts: Counter[Verdict] = Counter()
        self.now = NOW
        settings = ListenerSettings(host, secrets=secrets, allowed_hosts=allowed_hosts)
        self.application = Application(settings, self.inbox, self.verdicts, clock=lambda: self.now)

    def post(
        self,
        body: bytes = b"",
        *extra: tuple[bytes, bytes],
        path: str = "/webhook",
        headers: Sequence[tuple[bytes, bytes]] = JSON,
    ) -> Answered:
        return self.ask("POST", path, [*headers, *extra], [body])

    def get(self, path: str, *extra: tuple[bytes, bytes]) -> Answered:
        return self.ask("GET", path, [(b"host", b"localhost"), *extra], [])

    def ask(
        self,
        method: str,
        path: str,
        headers: Sequence[tuple[bytes, bytes]],
        chunks: Iterable[bytes],
        *,
        breaks_off: bool = False,
    ) -> Answered:
        return asyncio.run(self.exchange(method, path, headers, chunks, breaks_off=breaks_off))

    async def exchange(
        self,
        method: str,
        path: str,
        headers: Sequence[tuple[bytes, bytes]],
        chunks: Iterable[bytes],
        *,
        breaks_off: bool = False,
    ) -> Answered:
        """One request, its body in chunks; ``breaks_off``: the sender then leaves."""
        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(
            "utf-8", "replace"), "query_string": b"", "headers": list(headers)}  # fmt: skip
        incoming = _messages(iter(chunks), breaks_off=breaks_off)
        sent: list[Mapping[str, Any]] = []

        async def receive() -> Mapping[str, Any]:
            return next(incoming, {"type": "http.disconnect"})

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        await self.application(scope, receive, send)
        start, body = sent
        return Answered(start["status"], dict(start["headers"]), body["body"])


def _messages(chunks: Iterator[bytes], *, breaks_off: bool) -> Iterator[Mapping[str, Any]]:
    for chunk in chunks:
        yield {"type": "http.request", "body": chunk, "more_body": True}
    if not breaks_off:
        yield {"type": "http.request"}
