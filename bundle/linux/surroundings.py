"""Run by the built program on Linux before anything else: what it and what its children see.

The bootloader has LD_LIBRARY_PATH point into the program's folder, and GTK must look there for the
rest of itself. A browser or notify-send that we start must know of neither: it would load our
copies of libraries instead of the system's. So children get the environment we were started with.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

_FOLDER: Final = str(getattr(sys, "_MEIPASS", ""))
_GTK: Final = {
    "GI_TYPELIB_PATH": f"{_FOLDER}/gi_typelibs",
    # Modules of the system's GTK do not fit ours; there are none of these files.
    "GDK_PIXBUF_MODULE_FILE": f"{_FOLDER}/none",
    "GIO_MODULE_DIR": f"{_FOLDER}/none",
    "GTK_EXE_PREFIX": f"{_FOLDER}/none",
    "GTK_PATH": f"{_FOLDER}/none",
}
_NOT_OURS: Final = ("GIO_EXTRA_MODULES", "GTK_MODULES", "GTK3_MODULES")
"""Name modules of the system's GTK; ours would complain that it has none of them."""


def as_it_was(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment before the bootloader changed it."""
    before = {name: value for name, value in environ.items() if not name.startswith("_PYI_")}
    before.pop("LD_LIBRARY_PATH", None)
    original = before.pop("LD_LIBRARY_PATH_ORIG", None)
    return before if original is None else {**before, "LD_LIBRARY_PATH": original}


_BEFORE: Final = as_it_was(os.environ)


class Popen(subprocess.Popen):  # type: ignore[type-arg]
    """subprocess's own, with the environment we were started with where none is given."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("env") is None:
            kwargs["env"] = _BEFORE
        super().__init__(*args, **kwargs)


if _FOLDER:
    subprocess.Popen = Popen  # type: ignore[misc]
    os.environ.update(_GTK)
    for name in _NOT_OURS:
        os.environ.pop(name, None)
