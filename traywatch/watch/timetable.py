"""Which page is due when, on the monotonic clock. No page is ever dropped from it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from traywatch.core.schedule import DOORBELL_GAP_S

NEVER = float("inf")


class Timetable:
    """Due times of pages, and of hosts that asked to be left alone. Times in seconds."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, str]] = []
        self._due: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._again: dict[str, list[float]] = {}
        self._host_until: dict[str, float] = {}

    def set(self, page_id: str, due: float) -> None:
        """The page is due then, and not at any time set before."""
        follow_up = min(self._again.get(page_id, ()), default=NEVER)
        self._put(page_id, min(due, max(follow_up, self._earliest(page_id))))

    def postpone(self, page_id: str, until: float) -> None:
        """The page may not be asked before then. Echoes that pass meanwhile sound then, as one."""
        self._again[page_id] = [max(at, until) for at in self._again.get(page_id, ())]
        self._put(page_id, until)

    def ring(self, page_id: str, now: float, *, again_after_s: Iterable[float] = ()) -> None:
        """Somebody wants to know now. At most one poll a page in DOORBELL_GAP_S.

        Echoes take the place of those of the ring before; a ring without leaves them.
        """
        if echoes := [now + wait_s for wait_s in again_after_s]:
            self._again[page_id] = echoes
        due = max(now, self._earliest(page_id))
        if due < self._due.get(page_id, NEVER):
            self._put(page_id, due)

    def started(self, page_id: str, now: float) -> float:
        """The page is being polled; it is due again once ``set`` says when.

        Returns how late that is.
        """
        self._last[page_id] = now
        late_s = now - self._due.pop(page_id, now)
        left = [at for at in self._again.get(page_id, ()) if at > now]
        self._again[page_id] = left
        return late_s

    def pause_host(self, host: str, until: float) -> None:
        """The host asked to be left alone."""
        self._host_until[host] = max(until, self._host_until.get(host, 0.0))

    def host_until(self, host: str) -> float:
        """When the host may be asked again."""
        return self._host_until.get(host, 0.0)

    def pop_due(self, now: float) -> str | None:
        """The page that has been due for longest, or None."""
        self._skip_outdated()
        if not self._heap or self._heap[0][0] > now:
            return None
        return heapq.heappop(self._heap)[1]

    def next_due(self) -> float:
        """When the next page is due; infinity when every page is being polled."""
        self._skip_outdated()
        return self._heap[0][0] if self._heap else NEVER

    def waiting(self) -> list[str]:
        """Pages that are not being polled right now, the next one first."""
        return sorted(self._due, key=self._due.__getitem__)

    def _earliest(self, page_id: str) -> float:
        return self._last.get(page_id, -NEVER) + DOORBELL_GAP_S

    def _put(self, page_id: str, due: float) -> None:
        self._due[page_id] = due
        heapq.heappush(self._heap, (due, page_id))

    def _skip_outdated(self) -> None:
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
