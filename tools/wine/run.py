"""Runs a Windows program to its end: ``python -m tools.wine.run PROGRAM ARGUMENT...``

PROGRAM ``python`` is the Windows CPython. Input is empty, both outputs come as one, and the exit
code is the program's. All by pipes: a file that was opened outside is none that Windows programs
understand as their output (wine 8: WinError 6).
"""

from __future__ import annotations

import os
import subprocess
import sys

from tools.wine import PYTHON, environment


def run(program: str, *arguments: str) -> int:
    """The exit code."""
    _start_server()
    command = ["wine", str(PYTHON) if program == "python" else program, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment(), stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT
    ) as process:
        _leave_empty(process)
        _pass_on(process)
    return process.returncode


def _start_server() -> None:
    """Without our outputs: it would hold them open, and at its end fill them with its own affairs.

    It fails where there is one already, and ends by itself soon after the last program.
    """
    quiet = subprocess.DEVNULL
    subprocess.run(["wineserver"], env=environment(), stdout=quiet, stderr=quiet, check=False)


def _leave_empty(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()


def _pass_on(process: subprocess.Popen[bytes]) -> None:
    """As it comes, not by lines: a test run shows a dot at a time."""
    while process.stdout and (piece := os.read(process.stdout.fileno(), 65536)):
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
