"""What went wrong, in words: with the numbers of this system, and with those of Windows."""

from __future__ import annotations

import errno
import socket

import pytest

from traywatch.fetch import words

REFUSED = "connection refused"
NO_WAY = "there is no way to its network"


class WindowsError(OSError):
    """As asyncio's loop on Windows raises it: an errno that says nothing, and Windows' own."""

    def __init__(self, winerror: int | None, number: int = errno.EINVAL) -> None:
        super().__init__(number, "what Windows calls it")
        self.winerror = winerror


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), REFUSED),
        (OSError(errno.ENETUNREACH, "unreachable"), NO_WAY),
        (OSError(errno.EMFILE, "too many"), "too many files are open"),
        (OSError(errno.EIO, "what else"), "no connection"),
        (WindowsError(1225), REFUSED),
        (WindowsError(1231), NO_WAY),
        (WindowsError(1232), NO_WAY),
        (WindowsError(10061, errno.ECONNREFUSED), REFUSED),
        (WindowsError(None, errno.ECONNREFUSED), REFUSED),
        (WindowsError(87), "no connection"),
    ],
    ids=repr,
)
def test_why_no_connection_came_about(error: OSError, said: str) -> None:
    assert words.of_connect(error) == said


def test_why_a_name_was_not_resolved() -> None:
    assert words.of_lookup(socket.gaierror(socket.EAI_NONAME, "x")) == "its name cannot be found"
    busy = words.of_lookup(socket.gaierror(socket.EAI_AGAIN, "x"))
    assert busy == "its name cannot be looked up at the moment"
