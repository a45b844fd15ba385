"""Which addresses are private: loopback, home and office networks, clouds' metadata.

Nothing a vendor answers may send us there (requirement: a redirect never leads into a private
address unless the configured page is itself there). Judged is the number that is connected to,
never the name: what a name resolves to can change between two look-ups.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

_NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that is really asked."""
_NAT64_LOCAL: Final = IPv6Network("64:ff9b:1::/48")
"""RFC 8215: an operator's own translation; where it leads cannot be known."""
_IPV4_COMPATIBLE: Final = IPv6Network("::/96")
"""RFC 4291, 2.5.5.1: deprecated, but some systems still unwrap it."""


def is_private(address: str) -> bool:
    """Is this IP address one that only this machine or network can reach?

    What is no address at all counts as private.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return True
    return (isinstance(ip, IPv6Address) and ip in _NAT64_LOCAL) or _is_inward(_unwrapped(ip))


def _is_inward(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv6Address) and ip.is_site_local:
        return True
    return not ip.is_global or ip.is_multicast


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64 or (ip in _IPV4_COMPATIBLE and int(ip) > 1):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)


def literal(host: str) -> str | None:
    """The address a host spells out, in any spelling a resolver knows; None: it is a name.

    ``2130706433``, ``0x7f.1`` and ``0177.0.0.1`` are all 127.0.0.1 (inet_aton(3)).
    """
    bare = host.strip("[]")
    try:
        return str(ip_address(bare))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(bare))
    except (OSError, UnicodeError, ValueError):
        return None


def is_loopback(host: str) -> bool:
    """Does the host, as it is written, mean this very machine (RFC 6761, 6.3)?"""
    address = literal(host)
    if address is not None:
        return _unwrapped(ip_address(address)).is_loopback
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def looks_private(host: str) -> bool:
    """What can be said without resolving it: a private address spelled out, or localhost."""
    address = literal(host)
    return is_loopback(host) if address is None else is_private(address)


def allowed(addresses: Iterable[str], private_ok: bool) -> list[str]:
    """Those of a host's addresses that may be connected to."""
    return [address for address in addresses if private_ok or not is_private(address)]
