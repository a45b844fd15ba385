"""Named points at which a test makes the process die, as a power cut or ``kill -9`` would.

Without ``TRAYWATCH_FAILPOINT`` in the environment ``hit`` does nothing. With it set to ``name``
or ``name:n`` when this module is imported, the n-th passage (from 1) of that point is the
process's last act: no cleanup, no flush, no exit handler.

May be imported by everything but ``core`` and ``platforms``. A name is ``part.act.moment`` and
is written out as a literal where it is hit: the tests find every point by reading the sources.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Final

VARIABLE: Final = "TRAYWATCH_FAILPOINT"


def _pass(name: str) -> None:
    """What ``hit`` is outside of tests."""


def _armed(spec: str) -> Callable[[str], None]:
    """``name`` or ``name:n`` -> a ``hit`` that dies at the n-th passage of that name."""
    fatal, _, count = spec.partition(":")
    left = int(count or 1)

    def hit(name: str) -> None:
        nonlocal left
        if name != fatal:
            return
        left -= 1
        if left == 0:
            _die()

    return hit


def _die() -> None:
    """End at once. Windows has no SIGKILL; ``_exit`` skips every handler there."""
    if sys.platform != "win32":
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(137)


hit: Final[Callable[[str], None]] = (
    _armed(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else _pass
)
"""Pass the named point."""
