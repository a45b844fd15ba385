"""Builds the program with PyInstaller: ``python -m tools.build_program [FOLDER]``.

The built folder comes to lie in FOLDER (``dist``). What build.spec says is all there is to it, but
for GTK on Linux: its Python binding is compiled for Debian's own Python and not to be had with pip.
An interpreter of the same minor version can load it from a folder of links.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

from tools import sbom
from tools.borrowed import borrow, missing_module

ROOT: Final = Path(__file__).resolve().parent.parent
WORK: Final = ROOT / ".build" / "pyinstaller" / sys.platform
"""What PyInstaller keeps from one build to the next. Under wine one checkout builds for two."""
BESIDE: Final = ("LICENSE", "README.md")
"""What lies beside the program."""
BESIDE_ON_LINUX: Final = (
    "assets/icons/traywatch.png",
    "bundle/linux/install",
    "bundle/linux/traywatch.desktop",
)


def build(into: Path) -> Path:
    """Build it; returns the folder, or on macOS the app. Raises CalledProcessError."""
    environ = {
        **os.environ,
        "PYTHONHASHSEED": "1",  # the same sources make the same bytecode
        "PYTHONPATH": _with_gtk(WORK / "lent"),
    }
    options = ("--noconfirm", "--log-level=ERROR", "--workpath", WORK, "--distpath", into)
    command = [sys.executable, "-m", "PyInstaller", *map(str, options), str(ROOT / "build.spec")]
    subprocess.run(command, env=environ, check=True)
    program = folder = into / "traywatch"
    if sys.platform == "darwin":
        shutil.rmtree(folder)  # what the app was made from
        # An app is sealed by its signature: what belongs to it lies beside it.
        program, folder = into / "traywatch.app", into
    for file in (*BESIDE, *(BESIDE_ON_LINUX if sys.platform == "linux" else ())):
        shutil.copy(ROOT / file, folder)
    _add_licences(folder / "licences")
    return program


def _add_licences(folder: Path) -> None:
    """The terms of what others wrote: who passes it on, passes them on."""
    files = set(sbom.collected())
    for distribution in sbom.distributions_in(files):
        for file in distribution.files or ():
            if re.match(r"(?i)(licen[cs]e|copying|notice|authors)", file.name):
                place = folder / distribution.metadata["Name"]
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), place / file.name)
    for package in sbom.debian_packages_in(files):
        if (terms := Path("/usr/share/doc", package, "copyright")).exists():
            shutil.copy(terms, folder / f"{package}.txt")
    python = [sysconfig.get_path("stdlib"), sys.base_prefix]
    for terms in (Path(place, "LICENSE.txt") for place in python):
        if terms.exists():
            shutil.copy(terms, folder / "Python.txt")


def _with_gtk(folder: Path) -> str:
    """PYTHONPATH with Debian's GTK binding, where there is one that fits."""
    if sys.platform != "linux":
        return ""
    if missing := missing_module("gi"):
        print(f"building without GTK, so the icon has no menu; that needs {missing}")
        return ""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return borrow("gi", folder)


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"))
