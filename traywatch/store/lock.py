"""One process a profile: a lock the system takes back when its holder dies, however it dies.

The lock is on an open file, not the file's existence: what a kill leaves behind blocks nobody. A
stopped process (SIGSTOP) still holds it. The file is never deleted, or two processes could each
hold the lock of a file of that name.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from traywatch.core.errors import StoreError

FILE_NAME: Final = "traywatch.lock"
_FAR: Final = 1 << 30
"""On Windows a locked byte cannot be read: one far behind the process id is locked."""


class ProfileBusy(StoreError):
    """Another process uses the profile."""

    def __init__(self, directory: Path, pid: int | None) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(f"traywatch is already running with the profile {directory} ({holder})")
        self.pid = pid
        """Of the holder; None where it has not said so yet."""


class ProfileLock:
    """Held from ``acquire`` to ``release``, or for the block of a ``with``."""

    def __init__(self, descriptor: int) -> None:
        """Use ``acquire``."""
        self._descriptor: int | None = descriptor

    @classmethod
    def acquire(cls, directory: Path) -> ProfileLock:
        """Take the profile, or raise ProfileBusy at once.

        The directory exists (StoreError where the lock file cannot be made in it). The lock is
        not inherited by programs this process starts: Python's descriptors are close-on-exec.
        """
        path = directory / FILE_NAME
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"{path} cannot be made: {error.strerror}") from error
        try:
            if not _try_lock(descriptor):
                raise ProfileBusy(directory, _read_pid(descriptor))
            _write_pid(descriptor)
        except BaseException as error:
            os.close(descriptor)
            if isinstance(error, OSError):
                raise StoreError(f"{path} cannot be locked: {error.strerror}") from error
            raise
        return cls(descriptor)

    def release(self) -> None:
        """Let go. Calling it twice is fine."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


def _read_pid(descriptor: int) -> int | None:
    """What the holder wrote; None between its locking and its writing."""
    text = os.read(descriptor, 32).decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() else None


def _write_pid(descriptor: int) -> None:
    """For the message of the next process. A full disk does not matter here."""
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, b"%d\n" % os.getpid())


if sys.platform == "win32":
    import ctypes
    import msvcrt

    _ERROR_LOCK_VIOLATION: Final = 33

    def _try_lock(descriptor: int) -> bool:
        """False where another process holds it. Released by the system with the descriptor.

        Not by ``msvcrt.locking``: its errno is that of the C library, and wine's (8.0) leaves there
        whatever was the last thing to fail. A lock that is held would pass for a folder without.
        """
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
        file = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor))
        if kernel32.LockFile(file, _FAR, 0, 1, 0):
            return True
        error = ctypes.get_last_error()
        if error == _ERROR_LOCK_VIOLATION:
            return False
        raise ctypes.WinError(error)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        """False where another process holds it. Released by the system with the descriptor."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
