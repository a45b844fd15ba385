"""Runs the tests with the Windows CPython under wine: ``python -m tools.wine.suites [ARGUMENT...]``

All of them but those named here. Arguments go to pytest. A test that is for another system says so
itself, and is skipped. With ``--here`` as the first argument it is the Python that runs this, for a
real Windows or a Mac.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from tools.wine.run import run

LEFT_OUT: Final[Mapping[str, str]] = {
    "tests/build": "the Linux build, with Linux' own tools; tests/windows has the other",
    "tests/desktop": "icons by X11 and D-Bus; tests/windows has the other",
    "tests/windows": "starts Windows programs from outside, and looks",
    "tests/process/test_kills.py": "looks for the exit code of SIGKILL, which Windows lacks",
    "tests/process/test_life.py": "ends by SIGTERM, stops by SIGSTOP; tests/windows ends by Ctrl-C",
    "tests/test_packaging.py": "asks git, which wine has not, and makes archives as Linux does",
}
"""Files and folders that are not run, and why."""
NOT_UNDER_WINE: Final[Mapping[str, str]] = {
    "tests/faults/test_tls.py::test_a_bad_certificate_is_never_accepted": (
        "wine 8 takes a chain that ends nowhere for trusted, and has no words for what it refuses"
    ),
    "tests/faults/test_tls.py::test_a_handshake_that_fails[reset]": (
        "asyncio's loop on Windows ends a connection before it resets it"
    ),
}
"""Single tests that would fail for a fault that is not ours."""


def main() -> int:
    """The exit code of pytest."""
    if sys.argv[1:2] == ["--here"]:
        command = [sys.executable, "-m", "pytest", *_without(LEFT_OUT, "ignore"), *sys.argv[2:]]
        return subprocess.run(command, check=False).returncode
    ignored = _without(LEFT_OUT, "ignore") + _without(NOT_UNDER_WINE, "deselect")
    # What a test leaves lies on the made-up C: drive, where nobody would look for it.
    options = ("-p", "no:cacheprovider", "-o", "tmp_path_retention_policy=none")
    return run("python", "-m", "pytest", *options, *ignored, *sys.argv[1:])


def _without(places: Mapping[str, str], option: str) -> list[str]:
    """The options that leave them out, having said why."""
    for place, reason in places.items():
        print(f"not run here: {place} ({reason})", flush=True)
    return [f"--{option}={place}" for place in places]


if __name__ == "__main__":
    sys.exit(main())
