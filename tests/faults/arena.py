"""What every fault test does: a small time budget, a fetcher, and a look at what it held."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from traywatch.core.errors import FetchError
from traywatch.fetch import Fetcher, Limits

T = TypeVar("T")

NOW = datetime(2025, 11, 18, 12, 0, tzinfo=UTC)
QUICK = Limits(read_s=0.3, total_s=0.9)
"""For vendors that dawdle over an answer; every other bound as in life."""
QUICK_CONNECT = Limits(connect_s=0.3)
"""For those that dawdle before."""
LIFE = Limits()
MEBIBYTE = 2**20


@dataclass
class Clock:
    """The wall clock, turned by hand."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Names:
    """An injected resolver: a script of answers for each name, the last one for ever."""

    answers: dict[str, list[Sequence[str] | OSError]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        script = self.answers.get(host, [OSError("no such name")])
        found = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(found, OSError):
            raise found
        return found


def play(scenario: Callable[[], Awaitable[T]]) -> T:
    """Run to the end. The ten seconds are a net under the test, no part of it."""

    async def netted() -> T:
        async with asyncio.timeout(10):
            return await scenario()

    return asyncio.run(netted())


async def failure(fetcher: Fetcher, url: str, **how: object) -> FetchError:
    """The FetchError that getting ``url`` raises; anything else fails the test."""
    try:
        got = await fetcher.get(url, **how)  # type: ignore[arg-type]
    except FetchError as error:
        return error
    raise AssertionError(f"expected a FetchError, got {got.http_status} {got.body[:80]!r}")


@contextmanager
def at_most(mebibytes: float) -> Iterator[None]:
    """What Python and zlib hold inside stays under so much; the vendor's own buffers included."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= mebibytes * MEBIBYTE, f"held {peak / MEBIBYTE:.1f} MiB"
