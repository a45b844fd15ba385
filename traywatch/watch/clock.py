"""Time and dice as arguments, so that tests turn them by hand."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the conductor gets time and chance from."""

    now: Callable[[], datetime] = _utc_now
    """The wall clock: what people read. It may be wrong and may jump."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds that only go forward: what schedules are made of."""
    dice: Callable[[], float] = random.random
    """Uniform in [0, 1)."""
