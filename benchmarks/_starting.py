"""How soon ``traywatch --console`` sends its first request, and how much memory it keeps."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from traywatch.demo import DemoVendor

SETTLED_S = 4.0


def main() -> None:
    """Start it some times against the made-up vendor; print the medians as JSON."""
    rounds = int(json.loads(sys.argv[1])["rounds"])
    seen = [_start() for _ in range(rounds)]
    print(
        json.dumps(
            {
                "first_s": statistics.median(first_s for first_s, _ in seen),
                "rss_mb": statistics.median(rss_mb for _, rss_mb in seen),
            }
        )
    )


def _start() -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder, DemoVendor() as vendor:
        command = [sys.executable, "-m", "traywatch", "--console", "--profile", folder]
        began = time.perf_counter()
        program = subprocess.Popen(
            [*command, "--page", vendor.url, "--interval", "1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not vendor.requests:
            time.sleep(0.001)
        first_s = time.perf_counter() - began
        time.sleep(SETTLED_S)
        rss_mb = _rss_mb(program.pid)
        program.terminate()
        program.wait()
    return first_s, rss_mb


def _rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
