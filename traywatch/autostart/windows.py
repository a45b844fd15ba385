"""A value of the registry's Run key: what Explorer starts when the person logs in.

https://learn.microsoft.com/windows/win32/setupapi/run-and-runonce-registry-keys
"""

from __future__ import annotations

import subprocess
from importlib import import_module
from typing import Any, Final

from traywatch.autostart.program import Command
from traywatch.core.errors import AutostartError

VALUE: Final = "traywatch"
RUN: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED: Final = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
"""Where Task Manager and Settings note what the person switched off, under the same name: twelve
bytes, of which the first is odd for what is off. Microsoft does not document it."""
LONGEST: Final = 260
"""Characters of a command line; Explorer passes over a longer one without a word."""


class RunKey:
    """One value below HKEY_CURRENT_USER; ``registry`` is the module winreg, or what stands in."""

    name = rf"HKEY_CURRENT_USER\{RUN}"

    def __init__(self, registry: Any = None) -> None:
        self._registry: Any = registry or import_module("winreg")

    def line(self, command: Command) -> str:
        """The command line; the program is quoted always, as a path may hold a blank."""
        program, *arguments = command
        return f'"{program}" {subprocess.list2cmdline(arguments)}'.rstrip()

    def started(self) -> str | None:
        """The value; None where there is none, or the person switched it off."""
        line = self._read(RUN)
        approved = self._read(APPROVED)
        if isinstance(approved, bytes) and approved and approved[0] & 1:
            return None
        return line if isinstance(line, str) else None

    def put(self, command: Command) -> None:
        """Write the value, over what is there, and take back that it was switched off."""
        line = self.line(command)
        if len(line) > LONGEST:
            raise AutostartError(f"Windows starts no command longer than {LONGEST}: {line}")
        with self._registry.CreateKey(self._registry.HKEY_CURRENT_USER, RUN) as key:
            self._registry.SetValueEx(key, VALUE, 0, self._registry.REG_SZ, line)
        self._delete(APPROVED)

    def clear(self) -> None:
        """Delete the value; there may be none."""
        self._delete(RUN)
        self._delete(APPROVED)

    def _read(self, path: str) -> object:
        try:
            with self._registry.OpenKey(self._registry.HKEY_CURRENT_USER, path) as key:
                return self._registry.QueryValueEx(key, VALUE)[0]
        except FileNotFoundError:
            return None

    def _delete(self, path: str) -> None:
        writing = self._registry.KEY_SET_VALUE
        try:
            with self._registry.OpenKey(self._registry.HKEY_CURRENT_USER, path, 0, writing) as key:
                self._registry.DeleteValue(key, VALUE)
        except FileNotFoundError:
            pass
