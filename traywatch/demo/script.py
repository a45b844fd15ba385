"""A whole outage and a maintenance in about a minute, as data.

What ``--demo`` shows: a component slows down by itself, an incident is opened, gets worse, is
understood, mended and resolved; then a planned maintenance runs through its four states. Steps are
far enough apart for a page polled every second to be seen in each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from traywatch.core.model import ComponentStatus, Impact, IncidentStatus
from traywatch.demo.board import Board

PAGE_NAME: Final = "Example Cloud"
COMPONENTS: Final = ("API", "Dashboard", "Webhooks")
OUTAGE: Final = "Elevated API errors"
UPGRADE: Final = "Database upgrade"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the vendor does."""

    at_s: float
    """Seconds after the script began."""
    act: Callable[[Board], object]


def _degrade(board: Board) -> None:
    board.component("API", ComponentStatus.DEGRADED_PERFORMANCE)


def _open(board: Board) -> None:
    board.open_incident(
        OUTAGE,
        "We are investigating slow responses and a growing number of errors from the API.",
        impact=Impact.MAJOR,
        components={"API": ComponentStatus.PARTIAL_OUTAGE},
    )


def _worsen(board: Board) -> None:
    board.incident(OUTAGE).update(
        IncidentStatus.INVESTIGATING,
        "Most API requests are failing now, and the dashboard cannot load. All hands are on it.",
        impact=Impact.CRITICAL,
        components={
            "API": ComponentStatus.MAJOR_OUTAGE,
            "Dashboard": ComponentStatus.MAJOR_OUTAGE,
        },
    )


def _identify(board: Board) -> None:
    board.incident(OUTAGE).update(
        IncidentStatus.IDENTIFIED,
        "A configuration change exhausted the connection pool. We are rolling it back.",
    )


def _mend(board: Board) -> None:
    board.incident(OUTAGE).update(
        IncidentStatus.MONITORING,
        "The change is rolled back and error rates are falling. We are watching the recovery.",
        components={
            "API": ComponentStatus.DEGRADED_PERFORMANCE,
            "Dashboard": ComponentStatus.OPERATIONAL,
        },
    )


def _resolve(board: Board) -> None:
    board.incident(OUTAGE).resolve(
        "All requests have succeeded for some time. This incident is resolved."
    )


def _schedule(board: Board) -> None:
    now = board.state().updated_at
    board.schedule_maintenance(
        UPGRADE,
        "We will upgrade the database. Webhooks may be delayed meanwhile; none will be lost.",
        starts_at=now + timedelta(minutes=10),
        ends_at=now + timedelta(minutes=40),
        components=("Webhooks",),
    )


def _start(board: Board) -> None:
    board.maintenance(UPGRADE).start("The upgrade has begun.")


def _verify(board: Board) -> None:
    board.maintenance(UPGRADE).verify("The upgrade is done. We are checking that all is well.")


def _complete(board: Board) -> None:
    board.maintenance(UPGRADE).complete("The upgrade is complete.")


OUTAGE_SCRIPT: Final = (
    Step(4, _degrade),
    Step(10, _open),
    Step(17, _worsen),
    Step(25, _identify),
    Step(32, _mend),
    Step(39, _resolve),
    Step(45, _schedule),
    Step(50, _start),
    Step(55, _verify),
    Step(60, _complete),
)


def play(
    board: Board,
    pause: Callable[[float], bool],
    *,
    speed: float = 1.0,
    script: Sequence[Step] = OUTAGE_SCRIPT,
) -> bool:
    """Act the script out; ``pause(seconds)`` waits, and answers True when it is to stop early.

    ``threading.Event.wait`` is such a pause. Returns True when the script came to its end.
    """
    elapsed_s = 0.0
    for step in script:
        if pause((step.at_s - elapsed_s) / speed):
            return False
        elapsed_s = step.at_s
        step.act(board)
    return True
