"""The built program: built once for all these tests, into a path that is hard to live with.

The path has blanks and letters that are not ASCII, and nothing in it can be written to: whatever
the program does must work there, and at the end nothing there may have changed.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.desktop.conftest import desk, give_up
from tests.process.harness import Program
from tools.borrowed import missing_module
from tools.build_program import build

if sys.platform != "linux":
    collect_ignore_glob = ["*"]  # for Windows: make test-windows

__all__ = ["desk"]

Start = Callable[..., Program]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with the program in it."""
    folder = build(tmp_path_factory.mktemp("Ünser Büro ✓ 100 % new"))
    with untouched(folder):
        yield folder


@pytest.fixture(scope="session")
def program(built: Path) -> str:
    """The program's path."""
    return str(built / "traywatch")


@pytest.fixture
def with_menu() -> None:
    """For tests that need a program built with GTK."""
    if missing := missing_module("gi"):
        give_up(missing)


@pytest.fixture
def run(tmp_path: Path, program: str) -> Iterator[Start]:
    """Start the built program with just these arguments; nothing is left of it after the test."""
    home = tmp_path / "home"
    home.mkdir()
    programs: list[Program] = []

    def start(*arguments: str, executable: str = program, **options: object) -> Program:
        programs.append(Program(arguments, home, command=(), executable=executable, **options))  # type: ignore[arg-type]
        return programs[-1]

    yield start
    for each in programs:
        each.close()


@contextmanager
def untouched(folder: Path) -> Iterator[None]:
    """Nothing below the folder can be written, and in the end nothing was."""
    before = listing(folder)
    make_writable(folder, writable=False)
    yield
    assert listing(folder) == before, "the program wrote into its own folder"
    make_writable(folder, writable=True)


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below the folder with its size and the time it was last changed."""
    found = {}
    for path in folder.rglob("*"):
        entry = path.lstat()
        if not stat.S_ISDIR(entry.st_mode):
            found[str(path.relative_to(folder))] = entry.st_size, entry.st_mtime_ns
    return found


def make_writable(folder: Path, *, writable: bool) -> None:
    """Take the right to write from everything below the folder, or give it back.

    Root may write all the same, which is why the listing is compared as well.
    """
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.lstat().st_mode)
            path.chmod(mode | stat.S_IWUSR if writable else mode & ~0o222)


def bare(folder: Path) -> dict[str, str]:
    """An environment with nothing in it but a home, which is empty."""
    folder.mkdir(exist_ok=True)
    return {"HOME": str(folder)}


def dumped(file: Path) -> dict[str, str]:
    """An environment written by ``env -0``."""
    pairs = os.fsdecode(file.read_bytes()).split("\0")
    return dict(pair.split("=", 1) for pair in pairs if pair)
