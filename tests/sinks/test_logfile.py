"""Each record once in the log file: kills between any two bytes, full disks, rotations, strangers.

``Disk`` stands between the sink and the system. It counts what is done to the disk, one for each
byte and each other act, and ends the process (``Killed``) or the room (ENOSPC) at a given count.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traywatch.core.errors import SinkError
from traywatch.core.model import (
    Impact,
    IncidentEdited,
    IncidentNews,
    IncidentOpened,
    IncidentStatus,
    Recorded,
)
from traywatch.core.wording import record
from traywatch.sinks import logfile
from traywatch.sinks.logfile import KEPT_FILES, ROTATE_BYTES, LogFileSink

AT = datetime(2025, 11, 18, 12, 34, 56, tzinfo=UTC)
NEVER = 10**9


class Killed(BaseException):
    """The process ends here: nothing that handles an error runs."""


class Disk:
    """``os`` for the sink. What is not named here is the system's own."""

    def __init__(self, acts: int = NEVER, room: int = NEVER) -> None:
        self.acts = acts
        self.room = room
        self.done: list[str] = []
        self.broken: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def write(self, fd: int, data: memoryview) -> int:
        self._refuse("write")
        taken = min(len(data), self.room, 7)  # systems may take a part
        if not taken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.write(fd, data[: min(taken, self.acts)])
        self._act("write", taken)
        self.room -= taken
        return taken

    def open(self, path: Path, *how: int) -> int:
        self._act("open")
        return os.open(path, *how)

    def ftruncate(self, fd: int, size: int) -> None:
        self._act("ftruncate")
        self.room += os.fstat(fd).st_size - size
        os.ftruncate(fd, size)

    def fsync(self, fd: int) -> None:
        self._act("fsync")

    def replace(self, old: Path, new: Path) -> None:
        self._act("replace")
        os.replace(old, new)

    def _act(self, name: str, cost: int = 1) -> None:
        self._refuse(name)
        if self.acts < cost:
            raise Killed
        self.acts -= cost
        self.done.append(name)

    def _refuse(self, name: str) -> None:
        if name in self.broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


@contextmanager
def on(disk: Disk) -> Iterator[Disk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logfile, "os", disk)
        yield disk


def news(body: str, kind: type[IncidentNews] = IncidentOpened) -> IncidentNews:
    return kind(
        page_id="p",
        page_name="P",
        at=AT,
        incident_id="i",
        incident_name="Errors",
        incident_status=IncidentStatus.INVESTIGATING,
        impact=Impact.MINOR,
        body=body,
    )


def logged(*bodies: str | None) -> list[Recorded]:
    """The event log: a body is a record, None an event that is not printed."""
    events = (news("x", IncidentEdited) if body is None else news(body) for body in bodies)
    return [Recorded(seq, AT, event) for seq, event in enumerate(events, start=1)]


def texts(log: Sequence[Recorded]) -> str:
    return "".join(record(recorded.event) or "" for recorded in log)


def content(path: Path) -> str:
    """All files, oldest first."""
    older = sorted(path.parent.glob(f"{path.name}.*"), key=lambda p: -int(p.suffix[1:]))
    return "".join(p.read_text("utf-8") for p in (*older, path) if p.exists())


class Profile:
    """The event log, the file, and the cursor as the store has it: moved after each emit."""

    def __init__(self, path: Path, log: Sequence[Recorded], rotate_bytes: int = NEVER) -> None:
        self.path = path
        self.log = log
        self.rotate_bytes = rotate_bytes
        self.cursors = [(0, "")]

    def run(self, disk: Disk, batches: Sequence[int] = (), lag: int = 0) -> None:
        """Start, and emit until the log is level or the process is killed.

        lag: so many moves of the cursor never reached the disk.
        """
        del self.cursors[max(1, len(self.cursors) - lag) :]
        sink = LogFileSink(self.path, rotate_bytes=self.rotate_bytes, kept_files=99)
        sizes = iter(batches)
        with on(disk):
            try:
                seq, position = self.cursors[-1]
                self.cursors.append(sink.start(seq, position, self.log[seq:]))
                while (seq := self.cursors[-1][0]) < len(self.log):
                    batch = self.log[seq:][: next(sizes, sink.batch)]
                    self.cursors.append((batch[-1].seq, sink.emit(batch)))
            except Killed:
                pass

    @property
    def written(self) -> str:
        return content(self.path)


def position_at_the_end(path: Path) -> str:
    written = path.read_bytes()
    return f"{len(written)}:{crc32(written[-64:]):08x}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "records.log"


# ------------------------------------------------------------------ the plain way


def test_records_stand_in_the_file_as_on_the_console(path: Path) -> None:
    log = logged("one", None, "zwei ü 🔥")
    sink = LogFileSink(path)
    assert sink.start(0, "", log) == (0, "0:00000000")
    assert sink.emit(log) == position_at_the_end(path)
    assert path.read_bytes() == texts(log).encode()
    sink.close()
    sink.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_only_the_owner_can_read_it(path: Path) -> None:
    LogFileSink(path).emit(logged("one"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="Windows syncs names in folders by itself")
def test_what_is_written_is_synced_before_the_cursor_may_move(path: Path) -> None:
    with on(Disk()) as disk:
        LogFileSink(path).emit(logged("one", "two"))
    assert disk.done[-3:] == ["fsync", "open", "fsync"], "the file, then its name in the folder"
    with on(Disk()) as disk:
        LogFileSink(path).emit(logged("three"))
    assert disk.done[-2:] == ["write", "fsync"]


def test_nothing_to_print_touches_nothing(path: Path) -> None:
    assert LogFileSink(path).emit(logged(None)) == "0:00000000"
    assert not path.parent.exists()


# ------------------------------------------------------------------ kills

STORY = logged("one", "two, longer", None, "drei ü", "four", None, "five")
BATCHES = (1, 3, 2, 1)


def acts_of(rotate_bytes: int) -> int:
    """How many acts the whole story takes."""
    with TemporaryDirectory() as folder:
        disk = Disk()
        Profile(Path(folder) / "l", STORY, rotate_bytes).run(disk, BATCHES)
        return NEVER - disk.acts


@pytest.mark.parametrize("rotate_bytes", [NEVER, 150, 1])
def test_a_kill_between_any_two_bytes_neither_loses_nor_repeats(rotate_bytes: int) -> None:
    for acts in range(acts_of(rotate_bytes)):
        with TemporaryDirectory() as folder:
            profile = Profile(Path(folder) / "logs" / "l", STORY, rotate_bytes)
            profile.run(Disk(acts), BATCHES)
            profile.run(Disk())
            assert profile.written == texts(STORY), f"killed after {acts} acts"


UNIQUE = st.integers(1, 12).map(
    lambda n: logged(*(None if i % 5 == 3 else f"{i} {'ü' * (i * 7 % 40)}" for i in range(n)))
)
REPETITIVE = st.lists(st.sampled_from(["a", "b", "a\n\nb", None]), min_size=1, max_size=12).map(
    lambda bodies: logged(*bodies)
)
RUNS = st.lists(
    st.tuples(st.integers(0, 400), st.lists(st.integers(1, 5), max_size=12), st.integers(0, 3)),
    max_size=5,
)


def holds(log: Sequence[Recorded], rotate_bytes: int, runs: Any) -> None:
    with TemporaryDirectory() as folder:
        profile = Profile(Path(folder) / "l", log, rotate_bytes)
        for acts, batches, lag in runs:
            profile.run(Disk(acts), batches, lag)
        profile.run(Disk())
        assert profile.written == texts(log)
        assert profile.cursors[-1][0] == len(log)


@settings(max_examples=300, deadline=None)
@given(UNIQUE, st.sampled_from([1, 100, 300, 1000, NEVER]), RUNS)
def test_any_kills_any_batches_and_cursors_left_behind(
    log: Sequence[Recorded], rotate_bytes: int, runs: Any
) -> None:
    holds(log, rotate_bytes, runs)


@settings(max_examples=200, deadline=None)
@given(REPETITIVE, RUNS)
def test_records_that_read_the_same_are_each_written_once(
    log: Sequence[Recorded], runs: Any
) -> None:
    holds(log, NEVER, runs)


@pytest.mark.parametrize("tail", [b"\0", b"\0" * 4096, b"[2025-11-18 12:34:5" + b"\0" * 99])
def test_a_power_cut_may_leave_zeros_where_a_record_was_being_written(
    path: Path, tail: bytes
) -> None:
    profile = Profile(path, logged("one"))
    profile.run(Disk())
    with path.open("ab") as file:
        file.write(tail)
    profile.log = logged("one", "two")
    profile.run(Disk())
    assert profile.written == texts(profile.log)


# ------------------------------------------------------------------ rotation


def test_the_file_rotates_before_it_grows_too_large_and_the_oldest_is_dropped(path: Path) -> None:
    log = logged(*map(str, range(10)))
    size = len(texts(log[:1]))
    sink = LogFileSink(path, rotate_bytes=2 * size, kept_files=3)
    for recorded in log:
        sink.emit([recorded])
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "records.log",
        "records.log.1",
        "records.log.2",
        "records.log.3",
    ]
    assert content(path) == texts(log[2:])
    assert {p.stat().st_size for p in path.parent.iterdir()} == {2 * size}


def test_a_rotation_that_was_interrupted_drops_no_more_than_the_oldest(path: Path) -> None:
    log = logged(*map(str, range(5)))
    for acts in range(100):
        sink = LogFileSink(path, rotate_bytes=1, kept_files=3)
        for recorded in log[:4]:
            position = sink.emit([recorded])
        with on(Disk(acts)), suppress(Killed):
            sink.emit(log[4:])
        again = LogFileSink(path, rotate_bytes=1, kept_files=3)
        seq, _ = again.start(4, position, log[4:])
        again.emit(log[seq:])
        assert content(path) == texts(log[1:])
        rmtree(path.parent)


def test_by_default_a_file_may_have_five_mebibytes_and_five_are_kept(path: Path) -> None:
    assert (ROTATE_BYTES, KEPT_FILES) == (5 * 1024 * 1024, 5)
    log = logged("one", "two")
    room = len(texts(log[:1]))
    path.parent.mkdir()
    path.write_bytes(b"x" * (ROTATE_BYTES - room))
    sink = LogFileSink(path)
    sink.start(0, position_at_the_end(path), [])
    sink.emit(log[:1])
    assert path.stat().st_size == ROTATE_BYTES
    sink.emit(log[1:])
    assert path.read_text("utf-8") == texts(log[1:])


def test_a_file_that_cannot_be_renamed_grows_and_is_rotated_later(path: Path) -> None:
    log = logged("one", "two", "three")
    sink = LogFileSink(path, rotate_bytes=1)
    with on(Disk()) as disk:
        disk.broken = {"replace"}
        sink.emit(log[:1])
        sink.emit(log[1:2])
        assert path.read_text("utf-8") == texts(log[:2])
        disk.broken = set()
        sink.emit(log[2:])
    assert path.read_text("utf-8") == texts(log[2:])
    assert content(path) == texts(log)


# ------------------------------------------------------------------ bad storage


@pytest.mark.parametrize("room", [0, 1, 30, 61, 90, 160])
def test_a_full_disk_is_passing_and_leaves_no_half_record(path: Path, room: int) -> None:
    log = logged("zero", "one", "two", "three")
    sink = LogFileSink(path)
    sink.emit(log[:1])
    with on(Disk(room=room)) as disk:
        for _ in range(2):
            with pytest.raises(SinkError, match=r"records\.log: No space left") as failed:
                sink.emit(log[1:])
            assert not failed.value.permanent
            assert content(path) == texts(log[:1])
        disk.room = NEVER
        sink.emit(log[1:])
    assert content(path) == texts(log)


@pytest.mark.parametrize("room", [0, 1, 30, 61, 90, 160])
def test_half_a_record_that_cannot_be_taken_back_is_ended_later(path: Path, room: int) -> None:
    log = logged("one", "two", "three")
    sink = LogFileSink(path)
    with on(Disk(room=room)) as disk:
        disk.broken = {"ftruncate"}
        for _ in range(2):
            with pytest.raises(SinkError):
                sink.emit(log)
        disk.broken = set()
        disk.room = NEVER
        sink.emit(log)
    assert content(path) == texts(log)


@pytest.mark.parametrize("broken", ["open", "write", "fsync"])
def test_any_other_failure_is_passing_too(path: Path, broken: str) -> None:
    log = logged("one", "two")
    sink = LogFileSink(path)
    with on(Disk()) as disk:
        sink.emit(log[:1])
        disk.broken = {broken}
        with pytest.raises(SinkError, match="Input/output error"):
            sink.emit(log[1:])
        disk.broken = set()
        sink.emit(log[1:])
    assert content(path) == texts(log)


def test_a_folder_that_vanishes_is_made_anew(path: Path) -> None:
    log = logged("one", "two")
    sink = LogFileSink(path)
    sink.emit(log[:1])
    path.unlink()
    path.parent.rmdir()
    sink.emit(log[1:])
    assert content(path) == texts(log[1:])


def test_a_file_taken_away_by_another_program_is_begun_anew(path: Path) -> None:
    log = logged("one", "two")
    sink = LogFileSink(path)
    sink.emit(log[:1])
    path.rename(path.with_name("elsewhere"))
    sink.emit(log[1:])
    assert content(path) == texts(log[1:])


def test_a_folder_that_is_none_is_passing(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    sink = LogFileSink(tmp_path / "logs" / "records.log")
    attempts: list[Callable[[], object]] = [
        lambda: sink.start(0, "", []),
        lambda: sink.emit(logged("one")),
    ]
    if sys.platform == "win32":  # which says that there is no file yet, as before the first record
        assert attempts.pop(0)() == (0, "0:00000000")
    for attempt in attempts:
        with pytest.raises(SinkError) as failed:
            attempt()
        assert not failed.value.permanent


# ------------------------------------------------------------------ what is not ours


@pytest.mark.parametrize("note", ["my note", "my note\n", "[2025", "\n\n\n"])
def test_a_strangers_text_is_left_and_the_next_record_begins_on_its_own_line(
    path: Path, note: str
) -> None:
    log = logged("one", "two")
    first, second = texts(log[:1]), texts(log[1:])
    for killed_after in range(150):
        profile = Profile(path, log[:1])
        profile.run(Disk())
        with path.open("a", newline="") as file:
            file.write(note)
        profile.log = log
        profile.run(Disk(killed_after))
        profile.run(Disk())
        kept = "" if note == "[2025" else note if note.endswith("\n") else note + "\n"
        assert profile.written == first + kept + second
        path.unlink()


def test_a_new_database_does_not_repeat_what_the_file_has(path: Path) -> None:
    log = logged("one", "two", "three")
    Profile(path, log[:2]).run(Disk())
    anew = Profile(path, log)
    anew.run(Disk())
    assert anew.written == texts(log)


def test_a_note_that_makes_no_sense_is_none(path: Path) -> None:
    log = logged("one", "two")
    for position in ("", "x", "-1:00000000", "12", "9" * 40 + ":00000000", "500:deadbeef"):
        LogFileSink(path).start(0, position, log)
        Profile(path, log).run(Disk())
    assert content(path) == texts(log)
