"""Records on a standard output that is whole, foreign, full, gone or was never there."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from traywatch.core.errors import SinkError
from traywatch.core.model import (
    Event,
    Impact,
    IncidentEdited,
    IncidentNews,
    IncidentOpened,
    IncidentStatus,
    Recorded,
)
from traywatch.sinks.console import ConsoleSink

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

AT = datetime(2025, 11, 18, 12, 34, 56, tzinfo=UTC)


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


def text(body: str) -> str:
    return f"[2025-11-18 12:34:56] Product: P - Errors\nStatus: {body}\n\n"


def log(*events: Event) -> list[Recorded]:
    return [Recorded(seq, AT, event) for seq, event in enumerate(events, start=1)]


class Scripted(io.RawIOBase):
    """A file that takes as many bytes at each write as its script says, or fails."""

    def __init__(self, *script: int | OSError | None) -> None:
        super().__init__()
        self.script = list(script)
        self.taken: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer, /) -> int | None:
        step = self.script.pop(0) if self.script else len(bytes(data))
        if isinstance(step, OSError):
            raise step
        if step is not None:
            self.taken.append(bytes(data)[:step])
        return step


def standard_output(raw: Scripted) -> io.TextIOWrapper:
    buffered: Any = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffered, encoding="utf-8", newline="\r\n")


def test_each_record_is_one_write_past_every_buffer() -> None:
    raw = Scripted()
    sink = ConsoleSink(standard_output(raw))
    assert sink.emit(log(news("one"))) == ""
    assert sink.emit(log(news("edited", IncidentEdited), news("zwei ü 🔥"))) == ""
    assert raw.taken == [text("one").encode(), text("zwei ü 🔥").encode()]


def test_bytes_text_and_captured_text_are_streams_too() -> None:
    for stream in (io.BytesIO(), io.StringIO()):
        ConsoleSink(stream).emit(log(news("ü")))
        printed = stream.getvalue()
        assert (printed.decode() if isinstance(printed, bytes) else printed) == text("ü")


@pytest.mark.parametrize(
    ("encoding", "shown"), [("cp1252", "Zür? ?"), ("ascii", "Z?r? ?"), ("utf-8", "Zürł 🔥")]
)
def test_a_terminal_of_another_kind_gets_what_it_can_show(encoding: str, shown: str) -> None:
    stdout = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    ConsoleSink(stdout).emit(log(news("Zürł 🔥")))
    stdout.seek(0)
    assert stdout.read() == text(shown)


def test_without_a_standard_output_nothing_is_said() -> None:
    sink = ConsoleSink(None)
    assert sink.start(7, "", log(news("one"))) == (7, "")
    assert sink.emit(log(news("one"))) == ""
    sink.close()
    sink.close()


# ------------------------------------------------------------------ gone


def test_a_reader_that_left_is_reported_once_and_then_passed_over() -> None:
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8") as stdout:
        sink = ConsoleSink(stdout)
        os.close(reading)
        with pytest.raises(SinkError, match="standard output is gone") as failed:
            sink.emit(log(news("one")))
        assert failed.value.permanent
        assert sink.emit(log(news("two"))) == ""


def test_a_closed_stream_is_gone() -> None:
    stdout = io.StringIO()
    stdout.close()
    sink = ConsoleSink(stdout)
    with pytest.raises(SinkError, match="closed file") as failed:
        sink.emit(log(news("one")))
    assert failed.value.permanent
    assert sink.emit(log(news("two"))) == ""


def test_a_program_whose_reader_left_ends_without_a_complaint() -> None:
    program = (
        "import sys, datetime\n"
        "from traywatch.core.errors import SinkError\n"
        "from traywatch.core.model import ComponentChanged, ComponentStatus, Recorded\n"
        "from traywatch.sinks.console import ConsoleSink\n"
        "at = datetime.datetime(2025, 11, 18, tzinfo=datetime.UTC)\n"
        "event = ComponentChanged(page_id='p', page_name='P', at=at, components=(),\n"
        "                         new=ComponentStatus.OPERATIONAL, old=None)\n"
        "sys.stdout.write('left in the buffer')\n"
        "sys.stdin.read()\n"
        "try:\n"
        "    ConsoleSink(sys.stdout).emit([Recorded(1, at, event)])\n"
        "except SinkError as error:\n"
        "    print(error, file=sys.stderr)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-E", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.close()
    child.stdout = None
    _, said = child.communicate(b"", timeout=30)
    assert child.returncode == 0, said
    assert len(said.splitlines()) == 1
    assert said.startswith(b"standard output is gone: ")


# ------------------------------------------------------------------ full


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_is_passing_and_leaves_nothing_in_a_buffer() -> None:
    with open("/dev/full", "w", encoding="utf-8") as stdout:
        with pytest.raises(SinkError, match="No space left") as failed:
            ConsoleSink(stdout).emit(log(news("one")))
        assert not failed.value.permanent


@pytest.mark.parametrize("refusal", [OSError(errno.ENOSPC, "No space left on device"), None])
def test_half_a_record_is_ended_by_the_next_try(refusal: OSError | None) -> None:
    raw = Scripted(10, 5, refusal)
    sink = ConsoleSink(standard_output(raw))
    with pytest.raises(SinkError) as failed:
        sink.emit(log(news("one")))
    assert not failed.value.permanent
    sink.emit(log(news("one")))
    sink.emit(log(news("edited", IncidentEdited), news("two")))
    assert b"".join(raw.taken).decode() == text("one") + text("two")
