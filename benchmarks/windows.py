"""What the Windows build takes under wine: size, start, memory. What is wine's own is in it.

    make build-windows; python -m benchmarks.windows

Every figure is the middle one of five runs, on a wine that is up. "Ready" is the first request to a
vendor on loopback, "icon" the icon's colour on a virtual display.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.build import PATIENCE_S, _largest, _middle, _middle_pair, _size_mb
from tests.desktop.desk import Desk, missing_programs
from tests.process.harness import Program
from tests.windows.screen import Screen
from tests.windows.up import Windows
from tools.wine import BUILT, settings, windows_path
from traywatch.core.overview import IconState
from traywatch.demo import SUMMARY, DemoVendor

PROGRAM = str(BUILT / "traywatchc.exe")


def main() -> None:
    """Measure and print."""
    if not BUILT.exists():
        print("no figures: make build-windows")
        return
    print(f"{_size_mb(BUILT):.0f} MB")
    for part, size in _largest(BUILT):
        print(f"  {size:5.1f} MB {part}")
    with Windows(settings()) as windows:
        print(f"--version {_middle(lambda: _version_s(windows)):6.2f} s", flush=True)
        ready, console_mb = _middle_pair(lambda: _console(windows))
        print(f"ready     {ready:6.2f} s {console_mb:6.1f} MB resident", flush=True)
    if missing := missing_programs():
        print(f"no figures of the icon: {', '.join(missing)} is missing")
        return
    icon, tray_mb = _middle_pair(_tray)
    print(f"icon      {icon:6.2f} s {tray_mb:6.1f} MB resident")


def _version_s(windows: Windows) -> float:
    began = time.monotonic()
    windows.run(PROGRAM, "--version")
    return time.monotonic() - began


def _console(windows: Windows) -> tuple[float, float]:
    """Seconds to the first request, and megabytes two polls later."""
    with DemoVendor() as vendor, tempfile.TemporaryDirectory() as folder:
        page = ("--console", "--page", vendor.url, "--interval", "1")
        flags = (*page, "--profile", windows_path(Path(folder) / "p"))
        began = time.monotonic()
        program = Program(
            flags,
            Path(folder),
            environment=windows.settings,
            executable="wine",
            command=(PROGRAM,),
        )
        try:
            vendor.wait_for(lambda log: len(log) >= 1, PATIENCE_S)
            ready = time.monotonic() - began
            return ready, _after_polls_mb(vendor, program.pid)
        finally:
            program.close()


def _tray() -> tuple[float, float]:
    """Seconds to the icon on the screen, and megabytes a few polls later."""
    with DemoVendor() as vendor, tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "desk", Path(folder))
        try:
            desk.start()
            with Windows(settings() | {"DISPLAY": desk.env["DISPLAY"]}) as windows:
                screen = Screen(desk, windows, BUILT)
                flags = ("--page", vendor.url, "--interval", "1")
                began = time.monotonic()
                program = screen.start(*flags, "--profile", windows_path(Path(folder) / "p"))
                screen.icon(IconState.OPERATIONAL)
                icon = time.monotonic() - began
                return icon, _after_polls_mb(vendor, program.pid)
        finally:
            desk.stop()


def _after_polls_mb(vendor: DemoVendor, pid: int) -> float:
    """Of wine's process, which is the program's own."""
    vendor.wait_for(lambda log: sum(each.path == SUMMARY for each in log) >= 3, PATIENCE_S)
    described = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in described.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    main()
