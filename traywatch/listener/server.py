"""Start listening, and stop: uvicorn on the loop that is running already.

uvicorn is used as a library: it installs no signal handlers (``app`` owns signals), configures no
logging, and does not wake up ten times a second to look at its flags.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn

from traywatch.core.errors import ConfigError, ListenError
from traywatch.listener import Inbox, ListenerSettings, Verdict
from traywatch.listener.asgi import Application
from traywatch.listener.connection import Connection

log = logging.getLogger(__name__)

_BACKLOG: Final = 512
_GRACE_S: Final = 1
"""What requests under way get to finish when we stop; out within 3 s is the rule (L2)."""


async def serve(
    settings: ListenerSettings,
    inbox: Inbox,
    stop: asyncio.Event,
    on_ready: Callable[[str], None],
    verdicts: Counter[Verdict] | None = None,
) -> None:
    """Listen until ``stop`` is set.

    ``on_ready`` is called once, with the address as a URL, when connections are taken. Give
    ``verdicts`` to count relayed webhooks and posted ones together.

    Raises ListenError where the port is taken or the host is not ours, ConfigError where a secret
    is missing (anything but loopback needs one) or useless. Both say it in one line.
    """
    application = Application(settings, inbox, Counter() if verdicts is None else verdicts)
    addresses = _resolve(settings)
    if not settings.secrets:
        _require_loopback(settings, addresses)
        log.info("no secret is set: webhooks are taken unsigned, from this machine only")
    sockets = _bind(addresses)
    try:
        server = _Server(_config(application), stop, lambda: on_ready(_url(sockets[0])))
        await server.serve(sockets)
    finally:
        for sock in sockets:
            sock.close()


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, stop: asyncio.Event, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._stop = stop
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ``app``'s."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take connections, and say so."""
        await super().startup(sockets)
        self._on_ready()

    async def main_loop(self) -> None:
        """Nothing is done on a timer. The ports are closed also where we are cancelled."""
        try:
            await self._stop.wait()
        finally:
            for listening in self.servers:
                listening.close()


def _config(application: Application) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=Connection,
        ws="none",
        lifespan="off",
        loop="none",
        interface="asgi3",
        workers=1,  # not from $WEB_CONCURRENCY
        log_config=None,
        log_level="critical",  # its warnings are one a malformed request; asgi.py logs our faults
        access_log=False,
        proxy_headers=False,  # nobody's word is taken for where a request comes from
        server_header=False,
        date_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE_S,
    )


# --------------------------------------------------------------------------- sockets

_Address = tuple[socket.AddressFamily, str, int]


def _resolve(settings: ListenerSettings) -> list[_Address]:
    """Every address the host stands for: "localhost" is 127.0.0.1 and ::1 on most machines."""
    try:
        found = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise ListenError(f"cannot listen on {settings.host}: {error}") from error
    return list(dict.fromkeys((family, str(at[0]), settings.port) for family, *_, at in found))


def _require_loopback(settings: ListenerSettings, addresses: list[_Address]) -> None:
    for _, address, _ in addresses:
        if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
            fault = (
                f"listener: {settings.host} can be reached from other machines, so posts must be "
                "signed: set listener.secrets or TRAYWATCH_SIGNING_SECRET, or listen on 127.0.0.1"
            )
            raise ConfigError([fault])


def _bind(addresses: list[_Address]) -> list[socket.socket]:
    """One listening socket an address, all on one port. An address this machine lacks is left
    out (::1 where IPv6 is off) as long as there is another."""
    bound: list[socket.socket] = []
    port = addresses[0][2]
    for family, address, _ in addresses:
        try:
            bound.append(_bind_one(family, address, port))
        except OSError as error:
            if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT) and len(addresses) > 1:
                continue
            for sock in bound:
                sock.close()
            raise ListenError(_cannot_bind(address, port, error)) from error
        port = bound[-1].getsockname()[1]
    if not bound:
        raise ListenError(f"cannot listen on {addresses[0][1]}: it is no address of this machine")
    return bound


def _bind_one(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Elsewhere: a restart need not wait for old connections to expire. On Windows the same
        # option would let two programs share the port, and exclusive use is what is meant.
        if os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        elif exclusive := getattr(socket, "SO_EXCLUSIVEADDRUSE", None):
            sock.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setblocking(False)
        sock.bind((address, port))
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _cannot_bind(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"cannot listen on {address}:{port}: another program uses the port; "
            "choose another with --listen PORT"
        )
    if error.errno == errno.EACCES:
        return f"cannot listen on {address}:{port}: not permitted; choose another port over 1023"
    return f"cannot listen on {address}:{port}: {error.strerror or error}"


def _url(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if sock.family == socket.AF_INET6 else f"http://{host}:{port}"
