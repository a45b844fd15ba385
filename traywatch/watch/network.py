"""Is it them or is it us: several unrelated hosts failing together is one "offline"."""

from __future__ import annotations

from typing import Final

SEVERAL: Final = 3
"""So many hosts in a row, and none that answered, make it our own network. With fewer watched,
all of them."""


class Network:
    """Follows which hosts answer. An HTTP error is an answer, and so is taking a connection.

    A host that failed while another answered is known to be dead: until it answers again, its
    silence says nothing about our network.
    """

    def __init__(self, hosts: int) -> None:
        self._hosts = hosts
        self._silent: dict[str, str] = {}
        """Those that failed since the last answer of any, and why."""
        self.offline = False
        self.dead: frozenset[str] = frozenset()
        """Those that failed when last asked, and another answered since."""

    def answered(self, host: str) -> bool:
        """This host answered; returns True when that ends an offline state."""
        self.dead = (self.dead | self._silent.keys()) - {host}
        self._silent.clear()
        was_offline, self.offline = self.offline, False
        return was_offline

    def failed(self, host: str, reason: str) -> bool:
        """A host did not answer at all; returns True when that begins an offline state."""
        self._silent[host] = reason
        begins = not self.offline and self._is_us()
        self.offline = self.offline or begins
        return begins

    def _is_us(self) -> bool:
        """Several are silent, and several of those that were well: else dead ones among few pages
        would make it us time and again, as often as chance has them asked one after another."""
        alive, fell_silent = self._hosts - len(self.dead), self._silent.keys() - self.dead
        enough = len(self._silent) >= min(SEVERAL, self._hosts)
        return enough and len(fell_silent) >= min(SEVERAL, alive)

    @property
    def reason(self) -> str:
        """The last failure, for one line to a person."""
        return next(reversed(self._silent.values()), "")
