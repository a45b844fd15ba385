"""Opening an address in the person's browser, or a file in the program they use for it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Any

from traywatch.core.masking import mask_credentials
from traywatch.sinks.menu import web_link

log = logging.getLogger(__name__)


def open_link(url: str) -> None:
    """Open a web address; anything else is refused. Returns at once."""
    if web_link(url) is None:
        log.warning("not a web address, not opened: %s", mask_credentials(url))
    else:
        # Where there is no graphical browser, webbrowser runs one in the terminal, to its end.
        threading.Thread(target=_open_link, args=(url,), name="browser", daemon=True).start()


def open_file(path: Path) -> None:
    """Show a file in the program the person uses for its kind. Returns at once."""
    threading.Thread(target=_open_file, args=(path,), name="opening", daemon=True).start()


def _open_link(url: str) -> None:
    try:
        opened = webbrowser.open(url)
    except (webbrowser.Error, OSError) as error:
        log.warning("%s could not be opened: %s", mask_credentials(url), error)
    else:
        if not opened:
            log.warning("no browser was found to open %s", mask_credentials(url))


def _open_file(path: Path, platform: str = sys.platform) -> None:
    try:
        if platform == "win32":
            windows: Any = os  # elsewhere it has no startfile
            windows.startfile(path)
        else:
            opener = "open" if platform == "darwin" else "xdg-open"
            subprocess.run(
                [opener, path], stdin=subprocess.DEVNULL, capture_output=True, check=True
            )
    except (OSError, subprocess.CalledProcessError) as error:
        log.warning("%s could not be opened: %s", path, error)
