"""Waking a main thread that waits inside the system, so that Python can run a signal's handler."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable


def knock_on_signals(knock: Callable[[], None]) -> None:
    """Knock for each signal from now on. On the main thread.

    Python notes a signal where it arrives and writes a byte to a socket of our choice; a main
    thread inside GetMessage or NSApplication.run does not learn of it by itself.
    https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd
    """
    ours, pythons = socket.socketpair()
    pythons.setblocking(False)
    signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)

    def wait() -> None:
        with ours, pythons:
            while ours.recv(16):
                knock()

    threading.Thread(target=wait, name="signals", daemon=True).start()
