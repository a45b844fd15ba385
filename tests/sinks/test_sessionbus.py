"""The session bus client against a scripted bus: every answer, and every way not to answer."""

from __future__ import annotations

import os
import socket
import struct
import threading
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from traywatch.sinks import sessionbus
from traywatch.sinks.sessionbus import BusError, BusTimeout, NoBus, SessionBus

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no session bus")

LET_IN = b"OK 1234\r\n"


def reply(
    serial: int, signature: bytes = b"", body: bytes = b"", kind: int = 2, error: bytes = b""
) -> bytes:
    """A message as a bus sends it: an answer to the call of that number."""
    fields = bytes((5, 1)) + b"u\0" + struct.pack("<I", serial)
    if signature:
        fields += bytes((8, 1)) + b"g\0" + bytes((len(signature),)) + signature + b"\0"
    if error:
        fields += bytes(-len(fields) % 8) + bytes((4, 1)) + b"s\0" + string(error)
    start = struct.pack("<cBBBIII", b"l", kind, 0, 1, len(body), 7, len(fields))
    return start + fields + bytes(-len(fields) % 8) + body


def string(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text + b"\0"


HELLO = reply(1, b"s", string(b":1.5"))
SIGNAL = struct.pack("<cBBBIII", b"l", 4, 0, 1, 0, 7, 0)


class Bus:
    """Sends what it was given to send, whatever it is asked, and then listens or hangs up."""

    def __init__(self, sends: bytes, *, hangs_up: bool = False) -> None:
        self.heard = b""
        self._sends = sends
        self._hangs_up = hangs_up
        self.ours, self.clients = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with self.ours, suppress(OSError):  # the client may be gone before us
            self.ours.sendall(self._sends)
            while not self._hangs_up and (more := self.ours.recv(4096)):
                self.heard += more

    def ask(self, *arguments: str, timeout_s: float = 5) -> object:
        """One question by the client under test."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sessionbus, "_connect", lambda *_: self.clients)
            try:
                with SessionBus(timeout_s) as bus:
                    return bus.ask("a.b", "/a/b", "Method", *arguments)
            finally:
                self._thread.join(5)


def answered(signature: bytes, body: bytes) -> object:
    return Bus(LET_IN + HELLO + reply(2, signature, body)).ask()


# ------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("signature", "body", "value"),
    [
        (b"", b"", None),
        (b"b", struct.pack("<I", 1), True),
        (b"b", struct.pack("<I", 0), False),
        (b"s", string("Störung".encode()), "Störung"),
        (b"ss", string(b"one") + string(b"two"), "one"),
        (b"as", struct.pack("<I", 0), ()),
        (b"as", struct.pack("<I", 6) + string(b"a"), ("a",)),
        (b"as", struct.pack("<I", 15) + string(b"abc") + string(b"de"), ("abc", "de")),
        (b"v", b"\1b\0\0" + struct.pack("<I", 1), True),
        (b"a{sv}", struct.pack("<I", 0), None),
        (b"u", struct.pack("<I", 5), None),
    ],
)
def test_answers_are_read(signature: bytes, body: bytes, value: object) -> None:
    assert answered(signature, body) == value


def test_signals_and_answers_to_others_are_passed_over() -> None:
    noise = SIGNAL + reply(99, b"b", struct.pack("<I", 0))
    bus = Bus(LET_IN + SIGNAL + HELLO + noise + reply(2, b"b", struct.pack("<I", 1)))
    assert bus.ask() is True


def test_what_is_sent_is_a_call_as_the_specification_has_it() -> None:
    bus = Bus(LET_IN + HELLO + reply(2))
    bus.ask("one", "two")
    auth, begin, rest = bus.heard.split(b"\r\n", 2)
    assert auth == b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode()
    assert begin == b"BEGIN"
    assert rest.startswith(b"l\1\0\1")
    assert b"\1\1o\0" + string(b"/org/freedesktop/DBus") in rest
    second = rest[rest.index(b"l\1\0\1", 1) :]
    body_length, serial = struct.unpack_from("<II", second, 4)
    assert (serial, second[-body_length:]) == (2, string(b"one") + string(b"two"))
    assert b"\x08\1g\0\2ss\0" in second


@pytest.mark.parametrize(
    ("name", "nobody_there"),
    [
        ("org.freedesktop.DBus.Error.ServiceUnknown", True),
        ("org.freedesktop.DBus.Error.NameHasNoOwner", True),
        ("org.freedesktop.DBus.Error.Spawn.ChildExited", True),
        ("org.freedesktop.DBus.Error.UnknownMethod", False),
        ("org.freedesktop.DBus.Error.NoReply", False),
    ],
)
def test_an_error_keeps_its_name_and_words(name: str, nobody_there: bool) -> None:
    failing = reply(2, b"s", string(b"it says no"), kind=3, error=name.encode())
    with pytest.raises(BusError, match="it says no") as raised:
        Bus(LET_IN + HELLO + failing).ask()
    assert (raised.value.name, raised.value.nobody_there) == (name, nobody_there)


# ------------------------------------------------------------------ no answers


@pytest.mark.parametrize("sends", [b"", b"OK 12", LET_IN, LET_IN + HELLO, LET_IN + HELLO + SIGNAL])
def test_silence_ends_with_the_time_it_was_given(sends: bytes) -> None:
    with pytest.raises(BusTimeout):
        Bus(sends).ask(timeout_s=0.02)


@pytest.mark.parametrize("sends", [b"", LET_IN, LET_IN + HELLO, LET_IN + HELLO + b"l\2"])
def test_a_bus_that_hangs_up_is_no_bus(sends: bytes) -> None:
    with pytest.raises(NoBus):
        Bus(sends, hangs_up=True).ask()


def test_a_bus_that_does_not_know_us_is_no_bus() -> None:
    with pytest.raises(NoBus, match="does not let us in"):
        Bus(b"REJECTED EXTERNAL\r\n").ask()


@given(st.binary(max_size=120))
@example(b"B\2\0\1" + bytes(12))
@example(struct.pack("<cBBBIII", b"l", 2, 0, 1, 1 << 31, 1, 0))
@example(struct.pack("<cBBBIII", b"l", 2, 0, 1, 0, 1, 1 << 31))
@example(reply(2, b"s", b"\xff\0\0\0ab"))
@example(reply(2, b"v", b"\1v\0" * 2000))
@example(reply(2, b"as", b"\xf0\0\0\0" + string(b"a")))
@settings(deadline=None)
def test_whatever_comes_is_an_answer_or_a_bus_error(garbage: bytes) -> None:
    try:
        Bus(LET_IN + HELLO + garbage, hangs_up=True).ask()
    except BusError:
        pass


# ------------------------------------------------------------------ where the bus is


@pytest.mark.parametrize(
    ("environ", "sockets"),
    [
        ({}, []),
        ({"XDG_RUNTIME_DIR": "/run/user/1000"}, [b"/run/user/1000/bus"]),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/b"}, [b"/run/b"]),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/a%20b%25,guid=12"}, [b"/a b%"]),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:guid=12,abstract=/tmp/dbus-x"}, [b"\0/tmp/dbus-x"]),
        ({"DBUS_SESSION_BUS_ADDRESS": "tcp:host=a;unix:path=/b;unix:path=/c"}, [b"/b", b"/c"]),
        ({"DBUS_SESSION_BUS_ADDRESS": "", "XDG_RUNTIME_DIR": "/run"}, []),
        ({"DBUS_SESSION_BUS_ADDRESS": "nonsense"}, []),
    ],
)
def test_the_environment_names_the_bus(environ: dict[str, str], sockets: list[bytes]) -> None:
    assert list(sessionbus._addresses(environ)) == sockets


def test_where_nobody_listens_there_is_no_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("unix:path=/nonexistent", "unix:path=" + "x" * 500, ""):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        with pytest.raises(NoBus, match="no session bus"):
            SessionBus()
