"""The program that runs now, as it can be started again: built, installed, or from its sources."""

from __future__ import annotations

import sys
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from traywatch.core.errors import AutostartError

Command = tuple[str, ...]
"""A program, with its whole path, and its arguments."""

CONSOLE_PROGRAM: Final = "traywatchc.exe"
"""Of the two programs of the Windows build the one for a terminal (build.spec names them)."""
WINDOWED_PROGRAM: Final = "traywatch.exe"

_FROM_SOURCES: Final = (
    "import sys; sys.path.insert(0, {folder!r}); from traywatch.cli import main; sys.exit(main())"
)


def running_program() -> Command:
    """How to start it. Raises AutostartError where it could not be found again at login."""
    if getattr(sys, "frozen", False):
        return built_program(sys.executable, sys.platform)
    python = python_without_terminal(sys.executable, sys.platform)
    if _is_installed():
        return (python, "-m", "traywatch")
    # An interpreter finds the package of a checkout only when it is started there.
    checkout = Path(__file__).resolve().parents[2]
    return (python, "-c", _FROM_SOURCES.format(folder=str(checkout)))


def built_program(executable: str, platform: str) -> Command:
    """The executable; of the two on Windows the one that opens no terminal."""
    path = PureWindowsPath(executable) if platform == "win32" else PurePosixPath(executable)
    if "AppTranslocation" in path.parts:
        # Gatekeeper runs an app that was downloaded and not moved from a place of its own making.
        raise AutostartError(
            "macOS runs this traywatch from a temporary place: move traywatch.app to the "
            "Applications folder and start it there"
        )
    if platform == "win32" and path.name.lower() == CONSOLE_PROGRAM:
        path = path.with_name(WINDOWED_PROGRAM)
    return (str(path),)


def python_without_terminal(python: str, platform: str) -> str:
    """The interpreter; on Windows its brother that opens no terminal, where there is one."""
    if platform == "win32":
        windowed = Path(python).with_name("pythonw.exe")
        return str(windowed) if windowed.exists() else python
    return python


def _is_installed() -> bool:
    """By pip or pipx: the interpreter finds the package wherever it is started."""
    from importlib import metadata  # 15 ms, which the built program does not spend

    try:
        metadata.distribution("traywatch")
    except metadata.PackageNotFoundError:
        return False
    return True
