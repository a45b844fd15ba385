"""A scripted vendor: a ``Board`` served over HTTP on 127.0.0.1, for ``--demo`` and for the tests.

    GET /                                      a page for a browser
    GET /api/v2/summary.json                   what is going on
    GET /api/v2/incidents.json                 the history, resolved incidents included
    GET /api/v2/scheduled-maintenances.json    the same for maintenances (Statuspage only)

Replies carry the headers Statuspage sends: a weak ETag made of the body's MD5, no Last-Modified.
``next`` makes the coming replies misbehave, as real vendors and the networks before them do.
Every request is logged before it is answered, so whoever saw a reply's effect finds it there.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from traywatch.demo.board import Board, Clock, utc_now
from traywatch.demo.documents import Shape, document
from traywatch.demo.script import COMPONENTS, PAGE_NAME, play

FRESH: Final = "max-age=0, private, must-revalidate"
"""Every poll asks again."""
AS_STATUSPAGE: Final = (
    "max-age=10, public, s-maxage=10, stale-while-revalidate=20, stale-if-error=3600"
)
"""What hosted pages send."""
KEPT_REQUESTS: Final = 10_000
CONNECTIONS: Final = 64
"""At once; a further one is closed at the door."""
IDLE_S: Final = 60.0
"""A silent connection is dropped after this long, a hanging reply too."""


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the vendor's log."""

    path: str
    headers: Mapping[str, str]
    """Names in lower case, values as they came."""
    http_status: int | None
    """What was answered; None: nothing at all."""


@dataclass(frozen=True, slots=True)
class Stale:
    """An older copy of the document, as a CDN would serve it: its body, its ETag."""

    back: int = 1
    """How many changes old."""


@dataclass(frozen=True, slots=True)
class Canned:
    """A reply made elsewhere: a captive portal's HTML, a 500, a 429 with its Retry-After."""

    http_status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cut:
    """The true document, but the connection ends after so many bytes of its body."""

    after_bytes: int


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection is reset without an answer."""


@dataclass(frozen=True, slots=True)
class Hang:
    """The connection stays open and silent for a minute, or until the vendor stops."""


Trick = Stale | Canned | Cut | Drop | Hang


@dataclass(slots=True)
class _Planned:
    trick: Trick
    times: int
    path: str | None


class DemoVendor(Board):
    """A board at an address. ``with DemoVendor() as vendor: ... vendor.url``."""

    def __init__(
        self,
        name: str = PAGE_NAME,
        *,
        components: Iterable[str] = COMPONENTS,
        clock: Clock = utc_now,
        shape: Shape = Shape.STATUSPAGE,
        cache_control: str = FRESH,
    ) -> None:
        super().__init__(name, components=components, clock=clock)
        self.shape = shape
        self.cache_control = cache_control
        self.done = threading.Event()
        """Set when the script came to its end."""
        self._port = 0
        self._server: _Server | None = None
        self._stopping = threading.Event()
        self._log: deque[Request] = deque(maxlen=KEPT_REQUESTS)
        self._logged = threading.Condition()
        self._planned: list[_Planned] = []

    # ------------------------------------------------------------ opening and closing

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where a person reads it. Known from the first ``start`` on, and kept after ``stop``."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen; after a ``stop`` on the same port again. Raises OSError if that is taken."""
        self._stopping.clear()
        self._server = _Server(self, self._port)
        self._port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="vendor",
            daemon=True,
        ).start()

    def stop(self) -> None:
        """Hang up on everyone; connections are refused from now on. Twice is fine."""
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server.hang_up()
            self._server = None

    def start_script(self, speed: float = 1.0) -> None:
        """Play the outage in a thread of its own; ``done`` is set at its end."""

        def run() -> None:
            if play(self, self._stopping.wait, speed=speed):
                self.done.set()

        threading.Thread(target=run, name="script", daemon=True).start()

    # ------------------------------------------------------------ what tests look at

    @property
    def requests(self) -> tuple[Request, ...]:
        """The log, oldest first."""
        with self._logged:
            return tuple(self._log)

    def wait_for(
        self, enough: Callable[[Sequence[Request]], bool], timeout_s: float = 10.0
    ) -> tuple[Request, ...]:
        """Wait until the log satisfies ``enough``; returns it. Raises TimeoutError."""
        with self._logged:
            if not self._logged.wait_for(lambda: enough(tuple(self._log)), timeout_s):
                raise TimeoutError(f"not asked for in {timeout_s:g} s; the log: {list(self._log)}")
            return tuple(self._log)

    def forget_requests(self) -> None:
        """Empty the log."""
        with self._logged:
            self._log.clear()

    def next(self, trick: Trick, *, times: int = 1, path: str | None = None) -> Self:
        """Answer the next ``times`` requests (of ``path`` only) with a trick.

        Several plans are worked off in the order they were made.
        """
        with self._logged:
            self._planned.append(_Planned(trick, times, path))
        return self

    # ------------------------------------------------------------ answering, on any thread

    def _trick_for(self, path: str) -> Trick | None:
        with self._logged:
            for planned in self._planned:
                if planned.path in (None, path):
                    planned.times -= 1
                    if planned.times <= 0:
                        self._planned.remove(planned)
                    return planned.trick
        return None

    def _note(self, request: Request) -> None:
        with self._logged:
            self._log.append(request)
            self._logged.notify_all()

    def _reply(self, path: str, trick: Trick | None, if_none_match: str) -> Canned:
        if isinstance(trick, Canned):
            return trick
        state = self.state(trick.back if isinstance(trick, Stale) else 0)
        found = document(path, state, self.url, self.shape)
        if found is None:
            return Canned(404, b"Not Found\n", {"Content-Type": "text/plain"})
        content_type, body = found
        etag = f'W/"{md5(body, usedforsecurity=False).hexdigest()}"'
        headers = {"ETag": etag, "Cache-Control": self.cache_control}
        if self.shape is Shape.STATUSPAGE:
            headers["X-Statuspage-Version"] = "demo"
        if etag in (tag.strip() for tag in if_none_match.split(",")):
            return Canned(304, b"", headers)
        return Canned(200, body, headers | {"Content-Type": content_type})

    def _answer(self, door: _Door) -> None:
        path = door.path.partition("?")[0]
        trick = self._trick_for(path)
        asked = {name.lower(): value for name, value in door.headers.items()}
        if isinstance(trick, Drop | Hang):
            self._note(Request(path, asked, None))
            if isinstance(trick, Hang):
                self._stopping.wait(IDLE_S)
            door.reset()
            return
        cut_after = trick.after_bytes if isinstance(trick, Cut) else None
        known = asked.get("if-none-match", "") if cut_after is None else ""
        reply = self._reply(path, trick, known)
        self._note(Request(path, asked, reply.http_status))
        door.send(reply, cut_after)


class _Server(ThreadingHTTPServer):
    """One thread a connection, a bounded number of them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = CONNECTIONS

    def __init__(self, vendor: DemoVendor, port: int) -> None:
        self.vendor = vendor
        self._guests: set[socket.socket] = set()
        self._guests_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Door)

    def verify_request(self, request: object, client_address: object) -> bool:
        with self._guests_lock:
            return len(self._guests) < CONNECTIONS

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guests_lock:
            self._guests.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guests_lock:
            self._guests.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A guest who hangs up is no error of ours."""

    def hang_up(self) -> None:
        """End every open connection; its thread follows."""
        with self._guests_lock:
            for guest in self._guests:
                try:
                    guest.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class _Door(BaseHTTPRequestHandler):
    """One connection, kept alive between requests as real vendors do."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_S
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self.server.vendor._answer(self)

    def send(self, reply: Canned, cut_after: int | None) -> None:
        self.send_response(reply.http_status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.http_status != 304:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[:cut_after])
        if cut_after is not None:
            self.close_connection = True

    def reset(self) -> None:
        """End the connection with RST, as a crashing server or a firewall does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def version_string(self) -> str:
        return "demo"

    def log_message(self, format: str, *args: object) -> None:
        """The vendor keeps its own log."""
