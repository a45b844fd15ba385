"""Three ways to poll the same pages, each in a process of its own: what it costs, as JSON.

traywatch   fetch, decide, schedule, store: all of it
httpx       a bare loop in httpx's best arrangement: one client a host on one shared context
socket      the cheapest there is: a kept connection and as few lines of asyncio as will do
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import ssl
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks._vendors import resolve

CONCURRENT = 50
DOCUMENT = "/api/v2/summary.json"


@dataclass(frozen=True, slots=True)
class Task:
    """What to measure."""

    client: str
    pages: tuple[str, ...]
    rounds: int
    """How often each page is polled, after one round to warm up."""
    ca_file: str


def main() -> None:
    """Carry out the task given as JSON; print the result as JSON."""
    told = json.loads(sys.argv[1])
    task = Task(told["client"], tuple(told["pages"]), told["rounds"], told["ca_file"])
    os.environ["SSL_CERT_FILE"] = task.ca_file
    resolve()
    if told.get("minutes"):
        print(json.dumps(asyncio.run(_watched(task, told["minutes"]))))
        return
    run = {"traywatch": _traywatch, "httpx": _httpx, "socket": _socket}[task.client]
    print(json.dumps(asyncio.run(run(task))))


async def _measure(task: Task, poll: Callable[[str], Awaitable[None]]) -> dict[str, float]:
    """CPU seconds a poll over all rounds but the first, which opens the connections."""

    async def one_round() -> None:
        gate = asyncio.Semaphore(CONCURRENT)

        async def one(page: str) -> None:
            async with gate:
                await poll(page)

        await asyncio.gather(*(one(page) for page in task.pages))

    await one_round()
    before, began = _cpu_s(), time.perf_counter()
    for _ in range(task.rounds):
        await one_round()
    polls = task.rounds * len(task.pages)
    return {
        "cpu_ms": 1000 * (_cpu_s() - before) / polls,
        "wall_ms": 1000 * (time.perf_counter() - began) / polls,
        "rss_mb": _rss_mb(),
    }


async def _traywatch(task: Task) -> dict[str, float]:
    from datetime import UTC, datetime

    from traywatch.core.model import Page
    from traywatch.fetch import Fetcher
    from traywatch.store.sqlite import SqliteStore
    from traywatch.watch.conductor import Conductor

    pages = [Page(url, url, platform="statuspage") for url in task.pages]
    with tempfile.TemporaryDirectory() as folder:
        store, _ = SqliteStore.open(Path(folder), datetime.now(UTC))
        fetcher = Fetcher()
        conductor = Conductor(pages=pages, store=store, sinks=[], fetch=fetcher)

        async def poll(page_id: str) -> None:
            """What the polling loop does for a page that is due."""
            await conductor.poll(conductor.pages[page_id])

        measured = await _measure(task, poll)
        counted = conductor.counters.polls
        measured["not_modified"] = counted["not_modified"] / max(1, counted.total())
        assert counted.total() == (1 + task.rounds) * len(pages)
        await fetcher.aclose()
        store.close()
    return measured


async def _watched(task: Task, minutes: float) -> dict[str, float]:
    """The program as it is, each page once a minute, left alone for some minutes.

    Measured from the second minute on: the first one opens the connections.
    """
    from datetime import UTC, datetime

    from traywatch.core.model import Page
    from traywatch.fetch import Fetcher
    from traywatch.store.sqlite import SqliteStore
    from traywatch.watch.conductor import Conductor
    from traywatch.watch.counters import Counters
    from traywatch.watch.look import Result

    lateness: list[float] = []

    class Noting(Counters):
        def count(self, result: Result) -> None:
            lateness.append(self.lateness_s)
            Counters.count(self, result)

    pages = [Page(url, url, platform="statuspage") for url in task.pages]
    with tempfile.TemporaryDirectory() as folder:
        store, _ = SqliteStore.open(Path(folder), datetime.now(UTC))
        fetcher = Fetcher()
        conductor = Conductor(pages=pages, store=store, sinks=[], fetch=fetcher)
        stop = asyncio.Event()
        conductor.counters = Noting(conductor.counters.started_at)
        running = asyncio.create_task(conductor.run(stop))
        await asyncio.sleep(60)
        lateness.clear()
        before = _cpu_s()
        await asyncio.sleep(60 * minutes - 60)
        used_s, seconds, polls = _cpu_s() - before, 60 * minutes - 60, len(lateness)
        rss_mb, sockets = _rss_mb(), _sockets()
        stop.set()
        await running
        await fetcher.aclose()
        store.close()
    late = sorted(lateness)
    return {
        "core_percent": 100 * used_s / seconds,
        "cpu_ms": 1000 * used_s / max(1, polls),
        "rss_mb": rss_mb,
        "connections": sockets,
        "late_p50_s": late[len(late) // 2],
        "late_p99_s": late[int(len(late) * 0.99)],
    }


def _sockets() -> int:
    """How many sockets this process holds open."""
    held = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            held += os.readlink(link).startswith("socket:")
        except OSError:
            continue
    return held


async def _httpx(task: Task) -> dict[str, float]:
    import httpx

    context = ssl.create_default_context(cafile=task.ca_file)
    limits = httpx.Limits(max_keepalive_connections=1, keepalive_expiry=300)
    clients = {
        page: httpx.AsyncClient(verify=context, limits=limits, trust_env=False, timeout=30)
        for page in task.pages
    }
    tags: dict[str, str] = {}

    async def poll(page: str) -> None:
        headers = {"If-None-Match": tags[page]} if page in tags else {}
        reply = await clients[page].get(page + DOCUMENT, headers=headers)
        if "etag" in reply.headers:
            tags[page] = reply.headers["etag"]

    measured = await _measure(task, poll)
    for client in clients.values():
        await client.aclose()
    return measured


async def _socket(task: Task) -> dict[str, float]:
    context = ssl.create_default_context(cafile=task.ca_file)
    lines: dict[str, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
    tags: dict[str, bytes] = {}

    async def poll(page: str) -> None:
        parts = urlsplit(page)
        if page not in lines:
            lines[page] = await asyncio.open_connection(
                parts.hostname, parts.port, ssl=context if parts.scheme == "https" else None
            )
        reader, writer = lines[page]
        condition = b"If-None-Match: " + tags[page] + b"\r\n" if page in tags else b""
        host = parts.netloc.encode()
        path = (parts.path + DOCUMENT).encode()
        writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\n" + condition + b"\r\n")
        head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head[1:] if b": " in line)
        if b"etag" in fields:
            tags[page] = fields[b"etag"]
        if head[0].split()[1] == b"200":
            await _body(reader, fields)

    measured = await _measure(task, poll)
    for _, writer in lines.values():
        writer.close()
    return measured


async def _body(reader: asyncio.StreamReader, fields: dict[bytes, bytes]) -> None:
    if b"content-length" in fields:
        await reader.readexactly(int(fields[b"content-length"]))
        return
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
    await reader.readline()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _rss_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
