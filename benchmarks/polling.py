"""What polling costs, against a bare httpx loop and against the cheapest client there is.

    python -m benchmarks.polling              a few minutes, the last two of them left alone
    python -m benchmarks.polling --quick      without those

Each line is a process of its own; the vendors are nginx on loopback, a host a page.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks._vendors import Vendors, vendors

SIZES = ((1, 300), (100, 10), (1000, 3))
"""Pages, and how often each is polled."""
CLIENTS = ("socket", "httpx", "traywatch")
KINDS = {"quiet": "304", "busy": "200, 30 kB"}
TARGET_MS = 1.0
TARGET_RATIO = 1.25
TARGET_CORE_PERCENT = 5.0
TARGET_RSS_MB = 150.0
TARGET_LATE_S = 5.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave the run in real time out")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, vendors(Path(folder)) as served:
        _costs(served)
        _life(served)
        if not told.quick:
            _real_time(served)


def _costs(served: Vendors) -> None:
    print("CPU of one poll in ms; traywatch fetches, decides, schedules and stores")
    print(f"{'pages':>6} {'':6} {'answer':11} {'socket':>8} {'httpx':>8} {'traywatch':>10} "
          f"{'x httpx':>8} {'RSS MB':>7}")  # fmt: skip
    for count, rounds in SIZES:
        for scheme in ("http", "https"):
            for kind, answer in KINDS.items():
                pages = [served.page(number, scheme, kind) for number in range(count)]
                by = {name: _run(served, name, pages, rounds=rounds) for name in CLIENTS}
                ours = by["traywatch"]
                ratio = ours["cpu_ms"] / by["httpx"]["cpu_ms"]
                verdict = _verdict(
                    kind != "quiet" or (ours["cpu_ms"] <= TARGET_MS and ratio <= TARGET_RATIO)
                )
                print(
                    f"{count:6} {scheme:6} {answer:11} {by['socket']['cpu_ms']:8.3f} "
                    f"{by['httpx']['cpu_ms']:8.3f} {ours['cpu_ms']:10.3f} {ratio:8.2f} "
                    f"{ours['rss_mb']:7.1f}{verdict}",
                    flush=True,
                )


def _life(served: Vendors) -> None:
    """From the command to the first request, and what one page costs to keep."""
    start = _run(served, "start", [], rounds=5)
    print(
        f"\n--console with one page: first request after {start['first_s']:.2f} s (0.4), "
        f"{start['rss_mb']:.1f} MB resident (45)"
        + _verdict(start["first_s"] <= 0.4 and start["rss_mb"] <= 45)
    )


def _real_time(served: Vendors) -> None:
    print("\n1,000 https pages once a minute, left alone for a minute after the first")
    pages = [served.page(number, "https", "quiet") for number in range(1000)]
    seen = _run(served, "traywatch", pages, minutes=2)
    met = (
        seen["core_percent"] <= TARGET_CORE_PERCENT
        and seen["rss_mb"] <= TARGET_RSS_MB
        and seen["late_p99_s"] <= TARGET_LATE_S
    )
    print(
        f"{seen['core_percent']:.2f} % of a core (5), {seen['rss_mb']:.1f} MB (150), "
        f"{seen['connections']:.0f} sockets, late p50 {seen['late_p50_s']:.3f} s, "
        f"p99 {seen['late_p99_s']:.3f} s (5)" + _verdict(met)
    )


def _run(served: Vendors, client: str, pages: list[str], **told: float) -> dict[str, Any]:
    task = {"client": client, "pages": pages, "rounds": 1, "ca_file": str(served.ca_file), **told}
    module = "benchmarks._starting" if client == "start" else "benchmarks._pollers"
    done = subprocess.run(
        [sys.executable, "-m", module, json.dumps(task)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{client} failed:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _verdict(met: bool) -> str:
    return "" if met else "   MISSES ITS TARGET"


if __name__ == "__main__":
    main()
