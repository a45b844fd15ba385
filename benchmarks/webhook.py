"""How many webhooks a second are taken, durably, and what a bare endpoint would do instead.

    python -m benchmarks.webhook               two minutes
    python -m benchmarks.webhook --quick       a tenth of the posts, without the 100,000
    python -m benchmarks.webhook --folder DIR  with the profile on another disk

Each run is ``python -m traywatch --console --listen PORT`` as a subprocess with a new profile, its
records written to a file; the load comes from this process, so two cores are in use. "unique" are
updates never seen before: each is committed before its 204. "repeated" is one update again and
again. "x bare" is against Starlette on uvicorn that only parses the JSON; the other bare endpoints
show what its parts cost.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks._posting import Posted, post_all, post_paced, requests

SECRET = b"benchmark"
CONNECTIONS = (1, 16, 64)
POSTS = {1: 4_000, 16: 20_000, 64: 20_000}
LONG = 100_000
TARGET_UNIQUE = 3_500
TARGET_REPEATED = 6_000
TARGET_P99_MS = 10.0
TARGET_GROWTH_MB = 5.0
TARGET_PACED_P99_MS = 100.0
PACE = 50
"""Posts a second."""
HEADLINE = 16
"""The number of connections the targets are for."""


@dataclass(slots=True)
class Server:
    """A program that takes posts."""

    process: subprocess.Popen[bytes]
    port: int

    def resident_mb(self) -> float:
        """0.0 where there is no /proc."""
        path = Path(f"/proc/{self.process.pid}/status")
        if not path.exists():
            return 0.0
        line = next(line for line in path.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def cpu_s(self) -> float:
        """CPU seconds of all its threads so far: what a busy machine does not change."""
        path = Path(f"/proc/{self.process.pid}/stat")
        if not path.exists():
            return 0.0
        user, system = path.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def updates(self) -> int:
        """How many were appended to the event log."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        name = "traywatch_updates_total "
        return int(float(next(line for line in lines if line.startswith(name)).split()[1]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--folder", type=Path, help="where the profiles are made")
    told = parser.parse_args()
    share = 10 if told.quick else 1
    with tempfile.TemporaryDirectory(dir=told.folder) as folder:
        _table(Path(folder), share)
        _paced(Path(folder), 500 // share)
        _durability(Path(folder), 4_000 // share)
        if not told.quick:
            _flatness(Path(folder))


# --------------------------------------------------------------------------- what is measured


def _table(folder: Path, share: int) -> None:
    print(f"{'':10} {'':9} {'conns':>5} {'posts/s':>8} {'p50 ms':>7} {'p99 ms':>7} "
          f"{'CPU us':>7} {'RSS MB':>13} {'x bare':>7}")  # fmt: skip
    for kind in ("h11", "asgi"):
        _bare(kind, HEADLINE, POSTS[HEADLINE] // share)
    bare = {count: _bare("starlette", count, POSTS[count] // share) for count in CONNECTIONS}
    for secret in (None, SECRET):
        for kind in ("unique", "repeated"):
            for count in CONNECTIONS:
                _measure(folder, secret, kind, count, POSTS[count] // share, bare[count])


def _bare(kind: str, connections: int, posts: int) -> Posted:
    with _bare_server(kind) as server:
        ids = [b"%d" % number for number in range(posts)]
        began_s = server.cpu_s()
        posted = post_all(server.port, requests(ids), connections)
        _line("bare", kind, connections, posted, server.cpu_s() - began_s, "", None)
        return posted


def _measure(
    folder: Path, secret: bytes | None, kind: str, connections: int, posts: int, bare: Posted
) -> None:
    profile = folder / f"{kind}-{connections}-{secret is not None}"
    ids = [b"%d" % (number if kind == "unique" else 0) for number in range(posts)]
    with _traywatch(profile, secret) as server:
        post_all(server.port, requests([b"warm"], secret), 1)
        before, began_s, told_before = server.resident_mb(), server.cpu_s(), server.updates()
        posted = post_all(server.port, requests(ids, secret), connections)
        cpu_s = server.cpu_s() - began_s
        rss = f"{before:.1f}->{server.resident_mb():.1f}"
        told = server.updates() - told_before
    if told != len(set(ids)):
        sys.exit(f"{len(set(ids))} updates were posted and answered, {told} were taken")
    _line("signed" if secret else "unsigned", kind, connections, posted, cpu_s, rss, bare)


def _line(
    scheme: str,
    kind: str,
    connections: int,
    posted: Posted,
    cpu_s: float,
    rss: str,
    bare: Posted | None,
) -> None:
    least = {"unique": TARGET_UNIQUE, "repeated": TARGET_REPEATED}.get(kind, 0)
    p99_ms = posted.percentile_ms(99)
    met = not least or connections != HEADLINE or (posted.rate >= least and p99_ms < TARGET_P99_MS)
    print(
        f"{scheme:10} {kind:9} {connections:5} {posted.rate:8.0f} "
        f"{posted.percentile_ms(50):7.2f} {p99_ms:7.2f} "
        f"{1e6 * cpu_s / len(posted.latencies_s):7.0f} {rss:>13} "
        + (f"{posted.rate / bare.rate:7.2f}" if bare else f"{'':7}")
        + ("" if met else f"   MISSES ITS TARGET ({least}/s, {TARGET_P99_MS:.0f} ms)"),
        flush=True,
    )


def _paced(folder: Path, posts: int) -> None:
    """As many as a whole team's vendors would send in a storm: none waits for another."""
    ids = [b"%d" % number for number in range(posts)]
    with _traywatch(folder / "paced", None) as server:
        posted = post_paced(server.port, requests(ids), PACE)
    p99_ms = posted.percentile_ms(99)
    print(
        f"\n{PACE} a second: p50 {posted.percentile_ms(50):.1f} ms, p99 {p99_ms:.1f} ms (100)"
        + _verdict(p99_ms <= TARGET_PACED_P99_MS)
    )


def _durability(folder: Path, posts: int) -> None:
    """Every update that was answered outlives a kill -9: posted again, it is no news."""
    profile = folder / "killed"
    answered = requests([b"%d" % number for number in range(posts)])
    with _traywatch(profile, None) as server:
        post_all(server.port, answered, HEADLINE)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    with _traywatch(profile, None) as server:
        post_all(server.port, answered, HEADLINE)
        lost = server.updates()
    print(f"\nkilled right after the last of {posts} answers: {lost} lost" + _verdict(lost == 0))


def _flatness(folder: Path) -> None:
    """Resident memory over 100,000 posts, once the first 10,000 have warmed everything up."""
    print(f"\nresident memory over {LONG:,} posts at {HEADLINE} connections, after {LONG // 10:,}")
    for kind in ("repeated", "unique"):
        with _traywatch(folder / f"long-{kind}", None) as server:
            sizes = []
            for start in range(0, LONG, LONG // 10):
                numbers = range(start, start + LONG // 10)
                ids = [b"%d" % (number if kind == "unique" else 0) for number in numbers]
                post_all(server.port, requests(ids), HEADLINE)
                sizes.append(server.resident_mb())
        growth = sizes[-1] - sizes[0]
        print(
            f"{kind:9} {' '.join(f'{size:.0f}' for size in sizes)} MB: {growth:+.1f} MB"
            + _verdict(growth <= TARGET_GROWTH_MB)
        )


def _verdict(met: bool) -> str:
    return "" if met else "   MISSES ITS TARGET"


# --------------------------------------------------------------------------- what is started


@contextlib.contextmanager
def _bare_server(kind: str) -> Iterator[Server]:
    port = _free_port()
    with _started(["-m", "benchmarks._bare", kind, str(port)], port, {}, subprocess.DEVNULL) as s:
        yield s


@contextlib.contextmanager
def _traywatch(profile: Path, secret: bytes | None) -> Iterator[Server]:
    profile.mkdir(exist_ok=True)
    # A page that is never there: nothing is measured but the listener and what is behind it.
    (profile / "config.toml").write_text(
        '[[pages]]\nid = "none"\nurl = "http://127.0.0.1:9"\nplatform = "statuspage"\n'
    )
    port = _free_port()
    arguments = ["-m", "traywatch", "--console", "--listen", str(port), "--profile", str(profile)]
    extra = {"TRAYWATCH_SIGNING_SECRET": secret.decode()} if secret else {}
    with (
        (profile / "records").open("ab") as records,
        _started(arguments, port, extra, records.fileno()) as server,
    ):
        yield server


@contextlib.contextmanager
def _started(
    arguments: list[str], port: int, extra: dict[str, str], output: int
) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=output,
        stderr=subprocess.DEVNULL,
        env=os.environ | extra,
    )
    try:
        _wait_until_listening(port, process)
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            sys.exit(f"it ended with {process.returncode} before it listened")
        time.sleep(0.05)
    sys.exit("it does not listen")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
