"""One process a profile. The other process is a real one: it holds, is killed, is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from traywatch.core.errors import StoreError
from traywatch.store.lock import FILE_NAME, ProfileBusy, ProfileLock

posix = pytest.mark.skipif(os.name != "posix", reason="there are no such signals on Windows")

HOLD = """
import subprocess, sys
from pathlib import Path
from traywatch.store.lock import ProfileLock
lock = ProfileLock.acquire(Path(sys.argv[1]))
if "child" in sys.argv:
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False
    )
    print(child.pid, flush=True)
else:
    print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(directory: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the profile until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_second_one_is_told_who_holds_it(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        assert first_line(other) == "held"
        with pytest.raises(ProfileBusy, match=f"already running .*process {other.pid}") as busy:
            ProfileLock.acquire(tmp_path)
        assert busy.value.pid == other.pid
        assert isinstance(busy.value, StoreError)


def test_a_holder_that_ends_in_order_leaves_it_free(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        first_line(other)
        other.communicate(timeout=30)
    ProfileLock.acquire(tmp_path).release()


def test_a_holder_that_was_killed_leaves_it_free(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        first_line(other)
        other.kill()
        other.wait(30)
    assert (tmp_path / FILE_NAME).read_text() == f"{other.pid}\n"
    ProfileLock.acquire(tmp_path).release()


@posix
def test_a_holder_that_is_stopped_still_holds_it(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        first_line(other)
        other.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, other.pid, os.WSTOPPED)
        with pytest.raises(ProfileBusy):
            ProfileLock.acquire(tmp_path)
        other.send_signal(signal.SIGCONT)


@posix
def test_programs_the_holder_started_do_not_hold_it_after_its_end(tmp_path: Path) -> None:
    with holder(tmp_path, "child") as other:
        child = int(first_line(other))
        other.kill()
        other.wait(30)
        try:
            os.kill(child, 0)  # it lives
            ProfileLock.acquire(tmp_path).release()
        finally:
            os.kill(child, signal.SIGKILL)


def test_within_one_process_it_is_held_once_and_released_at_the_end_of_the_block(
    tmp_path: Path,
) -> None:
    with ProfileLock.acquire(tmp_path) as lock:
        with pytest.raises(ProfileBusy) as busy:
            ProfileLock.acquire(tmp_path)
        assert busy.value.pid == os.getpid()
    lock.release()
    ProfileLock.acquire(tmp_path).release()


def test_a_holder_that_has_not_said_who_it_is_is_another_process(tmp_path: Path) -> None:
    with ProfileLock.acquire(tmp_path):
        (tmp_path / FILE_NAME).write_bytes(b"\xff what")
        with pytest.raises(ProfileBusy, match=r"\(another process\)") as busy:
            ProfileLock.acquire(tmp_path)
        assert busy.value.pid is None


def test_nonsense_in_the_file_blocks_nobody(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"4711 and more\n" * 100)
    with ProfileLock.acquire(tmp_path):
        assert (tmp_path / FILE_NAME).read_text() == f"{os.getpid()}\n"
    assert (tmp_path / FILE_NAME).read_text() == ""


def test_where_the_file_cannot_be_made_it_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"traywatch\.lock cannot be made: No such file"):
        ProfileLock.acquire(tmp_path / "nowhere")


@posix
def test_it_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with ProfileLock.acquire(tmp_path):
            assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)
