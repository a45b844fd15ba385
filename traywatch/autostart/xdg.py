"""A .desktop file in the person's autostart folder.

https://specifications.freedesktop.org/autostart-spec/latest/
https://specifications.freedesktop.org/desktop-entry-spec/latest/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from traywatch.autostart.program import Command

FILE_NAME: Final = "traywatch.desktop"

_RESERVED: Final = re.compile(r"[\s\"'\\><~|&;$*?#()`]")
"""What makes an argument need quotes: "Reserved characters" of the Exec key."""
_TRUE: Final = "true"


class DesktopEntry:
    """One file; GNOME, KDE, Xfce and their like start what it names."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE_NAME
        self.name = str(self._file)

    def line(self, command: Command) -> str:
        """The value of the Exec key."""
        if "%" in command[0]:
            # GLib (2.74) looks for the program before it takes %% for %, and gives up.
            command = ("env", *command)
        return " ".join(_argument(part) for part in command)

    def started(self) -> str | None:
        """Its Exec key; None where it is missing, or was switched off in the desktop's settings."""
        try:
            entry = _read(self._file.read_text("utf-8", "replace"))
        except FileNotFoundError:
            return None
        # "Hidden" is the specification's way, the other one GNOME's.
        if entry.get("Hidden") == _TRUE or entry.get("X-GNOME-Autostart-enabled", _TRUE) != _TRUE:
            return None
        return entry.get("Exec")

    def put(self, command: Command) -> None:
        """Write the file, over what is there."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file.write_text(
            "[Desktop Entry]\n"
            "Type=Application\n"
            "Name=traywatch\n"
            "Comment=Tells when a service you depend on breaks, gets worse or recovers\n"
            f"Exec={self.line(command)}\n"
            "Terminal=false\n",
            "utf-8",
        )

    def clear(self) -> None:
        """Remove the file; there may be none."""
        self._file.unlink(missing_ok=True)


def _read(text: str) -> Mapping[str, str]:
    """The keys of the group "Desktop Entry"."""
    entry: dict[str, str] = {}
    group = ""
    for line in map(str.strip, text.split("\n")):  # a path may hold what else ends a line
        if line.startswith("["):
            group = line
        elif group == "[Desktop Entry]" and not line.startswith("#"):
            key, _, value = line.partition("=")
            entry[key.strip()] = value.strip()
    return entry


def _argument(text: str) -> str:
    """One argument of an Exec key: quoted, then escaped as every string of the file is."""
    text = text.replace("%", "%%")
    if text and not _RESERVED.search(text):
        return text
    quoted = re.sub(r'(["`$\\])', r"\\\1", text)
    return '"' + quoted.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t") + '"'
