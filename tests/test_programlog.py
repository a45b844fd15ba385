"""The program's own log: one line a message, no traceback on stderr, no credential anywhere."""

from __future__ import annotations

import io
import json
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from traywatch import programlog
from traywatch.core.errors import FetchError

log = logging.getLogger("traywatch.watch")
STAMP = len("2025-11-18 12:34:56 ")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("traywatch")
    before = (root.level, root.handlers[:], ours.level, threading.excepthook)
    raising = logging.raiseExceptions
    yield
    for handler in set(root.handlers) - set(before[1]):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(before[0])
    ours.setLevel(before[2])
    threading.excepthook = before[3]
    logging.captureWarnings(False)
    logging.raiseExceptions = raising


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "program.log"


def start(file: Path | None = None, level: str = "info", log_format: str = "text") -> io.StringIO:
    stream = io.StringIO()
    programlog.configure(level=level, log_format=log_format, file=file, stream=stream)
    return stream


def lines(stream: io.StringIO) -> list[str]:
    """What was written, without the times."""
    return [line[STAMP:] for line in stream.getvalue().splitlines()]


def fail_unexpectedly() -> None:
    try:
        dict[str, int]()["key"]
    except KeyError:
        log.exception("oops")


def fail_as_expected() -> None:
    try:
        raise FetchError("no answer")
    except FetchError:
        log.exception("the page")


def test_a_message_with_what_it_is_about() -> None:
    stream = start()
    log.warning("cannot be read: %s", "time-out", extra={"page": "openai", "incident": "i1"})
    log.info("calm")
    log.debug("not at this level")
    logging.getLogger("httpx").info("HTTP Request: GET ...")
    assert lines(stream) == [
        "warning watch: cannot be read: time-out [page=openai incident=i1]",
        "info watch: calm",
    ]


def test_json_lines() -> None:
    stream = start(log_format="json")
    log.error('a "b"\n', extra={"page": "p", "incident": "i", "update": "u"})
    written = json.loads(stream.getvalue())
    assert written.pop("at").endswith("Z")
    assert written == {
        "level": "error",
        "origin": "watch",
        "message": 'a "b"',
        "page": "p",
        "incident": "i",
        "update": "u",
    }


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_one_message_is_one_line_and_holds_no_credentials(log_format: str, file: Path) -> None:
    stream = start(file, log_format=log_format)
    log.error(
        "read \x1b[31m%s\nERROR forged", "https://joe:hunter2@x.example", extra={"page": "a\nb"}
    )
    for written in (stream.getvalue(), file.read_text("utf-8")):
        assert written.count("\n") == 1
        assert "hunter2" not in written
        assert "\x1b" not in written


def test_a_traceback_reaches_the_file_only_and_only_for_what_nobody_expected(file: Path) -> None:
    stream = start(file)
    fail_unexpectedly()
    fail_as_expected()
    assert lines(stream) == [
        "error watch: oops: KeyError: 'key'",
        "error watch: the page: no answer",
    ]
    written = file.read_text("utf-8")
    assert written.count("Traceback") == 1
    assert "fail_unexpectedly" in written


def test_a_traceback_in_json_is_a_field(file: Path) -> None:
    stream = start(file, log_format="json")
    fail_unexpectedly()
    assert "traceback" not in json.loads(stream.getvalue())
    assert "fail_unexpectedly" in json.loads(file.read_text("utf-8"))["traceback"]


def test_a_thread_that_dies_says_so_in_one_line(file: Path) -> None:
    stream = start(file)
    thread = threading.Thread(target=lambda: dict[str, int]()["key"], name="sink")
    thread.start()
    thread.join()
    assert lines(stream) == ["error programlog: thread sink died: KeyError: 'key'"]
    assert "Traceback" in file.read_text("utf-8")


def test_pythons_warnings_go_to_the_log() -> None:
    stream = start()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert "DeprecationWarning: old" in stream.getvalue()


def test_the_file_is_for_its_owner_only_and_rotates(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (programlog.ROTATE_BYTES, programlog.KEPT_FILES) == (5 * 1024 * 1024, 5)
    monkeypatch.setattr(programlog, "ROTATE_BYTES", 2_000)
    start(file)
    for number in range(300):
        log.info("message %d", number)
    files = sorted(file.parent.iterdir())
    assert [one.name for one in files] == ["program.log"] + [
        f"program.log.{number}" for number in range(1, 6)
    ]
    assert file.read_text("utf-8").endswith("message 299\n")
    assert all(one.stat().st_size <= 2_000 for one in files)
    if os.name == "posix":
        assert all(one.stat().st_mode & 0o077 == 0 for one in [file.parent, *files])


def test_a_file_that_cannot_be_written_is_told_once_and_stops_nothing(tmp_path: Path) -> None:
    in_the_way = tmp_path / "logs"
    in_the_way.write_text("")
    stream = start(in_the_way / "program.log")
    log.info("one")
    log.info("two")
    told = [line for line in stream.getvalue().splitlines() if "is not written" in line]
    assert len(told) == 1
    assert told[0].startswith(f"traywatch: {in_the_way / 'program.log'} is not written: ")
    assert [line for line in lines(stream) if line.startswith("info")] == [
        "info watch: one",
        "info watch: two",
    ]


def test_a_folder_that_comes_back_is_written_again(file: Path) -> None:
    file.parent.write_text("")
    start(file)
    log.info("lost")
    file.parent.unlink()
    log.info("kept")
    assert file.read_text("utf-8").endswith("info watch: kept\n")


def test_starting_anew_replaces_the_old_log(file: Path) -> None:
    first = start(file)
    second = start(level="error")
    log.info("not at this level")
    log.error("once")
    assert (lines(first), lines(second)) == ([], ["error watch: once"])
