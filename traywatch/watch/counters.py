"""What happened since the start, in numbers: for ``/metrics`` and the end of a benchmark."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from traywatch.watch.look import Result


@dataclass(slots=True)
class Counters:
    """Counts up only."""

    started_at: datetime
    polls: Counter[str] = field(default_factory=Counter)
    """By result: "read", "not_modified", or the fault."""
    received_bytes: int = 0
    lateness_s: float = 0.0
    """How much later than planned the last look began."""

    def count(self, result: Result) -> None:
        """Note how a look went."""
        if result.failure is not None:
            self.polls[str(result.failure.fault)] += 1
        else:
            self.polls["not_modified" if result.not_modified else "read"] += 1
        self.received_bytes += result.received_bytes
