"""The Windows build, started under wine: ``make test-windows``, which installs and builds first.

    wine      a Windows without a display, for the console program
    screen    a Windows on a desk with a panel, for the tray

Both on a C: drive and a registry made anew for each run. The program lies in a path that is hard
to live with and may write nothing there, as in tests/build. Nothing here is skipped: what is
missing fails.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.build.conftest import untouched
from tests.desktop.conftest import desk
from tests.process.harness import Program, StoppedClock
from tools.wine import BUILT, FOLDER, PREFIX, end, settings, windows_path
from traywatch.core.model import ComponentStatus
from traywatch.demo import DemoVendor

if sys.platform == "linux":
    from tests.desktop.desk import Desk
    from tests.windows.screen import Screen
    from tests.windows.up import Windows
else:
    collect_ignore_glob = ["*"]

__all__ = ["desk"]

TRIAL: Final = FOLDER / "trial"
"""The C: drive and the registry of these tests."""

Start = Callable[..., Program]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with both programs in it."""
    if not BUILT.exists():
        pytest.fail("there is no Windows build yet: make build-windows")
    folder = tmp_path_factory.mktemp("windows") / "Ünser Büro ✓ 100 % new"
    shutil.copytree(BUILT, folder)
    with untouched(folder):
        yield folder


@pytest.fixture(scope="session")
def drive() -> Path:
    """C: and the registry, as on a Windows that was just installed."""
    if not PREFIX.exists():
        pytest.fail("there is no wine yet: make build-windows")
    end(TRIAL)
    shutil.rmtree(TRIAL, ignore_errors=True)
    shutil.copytree(PREFIX, TRIAL, symlinks=True)
    return TRIAL


@pytest.fixture(scope="module")
def wine(drive: Path) -> Iterator[Windows]:
    """A Windows that is up, without a display."""
    with Windows(settings(drive)) as windows:
        yield windows


@pytest.fixture
def run(wine: Windows, folder: Path, tmp_path: Path) -> Iterator[Start]:
    """Start traywatchc.exe with just these arguments; nothing is left of it after the test."""
    programs: list[Program] = []

    def start(*arguments: str, name: str = "traywatchc.exe") -> Program:
        command = (str(folder / name),)
        programs.append(
            Program(
                arguments,
                tmp_path,
                environment=wine.settings,
                executable="wine",
                command=command,
                newline="\r\n",
            )
        )
        return programs[-1]

    yield start
    for program in programs:
        program.close()


@pytest.fixture
def screen(desk: Desk, drive: Path, folder: Path) -> Iterator[Screen]:
    """A Windows on a desk."""
    with Windows(settings(drive) | {"DISPLAY": desk.env["DISPLAY"]}) as windows:
        yield Screen(desk, windows, folder)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def vendor(clock: StoppedClock) -> Iterator[DemoVendor]:
    """One in letters no code page has."""
    with DemoVendor("Störung 障害", clock=clock) as vendor:
        yield vendor


@pytest.fixture
def outage(vendor: DemoVendor) -> DemoVendor:
    """The vendor, with an incident."""
    down = {"API": ComponentStatus.MAJOR_OUTAGE}
    vendor.open_incident("Ausfall ✗", "Nichts geht mehr & 障害.", components=down)
    return vendor


@pytest.fixture
def profile(tmp_path: Path, vendor: DemoVendor) -> Path:
    """One whose settings watch the vendor, asking every second."""
    folder = tmp_path / "a profile ✓"
    folder.mkdir()
    text = f'[[pages]]\nurl = "{vendor.url}"\ninterval = 1\n'
    (folder / "config.toml").write_text(text, "utf-8")
    return folder


@pytest.fixture
def in_profile(profile: Path) -> tuple[str, str]:
    """The flag for it, as Windows writes paths."""
    return "--profile", windows_path(profile)
