"""What can go wrong, one tree:

TraywatchError
├── ConfigError   the person's settings; carries every fault found
├── FetchError    no reply: network, TLS, HTTP error, a reply over the limits
├── FormatError   a reply that is no status page we can read
├── StoreError    the profile's database
│   └── StoreLocked  another program holds it
├── SinkError     a place where lines or toasts go
├── ListenError   the local HTTP server could not be started
└── AutostartError  the system's list of what starts at login

Every message is one line for a person: it names the place and, where there is one, the way out.
"""

from __future__ import annotations

from collections.abc import Sequence

from traywatch.core.model import Fault


class TraywatchError(Exception):
    """The root: catching it catches everything traywatch raises on purpose."""


class ConfigError(TraywatchError):
    """The settings are wrong. ``faults`` holds one line for each of them."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class FetchError(TraywatchError):
    """There is no reply to read."""

    def __init__(
        self,
        reason: str,
        *,
        fault: Fault = Fault.UNREACHABLE,
        http_status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.fault = fault
        self.http_status = http_status
        self.retry_after_s = retry_after_s
        """What the vendor asked for, in seconds from now, not yet clamped."""


class FormatError(TraywatchError):
    """The bytes are no document of this platform; the message says where it went wrong."""


class StoreError(TraywatchError):
    """The store did not take or give something. Nothing was half done."""


class StoreLocked(StoreError):
    """Another program holds the store, for the moment."""


class SinkError(TraywatchError):
    """A sink could not emit. Passing unless ``permanent``."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent
        """True: trying this event again is no use; it is reported and passed over."""


class ListenError(TraywatchError):
    """The listener cannot listen where it was asked to: the port is taken, the host is not ours."""


class AutostartError(TraywatchError):
    """What starts at login could not be read or changed, or this program cannot be started so."""
