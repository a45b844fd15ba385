"""What went wrong below HTTP, in words for a person."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Mapping
from typing import Final

_OF_WINDOWS: Final[Mapping[int, int]] = {
    1225: errno.ECONNREFUSED,  # ERROR_CONNECTION_REFUSED
    1231: errno.ENETUNREACH,  # ERROR_NETWORK_UNREACHABLE
    1232: errno.EHOSTUNREACH,  # ERROR_HOST_UNREACHABLE
}
"""What ConnectEx ends with, for which Python knows no errno and says EINVAL.

https://learn.microsoft.com/windows/win32/debug/system-error-codes--1000-1299-
"""


def of_lookup(error: OSError) -> str:
    """Why a name was not resolved."""
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return "its name cannot be looked up at the moment"
    return "its name cannot be found"


def of_connect(error: OSError) -> str:
    """Why no connection came about."""
    number = getattr(error, "winerror", None)  # elsewhere it has none
    match _OF_WINDOWS.get(number or 0) or error.errno:
        case errno.ECONNREFUSED:
            return "connection refused"
        case errno.ENETUNREACH | errno.EHOSTUNREACH | errno.EADDRNOTAVAIL:
            return "there is no way to its network"
        case errno.EMFILE | errno.ENFILE:
            return "too many files are open"
        case _:
            return "no connection"


def of_tls(error: OSError) -> str:
    """Why a connection could not be made secure."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}".rstrip(": ")
    if isinstance(error, ssl.SSLError):
        return "no secure connection can be agreed on"
    return "the connection broke off"


def of_proxied(error: BaseException) -> str:
    """Why there is no connection through a proxy; the reason lies somewhere below ``error``."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, ssl.SSLError):
            return of_tls(below)
        below = below.__cause__ or below.__context__
    return "no connection through the proxy"
