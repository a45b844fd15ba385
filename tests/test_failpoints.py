"""A failpoint kills where it is named, when it is counted, and does nothing otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from traywatch import failpoints

PASS = """
from traywatch.failpoints import hit
for number in range(3):
    print(number, flush=True)
    hit("a.b.c")
    hit("other")
"""
KILLED = -signal.SIGKILL if os.name == "posix" else 137


@pytest.mark.parametrize(
    ("armed", "printed", "exit_code"),
    [
        (None, 3, 0),
        ("", 3, 0),
        ("a.b", 3, 0),
        ("a.b.c:4", 3, 0),
        ("a.b.c", 1, KILLED),
        ("a.b.c:1", 1, KILLED),
        ("a.b.c:3", 3, KILLED),
    ],
)
def test_it_kills_at_the_counted_passage(armed: str | None, printed: int, exit_code: int) -> None:
    environment = dict(os.environ)
    environment.pop(failpoints.VARIABLE, None)
    if armed is not None:
        environment[failpoints.VARIABLE] = armed
    ended = subprocess.run(
        [sys.executable, "-c", PASS],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout.split() == [str(number) for number in range(printed)]
    assert ended.returncode == exit_code


def test_unarmed_it_is_a_function_that_does_nothing() -> None:
    if os.environ.get(failpoints.VARIABLE):
        pytest.skip("a failpoint is armed for this very run")
    assert failpoints.hit is failpoints._pass
