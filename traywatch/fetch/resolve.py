"""Names to numbers."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from traywatch.fetch.aside import Aside

Resolver = Callable[[str], Awaitable[Sequence[str]]]
"""A host's name to its IP addresses, best first. Raises OSError."""


class SystemResolver:
    """The Resolver that asks the operating system."""

    def __init__(self, aside: Aside) -> None:
        self._aside = aside

    async def __call__(self, host: str) -> Sequence[str]:
        """See Resolver."""
        return await self._aside(partial(_getaddrinfo, host))


def _getaddrinfo(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except ValueError as error:  # UnicodeError: a label of more than 63 characters
        raise OSError(str(error)) from error
    return list(dict.fromkeys(str(where[0]) for *_, where in found))
