"""Is it them or is it us: several unrelated hosts failing together is one "offline"."""

from __future__ import annotations

from typing import Final

SEVERAL: Final = 3
"""So many hosts in a row, and none that answered, make it our own network. With fewer watched,
all of them."""


class Network:
    """Follows which hosts answer. An HTTP error is an answer."""

    def __init__(self, hosts: int) -> None:
        self._enough = min(SEVERAL, hosts)
        self._silent: dict[str, str] = {}
        self.offline = False

    def answered(self) -> bool:
        """Some host answered; returns True when that ends an offline state."""
        self._silent.clear()
        was_offline, self.offline = self.offline, False
        return was_offline

    def failed(self, host: str, reason: str) -> bool:
        """A host did not answer at all; returns True when that begins an offline state."""
        self._silent[host] = reason
        begins = not self.offline and len(self._silent) >= self._enough
        self.offline = self.offline or begins
        return begins

    @property
    def reason(self) -> str:
        """The last failure, for one line to a person."""
        return next(reversed(self._silent.values()), "")
