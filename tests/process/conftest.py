"""A vendor with a stopped clock, and the program started against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.process.harness import Program, StoppedClock, hasty_command
from tests.store.disks import small_disk
from traywatch.demo import DemoVendor

__all__ = ["small_disk"]

Start = Callable[..., Program]


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def vendor(clock: StoppedClock) -> Iterator[DemoVendor]:
    with DemoVendor(clock=clock) as running:
        yield running


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "profile"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Start]:
    """Start the program with just these arguments; nothing is left of it after the test."""
    programs: list[Program] = []

    def start_one(*arguments: str, **options: object) -> Program:
        programs.append(Program(arguments, tmp_path, **options))  # type: ignore[arg-type]
        return programs[-1]

    yield start_one
    for program in programs:
        program.close()


@pytest.fixture
def watch(run: Start, vendor: DemoVendor, profile: Path) -> Start:
    """Start the program headless on the vendor's page, asking every second."""

    def start_one(*arguments: str, **options: object) -> Program:
        headless = ("--console", "--page", vendor.url, "--interval", "1")
        return run(*headless, "--profile", str(profile), *arguments, **options)

    return start_one


@pytest.fixture
def hasty(watch: Start) -> Start:
    """The same, asking ten times a second."""

    def start_one(*arguments: str, rotate_bytes: int = 1_000_000, **options: object) -> Program:
        command = hasty_command(rotate_bytes)
        return watch("--interval", "0.1", *arguments, command=command, **options)

    return start_one
