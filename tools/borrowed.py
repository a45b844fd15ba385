"""Debian's own Python modules (GTK, D-Bus), lent to the interpreter that builds and tests.

They are compiled for Debian's Python, and come with apt rather than with pip. An interpreter of the
same minor version, a virtual environment's too, can load them from a folder of links.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

DEBIAN_PYTHON: Final = "/usr/bin/python3"
DEBIAN_MODULES: Final = Path("/usr/lib/python3/dist-packages")
FILES: Final = {
    "gi": ("gi", "PyGObject*"),
    "dbus": ("dbus", "_dbus_bindings*", "_dbus_glib_bindings*"),
}
PACKAGES: Final = {
    "gi": "python3-gi gir1.2-gtk-3.0 gir1.2-ayatanaappindicator3-0.1",
    "dbus": "python3-dbus",
}


def missing_module(name: str) -> str | None:
    """The packages to install before it can be borrowed; None: it can be, or is ours already."""
    if find_spec(name) or (_debian_version() == _our_version() and any(_files(name))):
        return None
    return f"{PACKAGES[name]} for Python {_our_version()}"


def borrow(name: str, folder: Path) -> str:
    """A folder for PYTHONPATH with the module in it."""
    if not find_spec(name):
        for file in _files(name):
            (folder / file.name).symlink_to(file)
    return str(folder)


def _files(name: str) -> list[Path]:
    return [file for pattern in FILES[name] for file in DEBIAN_MODULES.glob(pattern)]


def _our_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _debian_version() -> str:
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        return subprocess.check_output([DEBIAN_PYTHON, "-c", ask], text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
