"""What went wrong below HTTP, in words for a person."""

from __future__ import annotations

import errno
import socket
import ssl


def of_lookup(error: OSError) -> str:
    """Why a name was not resolved."""
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return "its name cannot be looked up at the moment"
    return "its name cannot be found"


def of_connect(error: OSError) -> str:
    """Why no connection came about."""
    match error.errno:
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
