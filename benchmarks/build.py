"""What being built costs and saves, against running from the sources: size, start, memory.

    python -m benchmarks.build

Builds the program first; every line is the middle one of five runs. "Ready" is the first request
to a vendor on loopback, "icon" the icon's colour on a virtual display.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from tests.desktop.desk import Desk, missing_programs
from tools.borrowed import borrow, missing_module
from tools.build_program import ROOT, build
from traywatch.core.overview import IconState
from traywatch.demo import SUMMARY, DemoVendor
from traywatch.sinks.icons import colour

RUNS = 5
PATIENCE_S = 20.0
GREEN = colour(IconState.OPERATIONAL)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.monotonic()
        built = build(folder / "dist")
        print(f"built in {time.monotonic() - began:.0f} s: {_size_mb(built):.0f} MB")
        for part, size in _largest(built):
            print(f"  {size:5.1f} MB {part}")
        lent = folder / "lent"
        lent.mkdir()
        path = [str(ROOT)] if missing_module("gi") else [str(ROOT), borrow("gi", lent)]
        programs = {
            "built": ((str(built / "traywatch"),), {}),
            "sources": (
                (sys.executable, "-m", "traywatch"),
                {"PYTHONPATH": os.pathsep.join(path)},
            ),
        }
        print(f"\n{'':8} {'--version':>10} {'ready':>8} {'RSS MB':>8} {'icon':>8} {'RSS MB':>8}")
        for label, (command, env) in programs.items():
            version = _middle(lambda: _version_s(command, env))  # noqa: B023 - used at once
            ready, console_mb = _middle_pair(lambda: _console(command, env, folder))  # noqa: B023
            icon, tray_mb = _middle_pair(lambda: _tray(command, env))  # noqa: B023
            print(
                f"{label:8} {version:8.3f} s {ready:6.2f} s {console_mb:8.1f} "
                f"{icon:6.2f} s {tray_mb:8.1f}",
                flush=True,
            )
        if missing := missing_programs():
            print(f"no figures of the icon: {', '.join(missing)} is missing")


# ---------------------------------------------------------------- size


def _size_mb(folder: Path) -> float:
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


def _largest(folder: Path) -> list[tuple[str, float]]:
    """The parts that make up most of it."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    largest = sorted(files, key=lambda path: path.stat().st_size, reverse=True)[:6]
    return [(path.name, path.stat().st_size / 1e6) for path in largest]


# ---------------------------------------------------------------- start and memory


def _version_s(command: Sequence[str], env: Mapping[str, str]) -> float:
    began = time.monotonic()
    subprocess.run([*command, "--version"], env=env, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def _console(command: Sequence[str], env: Mapping[str, str], folder: Path) -> tuple[float, float]:
    """Seconds to the first request, and megabytes once it was read."""
    with DemoVendor() as vendor, tempfile.TemporaryDirectory(dir=folder) as profile:
        flags = ("--console", "--profile", profile, "--page", vendor.url, "--interval", "1")
        began = time.monotonic()
        with _started([*command, *flags], env) as process:
            vendor.wait_for(lambda log: len(log) >= 1, PATIENCE_S)
            ready = time.monotonic() - began
            vendor.wait_for(lambda log: sum(each.path == SUMMARY for each in log) >= 3, PATIENCE_S)
            return ready, _resident_mb(process)


def _tray(command: Sequence[str], env: Mapping[str, str]) -> tuple[float, float]:
    """Seconds to the icon on the screen, and megabytes a few polls later."""
    if missing_programs():
        return float("nan"), float("nan")
    with DemoVendor() as vendor, tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "desk", Path(folder))
        try:
            desk.start()
            flags = ("--page", vendor.url, "--interval", "1")
            began = time.monotonic()
            with _started([*command, *flags], {**desk.env, **env}) as process:
                desk.wait_for(lambda: _is_on(desk), "the icon", PATIENCE_S)
                icon = time.monotonic() - began
                polls = len(vendor.requests)
                vendor.wait_for(lambda log: len(log) >= polls + 3, PATIENCE_S)
                return icon, _resident_mb(process)
        finally:
            desk.stop()


def _is_on(desk: Desk) -> bool:
    colours = desk.bar().getcolors(1 << 16) or []
    return any(count > 12 and seen == GREEN for count, seen in colours)


class _started:  # noqa: N801 - reads as the statement it is used in
    """A program for the block of a ``with``."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, env=env, stdout=quiet, stderr=quiet)

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self._process

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


def _resident_mb(process: subprocess.Popen[bytes]) -> float:
    described = Path(f"/proc/{process.pid}/status").read_text()
    [line] = [line for line in described.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1000


def _middle(measure: Callable[[], float]) -> float:
    return median(measure() for _ in range(RUNS))


def _middle_pair(measure: Callable[[], tuple[float, float]]) -> tuple[float, float]:
    seconds, megabytes = zip(*(measure() for _ in range(RUNS)), strict=True)
    return median(seconds), median(megabytes)


if __name__ == "__main__":
    main()
