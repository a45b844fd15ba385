"""How much of a vendor's answer we are ready to bear, and the reader that enforces it.

What holds true: no answer, however it is compressed, makes us hold more than ``body_bytes`` of
it. Decoding whole bodies took an ordinary client to 3.8 GB for 1.5 kB of brotli.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """Every bound of one GET. The defaults are what is promised; tests make them small."""

    connect_s: float = 10.0
    """Name, TCP and TLS together."""
    read_s: float = 15.0
    """The longest silence."""
    total_s: float = 30.0
    """The whole GET, redirects included; waiting for a free turn is not counted."""
    reused_s: float = 10.0
    """The longest wait for a first byte on a connection that lay idle. A network that was left
    swallows what is sent without a word; a new connection is then tried while there is time."""
    stagger_s: float = 0.25
    """The head start of one address of a host over the next (RFC 8305, 8)."""
    keep_idle_s: float = 180.0
    """How long a connection lies idle at most; longer than the usual interval."""
    per_host: int = 2
    in_all: int = 50
    """Requests under way. Connections lying idle between two polls are not counted."""
    body_bytes: int = 5 * 1024 * 1024
    """On the wire as well as decoded."""
    ratio: int = 100
    free_bytes: int = 64 * 1024
    """What may be decoded before the ratio counts: a tiny page may repeat itself a lot."""
    pieces: int = 20_000
    """Chunks of a body. Five megabytes in chunks of one byte took ten seconds to put together."""
    head_bytes: int = 64 * 1024
    redirects: int = 3


DEFAULTS: Final = Limits()


class TooMuch(Exception):
    """The answer goes over a limit, or cannot be decoded."""


_LENGTH: Final = re.compile(r"[0-9]{1,20}")
_GZIP_WBITS: Final = 31
"""zlib's word for "a gzip header, nothing else"."""


class BodyReader:
    """Collects a body as it comes in. ``expect``, ``feed`` and ``finish`` raise TooMuch."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._body = bytearray()
        self._gunzip: zlib._Decompress | None = None
        self.received = 0
        """Bytes on the wire so far."""

    def expect(self, headers: Mapping[str, str]) -> None:
        """Learn from the headers what is to come; to be called before ``feed``."""
        self._gunzip = _gunzip(headers.get("content-encoding", ""))
        length = headers.get("content-length", "")
        if _LENGTH.fullmatch(length) and int(length) > self._limits.body_bytes:
            raise self._too_big()

    def feed(self, piece: bytes) -> None:
        """Take in what just came from the wire."""
        self.received += len(piece)
        if self.received > self._limits.body_bytes:
            raise self._too_big()
        if self._gunzip is None:
            self._body += piece
        else:
            self._inflate(self._gunzip, piece)

    def finish(self) -> bytes:
        """The decoded body; the answer has ended."""
        if self._gunzip is not None and self.received and not self._gunzip.eof:
            raise TooMuch("the compressed answer ends in the middle")
        return bytes(self._body)

    def _inflate(self, gunzip: zlib._Decompress, piece: bytes) -> None:
        """One byte more than allowed is asked for: that it comes is the proof of a bomb."""
        by_ratio = max(self._limits.free_bytes, self._limits.ratio * self.received)
        room = min(self._limits.body_bytes, by_ratio) - len(self._body)
        try:
            plain = gunzip.decompress(piece, room + 1)
        except zlib.error:
            raise TooMuch("the compressed answer is damaged") from None
        if len(plain) > room:
            if by_ratio < self._limits.body_bytes:
                raise TooMuch(f"the answer is compressed more than {self._limits.ratio}:1")
            raise self._too_big()
        if gunzip.unused_data:
            raise TooMuch("something follows the compressed answer")
        self._body += plain

    def _too_big(self) -> TooMuch:
        return TooMuch(f"the answer is larger than {self._limits.body_bytes / 2**20:g} MiB")


def _gunzip(content_encoding: str) -> zlib._Decompress | None:
    """What decodes the body; None: nothing to decode. Only what was asked for is accepted."""
    match content_encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return zlib.decompressobj(_GZIP_WBITS)
        case _:
            raise TooMuch("the answer is encoded in a way that was not asked for")
