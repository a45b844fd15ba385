"""A program under test: what it says, line by line, and what it is told."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import IO, Any


class Started:
    """One process with its input and both outputs on pipes that are always read."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.lines: list[str] = []
        """What it said on its standard output so far."""
        self.complaints: list[str] = []
        """What it said on its standard error so far."""
        pipes = ((self._process.stdout, self.lines), (self._process.stderr, self.complaints))
        self._readers = [threading.Thread(target=_read, args=pipe, daemon=True) for pipe in pipes]
        for reader in self._readers:
            reader.start()

    @property
    def said(self) -> list[Any]:
        """Its standard output, where each line is JSON."""
        return [json.loads(line) for line in self.lines]

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Has it not ended yet?"""
        return self._process.poll() is None

    def tell(self, message: object) -> None:
        """One line of JSON for its standard input."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message) + "\n")

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self, seconds: float = 5) -> int:
        """Its exit code; everything it said has been read by then."""
        code = self._process.wait(seconds)
        for reader in self._readers:
            reader.join(seconds)
        return code

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(5)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()


def _read(pipe: IO[str], into: list[str]) -> None:
    into.extend(line.rstrip("\n") for line in pipe)
