"""Starting when the person logs in: one entry in the place the system has for it.

    xdg       Linux and other free desktops: a .desktop file
    windows   a value of the registry's Run key
    macos     a property list among the LaunchAgents
    program   what the entry starts: the program that runs now

What holds true: there is at most one entry, of the name ``traywatch``; it is the person's own, and
nothing else on the machine is touched; and one that the person switched off in the system's own
settings counts as off.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from traywatch.autostart.program import Command, running_program
from traywatch.core.errors import AutostartError

__all__ = ["Autostart", "Command", "Place", "autostart"]


class Place(Protocol):
    """Where the system keeps what starts at login."""

    name: str
    """For a person: a file, a key of the registry."""

    def line(self, command: Command) -> str:
        """The command as it would be written there."""

    def started(self) -> str | None:
        """The line that is written there; None where nothing is started. Raises OSError."""

    def put(self, command: Command) -> None:
        """Have this started from the next login on. Raises OSError."""

    def clear(self) -> None:
        """Have nothing started any more. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Autostart:
    """Whether this program, with this profile, starts at login."""

    place: Place
    command: Command

    def is_on(self) -> bool:
        """False as well where an entry starts another program, for example one that was moved."""
        return self.started() == self.place.line(self.command)

    def started(self) -> str | None:
        """What is started at login as it is written there; None: nothing. Raises AutostartError."""
        try:
            return self.place.started()
        except OSError as error:
            raise self._failed("read", error) from error

    def turn(self, on: bool) -> None:
        """Start at login from now on, or no more. Raises AutostartError."""
        try:
            if on:
                self.place.put(self.command)
            else:
                self.place.clear()
        except OSError as error:
            raise self._failed("changed", error) from error

    def _failed(self, done: str, error: OSError) -> AutostartError:
        reason = error.strerror or type(error).__name__
        return AutostartError(f"{self.place.name} cannot be {done}: {reason}")


def autostart(folder: Path | None, environ: Mapping[str, str] = os.environ) -> Autostart:
    """This program with the profile in ``folder``; None: the one where the system wants it.

    Raises AutostartError where this program is none that could be started at login.
    """
    command = running_program()
    if folder is not None:
        command = (*command, "--profile", str(folder))
    return Autostart(_place(environ), command)


def _place(environ: Mapping[str, str]) -> Place:
    if sys.platform == "win32":
        from traywatch.autostart.windows import RunKey

        return RunKey()
    if sys.platform == "darwin":
        from traywatch.autostart.macos import LaunchAgent

        return LaunchAgent(Path.home() / "Library" / "LaunchAgents")
    from traywatch.autostart.xdg import DesktopEntry

    settings = environ.get("XDG_CONFIG_HOME", "")
    # The specification says to take a relative one for none.
    folder = Path(settings) if settings.startswith("/") else Path.home() / ".config"
    return DesktopEntry(folder / "autostart")
