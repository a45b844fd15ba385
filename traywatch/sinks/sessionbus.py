"""Short questions to the desktop's session bus: is there a notification daemon, is there a tray.

Asked over a socket of our own, with nothing but the standard library: no binding for D-Bus can be
relied on, and what is asked must never take longer than we allow, frozen daemons included.

Only what these questions need of the protocol is here: little endian, calls whose arguments are
strings, answers that begin with a boolean, a string, a list of strings or one of them in a variant.
https://dbus.freedesktop.org/doc/dbus-specification.html
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Final, Self
from urllib.parse import unquote_to_bytes

from traywatch.core.errors import SinkError

Answer = bool | str | tuple[str, ...] | None

_CALL: Final = 1
_RETURN: Final = 2
_ERROR: Final = 3
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL, _DESTINATION = 1, 2, 3, 4, 5, 6
_SIGNATURE: Final = 8
_LONGEST: Final = 1 << 20
"""Bytes of an answer; ours take less than a thousand."""


class BusError(SinkError):
    """The bus, or who was asked, said no. ``name`` is D-Bus's name of the error."""

    def __init__(self, reason: str, name: str = "") -> None:
        super().__init__(reason)
        self.name = name

    @property
    def nobody_there(self) -> bool:
        """Nobody answers to the name that was asked, and nobody could be started."""
        return self.name in (
            "org.freedesktop.DBus.Error.ServiceUnknown",
            "org.freedesktop.DBus.Error.NameHasNoOwner",
        ) or self.name.startswith("org.freedesktop.DBus.Error.Spawn.")


class NoBus(BusError):
    """There is no session bus: a bare X session, a container, a terminal over SSH."""


class BusTimeout(BusError):
    """No answer in time: who was asked is frozen."""


class SessionBus:
    """One connection, for a few questions within ``timeout_s`` seconds in all.

    Raises BusError and its kinds; use it with ``with``.
    """

    def __init__(self, timeout_s: float = 2.0) -> None:
        self._deadline = time.monotonic() + timeout_s
        self._serial = 0
        self._socket = _connect(os.environ, timeout_s)
        try:
            self._authenticate()
            self.ask("org.freedesktop.DBus", "/org/freedesktop/DBus", "Hello")
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def ask(
        self, whom: str, path: str, method: str, *arguments: str, interface: str = ""
    ) -> Answer:
        """Call a method; the first value of the answer.

        interface: that of the method; empty where it is called like the one who is asked.
        """
        self._serial += 1
        self._send(_message(self._serial, whom, path, interface or whom, method, arguments))
        while True:
            kind, fields, body = self._receive()
            if fields.get(_REPLY_SERIAL) != self._serial:
                continue  # a signal, such as the name we were given
            if kind == _RETURN:
                return body
            name = str(fields.get(_ERROR_NAME, ""))
            raise BusError(str(body or name), name)

    def has_owner(self, name: str) -> bool:
        """Does anybody answer to this name now?"""
        daemon = ("org.freedesktop.DBus", "/org/freedesktop/DBus")
        return self.ask(*daemon, "NameHasOwner", name) is True

    def get(self, whom: str, path: str, interface: str, name: str) -> Answer:
        """A property's value."""
        properties = "org.freedesktop.DBus.Properties"
        return self.ask(whom, path, "Get", interface, name, interface=properties)

    def _authenticate(self) -> None:
        """We are who the socket says we are."""
        uid = str(os.getuid()).encode().hex()
        self._send(f"\0AUTH EXTERNAL {uid}\r\n".encode())
        line = b""
        while not line.endswith(b"\r\n"):
            line += self._take(1)
        if not line.startswith(b"OK "):
            raise NoBus("the session bus does not let us in")
        self._send(b"BEGIN\r\n")

    def _receive(self) -> tuple[int, Mapping[int, Answer | int], Answer]:
        start = self._take(16)
        _, kind, _, _, body_length, _, fields_length = struct.unpack("<BBBBIII", start)
        padded = -(-fields_length // 8) * 8
        if start[:1] != b"l" or padded + body_length > _LONGEST:
            raise BusError("the session bus does not speak as expected")
        rest = self._take(padded + body_length)
        try:
            fields = dict(_fields(_Reader(rest[:fields_length])))
            signature = str(fields.get(_SIGNATURE, ""))
            return kind, fields, _Reader(rest[padded:]).value(signature)
        except (struct.error, UnicodeDecodeError, IndexError, RecursionError) as error:
            raise BusError("the session bus does not speak as expected") from error

    def _send(self, data: bytes) -> None:
        try:
            self._socket.settimeout(self._time_left())
            self._socket.sendall(data)
        except TimeoutError as error:
            raise BusTimeout("the session bus does not answer") from error
        except OSError as error:
            raise NoBus(f"the session bus hung up: {error.strerror}") from error

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                self._socket.settimeout(self._time_left())
                more = self._socket.recv(count - len(data))
            except TimeoutError as error:
                raise BusTimeout("no answer over the session bus") from error
            except OSError as error:
                raise NoBus(f"the session bus hung up: {error.strerror}") from error
            if not more:
                raise NoBus("the session bus hung up")
            data += more
        return data

    def _time_left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise BusTimeout("no answer over the session bus")
        return left


# ---------------------------------------------------------------- where the bus is


def _connect(environ: Mapping[str, str], timeout_s: float) -> socket.socket:
    if not hasattr(socket, "AF_UNIX"):
        raise NoBus("this system has no session bus")
    for address in _addresses(environ):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout_s)
        try:
            connection.connect(address)
        except OSError:
            connection.close()
        else:
            return connection
    raise NoBus("there is no session bus")


def _addresses(environ: Mapping[str, str]) -> Iterator[bytes]:
    """The sockets the environment names, else the one where systemd puts it."""
    named = environ.get("DBUS_SESSION_BUS_ADDRESS")
    if named is None and (folder := environ.get("XDG_RUNTIME_DIR")):
        yield os.fsencode(os.path.join(folder, "bus"))
    for address in (named or "").split(";"):
        transport, _, options = address.partition(":")
        if transport != "unix":
            continue
        for option in options.split(","):
            key, _, value = option.partition("=")
            if key in ("path", "abstract"):
                yield (b"\0" if key == "abstract" else b"") + unquote_to_bytes(value)


# ---------------------------------------------------------------- the wire


def _message(
    serial: int, whom: str, path: str, interface: str, method: str, arguments: tuple[str, ...]
) -> bytes:
    """A method call whose arguments are strings."""
    fields = [
        (_PATH, b"o", _string(path)),
        (_DESTINATION, b"s", _string(whom)),
        (_INTERFACE, b"s", _string(interface)),
        (_MEMBER, b"s", _string(method)),
    ]
    if arguments:
        fields.append((_SIGNATURE, b"g", bytes([len(arguments)]) + b"s" * len(arguments) + b"\0"))
    header = b""
    for code, kind, value in fields:
        header = _padded(header, 8) + bytes([code, 1]) + kind + b"\0" + value
    body = b""
    for argument in arguments:
        body = _padded(body, 4) + _string(argument)
    start = struct.pack("<cBBBIII", b"l", _CALL, 0, 1, len(body), serial, len(header))
    return _padded(start + header, 8) + body


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<I", len(data)) + data + b"\0"


def _padded(data: bytes, boundary: int) -> bytes:
    return data + bytes(-len(data) % boundary)


class _Reader:
    """Takes values off a message; positions count from where alignment counts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def align(self, boundary: int) -> None:
        self.at += -self.at % boundary

    def number(self) -> int:
        self.align(4)
        (value,) = struct.unpack_from("<I", self.data, self.at)
        self.at += 4
        return int(value)

    def string(self) -> str:
        return self._text(self.number())

    def signature(self) -> str:
        self.at += 1
        return self._text(self.data[self.at - 1])

    def _text(self, length: int) -> str:
        text = self.data[self.at : self.at + length].decode()
        self.at += length + 1
        return text

    def value(self, signature: str) -> Answer:
        """The first value of a body with this signature; None where there is none we read."""
        if signature.startswith("as"):
            return self._strings()
        match signature[:1]:
            case "b":
                return bool(self.number())
            case "s" | "o":
                return self.string()
            case "v":
                return self.value(self.signature())
        return None

    def _strings(self) -> tuple[str, ...]:
        end = self.number() + self.at
        strings = []
        while self.at < end:
            strings.append(self.string())
        return tuple(strings)


def _fields(reader: _Reader) -> Iterator[tuple[int, Answer | int]]:
    """The header's fields: an array of (code, variant), each on a boundary of eight.

    The array begins at byte 16 of the message, so that its own start counts as one.
    """
    while reader.at < len(reader.data):
        reader.align(8)
        code = reader.data[reader.at]
        reader.at += 1
        signature = reader.signature()
        if signature == "u":
            yield code, reader.number()
        elif signature == "g":
            yield code, reader.signature()
        else:
            yield code, reader.value(signature)
