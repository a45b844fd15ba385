"""Windows without a Windows: wine, and in it a CPython for Windows with the locked packages.

    install    makes it, in .build/wine
    run        runs a Windows program in it: python -m tools.wine.run python -m pip list
    suites     runs the tests in it, but for those that are of Linux

It is for tests and trial builds. What it does not show truly is listed in RELEASING.md.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / ".build" / "wine"
"""Everything lies in here; deleting it undoes it all."""
PREFIX: Final = FOLDER / "prefix"
"""The made-up C: drive and registry."""
HOME: Final = FOLDER / "home"
"""Wine links "Documents" and the like to what it finds in the home folder: not in the person's."""
PYTHON: Final = FOLDER / "python" / "python.exe"
BUILT: Final = FOLDER / "dist" / "traywatch"
"""The Windows build, see ``make build-windows``."""


def settings(prefix: Path = PREFIX) -> dict[str, str]:
    """The variables that make wine use this C: drive and registry, and nothing of the person's."""
    return {
        "HOME": str(HOME),
        "WINEPREFIX": str(prefix),
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        # No offers to download .NET and a browser, no entries in the person's own start menu.
        "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe=d",
        "LC_ALL": "C.UTF-8",  # else wine finds no file whose name is not ASCII
    }


def environment() -> dict[str, str]:
    """What wine is to be started with: the caller's environment, and the settings on top."""
    return {**os.environ, **settings()}


def end(prefix: Path = PREFIX) -> None:
    """End every Windows program of this C: drive, and wait until none is left."""
    for what in ("--kill", "--wait"):
        command = ["wineserver", what]
        # --kill fails where nothing runs.
        subprocess.run(command, env={**os.environ, **settings(prefix)}, timeout=60, check=False)


def windows_path(path: Path) -> str:
    """How a Windows program calls this file: wine shows the root folder as drive Z."""
    return "Z:" + str(path).replace("/", "\\")
