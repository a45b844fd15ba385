"""A store in a folder of its own, closed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.build import fresh_store
from tests.store.disks import small_disk
from traywatch.store.sqlite import SqliteStore

__all__ = ["small_disk"]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "profile"


@pytest.fixture
def store(directory: Path) -> Iterator[SqliteStore]:
    store = fresh_store(directory)
    yield store
    store.close()
