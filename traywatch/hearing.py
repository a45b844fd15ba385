"""Switching on the listener and the relays: from the settings to what they need.

Imported only when one of them is on: what they stand on costs 10 MB.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from functools import partial
from typing import Any

from traywatch import config
from traywatch.core.errors import TraywatchError
from traywatch.fetch.trust import Trust
from traywatch.listener import ListenerSettings, RelaySettings, Verdict
from traywatch.listener.relay import relay
from traywatch.listener.server import serve
from traywatch.watch.conductor import Conductor
from traywatch.watch.inbox import Inbox
from traywatch.watch.supervise import Beat, keep_running

log = logging.getLogger(__name__)


def neighbours(
    settings: config.Config, conductor: Conductor, stop: asyncio.Event
) -> Iterator[Coroutine[Any, Any, None]]:
    """What is to run beside the conductor, on its loop, until cancelled. One that cannot says so
    in one line, and watching goes on; one that fails otherwise is started again."""
    inbox, verdicts = Inbox(conductor), Counter[Verdict]()
    if settings.listener is not None:
        listen = partial(_listen, settings.listener, inbox, stop, verdicts)
        yield _kept_running("listener", listen, stop)
    for channel in settings.relays:
        yield _kept_running(
            f"{channel.kind} relay", partial(_relay, channel, inbox, stop, verdicts), stop
        )


async def _listen(
    settings: config.Listener, inbox: Inbox, stop: asyncio.Event, verdicts: Counter[Verdict]
) -> None:
    await serve(
        ListenerSettings(
            host=settings.host,
            port=settings.port,
            secrets=await _revealed(settings.secrets),
            allowed_hosts=settings.allowed_hosts,
        ),
        inbox,
        stop,
        lambda url: log.info("hearing webhooks at %s/webhook", url),
        verdicts,
    )


async def _relay(
    settings: config.Relay, inbox: Inbox, stop: asyncio.Event, verdicts: Counter[Verdict]
) -> None:
    channel = RelaySettings(
        kind="smee" if settings.kind == "smee" else "ntfy",
        url=settings.url,
        page_id=settings.page_id,
        secrets=await _revealed(settings.secrets),
    )
    await relay(channel, inbox, stop, tls=Trust().context, verdicts=verdicts)


async def _revealed(secrets: tuple[config.Secret, ...]) -> tuple[bytes, ...]:
    """On a thread: the keyring may ask its owner to unlock it."""
    return tuple([(await asyncio.to_thread(secret.reveal)).encode() for secret in secrets])


async def _kept_running(
    name: str, work: Callable[[], Awaitable[None]], stop: asyncio.Event
) -> None:
    async def run(beat: Beat) -> None:
        try:
            await work()
        except TraywatchError as error:
            log.error("%s; watching goes on without", error)
        else:
            if not stop.is_set():
                return
        await asyncio.Event().wait()  # refused, or told to end: no use starting it again

    await keep_running(name, run, silent_s=None)
