"""A folder for the log files, on the fastest disk there is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.interleaving import Interleaving

MEMORY = Path("/dev/shm")  # Linux: a disk in memory


@pytest.fixture(autouse=True)
def folder() -> Iterator[None]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as path:
        Interleaving.folder = Path(path)
        yield
