"""Bytes from an endless response -> lines -> events. Pure; nothing grows without bound.

Lines end in LF or CR LF. Server-Sent Events may also end in a lone CR; neither smee (Node.js)
nor ntfy (Go) writes one, and JSON holds none raw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LINE_LIMIT: Final = 1024 * 1024
"""Bytes. A body of 256 KiB, JSON inside JSON, with the headers it came with, stays below."""


class Lines:
    """Chunks in, whole lines out, without their ends. A line over the limit is passed over."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._passing_over = False
        self.passed_over = 0
        """How many lines were too long."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that are whole now."""
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            self._gather(part)
            if not self._passing_over:
                yield bytes(self._rest).removesuffix(b"\r")
            self._rest.clear()
            self._passing_over = False
        self._gather(rest)

    def _gather(self, part: bytes) -> None:
        if self._passing_over:
            return
        self._rest += part
        if len(self._rest) > self._limit:
            self._rest.clear()
            self._passing_over = True
            self.passed_over += 1


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event of an event stream."""

    name: str
    """"message" where the stream does not say."""
    data: str


class ServerSentEvents:
    """Lines in, events out (WHATWG HTML, 9.2.6)."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._name: str
        self._data: list[str]
        self._size: int
        self.start_over()
        self.last_id = ""
        """To be sent as ``Last-Event-ID`` when the stream is taken up again."""
        self.retry_s: float | None = None
        """How long the server asks us to wait before that."""

    def start_over(self) -> None:
        """A new stream: half an event of the old one is none."""
        self._name = ""
        self._data = []
        self._size = 0

    def feed(self, line: bytes) -> ServerSentEvent | None:
        """The event this line completes; None: none yet."""
        if not line:
            return self._dispatch()
        field, _, value = line.decode("utf-8", "replace").partition(":")
        self._take(field.removeprefix("\ufeff"), value.removeprefix(" "))
        return None

    def _take(self, field: str, value: str) -> None:
        """An empty field is a comment, any other not named here is to be ignored."""
        if field == "data":
            self._size += len(value)
            if self._size <= self._limit:
                self._data.append(value)
        elif field == "event":
            self._name = value
        elif field == "id" and "\0" not in value:
            self.last_id = value
        elif field == "retry" and value.isascii() and value.isdigit():
            self.retry_s = int(value[:9]) / 1000

    def _dispatch(self) -> ServerSentEvent | None:
        """An event without data is none; one that is too large is dropped whole."""
        whole = bool(self._data) and self._size <= self._limit
        event = ServerSentEvent(self._name or "message", "\n".join(self._data)) if whole else None
        self.start_over()
        return event
