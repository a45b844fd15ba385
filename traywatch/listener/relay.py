"""Hear webhooks behind a NAT: stay subscribed to a channel the person owns, feed the same intake.

What holds true:
- A relay never gives up: it takes the stream up again after a growing, scattered wait, where it
  left off, and a server's own wish (Retry-After, the stream's ``retry``) is honoured up to 1 h.
- A delivery that cannot be stored is tried again before the next one is read.
- A signature is checked as for a direct post, against the time the delivery came in.
- Knowing a channel's address is enough to post there, so only its host is ever logged.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import httpx

from traywatch import __version__
from traywatch.core.errors import ConfigError
from traywatch.core.text import one_line
from traywatch.listener import Inbox, RelaySettings, Verdict
from traywatch.listener.channels import Channel, channel
from traywatch.listener.envelopes import Enclosed
from traywatch.listener.intake import BODY_LIMIT, Answer, Clock, Intake, utc_now
from traywatch.listener.streams import Lines

log = logging.getLogger(__name__)

Delay = Callable[[int], float]
"""How long to wait, in seconds, after the n-th failure in a row, counted from 1."""

SILENCE_S: Final = 120.0
"""A stream this silent is dead: smee pings every 30 s, ntfy every 45 s."""
STEADY_S: Final = 60.0
"""A stream that held this long had been well: the waits begin anew. Merely being let in is no
sign, a server in trouble may do that and hang up."""
LONGEST_WAIT_S: Final = 300.0
LONGEST_WISH_S: Final = 3600.0
_TIMEOUT: Final = httpx.Timeout(10.0, read=SILENCE_S)
_TRIES: Final = 10
"""Then a delivery that cannot be stored is let go: the page's next poll has its news too."""
_TOO_LARGE: Final = Answer(Verdict.TOO_LARGE, f"the body is over {BODY_LIMIT} bytes")
_NOT_REFUSED: Final = (Verdict.ACCEPTED, Verdict.REPEATED, Verdict.IGNORED)


def backoff(failures: int, uniform: Callable[[float, float], float] = random.uniform) -> float:
    """2 s, 4 s, ... 5 min, each scattered over its upper half."""
    longest = min(LONGEST_WAIT_S, 2.0 ** min(failures, 30))
    return uniform(longest / 2, longest)


async def relay(
    settings: RelaySettings,
    inbox: Inbox,
    stop: asyncio.Event,
    *,
    tls: ssl.SSLContext | bool = True,
    verdicts: Counter[Verdict] | None = None,
    delay: Delay = backoff,
    clock: Clock = utc_now,
) -> None:
    """Listen to the channel until ``stop`` is set.

    ``tls`` is the context to verify the server with, ``verdicts`` as for ``serve``. Raises
    ConfigError where a secret or the address is useless; nothing else, whatever the other side
    does. A fault of ours is raised as it is, for whoever keeps the relay running to report.
    """
    name = f"relay {_host(settings.url)}"
    intake = Intake(inbox, settings.secrets)
    counted = Counter[Verdict]() if verdicts is None else verdicts
    headers = {"User-Agent": f"traywatch/{__version__}", "Accept-Encoding": "identity"}
    async with httpx.AsyncClient(verify=tls, timeout=_TIMEOUT, headers=headers) as client:
        desk = _Desk(name, settings.page_id, intake, counted, delay, clock)
        subscription = _Subscription(name, channel(settings, client), client, desk, delay)
        await _until(stop, subscription.run())


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host
    except httpx.InvalidURL as error:
        raise ConfigError([f"the address of a relay is none: {error}"]) from error


async def _until(stop: asyncio.Event, work: Coroutine[None, None, None]) -> None:
    """Work until ``stop`` is set. Raises what the work ended with by itself."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        ended, _ = await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
    if working in ended and not working.cancelled():
        working.result()


@dataclass(slots=True)
class _Desk:
    """Where what came out of a channel is handed in."""

    name: str
    page_id: str | None
    intake: Intake
    verdicts: Counter[Verdict]
    delay: Delay
    clock: Clock

    async def hand_in(self, enclosed: Enclosed) -> None:
        """Until it is taken or refused."""
        received_at = self.clock()
        for tries in range(1, _TRIES + 1):
            answer = await self._take(enclosed, received_at)
            if answer.verdict is not Verdict.UNAVAILABLE:
                break
            await asyncio.sleep(self.delay(tries))
        self.verdicts[answer.verdict] += 1
        if answer.verdict not in _NOT_REFUSED:
            log.warning("%s: a webhook was refused: %s", self.name, answer.reason)

    async def _take(self, enclosed: Enclosed, received_at: datetime) -> Answer:
        """With the first of its possible bodies that is signed."""
        answer = _TOO_LARGE
        for body in enclosed.bodies:
            if len(body) > BODY_LIMIT:
                continue
            answer = await self.intake.take(enclosed.headers, body, received_at, self.page_id)
            if answer.verdict is not Verdict.UNSIGNED:
                break
        return answer


class _Subscription:
    """One connection after the other."""

    def __init__(
        self, name: str, channel: Channel, client: httpx.AsyncClient, desk: _Desk, delay: Delay
    ) -> None:
        self._name = name
        self._channel = channel
        self._client = client
        self._desk = desk
        self._delay = delay
        self._failures = 0
        """In a row, since a connection last was a steady one."""
        self._wish_s = 0.0

    async def run(self) -> None:
        """For ever."""
        loop = asyncio.get_running_loop()
        while True:
            began_at = loop.time()
            try:
                reason = await self._listen()
            except httpx.HTTPError as error:
                reason = _described(error)
            except Exception as error:  # a fault of ours; the next connection may do better
                reason = _described(error)
                log.error("%s: %s", self._name, reason, exc_info=error)
            if loop.time() - began_at >= STEADY_S:
                self._failures = 0
            self._failures += 1
            wait_s = max(self._delay(self._failures), self._wish())
            level = logging.WARNING if self._failures == 1 else logging.DEBUG
            log.log(level, "%s: lost (%s); again in %.0f s", self._name, reason, wait_s)
            await asyncio.sleep(wait_s)

    async def _listen(self) -> str:
        """One connection. Returns why it ended."""
        self._wish_s = 0.0
        response = await self._client.send(self._channel.subscribe(), stream=True)
        try:
            if response.status_code != 200:
                self._wish_s = _retry_after_s(response)
                return f"HTTP {response.status_code}"
            if response.headers.get("content-type", "").lower().startswith("text/html"):
                return "a web page, not a stream"
            log.info("%s: listening", self._name)
            await self._read(response)
            return "the stream ended"
        finally:
            await response.aclose()

    async def _read(self, response: httpx.Response) -> None:
        lines = Lines()
        async for chunk in response.aiter_raw():
            for line in lines.feed(chunk):
                enclosed = await self._channel.read(line)
                if enclosed is not None:
                    await self._desk.hand_in(enclosed)

    def _wish(self) -> float:
        return min(LONGEST_WISH_S, max(self._wish_s, self._channel.retry_s or 0.0))


def _described(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}", 200)


def _retry_after_s(response: httpx.Response) -> float:
    """Seconds in plain digits; a date is not worth the trouble here, we wait anyway."""
    written = response.headers.get("retry-after", "")
    return float(written[:6]) if written.isascii() and written.isdigit() else 0.0
