"""Where events go. A sink is one file here and one line in ``app.py``.

``watch`` drains the event log into each sink behind the sink's own cursor, on a thread of the
sink's own: a sink may block without holding up another or the polling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from traywatch.core.model import Recorded


class Sink(Protocol):
    """One place where events go."""

    name: str
    """The name of its cursor."""
    batch: int
    """How many events it takes at most at a time. All of a batch may be repeated after a kill."""
    sums_up: bool
    """True: it makes one of many, so that it is worth waiting a little when much is coming."""

    def start(self, seq: int, position: str, pending: Sequence[Recorded]) -> tuple[int, str]:
        """Called once before the first ``emit`` with the stored cursor and what lies after it.

        Returns the cursor as it really is: a sink that can look at what it wrote (the log file)
        moves it past records that are there already. Others return what they were given.
        """

    def emit(self, batch: Sequence[Recorded]) -> str:
        """Emit the batch; returns the position to note with its last ``seq``.

        Raises SinkError; passing ones are tried again with backoff, permanent ones passed over.
        """

    def close(self) -> None:
        """Flush and let go. Calling it twice is fine."""
