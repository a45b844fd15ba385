"""Records on standard output, each written whole and at once.

One record is one write past every buffer, so that a redirected output has it line by line and a
failed write leaves nothing behind that would come out later a second time. Where a full disk took
half a record, the next try writes the other half.

Standard output may be absent (a windowed program) or go away (``traywatch --console | head``):
nobody is reading any more, so that is said once and the events are passed over quietly.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Sequence
from typing import IO, Any, Final

from traywatch.core.errors import SinkError
from traywatch.core.model import Recorded
from traywatch.core.wording import record

_PASSING: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EAGAIN, errno.EWOULDBLOCK})
"""A redirected output on a full disk, a pipe set to non-blocking: what may be better next time.
Every other error means that there is nothing at the other end."""


class ConsoleSink:
    """Prints records. ``stream`` is ``sys.stdout`` or any other stream, text or binary."""

    name = "console"
    batch = 1
    sums_up = False
    """One at a time: after a kill at most one record is repeated."""

    def __init__(self, stream: IO[Any] | None) -> None:
        self._stream = stream
        self._unsent: tuple[int, bytes] = (0, b"")
        """The event whose record was begun and not ended, and what is missing of it."""

    def start(self, seq: int, position: str, pending: Sequence[Recorded]) -> tuple[int, str]:
        """What was printed cannot be looked at: the cursor stays as it is."""
        return seq, position

    def emit(self, batch: Sequence[Recorded]) -> str:
        """Print the records; there is no position to note.

        Raises SinkError: passing while the output takes nothing, permanent once when it is gone.
        """
        for recorded in batch:
            text = record(recorded.event)
            if text is not None and self._stream is not None:
                self._print(self._stream, recorded.seq, text)
        return ""

    def close(self) -> None:
        """Nothing is held back, and the stream is not ours to close."""

    def _print(self, stream: IO[Any], seq: int, text: str) -> None:
        try:
            self._write(stream, seq, text)
        except OSError as error:
            if error.errno not in _PASSING:
                raise self._gone(stream, error) from error
            raise SinkError(f"standard output takes nothing: {error.strerror}") from error
        except ValueError as error:  # "I/O operation on closed file"
            raise self._gone(stream, error) from error

    def _write(self, stream: IO[Any], seq: int, text: str) -> None:
        begun, missing = self._unsent
        if seq != begun:
            missing = text.encode(getattr(stream, "encoding", None) or "utf-8", "replace")
        write = _unbuffered(stream)
        while missing:
            self._unsent = (seq, missing)
            taken = write(missing)
            if taken is None:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            missing = missing[taken:]
        self._unsent = (seq, b"")
        stream.flush()

    def _gone(self, stream: IO[Any], error: Exception) -> SinkError:
        self._stream = None
        _point_nowhere(stream)
        return SinkError(f"standard output is gone: {error}", permanent=True)


def _unbuffered(stream: IO[Any]) -> Callable[[bytes], int | None]:
    """The write nearest to the system: it takes bytes and says how many of them it took.

    A standard output is text over a buffer over a file; with ``python -u`` text over a file.
    """
    binary = getattr(stream, "buffer", stream)
    if isinstance(binary, io.TextIOBase):  # with nothing beneath, as io.StringIO
        return lambda data: len(data) * bool(binary.write(data.decode(errors="replace")))
    write: Callable[[bytes], int | None] = getattr(binary, "raw", binary).write
    return write


def _point_nowhere(stream: IO[Any]) -> None:
    """Python flushes standard output once more at its end, and would complain of the broken pipe.

    https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass  # a stream without a file, or one closed already: nothing will be flushed
