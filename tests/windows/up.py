"""A Windows that is up: wine with its helpers, on a C: drive and a registry of the tests' own."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.process.harness import PATIENCE_S
from tools.wine import PYTHON, end, windows_path

EYES: Final = str(Path(__file__).with_name("eyes.py"))
_TEXT_VALUE: Final = re.compile(r'^"((?:[^"\\]|\\.)*)"="((?:[^"\\]|\\.)*)"$', re.MULTILINE)


class Windows:
    """Up for the block of a ``with``; after it nothing of it runs any more.

    One idle program keeps it up. It comes first and has no pipes to the tests: wine's helpers hold
    on to those of whoever happened to start them, and then their end never comes.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.settings = dict(settings)
        """The variables that a program is to be started with."""
        self._idle: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._end()
        self._idle = subprocess.Popen(
            ["wine", str(PYTHON), "-c", "input()"],
            env={**os.environ, **self.settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.run(str(PYTHON), EYES, quiet=True)  # looks for a desktop, which starts one
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()
        if self._idle:
            self._idle.communicate(timeout=PATIENCE_S)

    def _end(self) -> None:
        end(Path(self.settings["WINEPREFIX"]))

    def run(self, *command: str, quiet: bool = False) -> str:
        """Run a Windows program to its end; returns what it printed, with plain line ends."""
        output = subprocess.DEVNULL if quiet else subprocess.PIPE
        done = subprocess.run(
            ["wine", *command],
            env={**os.environ, **self.settings},
            input=b"",
            stdout=output,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            check=False,
        )
        return (done.stdout or b"").decode("utf-8", "replace").replace("\r\n", "\n")

    def registry(self, key: str, scratch: Path) -> dict[str, str]:
        """The texts below a key, by name; none where there is no such key.

        By way of a file: what reg.exe prints loses every letter its code page lacks.
        """
        file = scratch / "exported.reg"
        file.unlink(missing_ok=True)
        self.run("reg", "export", key, windows_path(file), "/y")
        if not file.exists():
            return {}
        found = _TEXT_VALUE.findall(file.read_text("utf-16"))
        return {_plain(name): _plain(value) for name, value in found}


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
