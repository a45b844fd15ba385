"""A second start calls the tray that runs: who may call, and what is left behind."""

from __future__ import annotations

import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from traywatch.presence import FILE_NAME, Presence, call

SOON_S = 10.0


class Shown:
    """Counts calls; waited for, as they come on a thread."""

    def __init__(self) -> None:
        self._calls = threading.Semaphore(0)

    def __call__(self) -> None:
        self._calls.release()

    def once(self) -> bool:
        return self._calls.acquire(timeout=SOON_S)

    def never(self) -> bool:
        return not self._calls.acquire(blocking=False)


@pytest.fixture
def shown() -> Shown:
    return Shown()


def test_it_is_called_and_shows_itself_each_time(tmp_path: Path, shown: Shown) -> None:
    with Presence(tmp_path, shown):
        for holder in (os.getpid(), None):
            assert call(tmp_path, holder)
            assert shown.once()
    assert shown.never()


def test_when_it_is_gone_nobody_answers_and_nothing_is_left(tmp_path: Path, shown: Shown) -> None:
    with Presence(tmp_path, shown):
        told = (tmp_path / FILE_NAME).read_bytes()
    assert list(tmp_path.iterdir()) == []
    assert not call(tmp_path, None)
    (tmp_path / FILE_NAME).write_bytes(told)  # as a kill leaves it
    assert not call(tmp_path, os.getpid())
    assert not call(tmp_path, os.getpid() + 1)
    with Presence(tmp_path, shown):
        assert call(tmp_path, None)


def test_a_file_of_a_tray_before_this_holder_calls_nobody(tmp_path: Path, shown: Shown) -> None:
    with Presence(tmp_path, shown):
        assert not call(tmp_path, os.getpid() + 1)
        assert shown.never()


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_only_its_owner_can_read_the_token(tmp_path: Path, shown: Shown) -> None:
    (tmp_path / FILE_NAME).touch(mode=0o644)
    with Presence(tmp_path, shown):
        assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize("said", [b"", b"\n", b"guess\n", b"GET / HTTP/1.1\r\n\r\n", b"x" * 100])
def test_who_does_not_know_the_token_calls_nobody(
    tmp_path: Path, shown: Shown, said: bytes
) -> None:
    with Presence(tmp_path, shown):
        _, port, token = (tmp_path / FILE_NAME).read_bytes().split()
        assert socket_answer(int(port), said) == b""
        assert socket_answer(int(port), token[:-1] + b"\n") == b""
        assert shown.never()
        assert call(tmp_path, None), "and it can be called all the same"


def socket_answer(port: int, said: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), SOON_S) as line:
        line.sendall(said)
        line.shutdown(socket.SHUT_WR)
        try:
            return line.recv(100)
        except ConnectionResetError:  # what we said was not read to its end
            return b""


@pytest.mark.parametrize("text", ["", "1 2", "a b c", "1 99999999999 c", "1 0 c", "1 2 3 4"])
def test_whatever_the_file_holds(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    assert not call(tmp_path, None)


def test_where_the_file_cannot_be_written_it_goes_on_without(tmp_path: Path, shown: Shown) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with Presence(tmp_path, shown):
        assert not call(tmp_path, None)


def test_what_goes_wrong_when_it_shows_itself_is_logged(
    tmp_path: Path, shown: Shown, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        shown()
        raise ZeroDivisionError

    with Presence(tmp_path, fail):
        for _ in range(2):
            assert call(tmp_path, None)
            assert shown.once()
    assert "could not be shown" in caplog.text
