"""Where everything of one person lies: settings, what is remembered, logs.

By default where the operating system wants it; with ``--profile DIR`` or TRAYWATCH_PROFILE all in
one folder. Nothing is created here: each file's owner makes its folder (readable by its owner
only) when it first writes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True)
class Profile:
    """Three folders, which may be one and the same."""

    config_dir: Path
    state_dir: Path
    log_dir: Path

    @property
    def folder(self) -> Path | None:
        """The one folder for everything; None where the system's own folders are used."""
        return self.config_dir if self.config_dir == self.state_dir == self.log_dir else None

    @property
    def config_file(self) -> Path:
        """The settings, written by a person."""
        return self.config_dir / "config.toml"

    @property
    def records_file(self) -> Path:
        """The records, the same as on the console."""
        return self.log_dir / "records.log"

    @property
    def program_log_file(self) -> Path:
        """What the program says about itself."""
        return self.log_dir / "program.log"


def locate(folder: str | None, environ: Mapping[str, str]) -> Profile:
    """The profile of this run: ``--profile``, else TRAYWATCH_PROFILE, else the system's folders."""
    chosen = folder or environ.get("TRAYWATCH_PROFILE")
    if chosen:
        # Path.expanduser raises where there is no home.
        path = Path(os.path.expanduser(chosen)).absolute()
        return Profile(path, path, path)
    return Profile(
        config_dir=platformdirs.user_config_path("traywatch", appauthor=False),
        state_dir=platformdirs.user_state_path("traywatch", appauthor=False),
        log_dir=platformdirs.user_log_path("traywatch", appauthor=False),
    )
