"""Does a built program work at all? ``python -m tools.smoke PROGRAM``

It is asked for its version, and to look once at a vendor on loopback that has an outage. Runs on
each of the three systems; what it shows on a desktop is for tests/build, or for an eye.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from typing import Final

from traywatch import __version__
from traywatch.core.model import ComponentStatus
from traywatch.demo import DemoVendor

EXIT_MAJOR_OUTAGE: Final = 3


def main(program: str) -> None:
    """Exits with all the program said, where it does not."""
    _expect(_run(program, "--version"), 0, f"traywatch {__version__}\n")
    with DemoVendor("Störung 障害") as vendor, tempfile.TemporaryDirectory() as profile:
        down = {"API": ComponentStatus.MAJOR_OUTAGE}
        vendor.open_incident("Outage", "Nothing works.", components=down)
        flags = ("--console", "--once", "--page", vendor.url, "--profile", profile)
        told = "Product: Störung 障害 - API\nStatus: Outage: Nothing works.\n\n"
        _expect(_run(program, *flags), EXIT_MAJOR_OUTAGE, told)
        _expect(_run(program, *flags), EXIT_MAJOR_OUTAGE, "")
    print(f"{program} works")


def _expect(done: subprocess.CompletedProcess[bytes], code: int, end: str) -> None:
    """This exit code, and nothing or what ends so on standard output, in UTF-8."""
    told = done.stdout.decode("utf-8").replace("\r\n", "\n")
    if done.returncode != code or not told.endswith(end) or bool(told) is not bool(end):
        sys.exit(f"{done.args}: {done.returncode}, not {code}\n{told}\n{done.stderr.decode()}")


def _run(*command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, timeout=60, check=False)


if __name__ == "__main__":
    main(sys.argv[1])
