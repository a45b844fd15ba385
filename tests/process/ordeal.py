"""A vendor that goes on publishing, a program that is killed again and again, and the account.

Every update has words and a time of its own, so each printed record belongs to exactly one update
and can be counted. In the end the log file must hold each update once, the console each at least
once and at most as many twice as there were kills.
"""

from __future__ import annotations

import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.process.harness import (
    OUT_WITHIN_S,
    PATIENCE_S,
    Program,
    Record,
    StoppedClock,
    polled_again,
    records_in,
)
from traywatch import failpoints
from traywatch.core.model import IncidentStatus
from traywatch.demo import SUMMARY, Canned, DemoVendor, Drop, IncidentHandle, Stale

_MOST_OPEN = 3
_TALK = (IncidentStatus.INVESTIGATING, IncidentStatus.IDENTIFIED, IncidentStatus.MONITORING)


@dataclass(slots=True)
class Told:
    """One published update, and every text it ever had: any of them may be printed, once."""

    at: str
    incident: str
    texts: list[str]

    def is_in(self, record: Record) -> bool:
        """Is this its record, to the byte?"""
        product = f"Example Cloud - {self.incident}"
        return any(record == Record(self.at, product, text) for text in self.texts)


@dataclass(slots=True)
class Ordeal:
    """One profile, many short lives."""

    vendor: DemoVendor
    clock: StoppedClock
    profile: Path
    start: Callable[..., Program]
    """Starts the program on the vendor's page and this profile."""
    dice: random.Random
    told: list[Told] = field(default_factory=list)
    open: list[IncidentHandle] = field(default_factory=list)
    console: str = ""
    kills: int = 0

    def begin(self) -> None:
        """The first look at a page is its baseline; from then on everything counts."""
        program = self.start()
        polled_again(self.vendor)
        program.stop()
        program.close()

    # ------------------------------------------------------------ the vendor

    def publish(self, times: int = 1) -> None:
        """Something new, or an edit, or the end of an incident that the log file knows of."""
        for _ in range(times):
            self.clock.move(seconds=1)
            act = self.dice.choice((self._open, self._update, self._update, self._edit, self._end))
            act()

    def _open(self) -> None:
        if len(self.open) >= _MOST_OPEN:
            return self._update()
        number = len(self.told)
        handle = self.vendor.open_incident(f"Outage {number}", self._words())
        self._note(handle)
        self.open.append(handle)
        return None

    def _update(self) -> None:
        if not self.open:
            return self._open()
        handle = self.dice.choice(self.open)
        self._note(handle.update(self.dice.choice(_TALK), self._words()))
        return None

    def _edit(self) -> None:
        if not self.open:
            return self._open()
        handle = self.dice.choice(self.open)
        newest = next(t for t in reversed(self.told) if t.incident == handle.now.name)
        newest.texts.append(f"{newest.texts[0]} Edited {len(newest.texts)} times.")
        handle.edit(newest.texts[-1])
        return None

    def _end(self) -> None:
        """An incident nobody saw open is in no list of open ones; it is not ours to tell of."""
        log = self._log_text()  # perhaps torn just now, or being written
        seen = [i for i in self.open if f"Product: Example Cloud - {i.now.name}\n" in log]
        if not seen:
            return self._update()
        handle = self.dice.choice(seen)
        self.open.remove(handle)
        self._note(handle.resolve(self._words()))
        return None

    def end_all(self) -> None:
        """Every open incident is over; to be called when the log file knows them all."""
        for handle in self.open:
            self.clock.move(seconds=1)
            self._note(handle.resolve(self._words()))
        self.open.clear()

    def _words(self) -> str:
        return f"Message {len(self.told)}."

    def _note(self, handle: IncidentHandle) -> None:
        update = handle.now.updates[-1]
        self.told.append(Told(f"{update.at:%Y-%m-%d %H:%M:%S}", handle.now.name, [update.body]))

    def misbehave(self) -> None:
        """Now and then an old copy, an error, a reset: what real vendors add to a kill."""
        trick = self.dice.choice((Stale(1), Stale(3), Canned(502, b"bad gateway"), Drop()))
        self.vendor.next(trick, path=SUMMARY)

    # ------------------------------------------------------------ the program

    def live_until(self, end: Callable[[Program], None], **options: object) -> Program:
        """One life: start, wait for ``end``, kill what still lives, keep what it printed."""
        program = self.start(**options)
        try:
            end(program)
        finally:
            program.close()
        self.console += program.stdout.all()
        self.kills += 1
        return program

    def kill_at_any_moment(self, program: Program) -> None:
        """Most often around the first poll, where everything happens; else anywhere."""
        if self.dice.random() < 0.2:
            program.ended_within(self.dice.uniform(0.0, 1.5))
            return
        self.vendor.wait_for(lambda log: len(log) > 0, PATIENCE_S)
        if self.dice.random() < 0.1:
            program.send(signal.SIGSTOP)
            self.publish()
            program.send(signal.SIGCONT)
        span_s = self.dice.choice((0.03, 0.1, 0.1, 1.2))
        program.ended_within(self.dice.uniform(0.0, span_s))

    def _wait_a_second(self, program: Program) -> None:
        """Long enough to come to most points, and what does not come there is killed as well."""
        program.ended_within(1.0)

    def round(self, points: Sequence[str]) -> None:
        """Publish or stay silent, start, kill: by the clock or at a point on the way."""
        if self.dice.random() < 0.1:
            self.misbehave()
        self.vendor.forget_requests()
        if self.dice.random() < 0.4:
            self.publish(self.dice.choice((1, 2, 4)))
            at = f"{self.dice.choice(points)}:{self.dice.randint(1, 3)}"
            self.live_until(self._wait_a_second, environment={failpoints.VARIABLE: at})
        else:
            self.publish(self.dice.choice((0, 0, 1, 2, 4)))
            self.live_until(self.kill_at_any_moment)

    def polite_round(self) -> None:
        """Publish, start, tell it to end whatever it is at; it must be out in time."""
        self.vendor.forget_requests()
        self.publish(self.dice.choice((1, 2, 4)))
        program = self.start()
        try:
            self.vendor.wait_for(lambda log: len(log) > 0, PATIENCE_S)
            program.ended_within(self.dice.uniform(0.0, self.dice.choice((0.02, 0.1, 1.2))))
            how, exit_code = self.dice.choice(((signal.SIGTERM, 0), (signal.SIGINT, 130)))
            program.send(how)
            assert program.wait(OUT_WITHIN_S) == exit_code
        finally:
            program.close()
        assert "Traceback" not in program.stderr.all()
        self.console += program.stdout.all()

    # ------------------------------------------------------------ the account

    def log(self) -> list[Record]:
        """The log file with its older parts, oldest record first."""
        return records_in(self._log_text())

    def _log_text(self) -> str:
        return "".join(part.read_text("utf-8") for part in self._log_parts())

    def _log_parts(self) -> Iterable[Path]:
        older = sorted(
            self.profile.glob("records.log.*"), key=lambda part: -int(part.suffix.removeprefix("."))
        )
        newest = self.profile / "records.log"
        return [*older, newest] if newest.exists() else older

    def settle(self) -> None:
        """A last life without a kill, until the vendor's silence has been polled into the log."""
        program = self.start()
        polled_again(self.vendor, 4)
        program.send(signal.SIGTERM)
        assert program.wait() == 0
        self.console += program.stdout.all()
        program.close()

    def check(self) -> str:
        """0 lost, 0 repeated in the log file; on the console repeats at most the kills.

        Returns the figures.
        """
        logged = self._times_told(self.log())
        assert not (lost := [t for t in self.told if not logged[id(t)]]), f"lost: {lost}"
        assert not (twice := [t for t in self.told if logged[id(t)] > 1]), f"repeated: {twice}"
        assert self._in_order(self.log())
        shown = self._times_told(records_in(self.console))
        assert not (unseen := [t for t in self.told if not shown[id(t)]]), f"not shown: {unseen}"
        repeats = sum(shown.values()) - len(self.told)
        assert repeats <= self.kills, f"{repeats} repeats after {self.kills} kills"
        self._check_database()
        return f"{self.kills} kills, {len(self.told)} updates, {repeats} repeated on the console"

    def _times_told(self, records: Iterable[Record]) -> Counter[int]:
        """How often each update was printed; a record that is nobody's fails."""
        by_time: dict[str, Told] = {told.at: told for told in self.told}
        counted: Counter[int] = Counter()
        for record in records:
            told = by_time.get(record.at)
            assert told is not None, f"the vendor never said: {record}"
            assert told.is_in(record), f"not the vendor's words: {record}, but {told.texts}"
            counted[id(told)] += 1
        return counted

    def _in_order(self, records: Iterable[Record]) -> bool:
        by_incident: dict[str, list[str]] = {}
        for record in records:
            by_incident.setdefault(record.product, []).append(record.at)
        return all(times == sorted(times) for times in by_incident.values())

    def _check_database(self) -> None:
        with sqlite3.connect(self.profile / "traywatch.db") as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()
