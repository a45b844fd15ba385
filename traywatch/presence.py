"""A running tray can be called: a second start has it show itself, and ends.

    the first                                          the second
    holds the profile's lock                           finds it held
    waits on a port of the loopback device             reads the file, connects,
    writes process id, port and token into a file      sends the token
    shows itself, says "here"                          ends well

A loopback port because the three systems have nothing simpler in common. What holds true: only who
can read the profile knows the token, so that no other person on this machine, and no page in a
browser, can call; and the file of a process that is gone calls nobody.
"""

from __future__ import annotations

import hmac
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

log = logging.getLogger(__name__)

FILE_NAME: Final = "traywatch.call"
ANSWER_S: Final = 2.0
"""How long either side waits for the other."""

_LOOPBACK: Final = "127.0.0.1"
_HERE: Final = b"here\n"
_TOKEN_BYTES: Final = 16


LAST_ANSWER_S: Final = 0.2
"""How long an answer that is being given may take at the end."""


class Presence:
    """Can be called for the block of a ``with``. ``on_call`` runs on a thread of its own.

    Where the file cannot be written, or a port cannot be had, nobody can call; that is all.
    """

    def __init__(self, folder: Path, on_call: Callable[[], None]) -> None:
        self._file = folder / FILE_NAME
        self._thread: threading.Thread | None = None
        self._on_call = on_call
        self._token = secrets.token_hex(_TOKEN_BYTES).encode()
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        try:
            self._socket = socket.create_server((_LOOPBACK, 0))
            self._write(self._socket.getsockname()[1])
        except OSError as error:
            log.debug("a second start cannot call: %s", error)
        else:
            self._thread = threading.Thread(
                target=self._answer, args=(self._socket,), name="presence", daemon=True
            )
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._file.unlink()
        if self._socket is not None:
            with suppress(OSError):  # wakes the thread; elsewhere than on Linux closing does
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
        if self._thread is not None:
            self._thread.join(LAST_ANSWER_S)

    def _write(self, port: int) -> None:
        """For its owner's eyes only, from the start."""
        with suppress(FileNotFoundError):
            self._file.unlink()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(self._file, flags, 0o600), "wb") as file:
            file.write(b"%d %d %s\n" % (os.getpid(), port, self._token))

    def _answer(self, listening: socket.socket) -> None:
        while True:
            try:
                caller, _ = listening.accept()
            except OSError:  # closed: the end
                return
            with caller, suppress(OSError):
                caller.settimeout(ANSWER_S)
                said = _read_line(caller)
                if not hmac.compare_digest(said, self._token):
                    continue
                caller.sendall(_HERE)
            self._show()

    def _show(self) -> None:
        try:
            self._on_call()
        except Exception:
            log.exception("a second start called, and it could not be shown")


def call(folder: Path, holder: int | None) -> bool:
    """Have the tray that uses the profile show itself; False where nobody answers.

    ``holder`` is the process that holds the profile's lock, if it is known: a file that another
    process wrote is of a tray that is gone.
    """
    try:
        pid, port, token = (folder / FILE_NAME).read_bytes().split()
        if holder is not None and int(pid) != holder:
            return False
        with socket.create_connection((_LOOPBACK, int(port)), ANSWER_S) as line:
            line.sendall(token + b"\n")
            return _read_line(line) == _HERE.strip()
    except (OSError, ValueError, OverflowError):  # gone, damaged, no answer
        return False


def _read_line(connection: socket.socket) -> bytes:
    """What comes before a line's end, or before too much or too little comes."""
    said = b""
    while not said.endswith(b"\n") and len(said) < 3 * _TOKEN_BYTES:
        if not (more := connection.recv(3 * _TOKEN_BYTES)):
            break
        said += more
    return said.strip()
