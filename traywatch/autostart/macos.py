"""A property list among the person's LaunchAgents: launchd starts it at the next login.

https://developer.apple.com/library/archive/documentation/MacOSX/Conceptual/BPSystemStartup/Chapters/CreatingLaunchdJobs.html
"""

from __future__ import annotations

import plistlib
import shlex
from pathlib import Path
from typing import Final

from traywatch.autostart.program import Command

LABEL: Final = "traywatch"


class LaunchAgent:
    """One file. System Settings > General > Login Items shows it too."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"{LABEL}.plist"
        self.name = str(self._file)

    def line(self, command: Command) -> str:
        """The arguments as a shell would take them."""
        return shlex.join(command)

    def started(self) -> str | None:
        """The arguments in the file; None where there is none, or none that launchd could read."""
        try:
            agent = plistlib.loads(self._file.read_bytes())
        except (FileNotFoundError, plistlib.InvalidFileException, ValueError):
            return None
        arguments = agent.get("ProgramArguments") if isinstance(agent, dict) else None
        if not isinstance(arguments, list) or agent.get("Disabled") is True:
            return None
        return shlex.join(map(str, arguments))

    def put(self, command: Command) -> None:
        """Write the file, over what is there."""
        agent = {
            "Label": LABEL,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            # In a person's own session only, not over ssh; and not slowed down as a daemon is.
            "LimitLoadToSessionType": "Aqua",
            "ProcessType": "Interactive",
        }
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file.write_bytes(plistlib.dumps(agent))

    def clear(self) -> None:
        """Remove the file; there may be none."""
        self._file.unlink(missing_ok=True)
