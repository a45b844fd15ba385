"""Toasts on macOS: ``osascript``, with the text as arguments and never as a part of the script.

plyer needs pyobjus there, which no built program has; pystray puts the text into the script.
"""

from __future__ import annotations

import subprocess
from typing import Final

from traywatch.core.errors import SinkError
from traywatch.core.wording import Toast

SEND_S: Final = 5.0
"""How long osascript may take; it starts in about 0.1 s."""

_SCRIPT: Final = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)


def macos_toast(toast: Toast) -> None:
    """Show it. Raises SinkError."""
    script = [part for line in _SCRIPT for part in ("-e", line)]
    # A text beginning with "-" would be taken for an option.
    texts = [f" {text}" if text.startswith("-") else text for text in (toast.title, toast.body)]
    try:
        subprocess.run(
            ["osascript", *script, *texts],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SEND_S,
            check=True,
        )
    except FileNotFoundError as error:
        raise SinkError("osascript is missing", permanent=True) from error
    except subprocess.TimeoutExpired as error:
        raise SinkError(f"no toast within {SEND_S:g} s") from error
    except (OSError, subprocess.CalledProcessError) as error:
        raise SinkError(f"the toast could not be sent: {error}") from error
