"""A program that shows toasts as it is told: ``[title, body]`` a line of its standard input.

It answers each with a line: ``"shown"``, or ``["failed", permanent, reason]``.
"""

from __future__ import annotations

import json
import sys

from traywatch.core.errors import SinkError
from traywatch.core.wording import Toast
from traywatch.sinks.toast_linux import LinuxToaster


def main() -> None:
    """Until the end of input."""
    toaster = LinuxToaster()
    for line in sys.stdin:
        answer: object = "shown"
        try:
            toaster(Toast(*json.loads(line)))
        except SinkError as error:
            answer = ["failed", error.permanent, str(error)]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
