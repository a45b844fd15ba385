"""Switching on the listener and the relays: from the settings to what they need.

Imported only when one of them is on: what they stand on costs 10 MB.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine, Iterator
from typing import Any

from traywatch import config
from traywatch.core.errors import TraywatchError
from traywatch.fetch.trust import Trust
from traywatch.listener import ListenerSettings, RelaySettings, Verdict
from traywatch.listener.relay import relay
from traywatch.listener.server import serve
from traywatch.watch.conductor import Conductor
from traywatch.watch.inbox import Inbox

log = logging.getLogger(__name__)


def neighbours(
    settings: config.Config, conductor: Conductor, stop: asyncio.Event
) -> Iterator[Coroutine[Any, Any, None]]:
    """What is to run beside the conductor, on its loop. One that cannot says so in one line, and
    watching goes on."""
    inbox, verdicts = Inbox(conductor), Counter[Verdict]()
    if settings.listener is not None:
        yield _or_say_why(_listen(settings.listener, inbox, stop, verdicts))
    for channel in settings.relays:
        yield _or_say_why(_relay(channel, inbox, stop, verdicts))


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


async def _or_say_why(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except TraywatchError as error:
        log.error("%s; watching goes on without", error)
