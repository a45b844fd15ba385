"""A small world around the conductor: pages as values, an outbox in memory, time that skips."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.watch.timelapse import EPOCH, Timelapse, clock_of
from traywatch.core.errors import FetchError
from traywatch.core.model import Event, Fault, Page
from traywatch.core.overview import Overview
from traywatch.core.reply import Reply, Validators
from traywatch.demo import Board, Shape
from traywatch.demo.documents import document
from traywatch.store.sqlite import SqliteStore
from traywatch.watch.conductor import Conductor

Answer = Callable[[str, Validators | None], Reply]


@dataclass
class Net:
    """A Fetch without a network. ``answers`` maps an address, or its host, to what it says."""

    loop: Timelapse
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[float, str]] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    latency_s: float = 0.1
    forgotten: int = 0
    """How often connections were to be forgotten, of which there are none."""

    def forget_connections(self) -> None:
        """They are as old as the sleep."""
        self.forgotten += 1

    async def get(
        self, url: str, validators: Validators | None = None, *, private_ok: bool | None = None
    ) -> Reply:
        """Look the answer up after a little while."""
        self.asked.append((self.loop.time(), url))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.latency_s)
            host = url.split("/")[2]
            answer = self.answers.get(url) or self.answers.get(host)
            if answer is None:
                raise FetchError("no such host")
            return answer(url, validators)
        finally:
            self.under_way -= 1

    def times(self, word: str) -> list[float]:
        """When addresses that hold this word were asked for, from the start."""
        return [at - 1_000.0 for at, url in self.asked if word in url]


class World:
    """One conductor and what surrounds it."""

    def __init__(
        self,
        loop: Timelapse,
        pages: Sequence[Page],
        folder: Path | None = None,
        *,
        dice: Callable[[], float] = lambda: 0.5,
    ) -> None:
        self.loop = loop
        self.net = Net(loop)
        self.overviews: list[Overview] = []
        self.store = self._open(folder)
        self.conductor = Conductor(
            pages=pages,
            store=self.store,
            sinks=[],
            fetch=self.net,
            clock=clock_of(loop, dice),
            on_overview=self.overviews.append,
        )

    def _open(self, folder: Path | None) -> SqliteStore:
        if folder is None:
            return SqliteStore.in_memory()
        return SqliteStore.open(folder, self.loop.wall())[0]

    async def runs(self, seconds: float, *then: tuple[float, Callable[[], object]]) -> None:
        """Let the conductor work for so long, doing things at times in between."""
        stop = asyncio.Event()
        for at, act in then:
            self.loop.call_later(at, act)
        self.loop.call_later(seconds, stop.set)
        await self.conductor.run(stop)

    def told(self) -> list[Event]:
        """Everything in the event log."""
        return [recorded.event for recorded in self.store.events_after(0, 10_000)]


def board_answer(board: Board) -> Answer:
    """What a Statuspage host says of this board, validators honoured."""

    def answer(url: str, validators: Validators | None) -> Reply:
        found = document(urlsplit(url).path, board.state(), "https://vendor", Shape.STATUSPAGE)
        if found is None:
            raise FetchError("no such document", fault=Fault.REFUSED, http_status=404)
        body = found[1]
        etag = f'W/"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        fresh = Validators(url, EPOCH, etag=etag)
        if validators is not None and validators.etag == etag:
            return Reply(url, 304, b"", validators=validators, unchanged=True)
        headers = {"content-type": "application/json", "x-statuspage-version": "1"}
        return Reply(url, 200, body, headers, fresh, received_bytes=len(body))

    return answer


def unreachable(url: str, validators: Validators | None) -> Reply:
    """No answer at all."""
    raise FetchError("no route to host")


def refusing(http_status: int, retry_after_s: float | None = None) -> Answer:
    """An HTTP error."""

    def answer(url: str, validators: Validators | None) -> Reply:
        raise FetchError(
            f"HTTP {http_status}",
            fault=Fault.REFUSED,
            http_status=http_status,
            retry_after_s=retry_after_s,
        )

    return answer


def portal(url: str, validators: Validators | None) -> Reply:
    """A captive portal: HTML with 200, whatever was asked for."""
    return Reply(url, 200, b"<html>Welcome to Hotel Wifi</html>", {"content-type": "text/html"})
