"""The program as a person runs it: a process, the lines it prints, the signals it gets.

Nothing here sleeps: a thread reads each pipe as it fills, and everyone waits on it with a
deadline. What is printed is compared as a whole, so a line too many fails as surely as one
missing:

    program.prints("[2025-11-18 12:00:00] Product: ...")   waits, then compares all there is
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Final

import traywatch
from traywatch.demo import SUMMARY, DemoVendor, Request

ROOT: Final = Path(traywatch.__file__).resolve().parents[1]
PATIENCE_S: Final = 30.0
"""How long anything is waited for that must come: long, for the machine may be busy."""
OUT_WITHIN_S: Final = 3.0
"""How long the program may take to end once it is told to (requirement L2)."""
IN_GOOD_ORDER_S: Final = 2.0
"""Sooner than the emergency exit, which ends what hangs at its end after 2.5 s."""
NOON: Final = datetime(2025, 11, 18, 12, tzinfo=UTC)

_RECORD: Final = re.compile(
    r"\[(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] Product: (?P<product>[^\n]+)\n"
    r"Status: (?P<status_line>[^\n]+)\n\n"
)


@dataclass(frozen=True, slots=True)
class Record:
    """One printed record."""

    at: str
    product: str
    status_line: str

    def __str__(self) -> str:
        return f"[{self.at}] Product: {self.product}\nStatus: {self.status_line}\n\n"


def records_in(text: str) -> list[Record]:
    """The records of a text that must hold nothing else, not even half of one."""
    records, end = [], 0
    for found in _RECORD.finditer(text):
        assert found.start() == end, f"between the records: {text[end : found.start()]!r}"
        records.append(Record(**found.groupdict()))
        end = found.end()
    assert end == len(text), f"after the last record: {text[end:]!r}"
    return records


_HASTY: Final = """
import sys
from traywatch import running
from traywatch.cli import main
from traywatch.config import reading
from traywatch.sinks.logfile import LogFileSink
from traywatch.watch import conductor
reading.LOOPBACK_FLOOR_S = 0.1
conductor.PRUNE_S = 0.2
running.MOVE_S = 0.2
LogFileSink.__init__.__kwdefaults__.update(rotate_bytes={rotate_bytes}, kept_files=100)
sys.exit(main())
"""


def hasty_command(rotate_bytes: int) -> tuple[str, ...]:
    """Instead of ``-m traywatch``: the same program, that may ask ten times a second, tidies its
    store all the time and starts a new log file after so many bytes. None of them is dropped:
    what is counted must still be there."""
    return ("-c", _HASTY.format(rotate_bytes=rotate_bytes))


class StoppedClock:
    """A vendor's clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        """As ``timedelta`` takes it: ``move(minutes=5)``."""
        self.now += timedelta(**span)


class Output:
    """Everything that came out of a pipe, as it comes. ``newline``: how its lines end."""

    def __init__(self, pipe: IO[bytes], newline: str = "\n") -> None:
        self._pipe = pipe
        self._newline = newline
        self._got = bytearray()
        self._came = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while piece := os.read(self._pipe.fileno(), 65536):
            with self._came:
                self._got += piece
                self._came.notify_all()
        with self._came:
            self._ended = True
            self._came.notify_all()

    def wait_for(self, enough: Callable[[str], bool], timeout_s: float = PATIENCE_S) -> str:
        """Wait until the text is enough, the pipe ends or time is up; returns all there is."""
        with self._came:
            self._came.wait_for(lambda: self._ended or enough(self.text), timeout_s)
            return self.text

    def all(self) -> str:
        """Wait for the end of the pipe; returns all that came."""
        return self.wait_for(lambda _text: False)

    @property
    def text(self) -> str:
        """All that came until now."""
        with self._came:
            text = self._got.decode("utf-8", "backslashreplace")
        return text.replace(self._newline, "\n")

    def close(self) -> None:
        """Let go of a pipe whose writer is gone."""
        self._thread.join(PATIENCE_S)
        self._pipe.close()


class Program:
    """One run of ``python -m traywatch``."""

    def __init__(
        self,
        arguments: Sequence[str],
        home: Path,
        *,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = ("-m", "traywatch"),
        executable: str = sys.executable,
        newline: str = "\n",
    ) -> None:
        self._process = subprocess.Popen(
            [executable, *command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(home) | dict(environment or {}),
            cwd=home,
        )
        assert self._process.stdout
        assert self._process.stderr
        self.stdout = Output(self._process.stdout, newline)
        self.stderr = Output(self._process.stderr, newline)
        self._expected = ""

    def prints(self, *records: str) -> None:
        """These records come next, and until now nothing but what was expected before."""
        self._expected += "".join(f"{record.strip()}\n\n" for record in records)
        expected = self._expected
        printed = self.stdout.wait_for(lambda text: len(text) >= len(expected))
        assert printed == expected, self._account()

    def says(self, words: str) -> None:
        """The program's own log on stderr holds these words, sooner or later."""
        said = self.stderr.wait_for(lambda text: words in text)
        assert words in said, self._account()

    def send(self, signal_number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(signal_number)

    def kill(self) -> None:
        """``kill -9``, and wait until it is gone; twice is fine."""
        self._process.kill()
        self.wait()

    def stop(self) -> None:
        """Ask it to end, and see that it does in time, having printed nothing more."""
        self.send(signal.SIGTERM)
        self.wait(OUT_WITHIN_S)
        assert self.stdout.all() == self._expected, self._account()

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        """Its exit code; minus the signal's number where one killed it."""
        assert self.ended_within(timeout_s), f"not out after {timeout_s:g} s: {self._account()}"
        return self._process.wait()

    def ended_within(self, seconds: float) -> bool:
        """Wait so long for it to end by itself."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    @property
    def running(self) -> bool:
        """False once it has ended."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def close(self) -> None:
        """Make sure that nothing is left of it."""
        if self.running and sys.platform != "win32":
            self.send(signal.SIGCONT)
        self.kill()
        self.stdout.close()
        self.stderr.close()

    def _account(self) -> str:
        return f"\n--- stdout\n{self.stdout.text}\n--- stderr\n{self.stderr.text}"


def _environment(home: Path) -> dict[str, str]:
    """A bare one: no proxies, no settings of whoever runs the tests, no unbuffered Python."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
    return kept | {"HOME": str(home), "PYTHONPATH": str(ROOT), "NO_PROXY": "*"}


def polled_again(vendor: DemoVendor, times: int = 2) -> None:
    """Wait until the vendor has been asked so many times more for what is going on.

    Two: the first may already have been under way, the second began after the first was dealt
    with.
    """
    before = _asked_for_summary(vendor.requests)
    vendor.wait_for(lambda log: _asked_for_summary(log) >= before + times, PATIENCE_S)


def _asked_for_summary(log: Sequence[Request]) -> int:
    return sum(request.path == SUMMARY for request in log)
